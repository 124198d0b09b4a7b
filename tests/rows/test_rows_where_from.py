"""The rows "Where clients come from", pushed from outside: hosts with too many clients, hosts that are too fast.

The servers here listen on all addresses, so that loopback counts, and each address of 127.0.0.0/8 is a host.
"""

import socket
from contextlib import AbstractAsyncContextManager, closing
from typing import Any

import pytest
import trio
import trio.testing
from support import HOST, Peer, Running, farewell_of, running, serving

from chatd.hosts import network
from chatd.ops.wire import RefusedError
from chatd.protocol.farewell import ParsedFarewell, Reason
from chatd.settings import Settings

Clock = trio.testing.MockClock

HERE, ELSEWHERE, THIRD = "127.0.0.1", "127.0.0.2", "127.0.0.3"
ANYWHERE = "0.0.0.0"


def open_to_all(**limits: Any) -> AbstractAsyncContextManager[Running]:
    return serving(Settings(ANYWHERE, 0), **limits)


async def irc(house: Running, nick: str, source: str = HERE) -> Peer:
    """An IRC client from that address, which has introduced itself."""
    peer = await house.connect(source)
    await peer.send(*house.introduction(nick), "JOIN #lobby")
    return peer


async def seated(house: Running, nick: str, source: str = HERE) -> Peer:
    peer = await irc(house, nick, source)
    await peer.until(" 366 ")
    return peer


async def refused(house: Running, nick: str, source: str = HERE) -> ParsedFarewell:
    """What one from that address is told instead of being let in."""
    return farewell_of(await (await irc(house, nick, source)).rest())


# How many.


@pytest.mark.bound("max_per_host")
async def test_one_host_may_have_so_many_and_another_gets_in(autojump_clock: Clock) -> None:
    async with open_to_all(max_clients=9, max_per_host=2) as house:
        ann, bob = await seated(house, "ann"), await seated(house, "bob")
        assert (house.hits("max_per_host"), house.in_use("max_per_host")) == (0, 2)
        farewell = await refused(house, "cid")
        assert farewell.reason == Reason.TOO_MANY_FROM_HOST
        assert farewell.sentence == "2 clients are here from 127.0.0.1, the most that may be (max-per-host)"
        assert farewell.retry_after is not None
        assert farewell.retry_after >= 30
        assert house.hits("max_per_host") == 1
        await seated(house, "eve", ELSEWHERE)
        await ann.settle()
        await bob.send("QUIT")
        await bob.rest()
        assert (house.in_use("max_per_host"), house.peak("max_per_host")) == (1, 2)
        await seated(house, "cid")


@pytest.mark.bound("max_per_host")
async def test_one_who_waits_and_one_who_says_nothing_count_too(autojump_clock: Clock) -> None:
    async with open_to_all(max_clients=1, queue=5, max_per_host=3) as house:
        ann = await seated(house, "ann")
        bob = await irc(house, "bob")
        await bob.until("in line")
        await house.connect(HERE)
        await house.until(lambda: house.in_use("handshakes") == 1)
        assert (await refused(house, "cid")).reason == Reason.TOO_MANY_FROM_HOST
        await (await irc(house, "dan", ELSEWHERE)).until("in line")
        await ann.settle()


@pytest.mark.bound("max_per_host")
async def test_half_of_the_seats_is_the_most_unless_somebody_says_otherwise(autojump_clock: Clock) -> None:
    async with open_to_all(max_clients=4) as house:
        ann = await seated(house, "ann")
        await seated(house, "bob")
        assert (await refused(house, "cid")).sentence.startswith("2 clients are here")
        await seated(house, "cid", ELSEWHERE)
        await ann.settle()


# How fast.


@pytest.mark.bound("host_rate")
@pytest.mark.bound("host_burst")
async def test_a_host_is_refused_when_its_burst_is_spent_until_it_has_waited(autojump_clock: Clock) -> None:
    async with open_to_all(host_rate=0.5, host_burst=3) as house:
        ann, _, _ = [await seated(house, nick) for nick in ("ann", "bob", "cid")]
        assert (house.hits("host_rate"), house.hits("host_burst")) == (0, 0)
        farewells = [await refused(house, f"dan{number}") for number in range(3)]
        assert {farewell.reason for farewell in farewells} == {Reason.TOO_FAST_FROM_HOST}
        sentence = "127.0.0.1 connects faster than 0.5/s (host-rate), 3 at once (host-burst)"
        assert farewells[0].sentence == sentence
        waits = [farewell.retry_after or 0 for farewell in farewells]
        assert waits == sorted(set(waits)), "each further try makes it more"
        assert waits[0] >= 2
        assert (house.hits("host_rate"), house.hits("host_burst")) == (3, 3)
        await seated(house, "eve", ELSEWHERE)
        await ann.settle()
        await trio.sleep(waits[-1])
        await seated(house, "dan")
        assert (await refused(house, "fay")).reason == Reason.TOO_FAST_FROM_HOST


@pytest.mark.bound("host_rate")
async def test_advice_to_a_host_that_does_not_listen_grows_so_far_and_no_further(autojump_clock: Clock) -> None:
    async with open_to_all(host_rate=1, host_burst=2) as house:
        ann = await seated(house, "ann", ELSEWHERE)
        for nick in ("bob", "cid"):
            await seated(house, nick)
        waits = [(await refused(house, "dan")).retry_after or 0 for _ in range(20)]
        assert max(waits) == waits[-1] <= 8, "the time for a whole burst, four times"
        await ann.settle()
        await trio.sleep(waits[-1])
        await seated(house, "dan")


@pytest.mark.bound("host_rate")
@pytest.mark.bound("max_per_host")
async def test_who_is_too_many_and_too_fast_is_told_the_reason_that_stands_first(autojump_clock: Clock) -> None:
    async with open_to_all(max_per_host=1, host_burst=1, host_rate=0.01) as house:
        ann = await seated(house, "ann")
        assert (await refused(house, "bob")).reason == Reason.TOO_MANY_FROM_HOST
        await ann.send("QUIT")
        await ann.rest()
        assert (await refused(house, "bob")).reason == Reason.TOO_FAST_FROM_HOST


@pytest.mark.bound("hosts_remembered")
async def test_the_host_that_left_first_is_forgotten(autojump_clock: Clock) -> None:
    async with open_to_all(hosts_remembered=1, host_burst=1, host_rate=0.001) as house:
        ann = await seated(house, "ann")
        await visit(house, ELSEWHERE)
        assert (house.in_use("hosts_remembered"), house.hits("hosts_remembered")) == (1, 0)
        assert (await refused(house, "bob", ELSEWHERE)).reason == Reason.TOO_FAST_FROM_HOST
        await visit(house, THIRD)
        assert (house.in_use("hosts_remembered"), house.hits("hosts_remembered")) == (1, 1)
        await seated(house, "bob", ELSEWHERE)
        assert (await refused(house, "cid")).reason == Reason.TOO_FAST_FROM_HOST, "who is here is not forgotten"
        await ann.settle()


async def visit(house: Running, source: str) -> None:
    peer = await seated(house, "visitor", source)
    await peer.send("QUIT")
    await peer.rest()
    await house.until(lambda: house.chat.find("visitor") is None)


# Who counts.


@pytest.mark.bound("max_per_host")
@pytest.mark.bound("host_burst")
async def test_loopback_is_exempt_while_the_server_listens_there_alone(autojump_clock: Clock) -> None:
    async with running(max_per_host=1, host_burst=1, host_rate=0.01) as house:
        for source in (HERE, HERE, HERE, ELSEWHERE, ELSEWHERE):
            await seated(house, f"nick{house.chat.arrivals}", source)
        assert (house.hits("max_per_host"), house.hits("host_rate"), house.in_use("max_per_host")) == (0, 0, 0)


@pytest.mark.bound("max_per_host")
@pytest.mark.bound("host_burst")
async def test_a_network_that_was_exempted_is_neither_counted_nor_paced(autojump_clock: Clock) -> None:
    settings = Settings(ANYWHERE, 0, exempt=(network("127.0.0.2/31"),))
    async with serving(settings, max_per_host=1, host_burst=1, host_rate=0.01) as house:
        await seated(house, "ann")
        for source in (ELSEWHERE, THIRD, ELSEWHERE, THIRD):
            await seated(house, f"nick{house.chat.arrivals}", source)
        assert (await refused(house, "bob")).reason == Reason.TOO_MANY_FROM_HOST
        assert house.in_use("max_per_host") == 1


def has_ipv6() -> bool:
    try:
        with closing(socket.socket(socket.AF_INET6)) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


@pytest.mark.bound("max_per_host")
@pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")
@pytest.mark.parametrize("listen_on", ["::", "::1"])
async def test_an_ipv6_host_is_its_64_bits(autojump_clock: Clock, listen_on: str) -> None:
    async with serving(Settings(listen_on, 0), max_per_host=1) as house:
        told = []
        for nick in ("ann", "bob"):
            peer = Peer(await trio.open_tcp_stream("::1", house.port))
            house.peers.append(peer)
            await peer.send(*house.introduction(nick), "JOIN #lobby")
            told.append((await peer.line(), peer))
        if listen_on == "::1":  # exempt
            await told[1][1].until(" 366 ")
        else:
            sentence = "1 client is here from ::/64, the most that may be (max-per-host)"
            assert farewell_of([told[1][0]]).sentence == sentence
        await told[0][1].settle()


# Bans.


@pytest.mark.bound("bans")
async def test_past_so_many_bans_the_operator_is_told_to_lift_one_first(autojump_clock: Clock) -> None:
    async with open_to_all(bans=2) as house:
        ann, bob = await seated(house, "ann"), await seated(house, "bob", ELSEWHERE)
        house.ask("ban", network=ELSEWHERE, reason="soup")
        told = farewell_of(await bob.rest())
        assert (told.reason, told.sentence) == (Reason.BANNED, "127.0.0.2 is banned: soup")
        house.ask("ban", network="127.0.0.16/28")
        house.ask("ban", network=ELSEWHERE, reason="again, which is no new one")
        assert (house.hits("bans"), house.in_use("bans")) == (0, 2)
        with pytest.raises(RefusedError, match=r"there are 2 bans, the most that may be \(bans\); lift one first"):
            house.ask("ban", network=THIRD)
        assert house.hits("bans") == 1
        await seated(house, "cid", THIRD)
        told = await refused(house, "bob", ELSEWHERE)
        assert (told.reason, told.sentence) == (Reason.BANNED, "127.0.0.2 is banned: again, which is no new one")
        await ann.settle()
        house.ask("unban", network=ELSEWHERE)
        assert (house.in_use("bans"), house.peak("bans")) == (1, 2)
        house.ask("ban", network=THIRD)
        assert (await refused(house, "dan", THIRD)).reason == Reason.BANNED


# Passwords.


async def guess(house: Running, password: str) -> ParsedFarewell:
    """What one is told who says that password."""
    peer = await house.connect(HERE)
    await peer.send(f"PASS {password}", *house.introduction("guess"))
    return farewell_of(await peer.rest())


async def who_knows_it(house: Running, nick: str, source: str = HERE) -> Peer:
    peer = await house.connect(source)
    await peer.send("PASS soup", *house.introduction(nick), "JOIN #lobby")
    await peer.until(" 366 ")
    return peer


@pytest.mark.bound("password_delay")
async def test_a_wrong_password_is_answered_late_and_nobody_else_is(autojump_clock: Clock) -> None:
    async with serving(Settings(HOST, 0, password=b"soup"), password_delay=3) as house:
        ann = await who_knows_it(house, "ann")
        assert trio.current_time() < 1
        assert house.hits("password_delay") == 0
        wrong, none = await house.connect(), await house.connect()
        await wrong.send("PASS salad", *house.introduction("wrong"))
        await none.send(*house.introduction("none"))
        await house.until(lambda: house.hits("password_delay") == 2)
        with trio.fail_after(1):
            await ann.settle()
            await who_knows_it(house, "bob")
        for peer, sentence in (
            (wrong, "The password is wrong"),
            (none, "This chat has a password, and none was given (PASS, or /pass)"),
        ):
            told = await peer.rest()
            assert " 464 " in told[-2]
            assert tuple(farewell_of(told)) == (sentence, Reason.WRONG_PASSWORD, None)
        assert trio.current_time() == pytest.approx(3, abs=0.1)


@pytest.mark.bound("password_cost")
async def test_six_guesses_spend_what_a_host_may_connect(autojump_clock: Clock) -> None:
    async with serving(Settings(ANYWHERE, 0, password=b"soup"), password_delay=0.001) as house:
        ann = await who_knows_it(house, "ann", ELSEWHERE)
        for number in range(6):
            assert (await guess(house, f"guess{number}")).reason == Reason.WRONG_PASSWORD
        assert house.hits("password_cost") == 6
        assert house.hits("host_rate") == 0
        farewell = await guess(house, "soup")
        assert farewell.reason == Reason.TOO_FAST_FROM_HOST
        assert "(host-rate)" in farewell.sentence
        assert house.hits("host_rate") == 1
        await ann.settle()
        await who_knows_it(house, "bob", ELSEWHERE)
        assert farewell.retry_after is not None
        await trio.sleep(farewell.retry_after)
        await who_knows_it(house, "cid")


@pytest.mark.bound("password_cost")
async def test_who_connects_first_and_guesses_then_has_no_more_guesses(autojump_clock: Clock) -> None:
    async with serving(Settings(ANYWHERE, 0, password=b"soup")) as house:
        ann = await who_knows_it(house, "ann", ELSEWHERE)
        crowd = [await house.connect(HERE) for _ in range(20)]
        for number, peer in enumerate(crowd):
            await peer.send("PASS salad", *house.introduction(f"guess{number}"))
        reasons = [farewell_of(await peer.rest()).reason for peer in crowd]
        assert reasons.count(Reason.WRONG_PASSWORD) <= 6
        assert set(reasons) == {Reason.WRONG_PASSWORD, Reason.TOO_FAST_FROM_HOST}
        await ann.settle()
