"""One event, many readers: each reads it in its own form, and it is encoded once for each form."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from properties import tries

from chatd.protocol import irc
from chatd.protocol.event import Event, Form, server_time

WHEN = 1_700_000_000.25
STAMP = "2023-11-14T22:13:20.250Z"
TAGS = {"+draft/reply": "id 1"}


def event(command: str = "PRIVMSG", text: str | None = "hi") -> Event:
    return Event("ann!u@h", command, ("#room",), text, WHEN, TAGS)


def test_each_form_has_what_its_reader_asked_for() -> None:
    one = event()
    assert one.encode(Form.IRC) == b":ann!u@h PRIVMSG #room :hi\r\n"
    assert one.encode(Form.SERVER_TIME) == f"@time={STAMP} :ann!u@h PRIVMSG #room :hi\r\n".encode()
    assert one.encode(Form.MESSAGE_TAGS) == b"@+draft/reply=id\\s1 :ann!u@h PRIVMSG #room :hi\r\n"
    both = one.encode(Form.SERVER_TIME | Form.MESSAGE_TAGS)
    assert both == f"@time={STAMP};+draft/reply=id\\s1 :ann!u@h PRIVMSG #room :hi\r\n".encode()
    assert one.encode(Form.PLAIN) == b"<ann> hi\r\n"


def test_it_is_encoded_once_for_each_form_and_shared_by_its_readers(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    write = irc.write

    def count(*args: str | tuple[str, ...] | None) -> bytes:
        written.append("")
        return write(*args)  # type: ignore[arg-type]

    monkeypatch.setattr("chatd.protocol.event.write", count)
    one = event()
    assert written == [], "nobody has needed it yet"
    first = one.encode(Form.IRC)
    assert one.encode(Form.IRC) is first
    assert len(written) == 1
    assert one.encode(Form.SERVER_TIME) is one.encode(Form.SERVER_TIME)
    assert len(written) == 2


def test_tags_alone_are_told_only_to_those_who_understand_them() -> None:
    one = event("TAGMSG", None)
    assert one.encode(Form.IRC) == b""
    assert one.encode(Form.SERVER_TIME) == b""
    assert one.encode(Form.PLAIN) == b""
    assert one.encode(Form.MESSAGE_TAGS) == b"@+draft/reply=id\\s1 :ann!u@h TAGMSG #room\r\n"


def test_an_event_without_tags_has_none() -> None:
    one = Event("s", "PING", (), "x", WHEN)
    assert one.tags == {}
    assert one.encode(Form.MESSAGE_TAGS) == b":s PING :x\r\n"


def test_what_was_said_has_an_id_for_those_who_read_tags() -> None:
    one = Event("ann!u@h", "PRIVMSG", ("#room",), "hi", WHEN, TAGS, 0xABC)
    assert one.encode(Form.MESSAGE_TAGS) == b"@msgid=abc;+draft/reply=id\\s1 :ann!u@h PRIVMSG #room :hi\r\n"
    assert one.encode(Form.SERVER_TIME) == f"@time={STAMP} :ann!u@h PRIVMSG #room :hi\r\n".encode()


def test_what_alters_a_join_alone_has_no_other_line_encoded_twice() -> None:
    said, join = event(), Event("ann!u@h", "JOIN", ("#room", "*"), "Ann Real", WHEN)
    assert said.encode(Form.EXTENDED_JOIN) is said.encode(Form.IRC)
    assert join.encode(Form.EXTENDED_JOIN) == b":ann!u@h JOIN #room * :Ann Real\r\n"
    assert join.encode(Form.IRC) == b":ann!u@h JOIN #room\r\n"
    assert join.encode(Form.PLAIN) == b"* ann came in\r\n"


@tries(100)
@given(st.integers(0, 4_000_000_000_000))
def test_server_time_is_utc_with_milliseconds(milliseconds: int) -> None:
    written = server_time(milliseconds / 1_000)
    assert len(written) == len(STAMP)
    assert (written[10], written[19], written[-1]) == ("T", ".", "Z")
    assert abs(int(written[20:23]) - milliseconds % 1_000) % 999 <= 1
