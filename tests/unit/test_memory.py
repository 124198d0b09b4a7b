"""What the bounds allow is arithmetic: it says what it adds up, grows with each bound, and hides nothing."""

import math
import re
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from chat_harness import World
from hypothesis import assume, example, given
from hypothesis import strategies as st
from properties import tries

from chatd.bounds import Bound
from chatd.hosts import Ban, Bans, Hosts, host_of, network
from chatd.limits import Limits, bounds
from chatd.masks import BANS, MaskLists
from chatd.ops import memory
from chatd.ops.files import DoesNotFitError, check_fit, fit
from chatd.usage import Usage

BASE = 30 << 20
TABLE = {bound.name: bound for bound in bounds()}


def values(bound: Bound) -> st.SearchStrategy[float]:
    """What the bound may be, and often is."""
    most = min(bound.most, 10**6)
    numbers: st.SearchStrategy[float] = (
        st.integers(int(bound.least), int(most)) if bound.whole else st.floats(bound.least, most)
    )
    return numbers | st.just(math.inf) if bound.may_be_none else numbers


NAMES = sorted(TABLE)
CHANGED = st.dictionaries(st.sampled_from(NAMES), st.just(None)).flatmap(
    lambda names: st.fixed_dictionaries({name: values(TABLE[name]) for name in names})
)
MORE = st.sampled_from(NAMES).flatmap(lambda name: st.tuples(st.just(name), values(TABLE[name])))


def having(limits: Limits, changed: dict[str, float]) -> Limits:
    return replace(limits, **changed)  # type: ignore[arg-type]  # ints where there have to be


def both(limits: Limits) -> list[float]:
    return [memory.process_bytes(limits, BASE), memory.kernel_part(limits).size]


@tries(300)
@example({"max_clients": 0, "queue": 0}, ("outbox", math.inf))
@given(CHANGED, MORE)
def test_a_larger_bound_never_allows_less(changed: dict[str, float], more: tuple[str, float]) -> None:
    fewer = having(Limits(), changed)
    name, value = more
    assume(value >= fewer.value(TABLE[name]))
    for less, more_ in zip(both(fewer), both(having(fewer, {name: value})), strict=True):
        assert less <= more_
        assert less >= 0


COUNTED = ["max_clients", "queue", "handshakes", "farewells", "outbox", "outboxes", "history_bytes", "hosts_remembered"]


@pytest.mark.parametrize("name", COUNTED)
def test_what_takes_memory_is_counted(name: str) -> None:
    few = Limits(max_clients=10, queue=10, outboxes=10**6)
    if name == "outbox":
        few = Limits(outboxes=math.inf)
    assert sum(both(few)) < sum(both(having(few, {name: 2 * few.value(TABLE[name])})))


@pytest.mark.parametrize("names", [["max_clients"], ["queue"], ["handshakes"], ["farewells"], ["outbox", "outboxes"]])
def test_without_a_bound_there_is_no_figure(names: list[str]) -> None:
    limits = having(Limits(), dict.fromkeys(names, math.inf))
    assert memory.shown(memory.process_bytes(limits, BASE)) == "no bound"
    warned = list(memory.warnings(limits, BASE))
    assert re.search(rf"bound .*{names[0].replace('_', '-')}", warned[0])


def test_one_of_the_two_bounds_on_what_is_owed_is_enough() -> None:
    for limits in (Limits(outbox=math.inf), Limits(outboxes=math.inf)):
        assert not math.isinf(memory.process_bytes(limits, BASE))


@tries(100)
@given(CHANGED)
def test_the_arithmetic_in_words_makes_the_figure(changed: dict[str, float]) -> None:
    limits = having(Limits(), changed)
    for part in (*memory.process_parts(limits, BASE), memory.kernel_part(limits)):
        if math.isinf(part.size):
            assert "no bound" in part.how
        elif part.name not in ("base", "outboxes"):
            figures = re.sub(r"[^0-9+*() ]", "", part.how.replace("×", "*"))
            assert eval(figures) == part.size, part


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        (0, "0 KiB"),
        (1536, "2 KiB"),
        (1 << 20, "1.0 MiB"),
        (30.25 * (1 << 20), "30.2 MiB"),
        (5 << 30, "5.0 GiB"),
        (math.inf, "no bound"),
    ],
)
def test_a_size_is_shown_as_people_say_it(size: float, shown: str) -> None:
    assert memory.shown(size) == shown


def test_the_machine_has_some_memory_and_this_process_uses_some() -> None:
    most, whose = memory.available()
    assert 1 << 20 < memory.in_use() < most
    assert whose.endswith((" has", " allows"))


def test_by_default_nothing_is_to_be_warned_of_but_a_small_backlog() -> None:
    kept = int(Path("/proc/sys/net/core/somaxconn").read_text())
    assert list(memory.warnings(Limits(backlog=1), BASE)) == []
    assert list(memory.warnings(Limits(backlog=kept), BASE)) == []
    (warned,) = memory.warnings(Limits(backlog=kept + 1), BASE)
    assert warned.startswith(f"--backlog {kept + 1} is more than the kernel keeps, {kept}")


def test_more_than_the_machine_has_is_warned_of_with_what_to_lower() -> None:
    warned = list(memory.warnings(Limits(max_clients=10**9, backlog=1), BASE))
    assert len(warned) == 1
    assert "lower max-clients" in warned[0]


# Open files.


def files(limits: Limits) -> int:
    """As many as these bounds need."""
    return int(limits.max_clients + limits.queue + limits.files_beside_clients)


def test_bounds_fit_into_as_many_files_as_they_need_and_into_no_fewer() -> None:
    limits = Limits()
    check_fit(limits, files(limits))
    sentence = r"--max-clients 100 is too large: 99 would fit \(chatd --fit takes that\)$"
    with pytest.raises(DoesNotFitError, match=sentence):
        check_fit(limits, files(limits) - 1)


@pytest.mark.parametrize(
    ("limits", "room", "advice"),
    [
        (Limits(max_clients=1000, queue=50), 500, "--max-clients 1000 is too large: 450 would fit"),
        (Limits(max_clients=10, queue=1000), 500, "--queue 1000 is too large: 490 would fit"),
        (Limits(max_clients=1000, queue=1000), 500, "--max-clients and --queue together are too large: 500 would fit"),
        (Limits(), 0, "--metrics-connections are these files"),
        (Limits(), -9, "--metrics-connections are these files"),
    ],
)
def test_what_does_not_fit_is_told_what_would(limits: Limits, room: int, advice: str) -> None:
    with pytest.raises(DoesNotFitError) as caught:
        check_fit(limits, int(limits.files_beside_clients) + room)
    assert advice in str(caught.value)


SIZES = st.integers(0, 3_000) | st.just(math.inf)


@tries(300)
@given(SIZES, SIZES, st.integers(1, 600) | st.just(math.inf), st.integers(0, 5_000))
def test_to_fit_is_to_lower_the_cap_as_far_as_need_be_and_nothing_else(
    seats: float, places: float, handshakes: float, most: int
) -> None:
    limits = Limits(max_clients=seats, queue=places, handshakes=handshakes)
    before = replace(limits)
    room = most - (0 if math.isinf(places) else places) - limits.files_beside_clients
    if seats <= room:
        assert fit(limits, most) == ""
        assert limits == before
        check_fit(limits, most)
    elif room >= 1:
        told = fit(limits, most)
        assert told.startswith(f"max-clients is {int(room):,} and not ")
        assert limits == replace(before, max_clients=room)
        check_fit(limits, most)
    else:
        with pytest.raises(DoesNotFitError):
            fit(limits, most)


# What the objects take of which there are many.

MANY = 1_000


def taken(make: Callable[[int], object]) -> float:
    """The bytes that one of many takes."""
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        kept = [make(number) for number in range(MANY)]
        assert len(kept) == MANY
        return (tracemalloc.get_traced_memory()[0] - before) / MANY
    finally:
        tracemalloc.stop()


def address(number: int, version: int) -> str:
    return f"10.0.{number >> 8}.{number & 255}" if version == 4 else f"2001:db8:{number:x}::1"


@pytest.mark.parametrize("version", [4, 6])
def test_a_host_that_is_remembered_takes_no_more_than_is_reckoned(version: int) -> None:
    hosts = Hosts(Limits(), Usage())

    def remember(number: int) -> None:
        host = host_of(address(number, version))
        hosts.spend(host, 1e6 + number)
        hosts.enter(host)
        hosts.leave(host)

    assert memory.HOST / 2 < taken(remember) <= memory.HOST
    assert hosts.remembered == MANY


@pytest.mark.parametrize("version", [4, 6])
def test_a_ban_takes_no_more_than_is_reckoned(version: int) -> None:
    bans = Bans()
    reason = "x" * (Limits().kick_length - 4)

    def ban(number: int) -> None:
        bans.add(Ban(network(address(number, version)), f"{reason}{number}", 1e9 + number))

    assert memory.BAN / 2 < taken(ban) <= memory.BAN


def test_a_room_takes_no_more_than_is_reckoned() -> None:
    world = World(max_rooms=2 * MANY, topic_length=300)
    limits = world.limits

    def open_room(number: int) -> None:
        room = world.chat.open_room(f"#{number}".ljust(limits.room_length, "x"))
        assert room is not None
        room.topic = f"{number}".ljust(limits.topic_length, "y")

    assert memory.ROOM / 2 < taken(open_room) <= memory.ROOM + limits.topic_length + limits.room_length


def test_a_mask_takes_no_more_than_is_reckoned() -> None:
    limits = Limits()
    lists = MaskLists()

    def add(number: int) -> None:
        mask = f"{number}*!*@*".ljust(limits.mask_length, "x")
        lists.add(BANS, mask, f"somebody{number}!somebody@host", 1e9 + number)

    reckoned = memory.MASK + memory.MASK_BYTE * limits.mask_length
    assert reckoned / 3 < taken(add) <= reckoned
