"""What a person with nc types, and what comes of it."""

import pytest
from chat_harness import LOBBY, Person, World

from chatd.commands import PLAIN


def test_a_person_comes_in_with_a_first_line_and_it_is_said() -> None:
    world = World()
    bob = world.irc("bob", LOBBY)
    ann = world.arrives()
    ann.be_plain()
    heard = ann.says("hello")
    assert heard[0].startswith("* Welcome, guest1: one other is in #lobby.")
    assert bob.hears() == [
        ":guest1!plain@127.0.0.1 JOIN #lobby",
        ":guest1!plain@127.0.0.1 PRIVMSG #lobby :hello",
    ]


def test_enter_is_a_guest_and_a_name_can_be_chosen_first() -> None:
    world = World()
    guest = world.plain()
    assert guest.client.nick == "guest1"
    ann = world.plain("ann")
    assert ann.client.nick == "ann"
    ann.says("/nick eve")
    assert guest.hears() == ["* ann is now called eve"]


def test_a_name_that_cannot_be_had_is_no_entrance() -> None:
    world = World()
    world.irc("ann")
    person = world.arrives()
    person.be_plain()
    assert person.says("/nick ann") == ["* ann: Nickname is already in use"]
    (line,) = person.says("/nick two words")
    assert line.startswith("* two words: A nickname is at most 30 ")
    assert world.chat.handshakes == 1
    person.says("/nick eve")
    assert person.is_seated


def test_guests_get_names_that_nobody_has() -> None:
    world = World()
    world.irc("guest1")
    world.irc("Guest2")
    assert world.plain().client.nick == "guest3"


TYPED = [
    ("hi", []),
    ("", []),
    ("//me", []),
    ("/me waves", []),
    ("/me", ["* Write /me <text>"]),
    ("/say", ["* Write /say <text>"]),
    ("/say hi", []),
    ("/msg", ["* Write /msg <nickname> <text>"]),
    ("/msg ann", ["* Write /msg <nickname> <text>"]),
    ("/msg ann hi", []),
    ("/msg nobody hi", ["* nobody: No such nick or room"]),
    ("/nick", ["* Write /nick <nickname>"]),
    ("/nick eve", ["* zoe is now called eve"]),
    ("/nick ann", ["* ann: Nickname is already in use"]),
    ("/who", ["* 2 in #lobby. 2 of 100 seats are taken, 0 waiting.", "* ann zoe"]),
    ("/dance", ["* There is no /dance. /help lists what there is; // says a slash."]),
    ("/", ["* There is no /. /help lists what there is; // says a slash."]),
]


@pytest.mark.parametrize(("line", "answer"), TYPED, ids=[line for line, _ in TYPED])
def test_a_typed_line_is_answered_with(line: str, answer: list[str]) -> None:
    world = World()
    zoe = world.plain("zoe")
    world.irc("ann", LOBBY)
    world.hush()
    assert zoe.says(line) == answer


@pytest.mark.parametrize(
    ("line", "text"),
    [("hi", "hi"), ("//me", "/me"), ("/say hi", "hi"), ("/me waves", "\x01ACTION waves\x01"), ("a : b", "a : b")],
)
def test_what_is_typed_is_said_in_the_default_room(line: str, text: str) -> None:
    world = World()
    zoe, ann = world.plain("zoe"), world.irc("ann", LOBBY)
    zoe.says(line)
    assert ann.hears() == [f":zoe!plain@127.0.0.1 PRIVMSG #lobby :{text}"]


def test_a_word_to_one_person_is_read_by_that_one_alone() -> None:
    world = World()
    zoe, ann, bob = world.plain("zoe"), world.plain("ann"), world.irc("bob")
    zoe.hears()
    zoe.says("/msg ann psst", "/msg bob psst")
    assert ann.hears()[-1] == "<zoe -> you> psst"
    assert bob.hears() == [":zoe!plain@127.0.0.1 PRIVMSG bob :psst"]
    bob.says("AWAY :tea")
    assert zoe.says("/msg bob psst") == ["* bob is away: tea"]


def test_help_lists_every_command() -> None:
    heard = "\n".join(World().plain("zoe").says("/help"))
    for name in set(PLAIN) - {"SAY"}:
        assert f"/{name.lower()}" in heard


def test_a_person_who_quits_leaves_with_those_words() -> None:
    world = World()
    zoe, ann = world.plain("zoe"), world.irc("ann", LOBBY)
    zoe.says("/quit bye all")
    assert ann.hears() == [":zoe!plain@127.0.0.1 QUIT :Quit: bye all"]


def leave_before_entering(world: World) -> Person:
    person = world.arrives()
    person.be_plain()
    person.says("/quit")
    return person


def test_one_who_quits_with_the_first_line_was_never_in() -> None:
    world = World()
    bob = world.irc("bob", LOBBY)
    bob.hears()
    person = leave_before_entering(world)
    assert person.farewell is not None
    assert bob.hears() == []
    assert world.chat.pool.statistics.arrived == 1, "bob alone"


@pytest.mark.parametrize("line", ["/say", "/me", "/who", "/msg", "/nonsense", "/"])
def test_almost_any_first_line_of_a_person_brings_it_in(line: str) -> None:
    person = World().arrives()
    person.be_plain()
    person.says(line)
    assert person.is_seated


@pytest.mark.parametrize("line", ["/help", "/nick"])
def test_a_person_may_ask_before_it_comes_in(line: str) -> None:
    person = World().arrives()
    person.be_plain()
    assert person.says(line)
    assert person.client.nick == ""
    person.says("hello")
    assert person.is_seated
