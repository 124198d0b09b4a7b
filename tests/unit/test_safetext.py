"""Remote text is hostile: whatever it holds, what is shown of it makes no terminal do anything."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from properties import tries

from chatd.protocol.safetext import MARKS_PER_CHARACTER, neutralise

ZWJ, ZWNJ = "\N{ZERO WIDTH JOINER}", "\N{ZERO WIDTH NON-JOINER}"
HARMLESS = {ZWJ, ZWNJ, "\N{VARIATION SELECTOR-15}", "\N{VARIATION SELECTOR-16}"}
OBEYED = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}  # what a terminal acts on, or what nobody sees
BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
MARK = "\N{COMBINING ACUTE ACCENT}"

# Random text is mostly letters of scripts that nobody attacks with, so the rest is drawn more often.
NASTY = st.sampled_from(
    ["\x1b", "\x1b[2J", "\x1b]0;x\x07", "\x9b", "\x9d", "\x7f", "\r", "\n", "\t", "\0", "\x01", *BIDI]
)
ANY = st.characters() | NASTY | st.sampled_from([MARK, *HARMLESS, "\u2028", "\ue000", "\U000e0041", "\ufeff", "\xad"])
TEXTS = st.lists(ANY, max_size=40).map("".join)


def is_mark(character: str) -> bool:
    return unicodedata.category(character) in ("Mn", "Me") and character not in HARMLESS


@tries(600)
@given(TEXTS)
@example("".join(map(chr, range(0x180))))
@example("a" + MARK * 100)
@example(MARK * 100)
@example(f"a{MARK}{ZWJ}" * 30)
def test_what_is_shown_moves_no_cursor_and_hides_nothing(text: str) -> None:
    shown = neutralise(text)
    for character in shown:
        assert character in HARMLESS or unicodedata.category(character) not in OBEYED, hex(ord(character))
    piled = 0
    for character in shown:
        if is_mark(character):
            piled += 1
            assert piled <= MARKS_PER_CHARACTER
        elif character not in HARMLESS:
            piled = 0
    assert not shown or not is_mark(shown[0]), "it would stand on what is not of this text"


@tries(300)
@given(TEXTS)
def test_what_is_safe_stays_as_it_is(text: str) -> None:
    once = neutralise(text)
    assert neutralise(once) == once


@tries(200)
@given(TEXTS, TEXTS)
def test_what_stands_before_a_text_does_not_change_it(before: str, text: str) -> None:
    """But for the marks at its beginning, which would stand on it."""
    if text and not is_mark(text[0]) and text[0] not in HARMLESS:
        assert neutralise(before + text) == neutralise(before) + neutralise(text)


@tries(200)
@given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E)))
def test_printable_ascii_is_unchanged(text: str) -> None:
    assert neutralise(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "Grüße, naïve café",
        "Привет, мир",
        "你好，世界",
        "שלום עולם",
        "مرحبا بالعالم",
        "می‌خواهم",
        "นี่คือ",
        "Tiếng Việt",
        "e" + MARK,
        "👩‍👩‍👧‍👦",
        "🏳️‍🌈",
        "👍🏽",
        "❤️",
        "☺︎",
        "🇨🇭",
        "┌─┐ → ½ °",
    ],
)
def test_living_languages_and_emoji_survive(text: str) -> None:
    assert neutralise(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred", "␛[31mred"),
        ("a\tb", "a    b"),
        ("a\nb\rc", "a␊b␍c"),
        ("\0\x07\x7f", "␀␇␡"),
        ("\x9b31m", "\\x9b31m"),
        ("\x85", "\\x85"),
        ("ab\u202ecd", "ab\ufffdcd"),
        ("\u2066x\u2069", "\ufffdx\ufffd"),
        ("a\u2028b", "a\ufffdb"),
        ("\ue000\ud800\uffff", "\ufffd\ufffd\ufffd"),
        ("a" + MARK * 9, "a" + MARK * 4),
    ],
)
def test_what_is_neutralised_stays_visible(text: str, shown: str) -> None:
    assert neutralise(text) == shown


@pytest.mark.parametrize("character", BIDI)
def test_no_bidirectional_control_passes(character: str) -> None:
    assert neutralise(f"a{character}b") == "a\ufffdb"


def test_every_control_is_shown_as_something_else() -> None:
    for code in (*range(0x20), *range(0x7F, 0xA0)):
        shown = neutralise(chr(code))
        assert shown.isprintable()
        assert shown
