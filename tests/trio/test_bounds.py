"""The bounds of one client pushed against: who is silent, slow, fast or gone is found out; others notice nothing."""

import socket

import pytest
import trio
import trio.testing
from support import UNDER_WAY, Peer, running

from chatd.protocol.farewell import Reason, parse_farewell
from chatd.protocol.irc import parse

Clock = trio.testing.MockClock


def reason_of(lines: list[str]) -> str:
    """The reason in the last line, whatever its dialect."""
    last = lines[-1]
    found = parse_farewell(last[2:] if last.startswith("* ") else parse(last).params[0])
    assert found is not None, lines
    return found.reason


async def test_greeting_after_a_second_of_silence(autojump_clock: Clock) -> None:
    async with running() as house:
        began = trio.current_time()
        peer = await house.connect()
        assert (await peer.line()).startswith("* This is chatd.local")
        assert trio.current_time() - began == pytest.approx(1, abs=0.1)
        assert "come in as guest1, or type /nick NAME" in await peer.line()


async def test_a_late_first_line_of_a_program_still_decides(autojump_clock: Clock) -> None:
    async with running() as house:
        peer = await house.connect()
        await peer.until("/nick NAME")
        await peer.send(*house.introduction("ann"))
        assert await peer.find(" 001 ")


async def test_handshake_times_out(autojump_clock: Clock) -> None:
    async with running(handshake_timeout=5) as house:
        silent, half = await house.connect(), await house.connect()
        await half.send("NICK ann")
        assert reason_of(await silent.rest()) == Reason.HANDSHAKE_TIMEOUT
        assert reason_of(await half.rest()) == Reason.HANDSHAKE_TIMEOUT
        assert trio.current_time() == pytest.approx(5, abs=0.5)
        assert house.chat.connections == 0


async def test_too_many_handshakes_close_the_oldest_silent(autojump_clock: Clock) -> None:
    async with running(handshakes=3) as house:
        half = await house.connect()
        await half.send("NICK ann", "PING here")
        await half.until("PONG")
        silent = [await house.connect() for _ in range(3)]
        assert reason_of(await silent[0].rest()) == Reason.TOO_MANY_HANDSHAKES
        await half.send("USER ann 0 * :Ann")
        await half.until(" 001 ")
        assert house.chat.handshakes == 2


async def test_crowd_of_silent_connections_keeps_nobody_out(autojump_clock: Clock) -> None:
    async with running(max_clients=5, queue=0, handshakes=10) as house:
        for number in range(5):
            for _ in range(40):
                await house.connect()
            await house.seated(f"speaker{number}")
        assert house.chat.pool.in_use == 5
        assert house.chat.handshakes <= 10


async def test_ping_timeout_frees_the_seat(autojump_clock: Clock) -> None:
    async with running(max_clients=1, queue=1, ping_interval=20, ping_timeout=10) as house:
        ann = await house.seated("ann")
        bob = await house.irc("bob", "JOIN #lobby")
        await bob.until("in line")
        async with trio.open_nursery() as nursery:
            nursery.start_soon(answer_pings, bob)
            lines = await ann.rest()
            assert reason_of(lines) == Reason.PING_TIMEOUT
            assert lines[-2] == ":chatd.local PING :chatd.local"
            assert trio.current_time() == pytest.approx(30, abs=1)
            await house.until(lambda: house.chat.find("bob") is not None)
            nursery.cancel_scope.cancel()


async def answer_pings(peer: Peer) -> None:
    while True:
        await peer.until("PING")
        await peer.send("PONG :chatd.local")


async def test_who_answers_pings_stays(autojump_clock: Clock) -> None:
    async with running(ping_interval=20, ping_timeout=10, place_interval=1000) as house:
        ann = await house.seated("ann")
        with trio.move_on_after(500):
            await answer_pings(ann)
        assert house.chat.find("ann") is not None


async def test_fast_sender_is_slowed_and_nothing_is_lost(autojump_clock: Clock) -> None:
    async with running(message_rate=10, message_burst=40, ping_interval=5, ping_timeout=5) as house:
        ann, bob = await house.seated("ann"), await house.seated("bob")
        began = trio.current_time()
        lines = [f"PRIVMSG #lobby :{number}" for number in range(400)]
        async with trio.open_nursery() as nursery:
            nursery.start_soon(ann.send, *lines)
            heard: list[str] = []
            while len(heard) < len(lines):
                line = await bob.line()
                if " PRIVMSG " in line:
                    heard.append(line.rpartition(":")[2])
                if "PING" in line:
                    await bob.send("PONG x")
        assert heard == [str(number) for number in range(400)]
        # 400 lines less what is left of a burst of 40, at 10 a second. Its ping clock stood still meanwhile.
        assert trio.current_time() - began == pytest.approx(36, abs=1)
        assert house.chat.find("ann") is not None


async def test_of_a_fast_sender_who_is_gone_a_burst_is_still_read(autojump_clock: Clock) -> None:
    async with running(message_rate=10, message_burst=40) as house:
        ann, bob = await house.seated("ann"), await house.seated("bob")
        began = trio.current_time()
        await ann.send(*[f"PRIVMSG #lobby :{number}" for number in range(400)])
        await ann.close()
        heard = await bob.until(" QUIT ")
        assert trio.current_time() - began < 2
    said = [line for line in heard if " PRIVMSG " in line]
    assert 40 <= len(said) <= 80


async def test_one_who_never_reads_delays_nobody(autojump_clock: Clock) -> None:
    autojump_clock.autojump_threshold = UNDER_WAY
    async with running(outbox=20_000, send_buffer=4096, message_rate=float("inf")) as house:
        deaf = await house.connect_with_small_window()
        await deaf.send(*house.introduction("deaf"), "JOIN #lobby")
        await house.until(lambda: house.chat.find("deaf") is not None)
        ann, bob = await house.seated("ann"), await house.seated("bob")
        text = "x" * 300
        for number in range(2000):
            await ann.send(f"PRIVMSG #lobby :{number} {text}")
            heard = await bob.until(f":{number} ")
            if " QUIT " in "".join(heard):
                break
        else:
            pytest.fail("the one who never reads was kept")
        assert any(line.endswith("QUIT :OUTBOX_FULL") for line in heard)
        assert trio.current_time() < 1
        await ann.send("PRIVMSG #lobby :the end")
        await bob.until("the end")
        lines = await deaf.rest()  # now it reads, and finds whole lines and the reason
    assert reason_of(lines) == Reason.OUTBOX_FULL
    assert all(line.startswith((":", "ERROR ")) for line in lines)
    assert "20000 bytes" in lines[-1]


async def test_endless_line(autojump_clock: Clock) -> None:
    async with running(endless_line=10_000) as house:
        ann = await house.seated("ann")
        with trio.move_on_after(5):
            await ann.stream.send_all(b"x" * 10_001)
        assert reason_of(await ann.rest()) == Reason.LINE_TOO_LONG


async def test_long_and_broken_lines_are_answered(autojump_clock: Clock) -> None:
    async with running() as house:
        ann = await house.seated("ann", caps="standard-replies")
        await ann.stream.send_all(b"PRIVMSG #lobby :" + b"x" * 600 + b"\r\nPRIVMSG #lobby :\xff\r\n")
        assert " 417 ann :" in await ann.line()
        assert "FAIL * INVALID_UTF8 :" in await ann.line()
        plain = await house.connect()
        await plain.stream.send_all(b"x" * 301 + b"\n\xe9\n")
        assert await plain.find("300 bytes")
        assert await plain.find("must be UTF-8")


async def test_refusals_in_progress_are_bounded(autojump_clock: Clock) -> None:
    async with running(max_clients=0, queue=0, farewells=4, linger=1000) as house:
        peers = [await house.irc(f"nick{number}") for number in range(10)]
        await house.until(lambda: house.chat.closed[Reason.SERVER_FULL] == 10)
        assert len(house.server.house.goodbyes) == 4
        for peer in peers:
            assert reason_of(await peer.rest()) == Reason.SERVER_FULL


async def test_linger_is_bounded(autojump_clock: Clock) -> None:
    async with running(max_clients=0, queue=0, linger=2) as house:
        peer = await house.irc("ann")
        await peer.rest()
        await house.until(lambda: not house.server.house.goodbyes)
        assert trio.current_time() == pytest.approx(2, abs=0.1)


async def test_accepted_sockets_have_the_options_that_find_the_dead(autojump_clock: Clock) -> None:
    async with running(ping_interval=30, ping_timeout=12, send_buffer=20_000) as house:
        await house.seated("ann")
        [session] = house.server.house.sessions
        sock = session._connection._sock
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 30
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL) == 4
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 42_000
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) == 40_000  # Linux doubles it


async def test_a_half_closed_sender_is_told_what_was_not_delivered(autojump_clock: Clock) -> None:
    async with running(message_rate=10, message_burst=40) as house:
        ann = await house.seated("ann")
        peer = await house.connect()
        await peer.stream.send_all("".join(f"{number}\n" for number in range(400)).encode())
        await peer.stream.send_eof()  # as `seq 400 | nc -N` does
        told = await peer.rest()
        assert told[-2:] == [
            "* Not delivered: the rest. You sent more than 10 lines/s (message-rate), and ended your input",
            "* Goodbye.",
        ]
        heard = [line for line in await ann.until(" QUIT ") if " PRIVMSG " in line]
        assert len(heard) == 80


async def test_one_who_asks_for_much_is_slowed_and_not_closed(autojump_clock: Clock) -> None:
    """Its own answers are never what closes a client that reads, however slowly."""
    autojump_clock.autojump_threshold = UNDER_WAY
    async with running(outbox=40_000, outbox_pause=10_000, send_buffer=4096, max_rooms=200) as house:
        for number in range(10):
            await house.irc(f"ann{number}", "JOIN " + ",".join(f"#room{number}x{room}" for room in range(19)))
        bob = await house.connect_with_small_window()
        await bob.send(*house.introduction("bob"))
        await bob.until(" 422 ")
        for _ in range(8):
            await bob.send("LIST")
        await trio.sleep(5)  # it reads nothing meanwhile
        ends = 0
        while ends < 8:
            ends += " 323 " in await bob.line()
        assert house.chat.find("bob") is not None


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
