"""ClientPool, rule by rule, as its docstring has them. What holds in any order of calls is `test_pool_machine`'s."""

import pytest

from chatd.pool import ClientPool, Refused, Seated, State, Ticket, TicketReleasedError, Waiting
from chatd.protocol.farewell import Reason


def pool(seats: int, places: int = 0, timeout: float = float("inf"), jitter: float = 0.0) -> ClientPool[str]:
    return ClientPool(seats, places, timeout, jitter=lambda: jitter)


def seat(to: ClientPool[str], name: str, now: float = 0.0) -> Ticket[str]:
    outcome = to.enter(name, now)
    assert isinstance(outcome, Seated)
    return outcome.ticket


def queue(to: ClientPool[str], name: str, now: float = 0.0) -> Ticket[str]:
    outcome = to.enter(name, now)
    assert isinstance(outcome, Waiting)
    return outcome.ticket


def refused(to: ClientPool[str], now: float = 0.0) -> Refused:
    outcome = to.enter("refused", now)
    assert isinstance(outcome, Refused)
    return outcome


def names(tickets: list[Ticket[str]]) -> list[str]:
    return [ticket.client for ticket in tickets]


def test_seats_first_then_places_then_a_refusal() -> None:
    one = pool(2, 1)
    assert seat(one, "ann").state is State.SEATED
    assert seat(one, "bob").state is State.SEATED
    waiting = one.enter("cid", 0.0)
    assert isinstance(waiting, Waiting)
    assert waiting.position == 1
    assert waiting.ticket.state is State.WAITING
    assert refused(one).reason is Reason.SERVER_FULL
    assert (one.in_use, one.waiting) == (2, 1)


def test_a_pool_without_seats_and_places_refuses_everybody() -> None:
    assert refused(pool(0)).reason is Reason.SERVER_FULL


def test_a_pool_without_seats_may_still_have_a_line() -> None:
    one = pool(0, 1)
    queue(one, "ann")
    assert names(one.resize(1.0, max_clients=1)) == ["ann"]


def test_a_freed_seat_goes_to_the_head_of_the_line_in_the_same_call() -> None:
    one = pool(1, 2)
    ann = seat(one, "ann")
    bob, cid = queue(one, "bob"), queue(one, "cid")
    assert one.leave(ann, 1.0) == [bob]
    assert bob.state is State.SEATED
    assert one.position(cid) == 1
    assert one.in_use == 1


def test_a_newcomer_does_not_overtake_who_waits() -> None:
    one = pool(1, 2)
    ann = seat(one, "ann")
    queue(one, "bob")
    one.leave(ann, 1.0)  # bob has the seat now
    assert isinstance(one.enter("cid", 1.0), Waiting)


def test_a_newcomer_does_not_overtake_after_a_pause() -> None:
    one = pool(2, 5)
    one.pause()
    bob = queue(one, "bob")
    assert one.resume(1.0) == [bob]
    assert isinstance(one.enter("cid", 1.0), Seated)


def test_a_freed_seat_that_nobody_waits_for_stays_free() -> None:
    one = pool(1)
    assert one.leave(seat(one, "ann"), 1.0) == []
    assert one.in_use == 0
    seat(one, "bob")


def test_leaving_the_line_moves_the_others_up_and_seats_nobody() -> None:
    one = pool(1, 3)
    seat(one, "ann")
    bob, cid, dan = (queue(one, name) for name in ("bob", "cid", "dan"))
    assert one.leave(cid, 1.0) == []
    assert (one.position(bob), one.position(dan)) == (1, 2)
    assert list(one.line()) == [bob, dan]


@pytest.mark.parametrize("how", ["seated", "waiting", "expired", "drained"])
def test_a_ticket_is_released_once_and_again_it_raises(how: str) -> None:
    one = pool(1, 1, timeout=5.0)
    ann = seat(one, "ann")
    bob = queue(one, "bob")
    released = ann if how == "seated" else bob
    if how == "expired":
        assert one.expire(5.0) == [bob]
    elif how == "drained":
        assert one.drain() == [bob]
    else:
        one.leave(released, 1.0)
    before = (one.in_use, one.waiting)
    with pytest.raises(TicketReleasedError):
        one.leave(released, 2.0)
    assert (one.in_use, one.waiting) == before
    assert released.state is State.RELEASED


def test_only_who_waits_has_a_position() -> None:
    one = pool(1, 1)
    ann = seat(one, "ann")
    with pytest.raises(TicketReleasedError):
        one.position(ann)
    one.leave(ann, 1.0)
    with pytest.raises(TicketReleasedError):
        one.position(ann)


def test_time_runs_out_at_the_timeout_and_not_before() -> None:
    one = pool(1, 3, timeout=10.0)
    seat(one, "ann")
    bob, cid = queue(one, "bob", 1.0), queue(one, "cid", 2.0)
    assert one.expire(10.9) == []
    assert one.expire(11.0) == [bob]
    assert bob.state is State.RELEASED
    assert one.position(cid) == 1
    assert one.statistics.timed_out == 1


def test_the_next_expiry_is_that_of_the_head_of_the_line() -> None:
    one = pool(1, 3, timeout=10.0)
    seat(one, "ann", 0.0)
    assert one.next_expiry == float("inf")
    bob = queue(one, "bob", 1.0)
    queue(one, "cid", 2.0)
    assert one.next_expiry == 11.0
    one.leave(bob, 3.0)
    assert one.next_expiry == 12.0
    assert one.expire(one.next_expiry)
    assert one.next_expiry == float("inf")


def test_who_is_seated_does_not_time_out() -> None:
    one = pool(1, 1, timeout=10.0)
    ann = seat(one, "ann", 0.0)
    bob = queue(one, "bob", 0.0)
    one.leave(ann, 9.0)
    assert one.expire(99.0) == []
    assert bob.state is State.SEATED


def test_lowering_the_seats_evicts_nobody_and_seats_nobody_until_there_is_room() -> None:
    one = pool(3, 1)
    tickets = [seat(one, name) for name in ("ann", "bob", "cid")]
    queue(one, "dan")
    assert one.resize(1.0, max_clients=1) == []
    assert one.in_use == 3
    assert one.leave(tickets[0], 2.0) == []
    assert one.leave(tickets[1], 3.0) == []
    assert names(one.leave(tickets[2], 4.0)) == ["dan"]
    assert one.in_use == 1


def test_lowering_the_places_sends_nobody_out_of_the_line() -> None:
    one = pool(1, 3)
    seat(one, "ann")
    queue(one, "bob")
    cid = queue(one, "cid")
    assert one.resize(1.0, max_waiting=1) == []
    assert one.position(cid) == 2
    assert refused(one).reason is Reason.SERVER_FULL


def test_raising_the_seats_seats_the_line_in_order() -> None:
    one = pool(1, 4)
    seat(one, "ann")
    waiting = [queue(one, name) for name in ("bob", "cid", "dan")]
    assert one.resize(1.0, max_clients=3) == waiting[:2]
    assert one.position(waiting[2]) == 1


def test_raising_the_places_lets_more_wait() -> None:
    one = pool(1)
    seat(one, "ann")
    refused(one)
    one.resize(1.0, max_waiting=1)
    queue(one, "bob")


def test_a_shorter_timeout_ends_no_wait_at_once() -> None:
    one = pool(1, 3, timeout=100.0)
    seat(one, "ann")
    bob = queue(one, "bob", 0.0)
    one.resize(50.0, wait_timeout=10.0)
    assert one.expire(50.0) == []
    cid = queue(one, "cid", 55.0)
    assert one.next_expiry == 60.0, "who waits already has all of it, from then on"
    assert one.expire(60.0) == [bob]
    assert one.expire(65.0) == [cid]


def test_a_longer_timeout_counts_for_those_who_wait_already() -> None:
    one = pool(1, 3, timeout=10.0)
    seat(one, "ann")
    queue(one, "bob", 0.0)
    one.resize(5.0, wait_timeout=20.0)
    assert one.next_expiry == 20.0
    one.resize(6.0, wait_timeout=float("inf"))
    assert one.next_expiry == float("inf")


def test_there_may_be_no_bound_on_seats_or_on_places() -> None:
    one = pool(1, 1)
    seat(one, "ann")
    queue(one, "bob")
    assert names(one.resize(1.0, max_clients=float("inf"))) == ["bob"]
    for number in range(50):
        seat(one, str(number))
    one.resize(2.0, max_clients=0, max_waiting=float("inf"))
    for number in range(50):
        queue(one, str(number))
    assert (one.in_use, one.waiting) == (52, 50)


@pytest.mark.parametrize(
    ("seats", "places", "timeout"),
    [(-1, None, None), (None, -1, None), (None, None, -1), (5, -1, 5), (-1, 5, 5), (5, 5, -1)],
)
def test_a_negative_bound_raises_and_changes_nothing(
    seats: int | None, places: int | None, timeout: float | None
) -> None:
    one = pool(1, 1, timeout=10.0)
    seat(one, "ann")
    queue(one, "bob")
    with pytest.raises(ValueError, match="negative"):
        one.resize(5.0, max_clients=seats, max_waiting=places, wait_timeout=timeout)
    assert (one.max_clients, one.max_waiting, one.wait_timeout) == (1, 1, 10.0)
    assert one.next_expiry == 10.0


def test_a_pool_is_not_made_with_a_negative_bound() -> None:
    with pytest.raises(ValueError, match="max_clients -1"):
        pool(-1)
    with pytest.raises(ValueError, match="max_waiting -2"):
        pool(1, -2)
    with pytest.raises(ValueError, match="wait_timeout -3"):
        pool(1, 2, -3.0)


def test_paused_it_seats_nobody_though_there_are_seats() -> None:
    one = pool(2, 2)
    ann = seat(one, "ann")
    one.pause()
    bob, cid = queue(one, "bob"), queue(one, "cid")
    assert refused(one).reason is Reason.PAUSED
    assert one.leave(ann, 1.0) == []
    assert one.resize(1.0, max_clients=5) == []
    assert one.resume(2.0) == [bob, cid]


def test_draining_sends_the_line_away_and_lets_nobody_in() -> None:
    one = pool(1, 2)
    ann = seat(one, "ann")
    bob, cid = queue(one, "bob"), queue(one, "cid")
    assert one.drain() == [bob, cid]
    assert refused(one).reason is Reason.DRAINING
    assert ann.state is State.SEATED
    assert one.leave(ann, 1.0) == []
    assert refused(one).reason is Reason.DRAINING
    assert one.resume(2.0) == []
    assert one.drain() == []


def test_of_two_reasons_the_first_of_the_enumeration_is_given() -> None:
    one = pool(0)
    one.pause()
    assert refused(one).reason is Reason.PAUSED
    one.drain()
    assert refused(one).reason is Reason.DRAINING
    order = list(Reason)
    assert order[:6] == [
        Reason.DRAINING,
        Reason.BANNED,
        Reason.TOO_MANY_FROM_HOST,
        Reason.TOO_FAST_FROM_HOST,
        Reason.PAUSED,
        Reason.SERVER_FULL,
    ]


def test_refuse_says_what_enter_would_and_counts_it_once() -> None:
    one = pool(1)
    assert one.refuse(0.0) is None
    assert one.statistics.arrived == 0
    seat(one, "ann")
    assert one.refuse(0.0) == Refused(Reason.SERVER_FULL, 30.0)
    assert one.statistics.arrived == 2
    assert one.statistics.refused == {Reason.SERVER_FULL: 1}


def test_the_expected_wait_is_unknown_until_four_seats_were_freed() -> None:
    one = pool(1, 9)
    ticket = seat(one, "first")
    for moment in (0.0, 10.0, 20.0):
        queue(one, f"at {moment}", moment)
        (ticket,) = one.leave(ticket, moment)
        assert one.expected_wait(1, moment) is None
    queue(one, "last", 25.0)
    (ticket,) = one.leave(ticket, 40.0)
    assert one.expected_wait(1, 45.0) == 10.0  # the median of 10, 10 and 20
    assert one.expected_wait(3, 50.0) == 30.0
    one.leave(ticket, 60.0)
    one.leave(seat(one, "late", 70.0), 80.0)
    assert one.expected_wait(1, 85.0) == 20.0, "it follows what happens"


def test_only_the_last_freed_seats_count() -> None:
    one = pool(100)
    tickets = [seat(one, str(number)) for number in range(40)]
    for number, ticket in enumerate(tickets):
        one.leave(ticket, number * 1.0 if number < 20 else 20.0 + (number - 20) * 7.0)
    assert one.expected_wait(1, 20.0 + 19 * 7.0) == 7.0


def test_where_seats_were_freed_all_at_once_the_time_without_any_since_then_is_expected_again() -> None:
    one = pool(20)
    for ticket in [seat(one, str(number)) for number in range(20)]:
        one.leave(ticket, 100.0)
    assert [one.expected_wait(place, 136.0) for place in (1, 5)] == [36.0, 36.0]


@pytest.mark.parametrize(("jitter", "advice"), [(0.0, 30.0), (0.5, 45.0), (0.999, 59.97)])
def test_advice_when_to_retry_is_spread_over_a_factor_of_two(jitter: float, advice: float) -> None:
    assert refused(pool(0, jitter=jitter)).retry_after == pytest.approx(advice)


def test_advice_is_the_wait_of_the_last_place_if_that_is_longer() -> None:
    one = pool(5, 2)
    tickets = [seat(one, str(number)) for number in range(5)]
    for number, ticket in enumerate(tickets):
        one.leave(ticket, number * 25.0)
    for number in range(5):
        seat(one, f"again {number}")
    queue(one, "third last")
    queue(one, "last")
    assert refused(one).retry_after == 50.0


def test_without_a_jitter_of_ones_own_advice_differs() -> None:
    one: ClientPool[int] = ClientPool(0)
    advice = [one.retry_after(0.0) for _ in range(50)]
    assert all(30.0 <= each < 60.0 for each in advice)
    assert len(set(advice)) > 1


def test_waits_are_measured_from_the_arrival() -> None:
    one = pool(1, 2)
    ann = seat(one, "ann")
    bob = queue(one, "bob", 1.0)
    queue(one, "cid", 2.0)
    one.leave(ann, 4.0)
    one.leave(bob, 10.0)
    waits = one.statistics.waits
    assert (waits.count, waits.total, waits.longest, waits.mean) == (2, 11.0, 8.0, 5.5)


def test_the_mean_of_no_waits_is_zero() -> None:
    assert pool(1).statistics.waits.mean == 0.0


def test_what_it_shows_of_itself() -> None:
    one = pool(1, 2)
    assert repr(one) == "<ClientPool: 0/1 seated, 0/2 waiting>"
    ann = seat(one, "ann")
    bob = queue(one, "bob")
    assert repr(one) == "<ClientPool: 1/1 seated, 1/2 waiting>"
    assert (repr(ann), repr(bob)) == ("<Ticket of 'ann': seated>", "<Ticket of 'bob': waiting>")
    one.pause()
    assert repr(one) == "<ClientPool paused: 1/1 seated, 1/2 waiting>"
    one.resize(0.0, max_clients=0)
    one.drain()
    assert repr(one) == "<ClientPool draining: 1/0 seated, 0/2 waiting>"
    assert repr(bob) == "<Ticket of 'bob': released>"


def test_peaks_and_who_gave_up_are_counted() -> None:
    one = pool(2, 2)
    tickets = [seat(one, "ann"), seat(one, "bob"), queue(one, "cid"), queue(one, "dan")]
    for ticket in reversed(tickets):
        one.leave(ticket, 1.0)
    seen = one.statistics
    assert (seen.peak_in_use, seen.peak_waiting) == (2, 2)
    assert (seen.gave_up, seen.left, seen.admitted, seen.queued) == (2, 2, 2, 2)
    seat(one, "eve")
    assert seen.peak_in_use == 2
