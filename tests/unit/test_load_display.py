"""Why: while a load runs, its picture is all that one sees, and it must agree with the books."""

from io import StringIO

import pytest
from loadgen.crowd import Crowd, Phase
from loadgen.display import line, picture
from loadgen.options import parse, resolve
from rich.console import Console


@pytest.fixture
def crowd() -> Crowd:
    """In the midst of coming: 2 seated, 1 waiting, 3 refused, of 10."""
    options = parse(["127.0.0.1:6667", "--clients", "10"])
    crowd = Crowd(options, resolve(options))
    ledger = crowd.ledger
    for number in range(7):
        ledger.tried(number)
    ledger.tell_limit(2)
    ledger.took_seat(0)
    ledger.took_seat(1)
    ledger.queued(2, 1)
    for number in (3, 4, 5):
        ledger.refused(number, "SERVER_FULL")
    return crowd


def drawn(crowd: Crowd, width: int = 100) -> str:
    console = Console(file=StringIO(), width=width)
    with console.capture() as captured:
        console.print(picture(crowd))
    return captured.get()


def row(text: str, name: str) -> list[str]:
    """The words of the row that begins so."""
    return next(words.split() for words in text.splitlines() if words.startswith(name))


def test_the_picture_tells_each_against_the_limit(crowd: Crowd) -> None:
    text = drawn(crowd)
    assert "coming   7 of 10 clients" in text
    assert row(text, "seated")[1] == "2"
    assert row(text, "seated")[-5:] == ["of", "2,", "at", "most", "2"]
    assert row(text, "waiting")[1] == "1"
    assert row(text, "refused")[1] == "3"
    assert row(text, "silent")[1] == "0"
    assert row(text, "failed")[4] == "·" * 40
    assert row(text, "seated")[2] == "█" * 40


def test_who_has_left_is_not_seated_any_more(crowd: Crowd) -> None:
    crowd.phase = Phase.LEAVING
    crowd.ledger.leaves(0)
    crowd.ledger.took_seat(2)
    crowd.ledger.leaves(1)
    text = drawn(crowd)
    assert row(text, "seated")[1] == "1"
    assert "1 of 1 who waited were seated" in text


def test_messages_are_told_once_there_are_any(crowd: Crowd) -> None:
    assert "deliveries" not in drawn(crowd) + line(crowd)
    crowd.deliveries.joined(1)
    crowd.deliveries.send(0, 0, 0)
    assert "1 messages sent   0 of 1 deliveries received" in drawn(crowd)
    assert line(crowd).endswith("0 of 1 deliveries")


def test_a_line_for_where_there_is_no_terminal(crowd: Crowd) -> None:
    assert line(crowd) == "load.py: 0 s, coming: 7 of 10; 2 seated, 1 waiting, 3 refused, 0 silent"


def test_it_fits_into_a_usual_terminal(crowd: Crowd) -> None:
    assert max(len(words) for words in drawn(crowd, 80).splitlines()) <= 80
    assert "at most 2" in drawn(crowd, 80)
