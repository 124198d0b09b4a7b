"""The bytes that are owed to a client: bounded, sent directly, and one `send` per client and tick.

Whoever has something to say puts it here and goes on; nothing is awaited, so a message to a thousand members is a loop
of a thousand appends. The flusher, woken by the first of them, runs in the scheduler's next batch and gives every
client that is owed something one non-blocking `send` of all of it. Only when the kernel takes no more does a writer
task exist for that client, until it has caught up or has fallen behind by more than its bound.
"""

import socket
from typing import Protocol

import trio

from .limits import Limits


class Owner(Protocol):
    """Is told when an outbox cannot go on. As that may be in a loop over a room's members, nobody leaves at once."""

    def outbox_overflowed(self) -> None: ...

    def outbox_broke(self) -> None: ...


class Outbox:
    """What one client is owed. Holds at most `limits.outbox` bytes beyond what the kernel takes."""

    __slots__ = ("_blocked", "_caught_up", "_flusher", "_limits", "_mid_line", "_owed", "_owner", "_sock")

    def __init__(self, sock: socket.socket, limits: Limits, flusher: "Flusher", owner: Owner) -> None:
        self._sock = sock
        self._limits = limits
        self._flusher = flusher
        self._owner = owner
        # A single line is the object that all its readers share; only what comes on top of it is copied.
        self._owed: bytes | bytearray = b""
        self._mid_line = False  # the client has part of the line that comes first
        self._blocked = False  # a writer task waits for the kernel
        self._caught_up: trio.Event | None = None

    def __len__(self) -> int:
        """How many bytes are owed."""
        return len(self._owed)

    def put(self, data: bytes) -> None:
        """Owe the client some whole lines (or nothing)."""
        if not self._owed:
            if data:
                self._owed = data
                self._flusher.mark(self)
            return
        if isinstance(self._owed, bytes):
            self._owed = bytearray(self._owed)
        self._owed += data
        if len(self._owed) > self._limits.outbox:
            self._overflow()

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
            self._owed = b""
            self._mid_line = False
            if self._caught_up is not None:
                self._caught_up.set()
            return True
        self._mid_line = not owed.endswith(b"\n", 0, sent)
        self._owed = owed[sent:]
        return False

    def discard(self) -> None:
        """Owe nothing any more."""
        self._owed = b""
        if self._caught_up is not None:
            self._caught_up.set()

    def forgo(self) -> None:
        """Owe only the rest of the line that the client has part of, so that what follows stands on its own line."""
        self._owed = self._owed[: self._owed.find(b"\n") + 1] if self._mid_line else b""

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
        try:
            while not self.flush():
                await trio.lowlevel.wait_writable(self._sock)
        except trio.ClosedResourceError:
            self.discard()  # the session has closed the socket meanwhile
        finally:
            self._blocked = False

    def _overflow(self) -> None:
        # A burst within one tick is no sign of a slow reader: see first what the kernel takes.
        if not self._blocked:
            self.flush()
        if len(self._owed) > self._limits.outbox:
            self.forgo()
            self._owner.outbox_overflowed()


class Flusher:
    """Gives every outbox that was put into one send per tick."""

    __slots__ = ("_dirty", "_wake")

    def __init__(self) -> None:
        self._dirty: list[Outbox] = []
        self._wake = trio.Event()

    def mark(self, outbox: Outbox) -> None:
        """Have the outbox flushed in the scheduler's next batch."""
        if not self._dirty:
            self._wake.set()
        self._dirty.append(outbox)

    async def run(self) -> None:
        async with trio.open_nursery() as writers:
            while True:
                await self._wake.wait()
                self._wake = trio.Event()
                dirty, self._dirty = self._dirty, []
                for outbox in dirty:
                    if not outbox.flush():
                        writers.start_soon(outbox.write)
