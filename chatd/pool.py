"""ClientPool: a bounded registry of clients, with a bounded waiting line and a reason for everybody else.

The limit on a server's clients is always there; a pool makes it one that was chosen, that can be read and that is
explained. It decides and returns what it decided; it does no I/O, knows no clock (`now`, in seconds, is passed in)
and nothing of what a client is. So it fits any server, and is tested without one.

The rules:
- `enter` gives a seat if one is free and nobody waits, else a place in line if there is one, else a refusal;
- a freed seat goes to the head of the line in the same call that frees it, so that no newcomer can overtake;
- lowering a bound evicts nobody inside: it holds for the next entry;
- every ticket is released exactly once, by `leave`, `expire` or `drain`; again, it raises `TicketReleasedError`.

The line's order is the order of `_line`, an ordered dict: `enter` appends, `_seat_the_head` takes from its front.
"""

import random
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum, auto
from itertools import pairwise
from statistics import median
from typing import Generic, NamedTuple, TypeVar

from .protocol.farewell import Reason

ClientT = TypeVar("ClientT")

FREED_SEATS_REMEMBERED = 16  # whose intervals give the expected wait: enough to be calm, few enough to be current
FREED_SEATS_NEEDED = 4  # below this the expected wait is unknown, not guessed


class TicketReleasedError(Exception):
    """A ticket was used after it had been released, which would free a seat twice."""


class State(Enum):
    WAITING = auto()
    SEATED = auto()
    RELEASED = auto()


class Ticket(Generic[ClientT]):
    """What a client holds while it is in the pool, seated or waiting."""

    __slots__ = ("_place", "arrived", "client", "state")

    def __init__(self, client: ClientT, arrived: float) -> None:
        self.client = client
        self.arrived = arrived
        self.state = State.WAITING
        self._place = 0

    def __repr__(self) -> str:
        return f"<Ticket of {self.client!r}: {self.state.name.lower()}>"


@dataclass(frozen=True, slots=True)
class Seated(Generic[ClientT]):
    """The client takes part, until `leave(ticket)`."""

    ticket: Ticket[ClientT]


@dataclass(frozen=True, slots=True)
class Waiting(Generic[ClientT]):
    """The client is in line, at `position` (1 is next), until its seat comes, `leave(ticket)` or `expire`."""

    ticket: Ticket[ClientT]
    position: int


class Refused(NamedTuple):
    """The client was not let in. `retry_after`, in seconds, is random within a factor of two, so that those who are
    refused together do not come back together."""

    reason: Reason
    retry_after: float


@dataclass(slots=True)
class Waits:
    """Waits that ended with a seat, counted from arrival, in seconds."""

    count: int = 0
    total: float = 0.0
    longest: float = 0.0

    def add(self, wait: float) -> None:
        self.count += 1
        self.total += wait
        self.longest = max(self.longest, wait)

    @property
    def mean(self) -> float:
        return self.total / self.count if self.count else 0.0


@dataclass(slots=True)
class Statistics:
    """Counts since the pool was made. Every arrival is in exactly one of them:

    arrived = admitted at once + queued + refused at the door
    queued  = still waiting + waits.count + timed_out + gave_up + drained
    """

    arrived: int = 0
    admitted: int = 0  # seats given, at once or after a wait
    queued: int = 0
    timed_out: int = 0
    gave_up: int = 0  # left the line of their own will
    drained: int = 0  # sent away from the line by `drain`
    left: int = 0  # seats given back
    peak_in_use: int = 0
    peak_waiting: int = 0
    refused: Counter[Reason] = field(default_factory=Counter)
    waits: Waits = field(default_factory=Waits)


class ClientPool(Generic[ClientT]):
    """At most `max_clients` seated and `max_waiting` in line, for at most `wait_timeout` seconds.

    `least_retry` (seconds) is the least advice when to come back; `jitter` returns a number in [0, 1).
    Raises ValueError for a negative bound.
    """

    def __init__(
        self,
        max_clients: float,
        max_waiting: float = 0,
        wait_timeout: float = float("inf"),
        *,
        least_retry: float = 30.0,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._timeout_lowered = float("-inf")  # when it was made shorter
        self.least_retry = least_retry
        self.statistics = Statistics()
        self.paused = False
        self.draining = False
        self._jitter = jitter
        self._in_use = 0
        self._line: OrderedDict[Ticket[ClientT], None] = OrderedDict()
        self._renumbered = True  # whether every ticket's _place is right
        self._freed: deque[float] = deque(maxlen=FREED_SEATS_REMEMBERED)
        self._interval: float | None = None  # between them, in the median
        self._set_bounds(max_clients, max_waiting, wait_timeout)

    def __repr__(self) -> str:
        state = " draining" if self.draining else " paused" if self.paused else ""
        seats, line = f"{self._in_use}/{self.max_clients}", f"{len(self._line)}/{self.max_waiting}"
        return f"<ClientPool{state}: {seats} seated, {line} waiting>"

    @property
    def in_use(self) -> int:
        """Seats taken. May be above `max_clients` for a while after that was lowered."""
        return self._in_use

    @property
    def waiting(self) -> int:
        """How many are in line."""
        return len(self._line)

    def enter(self, client: ClientT, now: float) -> Seated[ClientT] | Waiting[ClientT] | Refused:
        """Let a client in, put it in line, or refuse it."""
        if refused := self.refuse(now):
            return refused
        self.statistics.arrived += 1
        ticket = Ticket(client, now)
        if self._seat_is_free and not self._line:
            self._seat(ticket)
            return Seated(ticket)
        self._line[ticket] = None
        ticket._place = len(self._line)
        self.statistics.queued += 1
        self.statistics.peak_waiting = max(self.statistics.peak_waiting, len(self._line))
        return Waiting(ticket, self.position(ticket))

    def refuse(self, now: float) -> Refused | None:
        """The refusal that `enter` would give now, counted as one; None if it would let the client in or in line.

        For a server that can tell a newcomer so before it knows enough of it to let it in.
        """
        # The order of these is the order of `Reason`.
        if self.draining:
            reason = Reason.DRAINING
        elif len(self._line) < self.max_waiting or (self._seat_is_free and not self._line):
            return None
        else:
            reason = Reason.PAUSED if self.paused else Reason.SERVER_FULL
        self.statistics.arrived += 1
        self.statistics.refused[reason] += 1
        return Refused(reason, self.retry_after(now))

    def leave(self, ticket: Ticket[ClientT], now: float) -> list[Ticket[ClientT]]:
        """Give the seat or the place back. Returns who is seated for it. Raises TicketReleasedError the second time."""
        if ticket.state is State.RELEASED:
            raise TicketReleasedError(repr(ticket))
        if ticket.state is State.WAITING:
            self._leave_line(ticket)
            self.statistics.gave_up += 1
            return []
        ticket.state = State.RELEASED
        self._in_use -= 1
        self.statistics.left += 1
        self._freed.append(now)
        self._interval = None
        return self._seat_the_head(now)

    def expire(self, now: float) -> list[Ticket[ClientT]]:
        """Take those out of the line whose time is up; they are released."""
        expired = []
        for ticket in self._line:
            if now < self._expiry(ticket):
                break  # the others came later
            expired.append(ticket)
        for ticket in expired:
            self._leave_line(ticket)
        self.statistics.timed_out += len(expired)
        return expired

    @property
    def next_expiry(self) -> float:
        """When the first in line will have waited too long; infinite if nobody waits or may wait for ever."""
        for ticket in self._line:
            return self._expiry(ticket)
        return float("inf")

    def resize(
        self,
        now: float,
        *,
        max_clients: float | None = None,
        max_waiting: float | None = None,
        wait_timeout: float | None = None,
    ) -> list[Ticket[ClientT]]:
        """Change bounds. Returns who is seated for it. Raises ValueError, changing nothing, for a negative bound.

        A shorter `wait_timeout` ends nothing at once: who waits already has all of it, from now.
        """
        timeout_before = self.wait_timeout
        self._set_bounds(
            self.max_clients if max_clients is None else max_clients,
            self.max_waiting if max_waiting is None else max_waiting,
            self.wait_timeout if wait_timeout is None else wait_timeout,
        )
        if self.wait_timeout < timeout_before:
            self._timeout_lowered = now
        return self._seat_the_head(now)

    def pause(self) -> None:
        """Seat nobody until `resume`: newcomers join the line while it has room."""
        self.paused = True

    def resume(self, now: float) -> list[Ticket[ClientT]]:
        """End a pause. Returns who is seated for it."""
        self.paused = False
        return self._seat_the_head(now)

    def drain(self) -> list[Ticket[ClientT]]:
        """Let nobody in any more. Returns those who were in line, released; the seated stay until they leave."""
        self.draining = True
        sent_away = list(self._line)
        for ticket in sent_away:
            self._leave_line(ticket)
        self.statistics.drained += len(sent_away)
        return sent_away

    def position(self, ticket: Ticket[ClientT]) -> int:
        """The place in line of a waiting ticket; 1 is next. Raises TicketReleasedError if it does not wait."""
        if ticket.state is not State.WAITING:
            raise TicketReleasedError(f"{ticket!r} is not waiting")
        if not self._renumbered:  # once for each change of the line, however many ask
            for place, waiting in enumerate(self._line, 1):
                waiting._place = place
            self._renumbered = True
        return ticket._place

    def line(self) -> Iterator[Ticket[ClientT]]:
        """Those who wait, the next one first. The line must not change meanwhile."""
        return iter(self._line)

    def expected_wait(self, position: int, now: float) -> float | None:
        """Seconds until the seat of that place comes, by the seats freed of late; None as long as nobody can tell,
        and while seats are not given out.

        If none has been freed for longer than usual, the next one is expected to take as long again.
        """
        if len(self._freed) < FREED_SEATS_NEEDED or self.paused:
            return None
        if self._interval is None:  # once for each freed seat, however many ask
            self._interval = median(later - earlier for earlier, later in pairwise(self._freed))
        return max(self._interval, now - self._freed[-1]) + (position - 1) * self._interval

    def retry_after(self, now: float) -> float:
        """Advice, in seconds, for one who is refused now: when the last in line may have his seat, or later."""
        last = self.expected_wait(max(1, len(self._line)), now) or 0.0
        return max(self.least_retry, last) * (1.0 + self._jitter())

    @property
    def _seat_is_free(self) -> bool:
        return self._in_use < self.max_clients and not self.paused

    def _expiry(self, ticket: Ticket[ClientT]) -> float:
        return max(ticket.arrived, self._timeout_lowered) + self.wait_timeout

    def _set_bounds(self, max_clients: float, max_waiting: float, wait_timeout: float) -> None:
        if min(max_clients, max_waiting, wait_timeout) < 0:
            written = f"max_clients {max_clients}, max_waiting {max_waiting}, wait_timeout {wait_timeout}"
            raise ValueError(f"bounds are not negative: {written}")
        self.max_clients = max_clients
        self.max_waiting = max_waiting
        self.wait_timeout = wait_timeout

    def _seat(self, ticket: Ticket[ClientT]) -> None:
        ticket.state = State.SEATED
        self._in_use += 1
        self.statistics.admitted += 1
        self.statistics.peak_in_use = max(self.statistics.peak_in_use, self._in_use)

    def _seat_the_head(self, now: float) -> list[Ticket[ClientT]]:
        seated = []
        while self._line and self._seat_is_free:
            ticket, _ = self._line.popitem(last=False)
            self._renumbered = False
            self._seat(ticket)
            self.statistics.waits.add(now - ticket.arrived)
            seated.append(ticket)
        return seated

    def _leave_line(self, ticket: Ticket[ClientT]) -> None:
        del self._line[ticket]
        ticket.state = State.RELEASED
        self._renumbered = False
