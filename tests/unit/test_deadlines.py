"""Time allowances that run out in order, compared with a model that looks at all of them."""

from hypothesis import given
from hypothesis import strategies as st
from properties import tries

from chatd.deadlines import Deadlines


class Alarm:
    """Counts how often it was called."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self) -> None:
        self.calls += 1


def test_who_started_first_runs_out_first() -> None:
    deadlines: Deadlines[str] = Deadlines(10.0, Alarm())
    deadlines.start("a", 0.0)
    deadlines.start("b", 1.0)
    assert deadlines.next == 10.0
    assert deadlines.expire(9.9) == []
    assert deadlines.expire(10.0) == ["a"]
    assert deadlines.next == 11.0
    assert deadlines.expire(99.0) == ["b"]
    assert deadlines.next == float("inf")


def test_to_start_again_is_to_have_the_whole_allowance_again() -> None:
    deadlines: Deadlines[str] = Deadlines(10.0, Alarm())
    deadlines.start("a", 0.0)
    deadlines.start("b", 1.0)
    deadlines.start("a", 2.0)
    assert list(deadlines) == ["b", "a"]
    assert deadlines.expire(11.0) == ["b"]
    assert deadlines.next == 12.0


def test_to_stop_says_whether_the_time_was_running() -> None:
    deadlines: Deadlines[str] = Deadlines(10.0, Alarm())
    deadlines.start("a", 0.0)
    assert "a" in deadlines
    assert deadlines.stop("a") is True
    assert deadlines.stop("a") is False
    assert "a" not in deadlines
    assert len(deadlines) == 0


def test_it_wakes_when_there_is_a_first_deadline_where_there_was_none() -> None:
    alarm = Alarm()
    deadlines: Deadlines[str] = Deadlines(10.0, alarm)
    deadlines.start("a", 0.0)
    assert alarm.calls == 1
    deadlines.start("b", 1.0)
    deadlines.start("a", 2.0)
    assert alarm.calls == 1, "the sleeper knows of an earlier one already"
    deadlines.expire(99.0)
    deadlines.start("c", 99.0)
    assert alarm.calls == 2


def test_an_infinite_allowance_never_runs_out() -> None:
    deadlines: Deadlines[str] = Deadlines(float("inf"), Alarm())
    deadlines.start("a", 0.0)
    assert deadlines.next == float("inf")
    assert deadlines.expire(1e12) == []


def test_a_smaller_allowance_ends_nothing_at_once() -> None:
    deadlines: Deadlines[str] = Deadlines(100.0, Alarm())
    deadlines.start("a", 0.0)
    deadlines.start("b", 45.0)
    deadlines.allow(10.0, 50.0)
    assert deadlines.expire(50.0) == []
    deadlines.start("c", 55.0)
    assert deadlines.next == 60.0, "what ran already has all of it, from then on"
    assert deadlines.expire(60.0) == ["a", "b"]
    assert deadlines.next == 65.0


def test_a_larger_allowance_counts_for_what_runs_already() -> None:
    deadlines: Deadlines[str] = Deadlines(10.0, Alarm())
    deadlines.start("a", 0.0)
    deadlines.allow(100.0, 5.0)
    assert deadlines.next == 100.0
    deadlines.allow(float("inf"), 6.0)
    assert deadlines.next == float("inf")
    deadlines.allow(10.0, 1_000.0)
    assert deadlines.next == 1_010.0


def test_it_wakes_when_the_allowance_was_changed() -> None:
    alarm = Alarm()
    deadlines: Deadlines[str] = Deadlines(float("inf"), alarm)
    deadlines.start("a", 0.0)
    before = alarm.calls
    deadlines.allow(10.0, 5.0)
    assert alarm.calls > before


def test_so_many_may_be_taken_and_no_more() -> None:
    deadlines: Deadlines[str] = Deadlines(10.0, Alarm())
    for item in "abc":
        deadlines.start(item, 0.0)
    assert deadlines.expire(99.0, most=0) == []
    assert deadlines.expire(99.0, most=1) == ["a"]
    assert deadlines.expire(99.0, most=5) == ["b", "c"]


STEPS = st.tuples(
    st.sampled_from(["start", "stop", "expire", "take one", "allow"]), st.sampled_from("abcd"), st.integers(0, 4)
)


@tries(400)
@given(st.lists(STEPS, max_size=30), st.integers(0, 9))
def test_it_is_what_a_table_of_all_deadlines_would_be(steps: list[tuple[str, str, int]], allowance: float) -> None:
    """The table: when each began, or had its time cut. Who began earlier never runs out later."""
    deadlines: Deadlines[str] = Deadlines(allowance, Alarm())
    table: dict[str, float] = {}
    now = 0.0
    for step, item, passed in steps:
        now += passed
        late = [name for name, began in table.items() if began + allowance <= now]
        if step == "start":
            deadlines.start(item, now)
            table.pop(item, None)
            table[item] = now
        elif step == "stop":
            assert deadlines.stop(item) is (table.pop(item, None) is not None)
        elif step == "allow":
            less, allowance = 3 * passed < allowance, 3 * passed
            deadlines.allow(allowance, now)
            if less:
                table = dict.fromkeys(table, now)
        else:
            taken = late[:1] if step == "take one" else late
            assert deadlines.expire(now, 1 if step == "take one" else float("inf")) == taken
            table = {name: began for name, began in table.items() if name not in taken}
        assert deadlines.next == min((began + allowance for began in table.values()), default=float("inf"))
        assert list(deadlines) == list(table)
