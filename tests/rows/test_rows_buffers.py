"""The rows of "What one client may do" that are buffers: what is owed to clients, what the kernel keeps of theirs."""

import fcntl
import math
import socket
import struct
import termios
from collections import Counter

import pytest
import trio
import trio.testing
from support import UNDER_WAY, Peer, Running, farewell_of, running

from chatd.protocol.farewell import Reason
from chatd.session import Session

Clock = trio.testing.MockClock

# The kernel may take real time to hand over much data, and the clock jumps meanwhile: nobody is to be cut for that.
PATIENT = {"linger": math.inf, "ping_interval": math.inf}
TEXT = "x" * 400
LINE = 512  # bytes of the longest


def accepted(house: Running, nick: str) -> socket.socket:
    """The server's end of that member's connection."""
    sessions = [each for each in house.server.house.sessions if isinstance(each, Session)]
    return next(session._connection._sock for session in sessions if session.client.nick == nick)


def unread(sock: socket.socket) -> int:
    """Bytes that the kernel keeps for who reads from the socket."""
    answer = fcntl.ioctl(sock, termios.FIONREAD, struct.pack("i", 0))
    size: int = struct.unpack("i", answer)[0]
    return size


def owed(house: Running, nick: str) -> int:
    client = house.chat.find(nick)
    return 0 if client is None else len(client.outbox)


async def deaf_member(house: Running, nick: str, *then: str) -> Peer:
    """A member that never reads, as long as its test does not."""
    peer = await house.connect_with_small_window()
    await peer.send(*house.introduction(nick), *then)
    await house.until(lambda: house.chat.find(nick) is not None and not owed(house, nick))
    return peer


async def owe(house: Running, sender: Peer, nick: str, size: int) -> int:
    """Say something to a member that does not read until that much is owed to it, or it is gone. How many lines."""
    number = 0
    while house.chat.find(nick) is not None and owed(house, nick) < size:
        assert number < 1000
        await sender.send(f"PRIVMSG {nick} :{number} {TEXT}")
        await sender.settle()
        number += 1
    return number


def texts(lines: list[str]) -> list[str]:
    """The first words of the messages among the lines."""
    return [line.partition(" :")[2].partition(" ")[0] for line in lines if " PRIVMSG " in line]


@pytest.mark.bound("outbox")
async def test_one_who_never_reads_delays_nobody_and_is_closed_with_the_limit(autojump_clock: Clock) -> None:
    autojump_clock.autojump_threshold = UNDER_WAY
    async with running(outbox=20_000, send_buffer=4096, message_rate=math.inf, **PATIENT) as house:
        deaf, slow = await deaf_member(house, "deaf"), await deaf_member(house, "slow")
        ann = await house.seated("ann")
        lines = await owe(house, ann, "slow", 19_000)
        assert (house.hits("outbox"), house.in_use("outbox")) == (0, owed(house, "slow"))
        await owe(house, ann, "deaf", 20_001)
        assert trio.current_time() < 1, "nobody has waited for it"
        assert house.hits("outbox") == house.chat.closed[Reason.OUTBOX_FULL] == 1
        assert 19_000 < (house.peak("outbox") or 0) <= 20_000 + LINE
        told = await deaf.rest()  # now it reads, and finds whole lines and the reason
        assert all(line.startswith((":", "ERROR ")) for line in told)
        farewell = farewell_of(told)
        assert farewell.reason == Reason.OUTBOX_FULL
        assert farewell.sentence == "You read too slowly: more than 20000 bytes are owed to you (outbox)"
        assert texts(await slow.until(f" :{lines - 1} ")) == [str(number) for number in range(lines)]
        await slow.settle()


@pytest.mark.bound("outbox")
async def test_who_overflows_often_in_one_tick_is_counted_once(autojump_clock: Clock) -> None:
    autojump_clock.autojump_threshold = UNDER_WAY
    async with running(outbox=8192, send_buffer=4096, message_rate=math.inf, input_bytes=10**6) as house:
        _, ann = await deaf_member(house, "deaf"), await house.seated("ann")
        await ann.send(*[f"PRIVMSG deaf :{TEXT}"] * 200)
        await house.until(lambda: house.chat.find("deaf") is None)
        assert house.hits("outbox") == house.chat.closed[Reason.OUTBOX_FULL] == 1
        await ann.settle()


@pytest.mark.bound("outbox")
async def test_last_words_are_owed_past_the_bound(autojump_clock: Clock) -> None:
    autojump_clock.autojump_threshold = UNDER_WAY
    async with running(outbox=20_000, send_buffer=4096, message_rate=math.inf, drain_time=math.inf, **PATIENT) as house:
        slow, ann = await deaf_member(house, "slow"), await house.seated("ann")
        lines = await owe(house, ann, "slow", 19_500)
        missing = 20_000 - owed(house, "slow")
        await ann.send("PRIVMSG slow :".ljust(missing - len(":ann!ann@127.0.0.1 \r\n"), "x"))
        await ann.settle()
        assert (owed(house, "slow"), house.hits("outbox")) == (20_000, 0)
        house.server.drain()
        await house.until(lambda: not house.server.house.sessions)
        told = await slow.rest()
        assert farewell_of(told).reason == Reason.DRAINING
        assert len(texts(told)) == lines + 1
        assert house.hits("outbox") == 0


@pytest.mark.bound("outbox_pause")
async def test_one_who_asks_for_much_is_slowed_and_not_closed(autojump_clock: Clock) -> None:
    """Its own answers are never what closes a client that reads, however slowly."""
    autojump_clock.autojump_threshold = UNDER_WAY
    async with running(outbox=40_000, outbox_pause=10_000, send_buffer=4096, **PATIENT) as house:
        for number in range(5):
            await house.irc(f"ann{number}", "JOIN " + ",".join(f"#room{number}x{room}" for room in range(19)))
        eve, bob = await house.seated("eve"), await house.connect_with_small_window()
        await bob.send(*house.introduction("bob"), "LIST")
        await bob.until(" 323 ")
        assert house.hits("outbox_pause") == 0
        await bob.send(*["LIST"] * 16, "PRIVMSG eve :that was much")
        await trio.sleep(5)  # it reads nothing meanwhile
        assert house.hits("outbox_pause") > 0
        assert 0 < owed(house, "bob") < 20_000, "it was given what passes the pause, and no more"
        assert texts(await eve.settle()) == []
        told: list[str] = []
        while sum(" 323 " in line for line in told) < 16:
            told.append(await bob.line())
        assert sum(" 322 " in line for line in told) == 16 * house.chat.room_count
        assert await eve.find("that was much")
        assert not house.chat.closed


@pytest.mark.bound("outboxes")
async def test_who_is_owed_most_is_closed_first(autojump_clock: Clock) -> None:
    autojump_clock.autojump_threshold = UNDER_WAY
    async with running(outboxes=65_536, send_buffer=4096, message_rate=math.inf, **PATIENT) as house:
        most, less = await deaf_member(house, "most"), await deaf_member(house, "less")
        ann, bob = await house.seated("ann"), await house.seated("bob")
        await owe(house, ann, "most", 36_000)
        await owe(house, ann, "less", 20_000)
        assert (house.hits("outboxes"), house.in_use("outboxes")) == (0, owed(house, "most") + owed(house, "less"))
        while house.chat.find("most") is not None:
            await owe(house, ann, "less", owed(house, "less") + 1)
        assert house.hits("outboxes") == house.chat.closed[Reason.OUTBOXES_FULL] == 1
        assert 65_536 < (house.peak("outboxes") or 0) <= 65_536 + LINE
        assert (house.in_use("outboxes") or 0) <= owed(house, "less") + 2 * LINE
        farewell = farewell_of(await most.rest())
        assert farewell.reason == Reason.OUTBOXES_FULL
        assert farewell.sentence.startswith("More than 65536 bytes are owed to all clients, and ")
        assert farewell.sentence.endswith(" (outboxes)")
        await owe(house, ann, "less", 70_000)
        assert house.hits("outboxes") == house.chat.closed[Reason.OUTBOXES_FULL] == 2, "then the next"
        assert farewell_of(await less.rest()).reason == Reason.OUTBOXES_FULL
        for peer in (ann, bob):
            await peer.settle()
        await house.until(lambda: house.in_use("outboxes") == 0)


class Gauge(trio.abc.Instrument):
    """How much members were owed together, at the most, whenever a task had done its step."""

    def __init__(self, house: Running) -> None:
        self._house = house
        self.most = 0

    def after_task_step(self, task: trio.lowlevel.Task) -> None:
        self.most = max(self.most, sum(len(client.outbox) for client in self._house.chat.clients.values()))


@pytest.mark.bound("outboxes")
@pytest.mark.parametrize("deaf_ones", [2, 20])
async def test_in_a_flood_those_who_do_not_read_are_closed_and_the_healthy_never(
    deaf_ones: int, autojump_clock: Clock
) -> None:
    autojump_clock.autojump_threshold = UNDER_WAY
    async with running(outboxes=65_536, outbox=math.inf, message_rate=math.inf, **PATIENT) as house:
        senders = [await house.seated(f"sender{number}") for number in range(4)]
        readers = [await house.seated(f"reader{number}") for number in range(5)]
        deaf = [await deaf_member(house, f"deaf{number}", "JOIN #lobby") for number in range(deaf_ones)]
        heard: list[list[str]] = [[] for _ in readers]

        async def talk(number: int) -> None:
            for turn in range(20):
                await senders[number].send(*[f"PRIVMSG #lobby :{turn} {TEXT}"] * 20)
                await senders[number].settle()

        async def listen(number: int) -> None:
            while len(heard[number]) < 4 * 400:
                heard[number] += texts([await readers[number].line()])

        gauge = Gauge(house)
        trio.lowlevel.add_instrument(gauge)
        async with trio.open_nursery() as nursery:
            for number in range(len(senders)):
                nursery.start_soon(talk, number)
            for number in range(len(readers)):
                nursery.start_soon(listen, number)
        trio.lowlevel.remove_instrument(gauge)
        one_tick = LINE * (len(senders) + len(readers) + deaf_ones)  # a line alone is shared, and not counted
        assert 60_000 < gauge.most <= 65_536 + one_tick
        assert house.hits("outboxes") == house.chat.closed[Reason.OUTBOXES_FULL] == len(deaf)
        assert house.chat.pool.in_use == len(senders) + len(readers), "the healthy are all there"
        for words in heard:
            assert Counter(words) == Counter({str(turn): 4 * 20 for turn in range(20)})
        assert farewell_of(await deaf[-1].rest()).reason == Reason.OUTBOXES_FULL
        for peer in deaf:
            await peer.close()
        await house.until(lambda: house.in_use("outboxes") == 0)


@pytest.mark.bound("send_buffer")
@pytest.mark.parametrize(("size", "least", "most"), [(4096, 2_000, 12_000), (65_536, 50_000, 150_000)])
async def test_past_the_send_buffer_the_outbox_fills(size: int, least: int, most: int, autojump_clock: Clock) -> None:
    autojump_clock.autojump_threshold = UNDER_WAY
    async with running(send_buffer=size, message_rate=math.inf, **PATIENT) as house:
        ann, deaf = await house.seated("ann"), await deaf_member(house, "deaf")
        assert accepted(house, "deaf").getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) == 2 * size  # Linux doubles it
        lines = await owe(house, ann, "deaf", 1)
        assert least < lines * len(TEXT) < most, "so much the kernel has taken"
        assert (house.peak("outbox") or 0) > 0
        assert texts(await deaf.until(f" :{lines - 1} ")) == [str(number) for number in range(lines)]
        await house.until(lambda: house.in_use("outbox") == 0)


@pytest.mark.bound("receive_buffer")
async def test_past_the_receive_buffer_tcp_slows_the_sender(autojump_clock: Clock) -> None:
    async with running(receive_buffer=4096, input_bytes=512, message_rate=10, message_burst=1) as house:
        ann, bob = await house.seated("ann"), await house.seated("bob")
        assert accepted(house, "ann").getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) == 2 * 4096  # Linux doubles it
        ann.stream.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        began = trio.current_time()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(ann.send, *[f"PRIVMSG #lobby :{number} {TEXT}" for number in range(60)])
            first = await bob.until(" :20 ")
            assert unread(accepted(house, "ann")) <= 2 * 4096
            assert nursery.child_tasks, "she is still at it"
            before = trio.current_time()
            await bob.settle()
            assert trio.current_time() == before, "the other one is answered at once"
            assert texts(first + await bob.until(" :59 ")) == [str(number) for number in range(60)]
        assert trio.current_time() - began == pytest.approx(6, abs=0.5)


@pytest.mark.bound("receive_buffer")
async def test_what_fits_into_the_receive_buffer_is_taken_at_once(autojump_clock: Clock) -> None:
    async with running(receive_buffer=65_536, input_bytes=512, message_rate=10, message_burst=1) as house:
        ann, bob = await house.seated("ann"), await house.seated("bob")
        ann.stream.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        began = trio.current_time()
        await ann.send(*[f"PRIVMSG #lobby :{number} {TEXT}" for number in range(60)])
        assert trio.current_time() == began
        assert texts(await bob.until(" :59 ")) == [str(number) for number in range(60)]


@pytest.mark.bound("input_bytes")
async def test_so_much_is_read_at_a_time_and_the_rest_stays_with_the_kernel(autojump_clock: Clock) -> None:
    async with running(input_bytes=600, message_rate=10, message_burst=1) as house:
        ann, bob = await house.seated("ann"), await house.seated("bob")
        await ann.settle()
        assert house.hits("input_bytes") == 0
        lines = [f"PRIVMSG #lobby :{number} {TEXT}" for number in range(20)]
        size = sum(len(line) + 2 for line in lines)
        await ann.send(*lines)
        await bob.until(" :0 ")
        assert unread(accepted(house, "ann")) in (size - 600, size - 1200)
        await bob.settle()
        assert texts(await bob.until(" :19 ")) == [str(number) for number in range(1, 20)]
        assert house.hits("input_bytes") >= size // 600
        assert unread(accepted(house, "ann")) == 0
