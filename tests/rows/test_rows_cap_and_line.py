"""The rows "The cap and the line", pushed from outside: seats, places, waits, notices of place, advice."""

import pytest
import trio
import trio.testing
from support import Peer, Running, farewell_of, running

from chatd.protocol.farewell import Reason
from chatd.protocol.irc import parse
from chatd.protocol.waiting import Occupancy, Queued, parse_note

Clock = trio.testing.MockClock


@pytest.mark.bound("max_clients")
@pytest.mark.bound("queue")
async def test_all_get_seats_then_places_then_a_refusal_that_names_both_bounds(autojump_clock: Clock) -> None:
    async with running(max_clients=2, queue=2) as house:
        ann, bob = await house.seated("ann"), await house.seated("bob")
        assert (house.hits("max_clients"), house.in_use("max_clients")) == (0, 2)
        cid, dan = await house.waiting("cid", "JOIN #lobby"), await house.waiting("dan")
        assert (house.hits("max_clients"), house.hits("queue"), house.in_use("queue")) == (2, 0, 2)
        eve = await house.irc("eve")
        lines = await eve.rest()
        assert len(lines) == 1, "nothing but the reason is said to one who is refused"
        farewell = farewell_of(lines)
        assert farewell.reason == Reason.SERVER_FULL
        assert farewell.sentence == "All 2 seats are taken (max-clients), and all 2 places in line are taken (queue)"
        assert (house.hits("max_clients"), house.hits("queue")) == (3, 1)
        for peer in (bob, dan):
            await peer.settle()
        await ann.send("QUIT")
        await cid.until(" 366 ")
        assert (house.in_use("max_clients"), house.in_use("queue")) == (2, 1)
        fay = await house.waiting("fay")
        for peer in (fay, dan, cid, bob):
            await peer.close()
        await house.until(lambda: not house.chat.clients)
        assert (house.peak("max_clients"), house.peak("queue")) == (2, 2)


@pytest.mark.bound("queue_timeout")
async def test_the_longest_wait_ends_with_the_limit_and_others_wait_on(autojump_clock: Clock) -> None:
    async with running(max_clients=1, queue=2, queue_timeout=7) as house:
        ann = await house.seated("ann")
        bob = await house.waiting("bob", caps="standard-replies")
        began = trio.current_time()
        await trio.sleep(5)
        cid = await house.waiting("cid")
        await bob.settle()
        assert house.hits("queue_timeout") == 0
        told = await bob.rest()
        assert trio.current_time() - began == pytest.approx(7, abs=0.1)
        assert parse(told[-2]).command == "FAIL"
        assert parse(told[-2]).params[:2] == ["*", "QUEUE_TIMEOUT"]
        farewell = farewell_of(told)
        assert farewell.reason == Reason.QUEUE_TIMEOUT
        assert farewell.sentence == "You have waited 7 s, the longest that one may (queue-timeout)"
        assert farewell.retry_after is not None
        assert house.hits("queue_timeout") == 1
        await cid.settle()
        await ann.settle()
        assert house.chat.pool.statistics.timed_out == 1


@pytest.mark.bound("place_interval")
async def test_a_change_of_place_is_told_later_and_to_those_whose_changed(autojump_clock: Clock) -> None:
    async with running(max_clients=1, queue=9, place_interval=10) as house:
        ann = await house.seated("ann")
        bob, cid, dan = [await house.waiting(nick, caps="standard-replies") for nick in ("bob", "cid", "dan")]
        for peer in (bob, cid, dan):
            await peer.settle()
        await cid.close()
        await house.until(lambda: house.in_use("queue") == 2)
        await trio.sleep(9)
        assert await dan.settle() == []
        assert house.hits("place_interval") == 0
        await trio.sleep(12)
        assert house.hits("place_interval") == 1
        heard = {nick: notes(await peer.settle()) for nick, peer in (("bob", bob), ("dan", dan))}
        await ann.settle()
    assert [note for note in heard["bob"] if isinstance(note, Queued)] == []
    assert [note for note in heard["dan"] if isinstance(note, Queued)] == [Queued(2, 2, None)]
    assert [note for note in heard["dan"] if isinstance(note, Occupancy)] == [Occupancy(1, 1, 2)]


def notes(lines: list[str]) -> list[object]:
    return [parse_note(parse(line)) for line in lines]


@pytest.mark.bound("place_notices")
async def test_a_long_line_is_told_in_rounds_the_nearest_first(autojump_clock: Clock) -> None:
    told: dict[str, float] = {}

    async def listen(nick: str, peer: Peer) -> None:
        await peer.until("in line")
        told[nick] = trio.current_time()

    async with running(max_clients=1, queue=9, place_interval=2, place_notices=1) as house:
        ann = await house.seated("ann")
        line = {nick: await house.waiting(nick) for nick in ("bob", "cid", "dan", "eve", "fay", "gus")}
        await trio.sleep(10)
        assert house.hits("place_notices") == 0
        await line.pop("bob").close()
        async with trio.open_nursery() as nursery:
            for nick, peer in line.items():
                nursery.start_soon(listen, nick, peer)
        await ann.settle()
        assert house.hits("place_notices") == 2
    first = min(told.values())
    rounds = {nick: round((moment - first) / 2) for nick, moment in told.items()}
    assert rounds == {"cid": 0, "dan": 0, "eve": 1, "fay": 1, "gus": 2}, "two in a round of two seconds"


@pytest.mark.bound("place_notices")
async def test_occupancy_is_told_in_rounds_too(autojump_clock: Clock) -> None:
    async with running(place_interval=1, place_notices=1) as house:
        ann, bob = [await house.seated(nick, caps="standard-replies") for nick in ("ann", "bob")]
        await trio.sleep(10)
        for peer in (ann, bob):
            await peer.settle()
        before = house.hits("place_notices")
        await house.seated("cid")
        began = trio.current_time()
        await ann.until("OCCUPANCY 3 100 0")
        await bob.until("OCCUPANCY 3 100 0")
        assert trio.current_time() - began == pytest.approx(1, abs=0.1)
        assert house.hits("place_notices") == before + 1


@pytest.mark.bound("least_retry")
async def test_who_is_refused_is_advised_to_wait_the_least_at_least(autojump_clock: Clock) -> None:
    async with running(max_clients=1, queue=0, least_retry=100) as house:
        ann = await house.seated("ann")
        for number in range(5):
            assert 100 <= await advice(house, f"late{number}") <= 200
        await ann.settle()


@pytest.mark.bound("least_retry")
async def test_a_seat_that_takes_longer_is_the_advice_then(autojump_clock: Clock) -> None:
    async with running(max_clients=1, queue=0, least_retry=5) as house:
        for visit in range(4):
            peer = await house.seated(f"visitor{visit}")
            await trio.sleep(20)
            await peer.send("QUIT")
            await peer.rest()
        ann = await house.seated("ann")
        assert 20 <= await advice(house, "late") <= 41
        await ann.settle()


async def advice(house: Running, nick: str) -> int:
    """What one who finds the house full is told of when to come back, in seconds."""
    farewell = farewell_of(await (await house.irc(nick)).rest())
    assert farewell.reason == Reason.SERVER_FULL
    assert farewell.retry_after is not None
    return farewell.retry_after
