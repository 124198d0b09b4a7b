"""The plain dialect and the choice of dialect, on the wire, as nc and telnet would see them."""

import pytest
import trio.testing
from support import running

from chatd.protocol.farewell import parse_farewell

Clock = trio.testing.MockClock


async def test_talk_between_dialects(autojump_clock: Clock) -> None:
    async with running() as house:
        ann = await house.seated("ann")
        bob = await house.connect()
        await bob.send("/nick bob")
        assert await bob.line() == "* Welcome, bob: one other is in #lobby. /help lists what you can do."
        assert await ann.find("JOIN") == ":bob!plain@127.0.0.1 JOIN #lobby"
        await bob.send("hello", "/me waves", "//slash", "/msg ann psst", "/msg nobody hm")
        assert await ann.line() == ":bob!plain@127.0.0.1 PRIVMSG #lobby :hello"
        assert await ann.line() == ":bob!plain@127.0.0.1 PRIVMSG #lobby :\x01ACTION waves\x01"
        assert await ann.line() == ":bob!plain@127.0.0.1 PRIVMSG #lobby :/slash"
        assert await ann.line() == ":bob!plain@127.0.0.1 PRIVMSG ann :psst"
        assert await bob.line() == "* nobody: No such nick or room"
        await ann.send("PRIVMSG #lobby :hi", "PRIVMSG #lobby :\x01ACTION nods\x01")
        await ann.send("PRIVMSG bob :you", "NOTICE #lobby :n")
        assert [await bob.line() for _ in range(4)] == ["<ann> hi", "<ann> /me nods", "<ann -> you> you", "-ann- n"]
        await ann.send("TOPIC #lobby :soup", "NICK eve", "PART #lobby :bye", "JOIN #lobby")
        assert [await bob.line() for _ in range(4)] == [
            "* ann set the topic: soup",
            "* ann is now called eve",
            "* eve left (bye)",
            "* eve came in",
        ]
        await bob.send("/nick 7", "/nick eve", "/who", "/nonsense", "/quit soup time")
        assert "A nickname is" in await bob.line()
        assert await bob.line() == "* eve: Nickname is already in use"
        assert await bob.line() == "* 2 in #lobby. 2 of 100 seats are taken, 0 waiting."
        assert await bob.line() == "* bob eve"
        assert "There is no /nonsense" in await bob.line()
        assert await bob.rest() == ["* Goodbye."]
        assert await ann.find(" QUIT ") == ":bob!plain@127.0.0.1 QUIT :Quit: soup time"


async def test_enter_makes_a_guest(autojump_clock: Clock) -> None:
    async with running() as house:
        for name in ("guest1", "guest2"):
            peer = await house.connect()
            await peer.stream.send_all(b"\n")
            assert (await peer.line()).startswith(f"* Welcome, {name}: ")


async def test_half_close_delivers_first(autojump_clock: Clock) -> None:
    async with running() as house:
        ann = await house.seated("ann")
        for sent in (b"hi there\n", b"hi there"):  # `echo` and `printf` piped into nc -N
            peer = await house.connect()
            await peer.stream.send_all(sent)
            await peer.stream.send_eof()
            assert (await peer.rest())[-1] == "* Goodbye."
            assert (await ann.find("PRIVMSG")).endswith(" PRIVMSG #lobby :hi there")


async def test_terminal_controls_do_not_reach_a_plain_screen(autojump_clock: Clock) -> None:
    async with running() as house:
        plain = await house.connect()
        await plain.stream.send_all(b"\n")
        await plain.line()
        ann = await house.seated("ann")
        await ann.stream.send_all("PRIVMSG #lobby :\x1b]52;c;eA==\x07 \u009b2J \u202eevil \x7f\r\n".encode())
        line = await plain.find("<ann>")
        assert line == "<ann> ␛]52;c;eA==␇ \\x9b2J �evil ␡"


async def test_telnet_interrupt_is_answered(autojump_clock: Clock) -> None:
    async with running() as house:
        peer = await house.connect()
        await peer.stream.send_all(b"\n")
        await peer.line()
        await peer.stream.send_all(b"\xff\xf4\xff\xfd\x06")
        received = b""
        while b"/quit.\r\n" not in received:
            received += await peer.stream.receive_some()
        assert b"\xff\xfc\x06" in received
        await peer.stream.send_all(b"still here\n/who\n")
        assert await peer.find("1 in #lobby")


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        (b"GET / HTTP/1.1\r\nHost: chat\r\n\r\n", "HTTP"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "SSH"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "TLS"),
    ],
)
async def test_other_protocols_are_told_and_closed(autojump_clock: Clock, sent: bytes, name: str) -> None:
    async with running() as house:
        ann = await house.seated("ann")
        peer = await house.connect()
        await peer.stream.send_all(sent)
        [line] = await peer.rest()
        farewell = parse_farewell(line[2:])
        assert farewell is not None
        assert farewell.reason == "WRONG_PROTOCOL"
        assert name in farewell.sentence
        assert await ann.settle() == []
