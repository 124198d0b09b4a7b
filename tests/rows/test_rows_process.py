"""The rows "The process", pushed from outside: accepting, the kernel's backlog, no file left, draining, the log."""

import logging
import os
import resource
import select
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import trio
import trio.testing
from operated import Operator, operated
from support import HOST, Peer, farewell_of, running

from chatd.protocol.farewell import Reason

Clock = trio.testing.MockClock


# Accepting. A server in this process cannot do anything while a test goes on without waiting.


@contextmanager
def knocking(port: int, number: int) -> Iterator[list[socket.socket]]:
    """So many who connect before the server has its turn."""
    with ExitStack() as opened:
        sockets = [opened.enter_context(socket.socket()) for _ in range(number)]
        for sock in sockets:
            sock.setblocking(False)
            with suppress(BlockingIOError):
                sock.connect((HOST, port))
        yield sockets


@pytest.mark.bound("accepts_per_tick")
async def test_a_storm_at_the_door_leaves_those_inside_their_turn(autojump_clock: Clock) -> None:
    async with running(accepts_per_tick=2) as house:
        ann = await house.seated("ann")
        with knocking(house.port, 1):
            await house.until(lambda: house.chat.arrivals == 2)
        assert house.hits("accepts_per_tick") == 0
        with knocking(house.port, 40):
            await ann.settle()
            assert house.chat.arrivals < 20, "she was answered while most were still to be accepted"
            await house.until(lambda: house.chat.arrivals == 42)
            assert house.hits("accepts_per_tick") == 20
            await house.seated("bob")


@pytest.mark.bound("backlog")
async def test_who_finds_the_backlog_full_knocks_again_and_comes_in() -> None:
    async with running(backlog=2) as house:
        ann = await house.seated("ann")
        with knocking(house.port, 2):
            await ann.settle()
        assert house.hits("backlog") == 0
        with knocking(house.port, 5) as sockets:
            _, connected, _ = select.select([], sockets, [], 0)
            assert connected == sockets[:3]  # the kernel keeps one more than it is told to
            await ann.settle()
            for sock in sockets:
                await trio.lowlevel.wait_writable(sock)  # the kernel's second, of real time
                assert sock.getpeername() == (HOST, house.port)
            assert house.hits("backlog") == 1
            assert house.peak("backlog") == 3
            late = Peer(trio.SocketStream(trio.socket.from_stdlib_socket(sockets[-1])))
            await late.send(*house.introduction("late"))
            await late.until(" 001 ")


@contextmanager
def no_file_left() -> Iterator[None]:
    """This process cannot open any other file."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    highest = max(map(int, os.listdir("/proc/self/fd")))
    with ExitStack() as opened:
        opened.callback(resource.setrlimit, resource.RLIMIT_NOFILE, before)
        resource.setrlimit(resource.RLIMIT_NOFILE, (highest + 1, before[1]))
        with suppress(OSError):
            while True:
                opened.callback(os.close, os.dup(0))
        yield


@pytest.mark.bound("accept_pause")
async def test_without_a_file_left_arrivals_wait_and_those_inside_notice_nothing(
    autojump_clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(accept_pause=4) as house:
        ann, sock = await house.seated("ann"), trio.socket.socket()
        late = Peer(trio.SocketStream(sock))
        house.peers.append(late)
        with no_file_left():
            await sock.connect((HOST, house.port))
            await late.send(*house.introduction("late"))
            for tries in (1, 2, 3):
                await ann.settle()
                assert house.hits("accept_pause") == tries
                await trio.sleep(4)
            assert house.chat.arrivals == 1
        assert "cannot accept: Too many open files" in caplog.text
        await late.until(" 001 ")
        assert trio.current_time() < 20


@pytest.mark.bound("accept_pause")
async def test_the_control_socket_waits_for_a_file_as_well(tmp_path: Path, autojump_clock: Clock) -> None:
    async with operated(tmp_path / "control.sock", accept_pause=4) as house:
        ann, sock = await house.running.seated("ann"), trio.socket.socket(socket.AF_UNIX)
        operator = Operator(trio.SocketStream(sock))
        house.operators.append(operator)
        with no_file_left():
            await sock.connect(str(house.path))
            await trio.sleep(6)
            await ann.settle()
            assert house.running.hits("accept_pause") == 2
        assert (await operator.asks("bans"))["total"] == 0


# Draining.


@pytest.mark.bound("drain_time")
async def test_who_has_not_hung_up_when_the_drain_is_over_is_cut(autojump_clock: Clock) -> None:
    async with running(drain_time=5, linger=1000) as house:
        ann, bob = await house.seated("ann"), await house.seated("bob")
        house.server.drain()
        for peer in (ann, bob):
            assert farewell_of(await peer.rest()).reason == Reason.DRAINING
        await ann.close()
        await trio.sleep(4.9)
        assert (house.in_use("farewells"), house.hits("drain_time")) == (1, 0)
        await trio.sleep(0.2)
        assert (house.in_use("farewells"), house.hits("drain_time")) == (0, 1)


@pytest.mark.bound("drain_time")
async def test_a_drain_in_which_all_hang_up_meets_no_bound(autojump_clock: Clock) -> None:
    async with running(drain_time=5, linger=1000) as house:
        ann = await house.seated("ann")
        house.server.drain()
        await ann.rest()
        await ann.close()
        await trio.sleep(10)
        assert house.hits("drain_time") == 0


# The log.


def logged(caplog: pytest.LogCaptureFixture, event: str) -> list[dict[str, Any]]:
    """The fields of its lines so far, which are then forgotten."""
    fields = [vars(record)["fields"] for record in caplog.records if record.getMessage() == event]
    caplog.clear()
    return fields


@pytest.mark.bound("log_lines")
async def test_a_storm_of_one_cause_is_a_few_lines_and_a_number(
    autojump_clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "chatd")
    async with running(max_clients=1, queue=0, log_lines=3) as house:
        ann = await house.seated("ann")

        async def come(number: int) -> None:
            for _ in range(number):
                assert farewell_of(await (await house.irc("late")).rest()).reason == Reason.SERVER_FULL

        await come(2)
        assert [line["cause"] for line in logged(caplog, "refused")] == ["SERVER_FULL"] * 2
        assert house.hits("log_lines") == 0
        await come(5)
        assert len(logged(caplog, "refused")) == 1
        assert house.hits("log_lines") == 2, "those who arrived, and those who were refused"
        await trio.sleep(1.1)
        assert logged(caplog, "refused") == [{"cause": "SERVER_FULL", "more": 4, "seconds": 1.0}]
        await come(4)
        assert ann.stream.socket.fileno() > 0
        await ann.send("QUIT")
        await ann.rest()
        assert [line["cause"] for line in logged(caplog, "left")] == ["QUIT"], "another cause has lines of its own"
