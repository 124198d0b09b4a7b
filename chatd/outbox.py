"""The bytes that are owed to a client: bounded, sent directly, and one `send` per client and tick.

Whoever has something to say puts it here and goes on; nothing is awaited, so a message to a thousand members is a loop
of a thousand appends. The flusher, woken by the first of them, runs in the scheduler's next batch and gives every
client that is owed something one non-blocking `send` of all of it. Only when the kernel takes no more does a writer
task exist for that client, until it has caught up or has fallen behind by more than its bound.

What all outboxes hold together is bounded too. A line alone in an outbox is the object that all its readers share and
costs nothing, so only what comes on top of it, or is left of it, is counted.
"""

import socket
from collections.abc import Iterable
from typing import Protocol

import trio

from .limits import Limits
from .usage import SHORT, Histogram, Usage

RELIEF = 15 / 16  # of `outboxes`: so far they are emptied once it is passed, so that not every line starts a search


class Owner(Protocol):
    """Is told when an outbox cannot go on. As that may be in a loop over a room's members, nobody leaves at once."""

    def outbox_overflowed(self) -> None: ...

    def outbox_given_up(self) -> None: ...

    def outbox_broke(self) -> None: ...


class Outbox:
    """What one client is owed. Holds at most `limits.outbox` bytes beyond what the kernel takes."""

    __slots__ = (
        "_blocked", "_caught_up", "_flusher", "_given_up", "_mid_line", "_owed", "_owner", "_sock", "is_parting",
    )  # fmt: skip

    def __init__(self, sock: socket.socket, flusher: "Flusher", owner: Owner) -> None:
        self._sock = sock
        self._flusher = flusher
        self._owner = owner
        self._owed: bytes | bytearray = b""  # bytes are shared, a bytearray is this client's own and counted
        self._mid_line = False  # the client has part of the line that comes first
        self._blocked = False  # a writer task waits for the kernel
        self._caught_up: trio.Event | None = None
        self._given_up = False
        self.is_parting = False

    def __len__(self) -> int:
        """How many bytes are owed."""
        return len(self._owed)

    def put(self, data: bytes) -> None:
        """Owe the client some whole lines (or nothing)."""
        owed, flusher = self._owed, self._flusher
        if not owed:
            if data:
                self._owed = data
                flusher.mark(self)
            return
        if isinstance(owed, bytes):
            owed = self._owed = bytearray(owed)
            flusher.owed += len(owed)
        owed += data
        flusher.owed += len(data)
        if len(owed) > flusher.limits.outbox:
            self._overflow()
        if flusher.owed > flusher.limits.outboxes:
            flusher.relieve()

    def flush(self) -> bool:
        """One non-blocking send of all that is owed. Whether nothing is left to do."""
        owed = self._owed
        if not owed:
            return True
        try:
            sent = self._sock.send(owed)
        except BlockingIOError:
            return False
        except OSError:
            self.discard()
            self._owner.outbox_broke()
            return True
        if sent == len(owed):
            self._mid_line = False
            self.discard()
            return True
        self._mid_line = not owed.endswith(b"\n", 0, sent)
        if isinstance(owed, bytes):
            self._owed = bytearray(owed[sent:])
            self._flusher.owed += len(self._owed)
        else:
            del owed[:sent]
            self._flusher.owed -= sent
        return False

    def discard(self) -> None:
        """Owe nothing any more."""
        self._cut(0)
        if self._caught_up is not None:
            self._caught_up.set()

    def forgo(self) -> None:
        """Owe only the rest of the line that the client has part of, so that what follows stands on its own line."""
        self._cut(self._owed.find(b"\n") + 1 if self._mid_line else 0)

    async def drain(self) -> None:
        """Wait until nothing is owed."""
        await self.write()
        if self._owed:  # another task writes
            self._caught_up = trio.Event()
            await self._caught_up.wait()

    async def write(self) -> None:
        """Send what is owed whenever the kernel takes it, until all is sent. The writer task."""
        if self._blocked:
            return
        self._blocked = True
        self._flusher.behind.add(self)
        try:
            while not self.flush():
                self._flusher.usage.saw("outbox", len(self._owed))
                await trio.lowlevel.wait_writable(self._sock)
        except trio.ClosedResourceError:
            self.discard()  # the session has closed the socket meanwhile
        finally:
            self._flusher.behind.discard(self)
            self._blocked = False

    def try_flush(self) -> None:
        """See what the kernel takes, unless a writer knows that it takes nothing."""
        if not self._blocked:
            self.flush()

    def part(self) -> None:
        """What follows are last words. They are given up for no bound: who says them ends them in time."""
        if self._given_up:
            self.forgo()  # what has come since
        self.is_parting = True

    def give_up(self) -> None:
        """All clients together are owed too much, and this one the most."""
        self._given_up = True
        self.forgo()
        self._owner.outbox_given_up()

    def _overflow(self) -> None:
        self.try_flush()  # a burst within one tick is no sign of a slow reader
        if len(self._owed) > self._flusher.limits.outbox and not self.is_parting:
            self._given_up = True
            self.forgo()
            self._owner.outbox_overflowed()

    def _cut(self, size: int) -> None:
        """Owe only so many bytes. In place, as the traceback of a cancellation may hold the buffer for a while."""
        owed = self._owed
        if isinstance(owed, bytearray):
            self._flusher.owed -= len(owed) - size
            del owed[size:]
        if not size:
            self._owed = b""


class Flusher:
    """Gives every outbox that was put into one send per tick, and bounds what they hold together.

    `owed` is that, in bytes; `behind` are the outboxes that have a writer; `fan_out` tells how long it took from the
    first line of a tick to the last send.
    """

    __slots__ = ("_dirty", "_since", "_wake", "behind", "fan_out", "limits", "owed", "usage")

    def __init__(self, limits: Limits, usage: Usage) -> None:
        self.limits = limits
        self.usage = usage
        self.owed = 0
        self.behind: set[Outbox] = set()
        self.fan_out = Histogram(SHORT)
        self._dirty: list[Outbox] = []
        self._since = 0.0
        self._wake = trio.Event()
        usage.reads("outboxes", lambda: self.owed)
        usage.reads("outbox", lambda: max(map(len, self.behind), default=0))

    def mark(self, outbox: Outbox) -> None:
        """Have the outbox flushed in the scheduler's next batch."""
        if not self._dirty:
            self._since = trio.current_time()
            self._wake.set()
        self._dirty.append(outbox)

    def relieve(self) -> None:
        """Too much is owed to all together: see first what the kernel takes, then give up those who are owed most."""
        for outbox in self._dirty:
            outbox.try_flush()
        if self.owed <= self.limits.outboxes:
            return
        self.usage.saw("outboxes", self.owed)
        for outbox in _largest_first(each for each in {*self.behind, *self._dirty} if not each.is_parting):
            if self.owed <= self.limits.outboxes * RELIEF or not outbox:
                return
            outbox.give_up()

    async def run(self) -> None:
        async with trio.open_nursery() as writers:
            while True:
                await self._wake.wait()
                self._wake = trio.Event()
                dirty, self._dirty = self._dirty, []
                self.usage.saw("outboxes", self.owed)
                for outbox in dirty:
                    if not outbox.flush():
                        self.behind.add(outbox)  # at once: `relieve` may come before its writer
                        writers.start_soon(outbox.write)
                self.fan_out.add(trio.current_time() - self._since)


def _largest_first(outboxes: Iterable[Outbox]) -> list[Outbox]:
    return sorted(outboxes, key=len, reverse=True)
