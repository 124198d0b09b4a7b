"""The plain dialect: nobody can write a line that looks like the server's or like another's, however he tries."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from properties import tries

from chatd.protocol import plain
from chatd.protocol.irc import Message, is_nickname
from chatd.protocol.safetext import neutralise

NICKS = st.from_regex(r"[A-Za-z\[\]\\`_^{|}][A-Za-z0-9\[\]\\`_^{|}-]{0,12}", fullmatch=True)
FORGED = st.sampled_from(
    [
        "* ",
        "\r\n* Server",
        "\n<bob> ",
        "\x1b[2K\r",
        "<bob> hi",
        "\x01ACTION ",
        "\x01VERSION\x01",
        "\x01",
        "-> you> ",
        "\x03",
    ]
)
TEXTS = st.lists(FORGED | st.text(max_size=10), max_size=6).map("".join)


def lines_of(data: bytes) -> list[str]:
    """The lines as a terminal shows them: it obeys more line ends than LF."""
    text = data.decode()
    assert text.endswith("\r\n")
    return text[:-2].splitlines() or [""]


# Nobody is anybody else.


@tries(400)
@given(NICKS, TEXTS, st.sampled_from(["#room", "ann"]))
def test_a_message_is_one_line_that_begins_with_who_says_it(nick: str, text: str, target: str) -> None:
    assert is_nickname(nick, 30)
    data = plain.render(f"{nick}!u@h", "PRIVMSG", (target,), text)
    if data:
        (line,) = lines_of(data)
        assert line.startswith(f"<{nick}> " if target == "#room" else f"<{nick} -> you> ")
        assert neutralise(line) == line


@tries(300)
@given(NICKS, TEXTS)
def test_a_notice_too(nick: str, text: str) -> None:
    data = plain.render(f"{nick}!u@h", "NOTICE", ("#room",), text)
    if data:
        (line,) = lines_of(data)
        assert line.startswith(f"-{nick}- ")
        assert neutralise(line) == line


@tries(300)
@given(
    NICKS, TEXTS, st.sampled_from(["JOIN", "PART", "QUIT", "NICK", "TOPIC", "MODE", "TAGMSG", "KICK", "353", "ERROR"])
)
def test_what_happens_is_one_server_line_or_none(nick: str, text: str, command: str) -> None:
    data = plain.render(f"{nick}!u@h", command, ("#room", "+o", nick), text)
    if data:
        (line,) = lines_of(data)
        assert line.startswith(f"* {nick} ")
        assert neutralise(line) == line


@tries(200)
@given(TEXTS)
def test_a_server_line_is_one_line_whatever_it_quotes(text: str) -> None:
    (line,) = lines_of(plain.write(text))
    assert line.startswith("* ")
    assert neutralise(line) == line


@tries(200)
@given(st.text(max_size=20))
def test_no_nickname_can_end_its_own_brackets(nick: str) -> None:
    if is_nickname(nick, 30):
        assert not set(nick) & set(" <>*")
        assert not nick.startswith("-")


# What is read.


@pytest.mark.parametrize(
    ("command", "params", "text", "line"),
    [
        ("PRIVMSG", ("#room",), "hi", "<ann> hi"),
        ("PRIVMSG", ("bob",), "hi", "<ann -> you> hi"),
        ("PRIVMSG", ("#room",), "\x01ACTION waves\x01", "<ann> /me waves"),
        ("PRIVMSG", ("#room",), "\x01ACTION waves", "<ann> /me waves"),
        ("PRIVMSG", ("#room",), "\x02bold\x02 \x0304,12red\x03 \x1funder\x0f", "<ann> bold red under"),
        ("PRIVMSG", ("#room",), "\x1b[2J", "<ann> ␛[2J"),
        ("NOTICE", ("#room",), "hi", "-ann- hi"),
        ("JOIN", ("#room",), None, "* ann came in"),
        ("PART", ("#room",), None, "* ann left"),
        ("PART", ("#room",), "tea", "* ann left (tea)"),
        ("QUIT", (), "Quit: tea", "* ann left (Quit: tea)"),
        ("NICK", (), "eve", "* ann is now called eve"),
        ("TOPIC", ("#room",), "tea", "* ann set the topic: tea"),
        ("TOPIC", ("#room",), "", "* ann removed the topic"),
        ("MODE", ("#room", "+ov", "bob", "cid"), None, "* ann set +ov bob cid"),
    ],
)
def test_an_event_as_a_person_reads_it(command: str, params: tuple[str, ...], text: str | None, line: str) -> None:
    assert plain.render("ann!u@h", command, params, text) == f"{line}\r\n".encode()


@pytest.mark.parametrize(
    ("command", "text"), [("PRIVMSG", "\x01VERSION\x01"), ("NOTICE", "\x01PING 1\x01"), ("TAGMSG", None)]
)
def test_what_programs_ask_each_other_is_not_shown(command: str, text: str | None) -> None:
    assert plain.render("ann!u@h", command, ("#room",), text) == b""


# What is typed.


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("hi", Message("SAY", ["hi"])),
        ("", Message("SAY", [""])),
        (" /nick", Message("SAY", [" /nick"])),
        ("//etc", Message("SAY", ["/etc"])),
        ("//", Message("SAY", ["/"])),
        ("/nick ann", Message("NICK", ["ann"])),
        ("/NICK  ann ", Message("NICK", ["ann"])),
        ("/nick", Message("NICK")),
        ("/nick   ", Message("NICK")),
        ("/me waves a lot", Message("ME", ["waves a lot"])),
        ("/", Message("")),
    ],
)
def test_what_was_typed_is_read_as(line: str, message: Message) -> None:
    assert plain.parse(line) == message


@tries(200)
@given(st.text(max_size=40))
def test_nothing_that_is_typed_makes_it_raise(line: str) -> None:
    message = plain.parse(line)
    assert len(message.params) <= 1


def test_an_action_travels_as_ctcp_and_is_read_as_typed() -> None:
    text = plain.action("waves")
    assert text == "\x01ACTION waves\x01"
    assert re.fullmatch(rb"<ann> /me waves\r\n", plain.render("ann!u@h", "PRIVMSG", ("#room",), text))
