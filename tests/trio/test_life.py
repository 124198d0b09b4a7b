"""A client's life, seen from its end of the connection: seats, the waiting line, refusals, hand-off."""

import re

import pytest
import trio
import trio.testing
from support import Running, running

from chatd.protocol.farewell import Reason, parse_farewell
from chatd.protocol.irc import parse
from chatd.protocol.waiting import Occupancy, Queued, Seated, parse_note


async def test_full_irc(autojump_clock: trio.testing.MockClock) -> None:
    async with running(max_clients=1, queue=1) as house:
        await house.seated("ann")
        await house.waiting("bob")
        cid = await house.irc("cid")
        lines = await cid.rest()
    assert len(lines) == 1, "nothing but the reason is said to one who is refused"
    farewell = parse_farewell(parse(lines[0]).params[0])
    assert farewell is not None
    assert farewell.reason == "SERVER_FULL"
    assert farewell.sentence == "The only seat is taken, and the only place in line is taken"
    assert farewell.retry_after is not None
    assert 30 <= farewell.retry_after <= 61
    assert house.chat.pool.statistics.refused[Reason.SERVER_FULL] == 1


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


async def test_full_silence(autojump_clock: trio.testing.MockClock) -> None:
    async with running(max_clients=0, queue=0) as house:
        peer = await house.connect()
        before = trio.current_time()
        [line] = await peer.rest()
        assert trio.current_time() - before == pytest.approx(1, abs=0.1)
    assert line.startswith("* There are no seats")


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


async def test_wait_times_out(autojump_clock: trio.testing.MockClock) -> None:
    async with running(max_clients=1, queue=2, queue_timeout=7) as house:
        await house.seated("ann")
        began = trio.current_time()
        bob = await house.waiting("bob", caps="standard-replies")
        told = await bob.rest()
        assert trio.current_time() - began == pytest.approx(7, abs=0.1)
    assert parse(told[-2]).command == "FAIL"
    assert parse(told[-2]).params[:2] == ["*", "QUEUE_TIMEOUT"]
    farewell = parse_farewell(parse(told[-1]).params[0])
    assert farewell is not None
    assert farewell.reason == "QUEUE_TIMEOUT"
    assert "7 s" in farewell.sentence
    assert farewell.retry_after is not None
    assert house.chat.pool.statistics.timed_out == 1


async def test_places_are_told_in_sweeps_to_those_whose_changed(autojump_clock: trio.testing.MockClock) -> None:
    async with running(max_clients=1, queue=9, place_interval=10) as house:
        await house.seated("ann")
        line = [await house.waiting(nick, caps="standard-replies") for nick in ("bob", "cid", "dan")]
        for peer in line:
            await peer.settle()
        await line[1].close()
        await house.until(lambda: house.chat.pool.waiting == 2)
        await trio.sleep(21)
        bob = [parse_note(parse(note)) for note in await line[0].settle()]
        dan = [parse_note(parse(note)) for note in await line[2].settle()]
    assert [note for note in bob if isinstance(note, Queued)] == []
    assert [note for note in dan if isinstance(note, Queued)] == [Queued(2, 2, None)]
    assert [note for note in dan if isinstance(note, Occupancy)] == [Occupancy(1, 1, 2)]


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


async def _visit(house: Running, nick: str) -> None:
    peer = await house.seated(nick)
    await peer.send("QUIT")
    await peer.rest()


async def test_names_and_seats_come_back(autojump_clock: trio.testing.MockClock) -> None:
    async with running(max_clients=1, queue=0) as house:
        for _ in range(20):
            await _visit(house, "ann")
        assert house.chat.pool.in_use == 0
        assert house.chat.connections == 0
        assert list(house.chat.registered()) == []
