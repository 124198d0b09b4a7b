"""Who speaks what: the first line of a connection tells an IRC client, a person and other protocols apart, for good."""

import pytest

from chatd.protocol.dialect import Dialect, decide
from chatd.protocol.intake import Intake


@pytest.mark.parametrize(
    "line",
    [
        b"CAP LS 302",
        b"CAP LS",
        b"CAP END",
        b"CAP REQ :message-tags server-time",
        b"NICK bob",
        b"NICK :bob",
        b"USER a b c d",
        b"USER a 0 * :A real name",
        b"USER a 0 * :",
        b"PASS word",
        b"PASS :my secret",
        b"PASS my secret",
        b"PING 123",
        b"PING :123",
        b"QUIT",
        b"QUIT :",
        b"QUIT :bye bye",
        b"JOIN :",
        b"WEBIRC secret gateway host 192.0.2.1",
        b"CAP LS 302\r",
        b"JOIN :\r\n",
        b"NICK bob ",
    ],
)
def test_an_irc_client_is_known_by_its_first_line(line: bytes) -> None:
    assert decide(line) is Dialect.IRC


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\r",
        b"hello",
        b"NICK is my name",
        b"NICK",
        b"nick bob",
        b"Nick bob",
        b"USER a b c",
        b"USER guest speaks of many things",
        b"CAP",
        b"CAP ls",
        b"CAPS LOCK IS ON",
        b"PASS",
        b"PING",
        b"PING me when you are back",
        b"QUIT smoking",
        b"QUITE so",
        b"JOIN #lobby",
        b"JOIN :us",
        b"PRIVMSG #lobby :hi",
        b" NICK bob",
        b"/nick bob",
        b"GET well soon",
        b"get / HTTP/1.1",
        b"I like HTTP/1.1",
        b"ssh-keygen",
        b"\x16",
        b"\x03\x16",
        b"\xff\xfe",
    ],
)
def test_anything_else_is_a_person(line: bytes) -> None:
    assert decide(line) is Dialect.PLAIN


@pytest.mark.parametrize(
    ("line", "dialect"),
    [
        (b"GET / HTTP/1.1\r", Dialect.HTTP),
        (b"POST /x?y=1 HTTP/1.0", Dialect.HTTP),
        (b"PRI * HTTP/2.0", Dialect.HTTP),
        (b"CONNECT host:443 HTTP/1.1", Dialect.HTTP),
        (b"SSH-2.0-OpenSSH_9.6\r", Dialect.SSH),
        (b"\x16\x03\x01\x02\x00\x01", Dialect.TLS),
    ],
)
def test_other_protocols_are_recognised(line: bytes, dialect: Dialect) -> None:
    assert decide(line) is dialect
    assert dialect.foreign


def test_only_other_protocols_are_foreign() -> None:
    assert [dialect for dialect in Dialect if not dialect.foreign] == [Dialect.IRC, Dialect.PLAIN]


def test_the_first_line_decides_once() -> None:
    one = Intake(100, 1_000)
    assert one.dialect is None
    assert list(one.feed(b"hello\nNICK bob\nCAP LS\n")) == ["hello", "NICK bob", "CAP LS"]
    assert one.dialect is Dialect.PLAIN


@pytest.mark.parametrize("line", [b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"SSH-2.0-x\r\n", b"\x16\x03\x01\x02\n"])
def test_nothing_of_another_protocol_is_ever_a_line(line: bytes) -> None:
    one = Intake(100, 1_000)
    assert list(one.feed(line)) == []
    assert list(one.feed(b"hello\n")) == []
    assert list(one.finish()) == []
    assert one.dialect is not None
    assert one.dialect.foreign


def test_tls_is_recognised_before_it_ends_a_line() -> None:
    one = Intake(100, 1_000)
    list(one.feed(b"\x16"))
    assert one.dialect is None
    list(one.feed(b"\x03"))
    assert one.dialect is Dialect.TLS
