"""Why: the demo is the first thing that somebody starts, on a machine that nobody has looked at before."""

import resource
from pathlib import Path

import pytest
from demo_show import options
from demo_show.options import CannotRunError, fitted, parse
from loadgen.machine import TooFewFilesError
from loadgen.options import parse as parse_load

from chatd.config import Sources
from chatd.limits import Limits

GIB = 1 << 30


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(options, "_free_memory", lambda: 8 * GIB)


def limits_of(words: list[str]) -> Limits:
    """As chatd understands them."""
    keys = {word[2:].replace("-", "_"): value for word, value in zip(words[::2], words[1::2], strict=True)}
    return Sources(keys, {}, None).load().limits


def test_the_first_act_has_seats_and_half_as_many_places() -> None:
    asked = parse(["--seats", "60"])
    first, _ = asked.bounds
    limits = limits_of(asked.server_words(first))
    assert (limits.max_clients, limits.queue) == (60, 30)
    assert limits.outboxes == Limits().outboxes


def test_the_second_act_has_no_bound_that_a_crowd_meets() -> None:
    asked = parse([])
    _, second = asked.bounds
    limits = limits_of(asked.server_words(second))
    none = (limits.max_clients, limits.queue, limits.per_host, limits.host_rate, limits.handshakes, limits.farewells,
            limits.message_rate, limits.outbox, limits.outboxes, limits.members_per_room)  # fmt: skip
    assert set(none) == {float("inf")}
    assert limits.send_buffer == Limits().send_buffer


def test_the_load_script_understands_what_the_crowd_is_to_do() -> None:
    asked = parse(["--clients", "2000", "--seconds", "20", "--seed", "7"])
    crowd = parse_load(["127.0.0.1:6667", *asked.load_words])
    assert (str(crowd.scenario), crowd.rate, crowd.seed) == ("soak", 100.0, 7)
    assert crowd.duration is not None
    assert crowd.duration > 20  # it is there until the act ends


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--clients", "many"], "'many' is not a whole number from 10 on"),
        (["--seats", "3"], "'3' is not a whole number from 4 on"),
        (["--clients", "100"], "--clients 100 do not fill --seats 100 and the line: take more"),
        (["--svg", "nowhere/demo.svg"], "cannot write to nowhere/demo.svg: No such file or directory"),
    ],
)
def test_a_mistake_is_answered_with_a_sentence(
    words: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(words)
    assert ended.value.code == 2
    told = capsys.readouterr().err
    assert sentence in told
    assert told.startswith("demo: ")
    assert told.count("\n") == 1


def test_a_machine_with_enough_of_everything_is_not_talked_about() -> None:
    asked = parse(["--clients", "20", "--seats", "5"])
    assert fitted(asked) == (asked, "")


def test_too_little_memory_is_a_reason_not_to_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(options, "_free_memory", lambda: GIB - 1)
    with pytest.raises(CannotRunError, match=r"^1024\.0 MiB of memory are free, and it needs 1\.0 GiB"):
        fitted(parse(["--memory-ceiling", "400"]))
    assert fitted(parse(["--memory-ceiling", "100", "--clients", "20", "--seats", "5"]))[1] == ""


def too_few(_: int) -> int:
    raise TooFewFilesError


def test_too_few_files_make_the_crowd_smaller(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(options, "make_room_for", too_few)
    monkeypatch.setattr(resource, "getrlimit", lambda _: (1024, 2048))
    lowered, sentence = fitted(parse([]))
    assert 1000 < lowered.clients < 1500
    assert sentence == (
        f"{lowered.clients:,} clients come and not 3,000, as a process may have 2,048 open files here"
    )  # fmt: skip


def test_far_too_few_files_are_a_reason_not_to_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(options, "make_room_for", too_few)
    monkeypatch.setattr(resource, "getrlimit", lambda _: (256, 512))
    with pytest.raises(CannotRunError, match="512 open files here, too few"):
        fitted(parse([]))
