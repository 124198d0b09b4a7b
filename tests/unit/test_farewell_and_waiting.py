"""What programs read in the server's sentences. One side writes it, the other reads it: both are tested as one."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from properties import tries

from chatd.protocol import irc, plain
from chatd.protocol.farewell import Farewell, Reason, parse_farewell
from chatd.protocol.irc import Message
from chatd.protocol.waiting import Occupancy, Queued, Seated, duration, ordinal, parse_note

SENTENCES = st.text(st.characters(codec="ascii", categories=["L", "N", "P", "Zs"]), min_size=1, max_size=60).filter(
    lambda text: text == text.strip(" ") and not text.startswith("Closing Link:")
)
FAREWELLS = st.builds(Farewell, SENTENCES, st.sampled_from(Reason), st.none() | st.integers(0, 999_999_999))
HOSTS = st.sampled_from(["127.0.0.1", "0::1", "fe80::1%eth0", "host.example"])


def found(text: str) -> tuple[str, str, int | None] | None:
    return parse_farewell(text)


# Farewells.


def test_the_grammar_by_example() -> None:
    assert Farewell("Full", Reason.SERVER_FULL, 37).text == "Full; SERVER_FULL, retry in 37 s"
    assert Farewell("Too slow", Reason.OUTBOX_FULL).text == "Too slow; OUTBOX_FULL"
    assert Farewell("Quit: bye").text == "Quit: bye"


@tries(200)
@given(FAREWELLS)
@example(Farewell("a; b; C (d)", Reason.DRAINING, 0))
@example(Farewell("a; SERVER_FULL, retry in 3 s", Reason.PAUSED, 4))
def test_what_is_said_is_understood(farewell: Farewell) -> None:
    assert found(farewell.text) == farewell


@tries(200)
@given(FAREWELLS, HOSTS)
def test_so_it_is_in_an_irc_error(farewell: Farewell, host: str) -> None:
    line = irc.write("ERROR", text=f"Closing Link: {host} ({farewell.text})")
    (text,) = irc.parse(line.decode().rstrip("\r\n")).params
    assert found(text) == farewell


@tries(200)
@given(FAREWELLS)
def test_so_it_is_in_a_plain_line(farewell: Farewell) -> None:
    line = plain.write(farewell.text).decode()
    assert found(line.removeprefix("* ").rstrip("\r\n")) == farewell


def test_an_unknown_reason_is_passed_on() -> None:
    assert found("Closing Link: h (No; TOO_TALL, retry in 5 s)") == ("No", "TOO_TALL", 5)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Goodbye.",
        "Closing Link: h (Quit: bye)",
        "Full; server_full",
        "Full SERVER_FULL",
        "Full; SERVER_FULL, retry in x s",
        "Full; SERVER_FULL, retry in 1234567890 s",
        "Full; SERVER_FULL, retry in ٣ minutes",
        "Full; SERVER_FULL and more",
    ],
)
def test_what_is_no_farewell_of_this_grammar_is_none(text: str) -> None:
    assert found(text) is None


@tries(200)
@given(st.text(max_size=80))
def test_no_text_makes_it_raise(text: str) -> None:
    parse_farewell(text)


# Notes.

COUNTS = st.integers(0, 999_999_999)
NOTES = st.one_of(
    st.builds(Queued, COUNTS, COUNTS, st.none() | COUNTS.map(float)),
    st.builds(Occupancy, COUNTS, st.none() | COUNTS, COUNTS),
    st.just(Seated()),
)


@tries(200)
@given(NOTES)
def test_a_note_is_understood(note: Queued | Occupancy | Seated) -> None:
    line = irc.write("NOTE", ["*", *note.words()], note.sentence, "server.test")
    assert parse_note(irc.parse(line.decode().rstrip("\r\n"))) == note


def test_an_expected_wait_is_told_in_whole_seconds() -> None:
    assert Queued(1, 2, 3.6).words() == ["QUEUED", "1", "2", "4"]


@pytest.mark.parametrize(
    "message",
    [
        Message("NOTE", ["*", "QUEUED", "1", "2", "3"]),
        Message("NOTE", ["*", "QUEUED", "-1", "2", "3", "x"]),
        Message("NOTE", ["*", "QUEUED", "1", "2", "3.5", "x"]),
        Message("NOTE", ["*", "QUEUED", "1", "*", "*", "x"]),
        Message("NOTE", ["*", "QUEUED", "١", "2", "*", "x"]),
        Message("NOTE", ["*", "QUEUED", "1" * 10, "2", "*", "x"]),
        Message("NOTE", ["#room", "QUEUED", "1", "2", "*", "x"]),
        Message("NOTE", ["*", "OCCUPANCY", "1", "2", "*", "x"]),
        Message("NOTE", ["*", "SEATED"]),
        Message("NOTE", ["*", "SOMETHING", "x"]),
        Message("NOTE"),
        Message("FAIL", ["*", "SEATED", "x"]),
    ],
)
def test_what_is_no_note_of_these_forms_is_none(message: Message) -> None:
    assert parse_note(message) is None


@tries(200)
@given(st.lists(st.text(max_size=8) | st.sampled_from(["*", "QUEUED", "OCCUPANCY", "SEATED", "1"]), max_size=7))
def test_no_note_makes_it_raise(params: list[str]) -> None:
    parse_note(Message("NOTE", params))


# Words for people.


@pytest.mark.parametrize(
    ("number", "words"),
    [
        *[(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (10, "10th"), (11, "11th"), (12, "12th"), (13, "13th")],
        *[(20, "20th"), (21, "21st"), (22, "22nd"), (101, "101st"), (111, "111th"), (112, "112th"), (1_003, "1003rd")],
    ],
)
def test_ordinals(number: int, words: str) -> None:
    assert ordinal(number) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        *[(0.5, "0.5 s"), (1.5, "1.5 s"), (2.0, "2 s"), (40.0, "40 s"), (99.0, "99 s"), (120.0, "2 min")],
        *[(300.0, "5 min"), (3_600.0, "60 min"), (7_200.0, "2 h"), (36_000.0, "10 h")],
    ],
)
def test_durations(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_a_place_in_line_in_words() -> None:
    assert Queued(3, 12, 40.0).sentence == "You are 3rd of 12 in line, about 40 s. Stay connected."
    assert Queued(1, 1, None).sentence == "You are 1st of 1 in line. Stay connected."


def test_occupancy_in_words() -> None:
    assert Occupancy(3, 100, 2).sentence == "3 of 100 seats are taken, 2 waiting."
    assert Occupancy(3, None, 0).words() == ["OCCUPANCY", "3", "*", "0"]
