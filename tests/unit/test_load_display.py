"""Why: while a load runs, its picture is all that one sees, and it must agree with the books."""

from io import StringIO

import pytest
from loadgen.display import line, picture
from loadgen.fleet import Fleet, Moment
from loadgen.options import parse, resolve
from rich.console import Console


@pytest.fixture
def fleet() -> Fleet:
    """In the midst of coming: 2 seated, 1 waiting, 3 refused, of 10."""
    options = parse(["127.0.0.1:6667", "--clients", "10"])
    fleet = Fleet(options, resolve(options))
    fleet.phase = "coming"
    ledger = fleet.ledger
    for number in range(7):
        ledger.tried(number)
    ledger.tell_limit(2)
    ledger.took_seat(0)
    ledger.took_seat(1)
    ledger.queued(2, 1)
    for number in (3, 4, 5):
        ledger.refused(number, "SERVER_FULL")
    return fleet


def drawn(fleet: Fleet, width: int = 100) -> str:
    console = Console(file=StringIO(), width=width)
    with console.capture() as captured:
        console.print(picture(fleet))
    return captured.get()


def row(text: str, name: str) -> list[str]:
    """The words of the row that begins so."""
    return next(words.split() for words in text.splitlines() if words.startswith(name))


def test_the_picture_tells_each_against_the_limit(fleet: Fleet) -> None:
    text = drawn(fleet)
    assert "ramp: coming   7 of 10 clients" in text
    assert row(text, "seated")[1] == "2"
    assert row(text, "seated")[-5:] == ["of", "2,", "at", "most", "2"]
    assert row(text, "waiting")[1] == "1"
    assert row(text, "refused")[1] == "3"
    assert row(text, "silent")[1] == "0"
    assert row(text, "failed")[4] == "·" * 40
    assert row(text, "seated")[2] == "█" * 40


def test_who_has_left_is_not_seated_any_more(fleet: Fleet) -> None:
    fleet.phase = "leaving"
    fleet.stages["at the end of the hold"] = {}
    fleet.ledger.leaves(0)
    fleet.ledger.took_seat(2)
    fleet.ledger.leaves(1)
    text = drawn(fleet)
    assert row(text, "seated")[1] == "1"
    assert "1 of 1 who waited were seated" in text


def test_refusals_are_told_by_their_reasons(fleet: Fleet) -> None:
    assert "refused so far: SERVER_FULL 3" in drawn(fleet)


def test_messages_and_their_times_are_told_once_there_are_any(fleet: Fleet) -> None:
    assert "deliveries" not in drawn(fleet) + line(fleet)
    fleet.sent, fleet.expected, fleet.received = 2, 6, 5
    fleet.lateness.add(0.001)
    fleet.arrival_lateness.add(0.002)
    for at, half in ((1.0, 9.0), (10.0, 0.002), (10.25, 0.003), (10.5, None)):
        fleet.timeline.append(moment(at, half))
    text = drawn(fleet)
    assert "2 messages sent   5 of 6 deliveries   lately p50 3.0 ms   p99 6.0 ms" in text
    assert "this program's own lateness (p99): connected 2.0 ms, spoke 1.0 ms" in text
    assert line(fleet).endswith("5 of 6 deliveries")


def moment(at: float, half: float | None) -> Moment:
    most = None if half is None else 2 * half
    return Moment(at, "chatting", 2, 1, 0, {}, 0, 0, 2, 5, half, most, None, None, None, None)


def test_a_line_for_where_there_is_no_terminal(fleet: Fleet) -> None:
    assert line(fleet) == "load.py: 0 s, coming: 7 of 10; 2 seated, 1 waiting, 3 refused, 0 silent"


def test_it_fits_into_a_usual_terminal(fleet: Fleet) -> None:
    assert max(len(words) for words in drawn(fleet, 80).splitlines()) <= 80
    assert "at most 2" in drawn(fleet, 80)
