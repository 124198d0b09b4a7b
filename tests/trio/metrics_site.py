"""What the tests of the metrics over HTTP share: a server with pages of theirs, and readers with a connection each."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import h11
import trio
from support import HOST

from chatd.limits import Limits, bounds
from chatd.ops.http import Answer, HttpServer, Routes, listen
from chatd.usage import Usage

CONNECTIONS = next(bound for bound in bounds() if bound.name == "metrics_connections")
LARGE = 20_000_000  # bytes: more than the kernel takes for anybody


class Reader:
    """One connection to the server under test."""

    def __init__(self, stream: trio.SocketStream) -> None:
        self.stream = stream
        self._wire = h11.Connection(h11.CLIENT)

    async def sends(self, data: bytes) -> None:
        await self.stream.send_all(data)

    async def asks(self, target: str = "/small", method: str = "GET", version: bytes = b"1.1") -> "Heard":
        """Send a request without a body, and read the answer."""
        request = h11.Request(method=method, target=target, headers=[("Host", "here")], http_version=version)
        if self._wire.our_state is h11.DONE:
            self._wire.start_next_cycle()
        await self.sends(self._wire.send(request) or b"")
        self._wire.send(h11.EndOfMessage())
        return await self.hears()

    async def hears(self) -> "Heard":
        """Read an answer, which may be to something that was no request at all."""
        body = b""
        while not isinstance(response := await self._event(), h11.Response):
            assert not isinstance(response, h11.ConnectionClosed), "closed without an answer"
        while isinstance(data := await self._event(), h11.Data):
            body += data.data
        assert isinstance(data, h11.EndOfMessage)
        return Heard(response, bytes(body).decode())

    async def _event(self) -> h11.Event:
        while not isinstance(event := self._wire.next_event(), h11.Event):
            self._wire.receive_data(await self.stream.receive_some(65536))
        return event

    async def rest(self) -> bytes:
        """Everything to the end of file."""
        data = b""
        while received := await self.stream.receive_some(65536):
            data += received
        return data


class Heard:
    def __init__(self, response: h11.Response, body: str) -> None:
        self.status = response.status_code
        self.headers = {name.decode(): value.decode() for name, value in response.headers}
        self.body = body


class Site:
    """The server under test."""

    def __init__(self, limits: Limits, usage: Usage, routes: Routes, count_fault: Callable[[str], None]) -> None:
        self.limits = limits
        self.usage = usage
        self._server = HttpServer(routes, limits, usage, count_fault)
        self._listeners = listen((HOST, 0), limits)
        self._readers: list[Reader] = []

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._server.serve, self._listeners)
            try:
                yield
            finally:
                for reader in self._readers:
                    await trio.aclose_forcefully(reader.stream)
                nursery.cancel_scope.cancel()
        assert all(listener.fileno() == -1 for listener in self._listeners)

    async def connect(self) -> Reader:
        self._readers.append(Reader(await trio.open_tcp_stream(*self._listeners[0].getsockname())))
        return self._readers[-1]

    async def until_all_have_left(self) -> None:
        while self.served:  # noqa: ASYNC110  the server has no event to tell it
            await trio.sleep(0.001)

    @property
    def served(self) -> float | None:
        return self.usage.in_use(CONNECTIONS)


class Faulty(Site):
    """With two pages, and two that cannot be shown. `faults` are those that were counted."""

    def __init__(self, limits: Limits) -> None:
        self.faults: list[str] = []
        pages = {
            "/small": lambda: Answer(b"here you are\n"),
            "/large": lambda: Answer(b"x" * LARGE),
            "/broken": broken,
            "/unspeakable": lambda: Answer(b"", content_type="text\nplain"),
        }
        super().__init__(limits, Usage(), pages, self.faults.append)


def broken() -> Answer:
    raise ZeroDivisionError


@asynccontextmanager
async def serving(**limits: float) -> AsyncIterator[Faulty]:
    site = Faulty(Limits(**limits))  # type: ignore[arg-type]
    async with site.open():
        yield site
