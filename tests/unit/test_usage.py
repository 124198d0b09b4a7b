"""How near a bound is, how near it was, and how often it was met."""

from hypothesis import given
from hypothesis import strategies as st
from properties import tries

from chatd.limits import bounds
from chatd.usage import LONG, SHORT, Histogram, Usage

QUEUE = next(bound for bound in bounds() if bound.name == "queue")
NICK_LENGTH = next(bound for bound in bounds() if bound.name == "nick_length")


def test_hits_are_counted_by_the_name_of_the_bound() -> None:
    usage = Usage()
    for _ in range(3):
        usage.hit("queue")
    assert usage.hits["queue"] == 3
    assert usage.hits["nick_length"] == 0


def test_use_is_read_when_somebody_asks() -> None:
    usage, waiting = Usage(), [4]
    usage.reads("queue", lambda: waiting[0])
    assert usage.in_use(QUEUE) == 4
    waiting[0] = 7
    assert usage.in_use(QUEUE) == 7
    assert usage.in_use(NICK_LENGTH) is None, "nothing of it is used up"
    assert usage.peak(NICK_LENGTH) is None


def test_the_peak_is_the_most_that_anybody_saw() -> None:
    usage, waiting = Usage(), [0]
    usage.reads("queue", lambda: waiting[0])
    assert usage.peak(QUEUE) == 0
    usage.saw("queue", 9)
    usage.saw("queue", 5)
    assert usage.peak(QUEUE) == 9
    waiting[0] = 12
    assert usage.peak(QUEUE) == 12
    waiting[0] = 0
    assert (usage.in_use(QUEUE), usage.peak(QUEUE)) == (0, 12)


@tries(100)
@given(st.sampled_from([LONG, SHORT, (1.0,)]), st.lists(st.floats(0, 10**6)))
def test_a_histogram_has_all_that_came_in_its_first_bucket_that_holds_it(
    buckets: tuple[float, ...], more: list[float]
) -> None:
    histogram = Histogram(buckets)
    came = [*more, *buckets]
    for seconds in came:
        histogram.add(seconds)
    for place, upper in enumerate(buckets):
        assert sum(histogram.counts[: place + 1]) == sum(seconds <= upper for seconds in came)
    assert sum(histogram.counts) == len(came)
    assert histogram.total == sum(came)
