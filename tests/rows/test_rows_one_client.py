"""The rows of "What one client may do", pushed from outside: who talks fast is slowed and loses nothing, who sends what
is too much is told so. What is owed to clients, and what the kernel keeps of theirs, is in test_rows_buffers."""

import math

import pytest
import trio
import trio.testing
from support import Peer, Running, farewell_of, running

from chatd.protocol.farewell import Reason

Clock = trio.testing.MockClock


async def refilled(house: Running) -> None:
    """Every client's burst is whole again."""
    limits = house.chat.limits
    await trio.sleep(limits.message_burst / limits.message_rate)


def numbered(count: int) -> list[str]:
    return [f"PRIVMSG #lobby :{number}" for number in range(count)]


def texts(lines: list[str]) -> list[str]:
    """What was said in those of the lines that are messages."""
    return [line.partition(" :")[2] for line in lines if " PRIVMSG " in line]


async def heard(peer: Peer, count: int) -> list[str]:
    """So many texts, as they come. Pings are answered meanwhile."""
    lines: list[str] = []
    while len(texts(lines)) < count:
        lines.append(await peer.line())
        if lines[-1] == "PING :chatd.local":
            await peer.send("PONG :chatd.local")
    return texts(lines)


@pytest.mark.bound("message_rate")
@pytest.mark.bound("message_burst")
async def test_a_fast_sender_is_slowed_and_nothing_is_lost(autojump_clock: Clock) -> None:
    async with running(message_rate=10, message_burst=40, ping_interval=5, ping_timeout=5) as house:
        ann, bob = await house.seated("ann"), await house.seated("bob")
        await refilled(house)
        began = trio.current_time()
        await ann.send(*numbered(39))
        await ann.settle()  # the fortieth line
        assert await heard(bob, 39) == [str(number) for number in range(39)]
        assert (house.hits("message_rate"), house.hits("message_burst")) == (0, 0)
        assert trio.current_time() == began
        await refilled(house)
        began = trio.current_time()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(ann.send, *numbered(400))
            first = await heard(bob, 100)
            before = trio.current_time()
            await bob.settle()
            assert trio.current_time() == before, "the other one is answered at once"
            assert first + await heard(bob, 300) == [str(number) for number in range(400)]
        # 400 lines less a burst of 40, at 10 a second. Its ping clock stood still meanwhile.
        assert trio.current_time() - began == pytest.approx(36, abs=0.5)
        assert house.hits("message_rate") == house.hits("message_burst") > 0
        assert not house.chat.closed


@pytest.mark.bound("message_rate")
async def test_without_a_rate_nobody_is_slowed(autojump_clock: Clock) -> None:
    async with running(message_rate=math.inf) as house:
        ann, bob = await house.seated("ann"), await house.seated("bob")
        began = trio.current_time()
        await ann.send(*numbered(400))
        assert await heard(bob, 400) == [str(number) for number in range(400)]
        assert trio.current_time() == began
        assert house.hits("message_rate") == 0


@pytest.mark.bound("message_rate")
async def test_a_half_closed_sender_is_told_the_rate_and_what_was_not_delivered(autojump_clock: Clock) -> None:
    async with running(message_rate=10, message_burst=40) as house:
        ann = await house.seated("ann")
        peer = await house.connect()
        await peer.stream.send_all("".join(f"{number}\n" for number in range(400)).encode())
        await peer.stream.send_eof()  # as `seq 400 | nc -N` does
        told = await peer.rest()
        assert told[-2:] == [
            "* Not delivered: the rest. You sent more than 10 lines/s (message-rate), and ended your input",
            "* Goodbye.",
        ]
        assert texts(await ann.until(" QUIT ")) == [str(number) for number in range(80)]
        assert house.hits("message_rate") > 0


@pytest.mark.bound("message_burst")
async def test_what_takes_much_is_paid_for_also_by_who_has_left(autojump_clock: Clock) -> None:
    """VERSION has four lines of answer, so each costs five."""
    async with running(message_rate=1, message_burst=20, answers_per_line=1) as house:
        ann = await house.seated("ann")
        await refilled(house)
        await ann.send(*["VERSION"] * 40)
        await ann.stream.send_eof()
        answered = sum(" 351 " in line for line in await ann.rest())
        assert 8 <= answered <= 9, "a burst of them, and one after it was seen"


@pytest.mark.bound("answers_per_line")
async def test_who_asks_for_long_answers_waits_as_who_says_much(autojump_clock: Clock) -> None:
    """VERSION has four lines of answer."""
    async with running(message_rate=10, message_burst=40, answers_per_line=5) as house:
        ann, bob = await house.seated("ann"), await house.seated("bob")
        await refilled(house)
        began = trio.current_time()
        await ann.send(*["VERSION"] * 39)
        assert sum(" 351 " in line for line in await ann.settle()) == 39
        assert (house.hits("answers_per_line"), trio.current_time()) == (0, began)
        house.chat.limits.answers_per_line = 1
        house.server.apply()
        await refilled(house)
        began = trio.current_time()
        await ann.send(*[line for number in range(30) for line in ("VERSION", f"PRIVMSG #lobby :{number}")])
        assert await heard(bob, 25) == [str(number) for number in range(25)]
        before = trio.current_time()
        await bob.settle()
        assert trio.current_time() == before, "the other one is answered at once"
        assert sum(" 351 " in line for line in await ann.settle()) == 30
        assert await heard(bob, 5) == ["25", "26", "27", "28", "29"]
        # 60 lines, 120 of answers, and the PING: less a burst of 40, at 10 a second.
        assert trio.current_time() - began == pytest.approx(14.1, abs=0.2)
        assert house.hits("answers_per_line") > 0


@pytest.mark.bound("plain_line")
async def test_a_long_line_of_a_person_is_not_delivered_and_its_sender_told(autojump_clock: Clock) -> None:
    async with running(plain_line=40) as house:
        ann, bob = await house.seated("ann"), await house.connect()
        fits = "é" * 20
        await bob.stream.send_all(f"/nick bob\n{fits}\n".encode())
        assert (await ann.find(" PRIVMSG ")).endswith(f":{fits}")
        assert house.hits("plain_line") == 0
        await bob.stream.send_all(f"{fits}x\nshorter\n".encode())
        assert await bob.find("Not delivered") == "* Not delivered: a line has at most 40 bytes (plain-line)"
        assert (await ann.find(" PRIVMSG ")).endswith(":shorter")
        assert house.hits("plain_line") == 1


@pytest.mark.bound("endless_line")
@pytest.mark.parametrize("introduction", [b"NICK ann\r\nUSER ann 0 * :x\r\n", b"/nick ann\n"], ids=["irc", "plain"])
async def test_a_line_without_an_end_ends_its_sender_with_the_limit(introduction: bytes, autojump_clock: Clock) -> None:
    async with running(endless_line=10_000) as house:
        bob, ann = await house.seated("bob"), await house.connect()
        await ann.stream.send_all(introduction + b"x" * 10_000)
        await house.until(lambda: house.chat.find("ann") is not None)
        await ann.stream.send_all(b"\n" + b"y" * 10_000)
        await ann.until("too long" if introduction.startswith(b"NICK") else "Not delivered")
        assert house.hits("endless_line") == 0
        await ann.stream.send_all(b"y")
        farewell = farewell_of(await ann.rest())
        assert farewell.reason == Reason.LINE_TOO_LONG
        assert farewell.sentence == "A line of yours has passed 10000 bytes without an end (endless-line)"
        assert house.hits("endless_line") == house.chat.closed[Reason.LINE_TOO_LONG] == 1
        await bob.settle()


@pytest.mark.bound("rooms_per_client")
async def test_one_room_too_many_is_not_entered(autojump_clock: Clock) -> None:
    async with running(rooms_per_client=3) as house:
        ann, bob = await house.seated("ann", "JOIN #b,#c"), await house.seated("bob")
        await ann.until(" 366 ann #c ")
        assert (house.hits("rooms_per_client"), house.in_use("rooms_per_client")) == (0, 3)
        await ann.send("JOIN #d")
        assert await ann.settle() == [
            ":bob!bob@127.0.0.1 JOIN #lobby",
            ":chatd.local 405 ann #d :One may be in 3 rooms at most (rooms-per-client)",
        ]
        assert (house.hits("rooms_per_client"), house.peak("rooms_per_client")) == (1, 3)
        await ann.send("PART #c", "JOIN #d")
        await ann.until(" 366 ann #d ")
        await bob.send("JOIN #d")
        await bob.until(" 366 bob #d ")


@pytest.mark.bound("rooms_per_client")
async def test_as_many_joins_are_kept_for_one_in_line(autojump_clock: Clock) -> None:
    async with running(max_clients=1, queue=1, rooms_per_client=2) as house:
        ann, bob = await house.seated("ann"), await house.waiting("bob", "JOIN #b", "JOIN #c", "JOIN #d")
        told = await bob.settle()
        assert told == [":chatd.local 405 bob #d :One may be in 2 rooms at most (rooms-per-client)"]
        assert house.hits("rooms_per_client") == 1
        await ann.send("QUIT")
        await bob.until(" 366 bob #c ")
        assert house.in_use("rooms_per_client") == 2


@pytest.mark.bound("targets")
async def test_of_a_message_to_too_many_nothing_is_sent(autojump_clock: Clock) -> None:
    async with running(targets=2) as house:
        ann, bob, cid = [await house.seated(nick) for nick in ("ann", "bob", "cid")]
        await ann.until("cid!")
        await ann.send("PRIVMSG bob,cid,bob :for both")
        for peer in (bob, cid):
            assert (await peer.find(" PRIVMSG ")).endswith(":for both")
        assert house.hits("targets") == 0
        await ann.send("PRIVMSG bob,cid,#lobby :nobody", "NOTICE bob,cid,#lobby :nobody", "NAMES #lobby,#b,#c")
        too_many = "At most 2 targets (targets); nothing was done"
        assert await ann.settle() == [
            f":chatd.local 407 ann bob,cid,#lobby :{too_many}",
            f":chatd.local 407 ann #lobby,#b,#c :{too_many}",
        ]
        assert house.hits("targets") == 3, "a NOTICE counts, though nothing answers it"
        for peer in (bob, cid):
            assert texts(await peer.settle()) == []


@pytest.mark.bound("mode_changes")
async def test_of_a_mode_the_first_changes_are_made_and_told_in_one_line(autojump_clock: Clock) -> None:
    async with running(mode_changes=3) as house:
        ann, bob = await house.irc("ann", "JOIN #a"), await house.irc("bob", "JOIN #a")
        for peer in (ann, bob):
            await peer.until("366")
        await ann.send("MODE #a +msk word")
        assert await bob.find(" MODE ") == ":ann!ann@127.0.0.1 MODE #a +msk word"
        assert house.hits("mode_changes") == 0
        await ann.send("MODE #a -msk+l word 5")
        assert await bob.find(" MODE ") == ":ann!ann@127.0.0.1 MODE #a -msk *"
        assert house.hits("mode_changes") == 1
        await bob.send("MODE #a")
        assert await bob.find(" 324 ") == ":chatd.local 324 bob #a +nt", "the fourth was not made"


@pytest.mark.bound("who_replies")
async def test_an_answer_to_who_ends_at_the_limit_and_says_so(autojump_clock: Clock) -> None:
    async with running(who_replies=3) as house:
        ann, bob, cid = [await house.seated(nick) for nick in ("ann", "bob", "cid")]
        for mask in ("#lobby", "*"):
            await cid.send(f"WHO {mask}")
            assert [line.split()[1] for line in await cid.settle()] == ["352"] * 3 + ["315"]
        assert house.hits("who_replies") == 0
        dan = await house.seated("dan")
        for times, mask in enumerate(("#lobby", "*"), 1):
            await dan.send(f"WHO {mask}")
            *told, more, end = await dan.settle()
            assert [line.split()[1] for line in told] == ["352"] * 3
            assert more == f":chatd.local 416 dan WHO {mask} :There are more than 3; narrow the mask (who-replies)"
            assert " 315 " in end
            assert house.hits("who_replies") == times
        for peer in (ann, bob):
            await peer.settle()


@pytest.mark.bound("looks_per_line")
async def test_who_has_much_looked_at_waits_as_who_says_much(autojump_clock: Clock) -> None:
    """ISON of four names is four looks, and one line of answer."""
    async with running(message_rate=10, message_burst=40, looks_per_line=5) as house:
        ann, bob = await house.seated("ann"), await house.seated("bob")
        await refilled(house)
        began = trio.current_time()
        await ann.send(*["ISON a b c d"] * 20)
        assert sum(" 303 " in line for line in await ann.settle()) == 20
        assert (house.hits("looks_per_line"), trio.current_time()) == (0, began)
        house.chat.limits.looks_per_line = 1
        house.server.apply()
        await refilled(house)
        began = trio.current_time()
        await ann.send(*["ISON a b c d"] * 20)
        await bob.settle()
        assert trio.current_time() == began, "the other one is answered at once"
        assert sum(" 303 " in line for line in await ann.settle()) == 20
        # 20 lines, 80 of looks, and the PING: less a burst of 40, at 10 a second.
        assert trio.current_time() - began == pytest.approx(6.1, abs=0.2)
        assert house.hits("looks_per_line") == 20
