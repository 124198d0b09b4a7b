"""Why: whoever watches must be able to leave at any moment and find nothing left, so all processes of an act are
started and ended in one place.

A server, two members who measure and a crowd are a process each, killed when its context ends, however that comes.
On a machine with several processors the server has one for itself, so that it is not the crowd that makes it slow.
"""

import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from subprocess import DEVNULL, PIPE
from typing import Any

import trio

from chatd.ops import asking
from chatd.ops.meter import Meter
from chatd.ops.wire import RefusedError

from .act import Act, Ceilings, Crowd

LOOK_EVERY = 0.2  # s
ASK_EVERY = 0.5  # s
PATIENCE = 20.0  # s, for a process to start
ANSWER = 30.0  # s, for the operator's question: a server that is behind answers late, and is to be heard all the same
# Of niceness: the crowd is to leave the processor to those who measure whenever they need it.
AHEAD, BEHIND = -5, 10
GRACE = 1.0  # s, to end by itself
CHUNK = 1 << 16
READY = "chatd is ready on "


class StageError(Exception):
    """The act cannot go on. The text says why."""


async def play(act: Act, server: Sequence[str], load: Sequence[str], ceilings: Ceilings) -> None:
    """Until a ceiling is met or the time is over. `server` are the words for chatd, `load` those for the crowd.

    Raises StageError.
    """
    *others, its_own = sorted(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory(prefix="chatd-demo-") as folder:
        control = Path(folder, "control")
        words = ["chatd", "--host", "127.0.0.1", "--port", "0", "--control", str(control), *server]
        async with _process(words, {its_own}, Path(folder, "server")) as chatd:
            host, _, port = (await chatd.line()).removeprefix(READY).partition(": ")[0].rpartition(":")
            words = ["demo_show.probe", host, port]
            async with _process(words, set(others), Path(folder, "probe"), AHEAD) as probe:
                await probe.line()  # they are inside, before anybody else comes
                words = ["demo_show.load", f"{host}:{port}", *load]
                # It has processes of its own, and ends them when it is told to.
                async with _process(words, set(others), Path(folder, "load"), BEHIND, signal.SIGTERM) as crowd:
                    await crowd.line()  # they begin to come
                    began = time.monotonic()
                    try:
                        async with trio.open_nursery() as nursery:
                            nursery.start_soon(_hear_probe, act, probe, began)
                            nursery.start_soon(_hear_crowd, act, crowd)
                            nursery.start_soon(_ask, act, control)
                            act.ended = await _look(act, Meter(chatd.pid), ceilings, began)
                            nursery.cancel_scope.cancel()
                    finally:
                        chatd.kill()  # before the others end, which takes a moment: its memory may be growing


class _Process:
    """One of the three, and the lines that it writes."""

    def __init__(self, name: str, process: trio.Process, log: Path) -> None:
        self.pid = process.pid
        self._name = name
        self._process = process
        self._log = log
        self._received = b""

    def kill(self) -> None:
        """At once."""
        self._process.kill()

    async def line(self) -> str:
        """The first line that it writes. Raises StageError if that does not come."""
        with trio.move_on_after(PATIENCE):
            return await self.next_line()
        raise StageError(f"{self._name} has not started within {PATIENCE:g} s")

    async def next_line(self) -> str:
        """Raises StageError at its end, with its last words."""
        assert self._process.stdout is not None
        while b"\n" not in self._received:
            data = await self._process.stdout.receive_some(CHUNK)
            if not data:
                last = self._log.read_text(errors="replace").strip().rpartition("\n")[2]
                raise StageError(f"{self._name} ended too early: {last or 'without a word'}")
            self._received += data
        line, _, self._received = self._received.partition(b"\n")
        return line.decode()


@asynccontextmanager
async def _process(
    words: Sequence[str], processors: set[int], log: Path, nice: int = 0, last: signal.Signals = signal.SIGKILL
) -> AsyncIterator[_Process]:
    """Start a module of Python with these words, and end it with the `last` signal.

    A session of its own keeps Ctrl-C for whoever is to end it.
    """
    # What the user has chosen for a chatd of his own is not for this one.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CHATD_")}
    command = [sys.executable, "-P", "-m", *words]
    with log.open("wb") as stderr:
        process = await trio.lowlevel.open_process(
            command, stdin=DEVNULL, stdout=PIPE, stderr=stderr, start_new_session=True, env=environment
        )
    try:
        if processors:
            os.sched_setaffinity(process.pid, processors)
        with suppress(PermissionError):  # only the superuser may go ahead of others
            os.setpriority(os.PRIO_PROCESS, process.pid, os.getpriority(os.PRIO_PROCESS, 0) + nice)
        yield _Process(words[0], process, log)
    finally:
        process.send_signal(last)
        with trio.CancelScope(shield=True):
            with trio.move_on_after(GRACE):
                await process.wait()
            process.kill()
            await process.wait()
            assert process.stdout is not None
            await process.stdout.aclose()


async def _look(act: Act, meter: Meter, ceilings: Ceilings, began: float) -> str:
    """What ended the act; empty if that was the time."""
    while act.now < ceilings.seconds:
        act.now = time.monotonic() - began
        try:
            act.looked(meter.resident(), meter.cpu())
            act.kept_waiting = _kept_waiting(meter.pid)
        except ProcessLookupError as error:
            raise StageError(f"the server has ended by itself: {error}") from None
        if met := ceilings.met(act):
            return met
        await trio.sleep(LOOK_EVERY)
    return ""


def _kept_waiting(pid: int) -> float:
    """Seconds that it was ready to run and did not (linux/Documentation/scheduler/sched-stats.rst). 0 where the kernel
    does not count them."""
    with suppress(FileNotFoundError):
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[1]) / 1e9
    return 0.0


async def _hear_probe(act: Act, probe: _Process, began: float) -> None:
    while True:
        act.measured(json.loads(await probe.next_line()), began)


async def _hear_crowd(act: Act, crowd: _Process) -> None:
    while True:
        act.crowd = Crowd(**json.loads(await crowd.next_line()))


async def _ask(act: Act, control: Path) -> None:
    """The operator's questions. They wait for an answer in a thread, which is left alone when the act ends."""
    while True:
        with suppress(asking.NoServerError, asking.BrokenError, RefusedError):
            status = await trio.to_thread.run_sync(_status, control, abandon_on_cancel=True)
            act.deliveries, act.owed = status["deliveries"], status["outboxes"]["in_use"]
        await trio.sleep(ASK_EVERY)


def _status(control: Path) -> dict[str, Any]:
    with asking.Connection(control, ANSWER) as connection:
        return connection.ask("status")
