"""Servers that say what a test tells them to, and runs of the pipe; time only runs when everybody waits."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial

import trio

from chatclient.connection import Address
from chatclient.limits import Limits
from chatclient.pipe import Pipe
from chatclient.session import Session
from chatclient.stdio import Input, Output
from chatd.protocol.irc import Message, parse


class Peer:
    """The server's side of one connection."""

    def __init__(self, stream: trio.SocketStream) -> None:
        self.stream = stream
        self.lines: list[str] = []
        self._rest = b""
        self.ended = False

    async def send(self, *lines: str) -> None:
        await self.stream.send_all("".join(f"{line}\r\n" for line in lines).encode())

    async def line(self) -> str:
        """The next line; empty at the end."""
        while b"\n" not in self._rest:
            data = await self.stream.receive_some(65536)
            if not data:
                self.ended = True
                return ""
            self._rest += data
        line, _, self._rest = self._rest.partition(b"\n")
        self.lines.append(line.rstrip(b"\r").decode())
        return self.lines[-1]

    async def until(self, command: str) -> Message:
        """The next line with that command; what comes before it is left out."""
        while True:
            message = parse(line := await self.line())
            if message.command == command:
                return message
            assert line, f"no {command}; {self.lines}"

    async def greet(self, *caps: str) -> str:
        """Welcome the client and let it into its room. Its nickname."""
        nick = (await self.until("NICK")).params[0]
        await self.until("USER")
        if caps:
            await self.send(f":s CAP * LS :{' '.join(caps)}")
            asked = await self.until("CAP")
            await self.send(f":s CAP * ACK :{asked.params[-1]}")
            await self.until("CAP")
        await self.send(f":s 001 {nick} :Hi", f":s 422 {nick} :no MOTD")
        return nick

    async def let_in(self, nick: str) -> None:
        room = (await self.until("JOIN")).params[0]
        await self.send(f":{nick}!u@h JOIN {room}", f":s 353 {nick} = {room} :{nick} bob", f":s 366 {nick} {room} :End")

    async def serve(self, nick: str, echo: bool = False) -> None:
        """Answer pings, and echo messages, until the client is gone."""
        while True:
            message = parse(await self.line())
            match message.command, message.params:
                case "", _:
                    return
                case "QUIT", _:
                    await self.send("ERROR :Closing Link: h (Quit)")
                    return
                case "PING", [token]:
                    await self.send(f":s PONG s :{token}")
                case "PRIVMSG", [target, text] if echo:
                    await self.send(f":{nick}!u@h PRIVMSG {target} :{text}")


@asynccontextmanager
async def serving(script: Callable[[Peer], Awaitable[None]]) -> AsyncIterator[Address]:
    """A server that runs the script with everybody who connects, and then closes."""

    async def one(stream: trio.SocketStream) -> None:
        with suppress(trio.BrokenResourceError):  # the client hung up first
            await script(Peer(stream))
            await stream.send_eof()
            while await stream.receive_some(65536):
                pass  # closing with unread input would reset the connection, and what was said with it

    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(partial(trio.serve_tcp, one, 0, host="127.0.0.1"))
        yield Address("127.0.0.1", listeners[0].socket.getsockname()[1])
        nursery.cancel_scope.cancel()


async def serve_chat(peer: Peer) -> None:
    """An ordinary server without capabilities."""
    nick = await peer.greet()
    await peer.let_in(nick)
    await peer.serve(nick)


async def serve_echoing_chat(peer: Peer) -> None:
    nick = await peer.greet("echo-message")
    await peer.let_in(nick)
    await peer.serve(nick, echo=True)


@dataclass
class Run:
    """One run of the pipe between two real ones."""

    limits: Limits = field(default_factory=Limits)
    as_json: bool = False
    password: str = ""
    notices: list[str] = field(default_factory=list)
    out: bytes = b""

    async def __call__(self, script: Callable[[Peer], Awaitable[None]], given: bytes) -> int:
        source, sink = os.pipe(), os.pipe()
        code = 0
        async with serving(script) as address, trio.open_nursery() as nursery:
            session = Session("alice", {"#lobby": ""}, self.limits, lambda: 0.5, self.password)
            pipe = Pipe(address, session, "#lobby", self.limits, self.as_json, self.notices.append)

            async def feed() -> None:
                await Output(source[1]).write(given)
                os.close(source[1])

            async def read() -> None:
                async for line in Input(sink[0], 10**6):
                    self.out += line + b"\n"
                os.close(sink[0])

            nursery.start_soon(feed)
            nursery.start_soon(read)
            code = await pipe.run(Input(source[0], self.limits.pipe_line_bytes), Output(sink[1]))
            os.close(source[0])
            os.close(sink[1])
        return code
