"""Lines in, lines out, with real pipes and a server of the test's own."""

import json
import os
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import replace

import pytest
import trio
from client_fakes import Peer, Run, serve_chat, serve_echoing_chat, serving
from trio.testing import MockClock

from chatclient.exits import Exit
from chatclient.limits import Limits
from chatclient.pipe import Pipe
from chatclient.session import Session
from chatclient.stdio import Input, Notices, Output


@pytest.fixture
def run() -> Run:
    return Run()


@pytest.mark.parametrize("script", [serve_chat, serve_echoing_chat])
async def test_hello_is_delivered(
    script: Callable[[Peer], Awaitable[None]], run: Run, autojump_clock: MockClock
) -> None:
    assert await run(script, b"hello\nworld") == Exit.DONE
    assert run.notices == []
    assert run.out == b""


async def test_every_line_arrives_in_order_however_many(run: Run, autojump_clock: MockClock) -> None:
    got: list[str] = []

    async def script(peer: Peer) -> None:
        await serve_chat(peer)
        got.extend(line for line in peer.lines if line.startswith("PRIVMSG"))

    assert await run(script, b"".join(b"line %d\n" % number for number in range(3000))) == Exit.DONE
    assert got == [f"PRIVMSG #lobby :line {number}" for number in range(3000)]


async def test_a_server_that_reads_slowly_is_waited_for(run: Run, autojump_clock: MockClock) -> None:
    most = 0

    async def script(peer: Peer) -> None:
        nonlocal most
        nick = await peer.greet()
        await peer.let_in(nick)
        unanswered = 0
        while not (line := await peer.line()).startswith("QUIT"):
            await trio.sleep(2)
            unanswered += line.startswith("PRIVMSG")
            most = max(most, unanswered)
            if line.startswith("PING"):
                unanswered = 0
                await peer.send(f":s PONG s {line.split()[1]}")

    assert await run(script, b"x\n" * 100) == Exit.DONE
    assert trio.current_time() > 200
    assert most <= run.limits.window_lines * (run.limits.windows + 1)


async def test_a_reader_that_reads_slowly_is_waited_for(autojump_clock: MockClock) -> None:
    said = [f":b!b@h PRIVMSG #lobby :{number}" for number in range(5000)]

    async def script(peer: Peer) -> None:
        nick = await peer.greet()
        await peer.let_in(nick)
        await peer.send(*said)
        await peer.serve(nick)

    run = Run(limits=replace(Limits(), pipe_events=1))
    assert await run(script, b"x\n") == Exit.DONE
    assert run.out.decode().splitlines() == [f"<b> {number}" for number in range(5000)]


async def test_it_waits_in_line_and_then_sends(run: Run, autojump_clock: MockClock) -> None:
    async def script(peer: Peer) -> None:
        nick = await peer.greet("standard-replies", "echo-message")
        await peer.send(":s NOTE * QUEUED 1 3 40 :You are 1st")
        await trio.sleep(1000)
        await peer.send(":s NOTE * SEATED :Welcome")
        await peer.let_in(nick)
        await peer.serve(nick, echo=True)

    async def keep_answering(peer: Peer) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(script, peer)

    limits = Limits(ping_timeout=5000.0)
    patient = Run(limits=limits)
    assert await patient(keep_answering, b"hello\n") == Exit.DONE
    assert patient.notices == ["You are 1st of 3 in line, about 40 s", "Welcome"]


async def test_refused(run: Run, autojump_clock: MockClock) -> None:
    async def script(peer: Peer) -> None:
        await peer.send("ERROR :Closing Link: h (All 2 seats are taken; SERVER_FULL, retry in 37 s)")

    assert await run(script, b"hello\n") == Exit.REFUSED
    assert run.notices == ["All 2 seats are taken (SERVER_FULL); the server advises to try again in 37 s"]


async def test_lost_in_the_middle(run: Run, autojump_clock: MockClock) -> None:
    async def script(peer: Peer) -> None:
        nick = await peer.greet("echo-message")
        await peer.let_in(nick)
        await peer.until("PRIVMSG")
        await peer.send(f":{nick}!u@h PRIVMSG #lobby :1")

    assert await run(script, b"1\n2\n3\n") == Exit.LOST
    assert run.notices[0].startswith("Known to be delivered: 1 of ")
    assert run.notices[1].startswith("The connection was lost")


@pytest.mark.parametrize("silent_about", ["JOIN", "PING"])
async def test_no_answer(silent_about: str, run: Run, autojump_clock: MockClock) -> None:
    async def script(peer: Peer) -> None:
        nick = await peer.greet()
        if silent_about != "JOIN":
            await peer.let_in(nick)
        while line := await peer.line():
            if "chatclient-lag" in line:
                await peer.send(":s PONG s chatclient-lag")

    assert await run(script, b"hello\n") == Exit.TIMED_OUT
    assert run.notices[-1].startswith("The server did not")


async def test_the_room_is_closed_to_us(run: Run, autojump_clock: MockClock) -> None:
    async def script(peer: Peer) -> None:
        await peer.greet()
        await peer.until("JOIN")
        await peer.send(":s 475 alice #lobby :Cannot join room (+k)")
        await peer.serve("alice")

    assert await run(script, b"hello\n") == Exit.REJECTED
    assert run.notices[-1] == "Not let into the room: #lobby: Cannot join room (+k)"


@pytest.mark.parametrize("caps", [(), ("echo-message",)])
async def test_a_message_that_is_rejected(caps: tuple[str, ...], run: Run, autojump_clock: MockClock) -> None:
    async def script(peer: Peer) -> None:
        await peer.let_in(await peer.greet(*caps))
        await peer.until("PRIVMSG")
        await peer.send(":s 404 alice #lobby :Cannot send to room")
        await peer.serve("alice")

    assert await run(script, b"hello\n") == Exit.REJECTED
    assert run.notices[-1] == "1 of 1 messages were not delivered: #lobby: Cannot send to room"


async def test_what_is_printed(run: Run, autojump_clock: MockClock) -> None:
    async def script(peer: Peer) -> None:
        nick = await peer.greet()
        await peer.let_in(nick)
        await peer.send(
            ":bob!b@h PRIVMSG #lobby :hi\x1b[2J",
            ":bob!b@h PRIVMSG alice :psst",
            ":bob!b@h PRIVMSG #lobby :\x01ACTION waves\x01",
            ":bob!b@h NOTICE alice :beep",
            ":carol!c@h JOIN #lobby",
            ":carol!c@h QUIT :bye",
        )
        await peer.serve(nick)

    assert await run(script, b"x\n") == Exit.DONE
    assert run.out.decode().splitlines() == [
        "<bob> hi␛[2J",
        "<bob -> you> psst",
        "<bob> /me waves",
        "-bob- beep",
        "* carol came in",
        "* carol left (bye)",
    ]


async def test_json(autojump_clock: MockClock) -> None:
    run = Run(as_json=True)
    assert await run(serve_echoing_chat, "grüß\n".encode()) == Exit.DONE
    found = [json.loads(line) for line in run.out.splitlines()]
    assert [event["event"] for event in found] == ["told", "registered", "joined", "names", "said", "ended"]
    assert found[4] | {"at": 0} == {
        "event": "said", "at": 0, "where": "#lobby", "nick": "alice", "text": "grüß", "own": True, "is_room": True,
        "kind": "message", "earlier": False,
    }  # fmt: skip
    assert found[5]["exit"] == 0


async def test_nobody_reads_what_is_printed(autojump_clock: MockClock) -> None:
    async def script(peer: Peer) -> None:
        nick = await peer.greet()
        await peer.let_in(nick)
        await peer.send(":b!b@h PRIVMSG #lobby :hi")
        await peer.serve(nick)

    source, sink = os.pipe(), os.pipe()
    os.close(sink[0])
    limits = Limits()
    async with serving(script) as address:
        pipe = Pipe(address, Session("alice", {"#lobby": ""}, limits, lambda: 0.5), "#lobby", limits, False, print)
        assert await pipe.run(Input(source[0], 100), Output(sink[1])) == 141
    for descriptor in (*source, sink[1]):
        os.close(descriptor)


@pytest.mark.parametrize("full", [False, True])
async def test_nobody_takes_the_end(full: bool, autojump_clock: MockClock) -> None:
    async def script(peer: Peer) -> None:
        await peer.send("ERROR :Closing Link: h (All 2 seats are taken; SERVER_FULL)")

    source, sink = os.pipe(), os.pipe()
    os.close(sink[0])
    out = os.open("/dev/full", os.O_WRONLY) if full else sink[1]
    limits, notices = Limits(), list[str]()
    async with serving(script) as address:
        session = Session("alice", {"#lobby": ""}, limits, lambda: 0.5)
        pipe = Pipe(address, session, "#lobby", limits, True, notices.append)
        assert await pipe.run(Input(source[0], 100), Output(out)) == (Exit.USAGE if full else 141)
    assert notices[0] == "All 2 seats are taken (SERVER_FULL)"
    assert notices[1:] == (["Cannot write the output: No space left on device"] if full else [])
    for descriptor in {*source, sink[1], out}:
        os.close(descriptor)


@pytest.mark.parametrize(
    ("given", "messages"),
    [
        (b"x" + "é".encode() * 100_000, None),
        (b"1%\r2%\r\n\ra\0b\r\n", ["1%", "2%", "ab"]),
    ],
    ids=["long", "carriage returns"],
)
async def test_what_is_sent_of_odd_lines(
    given: bytes, messages: list[str] | None, run: Run, autojump_clock: MockClock
) -> None:
    got: list[str] = []

    async def script(peer: Peer) -> None:
        await serve_chat(peer)
        got.extend(line.partition(" :")[2] for line in peer.lines if line.startswith("PRIVMSG"))

    assert await run(script, given) == Exit.DONE
    assert "".join(got).encode() == given if messages is None else got == messages


async def test_another_room_is_not_ours(run: Run, autojump_clock: MockClock) -> None:
    async def script(peer: Peer) -> None:
        nick = await peer.greet()
        await peer.until("JOIN")
        await peer.send(f":s 470 {nick} #lobby #other :Forwarding", f":{nick}!u@h JOIN #other")
        await peer.serve(nick)
        assert not any("PRIVMSG" in line for line in peer.lines)

    assert await run(script, b"secret\n") == Exit.REJECTED
    assert run.notices[-1] == "The server did not let us into #lobby within 30 s, but into #other"


async def test_another_room_comes_before_ours(run: Run, autojump_clock: MockClock) -> None:
    async def script(peer: Peer) -> None:
        nick = await peer.greet()
        await peer.send(f":{nick}!u@h JOIN #welcome")
        await peer.until("JOIN")
        await peer.send(f":{nick}!u@h JOIN #LOBBY")
        await peer.serve(nick)

    assert await run(script, b"hello\n") == Exit.DONE
    assert run.notices == []


async def test_a_server_complains_without_end(autojump_clock: MockClock) -> None:
    async def script(peer: Peer) -> None:
        nick = await peer.greet()
        await peer.let_in(nick)
        await peer.send(*(f":s FAIL * X :complaint {number}" for number in range(10)))
        await peer.serve(nick)

    run = Run(limits=replace(Limits(), pipe_notices=3))
    assert await run(script, b"x\n") == Exit.DONE
    assert run.notices == [
        "complaint 0", "complaint 1", "complaint 2", "7 more sentences of the server were left out."
    ]  # fmt: skip


@pytest.fixture
def pipe_ends() -> Iterator[tuple[int, int]]:
    ends = os.pipe()
    yield ends
    for end in ends:
        with suppress(OSError):  # the test did
            os.close(end)


async def test_long_and_unended_lines_are_read_in_pieces(pipe_ends: tuple[int, int]) -> None:
    reading, writing = pipe_ends
    os.write(writing, b"a\n\nbb\r\n" + b"c" * 25)
    os.close(writing)
    assert [line async for line in Input(reading, 10)] == [b"a", b"", b"bb\r", b"c" * 25]


async def test_pieces_are_whole_characters(pipe_ends: tuple[int, int]) -> None:
    reading, writing = pipe_ends
    lines = Input(reading, 10)
    os.write(writing, b"a" * 10 + "😀".encode()[:3])
    assert await anext(lines) == b"a" * 10
    os.write(writing, "😀\n".encode()[3:])
    assert await anext(lines) == "😀".encode()


def test_notices_do_not_wait(pipe_ends: tuple[int, int]) -> None:
    reading, writing = pipe_ends
    notice = Notices(writing)
    notice("one")
    os.set_blocking(writing, False)
    with suppress(BlockingIOError):
        while True:
            os.write(writing, b"." * 4096)
    os.set_blocking(writing, True)
    notice("two")
    notice("three")
    assert os.read(reading, 1 << 20).strip(b".") == b"one\n"
    notice("four")
    notice("five")
    assert os.read(reading, 1 << 20) == b"(2 sentences were left out here.)\nfour\nfive\n"
    os.close(reading)
    notice("six")


async def test_files_are_read_and_written(tmp_path: "os.PathLike[str]") -> None:
    path = os.path.join(tmp_path, "file")
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT)
    await Output(descriptor).write(b"one\ntwo\n" * 2000)
    os.lseek(descriptor, 0, os.SEEK_SET)
    assert [line async for line in Input(descriptor, 100)] == [b"one", b"two"] * 2000
    os.close(descriptor)
