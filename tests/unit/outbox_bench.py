"""Outboxes on a bench: sockets that take as many bytes as a test says, and a flusher that waits for the test."""

import socket
from typing import cast

from chatd.limits import Limits
from chatd.outbox import Flusher, Outbox
from chatd.usage import Usage

LINE = b"0123456789abcde\n"  # 16 bytes
BOUND = 10 * len(LINE)


class Kernel:
    """Takes `room` bytes, then would block; with `broken` set it is gone."""

    def __init__(self, room: int = 0) -> None:
        self.room = room
        self.taken = b""
        self.sends = 0
        self.broken = False

    def send(self, data: bytes | bytearray) -> int:
        self.sends += 1
        if self.broken:
            raise ConnectionResetError
        if not self.room:
            raise BlockingIOError
        took = min(self.room, len(data))
        self.taken += bytes(data[:took])
        self.room -= took
        return took


class Owner:
    def __init__(self) -> None:
        self.overflowed = 0
        self.given_up = 0
        self.broke = 0

    def outbox_overflowed(self) -> None:
        self.overflowed += 1

    def outbox_given_up(self) -> None:
        self.given_up += 1

    def outbox_broke(self) -> None:
        self.broke += 1


class Turned(Flusher):
    """Flushes when the test says so."""

    def mark(self, outbox: Outbox) -> None:
        self._dirty.append(outbox)

    @property
    def marked(self) -> list[Outbox]:
        """Who is to be flushed at the end of the tick."""
        return self._dirty

    def tick(self) -> None:
        """The end of a tick: who cannot be sent all of it has a writer from then on."""
        dirty, self._dirty = self._dirty, []
        self.behind.update(outbox for outbox in dirty if not outbox.flush())


class Bench:
    """One client: its outbox, the kernel's end of it, and its owner."""

    def __init__(self, room: int = 0, flusher: Turned | None = None) -> None:
        self.kernel, self.owner = Kernel(room), Owner()
        self.flusher = flusher or Turned(Limits(outbox=BOUND), Usage())
        self.outbox = Outbox(cast(socket.socket, self.kernel), self.flusher, self.owner)

    @property
    def counted(self) -> int:
        """What it owes apart from a line that it shares."""
        owed = self.outbox._owed
        return len(owed) if isinstance(owed, bytearray) else 0
