"""A server in this process with its control socket, and operators who are connected to it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import trio
from support import FILES, Running, running

from chatd.config import Configuration
from chatd.desk import Desk
from chatd.ops import place, wire
from chatd.ops.control import Control
from chatd.tuning import Tuning


class Operator:
    """One connection to the control socket."""

    def __init__(self, stream: trio.SocketStream) -> None:
        self.stream = stream
        self._rest = b""

    async def asks(self, verb: str, **arguments: Any) -> dict[str, Any]:
        """The result. Raises RefusedError."""
        return wire.read_answer(await self.sends(wire.write_request({"verb": verb, **arguments})))

    async def sends(self, data: bytes) -> bytes:
        """The line that comes for it."""
        await self.stream.send_all(data)
        return await self.line()

    async def line(self) -> bytes:
        """The next line. Raises EOFError at the end."""
        while b"\n" not in self._rest:
            data = await self.stream.receive_some()
            if not data:
                raise EOFError(self._rest)
            self._rest += data
        line, _, self._rest = self._rest.partition(b"\n")
        return line

    async def is_closed(self) -> bool:
        """Wait for the end of the connection; whether nothing came before it."""
        try:
            return await self.stream.receive_some() == b""
        except trio.BrokenResourceError:  # what it had sent was not read
            return True


class House:
    """A server with its control socket. `desk` may be replaced by something that fails."""

    def __init__(self, running: Running, path: Path) -> None:
        self.running = running
        self.path = path
        chat, server = running.chat, running.server
        configuration = Configuration(chat.limits, chat.settings, {})
        tuning = Tuning(chat, server.apply, configuration, lambda: configuration, FILES)
        self.desk = Desk(chat, server, tuning)
        self.control = Control(lambda request: self.desk.answer(request), chat, server.house.count_fault)
        self.operators: list[Operator] = []

    async def connect(self) -> Operator:
        operator = Operator(await trio.open_unix_socket(self.path))
        self.operators.append(operator)
        return operator


@asynccontextmanager
async def operated(path: Path, **limits: Any) -> AsyncIterator[House]:
    """A server with these bounds, and its control socket there."""
    async with running(**limits) as server:
        house = House(server, path)
        with place.listening(path) as listener:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(house.control.run, listener)
                try:
                    yield house
                finally:
                    for operator in house.operators:
                        operator.stream.socket.close()
                    nursery.cancel_scope.cancel()
