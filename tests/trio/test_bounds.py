"""What clients do at the edge of what is theirs: odd first lines, broken lines, floods of bytes that bring none. The
bounds themselves are pushed in tests/rows."""

import socket

import pytest
import trio
import trio.testing
from support import Peer, running

from chatd.session import Session

Clock = trio.testing.MockClock


async def test_a_late_first_line_of_a_program_still_decides(autojump_clock: Clock) -> None:
    async with running() as house:
        peer = await house.connect()
        await peer.until("/nick NAME")
        await peer.send(*house.introduction("ann"))
        assert await peer.find(" 001 ")


async def test_long_and_broken_lines_are_answered(autojump_clock: Clock) -> None:
    async with running() as house:
        ann = await house.seated("ann", caps="standard-replies")
        await ann.stream.send_all(b"PRIVMSG #lobby :" + b"x" * 600 + b"\r\nPRIVMSG #lobby :\xff\r\n")
        assert " 417 ann :" in await ann.line()
        assert "FAIL PRIVMSG INVALID_UTF8 :" in await ann.line()
        plain = await house.connect()
        await plain.stream.send_all(b"x" * 301 + b"\n\xe9\n")
        assert await plain.find("300 bytes")
        assert await plain.find("must be UTF-8")


async def test_accepted_sockets_have_the_options_that_find_the_dead(autojump_clock: Clock) -> None:
    async with running(ping_interval=30, ping_timeout=12, send_buffer=20_000) as house:
        await house.seated("ann")
        [session] = house.server.house.sessions
        assert isinstance(session, Session)
        sock = session._connection._sock
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 30
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL) == 4
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 42_000
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) == 40_000  # Linux doubles it


@pytest.mark.parametrize("flood", [b"\r\n" * 8000, b"\xff\xf1" * 8000, b"\xff\xfa" + b"x" * 16000])
async def test_bytes_that_bring_no_line_are_slowed_as_lines_are(autojump_clock: Clock, flood: bytes) -> None:
    async with running(message_rate=10, message_burst=40) as house:
        peer = await house.connect()
        await peer.send("hello")
        await peer.until("Welcome")
        began = trio.current_time()
        for _ in range(10):
            await peer.stream.send_all(flood)
        await peer.stream.send_eof()
        await peer.rest()
        # These 160,000 bytes are worth 312 lines of 512 bytes, of which 40 are free at once.
        assert trio.current_time() - began > 1


async def test_a_flood_into_a_goodbye_leaves_others_their_turn(autojump_clock: Clock) -> None:
    async with running(max_clients=1, queue=0) as house:
        ann = await house.seated("ann")
        peer = await house.irc("bob")
        await peer.until("SERVER_FULL")
        async with trio.open_nursery() as nursery:
            nursery.start_soon(flood, peer)
            for _ in range(20):  # fewer than a burst: with a flood the test's clock stands still
                await ann.settle()
            nursery.cancel_scope.cancel()


async def flood(peer: Peer) -> None:
    while True:
        await peer.stream.send_all(b"x" * 100_000)
