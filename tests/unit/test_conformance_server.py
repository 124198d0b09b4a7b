"""The server as any IRC client expects it: how one comes in and out, what it says of itself.

Each case names its source. ann is registered; new is a connection that has said nothing.
"""

import pytest
from chat_harness import SERVER, World, commands
from conformance import Case, case, play

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
    case("RFC 2812 3.4.2", "ann: LUSERS", "ann ? 251 253 254 255 265 266"),
    case("RFC 2812 3.1.4", "ann: OPER ann", "ann < :$ 461 ann OPER :Not enough parameters"),
    case("RFC 2812 3.1.4", "ann: OPER ann secret", "ann ~ 491 ann :Nobody is an IRC operator here"),
    case("modern KILL", "ann: KILL bob :x", "ann ~ 481 ann :Only an IRC operator may"),
    case("RFC 2812 4.7", "ann: WALLOPS :x", "ann ? 481"),
    case("modern HELP", "ann: HELP tea",
         "ann < :$ 524 ann tea :There is no help on that; HELP alone lists the commands"),
    case(
        "modern HELP", "ann: HELPOP part",
        "ann < :$ 704 ann PART :PART <room>{,<room>} [:<reason>]", "ann < :$ 705 ann PART :Leave rooms.",
        "ann < :$ 705 ann PART :See RFC 2812 3.2.2.", "ann < :$ 706 ann PART :End of help",
    ),
]  # fmt: skip


@pytest.mark.parametrize("each", ABOUT, ids=repr)
def test_the_server_is(each: Case) -> None:
    world = World()
    people = {"ann": world.irc("ann"), "bob": world.irc("bob"), "new": world.arrives()}
    world.hush()
    play(world, people, each.steps)


def test_help_lists_every_command_and_explains_each() -> None:
    ann = World().irc("ann")
    told = [message.split(" :", 2)[-1] for message in ann.says("HELP")]
    assert {word for line in told[1:-1] for word in line.split()} == set(IRC)
    for name in IRC:
        assert commands(ann.says(f"HELP {name}")) == ["704", "705", "705", "706"]
