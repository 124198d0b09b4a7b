"""How many clients a machine carries is arithmetic: more of them never cost less, and what is shown adds up."""

import io
import math
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from properties import tries

from chatd.limits import Limits
from chatd.ops import advicetext, advising, memory
from chatd.ops.advice import (
    CPU,
    FILES,
    KERNEL,
    MEMORY,
    RESERVE,
    TOO_MANY,
    Advice,
    Costs,
    Share,
    Talk,
    Wish,
    advise,
    rounded,
    talkers,
)
from chatd.ops.advising import WrongError, wishes
from chatd.ops.probe import Found, solved

COSTS = Costs(message=40e-6, send=3.5e-6, line=0.4e-6, client=5700, kernel=300, files=1, base=25 << 20)
ROOMY = {
    MEMORY: Share(12 << 30, 95 << 20, 22_000),
    KERNEL: Share(12 << 30, 300 << 20, 196_608),
    FILES: Share(20_000, 446, 1),
}

micros = st.floats(1e-7, 1e-3)
costs = st.builds(Costs, micros, micros, st.floats(1e-8, 1e-4), st.just(6000.0), st.just(0.0), st.just(1.0), st.just(0))
talks = st.builds(Talk, costs, st.floats(0.01, 600))
sizes = st.integers(1, 100_000)


# The model.


def test_work_grows_with_the_square_of_the_members() -> None:
    talk = Talk(COSTS, 6)
    assert talk.messages(1000) == 100
    assert talk.deliveries(1000) == 99_900
    assert talk.one_by_one(1000) == pytest.approx(100 * (40e-6 + 1000 * 3.9e-6))
    assert talk.one_by_one(2000) / talk.one_by_one(1000) == pytest.approx(4, rel=0.02)


def test_an_idle_server_passes_a_message_on_at_once() -> None:
    talk = Talk(COSTS, 0.001)
    assert talk.round(1000) == pytest.approx(40e-6 + 1000 * 3.9e-6)
    assert talk.latency(1000) == pytest.approx(talk.round(1000), rel=0.01)


def test_a_busy_server_sends_what_came_meanwhile_together() -> None:
    talk = Talk(COSTS, 60)
    assert talk.one_by_one(1000) > 3
    assert talk.unsaved(1000) == pytest.approx(1000 * (40e-6 + 0.4e-3))
    assert talk.round(1000) == pytest.approx(3.5e-3 / (1 - 0.44))
    assert 2 < talk.rounds(1000) < 3


def test_past_what_cannot_be_saved_the_backlog_never_ends() -> None:
    talk = Talk(COSTS, 60)
    assert talk.unsaved(1600) > 1
    assert talk.latency(1600) == math.inf
    assert talk.cpu(1600) == 1


@tries(150)
@given(talks, sizes, sizes)
def test_more_members_never_wait_less(talk: Talk, some: int, others: int) -> None:
    fewer, more = sorted((some, others))
    assert talk.latency(fewer) <= talk.latency(more) * (1 + 1e-9)
    assert talk.cpu(fewer) <= talk.cpu(more)


@tries(150)
@given(talks, sizes)
def test_a_round_neither_jumps_nor_is_shorter_than_one_message(talk: Talk, members: int) -> None:
    alone = talk.costs.message + members * (talk.costs.send + talk.costs.line)
    if talk.one_by_one(members) <= 1:
        assert talk.round(members) == pytest.approx(alone)
    else:
        assert talk.round(members) >= alone


@tries(100)
@given(talks, st.floats(1e-4, 10))
def test_the_most_members_are_the_last_for_whom_the_latency_holds(talk: Talk, latency: float) -> None:
    most = talkers(talk, latency)
    assert not most or talk.latency(most) <= latency
    assert most == TOO_MANY or talk.latency(most + 1) > latency


@tries(100)
@given(costs, st.floats(0.1, 600), st.floats(0.005, 1))
def test_the_advice_leaves_a_reserve_and_is_not_needlessly_low(costs: Costs, per_minute: float, latency: float) -> None:
    advice = advise(costs, Wish(per_minute, latency), {})
    most = advice.carried[CPU]
    assert not most or advice.talk.latency(most) <= latency * (1 - RESERVE) * (1 + 1e-9)
    if most > 20:  # in smaller rooms one member more is a large step
        assert advice.talk.latency(2 * most) > latency


@given(st.integers(0, 10**7))
def test_an_advice_is_a_round_number_and_hardly_less(number: int) -> None:
    assert 0.95 * number <= rounded(number) <= number
    assert len(str(rounded(number)).rstrip("0")) <= 3


# What binds.


@pytest.mark.parametrize(
    ("scarce", "share", "most"),
    [
        (MEMORY, Share(100 << 20, 90 << 20, 22_000), 476),
        (KERNEL, Share(400 << 20, 300 << 20, 196_608), 533),
        (FILES, Share(1024, 446, 1), 578),
        (FILES, Share(400, 446, 1), 0),
    ],
)
def test_the_scarcest_resource_binds(scarce: str, share: Share, most: int) -> None:
    advice = advise(COSTS, Wish(1, 0.1), {**ROOMY, scarce: share})
    assert advice.binding == scarce
    assert advice.carried[scarce] == share.carries == most
    assert advice.max_clients == rounded(most)
    assert advice.next_binding == CPU


def test_the_cpu_binds_where_all_else_is_plenty() -> None:
    advice = advise(COSTS, Wish(6, 0.05), ROOMY)
    assert (advice.binding, advice.next_binding) == (CPU, FILES)
    assert 2000 < advice.max_clients < 3000


def test_shares_are_what_the_bounds_allow() -> None:
    limits, wished = Limits(queue=7), advising.Wishes(Wish(1, 0.1), 500 << 20, 2 << 30)
    found = Found(COSTS, 2000, 7.0, 0.0, 0.0)
    shares = advising.shares_of(limits, wished, found, 5000)
    for clients in (500, 3000):
        limits.max_clients = clients
        assert shares[MEMORY].taken(clients) == pytest.approx(memory.process_bytes(limits, COSTS.base))
        assert shares[KERNEL].taken(clients) == pytest.approx(memory.kernel_part(limits).size)
    assert shares[FILES].carries == 5000 - 7 - limits.files_beside_clients
    heavier = found._replace(costs=COSTS._replace(client=memory.SESSION + 1000))
    assert advising.shares_of(limits, wished, heavier, 5000)[MEMORY].each == shares[MEMORY].each + 1000


# What rounds took tells what their parts cost.


@given(micros, micros, st.floats(1e-8, 1e-4), st.floats(0, 1e-3))
def test_costs_are_found_in_what_rounds_took(message: float, send: float, line: float, waking: float) -> None:
    spent = {(n, k): waking + k * message + n * send + k * n * line for n in (19, 1999) for k in (1, 8)}
    assert solved(spent) == pytest.approx((message, send, line), rel=1e-3, abs=1e-9)


# The report.


def reported(advice: Advice, shares: dict[str, Share], foreign: float = 0.0) -> str:
    found = Found(COSTS, 2000, 7.0, foreign, 0.0)
    return "\n".join(advicetext.Report(found, advice, shares, ["chatd", "--queue", "7"], 150).lines(io.StringIO()))


@pytest.mark.parametrize("with_rich", [True, False])
def test_the_report_shows_the_sum_with_its_figures(with_rich: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not with_rich:
        monkeypatch.setitem(sys.modules, "rich", None)
    advice = advise(COSTS, Wish(6, 0.05), ROOMY)
    text = reported(advice, ROOMY)
    assert max(map(len, text.splitlines())) <= 80
    words = " ".join(text.split())
    n, talk = advice.max_clients, advice.talk
    assert f"chatd --queue 7 --max-clients {n}" in words
    assert f"{n:,} × 6 / 60 = {talk.messages(n):,.1f} a second" in words
    assert f"= {talk.deliveries(n):,.0f} a second" in words
    assert f"{n:,} × 3.50 µs / (1 − {talk.unsaved(n):.2f}) = {talk.round(n) * 1e3:.3g} ms" in words
    assert f"rounds = {talk.latency(n) * 1e3:.3g} ms" in words
    assert f"*{n:,}" in words
    assert "(20,000 − 446) / 1" in words
    assert "What binds is the CPU" in words
    assert "Next would bind the open files, at 19,554" in words
    assert "Disturbed" not in words


def test_the_report_says_when_others_disturbed_it() -> None:
    assert "Disturbed: other programs used 42 % of a CPU" in reported(advise(COSTS, Wish(6, 0.05), ROOMY), ROOMY, 0.42)


def test_where_memory_binds_twice_as_many_are_beyond_the_grant() -> None:
    shares = {**ROOMY, MEMORY: Share(100 << 20, 90 << 20, 22_000)}
    words = " ".join(reported(advise(COSTS, Wish(1, 0.1), shares), shares).split())
    assert "(100.0 MiB − 90.0 MiB) / 21 KiB" in words
    assert "What binds is the memory of process" in words
    assert "more --memory" in words
    assert "memory could grow to 109.9 MiB" in words


def test_where_nothing_fits_it_says_what_is_in_the_way() -> None:
    shares = {**ROOMY, KERNEL: Share(256 << 20, 300 << 20, 196_608)}
    words = " ".join(reported(advise(COSTS, Wish(1, 0.1), shares), shares).split())
    assert "nobody: memory of kernel carries 0" in words
    assert "--backlog" in words
    assert "Start it with" not in words


# What is asked for.


def test_what_is_asked_for_is_read_with_its_unit() -> None:
    written = {"messages_per_minute": "0.5", "latency": "30ms", "memory": "1.5GiB"}
    assert wishes(written, Limits()).talk == Wish(0.5, 0.03)
    assert wishes({"latency": "0.25s"}, Limits()).talk == Wish(1, 0.25)
    assert wishes({"memory": "500MiB"}, Limits()).memory == 500 << 20
    nothing = wishes({}, Limits())
    assert nothing.memory == nothing.available / 2


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ({"latency": "100"}, "argument --latency: '100' is not a time such as 100ms"),
        ({"latency": "0ms"}, "argument --latency: '0ms' is not a time"),
        ({"memory": "much"}, "argument --memory: 'much' is not a size such as 500MiB"),
        ({"memory": "900000GiB"}, "argument --memory: 900000.0 GiB is more than"),
        ({"messages_per_minute": "nan"}, "argument --messages-per-minute: 'nan' is not a number"),
        ({"messages_per_minute": "0"}, "argument --messages-per-minute: '0' is not a number"),
        ({"messages_per_minute": "601"}, "is more than a client may say, 600 a minute (message-rate)"),
    ],
)
def test_what_makes_no_sense_is_answered_with_what_would(written: dict[str, str], sentence: str) -> None:
    with pytest.raises(WrongError) as caught:
        wishes(written, Limits())
    assert sentence in str(caught.value)


def test_no_memory_is_promised_without_bounds() -> None:
    with pytest.raises(WrongError, match="no memory can be promised"):
        wishes({}, Limits(outbox=math.inf, outboxes=math.inf))
