"""What is kept of a room's talk: the last of it, within its lines and bytes; and as much of it shown as fits."""

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st
from properties import tries

from chatd.history import History, Said
from chatd.protocol.event import Event, Form

MANY = 10**9


def said(text: str, when: float = 1_700_000_000.0) -> Event:
    return Event("ann!ann@host", "PRIVMSG", ("#lobby",), text, when)


def replayed(history: History, most: int = MANY, form: int = Form.IRC) -> list[str]:
    return history.replay("#lobby", form, most).decode().splitlines()


def test_it_is_shown_oldest_first_as_a_reader_of_that_form_reads_it() -> None:
    history = History()
    for number in range(3):
        history.add(said(f"line {number}", 1_700_000_000.0 + number), MANY, MANY)
    history.add(Event("bob!b@host", "NOTICE", ("#lobby",), "end", 1_700_000_003.0), MANY, MANY)
    assert replayed(history) == [
        *(f":ann!ann@host PRIVMSG #lobby :line {number}" for number in range(3)),
        ":bob!b@host NOTICE #lobby :end",
    ]
    assert replayed(history, form=Form.PLAIN) == ["<ann> line 0", "<ann> line 1", "<ann> line 2", "-bob- end"]
    assert replayed(history, form=Form.SERVER_TIME)[1].startswith("@time=2023-11-14T22:13:21.000Z :ann!ann@host ")


def test_past_its_lines_the_oldest_is_forgotten_and_the_bound_is_named() -> None:
    history = History()
    assert [history.add(said(str(number)), 2, MANY) for number in range(4)] == ["", ""] + ["history_lines"] * 2
    assert replayed(history, form=Form.PLAIN) == ["<ann> 2", "<ann> 3"]


def test_past_its_bytes_the_oldest_are_forgotten_and_the_bound_is_named() -> None:
    history = History()
    size = Said("ann!ann@host", "PRIVMSG", "x" * 100, 0.0).cost
    assert [history.add(said("x" * 100), MANY, 2 * size) for _ in range(3)] == ["", "", "history_bytes"]
    assert len(history) == 2
    assert history.add(said("y" * 150), MANY, 2 * size) == "history_bytes"
    assert replayed(history, form=Form.PLAIN) == [f"<ann> {'y' * 150}"]


@pytest.mark.parametrize(("lines", "size"), [(0, MANY), (MANY, 0), (MANY, 100)])
def test_without_room_nothing_is_kept(lines: int, size: int) -> None:
    history = History()
    history.add(said("hello"), lines, size)
    assert (len(history), history.bytes, replayed(history)) == (0, 0, [])


def test_a_bound_that_is_lowered_counts_from_the_next_line() -> None:
    history = History()
    for number in range(9):
        history.add(said(str(number)), MANY, MANY)
    history.add(said("9"), 3, MANY)
    assert replayed(history, form=Form.PLAIN) == ["<ann> 7", "<ann> 8", "<ann> 9"]


TEXTS = st.text(max_size=30) | st.sampled_from(["x" * 300, "漢" * 100, "é" * 200, "\x7f" * 200, "\x01ACTION waves\x01"])


@tries(200)
@given(st.lists(TEXTS, max_size=20), st.integers(0, 12), st.integers(0, 4_000), st.integers(-50, 3_000))
def test_it_is_the_end_of_what_was_said_within_its_bounds(texts: list[str], lines: int, size: int, most: int) -> None:
    history = History()
    for text in texts:
        history.add(said(text), lines, size)
        assert len(history) <= lines
        assert history.bytes <= size
    left = texts[len(texts) - len(history) :]
    assert history.bytes == sum(Said("ann!ann@host", "PRIVMSG", text, 0.0).cost for text in left)
    for form in (Form.IRC, Form.SERVER_TIME, Form.PLAIN):
        kept = [said(text).encode(form) for text in left]
        shown = history.replay("#lobby", form, most)
        assert shown == b"" if most < 0 else len(shown) <= most
        fitting = [kept[start:] for start in range(len(kept) + 1) if len(b"".join(kept[start:])) <= max(0, most)]
        assert shown == b"".join(fitting[0])


@pytest.mark.parametrize("letter", ["x", "é", "漢", "😀"])
def test_what_is_reckoned_for_a_line_is_at_least_what_it_takes(letter: str) -> None:
    """The process's memory is reckoned with it."""
    history = History()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for number in range(2_000):
            event = Event(f"ann{number}!ann@host", "PRIVMSG", ("#lobby",), f"{letter * 50} {number}", 1e9 + number)
            event.encode(Form.IRC)
            history.add(event, MANY, MANY)
        del event
        taken = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert history.bytes / 2 < taken <= history.bytes
