"""One accepted socket: reading from it, seeing whether its peer is gone, and closing it so that last words arrive."""

import fcntl
import socket
import struct
import termios
from collections import OrderedDict
from contextlib import suppress

import trio

from .limits import Limits
from .outbox import Outbox
from .usage import Usage

LAST_WORDS = 4096  # bytes; less than this may still be on its way to one who is far away
_TCP_CLOSE, _TCP_CLOSE_WAIT = 7, 8  # states of linux/include/net/tcp_states.h; the first byte of TCP_INFO


class Connection:
    """A non-blocking socket, and the outbox that writes to it."""

    __slots__ = ("_limits", "_sock", "outbox")

    def __init__(self, sock: socket.socket, outbox: Outbox, limits: Limits) -> None:
        self._sock = sock
        self._limits = limits
        self.outbox = outbox

    def receive(self) -> bytes | None:
        """What has come; empty at the end of input, None if nothing has. Raises OSError for a connection that broke."""
        try:
            return self._sock.recv(self._limits.input_bytes)
        except BlockingIOError:
            return None

    async def readable(self) -> None:
        """Wait until there is something to receive. Raises trio.ClosedResourceError if it is hung up meanwhile."""
        await trio.lowlevel.wait_readable(self._sock)

    @property
    def peer_has_left(self) -> bool:
        """Whether the peer has ended its side, also while there is unread input before that end."""
        state: int = self._sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]
        return state in (_TCP_CLOSE_WAIT, _TCP_CLOSE)

    async def finish(self, at_end: bool) -> None:
        """Send what is owed, half-close, and read on until the peer hangs up (unless its input is `at_end`).

        Closing with unread input would make the kernel send a reset, which can overtake the last words.
        """
        with suppress(OSError, trio.ClosedResourceError):  # it has hung up, or was hung up on
            await self.outbox.drain()
            self._sock.shutdown(socket.SHUT_WR)
            while not at_end:
                await self.readable()
                at_end = self.receive() == b""

    def hang_up(self) -> None:
        """Close the socket now. Again, it does nothing."""
        if self._sock.fileno() < 0:
            return
        self.outbox.discard()
        with suppress(OSError):
            self.receive()  # what is unread would cause a reset
            if _unsent(self._sock) > LAST_WORDS:  # the kernel would keep it for minutes, for one who does not read
                self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        trio.lowlevel.notify_closing(self._sock)
        self._sock.close()


def _unsent(sock: socket.socket) -> int:
    """Bytes that the peer has not acknowledged (tcp(7), SIOCOUTQ). Raises OSError."""
    size: int = struct.unpack("i", fcntl.ioctl(sock, termios.TIOCOUTQ, bytes(4)))[0]
    return size


class Goodbyes:
    """Connections that are being finished. Past `farewells` the oldest is hung up on, its last words having been sent.

    `unbound` ends that: when all leave at once, nobody comes who would need the files or the time.
    """

    def __init__(self, limits: Limits, usage: Usage) -> None:
        self._limits = limits
        self._usage = usage
        self._in_progress: OrderedDict[Connection, None] = OrderedDict()
        self.unbound = False
        usage.reads("farewells", lambda: len(self))

    def __len__(self) -> int:
        return len(self._in_progress)

    async def say(self, connection: Connection, at_end: bool) -> None:
        """Finish the connection, in `linger` seconds at most."""
        self._in_progress[connection] = None
        try:
            while len(self) > self._limits.farewells and not self.unbound:
                self._usage.hit("farewells")
                oldest, _ = self._in_progress.popitem(last=False)
                oldest.hang_up()
            self._usage.saw("farewells", len(self))
            with trio.move_on_after(float("inf") if self.unbound else self._limits.linger) as lingering:
                await connection.finish(at_end)
            if lingering.cancelled_caught:
                self._usage.hit("linger")
        finally:
            self._in_progress.pop(connection, None)
