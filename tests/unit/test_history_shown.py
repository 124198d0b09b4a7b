"""What was said before one came in: shown to those who can see that it was before, as much as one reads at a time."""

import pytest
from chat_harness import LOBBY, Person, World, commands

from chatd.protocol import irc

TIME = "server-time"


def talk(world: World, *lines: str, room: str = LOBBY) -> Person:
    """Somebody who has said this, ten seconds between two lines."""
    ann = world.irc("ann", room)
    for line in lines:
        world.wall += 10
        ann.says(f"PRIVMSG {room} :{line}")
    return ann


def enters(world: World, nick: str, room: str = LOBBY, caps: str = "") -> list[str]:
    """What somebody who goes into a room hears."""
    return world.irc(nick, caps=caps).says(f"JOIN {room}")


def comes(world: World) -> list[str]:
    """What somebody with nc hears after the welcome."""
    person = world.arrives()
    person.be_plain()
    return person.says("")[1:]


def test_who_can_see_when_it_was_is_shown_it_after_all_that_a_join_brings() -> None:
    world = World()
    talk(world, "one", "two")
    heard = enters(world, "bob", caps=TIME)
    assert commands(heard) == ["JOIN", "353", "366", "PRIVMSG", "PRIVMSG"]
    assert heard[3:] == [
        "@time=2023-11-14T22:13:30.000Z :ann!ann@127.0.0.1 PRIVMSG #lobby :one",
        "@time=2023-11-14T22:13:40.000Z :ann!ann@127.0.0.1 PRIVMSG #lobby :two",
    ]


@pytest.mark.parametrize("caps", ["", "message-tags", "echo-message standard-replies"])
def test_who_would_take_it_for_new_is_not_shown_it(caps: str) -> None:
    world = World()
    talk(world, "one")
    assert commands(enters(world, "bob", caps=caps)) == ["JOIN", "353", "366"]


def test_a_person_with_a_plain_terminal_reads_where_it_begins_and_ends() -> None:
    world = World()
    ann = talk(world, "one", "\x01ACTION waves\x01", "\x1b[2J")
    ann.says(f"NOTICE {LOBBY} :hear")
    shown = ["<ann> one", "<ann> /me waves", "<ann> ␛[2J", "-ann- hear"]
    assert comes(world) == ["* Earlier in #lobby:", *shown, "* Now:"]


def test_where_nothing_was_said_nothing_is_shown() -> None:
    assert comes(World()) == []


@pytest.mark.parametrize(
    "line",
    [
        "PRIVMSG bob :between us",
        "TAGMSG #lobby",
        "TOPIC #lobby :soup",
        "AWAY :soup",
        "PRIVMSG #lobby :\x01VERSION\x01",
        "PRIVMSG #lobby :\x01PING 1\x01",
        "NOTICE #lobby :\x01VERSION mine\x01",
        "PRIVMSG #lobby,#a,#b,#c,#d :too many",
    ],
)
def test_what_is_no_talk_of_the_room_is_not_kept(line: str) -> None:
    world = World()
    world.irc("bob", LOBBY)
    world.irc("ann", LOBBY, caps="message-tags").says(line)
    assert {"PRIVMSG", "NOTICE", "TAGMSG"}.isdisjoint(commands(enters(world, "cid", caps=TIME)))
    assert not any(heard.startswith(("<", "-")) for heard in comes(world))


def test_each_room_has_its_own_and_it_ends_with_the_room() -> None:
    world = World()
    ann = talk(world, "secret", room="#a")
    assert len(enters(world, "bob", "#b", TIME)) == 3
    (*_, last) = enters(world, "cid", "#a", TIME)
    assert last.endswith(" PRIVMSG #a :secret")
    for client in list(world.chat.seated()):
        for room in list(client.rooms.values()):
            world.chat.part(client, room, client.event("PART", room.name))
    assert ann.client.rooms == {}
    assert len(enters(world, "dan", "#a", TIME)) == 3


def test_the_default_room_keeps_it_when_all_have_left() -> None:
    world = World()
    talk(world, "gone for soup").leaves()
    assert comes(world)[1] == "<ann> gone for soup"


def test_who_waits_is_shown_it_with_the_seat() -> None:
    world = World(max_clients=1, queue=1)
    ann = world.irc("ann", LOBBY)
    bob = world.irc("bob", LOBBY, caps=TIME)
    ann.says(f"PRIVMSG {LOBBY} :bye")
    assert bob.hears() == []
    ann.leaves()
    assert bob.hears()[-1].endswith("PRIVMSG #lobby :bye")


def test_the_last_lines_are_shown_and_the_bound_is_counted() -> None:
    world = World(history_lines=2)
    talk(world, "one", "two", "three")
    assert comes(world)[1:-1] == ["<ann> two", "<ann> three"]
    assert world.chat.usage.hits["history_lines"] == 1
    assert world.chat.usage.in_use(world.bound("history_lines")) == 2


def test_without_lines_there_is_no_history() -> None:
    world = World(history_lines=0)
    talk(world, "one")
    assert comes(world) == []
    assert len(enters(world, "bob", caps=TIME)) == 3


@pytest.mark.parametrize("text", ["x" * 100, "é" * 50, "\x7f" * 100], ids=["letters", "accents", "controls"])
@pytest.mark.parametrize("plain", [False, True])
def test_no_more_is_shown_than_one_reads_before_ones_next_line(text: str, plain: bool) -> None:
    world = World(outbox_pause=2_000)
    talk(world, *[f"{number} {text}" for number in range(30)])
    heard = comes(world)[1:-1] if plain else enters(world, "bob", caps=TIME)[3:]
    size = sum(len(line.encode()) + 2 for line in heard)
    assert 1_000 < size <= 2_000
    said = [line.partition("> ")[2] if plain else irc.parse(line).params[1] for line in heard]
    assert [line.split()[0] for line in said] == [str(number) for number in range(30 - len(heard), 30)]


def test_a_bot_is_not_shown_what_it_would_obey_again() -> None:
    world = World()
    talk(world, "!roll")
    bob = world.irc("bob", caps=TIME)
    assert commands(bob.says("MODE bob +B", f"JOIN {LOBBY}")) == ["MODE", "JOIN", "353", "366"]
