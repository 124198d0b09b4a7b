"""Rooms: flags, prefixes, who may speak, and that telling everybody costs one encoding per form."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from properties import tries

from chatd.protocol.event import Event, Form
from chatd.room import OPERATOR, Room


class Ear:
    """A member: what it was told, and in which form it reads."""

    def __init__(self, form: int = Form.IRC) -> None:
        self.form = form
        self.heard: list[bytes] = []

    @property
    def outbox(self) -> "Ear":
        return self

    def put(self, data: bytes) -> None:
        self.heard.append(data)

    def __len__(self) -> int:
        return 0


def room_of(*members: Ear, modes: str = "") -> Room[Ear]:
    room: Room[Ear] = Room("#room", 0.0, modes)
    room.members.update(dict.fromkeys(members, ""))
    return room


EVENT = ("ann!u@h", "PRIVMSG", ("#room",), "hi", 0.0)


def test_everybody_is_told_but_the_one_who_is_skipped() -> None:
    ann, bob, cid = Ear(), Ear(), Ear()
    room_of(ann, bob, cid).broadcast(Event(*EVENT), skip=ann)
    assert ann.heard == []
    assert bob.heard == cid.heard == [b":ann!u@h PRIVMSG #room :hi\r\n"]


def test_without_a_skip_everybody_is_told() -> None:
    ann, bob = Ear(), Ear()
    room_of(ann, bob).broadcast(Event(*EVENT))
    assert len(ann.heard) == len(bob.heard) == 1


def test_each_reads_its_form_and_readers_of_a_form_share_one_object() -> None:
    irc, other, plain = Ear(), Ear(), Ear(Form.PLAIN)
    room_of(irc, other, plain).broadcast(Event(*EVENT))
    assert irc.heard[0] is other.heard[0]
    assert plain.heard == [b"<ann> hi\r\n"]


def test_flags_are_given_and_taken_once() -> None:
    ann = Ear()
    room = room_of(ann)
    assert room.set_flag(ann, "v", True) is True
    assert room.set_flag(ann, "v", True) is False
    assert room.has_flag(ann, "v")
    assert not room.has_flag(ann, OPERATOR)
    assert room.set_flag(ann, "v", False) is True
    assert room.set_flag(ann, "v", False) is False
    assert not room.has_flag(ann, "v")


def test_who_is_not_in_the_room_has_no_flags() -> None:
    assert not room_of().has_flag(Ear(), OPERATOR)


@pytest.mark.parametrize(
    ("flags", "highest", "every"),
    [("", "", ""), ("v", "+", "+"), ("o", "@", "@"), ("vo", "@", "@+"), ("ov", "@", "@+")],
)
def test_the_highest_prefix_is_shown_or_all_in_order(flags: str, highest: str, every: str) -> None:
    ann = Ear()
    room = room_of(ann)
    for flag in flags:
        room.set_flag(ann, flag, True)
    assert room.prefix(ann) == highest
    assert room.prefix(ann, every=True) == every


@pytest.mark.parametrize(
    ("modes", "flags", "may"),
    [
        ("", None, True),
        ("n", None, False),
        ("m", None, False),
        ("nm", None, False),
        ("", "", True),
        ("n", "", True),
        ("m", "", False),
        ("m", "v", True),
        ("m", "o", True),
        ("nm", "o", True),
    ],
)
def test_who_may_speak(modes: str, flags: str | None, may: bool) -> None:
    ann = Ear()
    room = room_of(modes=modes)
    if flags is not None:
        room.members[ann] = flags
    assert room.may_speak(ann) is may


@tries(100)
@given(st.lists(st.tuples(st.sampled_from("ov"), st.booleans()), max_size=20))
def test_flags_are_a_set(changes: list[tuple[str, bool]]) -> None:
    ann = Ear()
    room = room_of(ann)
    flags: set[str] = set()
    for flag, on in changes:
        assert room.set_flag(ann, flag, on) is ((flag in flags) is not on)
        (flags.add if on else flags.discard)(flag)
    assert sorted(room.members[ann]) == sorted(flags)


def test_what_it_shows_of_itself() -> None:
    assert repr(room_of(Ear(), Ear())) == "<Room #room: 2 members>"
