"""Why: a run of the load generator takes a server, and several files of tests look at such runs."""

import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial

import trio
from loadgen.fleet import Fleet
from loadgen.options import parse, resolve
from loadgen.verdict import judge

LONG = 60  # s; nothing here takes as long, but a machine may be busy

Handler = Callable[[trio.SocketStream], Awaitable[None]]


@asynccontextmanager
async def listening(handler: Handler) -> AsyncIterator[str]:
    """A server in this process; where it is."""
    with trio.fail_after(LONG):
        async with trio.open_nursery() as nursery:
            listeners: list[trio.SocketListener] = await nursery.start(
                partial(trio.serve_tcp, handler, 0, host="127.0.0.1")
            )
            yield f"127.0.0.1:{listeners[0].socket.getsockname()[1]}"
            nursery.cancel_scope.cancel()


@asynccontextmanager
async def chatd(*flags: str) -> AsyncIterator[str]:
    """The real server, as a process; where it is."""
    command = [sys.executable, "-m", "chatd", "--port", "0", *flags]
    with trio.fail_after(LONG):
        process = await trio.lowlevel.open_process(command, stdout=subprocess.PIPE)
        try:
            assert process.stdout is not None
            told = b""
            while b"\n" not in told:
                received = await process.stdout.receive_some()
                assert received, f"chatd ended: {told!r}"
                told += received
            yield told.split()[4].decode().rstrip(":")
        finally:
            process.kill()
            with trio.CancelScope(shield=True):
                await process.wait()


async def fleet_at(target: str, *words: str) -> Fleet:
    """A whole run, steered from this process."""
    options = parse([target, *words])
    fleet = Fleet(options, resolve(options))
    await fleet.run()
    return fleet


def broken(fleet: Fleet) -> list[str]:
    """The invariants that do not hold."""
    return [found.name for found in judge(fleet) if found.holds is False]


def fates(fleet: Fleet, stage: str) -> dict[str, int]:
    """What had become of the clients, by kinds' names and reasons."""
    return {f"{row.kind.name.lower()} {row.reason}".strip(): count for row, count in fleet.stages[stage].items()}
