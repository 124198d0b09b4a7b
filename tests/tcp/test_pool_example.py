"""The example of docs/pool.md is run as it stands there: documentation that nobody tries does not stay true."""

import importlib.util
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from types import ModuleType

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

import chatd
from chatd.pool import ClientPool

DOCS = Path(chatd.__file__).parent.parent / "docs"
EXAMPLE = DOCS / "examples" / "bounded_echo.py"
PATIENCE = 10.0  # seconds; only a failure waits for them


class Echo:
    """The example's server, running."""

    def __init__(self, example: ModuleType, port: int) -> None:
        self.pool = example.pool
        self.clients: list[Client] = []
        self._port = port

    async def connect(self) -> "Client":
        self.clients.append(Client(await trio.open_tcp_stream("127.0.0.1", self._port)))
        return self.clients[-1]

    async def settled(self, seated: int, waiting: int) -> None:
        """Wait until the pool is that full."""
        while (self.pool.in_use, self.pool.waiting) != (seated, waiting):
            await wait_all_tasks_blocked(0.001)


class Client:
    def __init__(self, stream: trio.SocketStream) -> None:
        self._stream = stream
        self._rest = b""

    async def line(self) -> str:
        while b"\n" not in self._rest:
            data = await self._stream.receive_some()
            if not data:
                return "closed"
            self._rest += data
        line, _, self._rest = self._rest.partition(b"\n")
        return line.decode()

    async def says(self, text: str) -> str:
        await self._stream.send_all(f"{text}\n".encode())
        return await self.line()

    async def hangs_up(self) -> None:
        await self._stream.aclose()


@asynccontextmanager
async def echo() -> AsyncIterator[Echo]:
    spec = importlib.util.spec_from_file_location("bounded_echo", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    example = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(example)
    with trio.fail_after(PATIENCE):
        async with trio.open_nursery() as nursery:
            serve = partial(trio.serve_tcp, example.serve, 0, host="127.0.0.1")
            (listener,) = await nursery.start(serve)
            port = listener.socket.getsockname()[1]
            server = Echo(example, port)
            yield server
            for client in server.clients:
                await client.hangs_up()
            await server.settled(seated=0, waiting=0)
            nursery.cancel_scope.cancel()


async def test_the_seated_are_welcomed_and_echoed() -> None:
    async with echo() as server:
        ann, bob = await server.connect(), await server.connect()
        assert [await ann.line(), await bob.line()] == ["Welcome", "Welcome"]
        assert [await ann.says("one"), await bob.says("two")] == ["one", "two"]


async def test_a_seat_is_handed_on_in_order() -> None:
    async with echo() as server:
        ann, bob = await server.connect(), await server.connect()
        assert [await ann.line(), await bob.line()] == ["Welcome", "Welcome"]
        cid = await server.connect()
        assert await cid.line() == "You are number 1 in line"
        dan = await server.connect()
        assert await dan.line() == "You are number 2 in line"
        await bob.hangs_up()
        assert await cid.line() == "Welcome"
        assert await cid.says("at last") == "at last"
        await server.settled(seated=2, waiting=1)
        await ann.hangs_up()
        assert await dan.line() == "Welcome"


async def test_past_the_line_one_is_refused_with_reason_and_advice() -> None:
    async with echo() as server:
        inside = [await server.connect() for _ in range(5)]
        for client in inside:
            await client.line()
        late = await server.connect()
        found = re.fullmatch(r"SERVER_FULL, retry in (\d+) s", await late.line())
        assert found
        assert 30 <= int(found[1]) <= 60
        assert await late.line() == "closed"
        await server.settled(seated=2, waiting=3)


async def test_one_who_hung_up_in_line_is_passed_over() -> None:
    async with echo() as server:
        seated = [await server.connect() for _ in range(2)]
        for client in seated:
            assert await client.line() == "Welcome"
        cid = await server.connect()
        assert await cid.line() == "You are number 1 in line"
        dan = await server.connect()
        assert await dan.line() == "You are number 2 in line"
        await cid.hangs_up()
        await seated[0].hangs_up()
        assert await dan.line() == "Welcome"
        await server.settled(seated=2, waiting=0)


async def test_when_all_have_left_all_seats_are_free_again() -> None:
    async with echo() as server:
        for _ in range(3):
            clients = [await server.connect() for _ in range(5)]
            for client in clients:
                await client.line()
            for client in clients:
                await client.hangs_up()
            await server.settled(seated=0, waiting=0)
        statistics = server.pool.statistics
        assert statistics.arrived == 15
        assert statistics.admitted == statistics.left == 15


def test_the_documentation_shows_the_example_as_it_is() -> None:
    document = (DOCS / "pool.md").read_text()
    (shown,) = re.findall(r"```python\n(.*?)```", document, re.DOTALL)
    assert shown == EXAMPLE.read_text()


@pytest.mark.parametrize("name", [name for name in vars(ClientPool) if not name.startswith("_")])
def test_the_documentation_has_all_that_is_public(name: str) -> None:
    assert re.search(rf"`{name}\b", (DOCS / "pool.md").read_text())
