"""The server as any IRC client expects it: how one comes in and out, what it says of itself.

Each case names its source. ann is registered; new is a connection that has said nothing.
"""

import pytest
from chat_harness import SERVER, World, commands
from conformance import Case, case, play
from support import running
from trio.testing import MockClock

from chatd.commands import IRC

ABOUT = [
    case("RFC 2812 3.4.3", "ann: VERSION", "ann ~ 351 ann chatd-"),
    case("RFC 2812 3.4.3", "ann: VERSION other.example", "ann < :$ 402 ann other.example :No such server"),
    case("RFC 2812 3.4.6", "ann: TIME chatd.*", f"ann < :$ 391 ann {SERVER} :2023-11-14 22:13:20 UTC"),
    case("RFC 2812 3.4.6", "ann: TIME other", "ann ? 402"),
    case("RFC 2812 3.4.9", "ann: ADMIN", f"ann < :$ 423 ann {SERVER} :Nobody is named here"),
    case("RFC 2812 3.4.9", "ann: ADMIN other", "ann ? 402"),
    case("RFC 2812 3.4.10", "ann: INFO", "ann ? 371 371 371 374"),
    case("RFC 2812 3.4.10", "ann: INFO ann", "ann ? 371 371 371 374"),
    case("RFC 2812 3.4.10", "ann: INFO invalid", "ann < :$ 402 ann invalid :No such server"),
    case("RFC 2812 3.4.5", "ann: LINKS", "ann < :$ 365 ann * :This server stands alone"),
    case("RFC 2812 3.4.1", "ann: MOTD", "ann < :$ 422 ann :No message of the day is set"),
    case("RFC 2812 3.4.1", "ann: MOTD other", "ann ? 402"),
    case("RFC 2812 3.4.2", "ann: LUSERS", "ann ? 251 252 253 254 255 265 266"),
    case("RFC 2812 3.1.4", "ann: OPER ann", "ann < :$ 461 ann OPER :Not enough parameters"),
    case("RFC 2812 3.1.4", "ann: OPER ann secret", "ann ~ 491 ann :Nobody is an IRC operator here"),
    case("modern KILL", "ann: KILL bob :x", "ann ~ 481 ann :Only an IRC operator may"),
    case("RFC 2812 4.7", "ann: WALLOPS :x", "ann ? 481"),
    case("modern HELP", "ann: HELP tea",
         "ann < :$ 524 ann tea :There is no help on that; HELP alone lists the commands"),
    case(
        "modern HELP", "ann: HELPOP part",
        "ann < :$ 704 ann PART :PART <room>{,<room>} [:<reason>]", "ann < :$ 705 ann PART :Leave rooms.",
        "ann < :$ 705 ann PART :Cost: 1 line a target.",
        "ann < :$ 705 ann PART :Bounds: rooms-per-client, reason-length.",
        "ann < :$ 705 ann PART :Source: RFC 2812 3.2.2.", "ann < :$ 706 ann PART :End of help",
    ),
]  # fmt: skip


WELCOME = "001 002 003 004 005 005 005 251 252 253 254 255 265 266 422"
IN_AND_OUT = [
    case("RFC 2812 3.1", "new: NICK new", "new: USER u 0 * :Real", f"new ? {WELCOME}"),
    case("RFC 2812 3.1", "new: USER u 0 * :Real", "new: NICK new", f"new ? {WELCOME}"),
    case("RFC 2812 3.1", "new: NICK new", "new: NICK other", "new: USER u 0 * :Real", "new ~ 001 other :"),
    case("RFC 2812 3.1.1", "new: PASS", "new < :$ 461 * PASS :Not enough parameters"),
    case("RFC 2812 3.1.1", "new: PASS x", "new: NICK new", "new: USER u 0 * :x", "new ~ 001",
         "new: PASS x", "new ? 462"),
    case("RFC 2812 3.1.2", "new: NICK", "new < :$ 431 * :No nickname given"),
    case("RFC 2812 3.1.2", "new: NICK :", "new: USER u s e r", "new ? 431"),
    case("RFC 2812 3.1.2", "new: NICK *", "new: USER u s e r", "new ? 432", "new: NICK new", f"new ? {WELCOME}"),
    case("RFC 2812 3.1.2", "new: NICK ANN", "new < :$ 433 * ANN :Nickname is already in use"),
    case("RFC 2812 3.1.2", "ann: NICK bob", "ann < :$ 433 ann bob :Nickname is already in use"),
    case("RFC 2812 3.1.2", "ann: NICK Ann", "ann < :ann!ann@127.0.0.1 NICK :Ann", "ann: NICK Ann", "ann <"),
    case("RFC 2812 3.1.2", "ann: JOIN #a,#b", "bob: JOIN #a,#b", "bob ~ 366 bob #b", "ann: NICK eve",
         "bob < :ann!ann@127.0.0.1 NICK :eve", "bob <"),
    case("RFC 2812 3.1.3", "new: USER u 0 *", "new < :$ 461 * USER :Not enough parameters"),
    case("modern USER", "new: USER u 0 * :", "new: USER : 0 * x", "new ? 461 461"),
    case("RFC 2812 3.1.3", "ann: USER u 0 * :x", "ann < :$ 462 ann :You are in already"),
    case("modern PING", "new: PING tok", f"new < :{SERVER} PONG {SERVER} :tok"),
    case("modern PING", "ann: PING tok", f"ann < :{SERVER} PONG {SERVER} :tok", "ann: PING", "ann ? 461",
         "ann: PONG x", "ann <"),
    case("modern 451", "new: JOIN #a", "new < :$ 451 * :You have not registered", "new: NONSENSE", "new ? 451"),
    case("modern 421", "ann: NONSENSE x", "ann < :$ 421 ann NONSENSE :Unknown command"),
    case("RFC 2812 3.1.7", "ann: JOIN #a", "bob: JOIN #a", "bob ~ 366", "ann: QUIT :bye",
         "bob < :ann!ann@127.0.0.1 QUIT :Quit: bye"),
    case("RFC 2812 3.1.7", "ann: QUIT", "new: NICK ann", "new: USER u s e r", f"new ? {WELCOME}"),
    case("modern CASEMAPPING", "ann: JOIN #A[", "bob: JOIN #a[", "ann ~ bob!bob@127.0.0.1 JOIN #A[", "bob: JOIN #a{",
         "ann <"),
]  # fmt: skip


@pytest.mark.parametrize("each", ABOUT + IN_AND_OUT, ids=repr)
def test_the_server_behaves_as_its_source_says(each: Case) -> None:
    world = World()
    people = {"ann": world.irc("ann"), "bob": world.irc("bob"), "new": world.arrives()}
    world.hush()
    play(world, people, each.steps)


def test_help_lists_every_command_and_explains_each() -> None:
    ann = World().irc("ann")
    told = [message.split(" :", 2)[-1] for message in ann.says("HELP")]
    assert {word for line in told[1:-1] for word in line.split()} == set(IRC)
    for name in IRC:
        lines = ["705"] * (4 if IRC[name].bounds else 3)
        assert commands(ann.says(f"HELP {name}")) == ["704", *lines, "706"]


@pytest.mark.parametrize("first", ["QUIT", "QUIT :bye"])
async def test_quit_earns_an_error_also_as_the_very_first_line(first: str, autojump_clock: MockClock) -> None:
    """RFC 2812 3.1.7: "The server acknowledges this by sending an ERROR message to the client"."""
    async with running() as house:
        new = await house.connect()
        await new.send(first)
        assert [line.partition(" ")[0] for line in await new.rest()] == ["ERROR"]


@pytest.mark.parametrize(
    ("line", "command"),
    [(b"PRIVMSG bob :caf\xe9", "PRIVMSG"), (b"@a=\xe9 :x USER x", "USER"), (b"\xe9", "*"), (b"A\rQUIT \xe9", "*")],
)
async def test_what_is_not_utf8_is_refused_with_its_command(
    line: bytes, command: str, autojump_clock: MockClock
) -> None:
    """IRCv3 utf8-only: FAIL, also to those who have not negotiated standard replies."""
    async with running() as house:
        ann = await house.seated("ann")
        await ann.stream.send_all(line + b"\r\n")
        sentence = "Not delivered: what you send must be UTF-8"
        assert await ann.line() == f":chatd.local FAIL {command} INVALID_UTF8 :{sentence}"
        await ann.send("CAP REQ :batch labeled-response")
        await ann.find(" ACK ")
        await ann.stream.send_all(b"@label=x PRIVMSG bob :\xe9\r\n")
        assert await ann.line() == f"@label=x :chatd.local FAIL PRIVMSG INVALID_UTF8 :{sentence}"
