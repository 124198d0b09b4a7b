"""One connection to a server, from connecting to its end: reads, sends, pings, and says how it ended.

It knows no terminal and no pipe: events go to a handler, which slows the reading down by taking its time.
"""

import math
import os
import socket
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import trio

from chatd.protocol.framing import Flaw, LineFramer

from . import events
from .endings import Ending, ended_by_server
from .events import Event
from .exits import Exit
from .limits import Limits
from .outgoing import Outgoing
from .safe import show
from .session import Session

Handler = Callable[[Event], Awaitable[None]]
_PING = "chatclient-lag"


@dataclass(frozen=True, slots=True)
class Address:
    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class Connection:
    """`lag` is the last ping's time in seconds, None before the first answer."""

    def __init__(self, address: Address, session: Session, limits: Limits) -> None:
        self.lag: float | None = None
        self.outgoing = Outgoing(limits)
        self._address = address
        self._session = session
        self._limits = limits
        self._heard_at = -math.inf  # when the server last said anything
        self._ending: Ending | None = None
        self._leaving = trio.Event()
        self._reason = ""
        self._no_password = ""  # what the server said when it did not like our password, or that we gave none
        self._turned_away = trio.Event()  # for that
        self._patience = limits.goodbye_timeout
        self._registered = trio.Event()
        self._answered = trio.Event()
        self._pinged_at = -math.inf
        self._busy = False  # with what was read: as long as the handler takes its time, the server is not late

    def leave(self, reason: str = "", patience: float = 0.0) -> None:
        """Say goodbye, and let `run` end. What was put into `outgoing` before goes first.

        The server may read slowly, so it is given `patience` seconds, or its usual time, to hear all of it.
        """
        self._reason = reason
        self._patience = max(patience, self._limits.goodbye_timeout)
        self._leaving.set()

    async def run(self, handle: Handler) -> Ending:
        """Connect, and stay until the end. Cancelling it closes at once."""
        try:
            with trio.fail_after(self._limits.connect_timeout):
                stream = await trio.open_tcp_stream(self._address.host, self._address.port)
        except trio.TooSlowError:
            seconds = self._limits.connect_timeout
            return Ending(Exit.TIMED_OUT, f"{self._address} did not answer within {seconds:g} s")
        except (OSError, UnicodeError, ExceptionGroup) as error:
            return Ending(Exit.CANNOT_CONNECT, f"Cannot connect to {self._address}: {_why(error)}")
        async with stream:
            return await self._converse(stream, handle)

    async def _converse(self, stream: trio.SocketStream, handle: Handler) -> Ending:
        self._session.begin()
        self.outgoing.answer(self._session.take_answers())
        self._heard_at = trio.current_time()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._send, stream, nursery.cancel_scope)
            nursery.start_soon(self._measure_lag, nursery.cancel_scope)
            nursery.start_soon(self._watch_greeting, nursery.cancel_scope)
            nursery.start_soon(self._say_goodbye, stream, nursery.cancel_scope)
            self._end(await self._receive(stream, handle))
            nursery.cancel_scope.cancel()
        assert self._ending is not None  # every task that ends the others says why
        return self._ending

    def _end(self, ending: Ending) -> None:
        if self._ending is not None:
            return
        if self._leaving.is_set():
            ending = Ending(Exit.DONE, "You left")
        elif self._no_password and not self._session.registered and not ending.reason:
            ending = Ending(Exit.PASSWORD, self._no_password)
        self._ending = ending

    def _lost(self, why: str) -> Ending:
        if self._session.registered:
            return Ending(Exit.LOST, f"The connection was lost: {why}")
        return Ending(Exit.REFUSED, f"The server closed the connection during the greeting: {why}")

    async def _receive(self, stream: trio.SocketStream, handle: Handler) -> Ending:
        framer = LineFramer(self._limits.line_bytes, self._limits.endless_bytes)
        while True:
            try:
                data = await stream.receive_some(self._limits.read_bytes)
            except trio.BrokenResourceError as error:
                return self._lost(_why(error))
            if not data:
                return self._lost("the server closed it")
            self._busy = True
            for line in framer.feed(data):
                if line is Flaw.ENDLESS:
                    return self._lost("it sent a line without end")
                if isinstance(line, Flaw):
                    await handle(events.Told(at=time.time(), text="A line that was too long was left out", error=True))
                    continue
                for event in self._session.receive(line, time.time()):
                    self._note(event)
                    await handle(event)
                if self._session.error:
                    return ended_by_server(self._session.error, self._session.seated, self._limits)
            if not self.outgoing.answer(self._session.take_answers()):
                return self._lost("it asks without reading the answers")
            self._busy = False
            self._heard_at = trio.current_time()

    def _note(self, event: Event) -> None:
        match event:
            case events.Registered():
                self._registered.set()
            case events.Rejected(what="PASS", text=text) if not self._session.registered:
                self._no_password = text or "The password is missing or wrong"
                self._turned_away.set()
            case events.Answered(token=token) if token == _PING and not self._answered.is_set():
                self.lag = trio.current_time() - self._pinged_at
                self._answered.set()

    async def _send(self, stream: trio.SocketStream, scope: trio.CancelScope) -> None:
        try:
            while True:
                await stream.send_all(await self.outgoing.take())
        except trio.BrokenResourceError:
            # What the server said before it closed may still be on its way to us: let the reader find the end.
            with trio.move_on_after(self._limits.goodbye_timeout):
                await trio.sleep_forever()
            self._end(self._lost("the server closed it"))
            scope.cancel()

    async def _measure_lag(self, scope: trio.CancelScope) -> None:
        """Ping now and then. A late answer is a lag; silence is a loss."""
        await self._registered.wait()
        while True:
            self._answered = trio.Event()
            self._pinged_at = trio.current_time()
            self.outgoing.answer([self._session.command("PING", text=_PING)])
            while not self._answered.is_set():
                since = trio.current_time() if self._busy else max(self._pinged_at, self._heard_at)
                with trio.move_on_at(since + self._limits.ping_timeout):
                    await self._answered.wait()
                if not self._busy and trio.current_time() >= self._heard_at + self._limits.ping_timeout:
                    self._end(self._lost(f"nothing was heard for {self._limits.ping_timeout:g} s"))
                    scope.cancel()
                    return
            await trio.sleep(self._limits.ping_interval)

    async def _watch_greeting(self, scope: trio.CancelScope) -> None:
        with trio.move_on_after(self._limits.answer_timeout):
            await self._turned_away.wait()
            await trio.sleep(self._limits.goodbye_timeout)  # most servers then close, and some say more
        if not self._session.registered:
            seconds = self._limits.answer_timeout
            self._end(Ending(Exit.TIMED_OUT, f"{self._address} did not greet us within {seconds:g} s"))
            scope.cancel()

    async def _say_goodbye(self, stream: trio.SocketStream, scope: trio.CancelScope) -> None:
        await self._leaving.wait()
        with trio.move_on_after(self._patience):
            await self.outgoing.put(self._session.command("QUIT", text=self._reason or None))
            await trio.sleep_forever()  # the server answers with ERROR and closes, which the reader sees
        self._end(Ending(Exit.DONE, "You left"))
        scope.cancel()


def _why(error: BaseException) -> str:
    """The operating system's words for what went wrong, or for the first of several things."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, BaseExceptionGroup):
            seen = seen.exceptions[0]
        elif isinstance(seen, socket.gaierror):
            return "no such host" if seen.errno in (socket.EAI_NONAME, socket.EAI_NODATA) else str(seen.strerror)
        elif isinstance(seen, OSError) and seen.errno is not None:
            return os.strerror(seen.errno)
        elif isinstance(seen, UnicodeError):
            return "that is no host name"
        elif seen.__cause__ is None:
            return show(str(seen), 200)
        else:
            seen = seen.__cause__
    return "unknown reason"
