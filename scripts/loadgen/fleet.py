"""Why: clients in several processes are one crowd, so there is one set of books, told everything in the order of time.

Each worker reports what happened until a moment of which it knows everything. What happened before the earliest of
these moments is known from all of them, is put in order and entered in the books: one ledger, one account of
deliveries, whatever the number of processes.
"""

import math
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass

import trio

from .bell import Bell
from .course import AT_THE_END, Course
from .crew import Hand, LostError, hands
from .crowd import plan, run_name
from .deliveries import MICROSECONDS, Debts
from .histogram import Histogram
from .ledger import Kind, Ledger, Row, Stage
from .machine import Address, TooFewFilesError, Watch, make_room_for
from .options import Options
from .returning import Returning
from .scenarios import Arrivals
from .wire import Begin, Event, Report, What

STARTING, GONE = "starting", "gone"  # before the first step of the course, and after the last one
# A tick is longer in long runs, so that their timeline is no longer: it holds for runs of at least so many seconds.
TICKS = ((600, 1.0), (120, 0.5), (0, 0.25))


@dataclass
class Moment:
    """A tick: how it stood, and what was measured in it."""

    at: float  # s since the run began
    phase: str
    seated: int
    waiting: int
    undecided: int
    refused: dict[str, int]  # by reason, so far; the seated that were closed are among them
    silent: int
    failed: int
    sent: int  # so far
    received: int  # so far
    p50: float | None  # s, of the deliveries that arrived in this tick
    p99: float | None
    answer_p99: float | None
    memory: int | None  # of the process that is watched
    cpu: float | None  # as a share of one CPU
    files: int | None


class Fleet:
    """A run: all of its clients, and what is known of it so far."""

    def __init__(self, options: Options, addresses: list[Address]) -> None:
        self.options = options
        self.addresses = addresses
        chance = random.Random(options.seed)
        self.token = run_name(chance)
        self.plan = plan(options, chance)
        self.ledger = Ledger(len(self.plan))
        self.debts = Debts()
        self.members: dict[int, None] = {}  # the seated, the earliest first
        self.phase = STARTING
        self.interrupted = False
        self.problem = ""
        self.stages: dict[str, Mapping[Row, int]] = {}
        self.sent = self.expected = self.received = self.duplicates = self.disordered = 0
        self.latency, self.lateness = Histogram(), Histogram()
        self.answers, self.arrival_lateness = Histogram(), Histogram()
        self.timeline: list[Moment] = []
        self.seconds: dict[str, float] = {}
        self.unfilled = 0
        self.server = ""
        self.returned: dict[str, float] | None = None
        self.began = time.monotonic()
        self.crew: list[Hand] = []
        self.bell = Bell()  # rung when the books have been told something
        self.chat_is_over = False  # and nothing changes any more in what was due
        self.hushed = 0  # workers
        self.returning: Returning | None = None
        self._watch = None if options.pid is None else Watch(options.pid)
        self._tick = _tick_of(options)
        self._began_phase = self.began
        self._pending: list[Event] = []
        self._entered = 0
        self._news: tuple[int, ...] = ()
        self._of_the_gone = 0  # deliveries that were due at those who have left
        self._arrived = 0
        self._tick_latency, self._tick_answers = Histogram(), Histogram()

    @property
    def missing(self) -> int:
        """Deliveries that are still owed."""
        return self.expected - self.received

    async def run(self) -> None:
        """All of it. When it is cancelled, what was known until then stays, and no process."""
        self.began = self._began_phase = time.monotonic()
        try:
            make_room_for(_open_at_once(self.options))
            async with hands(self.options.procs, self._begin) as self.crew:
                await self._follow(Course(self))
        except TooFewFilesError as error:
            self.problem = str(error)
        finally:
            self.enter(GONE)
            if AT_THE_END not in self.stages:
                self.stages["so far"] = self.ledger.rows()

    async def _follow(self, course: Course) -> None:
        lost: list[str] = []
        async with trio.open_nursery() as listeners:
            async with trio.open_nursery() as steering:
                for hand in self.crew:
                    listeners.start_soon(self._listen, hand, lost, steering.cancel_scope)
                steering.start_soon(course.steer)
                await course.run()
                steering.cancel_scope.cancel()
            for hand in self.crew:
                hand.finished = True
                await hand.order(do="end")
        if lost:
            self.problem = lost[0]
        else:
            self._advance(final=True)

    async def _listen(self, hand: Hand, lost: list[str], course: trio.CancelScope) -> None:
        try:
            await hand.listen(self._hear)
        except LostError as error:
            lost.append(str(error))
            course.cancel()

    def enter(self, phase: str) -> None:
        """A phase ends and another begins."""
        now = time.monotonic()
        if self.phase != STARTING:
            self.seconds[self.phase] = self.seconds.get(self.phase, 0.0) + now - self._began_phase
        self.phase, self._began_phase = phase, now

    def _begin(self, worker: int) -> Begin:
        return {
            "worker": worker,
            "began": self.began,
            "tick": int(self._tick * MICROSECONDS),
            "seed": self.options.seed,
            "token": self.token,
            "room": self.options.room,
            "patience": int(self.options.patience * MICROSECONDS),
        }

    # -- the books ----------------------------------------------------------------------------------------------------

    def _hear(self, hand: Hand, report: Report) -> None:
        self._pending += [
            Event(at, What(what), number, detail, received) for at, what, number, detail, received in report["events"]
        ]
        times = report["times"]
        if times is not None:
            latency, answers = Histogram.read(times["latency"]), Histogram.read(times["answers"])
            for whole in (self.latency, self._tick_latency):
                whole.merge(latency)
            for whole in (self.answers, self._tick_answers):
                whole.merge(answers)
            self.lateness.merge(Histogram.read(times["lateness"]))
            self.arrival_lateness.merge(Histogram.read(times["arrival_lateness"]))
        self._arrived = sum(each.received for each in self.crew)
        self.duplicates = sum(each.duplicates for each in self.crew)
        self.disordered = sum(each.disordered for each in self.crew)
        self._advance()
        started = sum(hand.upto >= 0 for hand in self.crew)
        news = started, self._entered, self._arrived, sum(hand.open for hand in self.crew)
        if news != self._news:
            self._news = news
            self.bell.ring()

    def _advance(self, *, final: bool = False) -> None:
        """Enter what is known from all workers, tick by tick."""
        known = min(hand.upto for hand in self.crew)
        # Of one worker all is in order already. A message that was sent at the moment at which a reader joined is not
        # due there, so it comes first.
        self._pending.sort(key=lambda event: (event.at, event.what is not What.SAID))
        entered = 0
        while (edge := int((len(self.timeline) + 1) * self._tick * MICROSECONDS)) <= known:
            entered = self._enter_until(edge, entered)
            self._look(edge)
        entered = self._enter_until(known, entered)
        del self._pending[:entered]
        if final:
            self._look(known)

    def _enter_until(self, moment: int, entered: int) -> int:
        while entered < len(self._pending) and self._pending[entered].at <= moment:
            self._enter(self._pending[entered])
            entered += 1
            self._entered += 1
        self.sent, self.expected = self.debts.sent, self.debts.expected
        self.received = self._arrived - self._of_the_gone
        return entered

    def _enter(self, event: Event) -> None:
        ledger, number = self.ledger, event.number
        ledger.now = event.at / MICROSECONDS
        was_inside = ledger.attempts[number].stage in (Stage.SEATED, Stage.WAITING)
        match event.what, event.detail:
            case What.SAID, _:
                self.debts.said(number)
            case What.TRIED, _:
                ledger.tried(number)
            case What.QUEUED, int(place):
                ledger.queued(number, place)
            case What.SEATED, _:
                reads = self.plan[number].reads
                ledger.took_seat(number, reads=reads)
                self.members[number] = None
                if reads and not self.chat_is_over:
                    self.debts.joined(number)
            case What.KEPT, _:
                ledger.kept(number)
            case What.LEAVES, _:
                ledger.leaves(number)
            case What.REFUSED, str(reason):
                ledger.refused(number, reason)
            case What.SILENT, str(how):
                ledger.fell_silent(number, how)
            case What.FAILED, str(why):
                ledger.failed(number, why)
            case What.LIMIT, int(seats):
                ledger.tell_limit(seats)
            case What.SERVER, str(told):
                self.server = told
            case What.HUSHED, _:
                self.hushed += 1
        if self.returning is not None:
            self.returning.note(event, was_inside=was_inside)
        if event.what in (What.LEAVES, What.REFUSED, What.SILENT, What.FAILED):
            self._gone(event)

    def _gone(self, event: Event) -> None:
        self.members.pop(event.number, None)
        if not self.chat_is_over and self.debts.left(event.number):
            self._of_the_gone += event.received

    def _look(self, moment: int) -> None:
        """A tick has passed."""
        ledger = self.ledger
        memory, cpu, files = (None, None, None) if self._watch is None else self._watch.look()
        self.timeline.append(
            Moment(
                at=moment / MICROSECONDS,
                phase=str(self.phase),
                seated=ledger.seated,
                waiting=ledger.waiting,
                undecided=ledger.undecided,
                refused=dict(ledger.refusals),
                silent=ledger.count(Kind.SILENT),
                failed=ledger.count(Kind.FAILED),
                sent=self.sent,
                received=self._arrived,
                p50=self._tick_latency.percentile(50),
                p99=self._tick_latency.percentile(99),
                answer_p99=self._tick_answers.percentile(99),
                memory=memory,
                cpu=cpu,
                files=files,
            )
        )
        self._tick_latency, self._tick_answers = Histogram(), Histogram()


def _expected_length(options: Options) -> float:
    coming = 0.0 if options.rate is None else options.clients / options.rate
    return max(coming, options.duration or 0.0) + options.hold


def _tick_of(options: Options) -> float:
    length = _expected_length(options)
    return next(tick for least, tick in TICKS if length >= least)


def _open_at_once(options: Options) -> int:
    """How many connections one process may have at a time."""
    clients = options.clients
    if options.scenario.arrivals is Arrivals.BY_CHANCE:
        assert options.rate is not None
        assert options.stay is not None
        # By Little's law rate * stay are seated; some more, and those who wait or are told why they may not.
        clients = min(clients, math.ceil(options.rate * (3 * options.stay + options.patience)))
    return math.ceil(clients / options.procs)
