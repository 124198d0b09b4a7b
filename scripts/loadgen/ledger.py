"""Why: a load test that cannot say what became of every single connection proves nothing about a limit.

The ledger is told what each client lived through and puts every attempt into exactly one row. It also keeps the two
facts that only a view over all clients shows: how many were seated at once, and whether the line kept its order.

Who comes back, after a refusal or a loss, begins anew: the row is that of its last try, `refusals` counts all of them.

No sockets and no clock in here: `now` is set by whoever tells what happened.
"""

from collections import Counter, deque
from collections.abc import Mapping
from enum import Enum, StrEnum, auto
from typing import NamedTuple

# A server decides what it writes, so what it writes must not decide how long the table gets.
REASONS = 16
OTHER_REASON = "other reasons"
EXAMPLES = 3
SHOWS_WITHIN = 1.0  # s; that a seat was taken back may show so much later here than there
QUEUE_TIMEOUT = "QUEUE_TIMEOUT"


class Kind(StrEnum):
    """What can become of an attempt, in the order in which the table tells it."""

    SEATED = "seated at once"
    QUEUED_SEATED = "queued, then seated"
    QUEUED_TIMED_OUT = "queued, then timed out"
    WAITING = "still waiting"
    REFUSED = "refused with a reason"
    CLOSED = "seated, then closed with a reason"
    SILENT = "silent, without a reason"
    FAILED = "failed to connect"
    UNANSWERED = "not answered yet"
    UNTRIED = "not tried yet"


class Row(NamedTuple):
    """A line of the table: what became of an attempt and, where somebody gave one, the reason."""

    kind: Kind
    reason: str = ""


class Stage(Enum):
    """Where an attempt is."""

    PLANNED = auto()
    TRYING = auto()
    WAITING = auto()
    SEATED = auto()
    LEAVING = auto()  # of its own will, from a seat or the line; its row is final
    OVER = auto()  # its row is final


class Attempt:
    """One client's history as far as the rows need it."""

    __slots__ = ("place", "queued", "rank", "reads", "row", "stage")

    def __init__(self) -> None:
        self.stage = Stage.PLANNED
        self.queued = False
        self.reads = True
        self.place = 0  # told last
        self.rank = 0  # how many entered the line before it, itself included, as far as its first place tells
        self.row = Row(Kind.UNTRIED)


class Ledger:
    """Books for `clients` attempts, which are numbered from 0."""

    def __init__(self, clients: int) -> None:
        self.attempts = [Attempt() for _ in range(clients)]
        self.now = 0.0  # s, on any clock: when what is told next happened
        self.limit: int | None = None  # seats, as the server tells; the largest it told, if it told several
        self.seated = 0  # now, as the next two
        self.waiting = 0
        self.unread = 0  # seated without reading, so that they may have lost their seats without a sign
        self.peak = 0
        self.lost = 0  # seats that ended by the server's doing, which shows here later than there
        self.refusals: Counter[str] = Counter()  # by reason, ever
        self.entered = 0  # the line, ever
        self.disorders = 0  # facts that show that the line did not keep its order
        self.examples: list[str] = []  # the first of them, in words
        self._rows: Counter[Row] = Counter({Row(Kind.UNTRIED): clients})
        self._reasons: set[str] = set()
        self._certain_peak = 0
        self._recent: deque[tuple[float, int, int]] = deque()  # moment, seats that were certain, `lost`
        self._departed = 0  # from the line, whatever for
        self._doubt = 0
        self._fresh: list[Attempt] = []  # seated from the line since the order was checked

    # -- what a client tells ------------------------------------------------------------------------------------------

    def tell_limit(self, seats: int) -> None:
        """The server says how many seats it has. It may say so again; nobody inside is evicted when it sinks."""
        self.limit = max(seats, self.limit or 0)

    def tried(self, number: int) -> None:
        """It begins to connect, for the first time or again."""
        attempt = self.attempts[number]
        attempt.stage = Stage.TRYING
        attempt.queued = False
        attempt.reads = True
        self._move(attempt, Kind.UNANSWERED)

    def queued(self, number: int, place: int) -> None:
        """It is told its place in the line, for the first time or again."""
        attempt = self.attempts[number]
        if attempt.stage is Stage.TRYING:
            attempt.stage = Stage.WAITING
            attempt.queued = True
            # All who have departed were ahead of one who enters now.
            attempt.rank = place + self._departed
            self.entered += 1
            self.waiting += 1
            self._move(attempt, Kind.WAITING)
        elif attempt.stage is not Stage.WAITING:
            return  # a notice that crossed with its seat
        elif place > attempt.place:
            self._disorder(f"a client in place {attempt.place} was moved back to place {place}")
        attempt.place = place

    def took_seat(self, number: int, *, reads: bool = True) -> bool:
        """Its JOIN is answered; from now on it reads, or does not. False if that is nothing new, or too late."""
        attempt = self.attempts[number]
        if attempt.stage not in (Stage.TRYING, Stage.WAITING):
            return False
        if attempt.stage is Stage.WAITING:
            self._depart()
            self._fresh.append(attempt)
        attempt.stage = Stage.SEATED
        self._move(attempt, Kind.QUEUED_SEATED if attempt.queued else Kind.SEATED)
        self.seated += 1
        self.peak = max(self.peak, self.seated)
        if not reads:
            attempt.reads = False
            self.unread += 1
        self._look_at_seats()
        return True

    def kept(self, number: int) -> None:
        """It had stopped reading, reads again and is still a member."""
        attempt = self.attempts[number]
        if attempt.stage is Stage.SEATED and not attempt.reads:
            attempt.reads = True
            self.unread -= 1
            self._look_at_seats()

    def leaves(self, number: int) -> None:
        """It is about to hang up. To be told before the server is, which may give the seat away at once."""
        attempt = self.attempts[number]
        if attempt.stage is Stage.SEATED:
            self._give_back(attempt)
        elif attempt.stage is Stage.WAITING:
            self._depart()
        if attempt.stage in (Stage.SEATED, Stage.WAITING):
            attempt.stage = Stage.LEAVING

    def failed(self, number: int, why: str) -> None:
        """It could not connect."""
        self._end(number, Kind.FAILED, why)

    def refused(self, number: int, reason: str) -> None:
        """The server says why the connection ends, in whatever stage."""
        attempt = self.attempts[number]
        if attempt.stage is Stage.WAITING and reason == QUEUE_TIMEOUT:
            self._end(number, Kind.QUEUED_TIMED_OUT)
        else:
            self._end(number, Kind.CLOSED if attempt.stage is Stage.SEATED else Kind.REFUSED, reason)

    def fell_silent(self, number: int, how: str) -> None:
        """The connection ended, or no answer came, and nobody said why. Nothing new for one whose row is final."""
        self._end(number, Kind.SILENT, how)

    # -- what is asked ------------------------------------------------------------------------------------------------

    def rows(self) -> Mapping[Row, int]:
        """How many attempts are in which row now."""
        return {row: count for row, count in self._rows.items() if count}

    def count(self, kind: Kind) -> int:
        """How many attempts are of this kind now, whatever the reason."""
        return sum(count for row, count in self._rows.items() if row.kind is kind)

    @property
    def undecided(self) -> int:
        """How many are without an answer, or still to be tried."""
        return self.count(Kind.UNANSWERED) + self.count(Kind.UNTRIED)

    @property
    def certain_peak(self) -> int:
        """How many were seated at once even if each seat that the server took back was free a second before that
        showed, and those who did not read had none."""
        return max([self._certain_peak, *(seats - (self.lost - lost) for _, seats, lost in self._recent)])

    def _look_at_seats(self) -> None:
        self._settle_seats()
        self._recent.append((self.now, self.seated - self.unread, self.lost))

    def _settle_seats(self) -> None:
        while self._recent and self._recent[0][0] < self.now - SHOWS_WITHIN:
            _, seats, lost = self._recent.popleft()
            self._certain_peak = max(self._certain_peak, seats - (self.lost - lost))

    # -- the order of the line ----------------------------------------------------------------------------------------
    #
    # A rank is exact as long as nobody had departed from the line when it was given. What departed while others still
    # entered may have been counted by the server and not yet here, or here first if it went of its own will, so that
    # ranks differ from the truth, and from each other, by at most that many; two that differ by more tell an order for
    # certain. Mostly nobody departs that early: no doubt then.
    # Which of two seats that came at almost the same time came first cannot be seen from outside: the sockets are read
    # in some order of their own. So it is checked at quiet points, when nobody is on the way from the line to a seat:
    # nobody may still wait who was ahead of one that was seated.

    def all_entered(self) -> None:
        """Nobody will enter the line any more."""
        self._doubt = self._departed
        if not self._doubt:
            told = Counter(attempt.rank for attempt in self.attempts if attempt.queued)
            for place, clients in told.items():
                if clients > 1:
                    self._disorder(f"{clients} clients were told the same place, {place}")

    def check_order(self) -> None:
        """A quiet point."""
        fresh, self._fresh = self._fresh, []
        waiting = [attempt.rank for attempt in self.attempts if attempt.stage is Stage.WAITING]
        if not waiting:
            return
        first = min(waiting)
        for attempt in fresh:
            if attempt.rank > first + self._doubt:
                self._disorder(f"the client that entered in place {attempt.rank} was seated while {first} waited")

    def _disorder(self, what: str) -> None:
        self.disorders += 1
        if len(self.examples) < EXAMPLES:
            self.examples.append(what)

    # -- rows ---------------------------------------------------------------------------------------------------------

    def _end(self, number: int, kind: Kind, reason: str = "") -> None:
        attempt = self.attempts[number]
        if attempt.stage in (Stage.LEAVING, Stage.OVER):
            attempt.stage = Stage.OVER
            return
        if attempt.stage is Stage.SEATED:
            self._settle_seats()
            self._give_back(attempt)
            self.lost += 1
        elif attempt.stage is Stage.WAITING:
            self._depart()
        attempt.stage = Stage.OVER
        self._move(attempt, kind, reason)
        if kind in (Kind.REFUSED, Kind.CLOSED, Kind.QUEUED_TIMED_OUT):
            self.refusals[attempt.row.reason or QUEUE_TIMEOUT] += 1

    def _give_back(self, attempt: Attempt) -> None:
        self.seated -= 1
        if not attempt.reads:
            attempt.reads = True
            self.unread -= 1

    def _depart(self) -> None:
        self.waiting -= 1
        self._departed += 1

    def _move(self, attempt: Attempt, kind: Kind, reason: str = "") -> None:
        if reason and reason not in self._reasons:
            if len(self._reasons) < REASONS:
                self._reasons.add(reason)
            else:
                reason = OTHER_REASON
        self._rows[attempt.row] -= 1
        attempt.row = Row(kind, reason)
        self._rows[attempt.row] += 1
