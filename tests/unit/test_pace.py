"""How fast a client may talk: never more than its burst and its rate together, and never less either."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from properties import tries

from chatd.pace import Pace

ROUNDING = 1e-5  # seconds, of a token bucket that is kept as one float
RATES = st.sampled_from([0.5, 1.0, 3.0, 10.0, 1_000.0])
BURSTS = st.integers(1, 40)
STARTS = st.floats(0.0, 1e6)  # what the clock shows at first; a process does not choose it


@tries(200)
@given(STARTS, RATES, BURSTS)
def test_a_burst_goes_at_once_whatever_the_clock_shows(now: float, rate: float, burst: int) -> None:
    pace = Pace()
    assert [pace.spend(now, rate, burst) for _ in range(burst)] == [0.0] * burst
    assert pace.spend(now, rate, burst) == pytest.approx(1 / rate, abs=ROUNDING)


@tries(200)
@given(STARTS, RATES, BURSTS)
def test_after_the_burst_lines_go_at_the_rate(start: float, rate: float, burst: int) -> None:
    pace = Pace()
    now = start
    for _ in range(burst + 50):
        now += pace.spend(now, rate, burst)
    assert now - start == pytest.approx(50 / rate, abs=50 * ROUNDING)


@tries(200)
@given(STARTS, RATES, BURSTS, st.lists(st.sampled_from([0.0, 0.0, 0.01, 0.3, 3.0]), max_size=100))
def test_in_no_window_go_more_than_burst_and_rate(now: float, rate: float, burst: int, pauses: list[float]) -> None:
    pace = Pace()
    gone = []
    for pause in pauses:
        now += pause
        now += pace.spend(now, rate, burst)
        gone.append(now)
    for first in range(len(gone)):
        for last in range(first, len(gone), 3):
            window = gone[last] - gone[first]
            assert last - first + 1 <= burst + rate * (window + (last - first + 1) * ROUNDING)


def test_silence_fills_the_bucket_up_to_the_burst_and_no_further() -> None:
    pace = Pace()
    for _ in range(5):
        pace.spend(0.0, 1.0, 5)
    assert [pace.spend(1_000.0, 1.0, 5) for _ in range(6)] == [0.0] * 5 + [1.0]


def test_a_line_may_cost_more_than_one() -> None:
    pace = Pace()
    assert pace.spend(0.0, 1.0, 10, cost=4.0) == 0.0
    assert pace.spend(0.0, 1.0, 10, cost=7.0) == pytest.approx(1.0)


def test_without_a_rate_it_never_waits() -> None:
    pace = Pace()
    assert not any(pace.spend(5.0, float("inf"), 1) for _ in range(1_000))


@pytest.mark.parametrize("rate", [float("inf"), 1_000.0])
def test_a_rate_that_is_raised_counts_at_once(rate: float) -> None:
    """Also for who has used up what he had: both may change while the server runs."""
    pace = Pace()
    for _ in range(10):
        pace.spend(0.0, 1.0, 10)
    assert pace.spend(0.0, rate, 10) <= 1 / rate + ROUNDING


@tries(200)
@given(RATES, BURSTS, st.sampled_from([1.0, 2.0, 4.0]), st.lists(st.sampled_from([0.0, 0.0, 0.1, 5.0]), max_size=120))
def test_who_does_not_wait_owes_more_each_time_up_to_the_growth(
    rate: float, burst: int, growth: float, pauses: list[float]
) -> None:
    pace = Pace()
    whole = burst / rate  # seconds for a burst to come back
    now, before = 0.0, 0.0
    for pause in pauses:
        now += pause
        wait = pace.spend(now, rate, burst, growth=growth)
        assert wait <= whole * (growth - 1) + 1 / rate + ROUNDING
        assert pause or wait >= before or wait == pytest.approx(before)
        before = wait
    now += before
    assert pace.spend(now, rate, burst, growth=growth) <= 1 / rate + ROUNDING, "to wait as long as told is enough"
