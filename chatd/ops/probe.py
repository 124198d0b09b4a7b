"""What a client and a message cost on this machine, measured on a chatd of one's own: a guess would be of another one.

The server is a child of this process, on loopback, its bounds out of the way. Silent clients tell the memory. Then
bursts of messages are all put before it while it is stopped, so that they go out in one round, as they do in a busy
room. Such a round of k messages in a room of n readers costs k·message + n·send + k·n·line, and four kinds of it, few
and many of each, tell the three apart.
"""

import ctypes
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import product
from pathlib import Path
from statistics import median
from typing import NamedTuple

from .advice import Costs
from .meter import Meter, machine
from .swarm import Swarm, SwarmError

CLIENTS = 2000
SECONDS = 5.0  # of bursts
FEW, MANY = 1, 8  # messages of a burst; a busy room has a few in a round
SMALL = 20  # members of the small room
AT_A_TIME = 100  # who join a room
PATIENCE = 10.0  # s, for the readers of a burst
STILL = 0.002  # s, from the last line that is read until the server has come to rest; of CPU, while it does
QUIET = 0.05  # s
LEAST_BURSTS = 3  # of each kind, however long they take
TEXT = b"x" * 40
PR_SET_PDEATHSIG = 1  # linux/include/uapi/linux/prctl.h
ALONE = ("--host", "127.0.0.1", "--port", "0", "--control", "none", "--metrics", "none")
OUT_OF_THE_WAY = ("--queue", "0", "--message-rate", "none", "--ping-interval", "none", "--log-lines", "0.001")


class ProbeError(Exception):
    """It could not be measured. The text says why."""


class Found(NamedTuple):
    """What was measured, with how many clients, and what disturbed it meanwhile."""

    costs: Costs
    clients: int
    seconds: float
    foreign: float  # CPUs that other programs have used
    stolen: float  # CPUs that the machine's host has kept for others


Progress = Callable[[str], None]


@contextmanager
def server(*flags: str) -> Iterator[tuple[int, int]]:
    """A chatd that ends with this process, whatever becomes of it: its number, and its port on loopback."""
    command = [sys.executable, "-m", "chatd", *ALONE, *flags]
    own = {name: value for name, value in os.environ.items() if not name.startswith("CHATD_")}
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=own,
        preexec_fn=end_with_parent,
    ) as child:  # fmt: skip
        try:
            assert child.stdout is not None
            ready = child.stdout.readline()
            port = re.search(r"127\.0\.0\.1:(\d+)", ready)
            if port is None:
                raise ProbeError(f"the chatd to be measured did not start; this tells why: {shlex.join(command)}")
            yield child.pid, int(port[1])
        finally:
            child.kill()


def measure(clients: int = CLIENTS, seconds: float = SECONDS, progress: Progress = lambda _: None) -> Found:
    """Takes `seconds`, and what it takes to bring the clients in. Raises ProbeError."""
    began, (busy, stolen), own = time.monotonic(), machine(), time.process_time()
    try:
        with server("--max-clients", str(clients), *OUT_OF_THE_WAY) as (pid, port), Swarm(("127.0.0.1", port)) as swarm:
            bench = _Bench(Meter(pid), swarm, clients, progress)
            costs = bench.costs(seconds)
            used = bench.meter.cpu() + time.process_time() - own
    except (SwarmError, ProcessLookupError) as error:
        raise ProbeError(f"it could not be measured: {error}") from None
    took = time.monotonic() - began
    busy_now, stolen_now = machine()
    return Found(costs, clients, took, max(0.0, (busy_now - busy - used) / took), (stolen_now - stolen) / took)


class _Bench:
    """A server and its clients."""

    def __init__(self, meter: Meter, swarm: Swarm, clients: int, progress: Progress) -> None:
        self.meter = meter
        self._swarm = swarm
        self._clients = clients
        self._progress = progress

    def costs(self, seconds: float) -> Costs:
        self._rest()  # it has just started
        base, files, kernel = self.meter.memory(), self.meter.files(), kernel_memory()
        self._progress(f"bringing in {self._clients:,} clients")
        self._swarm.enter(self._clients, lambda number: b"NICK n%d\r\nUSER u 0 * :u\r\n" % number, b" 422 ")
        self._rest()
        client = (self.meter.memory() - base) / self._clients
        both_ends = (kernel_memory() - kernel) / self._clients
        open_files = (self.meter.files() - files) / self._clients
        self._progress(f"{self._clients:,} clients enter one room")
        self._join(b"#small", SMALL)
        self._join(b"#large", self._clients)
        return Costs(*self._talk(seconds), client, max(0.0, both_ends / 2), open_files, base)

    def _join(self, room: bytes, members: int) -> None:
        for first in range(0, members, AT_A_TIME):
            for number in range(first, min(first + AT_A_TIME, members)):
                self._swarm.send(number, b"JOIN %s\r\n" % room)
            self._rest()

    def _rest(self) -> None:
        """Read until the server has no more to do. It may work for long before it says anything of it, and what is
        left over would count as the cost of a message."""
        used = -1.0
        while (now := self.meter.cpu()) > used + STILL:
            used = now
            self._swarm.settle(QUIET)

    def _talk(self, seconds: float) -> tuple[float, float, float]:
        """The cost of a message, of a send, of one more line."""
        kinds = list(product(((b"#small", SMALL), (b"#large", self._clients)), (FEW, MANY)))
        spent: dict[tuple[int, int], list[float]] = {}
        until = time.monotonic() + seconds
        turns = 0
        while turns < LEAST_BURSTS or time.monotonic() < until:
            turns += 1
            left = max(0.0, until - time.monotonic())
            self._progress(f"bursts of messages, {left:.0f} s more")
            for (room, members), messages in kinds:
                took = self._burst(room, members, messages)
                spent.setdefault((members - 1, messages), []).append(took)
        return solved({kind: median(each) for kind, each in spent.items()})

    def _burst(self, room: bytes, members: int, messages: int) -> float:
        """CPU time of a round, in seconds."""
        os.kill(self.meter.pid, signal.SIGSTOP)
        try:
            for number in range(messages):
                self._swarm.send(number, b"PRIVMSG %s :%s\r\n" % (room, TEXT))
            before = self.meter.cpu()
        finally:
            os.kill(self.meter.pid, signal.SIGCONT)
        owed, patience = messages * (members - 1), time.monotonic() + PATIENCE
        while owed > 0:
            for _, received in self._swarm.read(0.1):
                if not received:
                    raise ProbeError("the chatd that is measured has closed a connection")
                owed -= received.count(b"\n")
            if time.monotonic() > patience:
                raise ProbeError(f"messages did not arrive within {PATIENCE:g} s: this machine is too busy")
        time.sleep(STILL)
        return self.meter.cpu() - before


def solved(spent: dict[tuple[int, int], float]) -> tuple[float, float, float]:
    """The cost of a message, of a send and of one more line, from what rounds took, by readers and messages."""
    (few, many), (one, several) = (sorted(set(each)) for each in zip(*spent, strict=True))
    small, large = ((spent[n, several] - spent[n, one]) / (several - one) for n in (few, many))  # of one message
    line = (large - small) / (many - few)
    send = (spent[many, one] - spent[few, one]) / (many - few) - line
    return max(0.0, small - few * line), send, line


def kernel_memory() -> int:
    """Bytes that the kernel keeps for all TCP connections of this machine; 0 where it does not tell (proc(5))."""
    with suppress(OSError):
        if found := re.search(r"^TCP:.* mem (\d+)", Path("/proc/net/sockstat").read_text(), re.MULTILINE):
            return int(found[1]) * os.sysconf("SC_PAGE_SIZE")
    return 0


def end_with_parent() -> None:
    """Also when this process is killed, so that nothing is left behind (prctl(2))."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
