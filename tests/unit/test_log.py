"""The log's lines: what they look like, that nobody outside can forge them, and that no sink makes the server wait."""

import json
import logging
import os
import re
import select
import signal
import sys
import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any, TextIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from properties import tries

from chatd.ops.log import Handler, configure
from chatd.protocol.farewell import Reason

log = logging.getLogger("chatd")
PATIENCE = 10  # seconds, for what takes none
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
FORGED = "bye\n2026-01-01T00:00:00.000Z [error    ] stopped  cause=FORGED"
ESCAPE = "\x1b[2J\x1b]0;x\x07\x9b31m"


class Sink:
    """What the log is sent to: the writing end as a stream, and the reading end, of a pipe or a terminal."""

    def __init__(self, ends: tuple[int, int]) -> None:
        self._reading, writing = ends
        self.stream = os.fdopen(writing, "w")

    def read(self, most: int = 1 << 20) -> str:
        """What has been written since the last time, with line ends as they were."""
        data = b""
        while most > len(data) and select.select([self._reading], [], [], 0)[0]:
            data += os.read(self._reading, most - len(data))
        return data.decode().replace("\r\n", "\n")

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.read().splitlines()]

    def stop_reading(self) -> None:
        os.close(self._reading)
        self._reading = -1

    def close(self) -> None:
        self.stream.close()
        if self._reading >= 0:
            os.close(self._reading)


def pipe() -> tuple[int, int]:
    return os.pipe()


def terminal() -> tuple[int, int]:
    return os.openpty()


@pytest.fixture(autouse=True)
def _log_as_before() -> Iterator[None]:
    before = log.handlers[:], log.level, log.propagate
    yield
    configure("auto", None)
    log.handlers[:], log.level, log.propagate = before


@pytest.fixture
def sink() -> Iterator[Sink]:
    opened = Sink(pipe())
    yield opened
    opened.close()


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sink]:
    monkeypatch.delenv("NO_COLOR", raising=False)
    opened = Sink(terminal())
    yield opened
    opened.close()


@pytest.fixture(params=["structlog", "standard library"])
def library(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param != "structlog":
        monkeypatch.setitem(sys.modules, "structlog.dev", None)
    return str(request.param)


class BlockedError(Exception):
    """Writing made the program wait."""


@pytest.fixture
def _never_waits() -> Iterator[None]:
    def ring(number: int, frame: FrameType | None) -> None:
        raise BlockedError

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(PATIENCE)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def note(event: str, **fields: object) -> None:
    log.info(event, extra={"fields": fields})


def handler() -> Handler:
    [found] = log.handlers
    assert isinstance(found, Handler)
    return found


# What a line looks like.


def test_json_has_time_level_event_and_id_first(sink: Sink) -> None:
    configure("json", sink.stream)
    before = datetime.now(UTC)
    note("refused", host="192.0.2.7", id=19, cause=Reason.SERVER_FULL)
    [line] = sink.lines()
    assert list(line) == ["time", "level", "event", "id", "host", "cause"]
    assert re.fullmatch(TIME, line["time"])
    assert abs((datetime.fromisoformat(line["time"]) - before).total_seconds()) < PATIENCE
    assert list(line.values())[1:] == ["info", "refused", 19, "192.0.2.7", "SERVER_FULL"]


def test_text_is_one_line_of_names_and_values(sink: Sink, library: str) -> None:
    configure("text", sink.stream)
    note("left", nick="ann", id=17, seconds=71.20391, said="so long", cause="QUIT")
    level = r"\[info     \]" if library == "structlog" else "info    "
    values = "id=17 nick=ann seconds=71.204 said='so long' cause=QUIT"
    assert re.fullmatch(rf"{TIME} {level} left     {values}\n", sink.read())


def test_a_line_without_fields_is_the_sentence(sink: Sink, library: str) -> None:
    configure("text", sink.stream)
    log.error("cannot accept: %s", "Too many open files")
    assert re.fullmatch(rf"{TIME} \[?error +\]? cannot accept: Too many open files\n", sink.read())


def test_numbers_stay_numbers_and_infinity_is_still_json(sink: Sink) -> None:
    configure("json", sink.stream)
    note("set", place=1, rate=float("inf"), wait=0.12345, at_once=True, reason=None)
    [line] = sink.lines()
    assert list(line.values())[3:] == [1, "inf", 0.123, True, None]


@pytest.mark.parametrize(
    ("written", "no_color", "shown"), [("auto", "", "colour"), ("auto", "1", "text"), ("json", "", "json")]
)
def test_a_terminal_gets_text_in_colour(
    screen: Sink, monkeypatch: pytest.MonkeyPatch, written: str, no_color: str, shown: str
) -> None:
    monkeypatch.setenv("NO_COLOR", no_color)
    configure(written, screen.stream)
    note("arrived", id=17)
    line = screen.read()
    assert ("\x1b[" in line, line.startswith("{")) == (shown == "colour", shown == "json")
    assert "arrived" in line


@pytest.mark.parametrize(("written", "is_json"), [("auto", True), ("text", False), ("json", True)])
def test_a_pipe_gets_json_unless_text_is_asked_for_and_never_colour(sink: Sink, written: str, is_json: bool) -> None:
    configure(written, sink.stream)
    note("arrived", id=17)
    line = sink.read()
    assert (line.startswith("{"), "\x1b" in line) == (is_json, False)


def test_to_configure_again_replaces_what_there_was(sink: Sink) -> None:
    configure("json", sink.stream)
    files = len(os.listdir("/proc/self/fd"))
    for _ in range(3):
        configure("json", sink.stream)
    note("arrived", id=17)
    assert len(sink.lines()) == 1
    assert len(os.listdir("/proc/self/fd")) == files


def test_nothing_goes_on_to_the_root_logger(sink: Sink, caplog: pytest.LogCaptureFixture) -> None:
    configure("json", sink.stream)
    note("arrived", id=17)
    assert caplog.records == []


# Exceptions.


def fail(message: str) -> None:
    try:
        raise ValueError(message)
    except ValueError:
        log.exception("internal error: %s", "closing ann")


def test_an_exception_is_one_line_of_json_with_its_traceback(sink: Sink) -> None:
    configure("json", sink.stream)
    fail("on purpose")
    [line] = sink.lines()
    assert (line["level"], line["event"]) == ("error", "internal error: closing ann")
    assert line["traceback"].startswith("Traceback (most recent call last):\n")
    assert line["traceback"].endswith("\nValueError: on purpose")


@pytest.mark.usefixtures("library")
def test_in_text_a_traceback_is_set_in(sink: Sink) -> None:
    configure("text", sink.stream)
    fail(FORGED)
    first, *below = sink.read().splitlines()
    assert first.endswith("internal error: closing ann")
    assert below[0] == "    Traceback (most recent call last):"
    assert below[-1].endswith("cause=FORGED")
    assert all(line.startswith("    ") for line in below)


@pytest.mark.parametrize("written", ["json", "text"])
def test_of_a_long_one_the_end_is_kept_in_one_write(sink: Sink, written: str) -> None:
    def dig(depth: int) -> None:
        if depth % 2:
            dig(depth - 1)
        elif depth:
            dig(depth - 1)  # from another line, so that the frames are not folded into one
        else:
            raise ValueError("é" * 100_000)

    configure(written, sink.stream)
    try:
        dig(60)
    except ValueError:
        log.exception("internal error: closing ann")
    shown = sink.read()
    assert len(shown.encode()) <= select.PIPE_BUF
    assert "internal error: closing ann" in shown
    assert "raise ValueError(" in shown, "the frame that failed; a long message is not to push it out"
    assert re.search("ValueError: é+…", shown)


def test_a_mistake_in_what_is_logged_is_logged_and_ends_nobody(sink: Sink) -> None:
    configure("json", sink.stream)
    log.info("%d seats", "many")
    [line] = sink.lines()
    assert line["event"] == "cannot log '%d seats'"
    assert "TypeError" in line["traceback"]


# What others write.


@pytest.mark.parametrize("written", ["json", "text"])
@pytest.mark.usefixtures("library")
@tries(60)
@given(st.text(st.characters() | st.sampled_from("\n\r\x1b\x9b\x85\u2028\u202e='\" "), max_size=60))
def test_whatever_they_are_called_a_line_stays_one_line_without_controls(written: str, text: str) -> None:
    sink = Sink(pipe())
    configure(written, sink.stream)
    note(f"operator {text}", id=1, nick=text, said=[text])
    shown = sink.read()
    sink.close()
    assert shown.endswith("\n")
    assert {unicodedata.category(character) for character in shown[:-1]} & {"Cc", "Cs", "Co", "Zl", "Zp"} == set()
    assert not set(shown) & set("\u202a\u202b\u202d\u202e\u2066\u2067\u2068")


@pytest.mark.usefixtures("library")
def test_a_name_cannot_pass_for_another_field(sink: Sink) -> None:
    configure("text", sink.stream)
    note("entered", id=1, nick="ann cause=FORGED", host="a=b", said=FORGED + ESCAPE)
    shown = sink.read()
    assert "nick='ann cause=FORGED' host='a=b' said='bye␊2026-01-01T" in shown
    assert shown.count("\n") == 1


@pytest.mark.parametrize("written", ["json", "text"])
@pytest.mark.usefixtures("library")
def test_an_exception_brings_no_controls_either(sink: Sink, written: str) -> None:
    configure(written, sink.stream)
    fail(f"{ESCAPE}\r\u202e{FORGED}")
    shown = sink.read()
    assert not set(shown) & set("\x1b\x07\x9b\r\u202e")
    assert [line[:4] for line in shown.splitlines()][1:] == ["    "] * (len(shown.splitlines()) - 1)


def test_a_line_fits_a_pipe_however_long_its_fields_are(sink: Sink) -> None:
    configure("json", sink.stream)
    note("left", id=1, nick="ann", said='"' * 100_000, host="\N{GRINNING FACE}" * 5_000, cause="QUIT")
    raw = sink.read()
    assert len(raw.encode()) <= select.PIPE_BUF
    line = json.loads(raw)
    assert (line["event"], line["nick"], line["cause"]) == ("left", "ann", "QUIT")
    assert line["host"].endswith("…")


# Sinks that nobody reads.


def fill(times: int = 3000) -> None:
    for number in range(times):
        note("arrived", id=number, host="192.0.2.7" * (number % 90))  # of all lengths, over a kilobyte some


@pytest.mark.parametrize("ends", [pipe, terminal])
@pytest.mark.usefixtures("_never_waits")
def test_a_sink_that_nobody_reads_stops_nothing_and_what_is_dropped_is_told(ends: Any) -> None:
    sink = Sink(ends())
    configure("json", sink.stream)
    fill()
    assert 0 < handler().dropped < 3000
    shown = sink.read()  # of a terminal, it ends within a line
    note("stopped")
    lines = [json.loads(line) for line in (shown + sink.read()).splitlines()]
    arrived = [line["id"] for line in lines if line["event"] == "arrived"]
    assert arrived == sorted(arrived)
    # A terminal may find room again by itself, so that the number comes in parts.
    assert len(arrived) + sum(line["lines"] for line in lines if line["event"] == "dropped") == 3000
    assert [line["event"] for line in lines[-2:]] == ["dropped", "stopped"]
    note("stopped")
    assert [line["event"] for line in sink.lines()] == ["stopped"], "it is told once"
    sink.close()


@pytest.mark.usefixtures("_never_waits")
def test_a_terminal_that_is_read_slowly_shows_whole_lines(screen: Sink) -> None:
    """It takes as much of a line as it has room for."""
    configure("json", screen.stream)
    shown = ""
    for number in range(500):
        note("left", id=number, said="x" * 3000)
        shown += screen.read(most=300)
    shown += screen.read()
    note("stopped")
    shown += screen.read()
    lines = [json.loads(line) for line in shown.replace("\r", "").splitlines()]
    whole = [line["id"] for line in lines if line["event"] == "left"]
    assert len(whole) + sum(line["lines"] for line in lines if line["event"] == "dropped") == 500
    assert whole == sorted(whole)
    assert lines[-1]["event"] == "stopped"


@pytest.mark.usefixtures("_never_waits")
def test_the_longest_line_fits_a_pipe_together_with_the_news_of_dropped_ones(sink: Sink) -> None:
    configure("json", sink.stream)
    fill()
    sink.read()
    note("left", said="x" * 100_000)
    shown = sink.read()
    assert [json.loads(line)["event"] for line in shown.splitlines()] == ["dropped", "left"]
    assert len(shown.encode()) <= select.PIPE_BUF


def test_other_users_of_the_same_terminal_are_not_made_non_blocking(screen: Sink) -> None:
    configure("json", screen.stream)
    assert os.get_blocking(screen.stream.fileno())


@pytest.mark.parametrize("ends", [pipe, terminal])
@pytest.mark.usefixtures("_never_waits")
def test_a_reader_that_has_gone_is_no_error(ends: Any) -> None:
    sink = Sink(ends())
    configure("json", sink.stream)
    sink.stop_reading()
    note("arrived", id=17)
    assert handler().dropped == 1
    sink.close()


def test_a_process_without_stderr_logs_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    configure("auto", None)
    log.error("cannot accept")
    assert capfd.readouterr() == ("", "")


def test_a_file_is_written_on_from_where_it_was(tmp_path: Path) -> None:
    path = tmp_path / "log"
    with path.open("w") as stream:
        say_first(stream, "what was there\n")
        configure("auto", stream)
        note("arrived", id=17)
    first, second = path.read_text().splitlines()
    assert first == "what was there"
    assert json.loads(second)["id"] == 17


def say_first(stream: TextIO, text: str) -> None:
    stream.write(text)
    stream.flush()
