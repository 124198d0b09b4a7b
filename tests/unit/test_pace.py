"""How fast a client may talk: never more than its burst and its rate together, and never less either."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from properties import tries

from chatd.pace import Pace

ROUNDING = 1e-5  # of a token bucket that is kept as one float
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
@given(STARTS, RATES, BURSTS, st.lists(st.tuples(st.floats(0.0, 3.0), st.floats(0.1, 50.0)), max_size=60))
def test_in_no_window_is_more_spent_than_burst_and_rate(
    now: float, rate: float, burst: int, spendings: list[tuple[float, float]]
) -> None:
    """Of one who waits as long as it is told, the last spending aside, which may be larger than the burst."""
    pace = Pace()
    spent: list[tuple[float, float]] = []
    for pause, cost in spendings:
        now += pause
        spent.append((now, cost))
        now += pace.spend(now, rate, burst, cost)
    for first in range(len(spent)):
        total = 0.0
        for when, cost in spent[first:]:
            assert total <= burst + rate * (when - spent[first][0] + ROUNDING) + ROUNDING
            total += cost


def test_silence_fills_the_bucket_up_to_the_burst_and_no_further() -> None:
    pace = Pace()
    for _ in range(5):
        pace.spend(0.0, 1.0, 5)
    assert [pace.spend(1_000.0, 1.0, 5) for _ in range(6)] == [0.0] * 5 + [1.0]


def test_what_costs_more_than_a_burst_is_waited_for_as_well() -> None:
    assert Pace().spend(0.0, 1.0, 5, cost=12.0) == pytest.approx(7.0)


def test_without_a_rate_it_never_waits() -> None:
    pace = Pace()
    assert not any(pace.spend(5.0, float("inf"), 1, cost=1_000) for _ in range(1_000))


def test_a_rate_that_is_lifted_counts_at_once() -> None:
    """Also for one who has used up its tokens: both may change while the server runs."""
    pace = Pace()
    for _ in range(20):
        pace.spend(0.0, 1.0, 10)
    assert pace.spend(0.0, float("inf"), 10) == 0.0
