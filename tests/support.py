"""What tests of the server share: a server in this process, and peers that talk to it over real sockets."""

import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import trio

from chatd.config import Configuration
from chatd.desk import Desk
from chatd.limits import Limits, bounds
from chatd.protocol.farewell import ParsedFarewell, parse_farewell
from chatd.protocol.irc import parse
from chatd.server import Server, listen
from chatd.settings import Settings
from chatd.tuning import Tuning

HOST = "127.0.0.1"
BOUNDS = {bound.name: bound for bound in bounds()}
FILES = 2000  # that a server of a test may open
UNDER_WAY = 0.05  # s of real time that a test's clock waits where much data may be in the kernel and nobody has work


class Peer:
    """One client's end of a connection. Lines are without their ends."""

    def __init__(self, stream: trio.SocketStream) -> None:
        self.stream = stream
        self._rest = b""

    async def send(self, *lines: str) -> None:
        await self.stream.send_all("".join(f"{line}\r\n" for line in lines).encode())

    async def line(self) -> str:
        """The next line. Raises EOFError at the end."""
        while b"\n" not in self._rest:
            data = await self.stream.receive_some()
            if not data:
                raise EOFError(f"end of file; unfinished: {self._rest!r}")
            self._rest += data
        line, _, self._rest = self._rest.partition(b"\n")
        return line.decode().rstrip("\r")

    async def until(self, part: str) -> list[str]:
        """The lines up to and with the first that holds `part`."""
        lines = [await self.line()]
        while part not in lines[-1]:
            try:
                lines.append(await self.line())
            except EOFError:
                raise AssertionError(f"no {part!r} in {lines}") from None
        return lines

    async def find(self, part: str) -> str:
        """The first line that holds `part`."""
        return (await self.until(part))[-1]

    async def rest(self) -> list[str]:
        """All lines to the end of file."""
        lines = []
        while True:
            try:
                lines.append(await self.line())
            except EOFError:
                return lines

    async def settle(self, token: str = "settled") -> list[str]:
        """Have the server answer everything so far; what came before the answer."""
        await self.send(f"PING {token}")
        return (await self.until(f" PONG chatd.local :{token}"))[:-1]

    async def close(self) -> None:
        await trio.aclose_forcefully(self.stream)


class Running:
    """A server that runs in this process."""

    def __init__(self, server: Server, port: int) -> None:
        self.server = server
        self.port = port
        self.chat = server.house.chat
        self.peers: list[Peer] = []

    async def connect(self, source: str | None = None) -> Peer:
        """A connection, from that address of this machine's if one is given: all of 127.0.0.0/8 are."""
        peer = Peer(await trio.open_tcp_stream(HOST, self.port, local_address=source))
        self.peers.append(peer)
        return peer

    async def connect_with_small_window(self) -> Peer:
        """A peer to whom the kernel gives little before it reads."""
        sock = trio.socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        await sock.connect((HOST, self.port))
        peer = Peer(trio.SocketStream(sock))
        self.peers.append(peer)
        return peer

    async def irc(self, nick: str, *then: str, caps: str = "") -> Peer:
        """An IRC client that has introduced itself, and has said `then`."""
        peer = await self.connect()
        await peer.send(*self.introduction(nick, caps), *then)
        return peer

    async def seated(self, nick: str, *then: str, caps: str = "") -> Peer:
        """An IRC client that has its seat, is in the default room and has read all that this brings."""
        peer = await self.irc(nick, "JOIN #lobby", *then, caps=caps)
        await peer.until(" 366 ")
        return peer

    async def waiting(self, nick: str, *then: str, caps: str = "") -> Peer:
        """An IRC client that stands in line and has been told so."""
        peer = await self.irc(nick, *then, caps=caps)
        await peer.until(" in line")
        return peer

    @staticmethod
    def introduction(nick: str, caps: str = "") -> list[str]:
        introduction = [f"NICK {nick}", f"USER {nick} 0 * :{nick.title()}"]
        return [f"CAP REQ :{caps}", *introduction, "CAP END"] if caps else introduction

    def hits(self, name: str) -> int:
        """How often the bound of that name was met, as its metric tells."""
        return self.chat.usage.hits[name]

    def in_use(self, name: str) -> float | None:
        """How much of the bound of that name is used now, as its metric tells."""
        return self.chat.usage.in_use(BOUNDS[name])

    def peak(self, name: str) -> float | None:
        """The most of it that ever was."""
        return self.chat.usage.peak(BOUNDS[name])

    def ask(self, verb: str, **arguments: Any) -> dict[str, Any]:
        """Ask the server's desk something, as its operator. Raises RefusedError."""
        configuration = Configuration(self.chat.limits, self.chat.settings, {})
        tuning = Tuning(self.chat, self.server.apply, configuration, lambda: configuration, FILES)
        return Desk(self.chat, self.server, tuning).answer({"verb": verb, **arguments})

    async def until(self, holds: Callable[[], bool]) -> None:
        """Let the server run until something is true of it. For what it tells nobody."""
        while not holds():  # noqa: ASYNC110  a moment of the test's own clock; the server has no event to tell it
            await trio.sleep(0.001)


def farewell_of(lines: list[str]) -> ParsedFarewell:
    """The farewell in the last line, whatever its dialect."""
    last = lines[-1]
    found = parse_farewell(last[2:] if last.startswith("* ") else parse(last).params[0])
    assert found is not None, lines
    return found


def running(**limits: Any) -> AbstractAsyncContextManager[Running]:
    """A server with these bounds. It is stopped, and its peers closed, at the end."""
    return serving(Settings(HOST, 0), **limits)


@asynccontextmanager
async def serving(settings: Settings, **limits: Any) -> AsyncIterator[Running]:
    """The same, with settings of its own."""
    in_force = Limits(**limits)
    listeners = listen(settings, in_force)
    server = Server(settings, in_force, listeners)
    async with trio.open_nursery() as nursery:
        await nursery.start(server.run)
        running = Running(server, listeners[0].getsockname()[1])
        try:
            yield running
        finally:
            for peer in running.peers:
                await peer.close()
            server.stop()
