"""Why: what several processes measured is told as one, so a merged histogram must say what one would have said."""

import json
import math
import random

import pytest
from loadgen.histogram import Histogram


def of(*times: float) -> Histogram:
    histogram = Histogram()
    for seconds in times:
        histogram.add(seconds)
    return histogram


def test_nothing_counted() -> None:
    assert Histogram().percentile(50) is None
    assert Histogram().buckets() == []


def test_percentiles_are_at_most_two_per_cent_too_high() -> None:
    times = [random.Random(2).expovariate(100) for _ in range(1000)]
    histogram = of(*times)
    times.sort()
    for percent in (1, 50, 90, 99, 100):
        exact = times[math.ceil(len(times) * percent / 100) - 1]
        found = histogram.percentile(percent)
        assert found is not None
        assert exact <= found <= exact * 1.0201
    assert histogram.longest == times[-1]
    assert histogram.count == 1000


@pytest.mark.parametrize("seconds", [-1.0, 0.0, 1e-9, 1e9])
def test_what_lies_outside_counts_at_the_edge(seconds: float) -> None:
    histogram = of(seconds)
    assert histogram.count == 1
    assert histogram.percentile(50) is not None


def test_several_at_once_are_several() -> None:
    histogram = Histogram()
    histogram.add(0.5, 3)
    assert histogram.buckets() == of(0.5, 0.5, 0.5).buckets()
    assert histogram.count == 3


def test_merged_ones_say_what_one_would_have_said() -> None:
    first, second = (0.001, 0.5, 0.5), (0.5, 7.0)
    merged = of(*first)
    merged.merge(of(*second))
    whole = of(*first, *second)
    assert merged.buckets() == whole.buckets()
    assert (merged.count, merged.longest) == (5, 7.0)


def test_one_that_was_sent_to_another_process_begins_anew() -> None:
    histogram = of(0.001, 0.5)
    arrived = Histogram.read(json.loads(json.dumps(histogram.taken())))
    assert arrived.buckets() == of(0.001, 0.5).buckets()
    assert (arrived.count, arrived.longest) == (2, 0.5)
    assert (histogram.count, histogram.longest, histogram.buckets()) == (0, 0.0, [])


def test_buckets_are_in_order_and_not_empty() -> None:
    edges = [edge for edge, _ in of(3.0, 0.001, 0.2).buckets()]
    assert edges == sorted(edges)
    assert len(edges) == 3
