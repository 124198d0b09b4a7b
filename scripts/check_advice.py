#!/usr/bin/env python3
"""Why: an advice is only worth what a load from outside confirms, so this takes it at its word.

    scripts/check_advice.py                     the three rooms below, some three minutes
    scripts/check_advice.py --rooms bots        one of them
    scripts/check_advice.py --seconds 20        measure for longer

For each room it measures and advises as `chatd --advise` does, starts a chatd with the advised --max-clients, fills all
seats, and lets everybody speak as often as was promised, each at moments of its own (an open model: nobody waits for an
answer). A message counts from the moment at which it was due, so a late generator cannot hide a slow server. Then the
same with twice as many. The promise is to hold at N and to break at 2N: else N was too high, or needlessly low.

Every tenth member is looked at without delay, the others are read in between: the load is to cost less than the server.
It stands for other machines, so it has one CPU and leaves the others to the server; give it two at least, and a machine
that is quiet. It waits a while for that (and nice -n -15 helps), and tells what disturbed it; the time has five parts,
and the median of their figures counts.

exit codes:
  0  in all rooms the promise held at N and broke at twice N
  1  in one it did not
  2  it could not be run
"""

import argparse
import math
import os
import random
import re
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import chain
from statistics import median
from textwrap import wrap
from typing import NamedTuple

import in_venv

if __name__ == "__main__":
    in_venv.ensure("chatd", "trio")

from chatd.limits import Limits
from chatd.ops.advice import CPU, FILES, Share, Wish, advise
from chatd.ops.advicetext import COLUMNS, milliseconds, percent, table
from chatd.ops.advising import Progress
from chatd.ops.files import raise_file_limit
from chatd.ops.meter import Meter, machine
from chatd.ops.probe import ProbeError, measure, server
from chatd.ops.swarm import Swarm, SwarmError

ROOMS = {
    "team": Wish(0.5, 0.030),
    "lively": Wish(6, 0.050),
    "bots": Wish(60, 0.020),
}
WATCHED = 10  # every so many members one is looked at without delay
STEP = 100  # who enter together
AT_A_TIME = 32  # of the others that are read before it is looked whether something is due
TRIES = 2
LULL, LOOK = 20.0, 1.0  # s; to wait for other programs to rest, and to look at them
PARTS = 5  # of the time; the median of their figures counts, so that one disturbance does not decide
WARM_UP = 1.0  # s, that do not count
PATIENCE = 5.0  # s after the last word, for it to arrive
SPIN = 0.001  # s; epoll cannot wait for less, so the last moment before a message is due is spent looking
DISTURBED = 0.1  # CPUs of others
STAMP = re.compile(rb":@(\d+)@ ")
HELLO = b"NICK %b%d\r\nUSER u 0 * :u\r\nJOIN #lobby\r\n"
PADDING = b"x" * 22  # to the length of what was measured


class Outcome(NamedTuple):
    """What a load has seen. Times in seconds; CPU time as CPUs."""

    p50: float  # the median of all parts
    p99: float
    whole: float  # p99 over all of the time
    late: float  # p99 of how late the generator itself was
    cpu: float  # of the server
    others: float  # programs of this machine, or of its host
    trouble: str  # why there are no more figures


class Trial(NamedTuple):
    """A room, what was promised and predicted, what was seen at N and at twice N."""

    room: str
    wish: Wish
    members: int
    predicted: float
    at_n: Outcome
    at_twice: Outcome

    @property
    def held(self) -> bool:
        return not self.at_n.trouble and self.at_n.p99 <= self.wish.latency

    @property
    def broke(self) -> bool:
        return bool(self.at_twice.trouble) or self.at_twice.p99 > self.wish.latency


class Load:
    """The members of one room. Messages are due by chance, in the mean as often as was promised."""

    def __init__(self, watched: Swarm, others: Swarm, wish: Wish) -> None:
        self._watched = watched
        self._others = others
        self._speakers = [(swarm, n) for swarm in (watched, others) for n in range(len(swarm.sockets))]
        self._pause = 60 / wish.per_minute / len(self._speakers)
        self._chance = random.Random(len(self._speakers))
        self._due = 0.0
        self._sent: list[tuple[float, float, bool]] = []  # when it was due and when sent, and whether one watched spoke
        self._heard: defaultdict[bytes, list[float]] = defaultdict(list)  # when each piece came; many read the same
        self._rests: dict[int, bytes] = {}  # of watched members that have part of a line

    def run(self, seconds: float) -> tuple[list[float], list[list[float]]]:
        """Speak for so long: how late the generator was, and each delivery's latency, in `PARTS` parts of the time. It
        is infinite for what is missing."""
        start = time.monotonic()
        self._due = start + self._gap()
        until = start + WARM_UP + seconds
        stirred = until
        while (now := time.monotonic()) < until or now < min(stirred + 0.5, until + PATIENCE):
            if now < until:
                self._speak(now)
            if self._listen(until) or self._read_others(min(self._due, until) - now):
                stirred = time.monotonic()
        return [sent - due for due, sent, _ in self._sent], self._latencies(start + WARM_UP, seconds / PARTS)

    def _gap(self) -> float:
        return self._chance.expovariate(1 / self._pause)

    def _speak(self, now: float) -> None:
        while self._due <= now:
            swarm, number = self._chance.choice(self._speakers)
            swarm.send(number, b"PRIVMSG #lobby :@%d@ %s\r\n" % (round(self._due * 1e9), PADDING))
            self._sent.append((self._due, now, swarm is self._watched))
            self._due += self._gap()

    def _listen(self, until: float) -> bool:
        """Look at the watched ones. Whether anything came."""
        now = 0.0
        for number, received in self._watched.read(0):
            now = time.monotonic()
            if self._due <= now < until:
                self._speak(now)
            if number in self._rests:
                received = self._rests.pop(number) + received
            if not received.endswith(b"\n"):
                if not received:
                    raise SwarmError("the server has closed a connection")
                received, _, self._rests[number] = received.rpartition(b"\n")
            self._heard[received].append(now)
        return bool(now)

    def _read_others(self, idle: float) -> bool:
        """Read some of the others, and wait for them while nothing is to be done."""
        came = False
        for _, received in self._others.read(max(0.0, idle - SPIN), AT_A_TIME):
            if not received:
                raise SwarmError("the server has closed a connection")
            came = True
        return came

    def _latencies(self, start: float, length: float) -> list[list[float]]:
        found: list[list[float]] = [[] for _ in range(PARTS)]
        for piece, times in self._heard.items():
            for stamp in STAMP.findall(piece):
                due = int(stamp) / 1e9
                if due >= start:
                    found[min(PARTS - 1, int((due - start) / length))] += [when - due for when in times]
        watched = len(self._watched.sockets)
        owed = sum(watched - by_watched for due, _, by_watched in self._sent if due >= start)
        found[-1] += [math.inf] * (owed - sum(map(len, found)))
        return [sorted(part) for part in found]


def outcome(members: int, wish: Wish, seconds: float, progress: Progress, room: str) -> Outcome:
    """Start a server with so many seats, fill them, and let everybody speak; again while it is disturbed: the least
    disturbed counts. Raises ProbeError, SwarmError."""
    seen: list[Outcome] = []
    with ExitStack() as opened:
        pid, port = opened.enter_context(server("--max-clients", str(members)))
        opened.enter_context(apart(pid))
        watched, others = (opened.enter_context(Swarm(("127.0.0.1", port))) for _ in range(2))
        for count in steps(members):
            progress(f"{room}: {len(watched.sockets) + len(others.sockets):,} of {members:,} are in")
            looked_at = math.ceil(count / WATCHED)
            watched.enter(looked_at, lambda number: HELLO % (b"w", number), b" 366 ")
            others.enter(count - looked_at, lambda number: HELLO % (b"o", number), b" 366 ")
            settle(watched, others)
        while len(seen) < TRIES and (not seen or seen[-1].others > DISTURBED):
            await_quiet(progress, room)
            again = ", again, as it was disturbed" if seen else ""
            progress(f"{room}: {members:,} talk for {seconds + WARM_UP:g} s{again}")
            try:
                seen.append(talk(Meter(pid), Load(watched, others, wish), seconds))
            except SwarmError as error:
                return Outcome(math.inf, math.inf, math.inf, math.inf, 1.0, 0.0, str(error))
            settle(watched, others)
    return min(seen, key=lambda each: each.others)


def talk(meter: Meter, load: Load, seconds: float) -> Outcome:
    began, cpu, own, (busy, stolen) = time.monotonic(), meter.cpu(), time.process_time(), machine()
    late, parts = load.run(seconds)
    used, all_used = meter.cpu() - cpu, sum(machine()) - busy - stolen
    took, foreign = time.monotonic() - began, all_used - used - (time.process_time() - own)
    return Outcome(
        p50=median(at(part, 0.5) for part in parts), p99=median(at(part, 0.99) for part in parts),
        whole=at(sorted(chain(*parts)), 0.99), late=at(sorted(late), 0.99),
        cpu=used / took, others=max(0.0, foreign / took), trouble="",
    )  # fmt: skip


def await_quiet(progress: Progress, room: str) -> None:
    """Wait until other programs rest; not for ever, as then it is told that they did not."""
    until = time.monotonic() + LULL
    while (now := time.monotonic()) < until:
        before, own = sum(machine()), time.process_time()
        time.sleep(LOOK)
        foreign = (sum(machine()) - before - (time.process_time() - own)) / LOOK
        if foreign <= DISTURBED:
            return
        progress(f"{room}: others use {percent(foreign)} of a CPU; waiting for a lull, {until - now:.0f} s at the most")


def settle(*swarms: Swarm) -> None:
    """Read until nothing comes any more."""
    while any([True for each in swarms for _ in each.read(0.02)]):  # noqa: C419  all of it is to be read
        pass


def steps(members: int) -> Iterator[int]:
    while members > 0:
        yield min(members, STEP)
        members -= STEP


@contextmanager
def apart(pid: int) -> Iterator[None]:
    """This process on a CPU of its own, as the load stands for other machines."""
    every = os.sched_getaffinity(0)
    if len(every) > 1:
        own = {max(every)}
        os.sched_setaffinity(0, own)
        os.sched_setaffinity(pid, every - own)
    try:
        yield
    finally:
        os.sched_setaffinity(0, every)


def at(values: list[float], share: float) -> float:
    """That percentile of sorted values; infinite where there are none."""
    return values[min(len(values) - 1, int(len(values) * share))] if values else math.inf


def trial(room: str, seconds: float, progress: Progress) -> Trial:
    wish = ROOMS[room]
    await_quiet(progress, room)
    costs = measure(progress=lambda text: progress(f"{room}: {text}")).costs
    advice = advise(costs, wish, {FILES: Share(raise_file_limit(), Limits().files_beside_clients, 2 * costs.files)})
    members = advice.max_clients
    if advice.binding != CPU:
        raise ProbeError(f"{room}: twice {members:,} clients need more open files than there may be (ulimit -Hn)")
    seen = [outcome(each, wish, seconds, progress, room) for each in (members, 2 * members)]
    return Trial(room, wish, members, advice.talk.latency(members), *seen)


def report(trials: list[Trial]) -> None:
    rows = []
    for each in trials:
        n, twice = each.at_n, each.at_twice
        rows.append((
            each.room, f"{each.members:,}", milliseconds(each.wish.latency), milliseconds(each.predicted),
            milliseconds(n.p99), f"{(n.p99 / each.predicted - 1) * 100:+.0f} %", milliseconds(twice.p99),
            "yes" if each.held and each.broke else "too high" if not each.held else "too low",
        ))  # fmt: skip
    heads = ("room", "N", "promise", "reckoned", "at N", "error", "at 2N", "right")
    print("\n99 of 100 readers have a message within:")
    print(*table(sys.stdout, heads, rows), sep="\n")


def describe(found: Trial) -> None:
    """Tell of one room what the table has no place for."""
    for times, seen in ((1, found.at_n), (2, found.at_twice)):
        print(*wrap(f"{found.room}, {times * found.members:,} members: {words(seen)}", COLUMNS), sep="\n", flush=True)


def words(seen: Outcome) -> str:
    if seen.trouble:
        return seen.trouble
    text = f"half within {milliseconds(seen.p50)}; 99 of 100 over all the time {milliseconds(seen.whole)}"
    text = f"{text}; the server used {percent(seen.cpu)} of a CPU, the generator was late by {milliseconds(seen.late)}"
    return f"{text}; DISTURBED: others used {percent(seen.others)} of a CPU" if seen.others > DISTURBED else text


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False,
    )  # fmt: skip
    talk = ", ".join(f"{name} {wish.per_minute:g}/min, {milliseconds(wish.latency)}" for name, wish in ROOMS.items())
    parser.add_argument("--rooms", nargs="+", choices=ROOMS, default=list(ROOMS), help=f"default all: {talk}")
    parser.add_argument("--seconds", type=float, default=10.0, help="of talk for each figure (default: %(default)g)")
    options = parser.parse_args()
    if not 0.5 <= options.seconds <= 3600:
        parser.error("--seconds is to be from 0.5 to 3600")
    raise_file_limit()
    progress, trials = Progress(sys.stderr, "check_advice.py"), list[Trial]()
    try:
        for room in options.rooms:
            trials.append(trial(room, options.seconds, progress))
            progress.end()
            describe(trials[-1])
    except (ProbeError, SwarmError, ProcessLookupError) as error:
        print(f"check_advice.py: {error}", file=sys.stderr)
        return 2
    finally:
        progress.end()
    report(trials)
    return 0 if all(each.held and each.broke for each in trials) else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
