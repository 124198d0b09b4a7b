"""Servers that want a password, and servers to which one does not come back by oneself."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
import trio
from client_fakes import Peer, serving
from trio.testing import MockClock

from chatclient.client import Client
from chatclient.connection import Connection
from chatclient.endings import Ending
from chatclient.events import Event
from chatclient.exits import Exit
from chatclient.limits import Limits
from chatclient.model import Model, Stage
from chatclient.reconnecting import stay_connected
from chatclient.session import Session

LIMITS = Limits()
REFUSAL = ":s 464 alice :Password incorrect"
FAREWELL = "ERROR :Closing Link: h (Not the password; WRONG_PASSWORD, retry in 2 s)"


def half() -> float:
    return 0.5


async def connect(script: Callable[[Peer], Awaitable[None]]) -> Ending:
    async with serving(script) as address:
        connection = Connection(address, Session("alice", {"#lobby": ""}, LIMITS, half), LIMITS)

        async def handle(event: Event) -> None:
            pass

        return await connection.run(handle)


@pytest.mark.parametrize(
    ("said", "ending"),
    [
        ([REFUSAL, FAREWELL], Ending(Exit.PASSWORD, "Not the password", "WRONG_PASSWORD", 2.0)),
        ([FAREWELL], Ending(Exit.PASSWORD, "Not the password", "WRONG_PASSWORD", 2.0)),
        ([REFUSAL, "ERROR :Closing Link: h (Bad Password)"], Ending(Exit.PASSWORD, "Password incorrect")),
        ([REFUSAL], Ending(Exit.PASSWORD, "Password incorrect")),
        ([":s 464 * :"], Ending(Exit.PASSWORD, "The password is missing or wrong")),
        ([REFUSAL, "ERROR :Closing Link: h (x; BANNED)"], Ending(Exit.REFUSED, "x", "BANNED")),
    ],
)
@pytest.mark.parametrize("closes", [True, False])
async def test_a_password_that_is_missing_or_wrong(
    said: list[str], ending: Ending, closes: bool, autojump_clock: MockClock
) -> None:
    async def script(peer: Peer) -> None:
        await peer.until("USER")
        await peer.send(*said)
        if not closes:
            await trio.sleep_forever()

    assert await connect(script) == ending
    assert trio.current_time() < 5


@pytest.mark.parametrize("registered", [True, False])
async def test_a_server_that_goes_on_wants_no_password(registered: bool, autojump_clock: MockClock) -> None:
    async def script(peer: Peer) -> None:
        await peer.until("USER")
        welcome = [":s 001 alice :Hi", ":s 422 alice :no MOTD"]
        await peer.send(*([*welcome, REFUSAL] if registered else [REFUSAL, *welcome]))
        await peer.let_in("alice")
        await trio.sleep(10)

    assert await connect(script) == Ending(Exit.LOST, "The connection was lost: the server closed it")


class Lock:
    """A server with a password, and a person who sees why they are not let in."""

    def __init__(self, password: str, client: Client) -> None:
        self.visits: list[str | None] = []  # the passwords that were given, None for none
        self.inside: list[Peer] = []
        self._password = password
        self._client = client

    async def script(self, peer: Peer) -> None:
        await peer.until("USER")
        passwords = [line.removeprefix("PASS :") for line in peer.lines if line.startswith("PASS")]
        self.visits.append(passwords[0] if passwords else None)
        if passwords != [self._password]:
            await peer.send(REFUSAL, FAREWELL)
            return
        await peer.send(":s 001 alice :Hi", ":s 422 alice :no MOTD")
        await peer.let_in("alice")
        self.inside.append(peer)
        await peer.serve("alice")

    async def until(self, visits: int, stage: Stage) -> None:
        while len(self.visits) < visits or self._client.model.stage is not stage:  # noqa: ASYNC110  not real time
            await trio.sleep(0.1)


@asynccontextmanager
async def locked(password: str, given: str = "") -> AsyncIterator[tuple[Lock, Client]]:
    client = Client(Model("s", "alice", LIMITS), LIMITS, password=given)
    lock = Lock(password, client)
    async with serving(lock.script) as address, trio.open_nursery() as nursery:
        nursery.start_soon(stay_connected, client, address, "#lobby", half)
        yield lock, client
        nursery.cancel_scope.cancel()


async def test_the_password_is_asked_for_until_it_is_right_and_then_kept(autojump_clock: MockClock) -> None:
    async with locked("let me in") as (lock, client):
        await lock.until(1, Stage.OFFLINE)
        assert client.model.question == "s wants a password"
        client.answer("wrong")
        await lock.until(2, Stage.OFFLINE)
        assert client.model.question == "s takes another password"
        await trio.sleep(10_000)
        assert lock.visits == [None, "wrong"], "a wrong one is not tried again, nor none at all"
        client.answer("let me in")
        await lock.until(3, Stage.ONLINE)
        assert client.model.question == ""
        await lock.inside[0].send("ERROR :Closing Link: h (The server is being stopped; DRAINING)")
        await lock.until(4, Stage.ONLINE)
        assert lock.visits == [None, "wrong", "let me in", "let me in"]
        assert "let me in" not in "".join(line.text for one in client.model.conversations for line in one.lines)


async def test_who_does_not_give_one_is_left_alone_until_they_want_to_try_again(autojump_clock: MockClock) -> None:
    async with locked("secret", given="from a file") as (lock, client):
        await lock.until(1, Stage.OFFLINE)
        assert client.model.question == "s takes another password"
        client.decline()
        assert client.model.question == ""
        await trio.sleep(10_000)
        client.reconnect()
        await lock.until(2, Stage.OFFLINE)
        assert client.model.question == "s wants a password"
        assert lock.visits == ["from a file", None]


async def test_a_password_is_kept_while_the_server_has_other_reasons(autojump_clock: MockClock) -> None:
    given: list[list[str]] = []

    async def script(peer: Peer) -> None:
        await peer.until("USER")
        given.append([line for line in peer.lines if line.startswith("PASS")])
        await peer.send("ERROR :Closing Link: h (Slowly; TOO_FAST_FROM_HOST, retry in 7 s)")

    client = Client(Model("s", "alice", LIMITS), LIMITS, password="secret")
    async with serving(script) as address, trio.open_nursery() as nursery:
        nursery.start_soon(stay_connected, client, address, "#lobby", half)
        await trio.sleep(7)
        assert len(given) == 1
        await trio.sleep(3)
        nursery.cancel_scope.cancel()
    assert given == [["PASS :secret"]] * 2


@pytest.mark.parametrize("reason", ["BANNED", "KICKED", "IDLE_TIMEOUT", "IDLE_RELEASE"])
async def test_only_the_person_comes_back_after_an_end_that_was_meant(reason: str, autojump_clock: MockClock) -> None:
    visits = 0

    async def script(peer: Peer) -> None:
        nonlocal visits
        visits += 1
        await peer.let_in(await peer.greet())
        await peer.send(f"ERROR :Closing Link: h (x; {reason}, retry in 2 s)")

    client = Client(Model("s", "alice", LIMITS), LIMITS)
    async with serving(script) as address, trio.open_nursery() as nursery:
        nursery.start_soon(stay_connected, client, address, "#lobby", half)
        await trio.sleep(10_000)
        assert visits == 1
        assert not client.model.counting
        client.reconnect()
        await trio.sleep(1)
        assert visits == 2
        nursery.cancel_scope.cancel()
