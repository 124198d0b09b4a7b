"""How it ends: draining, and faults of the server's own."""

import logging
import socket

import pytest
import trio
import trio.testing
from support import UNDER_WAY, running

from chatd.chat import Chat
from chatd.client import Client
from chatd.commands import IRC
from chatd.commands.registry import Command
from chatd.protocol.irc import Message
from chatd.room import Room
from chatd.server import Server

Clock = trio.testing.MockClock


async def test_draining(autojump_clock: Clock) -> None:
    async with running(max_clients=2, queue=2, drain_time=5) as house:
        ann, bob = await house.seated("ann"), await house.seated("bob")
        cid = await house.waiting("cid")
        half, silent = await house.connect(), await house.connect()
        await half.send("NICK half", "PING there")
        await half.until("PONG")
        await house.until(lambda: len(house.chat.clients) == 5)
        house.server.drain()
        for peer in (ann, bob, cid, half, silent):
            lines = await peer.rest()
            assert "This server is shutting down; DRAINING" in lines[-1]
            assert not any(" QUIT " in line for line in lines)
        assert house.chat.pool.statistics.admitted == 2, "no seat is handed on any more"
        assert house.chat.pool.statistics.drained == 1
        with pytest.raises(OSError, match="failed"):
            await house.connect()


async def test_draining_flushes_what_is_owed(autojump_clock: Clock) -> None:
    autojump_clock.autojump_threshold = UNDER_WAY
    async with running(message_rate=float("inf")) as house:
        ann, bob = await house.seated("ann"), await house.seated("bob")
        await ann.send(*[f"PRIVMSG #lobby :{number} {'x' * 400}" for number in range(300)])
        await ann.settle()
        house.server.drain()
        lines = await bob.rest()
        assert sum(" PRIVMSG " in line for line in lines) == 300
        assert "DRAINING" in lines[-1]


async def test_draining_gives_a_slow_reader_all_its_time(autojump_clock: Clock) -> None:
    autojump_clock.autojump_threshold = UNDER_WAY
    async with running(message_rate=float("inf"), send_buffer=4096, linger=2, drain_time=5) as house:
        ann, bob = await house.seated("ann"), await house.connect_with_small_window()
        await bob.send(*house.introduction("bob"), "JOIN #lobby")
        await bob.until(" 366 ")
        await ann.send(*[f"PRIVMSG #lobby :{number} {'x' * 400}" for number in range(400)])
        await ann.settle()
        house.server.drain()
        await trio.sleep(4)
        lines = await bob.rest()
        assert sum(" PRIVMSG " in line for line in lines) == 400
        assert "DRAINING" in lines[-1]


@pytest.fixture
def broken_command(monkeypatch: pytest.MonkeyPatch) -> str:
    def fail(chat: Chat, client: Client, message: Message) -> None:
        raise ZeroDivisionError("on purpose")

    allowed = IRC["PRIVMSG"].allowed
    monkeypatch.setitem(IRC, "BROKEN", Command("BROKEN", fail, "", 0, allowed, None, None, (), "", ""))
    return "BROKEN"


async def test_fault_ends_one_client(
    autojump_clock: Clock, broken_command: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(max_clients=2, queue=1) as house:
        ann, bob = await house.seated("ann"), await house.seated("bob")
        cid = await house.waiting("cid", "JOIN #lobby")
        with caplog.at_level(logging.ERROR):
            await ann.send(broken_command)
            assert "; INTERNAL_ERROR)" in (await ann.rest())[-1]
        await cid.until(" 366 ")  # its seat came to the next in line
        assert await bob.find(" QUIT ") == ":ann!ann@127.0.0.1 QUIT :INTERNAL_ERROR"
        assert house.chat.faults == 1
    [record] = caplog.records
    assert record.exc_info is not None
    assert "on purpose" in caplog.text
    assert "Traceback" in caplog.text


async def test_fault_while_leaving_gives_the_seat_back(
    autojump_clock: Clock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(max_clients=1, queue=1) as house:
        ann = await house.seated("ann")
        bob = await house.waiting("bob", "JOIN #lobby")

        def fail(chat: Chat, client: Client, why: str) -> None:
            raise ZeroDivisionError("on purpose")

        with monkeypatch.context() as patch:
            patch.setattr(Chat, "forget", fail)
            await ann.send("QUIT")
            await bob.until(" 366 ")
            assert house.chat.faults == 1
        assert house.chat.pool.in_use == 1


async def test_fault_while_an_idler_is_released_ends_nobody_else(
    autojump_clock: Clock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(max_clients=1, queue=2, idle_release=5) as house:
        ann = await house.seated("ann")
        bob, cid = await house.waiting("bob", "JOIN #lobby"), await house.waiting("cid", "JOIN #lobby")
        real = Chat.forget

        def fail(chat: Chat, client: Client, why: str) -> None:
            if client.nick == "ann":
                raise ZeroDivisionError("on purpose")
            real(chat, client, why)

        monkeypatch.setattr(Chat, "forget", fail)
        assert "; IDLE_RELEASE)" in (await ann.rest())[-1]
        await bob.until(" 366 ")
        assert house.chat.faults == 1
        assert "; IDLE_RELEASE)" in (await bob.rest())[-1]
        await cid.until(" 366 ")


async def test_fault_in_seating_ends_the_one_who_is_seated(
    autojump_clock: Clock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(max_clients=1, queue=2) as house:
        ann = await house.seated("ann")
        bob, cid = await house.waiting("bob", "JOIN #b"), await house.waiting("cid", "JOIN #lobby")
        real = Chat.join

        def fail(chat: Chat, client: Client, room: Room[Client]) -> None:
            if client.nick == "bob":
                raise ZeroDivisionError("on purpose")
            real(chat, client, room)

        monkeypatch.setattr(Chat, "join", fail)
        await ann.send("QUIT")
        assert (await ann.rest())[-1] == "ERROR :Closing Link: 127.0.0.1 (Quit)"
        assert "; INTERNAL_ERROR)" in (await bob.rest())[-1]
        await cid.until(" 366 ")


async def test_fault_at_the_door_ends_one_connection(
    autojump_clock: Clock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with running() as house:

        def fail(server: Server, sock: socket.socket, host: str) -> None:
            raise ZeroDivisionError("on purpose")

        with monkeypatch.context() as patch:
            patch.setattr(Server, "_start", fail)
            peer = await house.connect()
            assert await peer.rest() == []
        await house.seated("ann")
        assert house.chat.faults == 1
