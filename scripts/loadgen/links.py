"""Why: thousands of sockets that receive every message must cost a few microseconds each time, and no task each.

All of them are in one epoll, which one task waits for; whatever is ready is then read in a plain loop, for a bounded
time, so that those who are to speak meanwhile are not late.
"""

import errno
import os
import select
import socket
from collections.abc import Callable, Iterator

import trio

from .client import Client, Reaction
from .machine import Address, Sources
from .wire import Clock

RECEIVE_BYTES = 65536
AT_A_TIME = 1000  # microseconds, before other tasks have their turn
BETWEEN_LOOKS = 16  # sockets that are taken to be read at the same moment: some tens of microseconds
UNREAD_BUFFER = 4096  # bytes that the kernel takes for one who does not read, so that this shows within minutes
BIND_ADDRESS_NO_PORT = getattr(socket, "IP_BIND_ADDRESS_NO_PORT", 24)


class Link:
    """A client and its socket."""

    __slots__ = ("client", "connected", "receive", "socket", "unsent")

    def __init__(self, client: Client, connection: socket.socket) -> None:
        self.client = client
        self.socket = connection
        self.receive = connection.recv
        self.connected = False
        self.unsent = b""


class Links:
    """All of a process. `happened` is told what comes of what is received, `looked` that some were read just now."""

    def __init__(
        self, clock: Clock, happened: Callable[[Link, Reaction], None], looked: Callable[[int], None]
    ) -> None:
        self._clock = clock
        self._happened = happened
        self._looked = looked
        self._epoll = select.epoll()
        self._links: dict[int, Link] = {}

    def __len__(self) -> int:
        return len(self._links)

    def __iter__(self) -> Iterator[Link]:
        return iter(list(self._links.values()))  # some may be closed meanwhile

    def aim(self, address: Address) -> None:
        """Who connects from now on connects to there."""
        self._family, self._where = address
        self._sources = Sources(self._where[0])

    def open(self, client: Client) -> Link:
        """Begin to connect. Raises OSError if it fails at once."""
        link = Link(client, self._connect(client.arrival.reads))
        self._links[link.socket.fileno()] = link
        self._epoll.register(link.socket, select.EPOLLIN | select.EPOLLOUT)
        return link

    def send(self, link: Link, data: bytes) -> None:
        """Send it, as soon as the kernel takes it."""
        if not data or link.socket.fileno() < 0:
            return
        if link.unsent:
            link.unsent += data
            return
        try:
            sent = link.socket.send(data)
        except BlockingIOError:
            sent = 0
        except OSError:
            return  # what the server said before it hung up is still to be read, and tells more
        if sent < len(data):
            link.unsent = data[sent:]
            self.listen_for(link)

    def close(self, link: Link) -> None:
        """Without a word."""
        if link.socket.fileno() >= 0:
            del self._links[link.socket.fileno()]
            link.socket.close()  # which takes it out of the epoll

    def listen_for(self, link: Link) -> None:
        """Take from it what its client wants to read now, and no more."""
        if link.socket.fileno() >= 0:
            reading = select.EPOLLIN if link.client.reading else 0
            self._epoll.modify(link.socket, reading | (select.EPOLLOUT if link.unsent else 0))

    async def serve(self) -> None:
        """Read whatever comes, until cancelled."""
        with self._epoll:
            while True:
                await trio.lowlevel.wait_readable(self._epoll.fileno())
                others_turn = self._clock.now() + AT_A_TIME
                now = 0
                while now < others_turn and (ready := self._epoll.poll(0, BETWEEN_LOOKS)):
                    for file, flags in ready:
                        link = self._links.get(file)
                        if link is not None:  # else it was closed a moment ago
                            self._attend(link, flags)
                    now = self._clock.now()
                    self._looked(now)

    def _attend(self, link: Link, flags: int) -> None:
        if not link.connected:
            self._finish_connecting(link)
            return
        if flags & select.EPOLLOUT:
            self._send_rest(link)
        if not flags & ~select.EPOLLOUT:
            return
        try:
            received = link.receive(RECEIVE_BYTES)
        except BlockingIOError:
            return
        except OSError as error:
            reaction: Reaction | None = link.client.ended(words_of(error), self._clock.now())
        else:
            if received:
                reaction = link.client.feed(received, self._clock.now())
            else:
                reaction = link.client.ended("closed without a word", self._clock.now())
        if reaction is not None:
            self._happened(link, reaction)

    def _connect(self, reads: bool) -> socket.socket:
        while True:
            source = self._sources.current
            connection = socket.socket(self._family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
            try:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                if not reads:
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, UNREAD_BUFFER)
                if source is not None:
                    # The port is chosen by connect(), which may use it for several targets; bind() could not.
                    connection.setsockopt(socket.IPPROTO_IP, BIND_ADDRESS_NO_PORT, 1)
                    connection.bind((source, 0))
                connection.connect(self._where)
            except BlockingIOError:
                return connection
            except OSError as error:
                connection.close()
                if not (error.errno in (errno.EADDRNOTAVAIL, errno.EADDRINUSE) and self._sources.exhausted(source)):
                    raise
            else:
                return connection

    def _finish_connecting(self, link: Link) -> None:
        error = link.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if error:
            self._happened(link, link.client.ended(os.strerror(error), self._clock.now()))
            return
        link.connected = True
        self.listen_for(link)
        self.send(link, link.client.connected(self._clock.now()))

    def _send_rest(self, link: Link) -> None:
        data, link.unsent = link.unsent, b""
        self.send(link, data)
        if not link.unsent:
            self.listen_for(link)


def words_of(error: OSError) -> str:
    """The system's words for it, without the addresses, by which no two would be alike."""
    return os.strerror(error.errno) if error.errno else type(error).__name__
