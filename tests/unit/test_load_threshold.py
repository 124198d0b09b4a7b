"""Why: a build rests on a threshold that it fails, so one that says nothing must not look like one that says yes."""

import re
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from loadgen.document import Result
from loadgen.result import result_of
from loadgen.threshold import METRICS, Threshold
from properties import tries
from told_runs import VERDICT, silence, storm


@pytest.fixture(scope="module")
def result() -> Result:
    """Of a run in which everything was measured: 2,850 of 3,000 refused, 150 seated, memory up to 37.175 MiB."""
    return result_of(storm(), VERDICT, [], 0)


@pytest.fixture(scope="module")
def nothing() -> Result:
    """Of a run in which nothing was."""
    fleet = silence()
    fleet.stages["so far"] = {}
    return result_of(fleet, VERDICT, [], 0)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("refused>5%", "refused>5%: it was 95 %"),
        ("refused >= 95 %", "refused >= 95 %: it was 95 %"),
        ("refused>95%", None),
        ("refused<2851", "refused<2851: it was 2,850"),
        ("refused<=2849", None),
        ("seated<100", None),
        ("seated<=150", "seated<=150: it was 150"),
        ("seated<6%", "seated<6%: it was 5 %"),
        ("silent>0", None),
        ("failed>=0", "failed>=0: it was 0"),
        ("missing>0%", None),
        ("memory>37MiB", "memory>37MiB: it was 37.17 MiB"),
        ("memory>39MB", None),
        ("memory>0.03GiB", "memory>0.03GiB: it was 0.04 GiB"),
        ("memory<=38068KiB", "memory<=38068KiB: it was 38,067.2 KiB"),
        ("cpu>90%", None),
        ("cpu>30%", "cpu>30%: it was 38.94 %"),
    ],
)
def test_it_is_met_when_the_comparison_is_true(result: Result, text: str, told: str | None) -> None:
    assert Threshold.parse(text).met(result) == told


@pytest.mark.parametrize("prefix", ["", "answer.", "lateness."])
@pytest.mark.parametrize("quantile", ["p50", "p90", "p99", "p99.9", "max"])
def test_times_are_compared_in_whatever_unit(result: Result, prefix: str, quantile: str) -> None:
    seconds = {"": "latency_s", "answer.": "answers_s", "lateness.": "lateness_s"}[prefix]
    time = result[seconds][quantile]  # type: ignore[literal-required]
    for unit, factor in (("us", 1e6), ("ms", 1e3), ("s", 1)):
        above, below = (f"{prefix}{quantile}>{time * factor * part:.9f}{unit}" for part in (1.01, 0.99))
        assert Threshold.parse(above).met(result) is None
        assert Threshold.parse(below).met(result) is not None


@pytest.mark.parametrize("name", sorted(METRICS))
@pytest.mark.parametrize("comparison", ["<", ">"])
def test_what_a_run_did_not_measure_counts_as_met(nothing: Result, name: str, comparison: str) -> None:
    unit = list(METRICS[name].sort.units)[-1]
    told = Threshold.parse(f"{name}{comparison}1{unit}").met(nothing)
    assert told is not None
    assert re.search(r": not measured in this run, as .*, so it counts as met$", told)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "'' is not a metric, one of > >= < <=, and a value, such as p99>200ms"),
        ("p99", "such as p99>200ms"),
        ("p99=200ms", "such as p99>200ms"),
        ("p99>", "such as p99>200ms"),
        ("p99>-1ms", "such as p99>200ms"),
        ("p99>1e3ms", "such as p99>200ms"),
        ("p99>nan", "such as p99>200ms"),
        ("p99>²ms", "such as p99>200ms"),
        ("200ms<p99", "such as p99>200ms"),
        ("p98>1ms", "there is no metric 'p98'; there are p50, p90, p99, p99.9, max, answer.p50,"),
        ("p99>200", "p99 is a time: its value ends with us, ms or s, as in p99>200ms"),
        ("answer.max>5%", "answer.max is a time: its value ends with us, ms or s, as in answer.max>200ms"),
        ("refused>5ms", "refused is a count: its value is a number, or ends with %, as in refused>5%"),
        ("memory>100", "memory is a size: its value ends with KiB, MiB, GiB or MB, as in memory>100MiB"),
        ("cpu>1", "cpu is a share of one CPU: its value ends with %, as in cpu>90%"),
    ],
)
def test_a_mistake_is_answered_with_what_would_be_right(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=re.escape(told)) as raised:
        Threshold.parse(text)
    assert "\n" not in str(raised.value)


@tries(200)
@given(st.text() | st.from_regex(r"\A[a-z0-9.]{1,8} ?[<>=]{1,2} ?[0-9.]{1,20} ?[a-zA-Z%]{0,3}\Z"))
def test_whatever_is_typed_is_a_threshold_or_a_sentence(text: str) -> None:
    with suppress(ValueError):
        threshold = Threshold.parse(text)
        assert Threshold.parse(str(threshold)) == threshold
        assert threshold.metric in METRICS


NUMBERS = st.integers(0, 10**12 - 1) | st.integers(0, 10**9).map(lambda thousandths: thousandths / 1000)


@tries(200)
@given(st.sampled_from(sorted(METRICS)), st.sampled_from(["<", "<=", ">", ">="]), NUMBERS, st.data())
def test_all_that_is_documented_can_be_said(name: str, comparison: str, number: float, data: st.DataObject) -> None:
    unit = data.draw(st.sampled_from(sorted(METRICS[name].sort.units)))
    threshold = Threshold.parse(f"{name}{comparison}{number}{unit}")
    assert (threshold.metric, threshold.comparison, threshold.unit) == (name, comparison, unit)
    assert threshold.value == number


@tries(100)
@given(NUMBERS)
def test_exactly_one_of_two_opposites_is_met(number: float) -> None:
    fleet = silence("storm", "--clients", "100")
    for client in range(100):
        fleet.ledger.tried(client)
        fleet.ledger.refused(client, "SERVER_FULL")
    fleet.stages["so far"] = fleet.ledger.rows()
    result = result_of(fleet, VERDICT, [], 0)
    for one, other in ((">", "<="), ("<", ">=")):
        met = [Threshold.parse(f"refused{comparison}{number}").met(result) for comparison in (one, other)]
        assert met.count(None) == 1
