"""Why: the load script's figures and its exit code are only worth what its bookkeeping is worth."""

import random
from collections.abc import Callable

from loadgen.fleet import Fleet
from loadgen.ledger import OTHER_REASON, REASONS, SHOWS_WITHIN, Kind, Ledger, Row
from loadgen.options import parse
from loadgen.verdict import judge


def told_places(ledger: Ledger, *places: int) -> None:
    """Clients 0, 1, 2 … connect and are told these places."""
    for number, place in enumerate(places):
        ledger.tried(number)
        ledger.queued(number, place)


def verdicts(ledger: Ledger, unfilled: int = 0) -> dict[str, bool | None]:
    fleet = Fleet(parse(["127.0.0.1:1"]), [])
    fleet.ledger, fleet.unfilled, fleet.stages = ledger, unfilled, {"at the end": ledger.rows()}
    return {found.name: found.holds for found in judge(fleet)}


class TestRows:
    def test_before_anything_happens_nobody_is_tried(self) -> None:
        assert Ledger(3).rows() == {Row(Kind.UNTRIED): 3}

    def test_every_fate_has_its_row(self) -> None:
        ledger = Ledger(10)
        for number in range(9):
            ledger.tried(number)
        ledger.took_seat(0)
        ledger.queued(1, 1)
        ledger.queued(2, 2)
        ledger.queued(3, 3)
        ledger.took_seat(1)
        ledger.refused(2, "QUEUE_TIMEOUT")
        ledger.refused(4, "SERVER_FULL")
        ledger.fell_silent(5, "reset")
        ledger.failed(6, "refused")
        ledger.took_seat(7)
        ledger.refused(7, "OUTBOX_FULL")
        assert ledger.rows() == {
            Row(Kind.SEATED): 1,
            Row(Kind.QUEUED_SEATED): 1,
            Row(Kind.QUEUED_TIMED_OUT): 1,
            Row(Kind.WAITING): 1,
            Row(Kind.REFUSED, "SERVER_FULL"): 1,
            Row(Kind.SILENT, "reset"): 1,
            Row(Kind.FAILED, "refused"): 1,
            Row(Kind.CLOSED, "OUTBOX_FULL"): 1,
            Row(Kind.UNANSWERED): 1,
            Row(Kind.UNTRIED): 1,
        }
        assert sum(ledger.rows().values()) == 10
        assert ledger.undecided == 2

    def test_the_first_end_is_the_one_that_counts(self) -> None:
        ledger = Ledger(1)
        ledger.tried(0)
        ledger.refused(0, "SERVER_FULL")
        ledger.fell_silent(0, "reset")  # what every closed connection looks like afterwards
        assert ledger.rows() == {Row(Kind.REFUSED, "SERVER_FULL"): 1}

    def test_one_that_leaves_keeps_its_row(self) -> None:
        ledger = Ledger(2)
        told_places(ledger, 1)
        ledger.tried(1)
        ledger.took_seat(1)
        for number in (0, 1):
            ledger.leaves(number)
            ledger.fell_silent(number, "closed")
        assert ledger.rows() == {Row(Kind.WAITING): 1, Row(Kind.SEATED): 1}
        assert (ledger.seated, ledger.lost) == (0, 0)

    def test_a_seat_that_ends_without_a_word_is_silence(self) -> None:
        ledger = Ledger(1)
        ledger.tried(0)
        ledger.took_seat(0)
        ledger.fell_silent(0, "reset")
        assert ledger.rows() == {Row(Kind.SILENT, "reset"): 1}

    def test_who_comes_back_is_in_the_row_of_the_last_try_and_every_refusal_is_counted(self) -> None:
        ledger = Ledger(1)
        for reason in ("SERVER_FULL", "SERVER_FULL", "DRAINING"):
            ledger.tried(0)
            ledger.refused(0, reason)
        ledger.tried(0)
        assert (ledger.undecided, ledger.rows()) == (1, {Row(Kind.UNANSWERED): 1})
        ledger.took_seat(0)
        assert ledger.rows() == {Row(Kind.SEATED): 1}
        assert ledger.refusals == {"SERVER_FULL": 2, "DRAINING": 1}

    def test_who_waits_now_is_not_who_ever_waited(self) -> None:
        ledger = Ledger(4)
        told_places(ledger, 1, 2, 3, 4)
        ledger.took_seat(0)
        ledger.refused(1, "QUEUE_TIMEOUT")
        ledger.leaves(2)
        assert (ledger.waiting, ledger.entered, ledger.count(Kind.WAITING)) == (1, 4, 2)

    def test_a_server_cannot_make_the_table_endless(self) -> None:
        ledger = Ledger(REASONS + 5)
        for number in range(REASONS + 5):
            ledger.tried(number)
            ledger.refused(number, f"REASON {number}")
        assert len(ledger.rows()) == REASONS + 1
        assert ledger.rows()[Row(Kind.REFUSED, OTHER_REASON)] == 5

    def test_whatever_happens_in_whatever_order_the_rows_add_up(self) -> None:
        chance = random.Random(1)
        ledger = Ledger(50)
        events: list[Callable[[int], object]] = [
            ledger.took_seat,
            ledger.leaves,
            lambda number: ledger.queued(number, chance.randrange(1, 60)),
            lambda number: ledger.refused(number, chance.choice(["SERVER_FULL", "QUEUE_TIMEOUT"])),
            lambda number: ledger.fell_silent(number, "reset"),
        ]
        for number in range(50):
            ledger.tried(number)
        for _ in range(2000):
            chance.choice(events)(chance.randrange(50))
            assert sum(ledger.rows().values()) == 50
            assert 0 <= ledger.seated <= ledger.peak


class TestLimit:
    def test_the_peak_is_what_was_held_at_once(self) -> None:
        ledger = Ledger(3)
        ledger.tell_limit(2)
        for number in range(3):
            ledger.tried(number)
        ledger.took_seat(0)
        ledger.took_seat(1)
        ledger.leaves(0)
        ledger.took_seat(2)
        assert ledger.peak == 2
        assert verdicts(ledger)["no more seated than the limit"] is True

    def test_one_too_many_breaks_it(self) -> None:
        ledger = Ledger(3)
        ledger.tell_limit(2)
        for number in range(3):
            ledger.tried(number)
            ledger.took_seat(number)
        assert verdicts(ledger)["no more seated than the limit"] is False

    def test_a_seat_that_the_server_took_back_may_show_late(self) -> None:
        ledger = Ledger(3)
        ledger.tell_limit(2)
        for number in range(3):
            ledger.tried(number)
            ledger.took_seat(number)
        ledger.refused(0, "OUTBOX_FULL")  # it was closed before 2 was seated, and reads it only now
        assert verdicts(ledger)["no more seated than the limit"] is True

    def test_but_not_very_late(self) -> None:
        ledger = Ledger(3)
        ledger.tell_limit(2)
        for number in range(3):
            ledger.tried(number)
            ledger.took_seat(number)
        ledger.now = SHOWS_WITHIN + 0.1
        ledger.refused(0, "OUTBOX_FULL")
        assert (ledger.peak, ledger.certain_peak) == (3, 3)

    def test_who_does_not_read_may_have_lost_the_seat_without_a_sign(self) -> None:
        ledger = Ledger(3)
        ledger.tell_limit(2)
        for number in range(3):
            ledger.tried(number)
            ledger.took_seat(number, reads=number != 0)
        assert (ledger.peak, ledger.certain_peak, ledger.unread) == (3, 2, 1)
        ledger.kept(0)
        assert (ledger.certain_peak, ledger.unread) == (3, 0)
        assert verdicts(ledger)["no more seated than the limit"] is False

    def test_a_limit_that_sinks_evicts_nobody(self) -> None:
        ledger = Ledger(1)
        ledger.tell_limit(5)
        ledger.tell_limit(2)
        assert ledger.limit == 5

    def test_without_a_limit_there_is_nothing_to_tell(self) -> None:
        assert verdicts(Ledger(0))["no more seated than the limit"] is None


class TestOrder:
    NAME = "seats go to the line in order"

    def test_first_come_first_served(self) -> None:
        ledger = Ledger(3)
        told_places(ledger, 2, 1, 3)
        ledger.all_entered()
        for number in (1, 0, 2):
            ledger.took_seat(number)
            ledger.check_order()
        assert verdicts(ledger)[self.NAME] is True

    def test_one_who_is_seated_before_another_that_still_waits(self) -> None:
        ledger = Ledger(3)
        told_places(ledger, 1, 2, 3)
        ledger.all_entered()
        ledger.took_seat(1)
        ledger.check_order()
        assert verdicts(ledger)[self.NAME] is False
        assert ledger.examples == ["the client that entered in place 2 was seated while 1 waited"]

    def test_within_a_wave_the_order_cannot_be_seen(self) -> None:
        ledger = Ledger(3)
        told_places(ledger, 1, 2, 3)
        ledger.all_entered()
        ledger.took_seat(1)
        ledger.took_seat(0)
        ledger.check_order()
        assert verdicts(ledger)[self.NAME] is True

    def test_a_place_only_gets_better(self) -> None:
        ledger = Ledger(2)
        told_places(ledger, 1, 2)
        ledger.queued(1, 3)
        assert ledger.disorders == 1

    def test_nobody_is_told_the_place_of_another(self) -> None:
        ledger = Ledger(2)
        told_places(ledger, 1, 1)
        ledger.all_entered()
        assert ledger.disorders == 1

    def test_who_enters_after_the_line_moved_ranks_behind_all_that_left_it(self) -> None:
        ledger = Ledger(4)
        told_places(ledger, 1, 2)
        ledger.took_seat(0)
        ledger.tried(2)
        ledger.queued(2, 2)  # behind 1, which nobody has told yet that it is first now
        ledger.tried(3)
        ledger.queued(3, 3)
        ledger.all_entered()
        assert [attempt.rank for attempt in ledger.attempts] == [1, 2, 3, 4]

    def test_what_may_be_a_matter_of_reading_late_is_no_disorder(self) -> None:
        ledger = Ledger(4)
        told_places(ledger, 1, 2, 3)
        ledger.tried(3)
        ledger.queued(3, 3)  # the server had seated 0 by then, which is read only now
        ledger.took_seat(0)
        ledger.all_entered()
        ledger.took_seat(1)
        ledger.took_seat(3)
        ledger.check_order()
        assert verdicts(ledger)[self.NAME] is True

    def test_seats_that_do_not_come(self) -> None:
        ledger = Ledger(1)
        told_places(ledger, 1)
        assert verdicts(ledger, unfilled=1)[self.NAME] is False

    def test_without_a_line_there_is_nothing_to_tell(self) -> None:
        assert verdicts(Ledger(0))[self.NAME] is None

    def test_the_evidence_is_bounded(self) -> None:
        ledger = Ledger(1)
        told_places(ledger, 1)
        for place in range(2, 1000):
            ledger.queued(0, place)
        assert ledger.disorders == 998
        assert len(ledger.examples) == 3


def test_failed_connections_and_silence_break_the_verdict() -> None:
    ledger = Ledger(2)
    ledger.tried(0)
    ledger.tried(1)
    ledger.failed(0, "connection refused")
    ledger.fell_silent(1, "reset")
    found = verdicts(ledger)
    assert found["everybody gets a connection"] is False
    assert found["nobody is left without a reason"] is False


def test_an_attempt_without_an_answer_breaks_the_verdict() -> None:
    ledger = Ledger(2)
    ledger.tried(0)
    assert verdicts(ledger)["every attempt is in one row"] is False
