"""One accepted socket: reading from it, seeing whether its peer is gone, and closing it so that last words arrive."""

import math
import socket
from collections import OrderedDict
from contextlib import suppress

import trio

from .outbox import Outbox

_TCP_CLOSE, _TCP_CLOSE_WAIT = 7, 8  # states of linux/include/net/tcp_states.h; the first byte of TCP_INFO


class Connection:
    """A non-blocking socket, and the outbox that writes to it. `input_bytes` is the most that is read at a time."""

    __slots__ = ("_input_bytes", "_sock", "outbox")

    def __init__(self, sock: socket.socket, outbox: Outbox, input_bytes: int) -> None:
        self._sock = sock
        self._input_bytes = input_bytes
        self.outbox = outbox

    def receive(self) -> bytes | None:
        """What has come; empty at the end of input, None if nothing has. Raises OSError for a connection that broke."""
        try:
            return self._sock.recv(self._input_bytes)
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
        trio.lowlevel.notify_closing(self._sock)
        self._sock.close()


class Goodbyes:
    """Connections that are being finished. Past `most` the oldest is hung up on, its last words having been sent."""

    def __init__(self, most: float, linger: float) -> None:
        self._most = most
        self._linger = linger
        self._in_progress: OrderedDict[Connection, None] = OrderedDict()

    def __len__(self) -> int:
        return len(self._in_progress)

    def unbind(self) -> None:
        """From now on have no bounds: when all leave at once, nobody comes who would need the files or the time."""
        self._most = self._linger = math.inf

    async def say(self, connection: Connection, at_end: bool) -> None:
        """Finish the connection, in `linger` seconds at most."""
        self._in_progress[connection] = None
        try:
            if len(self._in_progress) > self._most:
                oldest, _ = self._in_progress.popitem(last=False)
                oldest.hang_up()
            with trio.move_on_after(self._linger):
                await connection.finish(at_end)
        finally:
            self._in_progress.pop(connection, None)
