"""Bytes into lines. However they are cut on their way, the lines are the same; whatever they are, nothing is raised
and what is held stays bounded. Those are properties, so Hypothesis looks for the bytes that break them.
"""

from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from properties import tries

from chatd.ops import memory
from chatd.protocol.dialect import Dialect
from chatd.protocol.framing import Flaw, LineFramer
from chatd.protocol.intake import Intake
from chatd.protocol.irc import CLIENT_TAG_BYTES, TAG_BYTES, TEXT_BYTES
from chatd.protocol.telnet import Telnet

PLAIN_LINE, ENDLESS = 40, 9_000
FIRST = {Dialect.IRC: b"NICK ann\r\n", Dialect.PLAIN: b"hello\r\n"}
DIALECTS = list(FIRST)

# Pieces of what clients send, so that the interesting bytes meet each other more often than by chance.
PIECES = st.one_of(
    st.sampled_from(
        [
            b"\n",
            b"\r\n",
            b"\r",
            b"\0",
            b"\t",
            b" ",
            b"NICK ann\r\n",
            b"CAP LS 302\n",
            b"JOIN :",
            b"GET / HTTP/1.1\r\n",
            b"SSH-2.0-x\r\n",
            b"\x16\x03",
            b"\x16",
            b"@a=1 PRIVMSG x :",
            b"\xff",
            b"\xff\xff",
            b"\xff\xf4",
            b"\xff\xfd\x06",
            b"\xff\xfa\x18",
            b"\xff\xf0",
            "é€😀".encode(),
            "😀".encode()[:2],
            b"x" * PLAIN_LINE,
            b"y" * TEXT_BYTES,
            b"z" * 5_000,
        ]
    ),
    st.binary(max_size=20),
)
STREAMS = st.lists(PIECES, max_size=12).map(b"".join)
CUTS = st.lists(st.integers(0, 12_000), max_size=12)


def fragments(data: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return [data[start:end] for start, end in pairwise(places)] or [b""]


def intake() -> Intake:
    return Intake(PLAIN_LINE, ENDLESS)


def held(one: Intake) -> int:
    """How many bytes it keeps of what it was fed."""
    return len(one._framer.rest) + (len(one._telnet.answer) if one._telnet else 0)


def read(pieces: list[bytes]) -> tuple[list[str | Flaw], bytes, Dialect | None]:
    """All lines, the end included, what telnet is answered (in no other dialect but its own), and the dialect."""
    one = intake()
    lines: list[str | Flaw] = []
    answers = b""
    for piece in pieces:
        lines += one.feed(piece)
        answers += one.take_answer()
        assert held(one) <= memory.UNFINISHED, "what memory is reckoned with"
        assert one.take_answer() == b""
    lines += one.finish()
    return lines, answers if one.dialect is Dialect.PLAIN else b"", one.dialect


# Any bytes, any cut.


@tries(300)
@given(STREAMS, CUTS)
@example(b"NICK ann\r\nx", [10])
@example(b"\xff\xfa\x18\x16\x03", [3])
@example(b"\xff\xf1\x16\x03 hello", [4])
@example(b"\x16\x03\n\xff\xf4", [1, 2, 3])
@example(b"\xff\xfd\x06hi\xff\xf4", [1, 2, 5])
@example(b"x" * 9_001 + b"\nhi\n", [4_608, 4_609, 9_000])
@example(b"x" * 4_609 + b"\nhi\n", [4_608])
@example(b"\x16\x03" + b"z" * 5_000, [2])
def test_the_same_bytes_are_the_same_lines_however_they_are_cut(data: bytes, cuts: list[int]) -> None:
    assert read(fragments(data, cuts)) == read([data])


@tries(150)
@given(STREAMS)
def test_a_byte_at_a_time_is_the_same_too(data: bytes) -> None:
    assert read([bytes((byte,)) for byte in data]) == read([data])


@tries(200)
@given(STREAMS, CUTS, st.sampled_from(DIALECTS))
def test_no_line_holds_what_it_may_not(data: bytes, cuts: list[int], dialect: Dialect) -> None:
    lines, _, decided = read([FIRST[dialect], *fragments(data, cuts)])
    assert decided is dialect
    for line in lines:
        if isinstance(line, Flaw):
            continue
        assert not set(line) & set("\r\n\0")
        size = len(line.encode())
        if dialect is Dialect.PLAIN:
            assert size <= PLAIN_LINE
            assert not any(ord(character) < 0x20 and character != "\t" for character in line)
        else:
            tags, _, rest = line.partition(" ") if line.startswith("@") else ("", "", line)
            assert line
            assert len(tags.encode()) < CLIENT_TAG_BYTES
            assert len(rest.encode()) <= TEXT_BYTES


@pytest.mark.parametrize("start", [b"", *FIRST.values(), b"\xff\xfa", b"x" * 700])
def test_what_is_held_does_not_grow_with_what_comes(start: bytes) -> None:
    one = intake()
    list(one.feed(start))
    for _ in range(200):
        list(one.feed(b"z" * 1_000))
        assert held(one) <= memory.UNFINISHED, "what memory is reckoned with"


# Lengths: right at each bound, and one past it.


def test_a_plain_line_has_at_most_so_many_bytes() -> None:
    one = intake()
    assert list(one.feed(b"x" * PLAIN_LINE + b"\r\n")) == ["x" * PLAIN_LINE]
    assert list(one.feed(b"x" * (PLAIN_LINE + 1) + b"\n" + b"short\n")) == [Flaw.TOO_LONG, "short"]
    assert list(one.feed("é".encode() * (PLAIN_LINE // 2) + b"\n")) == ["é" * (PLAIN_LINE // 2)]
    assert list(one.feed("é".encode() * (PLAIN_LINE // 2 + 1) + b"\n")) == [Flaw.TOO_LONG]


def test_an_irc_line_has_at_most_512_bytes_with_its_end() -> None:
    one = intake()
    list(one.feed(FIRST[Dialect.IRC]))
    assert list(one.feed(b"x" * TEXT_BYTES + b"\r\n")) == ["x" * TEXT_BYTES]
    assert list(one.feed(b"x" * (TEXT_BYTES + 1) + b"\r\nshort\r\n")) == [Flaw.TOO_LONG, "short"]


def test_tags_have_a_bound_of_their_own() -> None:
    one = intake()
    list(one.feed(FIRST[Dialect.IRC]))
    tags = b"@" + b"t" * (CLIENT_TAG_BYTES - 2) + b" "
    assert len(tags) == CLIENT_TAG_BYTES
    line = tags + b"x" * TEXT_BYTES
    assert list(one.feed(line + b"\r\n")) == [line.decode()]
    assert list(one.feed(line + b"x\r\n")) == [Flaw.TOO_LONG]
    assert list(one.feed(b"@t" + line[1:] + b"\r\n")) == [Flaw.TOO_LONG]
    assert list(one.feed(b"@" + b"t" * 2_000 + b"\r\n")) == ["@" + "t" * 2_000]


def test_tags_do_not_lend_their_room_to_the_text() -> None:
    one = intake()
    list(one.feed(FIRST[Dialect.IRC]))
    assert list(one.feed(b"@a " + b"x" * (TEXT_BYTES + 1) + b"\r\n")) == [Flaw.TOO_LONG]


def test_what_a_client_may_send_as_tags_fits_what_a_line_may_have() -> None:
    assert CLIENT_TAG_BYTES < TAG_BYTES


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("size", [5_000, ENDLESS])
def test_a_long_line_costs_an_error_and_the_next_one_counts(dialect: Dialect, size: int) -> None:
    one = intake()
    list(one.feed(FIRST[dialect]))
    assert list(one.feed(b"x" * size)) == []
    assert list(one.feed(b"\nshort\n")) == [Flaw.TOO_LONG, "short"]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_line_without_an_end_is_the_last(dialect: Dialect) -> None:
    one = intake()
    list(one.feed(FIRST[dialect]))
    assert list(one.feed(b"x" * ENDLESS)) == []
    assert list(one.feed(b"x")) == [Flaw.ENDLESS]
    assert list(one.feed(b"\nshort\n")) == []
    assert list(one.finish()) == []


def test_a_first_line_without_an_end_is_the_last_too() -> None:
    one = intake()
    assert list(one.feed(b"x" * (ENDLESS + 1))) == [Flaw.ENDLESS]
    assert list(one.feed(b"NICK ann\n")) == []


@tries(200)
@given(st.binary(max_size=60), CUTS, st.integers(0, 20), st.integers(0, 20))
def test_framing_is_splitting_and_measuring(data: bytes, cuts: list[int], longest: int, more: int) -> None:
    endless = longest + more
    framer = LineFramer(longest, endless)
    seen: list[bytes | Flaw] = []
    for piece in fragments(data, cuts):
        seen += framer.feed(piece)
        assert len(framer.rest) <= longest
    expected: list[bytes | Flaw] = []
    *lines, rest = data.split(b"\n")
    for line in [*lines, rest]:
        if len(line) > endless:
            expected.append(Flaw.ENDLESS)
            break
        expected.append(line if len(line) <= longest else Flaw.TOO_LONG)
    else:
        expected.pop()  # the rest has not ended
        assert framer.rest == (rest if len(rest) <= longest else b"")
    assert seen == expected


# What a line is made of.


@pytest.mark.parametrize("dialect", DIALECTS)
def test_what_is_not_utf8_is_told_and_not_guessed(dialect: Dialect) -> None:
    one = intake()
    list(one.feed(FIRST[dialect]))
    bad = "é".encode("latin-1")
    assert list(one.feed(b"caf" + bad + b"\r\nfine\r\n")) == [Flaw.NOT_UTF8, "fine"]
    assert list(one.feed(b"\xed\xa0\x80\n")) == [Flaw.NOT_UTF8], "a surrogate is no character"


def test_a_character_may_be_cut_on_its_way() -> None:
    one = intake()
    list(one.feed(FIRST[Dialect.IRC]))
    smile = "😀".encode()
    assert list(one.feed(b"PRIVMSG x :" + smile[:1])) == []
    assert list(one.feed(smile[1:3])) == []
    assert list(one.feed(smile[3:] + b"\n")) == ["PRIVMSG x :😀"]


def test_controls_are_dropped_from_what_a_person_types() -> None:
    one = intake()
    assert list(one.feed(b"a\x01b\x1b[31mc\td\re\0f\x07\r\n")) == ["ab[31mc\tdef"]


def test_irc_loses_nul_and_cr_and_keeps_its_formatting() -> None:
    one = intake()
    list(one.feed(FIRST[Dialect.IRC]))
    assert list(one.feed(b"PRIVMSG x :\x01ACTION \x02a\0b\rc\x01\r\r\n")) == ["PRIVMSG x :\x01ACTION \x02abc\x01"]


def test_an_empty_line_is_a_pressed_enter_and_nothing_in_irc() -> None:
    assert list(intake().feed(b"\r\n\n")) == ["", ""]
    one = intake()
    list(one.feed(FIRST[Dialect.IRC]))
    assert list(one.feed(b"\r\n\n\0\n")) == []


def test_a_line_that_the_end_of_input_cuts_off_counts_for_a_person_only() -> None:
    one = intake()
    assert list(one.feed(b"hi")) == []
    assert list(one.finish()) == ["hi"]
    assert list(one.finish()) == []
    other = intake()
    list(other.feed(b"NICK ann\r\nQUIT"))
    assert list(other.finish()) == []
    whole = intake()
    assert list(whole.feed(b"NICK ann")) == []
    assert list(whole.finish()) == ["NICK ann"]
    assert whole.dialect is Dialect.IRC


# Telnet.


def test_telnets_bytes_are_taken_out_and_refused_politely() -> None:
    telnet = Telnet()
    asks = b"\xff\xfd\x01\xff\xfb\x1f"  # DO ECHO, WILL NAWS
    assert telnet.strip(b"he" + asks + b"llo") == [b"hello"]
    assert telnet.answer == b"\xff\xfc\x01\xff\xfe\x1f"  # WONT ECHO, DONT NAWS


def test_telnets_refusals_are_not_answered_or_it_would_never_end() -> None:
    telnet = Telnet()
    assert telnet.strip(b"\xff\xfe\x01\xff\xfc\x1f") == [b""]
    assert telnet.answer == b""


def test_a_doubled_iac_stands_for_itself() -> None:
    assert Telnet().strip(b"a\xff\xffb") == [b"a\xffb"]


def test_a_subnegotiation_is_skipped_also_where_it_holds_a_doubled_iac() -> None:
    assert Telnet().strip(b"a\xff\xfa\x1f\x00\xff\xff\xf0\xff\xf0b") == [b"ab"]


def test_ctrl_c_is_an_interrupt_and_its_timing_mark_is_answered() -> None:
    one = intake()
    assert list(one.feed(b"hi\nhal\xff\xf4\xff\xfd\x06f\n")) == ["hi", Flaw.INTERRUPT, "half"]
    assert one.take_answer() == b"\xff\xfc\x06"
    assert one.take_answer() == b""


def filtered(pieces: list[bytes]) -> tuple[list[bytes], bytes]:
    """What stands before, between and after the interrupts, and what is answered."""
    telnet = Telnet()
    texts = [b""]
    for piece in pieces:
        first, *others = telnet.strip(piece)
        texts[-1] += first
        texts += others
    return texts, telnet.answer


@tries(200)
@given(STREAMS, CUTS)
@example(b"ab\xff\xf4cd\xff\xf4", [1, 3, 5])
def test_telnet_is_filtered_the_same_however_it_is_cut(data: bytes, cuts: list[int]) -> None:
    assert filtered(fragments(data, cuts)) == filtered([data])


@tries(100)
@given(st.text(max_size=60), CUTS)
def test_telnet_lets_all_text_pass(text: str, cuts: list[int]) -> None:
    assert filtered(fragments(text.encode(), cuts)) == ([text.encode()], b"")


def test_irc_has_no_telnet_in_it() -> None:
    one = intake()
    assert list(one.feed(b"NICK ann\r\nPRIVMSG x :\xff\xfd\x06\r\nPING x\r\n")) == ["NICK ann", Flaw.NOT_UTF8, "PING x"]
    assert one.take_answer() == b""
