"""ClientPool in any order of calls: Hypothesis drives it against a model that is too simple to be wrong.

The model keeps names in two lists and counts what it sees. Whatever the calls, the pool has to return what the model
returns, and to show the same state after each of them.
"""

from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from properties import tries

from chatd.pool import ClientPool, Refused, Seated, State, Ticket, TicketReleasedError, Waiting
from chatd.protocol.farewell import Reason

LEAST_RETRY = 30.0
SMALL = st.integers(0, 4)  # bounds so small that they are hit all the time
BOUNDS = SMALL | st.sampled_from([float("inf"), 2.0])
TIMEOUTS = st.sampled_from([2.0, 3.0, 6.0, float("inf")])
WHICH = st.integers(0, 10**6)  # picks one of those that there are


@dataclass
class Model:
    """What a pool has to do, in the plainest words. A client is a number."""

    seats: float
    places: float
    timeout: float
    sitting: list[int] = field(default_factory=list)
    line: list[tuple[int, float]] = field(default_factory=list)
    shortened: float = float("-inf")  # when waits were given less time
    gone: list[int] = field(default_factory=list)
    paused: bool = False
    draining: bool = False
    freed: list[float] = field(default_factory=list)
    waited: list[float] = field(default_factory=list)
    at_once: int = 0
    queued: int = 0
    refused: int = 0
    timed_out: int = 0
    gave_up: int = 0
    drained: int = 0
    left: int = 0
    most_sitting: int = 0
    most_waiting: int = 0

    @property
    def seat_is_free(self) -> bool:
        return len(self.sitting) < self.seats and not (self.paused or self.draining)

    def verdict(self) -> str | Reason:
        if self.draining:
            return Reason.DRAINING
        if self.seat_is_free and not self.line:
            return "seat"
        if len(self.line) < self.places:
            return "line"
        return Reason.PAUSED if self.paused else Reason.SERVER_FULL

    def sit(self, client: int) -> None:
        assert self.seat_is_free  # never more than the cap at the time of admission
        self.sitting.append(client)
        self.most_sitting = max(self.most_sitting, len(self.sitting))

    def fill(self, now: float) -> list[int]:
        moved = []
        while self.line and self.seat_is_free:
            client, arrived = self.line.pop(0)
            self.sit(client)
            self.waited.append(now - arrived)
            moved.append(client)
        return moved

    def ends(self, arrived: float) -> float:
        """When a wait that began then is over."""
        return max(arrived, self.shortened) + self.timeout

    def wait_for(self, place: int, now: float) -> float | None:
        last = self.freed[-16:]
        if len(last) < 4 or self.paused:
            return None
        gaps = sorted(b - a for a, b in pairwise(last))
        middle = len(gaps) // 2
        usual = gaps[middle] if len(gaps) % 2 else (gaps[middle - 1] + gaps[middle]) / 2
        return max(usual, now - last[-1]) + (place - 1) * usual

    def advice(self, luck: float, now: float) -> float:
        last = self.wait_for(max(1, len(self.line)), now) or 0.0
        return max(LEAST_RETRY, last) * (1 + luck)


class PoolMachine(RuleBasedStateMachine):
    """`self.tickets` is what the callers of the pool hold, by client."""

    @initialize(seats=BOUNDS, places=BOUNDS, timeout=TIMEOUTS, asks=st.booleans())
    def make(self, seats: float, places: float, timeout: float, asks: bool) -> None:
        self.asks = asks
        self.now = 0.0
        self.luck = 0.0
        self.clients = 0
        self.tickets: dict[int, Ticket[int]] = {}
        self.pool: ClientPool[int] = ClientPool(
            seats, places, timeout, least_retry=LEAST_RETRY, jitter=lambda: self.luck
        )
        self.model = Model(seats, places, timeout)

    def clients_of(self, tickets: list[Ticket[int]]) -> list[int]:
        for ticket in tickets:
            assert self.tickets[ticket.client] is ticket
        return [ticket.client for ticket in tickets]

    # Arriving.

    @rule()
    def enter(self) -> None:
        model, client = self.model, self.clients
        self.clients += 1
        expected = model.verdict()
        outcome = self.pool.enter(client, self.now)
        if expected == "seat":
            assert isinstance(outcome, Seated)
            assert outcome.ticket.state is State.SEATED
            model.sit(client)
            model.at_once += 1
            self.tickets[client] = outcome.ticket
        elif expected == "line":
            assert isinstance(outcome, Waiting)
            model.line.append((client, self.now))
            model.queued += 1
            model.most_waiting = max(model.most_waiting, len(model.line))
            assert outcome.position == len(model.line)
            self.tickets[client] = outcome.ticket
        else:
            assert outcome == Refused(Reason(expected), model.advice(self.luck, self.now))
            model.refused += 1

    @rule()
    def refuse(self) -> None:
        expected = self.model.verdict()
        outcome = self.pool.refuse(self.now)
        if expected in ("seat", "line"):
            assert outcome is None
        else:
            assert outcome == Refused(Reason(expected), self.model.advice(self.luck, self.now))
            self.model.refused += 1

    # Leaving.

    @precondition(lambda self: self.model.sitting)
    @rule(which=WHICH)
    def leave_a_seat(self, which: int) -> None:
        client = self.model.sitting.pop(which % len(self.model.sitting))
        self.model.gone.append(client)
        self.model.left += 1
        self.model.freed.append(self.now)
        assert self.clients_of(self.pool.leave(self.tickets[client], self.now)) == self.model.fill(self.now)

    @precondition(lambda self: self.model.line)
    @rule(which=WHICH)
    def leave_the_line(self, which: int) -> None:
        client, _ = self.model.line.pop(which % len(self.model.line))
        self.model.gone.append(client)
        self.model.gave_up += 1
        assert self.pool.leave(self.tickets[client], self.now) == []

    @precondition(lambda self: self.model.gone)
    @rule(which=WHICH)
    def leave_again(self, which: int) -> None:
        ticket = self.tickets[self.model.gone[which % len(self.model.gone)]]
        with pytest.raises(TicketReleasedError):
            self.pool.leave(ticket, self.now)

    # Time.

    @rule(seconds=st.sampled_from([1, 2, 3]))
    def time_passes(self, seconds: int) -> None:
        self.now += seconds

    @rule()
    def expire(self) -> None:
        model = self.model
        late = [client for client, arrived in model.line if model.ends(arrived) <= self.now]
        model.line = [(client, arrived) for client, arrived in model.line if client not in late]
        model.gone += late
        model.timed_out += len(late)
        assert self.clients_of(self.pool.expire(self.now)) == late

    # What an operator does.

    @rule(seats=st.none() | BOUNDS, places=st.none() | BOUNDS, timeout=st.none() | TIMEOUTS)
    def resize(self, seats: float | None, places: float | None, timeout: float | None) -> None:
        model = self.model
        model.seats = model.seats if seats is None else seats
        model.places = model.places if places is None else places
        if timeout is not None:
            model.shortened = self.now if timeout < model.timeout else model.shortened
            model.timeout = timeout
        moved = self.pool.resize(self.now, max_clients=seats, max_waiting=places, wait_timeout=timeout)
        assert self.clients_of(moved) == model.fill(self.now)
        if timeout is not None and model.shortened == self.now:
            assert self.pool.expire(self.now) == [], "nobody is evicted at once"

    @rule(good=SMALL, bad=st.integers(-3, -1), swap=st.booleans())
    def resize_to_nonsense(self, good: int, bad: int, swap: bool) -> None:
        seats, places = (bad, good) if swap else (good, bad)
        with pytest.raises(ValueError, match="negative"):
            self.pool.resize(self.now, max_clients=seats, max_waiting=places)

    @rule()
    def pause(self) -> None:
        self.model.paused = True
        self.pool.pause()

    @rule()
    def resume(self) -> None:
        self.model.paused = False
        assert self.clients_of(self.pool.resume(self.now)) == self.model.fill(self.now)

    # Asking.

    @rule(place=st.integers(1, 9), luck=st.sampled_from([0.0, 0.25, 0.5]))
    def advise(self, place: int, luck: float) -> None:
        self.luck = luck
        assert self.pool.expected_wait(place, self.now) == self.model.wait_for(place, self.now)
        assert self.pool.retry_after(self.now) == self.model.advice(luck, self.now)

    # What holds at any time.

    @invariant()
    def the_next_expiry_is_that_of_the_head(self) -> None:
        first = [self.model.ends(arrived) for _, arrived in self.model.line[:1]]
        assert self.pool.next_expiry == (first[0] if first else float("inf"))

    @invariant()
    def seats_and_line_are_as_the_model_has_them(self) -> None:
        pool, model = self.pool, self.model
        assert (pool.max_clients, pool.max_waiting) == (model.seats, model.places)
        assert (pool.in_use, pool.waiting) == (len(model.sitting), len(model.line))
        assert [ticket.client for ticket in pool.line()] == [client for client, _ in model.line]

    @invariant()
    def positions_and_expected_waits_are_right(self) -> None:
        """Not in every run, as to ask is to compute anew, which may be what makes the next step right."""
        if self.asks:
            assert self.pool.expected_wait(2, self.now) == self.model.wait_for(2, self.now)
            places = {client: place for place, (client, _) in enumerate(self.model.line, 1)}
            for client, ticket in self.tickets.items():
                if client in places:
                    assert self.pool.position(ticket) == places[client]
                else:
                    with pytest.raises(TicketReleasedError):
                        self.pool.position(ticket)

    @invariant()
    def nobody_waits_for_a_seat_that_is_free(self) -> None:
        assert not (self.model.line and self.model.seat_is_free)

    @invariant()
    def everybody_is_seated_or_waits_or_is_released(self) -> None:
        expected = dict.fromkeys(self.model.sitting, State.SEATED)
        expected |= dict.fromkeys((client for client, _ in self.model.line), State.WAITING)
        expected |= dict.fromkeys(self.model.gone, State.RELEASED)
        assert {client: ticket.state for client, ticket in self.tickets.items()} == expected

    @invariant()
    def the_counters_add_up(self) -> None:
        seen, model = self.pool.statistics, self.model
        assert seen.arrived == model.at_once + model.queued + model.refused
        assert seen.queued == self.pool.waiting + seen.waits.count + seen.timed_out + seen.gave_up + seen.drained
        assert seen.admitted - seen.left == self.pool.in_use
        assert sum(seen.refused.values()) == model.refused
        assert (seen.queued, seen.admitted, seen.left) == (model.queued, model.at_once + len(model.waited), model.left)
        assert (seen.timed_out, seen.gave_up, seen.drained) == (model.timed_out, model.gave_up, model.drained)
        assert (seen.peak_in_use, seen.peak_waiting) == (model.most_sitting, model.most_waiting)
        waits = seen.waits
        assert (waits.count, waits.total) == (len(model.waited), sum(model.waited))
        assert waits.longest == max(model.waited, default=0.0)

    @invariant()
    def it_tells_its_state(self) -> None:
        model = self.model
        state = " draining" if model.draining else " paused" if model.paused else ""
        seats, line = f"{len(model.sitting)}/{model.seats}", f"{len(model.line)}/{model.places}"
        assert repr(self.pool) == f"<ClientPool{state}: {seats} seated, {line} waiting>"


class DrainedPoolMachine(PoolMachine):
    """The same with draining, apart because it ends most of what there is to see."""

    @precondition(lambda self: self.clients >= 3)
    @rule()
    def drain(self) -> None:
        sent_away = [client for client, _ in self.model.line]
        self.model.line = []
        self.model.gone += sent_away
        self.model.drained += len(sent_away)
        self.model.draining = True
        assert self.clients_of(self.pool.drain()) == sent_away


TestPoolMachine = PoolMachine.TestCase
TestPoolMachine.settings = tries(250, steps=50)
TestDrainedPoolMachine = DrainedPoolMachine.TestCase
TestDrainedPoolMachine.settings = tries(100, steps=50)
