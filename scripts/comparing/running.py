"""Why: a comparison starts a dozen servers, and whatever happens, none of them may be left behind.

A server runs in a process group and a folder of its own, on a processor of its own; the load runs on another one.
"""

import contextlib
import os
import random
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from chatd.ops.meter import Meter, machine
from chatd.ops.probe import end_with_parent

from .peers import Peer, Setting

LOOPBACK = "127.0.0.1"
START = 15.0  # s; for a server to listen
LOOK_EVERY = 0.02  # s
PORTS = range(20_000, 32_000)  # below those that outgoing connections take
TOLD = 300  # characters of a server's last words
DISTURBED = 0.05  # of a processor, taken by others
LONG_ENOUGH = 0.3  # s; the kernel counts everybody's CPU in hundredths of a second


class CannotMeasureError(Exception):
    """A server cannot be measured. The text says why."""


@dataclass(frozen=True)
class Cost:
    """What a stretch of time cost: seconds, and seconds of CPU of each."""

    seconds: float
    server: float
    load: float  # this program
    others: float  # all other programs, and what a virtual machine was not given

    @property
    def disturbance(self) -> float:
        """What others took, of one processor."""
        return max(0.0, self.others / self.seconds) if self.seconds >= LONG_ENOUGH else 0.0


class Server:
    """One that runs."""

    def __init__(self, process: "subprocess.Popen[bytes]", address: tuple[str, int], output: Path) -> None:
        self.address = address
        self._process = process
        self._output = output
        self._meters = [Meter(process.pid)]

    @property
    def memory(self) -> int:
        """Bytes, PSS, of all its processes."""
        return sum(meter.memory() for meter in self._meters)

    @property
    def files(self) -> int:
        """How many it has open."""
        return sum(meter.files() for meter in self._meters)

    def up(self) -> None:
        """It listens: from now on its processes are known."""
        self._meters = [Meter(pid) for pid in _family(self._process.pid)]

    def last_words(self) -> str:
        """How it ended, if it has, and what it said."""
        status = self._process.poll()
        said = " ".join(self._output.read_text(errors="replace").split())[-TOLD:]
        ended = "" if status is None else f"it ended with status {status}"
        return "; ".join(filter(None, [ended, f"its last words: {said}" if said else ""]))

    def ended(self) -> bool:
        """Whether it has."""
        return self._process.poll() is not None

    def watch(self) -> "Watch":
        """Begin to measure what it costs."""
        return Watch(self._meters)


class Watch:
    """Counts from when it was made."""

    def __init__(self, meters: list[Meter]) -> None:
        self._meters = meters
        self._began = self._now()

    def read(self) -> Cost:
        """What it cost so far."""
        seconds, server, load, everybody = (now - then for now, then in zip(self._now(), self._began, strict=True))
        return Cost(seconds, server, load, everybody - server - load)

    def _now(self) -> tuple[float, float, float, float]:
        return time.monotonic(), sum(meter.cpu() for meter in self._meters), time.process_time(), sum(machine())


def _family(pid: int) -> list[int]:
    """It, and all that it has started."""
    found = [pid]
    for thread in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # a thread may end meanwhile
            for child in thread.read_text().split():
                found += _family(int(child))
    return found


@contextlib.contextmanager
def processors() -> Iterator[tuple[set[int], set[int]]]:
    """Two sets of processors, for the server and for the load, which this process keeps to meanwhile."""
    all_of_them = os.sched_getaffinity(0)
    first, *more = sorted(all_of_them)
    servers, load = {first}, {more[0] if more else first}
    os.sched_setaffinity(0, load)
    try:
        yield servers, load
    finally:
        os.sched_setaffinity(0, all_of_them)


@contextlib.contextmanager
def running(peer: Peer, cap: int, cpus: tuple[set[int], set[int]]) -> Iterator[Server]:
    """The server, which listens, and takes so many clients. It is ended at the end, with all that it has started."""
    with tempfile.TemporaryDirectory(prefix="compare-") as name:
        folder, port = Path(name), _free_port()
        setting = Setting(folder, port, cap, peer.found())
        command = peer.command(setting)
        if user := peer.user:
            for path in (folder, *folder.iterdir()):
                os.chown(path, user, user)
        with (folder / "output").open("wb") as output, _ended(_start(command, folder, output, cpus, user)) as process:
            server = Server(process, (LOOPBACK, port), folder / "output")
            try:
                _wait_until_it_listens(server)
                yield server
            except ProcessLookupError:
                raise CannotMeasureError(f"it was gone all at once; {server.last_words()}") from None


def _start(
    command: list[str], folder: Path, output: BinaryIO, cpus: tuple[set[int], set[int]], user: int | None
) -> "subprocess.Popen[bytes]":
    settings = {name: value for name, value in os.environ.items() if not name.startswith("CHATD_")}
    os.sched_setaffinity(0, cpus[0])  # is inherited
    try:
        return subprocess.Popen(
            command,
            cwd=folder,
            env=settings,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            preexec_fn=end_with_parent,
            user=user,
            group=user,
            extra_groups=None if user is None else [],
        )
    except OSError as error:
        raise CannotMeasureError(f"it does not start: {error.strerror}") from None
    finally:
        os.sched_setaffinity(0, cpus[1])


@contextlib.contextmanager
def _ended(process: "subprocess.Popen[bytes]") -> Iterator["subprocess.Popen[bytes]"]:
    try:
        yield process
    finally:
        # None of them has anything to save, so there is nothing to be waited for, and no second Ctrl-C to be feared.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait_until_it_listens(server: Server) -> None:
    # Looked up and not tried out: a connection that says nothing would be counted by some, and punished by others.
    listening = f":{server.address[1]:04X} 00000000:0000 0A"
    late = time.monotonic() + START
    while listening not in Path("/proc/net/tcp").read_text():
        if server.ended() or time.monotonic() > late:
            raise CannotMeasureError(f"it does not listen; {server.last_words()}")
        time.sleep(LOOK_EVERY)
    server.up()


def _free_port() -> int:
    while True:
        with socket.socket() as trial, contextlib.suppress(OSError):
            trial.bind((LOOPBACK, port := random.choice(PORTS)))
            return port
