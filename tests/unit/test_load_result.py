"""Why: people and builds decide by what is told of a run, so it is to be true, whole, and the same for all readers."""

import json
import re
import socket
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from loadgen.document import SCHEMA, Result
from loadgen.fleet import Fleet
from loadgen.histogram import Histogram
from loadgen.report import print_report
from loadgen.result import as_text, result_of
from loadgen.verdict import judge
from loadgen.words import headline
from rich.console import Console
from told_runs import CLIENTS, VERDICT, silence, storm

DOCUMENT = Path(__file__).parents[2] / "docs" / "load.md"


def told(fleet: Fleet, *failures: str) -> Result:
    return result_of(fleet, judge(fleet), failures, 0)


def compared(fleet: Fleet) -> dict[str, tuple[int | None, int, bool | None]]:
    return {row["what"]: (row["expected"], row["seen"], row["agree"]) for row in told(fleet)["expected_against_seen"]}


def printed(result: Result, *, encoding: str = "utf-8", terminal: bool = False) -> str:
    class Output(StringIO):
        @property
        def encoding(self) -> str:  # type: ignore[override]
            return encoding

    output = Output()
    print_report(result, Console(file=output, width=80, force_terminal=terminal, highlight=False, emoji=False))
    return output.getvalue()


@pytest.fixture(scope="module")
def result() -> Result:
    """Of a run that was as it should be."""
    return result_of(storm("storm", "--fail-if", "p99>1s"), VERDICT, ["p99>1ms: it was 16 ms"], 3)


class TestDocument:
    def test_it_comes_through_a_file_as_it_was(self, result: Result) -> None:
        text = as_text(result)
        assert json.loads(text) == result
        assert len(text.splitlines()) == len(result) + 2

    def test_what_was_asked_for_and_where(self, result: Result) -> None:
        assert (result["schema"], result["ended"], result["exit_code"]) == (SCHEMA, "finished", 3)
        assert (result["scenario"], result["target"], result["seed"]) == ("storm", "127.0.0.1:6667", 7)
        assert (result["server"], result["limits"]["max_clients"]) == ("chatd-0.1.0", 100)
        assert result["options"]["clients"] == CLIENTS
        assert result["options"]["fail_if"] == ["p99>1s"]
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", result["began"])
        assert result["machine"]["processors"] >= 1
        assert all(result["versions"].values())

    def test_what_became_of_everybody(self, result: Result) -> None:
        stages = result["stages"]
        assert list(stages) == ["at the end of the hold", "after all left"]
        assert [sum(fate["count"] for fate in fates) for fates in stages.values()] == [CLIENTS, CLIENTS]
        assert stages["after all left"] == [
            {"kind": "seated", "reason": "", "count": 100},
            {"kind": "queued_seated", "reason": "", "count": 50},
            {"kind": "refused", "reason": "SERVER_FULL", "count": 2565},
            {"kind": "refused", "reason": "TOO_FAST_FROM_HOST", "count": 285},
        ]

    def test_times_are_told_with_their_histogram(self) -> None:
        fleet = storm()
        fleet.latency = Histogram()
        for milliseconds in range(1, 1001):
            fleet.latency.add(milliseconds / 1000)
        times = told(fleet)["latency_s"]
        assert times is not None
        assert (times["count"], times["max"]) == (1000, 1.0)
        exact = (0.5, 0.9, 0.99, 0.999)
        assert (times["p50"], times["p90"], times["p99"], times["p99.9"]) == pytest.approx(exact, rel=0.021)
        edges = [edge for edge, _ in times["buckets"]]
        assert edges == sorted(set(edges))
        assert sum(count for _, count in times["buckets"]) == 1000

    def test_what_was_not_measured_is_null(self) -> None:
        fleet = silence()
        assert told(fleet)["latency_s"] is None
        assert told(fleet)["returned"] is None
        assert told(fleet)["limits"]["max_clients"] is None

    def test_the_timeline_has_columns_of_one_length_and_the_beginnings_of_phases(self, result: Result) -> None:
        timeline = result["timeline"]
        columns = [column for name, column in timeline.items() if name not in ("phases", "refused")]
        assert {len(column) for column in [*columns, *timeline["refused"].values()]} == {48}  # type: ignore[arg-type]
        assert [phase["phase"] for phase in timeline["phases"]] == ["coming", "chatting", "leaving"]
        assert [phase["at"] for phase in timeline["phases"]] == [0.0, 2.0, 10.25]
        assert timeline["refused"]["SERVER_FULL"][-1] == 2565
        assert (timeline["p99"][0], timeline["answer_p99"][0]) == (None, 0.1)

    def test_it_does_not_tell_whose_machine_it_is(self, tmp_path: Path) -> None:
        fleet = storm("storm", "--json", str(tmp_path / "result.json"), "--html", str(tmp_path / "page.html"))
        text = as_text(told(fleet))
        assert str(tmp_path) not in text
        assert f'"{socket.gethostname()}"' not in text

    def test_every_key_is_documented(self, result: Result) -> None:
        documented = set(re.findall(r"`([^`\n]+)`", DOCUMENT.read_text(encoding="utf-8").replace("```", "")))
        free = {"options", "stages", "seconds", "refused"}  # what is in these has names of its own

        def keys(part: Any) -> Iterator[str]:
            if isinstance(part, list):
                for item in part[:1]:
                    yield from keys(item)
            elif isinstance(part, dict):
                for key, value in part.items():
                    yield key
                    if key not in free:
                        yield from keys(value)

        assert set(keys(result)) | {"kind", "reason"} <= documented


class TestExpectedAgainstSeen:
    def test_all_is_as_it_should_be(self) -> None:
        rows = compared(storm())
        assert rows["attempts with an end"] == (CLIENTS, CLIENTS, True)
        assert rows["seated at once for certain, at most"] == (100, 100, True)
        assert rows["deliveries"] == (19_800, 19_800, True)
        assert all(agree for _, _, agree in rows.values())

    def test_each_difference_shows(self) -> None:
        fleet = storm()
        fleet.received -= 1
        fleet.duplicates = 2
        fleet.unfilled = 3
        fleet.ledger.tell_limit(0)
        fleet.ledger.fell_silent(5, "reset")
        fleet.ledger.limit = 99
        rows = compared(fleet)
        assert {what for what, (_, _, agree) in rows.items() if agree is False} == {
            "seated at once for certain, at most",
            "seats given back that did not go to the line",
            "deliveries",
            "deliveries twice",
        }

    def test_who_is_silent_or_without_an_answer(self) -> None:
        fleet = silence("storm", "--clients", "3")
        fleet.ledger.tried(0)
        fleet.ledger.fell_silent(0, "reset")
        fleet.ledger.tried(1)
        fleet.ledger.failed(1, "timed out")
        rows = compared(fleet)
        assert rows["attempts with an end"] == (3, 2, False)
        assert rows["left without a reason"] == (0, 1, False)
        assert rows["failed to connect"] == (0, 1, False)
        assert rows["seated at once for certain, at most"] == (None, 0, None)
        assert "deliveries" not in rows

    def test_nothing_follows_from_an_interrupted_run(self) -> None:
        fleet = storm()
        fleet.interrupted = True
        fleet.received -= 1
        result = result_of(fleet, [], [], 130)
        assert {row["agree"] for row in result["expected_against_seen"]} == {None}
        assert result["ended"] == "interrupted"
        assert result["headline"] == "Interrupted: this is what was known by then, and nothing follows from it."


class TestSentences:
    END = (
        "100 seated, 50 waiting, 2,850 refused with a reason, 0 silent; "
        "when the seated left, 50 of the 50 waiting were seated."
    )

    @pytest.mark.parametrize(
        ("scenario", "about"),
        [
            ("ramp", ""),
            ("storm", ""),
            ("churn", ""),
            ("chat", "19,800 of 19,800 deliveries arrived, half of them within 4.0 ms, 99 of 100 within 16.0 ms. "),
            ("slow", "19,800 of 19,800 deliveries arrived, half of them within 4.0 ms, 99 of 100 within 16.0 ms. "),
            ("soak", "In 11.75 s the server's memory went from 30.0 MiB to 37.2 MiB. "),
        ],
    )
    def test_what_happened(self, scenario: str, about: str) -> None:
        fleet = storm("storm")
        result = told(fleet)
        result["scenario"] = scenario
        assert headline(result) == about + self.END

    @pytest.mark.parametrize(
        ("returned", "about"),
        [
            ({}, "The seats were not taken again in time."),
            ({"all_answered": 1.8}, "When all came back at once, everybody was answered after 1.80 s."),
            (
                {"seats_taken": 0.52, "all_answered": 1.8},
                "When all came back at once, all seats were taken again after 520.0 ms, "
                "and everybody was answered after 1.80 s.",
            ),
        ],
    )
    def test_a_herd_is_about_how_long_it_took(self, returned: dict[str, float], about: str) -> None:
        fleet = storm()
        fleet.returned = returned
        result = told(fleet)
        result["scenario"] = "herd"
        assert headline(result) == f"{about} {self.END}"

    def test_a_generator_that_is_late_says_so(self) -> None:
        fleet = storm()
        assert told(fleet)["warnings"] == []
        for _ in range(fleet.sent):
            fleet.lateness.add(0.01)
        [warning] = told(fleet)["warnings"]
        assert warning.startswith("Messages were sent 10.0 ms late (p99) by this program itself")
        assert "16.0 ms (p99) that deliveries took" in warning


class TestReport:
    def test_it_fits_a_usual_terminal_and_has_no_colour_in_a_file(self, result: Result) -> None:
        text = printed(result)
        assert max(map(len, text.splitlines())) <= 80
        assert "\x1b" not in text
        for words in ("storm: 3,000 clients", "SERVER_FULL", "2,565", "p99.9", "█", "at most 100 of 100"):
            assert words in text
        assert "Failed: p99>1ms: it was 16 ms" in text
        assert text.split()[-len(TestSentences.END.split()) :] == TestSentences.END.split()

    def test_colours_are_for_terminals_that_want_them(self, result: Result, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TERM", "xterm-256color")
        monkeypatch.delenv("NO_COLOR", raising=False)
        assert "\x1b[1;31mFailed" in printed(result, terminal=True)
        monkeypatch.setenv("NO_COLOR", "1")
        assert "31m" not in printed(result, terminal=True)

    def test_where_there_is_only_ascii_so_is_the_report(self) -> None:
        text = printed(told(storm(server="chatd ünïcode", reason="völl")), encoding="ascii")
        assert text.isascii()
        assert "##" in text
        assert "v?ll" in text

    def test_a_server_cannot_speak_to_the_terminal(self) -> None:
        text = printed(told(storm(server="[/red]\x1b]0;owned\x07", reason="[red]\x1b[2J[/]")))
        assert "\x1b" not in text
        assert "[red]?[2J[/]" in text
        assert "[/red]?]0;owned?" in text

    def test_a_run_of_which_nothing_is_known_is_told_too(self) -> None:
        fleet = silence("chat")
        fleet.interrupted = True
        text = printed(result_of(fleet, [], [], 130))
        assert "so far" in text
        assert "nothing follows from it" in text
