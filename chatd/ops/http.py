"""HTTP for a few readers, bounded in connections, sizes and times, whoever they turn out to be.

h11 knows the protocol; the loop around it is the bounds. (hypercorn runs on trio too, but cannot bound connections.)

A connection is kept for further requests while all is in order. One too many is heard and told so. Of these there are
`REFUSALS` at a time; past that the oldest is cut: one that said nothing, as who asks is answered at once.
"""

import socket
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from email.utils import formatdate
from http import HTTPStatus
from typing import NamedTuple

import h11
import trio

from ..limits import Limits
from ..usage import Usage

HEAD_BYTES = 16 * 1024  # of a request's first line and headers together: h11's `max_incomplete_event_size`
READ_BYTES = 4096  # at a time
REFUSALS = 8  # connections too many that have not hung up yet; `spare_files` has room for them
METHODS = ("GET", "HEAD")


class Answer(NamedTuple):
    body: bytes
    status: HTTPStatus = HTTPStatus.OK
    content_type: str = "text/plain; charset=utf-8"


Routes = Mapping[str, Callable[[], Answer]]  # by path


def listen(address: tuple[str, int], limits: Limits) -> list[socket.socket]:
    """Listening sockets for every address of the host; port 0 picks one for all. Raises OSError."""
    host, port = address
    with ExitStack() as opened:
        listeners = []
        for family, kind, protocol, _, found in socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        ):
            listener = opened.enter_context(socket.socket(family, kind, protocol))
            listeners.append(listener)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            listener.bind((found[0], port, *found[2:]))
            listener.listen(limits.backlog)
            port = listener.getsockname()[1]
        opened.pop_all()
    return listeners


class HttpServer:
    """Answers GET and HEAD for `routes`. `count_fault` is told of an error of ours while it is being handled."""

    def __init__(self, routes: Routes, limits: Limits, usage: Usage, count_fault: Callable[[str], None]) -> None:
        self._routes = routes
        self._limits = limits
        self._usage = usage
        self._count_fault = count_fault
        self._served = 0
        self._refused: OrderedDict[trio.CancelScope, None] = OrderedDict()
        usage.reads("metrics_connections", lambda: self._served)

    async def serve(self, listeners: Iterable[socket.socket]) -> None:
        """Serve until cancelled; then the listeners are closed."""
        async with trio.open_nursery() as connections:
            for listener in listeners:
                connections.start_soon(self._accept, listener, connections)

    async def _accept(self, listener: socket.socket, connections: trio.Nursery) -> None:
        async with trio.SocketListener(trio.socket.from_stdlib_socket(listener)) as accepting:
            while True:
                try:
                    stream = await accepting.accept()
                except OSError:  # no file is left
                    self._usage.hit("accept_pause")
                    await trio.sleep(self._limits.accept_pause)
                else:
                    connections.start_soon(self._meet, stream)

    async def _meet(self, stream: trio.SocketStream) -> None:
        """One connection from its beginning to its end. Raises nothing."""
        async with stream:
            try:
                if self._served < self._limits.metrics_connections:
                    await self._serve(_Connection(stream))
                else:
                    await self._refuse(_Connection(stream))
            except trio.BrokenResourceError:
                pass  # the other side is gone
            except Exception:  # noqa: BLE001  whatever it is, it ends this connection only
                self._count_fault("a connection to the metrics")

    async def _serve(self, connection: "_Connection") -> None:
        self._served += 1
        self._usage.saw("metrics_connections", self._served)
        try:
            await self._converse(connection, self._look_up)
        finally:
            self._served -= 1

    async def _refuse(self, connection: "_Connection") -> None:
        self._usage.hit("metrics_connections")
        sentence = f"There are {self._limits.metrics_connections} connections already (metrics-connections)"
        refusing = trio.CancelScope()
        self._refused[refusing] = None
        if len(self._refused) > REFUSALS:
            oldest, _ = self._refused.popitem(last=False)
            oldest.cancel()
        try:
            with refusing:
                await self._converse(connection, lambda _: _sentence(HTTPStatus.SERVICE_UNAVAILABLE, sentence))
        finally:
            self._refused.pop(refusing, None)

    async def _converse(self, connection: "_Connection", answer: Callable[[h11.Request], Answer]) -> None:
        """Answer requests until the other side has had enough, or was told that something is wrong."""
        while (said := await self._hear(connection, answer)) is not None:
            with trio.move_on_after(self._limits.metrics_timeout) as taking:
                await connection.say(said)
            if taking.cancelled_caught:
                self._usage.hit("metrics_timeout")
                return
            if not connection.goes_on():
                break
        with trio.move_on_after(self._limits.linger) as lingering:
            await connection.part()
        if lingering.cancelled_caught:
            self._usage.hit("linger")

    async def _hear(self, connection: "_Connection", answer: Callable[[h11.Request], Answer]) -> Answer | None:
        """The answer to the next request. None if none comes any more, or has not begun within the timeout."""
        with trio.move_on_after(self._limits.metrics_timeout) as hearing:
            try:
                request = await connection.request()
            except h11.RemoteProtocolError as error:
                return _mistake(HTTPStatus(error.error_status_hint))
        if hearing.cancelled_caught:
            return self._end_wait(connection)
        return None if request is None else answer(request)

    def _end_wait(self, connection: "_Connection") -> Answer | None:
        if not connection.has_begun:
            return None
        self._usage.hit("metrics_timeout")
        sentence = f"The request was not complete within {self._limits.metrics_timeout:g} s (metrics-timeout)"
        return _sentence(HTTPStatus.REQUEST_TIMEOUT, sentence)

    def _look_up(self, request: h11.Request) -> Answer:
        if request.method.decode() not in METHODS:
            return _sentence(HTTPStatus.METHOD_NOT_ALLOWED, f"This is to be read, with {' or '.join(METHODS)}")
        route = self._routes.get(request.target.partition(b"?")[0].decode())
        if route is None:
            return _sentence(HTTPStatus.NOT_FOUND, f"There is nothing here; look at {' or '.join(self._routes)}")
        try:
            return route()
        except Exception:  # noqa: BLE001  it is to be told to who asks, and nobody else is to notice
            self._count_fault("a request for the metrics")
            return _sentence(HTTPStatus.INTERNAL_SERVER_ERROR, "The server has made an error, which is logged")


class _Connection:
    """One connection, as trio and h11 have it; it knows no bounds in time."""

    def __init__(self, stream: trio.SocketStream) -> None:
        self._stream = stream
        self._wire = h11.Connection(h11.SERVER, max_incomplete_event_size=HEAD_BYTES)
        self._is_head = False

    @property
    def has_begun(self) -> bool:
        """Whether part of a request is there."""
        return bool(self._wire.trailing_data[0])

    async def request(self) -> h11.Request | None:
        """The next request, None at the end. Raises h11.RemoteProtocolError for what is none."""
        self._is_head = False
        while not isinstance(event := self._wire.next_event(), h11.Request | h11.ConnectionClosed):
            self._wire.receive_data(await self._stream.receive_some(READ_BYTES))
        if isinstance(event, h11.ConnectionClosed):
            return None
        self._is_head = event.method == b"HEAD"
        self._wire.next_event()  # its end; if it has a body instead, that stays unread and nothing comes after it
        return event

    async def say(self, answer: Answer) -> None:
        headers = [
            ("content-type", answer.content_type),
            ("content-length", str(len(answer.body))),
            ("date", formatdate(usegmt=True)),
        ]
        if answer.status is HTTPStatus.METHOD_NOT_ALLOWED:
            headers.append(("allow", ", ".join(METHODS)))
        if answer.status >= HTTPStatus.BAD_REQUEST or self._wire.their_state is not h11.DONE:
            headers.append(("connection", "close"))
        events: list[h11.Event] = [
            h11.Response(status_code=answer.status, reason=answer.status.phrase, headers=headers),
            h11.EndOfMessage(),
        ]
        if not self._is_head:
            events.insert(1, h11.Data(data=answer.body))
        await self._stream.send_all(b"".join(self._wire.send(event) or b"" for event in events))

    def goes_on(self) -> bool:
        """Whether another request may come."""
        if self._wire.our_state is not h11.DONE:
            return False
        self._wire.start_next_cycle()
        return True

    async def part(self) -> None:
        """Half-close, and read on until the other side closes: a close with unread input would destroy the answer."""
        await self._stream.send_eof()
        while await self._stream.receive_some(READ_BYTES):
            pass


def _sentence(status: HTTPStatus, sentence: str) -> Answer:
    return Answer(f"{sentence}.\n".encode(), status)


def _mistake(status: HTTPStatus) -> Answer:
    """What h11 does not take. Its own words quote the request, so they are not repeated."""
    if status is HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE:
        return _sentence(status, f"The first line and the headers have more than {HEAD_BYTES} bytes")
    return _sentence(status, "This is no HTTP request, or a wrong one")
