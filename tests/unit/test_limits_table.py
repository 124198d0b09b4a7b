"""The table of bounds: each says what it is, and what is written for it is taken or answered with a sentence."""

import dataclasses
import math
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from properties import tries

from chatd.bounds import BY_CHOICE, NONE, Bound
from chatd.limits import SECTIONS, Limits, bounds
from chatd.protocol import replies
from chatd.protocol.farewell import Reason

TABLE = bounds()
BY_NAME = {bound.name: bound for bound in TABLE}
EVERY = pytest.mark.parametrize("bound", TABLE, ids=BY_NAME)
NUMERICS = {known.code for known in vars(replies).values() if isinstance(known, replies.Numeric)}
HTTP = {"408", "503"}  # RFC 9110 15.5.9 and 15.6.4
SENTENCE = "a sentence"  # where no word and no number is known for it


def of(chosen: Callable[[Bound], bool]) -> pytest.MarkDecorator:
    """Those bounds of the table."""
    rows = [bound for bound in TABLE if chosen(bound)]
    return pytest.mark.parametrize("bound", rows, ids=[bound.name for bound in rows])


def kind(bound: Bound) -> str:
    return "a whole number" if bound.whole else "a number"


@EVERY
def test_a_bound_says_what_it_is_and_why_and_what_happens_at_it(bound: Bound) -> None:
    assert bound.unit
    for sentence in (bound.why, bound.at):
        assert sentence.endswith(".")
        assert sentence[0].isupper()
        assert sentence.isprintable()
    assert 0 <= bound.least <= bound.most
    assert bound.key == bound.name.replace("_", "-")
    assert bound.flag == f"--{bound.key}"
    assert bound.variable == f"CHATD_{bound.name.upper()}"


@EVERY
def test_its_default_is_in_bounds_or_follows_from_a_rule(bound: Bound) -> None:
    if bound.default is None:
        assert bound.shown_default == bound.rule
        assert bound.least <= Limits().value(bound) <= bound.most
    else:
        assert bound.rule == ""
        if math.isinf(bound.default):
            assert bound.may_be_none
        else:
            assert bound.least <= bound.default <= bound.most
            assert isinstance(bound.default, int if bound.whole else float)
    units = (bound.unit, bound.unit.replace("s/", "/"))  # of 1 it is one
    assert bound.shown_default == BY_CHOICE or any(unit in bound.shown_default for unit in units)


@of(lambda bound: bound.unit != "s" and "/s" not in bound.unit)
def test_what_is_counted_has_no_halves(bound: Bound) -> None:
    assert bound.whole


@EVERY
def test_what_its_victim_reads_is_there_to_be_read(bound: Bound) -> None:
    assert bound.tells in {"", SENTENCE, *HTTP, *Reason, *NUMERICS}


def test_the_reasons_that_no_bound_gives_are_known() -> None:
    assert set(Reason) - {bound.tells for bound in TABLE} == {
        Reason.BANNED, Reason.PAUSED, Reason.WRONG_PROTOCOL, Reason.KICKED, Reason.INTERNAL_ERROR,
    }  # fmt: skip


def test_no_two_bounds_give_the_same_reason() -> None:
    assert len({bound.why for bound in TABLE}) == len(TABLE)


def test_the_table_is_all_that_there_is_and_each_section_begins_with_a_row() -> None:
    names = [bound.name for bound in TABLE]
    assert names == [field.name for field in dataclasses.fields(Limits)]
    assert {bound.name: bound.default for bound in TABLE} == dataclasses.asdict(Limits())
    assert list(SECTIONS) == [name for name in names if name in SECTIONS], "in the order of the table"
    assert next(iter(SECTIONS)) == names[0], "no row stands before the first of them"


@EVERY
def test_its_default_and_its_ends_can_be_written(bound: Bound) -> None:
    for value in {Limits().value(bound), bound.least, bound.most} - {math.inf}:
        assert bound.parse(str(int(value)) if bound.whole else repr(value)) == value
    if bound.default is not None and not math.isinf(bound.default):
        assert type(bound.parse(str(bound.default))) is type(bound.default)


@EVERY
def test_what_is_shown_of_a_value_says_its_unit(bound: Bound) -> None:
    assert bound.show(12345) == f"12,345 {bound.unit}"
    assert bound.show(0.001) == f"0.001 {bound.unit}"
    assert bound.show(math.inf) == BY_CHOICE


@EVERY
def test_what_is_too_small_is_told_what_would_be_enough(bound: Bound) -> None:
    for written in ("-1", "-1000000"):
        with pytest.raises(ValueError, match=rf"^{written} is too small: at least {bound.least:g} {bound.unit}$"):
            bound.parse(written)
    if bound.least > 0:
        with pytest.raises(ValueError, match="at least"):
            bound.parse("0")


@of(lambda bound: bound.most < math.inf)
def test_what_is_too_large_is_told_what_would_do(bound: Bound) -> None:
    with pytest.raises(ValueError, match=rf"is too large: at most {int(bound.most)} {bound.unit}$"):
        bound.parse(str(int(bound.most) + 1))


@of(lambda bound: bound.may_be_none)
def test_where_that_makes_sense_there_may_be_no_bound(bound: Bound) -> None:
    assert bound.parse(NONE) == math.inf
    with pytest.raises(ValueError, match=f"^'many' is not {kind(bound)} of {bound.unit}, or 'none'$"):
        bound.parse("many")


@of(lambda bound: not bound.may_be_none)
def test_where_it_makes_none_there_has_to_be_one(bound: Bound) -> None:
    for written in (NONE, "many", ""):
        with pytest.raises(ValueError, match=f"^'{written}' is not {kind(bound)} of {bound.unit}$"):
            bound.parse(written)


@of(lambda bound: bound.whole)
def test_a_whole_number_is_not_written_in_another_way(bound: Bound) -> None:
    for written in ("inf", "nan", "1.5", "", "many", "1e3", "None", "NONE"):
        with pytest.raises(ValueError, match=f"is not a whole number of {bound.unit}"):
            bound.parse(written)


@of(lambda bound: not bound.whole)
def test_no_bound_is_written_in_one_way_only(bound: Bound) -> None:
    for written in ("inf", "-inf", "Infinity", "1e999", "nan"):
        with pytest.raises(ValueError, match=r"too small|too large|no bound"):
            bound.parse(written)


@tries(200)
@example(" -5\n", BY_NAME["queue"])
@given(st.text(max_size=12) | st.floats().map(str) | st.integers().map(str), st.sampled_from(TABLE))
def test_whatever_is_written_is_in_bounds_or_answered_with_a_sentence(written: str, bound: Bound) -> None:
    try:
        value = bound.parse(written)
    except ValueError as error:
        sentence, fits = str(error), False
    else:
        sentence, fits = "", bound.least <= value <= bound.most
    assert fits or any(words in sentence for words in ("is not a", "too small", "too large", "is no bound"))
    assert sentence.isprintable()


def test_by_default_the_files_beside_the_clients_are_few() -> None:
    fresh = Limits()
    assert fresh.files_beside_clients < 400
    assert fresh.files_beside_clients >= fresh.handshakes + fresh.farewells + fresh.spare_files


def test_a_typo_makes_no_new_bound() -> None:
    fresh = Limits()
    with pytest.raises(AttributeError):
        fresh.max_client = 5  # type: ignore[attr-defined]
