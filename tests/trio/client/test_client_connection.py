"""Connections to servers that behave in all ways there are; time runs only when everybody waits."""

import socket
from collections.abc import Awaitable, Callable

import pytest
import trio
from client_fakes import Peer, serve_chat, serving
from trio.testing import MockClock

from chatclient import events
from chatclient.client import Client
from chatclient.commands import enter
from chatclient.connection import Address, Connection
from chatclient.endings import Ending
from chatclient.events import Event
from chatclient.exits import Exit
from chatclient.limits import Limits
from chatclient.model import Model, Stage
from chatclient.reconnecting import stay_connected
from chatclient.session import Session

LIMITS = Limits()


def half() -> float:
    return 0.5


async def visit(
    script: Callable[[Peer], Awaitable[None]], leave_on: type[Event] | None = None, limits: Limits = LIMITS
) -> tuple[Ending, list[Event], Connection]:
    """Connect once; what was seen, and how it ended."""
    seen: list[Event] = []
    async with serving(script) as address:
        connection = Connection(address, Session("alice", {"#lobby": ""}, limits, half), limits)

        async def handle(event: Event) -> None:
            seen.append(event)
            if leave_on is not None and isinstance(event, leave_on):
                connection.leave("bye")

        return await connection.run(handle), seen, connection


async def test_coming_in_and_leaving(autojump_clock: MockClock) -> None:
    ending, seen, connection = await visit(serve_chat, events.Answered)
    assert ending.exit is Exit.DONE
    assert [event.name for event in seen] == ["told", "registered", "joined", "names", "answered"]
    assert connection.lag is not None


async def test_a_server_that_hears_no_goodbye(autojump_clock: MockClock) -> None:
    async def script(peer: Peer) -> None:
        await peer.let_in(await peer.greet())
        await trio.sleep_forever()

    ending, *_ = await visit(script, events.Names)
    assert ending.exit is Exit.DONE
    assert trio.current_time() < 10


@pytest.mark.parametrize("command", ["", "waiting", "seated"])
async def test_being_turned_away(command: str, autojump_clock: MockClock) -> None:
    async def script(peer: Peer) -> None:
        if command:
            nick = await peer.greet("standard-replies")
            await peer.send(":s NOTE * QUEUED 1 1 * :You are 1st")
            if command == "seated":
                await peer.let_in(nick)
        await peer.send("ERROR :Closing Link: h (All 2 seats are taken; SERVER_FULL, retry in 37 s)")

    ending, *_ = await visit(script)
    assert ending == Ending(
        Exit.LOST if command == "seated" else Exit.REFUSED, "All 2 seats are taken", "SERVER_FULL", 37.0
    )


async def test_nobody_listens(autojump_clock: MockClock) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = Address("127.0.0.1", closed.getsockname()[1])
        connection = Connection(address, Session("alice", {}, LIMITS, half), LIMITS)

        async def handle(event: Event) -> None:
            raise AssertionError(event)

        ending = await connection.run(handle)
    assert ending == Ending(Exit.CANNOT_CONNECT, f"Cannot connect to {address}: Connection refused")


async def test_no_greeting(autojump_clock: MockClock) -> None:
    async def script(peer: Peer) -> None:
        await trio.sleep_forever()

    ending, *_ = await visit(script)
    assert ending.exit is Exit.TIMED_OUT
    assert trio.current_time() >= LIMITS.answer_timeout


async def test_a_closed_connection(autojump_clock: MockClock) -> None:
    async def script(peer: Peer) -> None:
        await peer.let_in(await peer.greet())
        await peer.until("PING")

    ending, *_ = await visit(script)
    assert ending == Ending(Exit.LOST, "The connection was lost: the server closed it")


async def test_silence_is_a_loss(autojump_clock: MockClock) -> None:
    async def script(peer: Peer) -> None:
        await peer.let_in(await peer.greet())
        await trio.sleep_forever()

    ending, *_ = await visit(script)
    assert ending.exit is Exit.LOST
    assert "nothing was heard" in ending.sentence


async def test_a_server_that_talks_but_answers_no_ping_is_kept(autojump_clock: MockClock) -> None:
    async def script(peer: Peer) -> None:
        await peer.let_in(await peer.greet())
        for number in range(20):
            await peer.send(f":b!b@h PRIVMSG #lobby :{number}")
            await trio.sleep(30)

    ending, seen, _ = await visit(script)
    assert "the server closed it" in ending.sentence
    assert sum(isinstance(event, events.Said) for event in seen) == 20


async def test_a_slow_handler_is_not_the_servers_silence(autojump_clock: MockClock) -> None:
    async def script(peer: Peer) -> None:
        await peer.let_in(await peer.greet())
        await peer.serve("alice")

    async with serving(script) as address:
        connection = Connection(address, Session("alice", {"#lobby": ""}, LIMITS, half), LIMITS)

        async def handle(event: Event) -> None:
            if isinstance(event, events.Names):
                await trio.sleep(500)
            if isinstance(event, events.Answered):
                connection.leave()

        assert (await connection.run(handle)).exit is Exit.DONE


@pytest.mark.parametrize(
    ("flood", "why"),
    [
        (b"x" * 2_000_000, "line without end"),
        (b"".join(b"PING :%d\r\n" % number for number in range(200_000)), "without reading"),
    ],
)
async def test_hostile_floods_end_the_connection(flood: bytes, why: str, autojump_clock: MockClock) -> None:
    autojump_clock.autojump_threshold = 0.1  # megabytes may be under way in the kernel while nobody here has work

    async def script(peer: Peer) -> None:
        await peer.greet()
        await peer.stream.send_all(flood)
        await trio.sleep_forever()

    ending, *_ = await visit(script)
    assert why in ending.sentence


async def test_a_long_line_is_left_out_and_said(autojump_clock: MockClock) -> None:
    async def script(peer: Peer) -> None:
        await peer.greet()
        await peer.send(f":s NOTICE alice :{'x' * 20000}", ":s NOTICE alice :after")
        await peer.until("JOIN")

    _, seen, _ = await visit(script)
    assert [event.text for event in seen if isinstance(event, events.Told)][1:] == [
        "A line that was too long was left out",
        "after",
    ]


async def test_it_comes_back_with_its_rooms_and_name(autojump_clock: MockClock) -> None:
    visits: list[tuple[float, list[str]]] = []
    client = Client(Model("s", "alice", LIMITS), LIMITS)

    async def script(peer: Peer) -> None:
        began = trio.current_time()
        nick = await peer.greet()
        await peer.let_in(nick)
        if not visits:
            await peer.send(f":{nick}!u@h JOIN #dev", f":{nick}!u@h NICK alicia")
            await peer.until("PING")
        else:
            await peer.until("JOIN")
            client.leave()
        visits.append((began, peer.lines))

    async with serving(script) as address:
        with trio.fail_after(60):
            await stay_connected(client, address, "#lobby", half)
    (_, _), (second, lines) = visits
    assert second == pytest.approx(LIMITS.retry_first * (1 + LIMITS.retry_jitter / 2), abs=0.1)
    assert {"NICK alice", "JOIN #lobby", "JOIN #dev"} <= set(lines), "the server's wish is not the person's"


async def test_a_room_with_a_key_is_entered_again_with_it_and_one_that_was_left_is_not(
    autojump_clock: MockClock,
) -> None:
    asked: list[list[str]] = []
    client = Client(Model("s", "alice", LIMITS), LIMITS)

    async def script(peer: Peer) -> None:
        nick = await peer.greet()
        if not asked:
            await peer.let_in(nick)
            enter(client, "/join #dev secret")
            await peer.let_in(nick)
        else:
            await peer.let_in(nick)
        await peer.send(f":{nick}!u@h NICK {nick}")
        asked.append([line for line in peer.lines if line.startswith("JOIN")])

    async def person() -> None:
        while client.model.stage is not Stage.OFFLINE:  # noqa: ASYNC110  the time is not real
            await trio.sleep(0.1)
        lobby = client.model.find("#lobby")
        assert lobby is not None
        client.model.show(lobby)
        enter(client, "/part")
        while len(asked) < 2:  # noqa: ASYNC110
            await trio.sleep(0.1)
        client.leave()

    async with serving(script) as address, trio.open_nursery() as nursery:
        nursery.start_soon(person)
        await stay_connected(client, address, "#lobby", half)
    assert asked == [["JOIN #lobby", "JOIN #dev secret"], ["JOIN #dev secret"]]


async def test_trying_now_and_leaving_while_waiting(autojump_clock: MockClock) -> None:
    client = Client(Model("s", "alice", LIMITS), LIMITS)
    tries = 0

    async def script(peer: Peer) -> None:
        nonlocal tries
        tries += 1
        await peer.send("ERROR :Closing Link: h (Full; SERVER_FULL, retry in 3000 s)")

    async def offline(after: int) -> None:
        while tries < after or client.model.stage is not Stage.OFFLINE:  # noqa: ASYNC110  the time is not real
            await trio.sleep(1)

    async def person() -> None:
        for wanted in (1, 2):
            await offline(wanted)
            client.reconnect()
        await offline(3)
        client.leave()

    async with serving(script) as address, trio.open_nursery() as nursery:
        nursery.start_soon(person)
        await stay_connected(client, address, "#lobby", half)
    assert tries == 3
    assert trio.current_time() < 100
