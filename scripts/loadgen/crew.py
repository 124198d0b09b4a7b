"""Why: the clients live in other processes, and none of these may be left behind, however the run ends."""

import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import trio

from .wire import Begin, Report, line_of, read_lines

SCRIPTS = Path(__file__).resolve().parents[1]


class LostError(Exception):
    """A worker ended although nobody told it to; the text says how."""


class Hand:
    """One worker process, as the parent sees it."""

    def __init__(self, number: int, process: trio.Process) -> None:
        self.number = number
        self.upto = -1  # everything that happened there until then is known
        self.open = 0
        self.received = 0
        self.duplicates = 0
        self.disordered = 0
        self.finished = False
        self._process = process
        self._lock = trio.Lock()

    async def order(self, **words: Any) -> None:
        """Tell it to do something."""
        assert self._process.stdin is not None
        async with self._lock:
            with suppress(trio.BrokenResourceError, trio.ClosedResourceError):  # it has ended: `listen` finds that out
                await self._process.stdin.send_all(line_of(words))

    async def listen(self, heard: Callable[["Hand", Report], None]) -> None:
        """Take its reports until it ends."""
        assert self._process.stdout is not None
        async for report in read_lines(self._process.stdout):
            self.upto = report["upto"]
            self.open = report["open"]
            self.received = report["received"]
            self.duplicates = report["duplicates"]
            self.disordered = report["disordered"]
            heard(self, report)
        status = await self._process.wait()
        if not self.finished:
            raise LostError(f"process {self.number + 1} of this program has ended by itself, with status {status}")


@asynccontextmanager
async def hands(count: int, begin: Callable[[int], Begin]) -> AsyncIterator[list[Hand]]:
    """So many workers. When this is left, in whatever way, they have ended."""
    processes: list[trio.Process] = []
    # -P keeps the current folder out of the search for modules; a session of its own keeps Ctrl-C away.
    command = [sys.executable, "-P", "-m", "loadgen.worker"]
    path = os.pathsep.join([str(SCRIPTS), *filter(None, [os.environ.get("PYTHONPATH")])])
    try:
        while len(processes) < count:
            process = await trio.lowlevel.open_process(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env={**os.environ, "PYTHONPATH": path},
                start_new_session=True,
            )
            processes.append(process)
        crew = [Hand(number, process) for number, process in enumerate(processes)]
        for hand in crew:
            await hand.order(**begin(hand.number))
        yield crew
    finally:
        with trio.CancelScope(shield=True):
            for process in processes:
                process.kill()
                await process.wait()
                for stream in (process.stdin, process.stdout):
                    assert stream is not None
                    await stream.aclose()
