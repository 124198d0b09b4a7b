"""The flusher with its writers: who is behind, and how long it took to tell everybody."""

import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import trio
import trio.testing

from chatd.limits import Limits
from chatd.outbox import Flusher, Outbox
from chatd.usage import Usage

Clock = trio.testing.MockClock
LINE = b"x" * 99 + b"\n"
MUCH = LINE * 50_000  # more than any kernel takes at once


class Owner:
    def __init__(self) -> None:
        self.given_up = 0

    def outbox_overflowed(self) -> None:
        raise AssertionError("there is no bound")

    def outbox_given_up(self) -> None:
        self.given_up += 1

    def outbox_broke(self) -> None: ...


class Late(Outbox):
    """Its writer has not had its turn yet."""

    async def write(self) -> None:
        await trio.sleep_forever()


@contextmanager
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        theirs.setblocking(False)
        yield ours, theirs


@asynccontextmanager
async def flushing(outboxes: float = float("inf")) -> AsyncIterator[Flusher]:
    flusher = Flusher(Limits(outbox=float("inf"), outboxes=outboxes), Usage())
    async with trio.open_nursery() as nursery:
        nursery.start_soon(flusher.run)
        yield flusher
        nursery.cancel_scope.cancel()


async def read(sock: socket.socket, size: int) -> None:
    while size > 0:
        await trio.lowlevel.wait_readable(sock)
        size -= len(sock.recv(1 << 20))


async def test_who_reads_slowly_is_behind_until_all_is_read(autojump_clock: Clock) -> None:
    with pair() as (ours, theirs):
        async with flushing() as flusher:
            outbox = Outbox(ours, flusher, Owner())
            outbox.put(MUCH)
            await trio.testing.wait_all_tasks_blocked()
            assert flusher.behind == {outbox}
            assert flusher.owed == len(outbox) > 0
            await read(theirs, len(MUCH))
            await trio.testing.wait_all_tasks_blocked()
            assert (flusher.behind, flusher.owed, len(outbox)) == (set(), 0, 0)


async def test_who_could_not_be_sent_all_is_seen_before_its_writer_has_begun(autojump_clock: Clock) -> None:
    """Else those who are owed less would be given up in its place."""
    with pair() as (slow, _), pair() as (slower, _):
        async with flushing(outboxes=len(MUCH)) as flusher:
            owners = Owner(), Owner()
            most, least = Late(slow, flusher, owners[0]), Outbox(slower, flusher, owners[1])
            most.put(MUCH)
            await trio.testing.wait_all_tasks_blocked()
            least.put(LINE)
            least.put(MUCH[: len(MUCH) // 2])
            assert [owner.given_up for owner in owners] == [1, 0]


async def test_how_long_it_takes_to_tell_everybody_is_measured_once_for_a_tick(autojump_clock: Clock) -> None:
    with pair() as (ours, theirs):
        async with flushing() as flusher:
            outbox = Outbox(ours, flusher, Owner())
            for _ in range(3):
                outbox.put(LINE)
                outbox.put(LINE)
                await read(theirs, 2 * len(LINE))
            assert sum(flusher.fan_out.counts) == 3
