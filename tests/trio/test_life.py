"""A client's life, seen from its end of the connection: seats, the waiting line, refusals, hand-off."""

import logging
import re

import pytest
import trio
import trio.testing
from support import Running, running

from chatd import door
from chatd.protocol.irc import parse
from chatd.protocol.waiting import Queued, Seated, parse_note


async def test_full_irc_before_registration(autojump_clock: trio.testing.MockClock) -> None:
    async with running(max_clients=1, queue=0) as house:
        await house.seated("ann")
        bob = await house.connect()
        await bob.send("CAP LS 302")
        assert "SERVER_FULL" in (await bob.rest())[0]


async def test_full_plain_first_line(autojump_clock: trio.testing.MockClock) -> None:
    async with running(max_clients=0, queue=0) as house:
        peer = await house.connect()
        await peer.send("hello")
        [line] = await peer.rest()
    assert re.fullmatch(r"\* There are no seats .*; SERVER_FULL, retry in \d+ s", line)


async def test_waiting_registers_at_once_and_joins_when_seated(autojump_clock: trio.testing.MockClock) -> None:
    async with running(max_clients=1, queue=5) as house:
        ann = await house.seated("ann")
        bob = await house.irc("bob", "JOIN #lobby,#two", caps="standard-replies")
        told = await bob.settle()
        codes = [parse(line).command for line in told]
        assert {"001", "005", "422"} <= set(codes)
        assert "JOIN" not in codes
        notes = [parse_note(parse(line)) for line in told]
        assert Queued(1, 1, None) in notes
        await ann.send("QUIT")
        seated = await bob.until("366 bob #two")
        assert parse_note(parse(seated[0])) == Seated()
        assert [line for line in seated if " JOIN " in line] == [
            ":bob!bob@127.0.0.1 JOIN #lobby",
            ":bob!bob@127.0.0.1 JOIN #two",
        ]


async def test_waiting_without_capability_reads_sentences(autojump_clock: trio.testing.MockClock) -> None:
    async with running(max_clients=1, queue=5) as house:
        ann = await house.seated("ann")
        bob = await house.irc("bob")
        assert await bob.find("in line") == ":chatd.local NOTICE bob :You are 1st of 1 in line. Stay connected."
        await ann.send("QUIT")
        assert await bob.line() == ":chatd.local NOTICE bob :Your seat is free: welcome."


async def test_hand_off_is_first_come_first_served(autojump_clock: trio.testing.MockClock) -> None:
    async with running(max_clients=1, queue=3) as house:
        seated = await house.seated("ann")
        line = [await house.waiting(nick, "JOIN #lobby") for nick in ("bob", "cid", "dan")]
        for peer in line:
            await seated.send("QUIT")
            late = await house.irc("late")  # it comes just as a seat frees, and cannot overtake
            await peer.until(" 366 ")
            await late.until("in line")
            await late.close()
            await house.until(lambda: "late" not in {client.nick for client in house.chat.registered()})
            seated = peer
        assert house.chat.pool.statistics.peak_in_use == 1


async def test_waiting_is_invisible_but_holds_its_name(autojump_clock: trio.testing.MockClock) -> None:
    async with running(max_clients=2, queue=5) as house:
        ann = await house.seated("ann")
        await house.seated("bea")
        await house.waiting("bob", "JOIN #lobby")
        await ann.send("PRIVMSG bob :hi", "NAMES #lobby", "WHO bob", "WHOIS bob", "NICK bob", "ISON bob", "LUSERS")
        answers = await ann.settle()
    by_code = {parse(line).command: parse(line) for line in answers}
    assert by_code["401"].params[1] == "bob"
    assert "bob" not in by_code["353"].params[-1]
    assert "352" not in by_code
    assert by_code["433"].params[1] == "bob"
    assert by_code["303"].params[-1] == ""
    assert "There are 2 users" in by_code["251"].params[-1]


async def test_what_a_waiting_client_may_do(autojump_clock: trio.testing.MockClock) -> None:
    async with running(max_clients=1, queue=5) as house:
        ann = await house.seated("ann")
        bob = await house.waiting("bob", "JOIN #a,#b,#c")
        for line, answer in {
            "CAP LIST": " CAP bob LIST ",
            "MOTD": " 422 ",
            "LUSERS": " 251 ",
            "NICK rob": "bob!bob@127.0.0.1 NICK :rob",
            "PRIVMSG ann :hi": "You are 1st of 1 in line",
            "WHO #lobby": "You are 1st of 1 in line",
            "NONSENSE": "You are 1st of 1 in line",
        }.items():
            await bob.send(line)
            assert answer in await bob.line(), line
            await bob.settle()
        await bob.send("PART #b")
        await bob.settle()
        await ann.send("QUIT")
        joined = await bob.until(" 366 rob #c")
        assert [parse(line).params[0] for line in joined if " JOIN " in line] == ["#a", "#c"]


async def test_end_of_file_leaves_the_line(autojump_clock: trio.testing.MockClock) -> None:
    async with running(max_clients=1, queue=2) as house:
        ann = await house.seated("ann")
        bob = await house.waiting("bob")
        cid = await house.waiting("cid", "JOIN #lobby")
        await bob.close()
        await house.until(lambda: house.chat.pool.waiting == 1)
        await ann.send("QUIT")
        await cid.until(" 366 ")
    assert house.chat.pool.statistics.gave_up == 1


async def test_expected_wait_is_told_once_it_is_known(autojump_clock: trio.testing.MockClock) -> None:
    async with running(max_clients=1, queue=1) as house:
        for visit in range(4):
            peer = await house.seated(f"visitor{visit}")
            await trio.sleep(20)
            await peer.send("QUIT")
            await peer.rest()
        await house.seated("ann")
        bob = await house.irc("bob")
        assert "You are 1st of 1 in line, about 20 s." in await bob.find("in line")


async def test_plain_in_line(autojump_clock: trio.testing.MockClock) -> None:
    async with running(max_clients=1, queue=2) as house:
        ann = await house.seated("ann")
        bob = await house.connect()
        await bob.send("/nick bob")
        assert await bob.line() == "* You are 1st of 1 in line. Stay connected."
        await bob.send("hello")
        assert await bob.line() == "* Not delivered: hello"
        assert await bob.line() == "* You are 1st of 1 in line. Stay connected."
        await ann.send("QUIT")
        assert (await bob.line()).startswith("* Welcome, bob")
        cid = await house.connect()
        await cid.send("anybody?")
        await cid.stream.send_eof()
        assert await cid.rest() == [
            "* You are 1st of 1 in line. Stay connected.",
            "* Not delivered: anybody?",
            "* You are 1st of 1 in line. Stay connected.",
            "* Goodbye.",
        ]


async def test_a_freed_seat_is_free_before_the_leaver_has_hung_up(autojump_clock: trio.testing.MockClock) -> None:
    async with running(max_clients=1, queue=0, linger=60) as house:
        ann = await house.seated("ann")
        await ann.send("QUIT")
        await ann.rest()  # it reads its goodbye and does not close
        await house.seated("bob")


async def test_precedence_of_reasons(autojump_clock: trio.testing.MockClock) -> None:
    async with running(max_clients=1, queue=0) as house:
        await house.seated("ann")
        house.chat.pool.pause()
        peer = await house.irc("bob")
        assert "; PAUSED, " in (await peer.rest())[-1]


async def test_paused_newcomers_wait(autojump_clock: trio.testing.MockClock) -> None:
    async with running(max_clients=1, queue=1) as house:
        house.chat.pool.pause()
        await house.waiting("ann")
        assert house.chat.pool.in_use == 0


async def test_an_idlers_seat_goes_to_who_waits_also_when_nothing_else_happens(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """Plain clients are not pinged, so nothing but the release itself wakes the watch."""
    async with running(max_clients=1, queue=1, idle_release=5, queue_timeout=float("inf")) as house:
        ann = await house.connect()
        await ann.send("hello")
        await ann.until("Welcome")
        house.chat.pool.pause()
        bob = await house.connect()
        await bob.send("hello")
        await bob.until(" in line")
        await trio.sleep(60)
        assert house.chat.pool.in_use == 1
        with trio.fail_after(1):
            door.seat(house.chat, house.chat.pool.resume(trio.current_time()))
            assert (await ann.rest())[-1].endswith("; you may wait in line for a seat; IDLE_RELEASE")
            await bob.until("Welcome")


async def test_who_is_released_is_logged_as_everybody_who_leaves(
    autojump_clock: trio.testing.MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        async with running(max_clients=1, queue=1, idle_release=5) as house:
            ann = await house.seated("ann")
            await house.waiting("bob")
            await ann.rest()
    left = [record.__dict__["fields"] for record in caplog.records if record.message == "left"]
    assert [fields["cause"] for fields in left if fields["nick"] == "ann"] == ["IDLE_RELEASE"]


async def _visit(house: Running, nick: str) -> None:
    peer = await house.seated(nick)
    await peer.send("QUIT")
    await peer.rest()


async def test_names_and_seats_come_back(autojump_clock: trio.testing.MockClock) -> None:
    async with running(max_clients=1, queue=0) as house:
        for _ in range(20):
            await _visit(house, "ann")
        assert house.chat.pool.in_use == 0
        assert len(house.chat.clients) == 0
        assert list(house.chat.registered()) == []
