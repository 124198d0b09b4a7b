"""The table of bounds: each says what it is, and what is written for it is taken or answered with a sentence."""

import dataclasses
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from properties import tries

from chatd.limits import NONE, Bound, Limits, bounds

TABLE = bounds()
BY_NAME = {bound.name: bound for bound in TABLE}
EVERY = pytest.mark.parametrize("bound", TABLE, ids=BY_NAME)
WHOLE = [bound for bound in TABLE if bound.whole]
REAL = [bound for bound in TABLE if not bound.whole]


@EVERY
def test_a_bound_says_what_it_is_and_why(bound: Bound) -> None:
    assert bound.unit
    assert bound.why.endswith(".")
    assert bound.why[0].isupper()
    assert bound.least <= bound.default <= bound.most
    assert bound.least >= 0
    assert bound.flag == f"--{bound.name}".replace("_", "-")
    assert isinstance(bound.default, int if bound.whole else float)


def test_no_two_bounds_give_the_same_reason() -> None:
    assert len({bound.why for bound in TABLE}) == len(TABLE)


def test_the_table_is_all_that_there_is() -> None:
    assert [bound.name for bound in TABLE] == [field.name for field in dataclasses.fields(Limits)]
    fresh = Limits()
    assert {bound.name: bound.default for bound in TABLE} == dataclasses.asdict(fresh)


@EVERY
def test_its_default_and_its_ends_can_be_written(bound: Bound) -> None:
    for value in {bound.default, bound.least, bound.most} - {math.inf}:
        written = str(int(value)) if bound.whole else repr(value)
        assert bound.parse(written) == value
    assert type(bound.parse(str(bound.default))) is type(bound.default)


@EVERY
def test_what_is_too_small_is_told_what_would_be_enough(bound: Bound) -> None:
    for written in ("-1", "-1000000"):
        with pytest.raises(ValueError, match=rf"^{written} is too small: at least {bound.least:g} {bound.unit}$"):
            bound.parse(written)
    if bound.least > 0:
        with pytest.raises(ValueError, match="at least"):
            bound.parse("0")


@pytest.mark.parametrize("bound", [bound for bound in TABLE if bound.most < math.inf], ids=lambda bound: bound.name)
def test_what_is_too_large_is_told_what_would_do(bound: Bound) -> None:
    with pytest.raises(ValueError, match=rf"is too large: at most {int(bound.most)} {bound.unit}$"):
        bound.parse(str(int(bound.most) + 1))


@pytest.mark.parametrize("bound", REAL, ids=lambda bound: bound.name)
def test_a_time_or_a_rate_can_be_switched_off_where_that_makes_sense(bound: Bound) -> None:
    if bound.most == math.inf:
        assert bound.parse(NONE) == math.inf
    else:
        with pytest.raises(ValueError, match=rf"^'none' is not a number of {bound.unit}$"):
            bound.parse(NONE)
    for written in ("inf", "-inf", "Infinity", "1e999", "nan"):
        with pytest.raises(ValueError, match=r"too small|no bound"):
            bound.parse(written)


@pytest.mark.parametrize("bound", WHOLE, ids=lambda bound: bound.name)
def test_a_count_cannot_be_switched_off(bound: Bound) -> None:
    for written in (NONE, "inf", "1.5", "", "many", "1e3"):
        with pytest.raises(ValueError, match=f"is not a whole number of {bound.unit}"):
            bound.parse(written)


@tries(200)
@given(st.text(max_size=12) | st.floats().map(str) | st.integers().map(str), st.sampled_from(TABLE))
def test_whatever_is_written_is_in_bounds_or_answered_with_a_sentence(written: str, bound: Bound) -> None:
    try:
        value = bound.parse(written)
    except ValueError as error:
        sentence, fits = str(error), False
    else:
        sentence, fits = "", bound.least <= value <= bound.most
    assert fits or any(words in sentence for words in ("is not a", "too small", "too large", "is no bound"))


def test_by_default_the_files_beside_the_clients_are_few() -> None:
    fresh = Limits()
    assert fresh.files_beside_clients < 400
    assert fresh.files_beside_clients >= fresh.handshakes + fresh.farewells + fresh.spare_files


def test_a_typo_makes_no_new_bound() -> None:
    fresh = Limits()
    with pytest.raises(AttributeError):
        fresh.max_client = 5  # type: ignore[attr-defined]
