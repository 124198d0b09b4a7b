"""Messages and their copies are counted as they happen: what was refused is none, and nobody reads his own."""

import pytest
from chat_harness import LOBBY, World


def counted(*lines: str, caps: str = "") -> tuple[int, int]:
    """Messages and deliveries after somebody in a room of three said that."""
    world = World()
    ann = world.irc("ann", LOBBY, caps=caps)
    world.irc("bob", LOBBY)
    world.plain("cid")
    ann.says(*lines)
    return world.chat.messages, world.chat.deliveries


@pytest.mark.parametrize(
    ("line", "messages", "deliveries"),
    [
        (f"PRIVMSG {LOBBY} :hello", 1, 2),
        (f"NOTICE {LOBBY} :hello", 1, 2),
        ("PRIVMSG bob :hello", 1, 1),
        ("PRIVMSG bob,cid :hello", 2, 2),
        (f"PRIVMSG {LOBBY},bob :hello", 2, 3),
        ("PRIVMSG nobody :hello", 0, 0),
        ("PRIVMSG #nowhere :hello", 0, 0),
        ("PRIVMSG a,b,c,d,e :hello", 0, 0),
        (f"PRIVMSG {LOBBY}", 0, 0),
        ("JOIN #a", 0, 0),
        ("TOPIC #lobby :soup", 0, 0),
    ],
)
def test_what_was_said_is_counted_once_and_for_each_who_reads_it(line: str, messages: int, deliveries: int) -> None:
    assert counted(line) == (messages, deliveries)


def test_from_outside_a_room_all_members_read_it() -> None:
    world = World()
    ann, bob = world.irc("ann", "#a"), world.irc("bob")
    ann.says("MODE #a -n")
    bob.says("PRIVMSG #a :hello")
    assert (world.chat.messages, world.chat.deliveries) == (1, 1)


def test_tags_alone_are_no_message() -> None:
    messages, _ = counted(f"TAGMSG {LOBBY}", caps="message-tags")
    assert messages == 0
