"""What all outboxes owe together: counted to the byte whatever happens, and given up where it is most."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from outbox_bench import LINE, Bench, Turned
from properties import tries

from chatd.limits import Limits
from chatd.outbox import RELIEF
from chatd.usage import Usage

NO_BOUND = float("inf")


def benches(
    number: int, together: float = NO_BOUND, each: float = NO_BOUND, room: int = 0
) -> tuple[Turned, list[Bench]]:
    flusher = Turned(Limits(outboxes=together, outbox=each), Usage())
    return flusher, [Bench(room, flusher) for _ in range(number)]


def given_up(clients: Iterable[Bench]) -> list[int]:
    return [client.owner.given_up for client in clients]


def owe(client: Bench, lines: int) -> None:
    """Have the client owe so many lines, and a writer wait for it."""
    for _ in range(lines):
        client.outbox.put(LINE)


def test_a_line_that_all_share_is_nobodys_and_is_not_counted() -> None:
    flusher, clients = benches(3)
    for client in clients:
        client.outbox.put(LINE)
    assert flusher.owed == 0
    clients[0].outbox.put(LINE)
    assert flusher.owed == 2 * len(LINE)
    flusher.tick()
    clients[0].kernel.room = 5
    clients[0].outbox.flush()
    assert flusher.owed == 2 * len(LINE) - 5
    clients[1].kernel.room = 5
    clients[1].outbox.flush()
    assert flusher.owed == 3 * len(LINE) - 10, "what is left of a shared line is its own"


def test_past_the_bound_the_one_that_is_owed_most_is_given_up_and_no_other() -> None:
    flusher, (ann, bob, cid) = benches(3, together=100 * len(LINE))
    for client, lines in ((ann, 20), (bob, 60), (cid, 20)):
        owe(client, lines)
    flusher.tick()
    assert given_up([ann, bob, cid]) == [0, 0, 0], "at the bound it holds"
    owe(ann, 1)
    assert given_up([ann, bob, cid]) == [0, 1, 0]
    assert flusher.owed == 41 * len(LINE)


def test_so_many_are_given_up_that_not_every_line_starts_a_search() -> None:
    flusher, clients = benches(100, together=100 * 10 * len(LINE))
    for client in clients:
        owe(client, 10)
    flusher.tick()
    owe(clients[7], 1)
    assert sum(given_up(clients)) == 7, "from 1,001 lines to at most 937"
    assert given_up(clients)[7] == 1
    assert flusher.owed <= flusher.limits.outboxes * RELIEF


def test_whom_the_kernel_takes_everything_from_is_never_given_up() -> None:
    flusher, (slow, *fast) = benches(5, together=50 * len(LINE), room=10**6)
    slow.kernel.room = 0
    owe(slow, 10)
    flusher.tick()
    for client in fast:
        owe(client, 49)
    assert given_up([slow, *fast]) == [0, 0, 0, 0, 0]
    assert flusher.owed <= 50 * len(LINE)
    flusher.tick()
    assert [client.kernel.taken for client in fast] == [LINE * 49] * 4


def test_who_owes_nothing_is_not_given_up_for_those_who_are_within_a_line() -> None:
    flusher, (*slow, fast) = benches(9, together=7 * len(LINE))
    fast.kernel.room = 10**6
    for client in slow:
        client.kernel.room = 1
        client.outbox.put(LINE)
    fast.outbox.put(LINE)
    flusher.tick()
    owe(fast, 2)
    assert flusher.owed > flusher.limits.outboxes, "what is left of eight lines is to be sent, for what follows them"
    assert fast.owner.given_up == 0
    assert all(given_up(slow))


def test_what_is_given_up_ends_with_a_whole_line() -> None:
    flusher, (ann, bob) = benches(2, together=20 * len(LINE), room=5)
    owe(ann, 15)
    owe(bob, 4)
    flusher.tick()
    owe(bob, 2)
    assert given_up([ann, bob]) == [1, 0]
    ann.outbox.put(b"farewell\n")
    ann.kernel.room = 1_000
    ann.outbox.flush()
    assert ann.kernel.taken == LINE + b"farewell\n"


WHICH = st.integers(0, 3)
STEP = st.one_of(
    st.tuples(st.just("put"), WHICH, st.integers(1, 40)),
    st.tuples(st.just("room"), WHICH, st.integers(0, 90)),
    st.tuples(st.sampled_from(["flush", "tick", "forgo", "discard", "break"]), WHICH, st.just(0)),
)


@tries(400)
@given(st.lists(STEP, max_size=80), st.sampled_from([100, 300, NO_BOUND]), st.sampled_from([80, NO_BOUND]))
def test_what_is_owed_together_is_counted_to_the_byte(
    steps: list[tuple[str, int, int]], together: float, each: float
) -> None:
    flusher, clients = benches(4, together, each)
    for step, which, value in steps:
        client = clients[which]
        if step == "put":
            client.outbox.put(b"x" * (value - 1) + b"\n")
            begun = sum(client.counted for client in clients if client.owner.given_up or client.owner.overflowed)
            assert flusher.owed - begun <= together
        elif step == "room":
            client.kernel.room += value
        elif step == "tick":
            flusher.tick()
        elif step == "break":
            client.kernel.broken = True
        else:
            getattr(client.outbox, step)()
        assert flusher.owed == sum(client.counted for client in clients)
    for client in clients:
        client.outbox.discard()
    assert flusher.owed == 0


@pytest.mark.parametrize("number", [1, 2, 5])
def test_the_bound_on_all_holds_also_where_it_is_less_than_that_on_one(number: int) -> None:
    flusher, clients = benches(number, together=100)
    for _ in range(50):
        for client in clients:
            owe(client, 1)
            assert flusher.owed <= 100
    assert sum(given_up(clients)) > 0
