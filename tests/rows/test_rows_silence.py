"""The rows "Who is gone, and who only sits", pushed from outside: pings, looks, and members who say nothing."""

import math
import os
from pathlib import Path

import pytest
import trio
import trio.testing
from support import Peer, farewell_of, running

from chatd.protocol.farewell import Reason

Clock = trio.testing.MockClock

UNPINGED = {"ping_interval": math.inf}  # so that who says nothing need not answer


async def answer_pings(peer: Peer) -> None:
    while True:
        await peer.until("PING")
        await peer.send("PONG :chatd.local")


@pytest.mark.bound("ping_interval")
@pytest.mark.bound("ping_timeout")
async def test_who_does_not_answer_a_ping_gives_the_seat_back(autojump_clock: Clock) -> None:
    async with running(max_clients=2, queue=1, ping_interval=20, ping_timeout=10) as house:
        ann, bob = await house.seated("ann"), await house.seated("bob")
        cid = await house.waiting("cid", "JOIN #lobby")
        began = trio.current_time()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(answer_pings, bob)
            nursery.start_soon(answer_pings, cid)
            await trio.sleep(19.9)
            assert house.hits("ping_interval") == 0
            assert await ann.find("PING") == "PING :chatd.local"
            assert trio.current_time() - began == pytest.approx(20, abs=0.1)
            await trio.sleep(9.8)
            assert (house.hits("ping_interval"), house.hits("ping_timeout")) == (3, 0)
            farewell = farewell_of(await ann.rest())
            assert trio.current_time() - began == pytest.approx(30, abs=0.1)
            assert farewell.reason == Reason.PING_TIMEOUT
            assert farewell.sentence == "No answer to a ping within 10 s (ping-timeout)"
            assert house.hits("ping_timeout") == 1
            await house.until(lambda: house.chat.find("cid") is not None)
            nursery.cancel_scope.cancel()
        await bob.settle()


@pytest.mark.bound("ping_interval")
@pytest.mark.bound("ping_timeout")
async def test_who_answers_pings_stays(autojump_clock: Clock) -> None:
    async with running(ping_interval=20, ping_timeout=10, place_interval=1000) as house:
        ann = await house.seated("ann")
        with trio.move_on_after(500):
            await answer_pings(ann)
        assert house.chat.find("ann") is not None
        assert house.hits("ping_interval") == pytest.approx(500 / 20, abs=1)
        assert house.hits("ping_timeout") == 0


@pytest.mark.bound("ping_interval")
async def test_a_plain_client_is_probed_by_the_kernel_and_not_pinged(autojump_clock: Clock) -> None:
    async with running(ping_interval=20, ping_timeout=10) as house:
        person = await house.connect()
        await person.send("/nick person")
        await person.until("Welcome")
        assert 0 < seconds_until_probe(house.port, person) <= 20
        await trio.sleep(1000)
        assert house.hits("ping_interval") == 0
        await person.send("/who")
        assert "1 in #lobby" in await person.line()


def seconds_until_probe(port: int, peer: Peer) -> float:
    """When the kernel will send a keepalive probe for the server's end of that connection (proc(5), /proc/net/tcp)."""
    remote = f":{peer.stream.socket.getsockname()[1]:04X}"
    for entry in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        _, here, there, _, _, timer, *_ = entry.split()
        if here.endswith(f":{port:04X}") and there.endswith(remote):
            kind, _, left = timer.partition(":")
            assert kind == "02", "another timer than that of keepalive runs"
            return int(left, 16) / os.sysconf("SC_CLK_TCK")
    raise AssertionError("there is no such connection")


@pytest.mark.bound("look_interval")
@pytest.mark.parametrize("interval", [1, 4])
async def test_one_who_is_slowed_down_and_has_left_is_found_at_the_next_look(
    autojump_clock: Clock, interval: float
) -> None:
    async with running(max_clients=2, queue=1, message_rate=0.1, message_burst=8, look_interval=interval) as house:
        ann, bob = await house.seated("ann"), await house.seated("bob")
        cid = await house.waiting("cid", "JOIN #lobby")
        began = trio.current_time()
        await ann.send(*[f"PRIVMSG #lobby :{number}" for number in range(20)])
        await bob.until("PRIVMSG")
        await ann.close()
        await trio.sleep(interval * 0.9)
        assert house.hits("look_interval") == 0
        await cid.until(" 366 ")
        assert trio.current_time() - began == pytest.approx(interval, abs=0.1), "and not after 10 s"
        assert house.hits("look_interval") == 1
        heard = await bob.until(" QUIT ")
        assert 8 <= sum(" PRIVMSG " in line for line in heard) <= 16, "a burst of what it had sent is still read"
        await bob.settle()


@pytest.mark.bound("idle_timeout")
async def test_who_says_nothing_for_too_long_is_closed_whether_or_not_others_wait(autojump_clock: Clock) -> None:
    async with running(idle_timeout=30, **UNPINGED) as house:
        ann, bob = await house.seated("ann"), await house.seated("bob")
        began = trio.current_time()
        await trio.sleep(29)
        await bob.send("PRIVMSG #lobby :hello")
        await ann.settle()  # to answer is not to say something
        assert house.hits("idle_timeout") == 0
        farewell = farewell_of(await ann.rest())
        assert trio.current_time() - began == pytest.approx(30, abs=0.1)
        assert farewell.reason == Reason.IDLE_TIMEOUT
        assert farewell.sentence == "You have said nothing for 30 s (idle-timeout)"
        assert house.hits("idle_timeout") == 1
        await bob.settle()
        await house.seated("ann")


@pytest.mark.bound("idle_release")
async def test_who_was_silent_longest_makes_room_for_one_who_waits(autojump_clock: Clock) -> None:
    async with running(max_clients=2, queue=3, idle_release=30, **UNPINGED) as house:
        ann = await house.seated("ann")
        await trio.sleep(5)
        bob = await house.seated("bob")
        await trio.sleep(1000)
        assert house.hits("idle_release") == 0, "nobody waits"
        cid = await house.waiting("cid", "JOIN #lobby")
        await cid.until(" 366 ")
        farewell = farewell_of(await ann.rest())
        assert farewell.reason == Reason.IDLE_RELEASE
        sentence = "Others wait, and you were silent longest, over 30 s (idle-release); you may wait in line for a seat"
        assert farewell.sentence == sentence
        assert house.hits("idle_release") == 1, "one seat, as one waits"
        await bob.settle()
        await house.seated("dan")
        assert farewell_of(await bob.rest()).reason == Reason.IDLE_RELEASE
        assert house.hits("idle_release") == 2
        await cid.settle()


@pytest.mark.bound("idle_release")
async def test_who_speaks_keeps_the_seat_while_others_wait(autojump_clock: Clock) -> None:
    async with running(max_clients=1, queue=3, idle_release=30, **UNPINGED) as house:
        ann = await house.seated("ann")
        bob = await house.waiting("bob", "JOIN #lobby")
        for _ in range(5):
            await trio.sleep(20)
            await ann.send("PRIVMSG #lobby :still here")
            await ann.settle()
        assert house.hits("idle_release") == 0
        began = trio.current_time()
        await bob.until(" 366 ")
        assert trio.current_time() - began == pytest.approx(30, abs=0.1)
        assert farewell_of(await ann.rest()).reason == Reason.IDLE_RELEASE
