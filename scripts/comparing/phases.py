"""Why: each figure of the table is one stretch of load on a server that has rested before it; these are the stretches.

The first clients speak in turn, the others read. A message is late from the moment at which it was to be said, so that
neither a slow server nor a slow load can hide behind the other.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from loadgen.histogram import Histogram

from chatd.ops.swarm import Swarm, SwarmError

from .books import SPEAKERS, Books
from .dialects import Dialect
from .peers import Peer
from .running import CannotMeasureError, Cost, Server

EARLY = 0.001  # s; epoll cannot wait for less, so the last of it is waited for awake
EARLY_PART = 4  # of the idle clients one in so many comes before they are counted: a server has some memory in stock
LOOK_EVERY = 0.1  # s; whether it has taken too long
OPENED_LATE = 16  # files that a server may open only once it is at work


@dataclass(frozen=True)
class Plan:
    """How much of everything."""

    clients: int  # in the room, besides those who speak
    idle: int
    rate: float  # messages a second
    paced: float  # s; how long they are said at that rate
    saturated: float  # s; how long the server does all it can
    quiet: float  # s without anything, after which it is at rest
    patience: float  # s without anything, while something is owed, after which it is lost
    cap: int
    past_cap: int  # clients that come when it is full
    until_told: float  # s; for those to read why

    def fitted(self, most: int | None) -> "Plan":
        """The plan for a server that can have only so many clients."""
        if most is None:
            return self
        return replace(self, clients=min(self.clients, most - SPEAKERS), idle=min(self.idle, most))


Progress = Callable[[str], None]


class Load:
    """The clients of one server, and what measuring with them costs."""

    def __init__(self, peer: Peer, server: Server, plan: Plan, progress: Progress) -> None:
        self._peer = peer
        self._dialect: Dialect = peer.dialect
        self._server = server
        self._plan = plan
        self._progress = progress
        self.costs: dict[str, Cost] = {}
        self.figures: dict[str, float] = {}
        self.books = Books(plan.clients)

    def measure(self) -> None:
        """All of it, in order."""
        self._crowd_of_idlers()
        with Swarm(self._server.address) as swarm:
            self._enter(swarm, SPEAKERS + self._plan.clients)
            swarm.settle(self._plan.quiet)
            if self._dialect.join:
                self._join(swarm)
            self._paced(swarm)
            if not self.books.faults:  # else there is nothing more to find out
                self._saturated(swarm)

    def _enter(self, swarm: Swarm, count: int) -> float:
        return swarm.enter(
            count,
            self._dialect.hello,
            self._dialect.inside,
            lambda inside: self._progress(f"{inside:,} of {count:,} clients are in"),
            at_a_time=self._peer.at_a_time,
        )

    def _crowd_of_idlers(self) -> None:
        server, plan = self._server, self._plan
        files = server.files
        with Swarm(server.address) as swarm:
            early = plan.idle // EARLY_PART
            self._enter(swarm, early)
            swarm.settle(plan.quiet)
            memory, watch = server.memory, server.watch()
            took = self._enter(swarm, plan.idle - early)
            self.costs["registering"] = watch.read()
            swarm.settle(plan.quiet)
            self.figures["registrations"] = (plan.idle - early) / took / 1e3
            self.figures["memory"] = (server.memory - memory) / (plan.idle - early) / 1e3
        late = time.monotonic() + plan.patience
        while server.files > files + OPENED_LATE:
            if time.monotonic() > late:
                raise CannotMeasureError(f"it has not noticed after {plan.patience:g} s that its clients have left")
            time.sleep(EARLY)

    def _join(self, swarm: Swarm) -> None:
        dialect = self._dialect
        joining = range(0 if dialect.speakers_join else SPEAKERS, SPEAKERS + self._plan.clients)
        waiting = set(joining)
        # Each is told to itself, and to all who came before.
        owed = len(joining) * (len(joining) + 1) // 2 if dialect.announcement else 0
        tails = [b""] * joining.stop  # the end of each one's last piece: a word may be cut in two
        tail = max(len(dialect.announcement), len(dialect.joined)) - 1
        watch = self._server.watch()
        for number in joining:
            swarm.send(number, dialect.join)
        last = time.monotonic()
        while waiting or owed > 0:
            for number, piece in _pieces(swarm, LOOK_EVERY):
                last = time.monotonic()
                data = tails[number] + piece
                tails[number] = data[-tail:]
                if dialect.announcement:
                    owed -= data.count(dialect.announcement)
                if dialect.joined in data:
                    waiting.discard(number)
            self._progress(f"{len(joining) - len(waiting):,} of {len(joining):,} are in the room")
            if time.monotonic() > last + self._plan.patience:
                raise CannotMeasureError(f"it left {len(waiting):,} out of the room, and {owed:,} arrivals untold")
        cost = watch.read()
        swarm.settle(self._plan.quiet)
        if dialect.announcement:  # where nobody is told, there is nothing to compare
            self.costs["joining"] = cost
            self.figures |= {"join": cost.seconds, "join_cpu": cost.server}

    def _paced(self, swarm: Swarm) -> None:
        books, plan = self.books, self._plan
        latency, lateness = Histogram(), Histogram()
        count = max(1, round(plan.rate * plan.paced))
        watch = self._server.watch()
        begin = last = time.monotonic()
        while books.read_by_all < count and last + plan.patience > (now := time.monotonic()):
            due = begin + books.sent / plan.rate
            if books.sent < count and now >= due:
                self._say(swarm)
                lateness.add(now - due)
                last = now
                continue
            wait = due - now - EARLY if books.sent < count else LOOK_EVERY
            for messages in self._hear(swarm, max(0.0, wait)):
                last = time.monotonic()
                for message in messages:
                    latency.add(last - begin - message / plan.rate)
            self._progress(f"{books.sent:,} of {count:,} messages at {plan.rate:g}/s")
        self.costs["paced"] = cost = watch.read()
        if not books.deliveries:
            raise CannotMeasureError("it has delivered nothing at all")
        self.figures |= {
            "cpu": cost.server / books.deliveries * 1e6,
            "p50": (latency.percentile(50) or 0) * 1e3,
            "p99": (latency.percentile(99) or 0) * 1e3,
            "late": (lateness.percentile(99) or 0) * 1e3,
        }

    def _saturated(self, swarm: Swarm) -> None:
        books, before = self.books, self.books.deliveries
        watch = self._server.watch()
        end = time.monotonic() + self._plan.saturated
        last = time.monotonic()
        while (now := time.monotonic()) < end and now < last + self._plan.patience:
            self._top_up(swarm)
            for _ in self._hear(swarm, LOOK_EVERY):
                last = now
                self._top_up(swarm)
            self._progress(f"{books.deliveries - before:,} deliveries, {SPEAKERS} messages always under way")
        self.costs["saturated"] = cost = watch.read()
        self.figures |= {
            "rate": (books.deliveries - before) / cost.seconds / 1e3,
            "busy": cost.server / cost.seconds,
        }
        self._read_until_all_have(swarm)
        for _ in self._hear(swarm, self._plan.quiet):
            pass  # what comes twice may come after all has come once

    def _top_up(self, swarm: Swarm) -> None:
        """Have as many deliveries under way as one message of each speaker makes. Counted so, the next message is said
        while readers still read: to wait for the last of them would have all speak at once."""
        while self.books.lost <= (SPEAKERS - 1) * self._plan.clients:
            self._say(swarm)

    def _read_until_all_have(self, swarm: Swarm) -> None:
        """Or until nothing more comes."""
        books, last = self.books, time.monotonic()
        while books.read_by_all < books.sent and time.monotonic() < last + self._plan.patience:
            for _ in self._hear(swarm, LOOK_EVERY):
                last = time.monotonic()

    def _say(self, swarm: Swarm) -> None:
        speaker, text = self.books.send()
        swarm.send(speaker, self._dialect.say(text))

    def _hear(self, swarm: Swarm, timeout: float) -> Iterator[tuple[int, ...]]:
        """What has come is entered in the books; the messages of each piece."""
        for number, piece in _pieces(swarm, timeout):
            if number >= SPEAKERS:
                yield self.books.read(number - SPEAKERS, piece)


def _pieces(swarm: Swarm, timeout: float) -> Iterator[tuple[int, bytes]]:
    for number, piece in swarm.read(timeout):
        if not piece:
            raise SwarmError(f"connection {number + 1:,} was closed in the middle")
        yield number, piece
