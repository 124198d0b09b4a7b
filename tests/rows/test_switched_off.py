"""What the words `none` and `0` mean: a bound that was switched off by choice is none, one of zero lets nothing in.

Either of them has to be written; nothing is switched off by forgetting it.
"""

import math
import signal
import socket
import subprocess
import sys
from typing import Any

import pytest
import trio
import trio.testing
from support import HOST, farewell_of, running, serving

from chatd.limits import bounds
from chatd.ops.wire import RefusedError
from chatd.protocol.farewell import Reason
from chatd.settings import Settings

Clock = trio.testing.MockClock

MAY_BE_NONE = [bound for bound in bounds() if bound.may_be_none]
MAY_BE_ZERO = {"departed", "max_clients", "queue", "max_per_host", "bans", "history_lines", "history_bytes"}
A_DAY = 24 * 3600
DEADLINE = 20  # seconds of real time; for what takes a fraction of one


@pytest.mark.parametrize("name", [bound.name for bound in MAY_BE_NONE])
async def test_a_server_without_that_bound_starts_serves_and_ends(autojump_clock: Clock, name: str) -> None:
    [bound] = [bound for bound in bounds() if bound.name == name]
    none: Any = bound.parse("none")
    assert math.isinf(none)
    async with serving(Settings("0.0.0.0", 0), **{name: none}) as house:
        ann, bob = await house.seated("ann"), await house.seated("bob")
        await house.connect()
        await ann.send("PRIVMSG #lobby :hello")
        assert await bob.find("PRIVMSG") == ":ann!ann@127.0.0.1 PRIVMSG #lobby :hello"
        assert house.hits(name) == 0
        house.server.apply()
        house.ask("limits")
        house.server.drain()
        for peer in (ann, bob):
            assert farewell_of(await peer.rest()).reason == Reason.DRAINING
            await peer.close()
        assert house.chat.faults == 0


async def test_without_any_bound_on_time_a_day_in_silence_ends_nobody(autojump_clock: Clock) -> None:
    times: dict[str, Any] = {bound.name: math.inf for bound in MAY_BE_NONE if bound.unit == "s"}
    async with running(max_clients=1, place_interval=3600, **times) as house:
        ann, bob = await house.seated("ann"), await house.waiting("bob", "JOIN #lobby")
        silent = await house.connect()
        await trio.sleep(A_DAY)
        await ann.settle()
        await bob.settle()
        await silent.send("/nick cid")
        await silent.until("You are 2nd of 2 in line")
        assert not house.chat.closed
        await ann.send("QUIT")
        await ann.rest()
        await bob.until(" 366 ")
        await trio.sleep(A_DAY)
        assert house.in_use("farewells") == 1, "nor is anybody cut who does not hang up"


async def test_without_seats_to_count_nobody_waits(autojump_clock: Clock) -> None:
    async with running(max_clients=math.inf, queue=0) as house:
        for number in range(101):
            peer = await house.irc(f"nick{number}")
            assert "no bound on clients" in await peer.find(" 003 ")
            await peer.settle()
        assert house.in_use("max_clients") == 101
        assert (house.hits("max_clients"), house.hits("queue")) == (0, 0)


def test_a_process_without_any_of_these_bounds_serves_and_ends() -> None:
    flags = [word for bound in MAY_BE_NONE for word in (bound.flag, "none")]
    with subprocess.Popen(
        [sys.executable, "-m", "chatd", "--port", "0", *flags],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            ready = process.stdout.readline()
            assert ready.endswith(": no bound on seats, no bound on places in line (no timeout)\n")
            port = int(ready.partition(f"{HOST}:")[2].partition(":")[0])
            with socket.create_connection((HOST, port), timeout=DEADLINE) as ann, ann.makefile("rb") as lines:
                ann.sendall(b"NICK ann\r\nUSER ann 0 * :Ann\r\nJOIN #lobby\r\n")
                assert any(b" 366 " in line for line in lines)
                process.send_signal(signal.SIGTERM)
                assert b"; DRAINING" in lines.read()
            out, err = process.communicate(timeout=DEADLINE)
        finally:
            process.kill()
    assert process.returncode == 0
    assert "internal errors: 0" in out
    assert "Traceback" not in err


# Zero.


def test_these_bounds_may_be_zero_and_no_others() -> None:
    assert {bound.name for bound in bounds() if bound.least == 0} == MAY_BE_ZERO


async def test_no_seats_admit_nobody_and_the_line_waits(autojump_clock: Clock) -> None:
    async with running(max_clients=0, queue=1) as house:
        ann = await house.waiting("ann")
        assert farewell_of(await (await house.irc("bob")).rest()).sentence == (
            "There are no seats (max-clients 0), and the only place in line is taken (queue)"
        )
        assert house.in_use("max_clients") == 0
        await ann.settle()


async def test_no_places_are_no_line(autojump_clock: Clock) -> None:
    async with running(max_clients=1, queue=0) as house:
        ann = await house.seated("ann")
        farewell = farewell_of(await (await house.irc("bob")).rest())
        assert farewell.sentence == "The only seat is taken (max-clients), and there is no waiting line (queue 0)"
        assert house.chat.pool.statistics.queued == 0
        await ann.settle()


async def test_no_client_of_a_host_is_nobody_but_who_is_exempt(autojump_clock: Clock) -> None:
    async with serving(Settings("0.0.0.0", 0), max_per_host=0) as house:
        farewell = farewell_of(await (await house.irc("ann")).rest())
        assert farewell.sentence == "0 clients are here from 127.0.0.1, the most that may be (max-per-host)"
    async with running(max_per_host=0) as house:
        await house.seated("ann")


async def test_no_bans_are_none(autojump_clock: Clock) -> None:
    async with running(bans=0) as house:
        ann = await house.seated("ann")
        with pytest.raises(RefusedError, match=r"there are 0 bans, the most that may be \(bans\)"):
            house.ask("ban", network=HOST)
        await ann.settle()


@pytest.mark.parametrize("name", ["history_lines", "history_bytes"])
async def test_no_history_shows_nothing_and_what_is_said_is_still_heard(autojump_clock: Clock, name: str) -> None:
    bound: Any = 0
    async with running(**{name: bound}) as house:
        ann, bob = await house.seated("ann"), await house.seated("bob")
        await ann.send("PRIVMSG #lobby :hello")
        await bob.until("hello")
        cid = await house.irc("cid", "JOIN #lobby", caps="server-time")
        assert not any("hello" in line for line in await cid.settle())
        assert house.in_use(name) == 0


async def test_nobody_is_remembered_where_none_is_wanted(autojump_clock: Clock) -> None:
    async with running(departed=0) as house:
        ann = await house.seated("ann", "NICK eve")
        await ann.until(" NICK :eve")
        await ann.send("WHOWAS ann")
        await ann.until(" 406 eve ann ")
        assert house.in_use("departed") == 0
