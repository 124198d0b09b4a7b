"""The journal: every event is told, in its own line or in a number; and no storm makes it write without end."""

import logging
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from properties import tries

from chatd.journal import PAIRS, Journal
from chatd.protocol.farewell import Reason


class Lines(logging.Handler):
    """What was logged: level, event and fields of each line."""

    def __init__(self) -> None:
        super().__init__()
        self.all: list[tuple[int, str, dict[str, Any]]] = []

    def emit(self, record: logging.LogRecord) -> None:
        fields: dict[str, Any] = record.__dict__["fields"]
        self.all.append((record.levelno, record.getMessage(), fields))

    def take(self) -> list[tuple[str, dict[str, Any]]]:
        """Event and fields of each line since the last time."""
        taken = [(event, fields) for _, event, fields in self.all]
        self.all.clear()
        return taken


class House:
    """A journal with its lines, a clock to be set and a bound to be changed."""

    def __init__(self, lines: Lines, most: float = 3.0) -> None:
        self.lines = lines
        self.lines.all.clear()  # whatever an earlier test has left there
        self.most = most
        self.now = 0.0
        self.woken = 0
        self.journal = Journal(lambda: self.most, lambda: self.now, self.wake)

    def wake(self) -> None:
        self.woken += 1

    def storm(self, times: int, cause: str = Reason.SERVER_FULL) -> None:
        for number in range(times):
            self.journal.note("refused", cause, id=number)


@pytest.fixture(scope="module")
def lines() -> Iterator[Lines]:
    handler, log = Lines(), logging.getLogger("chatd")
    level = log.level
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    yield handler
    log.removeHandler(handler)
    log.setLevel(level)


@pytest.fixture
def house(lines: Lines) -> House:
    lines.take()
    return House(lines)


def test_an_event_is_a_line_with_its_fields_and_its_cause_last(house: House) -> None:
    house.journal.note("arrived", id=1, host="192.0.2.7")
    house.journal.note("refused", Reason.SERVER_FULL, level=logging.WARNING, id=1, host="192.0.2.7")
    assert house.lines.all == [
        (logging.INFO, "arrived", {"id": 1, "host": "192.0.2.7"}),
        (logging.WARNING, "refused", {"id": 1, "host": "192.0.2.7", "cause": "SERVER_FULL"}),
    ]
    assert list(house.lines.all[1][2]) == ["id", "host", "cause"]


def test_a_storm_is_a_few_lines_and_one_number(house: House) -> None:
    house.storm(2853)
    assert [fields["id"] for _, fields in house.lines.take()] == [0, 1, 2]
    house.journal.summarise(0.999)
    assert house.lines.take() == []
    assert house.journal.next_summary == 1.0
    house.journal.summarise(1.0)
    assert house.lines.take() == [("refused", {"more": 2850, "seconds": 1.0, "cause": "SERVER_FULL"})]
    house.journal.summarise(2.0)
    assert house.lines.take() == []


def test_a_summary_has_the_level_of_its_lines(house: House) -> None:
    for _ in range(5):
        house.journal.note("limit", "outbox", level=logging.WARNING)
    house.journal.summarise(1.0)
    assert {level for level, _, _ in house.lines.all} == {logging.WARNING}


def test_a_storm_of_one_cause_hides_no_other(house: House) -> None:
    house.storm(1000)
    house.lines.take()
    house.storm(1, Reason.PAUSED)
    house.journal.note("left", Reason.SERVER_FULL, id=7)
    assert [fields["cause"] for _, fields in house.lines.take()] == ["PAUSED", "SERVER_FULL"]


def test_the_next_second_has_lines_of_its_own_and_they_come_after_the_summary(house: House) -> None:
    house.storm(5)
    house.lines.take()
    house.now = 1.0
    house.storm(1)
    assert house.lines.take() == [
        ("refused", {"more": 2, "seconds": 1.0, "cause": "SERVER_FULL"}),
        ("refused", {"id": 0, "cause": "SERVER_FULL"}),
    ]


def test_nothing_is_due_where_nothing_was_left_out(house: House) -> None:
    assert house.journal.next_summary == float("inf")
    house.storm(3)
    assert house.journal.next_summary == float("inf")
    assert house.woken == 0


def test_who_waits_is_woken_once_for_each_summary_to_come(house: House) -> None:
    house.storm(1, Reason.PAUSED)
    house.now = 0.25
    house.storm(4)
    assert (house.woken, house.journal.next_summary) == (1, 1.25)
    house.storm(500)
    assert house.woken == 1
    house.storm(500, Reason.PAUSED)
    assert (house.woken, house.journal.next_summary) == (2, 1.0), "it is due earlier than the one that was waited for"


@pytest.mark.parametrize(("most", "written"), [(0.0, 0), (0.5, 1), (5.0, 5), (float("inf"), 100)])
def test_the_bound_may_change_while_it_counts(house: House, most: float, written: int) -> None:
    house.most = most
    house.storm(100)
    assert len(house.lines.take()) == written
    house.most = float("inf")
    house.storm(1)
    assert len(house.lines.take()) == 1


def test_at_the_end_everything_is_told(house: House) -> None:
    house.storm(10)
    house.storm(10, Reason.PAUSED)
    house.lines.take()
    house.now = 0.25
    house.journal.flush()
    assert house.lines.take() == [
        ("refused", {"more": 7, "seconds": 0.25, "cause": "SERVER_FULL"}),
        ("refused", {"more": 7, "seconds": 0.25, "cause": "PAUSED"}),
    ]
    house.journal.flush()
    assert house.lines.take() == []


def test_more_causes_than_there_are_words_share_one_account(house: House) -> None:
    """So neither what is remembered nor what is written grows with what clients send, whoever makes that mistake."""
    house.most = 1
    for number in range(10_000):
        house.storm(1, f"C{number}")
    assert len(house.lines.take()) == PAIRS + 1
    house.journal.summarise(1.0)
    assert house.lines.take() == [("others", {"more": 10_000 - PAIRS - 1, "seconds": 1.0})]


def test_what_is_over_is_forgotten(house: House) -> None:
    house.most = 0
    for number in range(3 * PAIRS):
        house.now = 0.01 * number
        house.storm(1, f"C{number}")
    house.journal.flush()
    assert [fields["cause"] for _, fields in house.lines.take()] == [f"C{number}" for number in range(3 * PAIRS)]


PAUSES = st.sampled_from([0.0, 0.0, 0.1, 0.6, 5.0])
CAUSES = st.sampled_from(["SERVER_FULL", "PAUSED", "OUTBOX_FULL"])


@tries(200)
@given(st.lists(st.tuples(PAUSES, CAUSES, st.booleans()), max_size=80))
def test_every_event_is_told_once_as_a_line_or_in_a_number(
    lines: Lines, events: list[tuple[float, str, bool]]
) -> None:
    house = House(lines, most=2)
    for pause, cause, is_punctual in events:
        house.now += pause
        if is_punctual:
            house.journal.summarise(house.now)
            assert house.journal.next_summary > house.now
        house.storm(1, cause)
    house.journal.flush()
    told: Counter[str] = Counter()
    for _, fields in lines.take():
        told[fields["cause"]] += fields.get("more", 1)
    assert told == Counter(cause for _, cause, _ in events)


@tries(200)
@given(st.lists(PAUSES, max_size=80))
def test_no_second_has_more_lines_of_one_cause_than_two_windows(lines: Lines, pauses: list[float]) -> None:
    """The end of one window and the beginning of the next may meet; three never do."""
    house = House(lines, most=2)
    written = []
    for pause in pauses:
        house.now += pause
        house.storm(1)
        written += [house.now for _, fields in lines.take() if "id" in fields]
    for first, fifth in zip(written, written[4:], strict=False):
        assert fifth - first >= 1.0
