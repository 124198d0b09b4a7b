"""Thousands of connections from one thread, cheaply: what a server costs is only measured by a load that costs less.

It knows no protocol: what a client says first, and what tells that it is inside, is given to it.
"""

import select
import socket
import time
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Self

RECEIVE_BYTES = 65536
AT_A_TIME = 64  # connections that are on their way in, unless the server takes fewer, or takes them in batches
PATIENCE = 30.0  # s, without anybody getting in


class SwarmError(Exception):
    """The swarm did not get in, or was thrown out. The text says why."""


class Swarm:
    """Connections to `address`, numbered from 0. Used as a context: all are closed at its end."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.sockets: list[socket.socket] = []
        self._address = address
        self._epoll = select.epoll()
        self._numbers: dict[int, int] = {}  # by file descriptor

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._epoll.close()
        for each in self.sockets:
            each.close()

    def enter(
        self,
        count: int,
        hello: Callable[[int], bytes],
        inside: bytes,
        progress: Callable[[int], None] = lambda _: None,
        at_a_time: int = AT_A_TIME,
    ) -> float:
        """Connect `count` more, each saying `hello(number)`, until each has read `inside`. How many seconds it took."""
        began = heard = time.monotonic()
        most = len(self.sockets) + count
        coming: dict[int, bytes] = {}
        while len(self.sockets) < most or coming:
            while len(self.sockets) < most and len(coming) < at_a_time:
                coming[self._connect(hello)] = b""
            for number, received in self.read(0.1):
                if number not in coming:
                    continue
                coming[number] += received
                if inside in coming[number]:
                    del coming[number]
                    heard = time.monotonic()
                    progress(len(self.sockets) - len(coming))
                elif not received:
                    last = coming[number].decode(errors="replace").strip().rpartition("\n")[2]
                    raise SwarmError(f"connection {number + 1:,} was closed on its way in: {last or 'without a word'}")
            if time.monotonic() - heard > PATIENCE:
                raise SwarmError(f"{len(coming):,} connections were not let in within {PATIENCE:g} s")
        return time.monotonic() - began

    def send(self, number: int, data: bytes) -> None:
        """Say it, at once. A server that does not read in time is an error here, as its load would be another one."""
        try:
            sent = self.sockets[number].send(data)
        except OSError as error:
            raise SwarmError(f"connection {number + 1:,} is gone: {error.strerror}") from None
        if sent < len(data):
            raise SwarmError("the server reads more slowly than it is spoken to")

    def read(self, timeout: float, most: int = -1) -> Iterator[tuple[int, bytes]]:
        """What has come, piece by piece, with the number of the connection; an empty piece is its end. `most` bounds
        how many connections are read."""
        for file, _ in self._epoll.poll(timeout, most):
            number = self._numbers[file]
            try:
                received = self.sockets[number].recv(RECEIVE_BYTES)
            except BlockingIOError:
                continue
            except OSError:
                received = b""
            if not received:
                self._epoll.unregister(file)
            yield number, received

    def settle(self, quiet: float = 0.2) -> None:
        """Read until nothing has come for `quiet` seconds."""
        while any([True for _ in self.read(quiet)]):  # noqa: C419  all of it is to be read
            pass

    def _connect(self, hello: Callable[[int], bytes]) -> int:
        number = len(self.sockets)
        connection = socket.socket(socket.AF_INET6 if ":" in self._address[0] else socket.AF_INET)
        self.sockets.append(connection)
        try:
            connection.connect(self._address)  # to loopback: it is there at once, or waits for the backlog
            connection.setblocking(False)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.send(hello(number))
        except OSError as error:
            raise SwarmError(f"connection {number + 1:,} failed: {error.strerror}") from None
        self._numbers[connection.fileno()] = number
        self._epoll.register(connection, select.EPOLLIN)
        return number
