"""The rows of "The operator", pushed from outside: the control socket and the metrics, while members chat."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
import trio
import trio.testing
from operated import operated
from support import HOST, Running, running

from chatd.ops import wire
from chatd.ops.http import HttpServer, listen
from chatd.ops.metrics import Metrics

Clock = trio.testing.MockClock

GET = b"GET /metrics HTTP/1.1\r\nHost: here\r\n\r\n"


def refusal(line: bytes) -> str:
    with pytest.raises(wire.RefusedError) as refused:
        wire.read_answer(line)
    return str(refused.value)


async def send_all(stream: trio.SocketStream, data: bytes) -> None:
    with suppress(trio.BrokenResourceError):  # nobody reads it to its end
        await stream.send_all(data)


@asynccontextmanager
async def measured(house: Running) -> AsyncIterator[int]:
    """The port of the server's metrics."""
    parts = house.server.house
    metrics = Metrics(house.chat, parts.flusher)
    server = HttpServer(metrics.routes, parts.limits, house.chat.usage, parts.count_fault)
    listeners = listen((HOST, 0), parts.limits)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(server.serve, listeners)
        try:
            yield listeners[0].getsockname()[1]
        finally:
            nursery.cancel_scope.cancel()


async def answered(stream: trio.SocketStream) -> tuple[int, str]:
    """The status and the body of the next answer."""
    head, body = b"", b""
    while b"\r\n\r\n" not in head:
        received = await stream.receive_some()
        assert received, head
        head += received
    head, _, body = head.partition(b"\r\n\r\n")
    lines = dict(line.split(b": ") for line in head.lower().split(b"\r\n")[1:])
    while len(body) < int(lines[b"content-length"]):
        body += await stream.receive_some()
    return int(head.split()[1]), body.decode()


@pytest.mark.bound("control_connections")
async def test_one_operator_too_many_is_told_the_limit(tmp_path: Path, autojump_clock: Clock) -> None:
    async with operated(tmp_path / "socket", control_connections=2) as house:
        ann = await house.running.seated("ann")
        first, second = await house.connect(), await house.connect()
        for operator in (first, second):
            await operator.asks("status")
        assert (house.running.hits("control_connections"), house.running.in_use("control_connections")) == (0, 2)
        third = await house.connect()
        sentence = "2 connections to the control socket are open, the most that may be"
        assert refusal(await third.line()) == f"{sentence} (control-connections)"
        assert await third.is_closed()
        assert (house.running.hits("control_connections"), house.running.peak("control_connections")) == (1, 2)
        await first.asks("status")
        await ann.settle()
        await second.stream.aclose()
        await house.running.until(lambda: house.running.in_use("control_connections") == 1)
        await (await house.connect()).asks("status")


@pytest.mark.bound("control_line")
@pytest.mark.parametrize("more", [1, 1_000_000])
async def test_a_request_that_is_too_long_is_not_read(more: int, tmp_path: Path, autojump_clock: Clock) -> None:
    async with operated(tmp_path / "socket", control_line=2000) as house:
        ann, operator, other = await house.running.seated("ann"), await house.connect(), await house.connect()
        request = wire.write_request({"verb": "clients", "find": "x" * 1900}).rstrip()
        assert wire.read_answer(await operator.sends(request.ljust(2000) + b"\n"))["total"] == 0
        assert house.running.hits("control_line") == 0
        async with trio.open_nursery() as nursery:
            nursery.start_soon(send_all, operator.stream, request.ljust(2000 + more) + b"\n")
            assert refusal(await operator.line()) == "a request has at most 2000 bytes (control-line)"
            assert await operator.is_closed()
        assert house.running.hits("control_line") == 1
        await other.asks("status")
        await ann.settle()


@pytest.mark.bound("control_items")
async def test_an_answer_ends_at_the_limit_and_says_how_many_there_are(tmp_path: Path, autojump_clock: Clock) -> None:
    async with operated(tmp_path / "socket", control_items=3, max_clients=5) as house:
        ann, operator = await house.running.seated("ann", "JOIN #a,#b"), await house.connect()
        for nick in ("bob", "cid"):
            await house.running.seated(nick)
        await operator.asks("ban", network="192.0.2.0/24")
        for verb, total in (("clients", 3), ("rooms", 3), ("bans", 1), ("queue", 0)):
            answer = await operator.asks(verb)
            assert (answer["total"], len(answer[verb])) == (total, total)
        assert house.running.hits("control_items") == 0
        for nick in ("dan", "eve"):
            await house.running.seated(nick, "JOIN #c")
        for nick in ("fay", "gus", "hal", "ian"):
            await house.running.waiting(nick)
        for number in range(4):
            await operator.asks("ban", network=f"198.51.100.{number}")
        for times, (verb, total) in enumerate((("clients", 9), ("rooms", 4), ("bans", 5), ("queue", 4)), 1):
            answer = await operator.asks(verb)
            assert (answer["total"], len(answer[verb])) == (total, 3)
            assert house.running.hits("control_items") == times
        assert [each["nick"] for each in (await operator.asks("queue"))["queue"]] == ["fay", "gus", "hal"]
        await ann.settle()


@pytest.mark.bound("control_timeout")
async def test_an_operator_who_takes_no_answer_is_closed(tmp_path: Path, autojump_clock: Clock) -> None:
    async with operated(tmp_path / "socket", control_timeout=5, control_connections=2) as house:
        ann, deaf, other = await house.running.seated("ann"), await house.connect(), await house.connect()
        began = trio.current_time()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(send_all, deaf.stream, wire.write_request({"verb": "limits"}) * 1000)
            await other.asks("status")
            await ann.settle()
            assert (house.running.hits("control_timeout"), trio.current_time()) == (0, began)
            await house.running.until(lambda: house.running.hits("control_timeout") == 1)
        assert trio.current_time() - began == pytest.approx(5, abs=0.1)
        assert house.running.in_use("control_connections") == 1
        await other.asks("status")
        await ann.settle()
        assert not house.running.chat.faults


@pytest.mark.bound("metrics_connections")
async def test_one_who_asks_for_the_metrics_too_many_is_told_the_limit(autojump_clock: Clock) -> None:
    async with running(metrics_connections=2) as house, measured(house) as port:
        ann = await house.seated("ann")
        first, second = [await trio.open_tcp_stream(HOST, port) for _ in range(2)]
        for stream in (first, second):
            await stream.send_all(GET)
            assert (await answered(stream))[0] == 200
        assert (house.hits("metrics_connections"), house.in_use("metrics_connections")) == (0, 2)
        third = await trio.open_tcp_stream(HOST, port)
        await third.send_all(GET)
        assert await answered(third) == (503, "There are 2 connections already (metrics-connections).\n")
        assert await third.receive_some() == b""
        assert (house.hits("metrics_connections"), house.peak("metrics_connections")) == (1, 2)
        await first.send_all(GET)
        status, body = await answered(first)
        assert status == 200
        assert 'chatd_limit_in_use{limit="metrics-connections"} 2.0\n' in body
        await ann.settle()
        await second.aclose()
        await house.until(lambda: house.in_use("metrics_connections") == 1)
        async with await trio.open_tcp_stream(HOST, port) as fourth:
            await fourth.send_all(GET)
            assert (await answered(fourth))[0] == 200
        for stream in (first, third):
            await stream.aclose()


@pytest.mark.bound("metrics_timeout")
async def test_a_request_that_does_not_come_to_its_end_is_closed_with_the_limit(autojump_clock: Clock) -> None:
    async with running(metrics_timeout=5) as house, measured(house) as port:
        ann, began = await house.seated("ann"), trio.current_time()
        async with await trio.open_tcp_stream(HOST, port) as slow:
            await slow.send_all(GET[:-2])
            await trio.sleep(4.9)
            assert house.hits("metrics_timeout") == 0
            assert await answered(slow) == (408, "The request was not complete within 5 s (metrics-timeout).\n")
            assert await slow.receive_some() == b""
        assert trio.current_time() - began == pytest.approx(5, abs=0.1)
        assert house.hits("metrics_timeout") == 1
        await ann.settle()


@pytest.mark.bound("metrics_timeout")
async def test_who_does_not_take_the_metrics_is_closed(autojump_clock: Clock) -> None:
    async with running(metrics_timeout=5) as house, measured(house) as port:
        ann = await house.seated("ann")
        async with await trio.open_tcp_stream(HOST, port) as deaf:
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            async with trio.open_nursery() as nursery:
                nursery.start_soon(send_all, deaf, GET * 1000)
                await house.until(lambda: house.hits("metrics_timeout") == 1)
            await house.until(lambda: house.in_use("metrics_connections") == 0)
        async with await trio.open_tcp_stream(HOST, port) as other:
            await other.send_all(GET)
            assert (await answered(other))[0] == 200
        await ann.settle()
        assert not house.chat.faults
