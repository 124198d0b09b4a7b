"""IRC messages: what is written is read as what it was, in at most 512 bytes, and names compare as they should."""

import re
import string
from itertools import pairwise

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from properties import tries

from chatd.protocol import irc
from chatd.protocol.irc import LINE_BYTES, TAG_BYTES, TEXT_BYTES, Message

CHARACTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\r\n\0")
TEXT = st.text(CHARACTERS, max_size=60)
WORD = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n\0 "), min_size=1, max_size=12).filter(
    lambda word: not word.startswith(":")
)
COMMAND = st.from_regex(r"[A-Z]{3,7}|[0-9]{3}", fullmatch=True)
SOURCE = st.sampled_from(["", "server.test", "ann!user@host"])
TAG_KEY = st.from_regex(r"\+?[a-z0-9./-]{1,8}", fullmatch=True)
TAGS = st.dictionaries(TAG_KEY, st.text(st.characters(exclude_categories=["Cs"]), max_size=12), max_size=4)
SHORT_ALPHABET = st.text("ab*?Aé", max_size=8)


# Reading.


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("PRIVMSG #a :hi there", Message("PRIVMSG", ["#a", "hi there"])),
        ("PRIVMSG #a hi", Message("PRIVMSG", ["#a", "hi"])),
        ("privmsg #a ::)", Message("PRIVMSG", ["#a", ":)"])),
        ("  NICK   bob  ", Message("NICK", ["bob"])),
        ("JOIN :", Message("JOIN", [""])),
        ("TOPIC #a :", Message("TOPIC", ["#a", ""])),
        ("TOPIC #a : a : b ", Message("TOPIC", ["#a", " a : b "])),
        ("MODE #a:b +k", Message("MODE", ["#a:b", "+k"])),
        (":ann!u@h PART #a", Message("PART", ["#a"], "ann!u@h")),
        (":ann", Message("", [], "ann")),
        (":", Message("")),
        ("", Message("")),
        ("   ", Message("")),
        ("@a=1;b TAGMSG x", Message("TAGMSG", ["x"], tags={"a": "1", "b": ""})),
        ("@a=1  :ann  PING  x", Message("PING", ["x"], "ann", {"a": "1"})),
        ("@a", Message("", tags={"a": ""})),
        ("@ PING x", Message("PING", ["x"])),
        ("PING\tx", Message("PING\tX")),
        ("PING a\u00a0b\u3000c", Message("PING", ["a\u00a0b\u3000c"])),
    ],
)
def test_a_line_is_read_as(line: str, message: Message) -> None:
    assert irc.parse(line) == message


@pytest.mark.parametrize(
    ("written", "tags"),
    [
        ("a=\\:\\s\\\\\\r\\n", {"a": "; \\\r\n"}),
        ("a=b\\", {"a": "b"}),
        ("a=\\b", {"a": "b"}),
        ("a=1;a=2", {"a": "2"}),
        ("=1;;b", {"b": ""}),
        ("a=b=c", {"a": "b=c"}),
        ("+draft/reply=id", {"+draft/reply": "id"}),
    ],
)
def test_tags_are_unescaped(written: str, tags: dict[str, str]) -> None:
    assert irc.parse_tags(written) == tags


@tries(300)
@given(st.text(max_size=80))
def test_no_line_makes_it_raise(line: str) -> None:
    message = irc.parse(line)
    assert all(" " not in word for word in (message.command, *message.params[:-1]))


# Writing.


@tries(300)
@given(COMMAND, st.lists(WORD, max_size=4), TEXT, SOURCE, TAGS)
def test_what_was_written_is_read(
    command: str, params: list[str], text: str, source: str, tags: dict[str, str]
) -> None:
    line = irc.write(command, params, text, source, irc.write_tags(tags))
    assert line.endswith(b"\r\n")
    assume(len(line) < LINE_BYTES)
    assert irc.parse(line[:-2].decode()) == Message(command, [*params, text], source, tags)


@tries(100)
@given(COMMAND, st.lists(WORD, max_size=4), SOURCE)
def test_so_is_what_has_no_text(command: str, params: list[str], source: str) -> None:
    assert irc.parse(irc.write(command, params, source=source).decode().rstrip("\r\n")) == Message(
        command, params, source
    )


@tries(200)
@given(st.text(st.sampled_from("aé€😀 "), min_size=120, max_size=700), TAGS)
@example("a" * TEXT_BYTES, {})
@example("€" * 200, {})
def test_a_long_line_is_cut_between_characters_at_512_bytes(text: str, tags: dict[str, str]) -> None:
    written = irc.write_tags(tags)
    data = irc.write("PRIVMSG", ["#a"], text, "ann!u@h", written)
    line = data[len(written.encode()) :]
    assert len(line) <= LINE_BYTES
    assert line.endswith(b"\r\n")
    whole = f":ann!u@h PRIVMSG #a :{text}"
    assert whole.startswith(line[:-2].decode())
    if len(whole.encode()) > TEXT_BYTES:
        assert len(line) > LINE_BYTES - 4, "no more is cut than one character needs"
    else:
        assert line[:-2].decode() == whole


@pytest.mark.parametrize("more", range(-2, 4))
def test_the_last_byte_that_fits_is_sent_and_the_next_is_not(more: int) -> None:
    text = "x" * (TEXT_BYTES - len("PRIVMSG #a :") + more)
    assert len(irc.write("PRIVMSG", ["#a"], text)) == min(LINE_BYTES, LINE_BYTES + more)


@tries(200)
@given(TAGS)
def test_tags_cannot_break_out_of_their_place(tags: dict[str, str]) -> None:
    written = irc.write_tags(tags)
    assert (written == "") is (not tags)
    if tags:
        assert written[0] == "@"
        assert written[-1] == " "
        assert not set(written[:-1]) & set(" \r\n")
        assert irc.parse_tags(written[1:-1]) == tags


@tries(200)
@given(st.text(st.sampled_from("abé=;\\:srn +0"), max_size=80))
def test_tags_do_not_grow_on_their_way_through_the_server(written: str) -> None:
    """What a client may send always fits what its readers may be sent."""
    tags = irc.parse_tags(written.replace(" ", ""))
    assert len(irc.write_tags(tags).encode()) <= len(written.encode()) + 2


def test_the_longest_tags_of_a_client_fit_beside_the_servers() -> None:
    assert irc.CLIENT_TAG_BYTES + len("time=2024-01-01T00:00:00.000Z;") <= TAG_BYTES


@pytest.mark.parametrize(
    ("text", "word"),
    [("bob", "bob"), ("", "*"), (":", "*"), (":::", "*"), ("a b", "a_b"), (":a", "a"), (": a", "_a"), ("a:b", "a:b")],
)
def test_a_word_of_a_client_stays_one_word(text: str, word: str) -> None:
    assert irc.word(text) == word


@tries(200)
@given(TEXT)
def test_no_word_becomes_two_or_the_last(text: str) -> None:
    line = irc.write("401", ["ann", irc.word(text)], "No such nick", "server")
    assert irc.parse(line.decode().rstrip("\r\n")).params[2:] == ["No such nick"] or len(line) >= LINE_BYTES - 3


def test_messages_compare_by_their_parts_and_show_them() -> None:
    one = Message("PING", ["x"], "ann!u@h", {"a": "1"})
    assert one == Message("PING", ["x"], "ann!u@h", {"a": "1"})
    assert one != Message("PING", ["y"], "ann!u@h", {"a": "1"})
    assert one != "PING x"
    assert repr(one) == "Message('PING', ['x'], source='ann!u@h', tags={'a': '1'})"
    assert (one.nick, Message("X", source="server.test").nick, Message("X").nick) == ("ann", "server.test", "")


# Names.


@pytest.mark.parametrize("nick", ["a", "Ann", "a1", "[x]\\`_", "^{|}", "_", "a-b", "a" * 9])
def test_a_nickname(nick: str) -> None:
    assert irc.is_nickname(nick, 9)


@pytest.mark.parametrize(
    "nick",
    [
        "",
        "1a",
        "-a",
        "a b",
        "a" * 10,
        "a!b",
        "a@b",
        "a.b",
        "a,b",
        "#a",
        ":a",
        "a\n",
        "a>",
        "<a",
        "*",
        "é",
        "ａ",
        "a\u200d",
    ],
)
def test_not_a_nickname(nick: str) -> None:
    assert not irc.is_nickname(nick, 9)


@pytest.mark.parametrize("name", ["#a", "##", "#A:b", "#é", "#😀", "#a!b@c"])
def test_a_rooms_name(name: str) -> None:
    assert irc.is_room_name(name, 10)


@pytest.mark.parametrize(
    "name", ["", "#", "a", "&a", "#a b", "#a,b", "#a\x07", "#a\n", "#a\x7f", "#a\x85", "#" + "a" * 10, "#ééééé"]
)
def test_not_a_rooms_name(name: str) -> None:
    assert not irc.is_room_name(name, 10)


@tries(200)
@given(st.text(max_size=20))
def test_names_that_are_allowed_are_words_of_a_line(name: str) -> None:
    if irc.is_nickname(name, 30) or irc.is_room_name(name, 50):
        assert irc.word(name) == name
        assert irc.parse(f"X {name} :y").params == [name, "y"]


@tries(200)
@given(st.text(max_size=20), st.integers(1, 10))
def test_a_user_name_is_made_of_whatever_was_given(text: str, length: int) -> None:
    name = irc.username(text, length)
    assert re.fullmatch(r"[A-Za-z0-9._~-]+", name)
    assert len(name) <= max(length, len("user"))


# Case.


@tries(200)
@given(st.text(max_size=20))
def test_folding_touches_ascii_letters_only(text: str) -> None:
    folded = irc.fold(text)
    assert folded == "".join(c.lower() if c in string.ascii_uppercase else c for c in text)
    assert irc.fold(folded) == folded


def test_case_is_that_of_ascii_and_not_of_rfc_1459() -> None:
    assert irc.fold("[A]\\") == "[a]\\"
    assert irc.fold("[") != irc.fold("{")
    assert irc.fold("É") != irc.fold("é")


# Masks.


def as_regex(mask: str) -> re.Pattern[str]:
    return re.compile("".join({"*": ".*", "?": "."}.get(c, re.escape(c)) for c in mask), re.DOTALL)


@tries(500)
@given(SHORT_ALPHABET, SHORT_ALPHABET)
@example("*a*b", "aabab")
@example("", "")
@example("*", "")
@example("a*", "a")
@example("?", "")
def test_a_mask_matches_as_the_same_regular_expression_does(mask: str, text: str) -> None:
    assert irc.Mask(mask).matches(text) is (as_regex(irc.fold(mask)).fullmatch(irc.fold(text)) is not None)


def test_a_mask_of_many_stars_is_not_slow() -> None:
    """A regular expression would take longer than the universe has been there."""
    assert not irc.Mask("*a" * 100 + "b").matches("a" * 1_000)


# Fitting.


@tries(300)
@given(st.text(st.sampled_from("aé€😀"), max_size=30), st.integers(0, 40))
def test_clipping_keeps_whole_characters_and_as_many_as_fit(text: str, size: int) -> None:
    clipped = irc.clip(text, size)
    assert text.startswith(clipped)
    assert len(clipped.encode()) <= size
    if clipped != text:
        assert len((clipped + text[len(clipped)]).encode()) > size


@tries(300)
@given(st.lists(st.text(st.sampled_from("aé😀"), min_size=1, max_size=9), max_size=20), st.integers(1, 30))
def test_wrapping_keeps_all_words_in_order_and_every_line_within_its_size(words: list[str], size: int) -> None:
    lines = irc.wrap(words, size)
    assert " ".join(lines).split() == words
    assert all(len(line.encode()) <= size or " " not in line for line in lines)
    for line, after in pairwise(lines):
        assert len(f"{line} {after.split()[0]}".encode()) > size, "a line is as full as it can be"
