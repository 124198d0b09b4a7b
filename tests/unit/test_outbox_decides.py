"""The outbox where nothing is awaited: what it owes, in which order, how much, and when it gives a client up.

The socket is a fake that takes as many bytes as the test says, so that every partial send there is can be tried.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from outbox_bench import BOUND, LINE, Bench
from properties import tries


def test_it_is_marked_with_its_first_line_only() -> None:
    bench = Bench()
    bench.outbox.put(b"")
    assert bench.flusher.marked == []
    bench.outbox.put(LINE)
    bench.outbox.put(LINE)
    assert bench.flusher.marked == [bench.outbox]
    assert len(bench.outbox) == 2 * len(LINE)
    assert bench.kernel.sends == 0, "a line waits for the end of the tick"


def test_all_that_is_owed_is_one_send() -> None:
    bench = Bench(room=1_000)
    for line in (b"a\n", b"b\n", b"c\n"):
        bench.outbox.put(line)
    assert bench.outbox.flush() is True
    assert (bench.kernel.sends, bench.kernel.taken) == (1, b"a\nb\nc\n")
    assert len(bench.outbox) == 0
    assert bench.outbox.flush() is True
    assert bench.kernel.sends == 1, "nothing is owed, so nothing is sent"


def test_after_it_was_flushed_it_is_marked_again() -> None:
    bench = Bench(room=1_000)
    bench.outbox.put(LINE)
    bench.outbox.flush()
    bench.outbox.put(LINE)
    assert len(bench.flusher.marked) == 2


def test_a_kernel_that_takes_nothing_keeps_it_owed() -> None:
    bench = Bench()
    bench.outbox.put(LINE)
    assert bench.outbox.flush() is False
    assert len(bench.outbox) == len(LINE)


def test_a_shared_line_is_not_changed_by_what_comes_after_it() -> None:
    bench, other = Bench(), Bench(room=1_000)
    bench.outbox.put(LINE)
    other.outbox.put(LINE)
    bench.outbox.put(b"more\n")
    other.outbox.flush()
    assert other.kernel.taken == LINE == b"0123456789abcde\n"


def test_at_the_bound_it_holds_and_past_it_the_client_is_given_up() -> None:
    bench = Bench()
    for _ in range(BOUND // len(LINE)):
        bench.outbox.put(LINE)
    assert len(bench.outbox) == BOUND
    assert bench.owner.overflowed == 0
    bench.outbox.put(b"\n")
    assert bench.owner.overflowed == 1
    assert len(bench.outbox) == 0


def test_a_burst_within_a_tick_is_no_overflow_while_the_kernel_takes_it() -> None:
    bench = Bench(room=100 * BOUND)
    for _ in range(1_000):
        bench.outbox.put(LINE)
    assert bench.owner.overflowed == 0
    bench.outbox.flush()
    assert bench.kernel.taken == LINE * 1_000


def test_a_line_is_not_left_in_its_middle_when_a_client_is_given_up() -> None:
    bench = Bench(room=len(LINE) + 3)
    for _ in range(12):
        bench.outbox.put(LINE)
    assert bench.owner.overflowed == 1
    bench.kernel.room = 1_000
    bench.outbox.put(b"farewell\n")
    bench.outbox.flush()
    assert bench.kernel.taken == LINE * 2 + b"farewell\n"


def test_a_broken_connection_owes_nothing_and_its_owner_is_told_once() -> None:
    bench = Bench()
    bench.kernel.broken = True
    bench.outbox.put(LINE)
    assert bench.outbox.flush() is True
    assert (bench.owner.broke, len(bench.outbox)) == (1, 0)
    assert bench.outbox.flush() is True
    assert bench.owner.broke == 1


def test_what_is_discarded_is_never_sent() -> None:
    bench = Bench(room=1_000)
    bench.outbox.put(LINE)
    bench.outbox.discard()
    assert bench.outbox.flush() is True
    assert bench.kernel.taken == b""


@pytest.mark.parametrize("sent", range(2 * len(LINE) + 1))
def test_to_forgo_leaves_whole_lines_only(sent: int) -> None:
    bench = Bench(room=sent)
    for _ in range(3):
        bench.outbox.put(LINE)
    bench.outbox.flush()
    bench.outbox.forgo()
    bench.outbox.put(b"last words\n")
    bench.kernel.room = 1_000
    bench.outbox.flush()
    lines = -(-sent // len(LINE))  # those of which the client had seen something
    assert bench.kernel.taken == LINE * lines + b"last words\n"


STEP = st.tuples(st.just("put"), st.integers(0, 40)) | st.tuples(st.sampled_from(["room", "flush"]), st.integers(0, 60))


@tries(300)
@given(st.lists(STEP, max_size=60))
def test_order_and_bound_hold_whatever_the_kernel_takes(steps: list[tuple[str, int]]) -> None:
    bench = Bench()
    said = b""
    number = 0
    for step, value in steps:
        if step == "put":
            number += 1
            line = f"{number:03d}{'x' * value}\n".encode()
            said += line
            bench.outbox.put(line)
        elif step == "room":
            bench.kernel.room += value
        else:
            done = bench.outbox.flush()
            assert done is (len(bench.outbox) == 0)
        assert len(bench.outbox) <= BOUND
        if bench.owner.overflowed:
            assert bench.kernel.room == 0, "the kernel had been asked first"
            break
        assert bench.kernel.taken + bytes(bench.outbox._owed) == said
    bench.kernel.room = 10_000
    bench.outbox.flush()
    assert said.startswith(bench.kernel.taken)
    assert bench.kernel.taken == said or bench.owner.overflowed
    assert not bench.kernel.taken or bench.kernel.taken.endswith(b"\n")
