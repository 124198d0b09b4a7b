"""The rows "Connections that hold no seat", pushed from outside: handshakes, greetings, goodbyes, spare files."""

import contextlib
import resource
import subprocess
import sys
from collections.abc import Iterator

import pytest
import trio
import trio.testing
from support import farewell_of, running

from chatd.limits import Limits
from chatd.protocol.farewell import Reason

Clock = trio.testing.MockClock


# Handshakes.


@pytest.mark.bound("handshakes")
async def test_too_many_handshakes_close_the_oldest_silent(autojump_clock: Clock) -> None:
    async with running(handshakes=3) as house:
        ann = await house.seated("ann")
        half = await house.connect()
        await half.send("NICK half", "PING here")
        await half.until("PONG")
        silent = [await house.connect() for _ in range(2)]
        await house.until(lambda: house.in_use("handshakes") == 3)
        assert house.hits("handshakes") == 0
        await house.connect()
        farewell = farewell_of(await silent[0].rest())
        assert farewell.reason == Reason.TOO_MANY_HANDSHAKES
        sentence = "3 connections are introducing themselves, and you were silent the longest (handshakes)"
        assert farewell.sentence == sentence
        assert farewell.retry_after is not None
        assert house.hits("handshakes") == 1
        await half.send("USER half 0 * :Half")
        await half.until(" 001 ")
        assert (house.in_use("handshakes"), house.peak("handshakes")) == (2, 3)
        await ann.settle()


@pytest.mark.bound("handshakes")
async def test_crowd_of_silent_connections_keeps_nobody_out(autojump_clock: Clock) -> None:
    async with running(max_clients=5, queue=0, handshakes=10) as house:
        for number in range(5):
            for _ in range(40):
                await house.connect()
            await house.seated(f"speaker{number}")
        assert house.in_use("max_clients") == 5
        assert house.peak("handshakes") == 10
        assert house.hits("handshakes") >= 5 * 40 - 10


@pytest.mark.bound("handshakes")
async def test_in_a_full_house_the_silent_who_gives_way_is_told_that_it_is_full(autojump_clock: Clock) -> None:
    async with running(max_clients=1, queue=0, handshakes=1) as house:
        ann = await house.seated("ann")
        silent = await house.connect()
        await house.connect()
        assert farewell_of(await silent.rest()).reason == Reason.SERVER_FULL
        assert house.hits("handshakes") == 1
        await ann.settle()


@pytest.mark.bound("handshake_timeout")
async def test_handshake_times_out(autojump_clock: Clock) -> None:
    async with running(handshake_timeout=5) as house:
        ann = await house.seated("ann")
        silent, half, slow = await house.connect(), await house.connect(), await house.connect()
        began = trio.current_time()
        await half.send("NICK half")
        await trio.sleep(4.5)
        assert house.hits("handshake_timeout") == 0
        await slow.send(*house.introduction("slow"))
        await slow.until(" 001 ")
        for peer in (silent, half):
            farewell = farewell_of(await peer.rest())
            assert farewell.reason == Reason.HANDSHAKE_TIMEOUT
            assert farewell.sentence == "You have not introduced yourself within 5 s (handshake-timeout)"
        assert trio.current_time() - began == pytest.approx(5, abs=0.1)
        assert house.hits("handshake_timeout") == 2
        await ann.settle()
        await slow.settle()


@pytest.mark.bound("greet_after")
async def test_greeting_after_a_moment_of_silence(autojump_clock: Clock) -> None:
    async with running(greet_after=2) as house:
        ann = await house.seated("ann")
        person, program = await house.connect(), await house.connect()
        began = trio.current_time()
        await trio.sleep(1.9)
        await program.send(*house.introduction("program"))
        await program.until(" 001 ")
        assert house.hits("greet_after") == 0
        assert await person.line() == "* This is chatd.local, a chat: 2 of 100 seats are taken, 0 waiting."
        assert trio.current_time() - began == pytest.approx(2, abs=0.1)
        assert "come in as guest1, or type /nick NAME" in await person.line()
        assert house.hits("greet_after") == 1
        await ann.settle()


@pytest.mark.bound("greet_after")
async def test_a_full_house_says_so_instead_of_a_greeting(autojump_clock: Clock) -> None:
    async with running(max_clients=1, queue=0, greet_after=2) as house:
        ann = await house.seated("ann")
        peer = await house.connect()
        began = trio.current_time()
        told = await peer.rest()
        assert trio.current_time() - began == pytest.approx(2, abs=0.1)
        assert len(told) == 1
        full = "The only seat is taken (max-clients), and there is no waiting line (queue 0)"
        assert told[0].startswith(f"* {full}; SERVER_FULL, retry in ")
        assert house.hits("greet_after") == 1
        await ann.settle()


# Goodbyes.


@pytest.mark.bound("farewells")
async def test_past_so_many_goodbyes_the_oldest_is_cut_and_all_have_read_why(autojump_clock: Clock) -> None:
    async with running(max_clients=1, queue=0, farewells=4, linger=1000) as house:
        ann = await house.seated("ann")
        peers = [await house.irc(f"nick{number}") for number in range(4)]
        await house.until(lambda: house.in_use("farewells") == 4)
        assert house.hits("farewells") == 0
        peers += [await house.irc(f"late{number}") for number in range(6)]
        await house.until(lambda: house.chat.closed[Reason.SERVER_FULL] == 10)
        assert (house.in_use("farewells"), house.hits("farewells")) == (4, 6)
        for peer in peers:
            assert farewell_of(await peer.rest()).reason == Reason.SERVER_FULL
            await peer.close()
        await house.until(lambda: house.in_use("farewells") == 0)
        assert house.peak("farewells") == 4
        await ann.settle()


@pytest.mark.bound("linger")
async def test_who_does_not_hang_up_is_cut(autojump_clock: Clock) -> None:
    async with running(max_clients=1, queue=0, linger=2) as house:
        ann = await house.seated("ann")
        polite, stays = await house.irc("polite"), await house.irc("stays")
        for peer in (polite, stays):
            assert farewell_of(await peer.rest()).reason == Reason.SERVER_FULL
        began = trio.current_time()
        await polite.close()
        await trio.sleep(1.9)
        assert (house.in_use("farewells"), house.hits("linger")) == (1, 0)
        await house.until(lambda: house.in_use("farewells") == 0)
        assert trio.current_time() - began == pytest.approx(2, abs=0.1)
        assert house.hits("linger") == 1
        await ann.settle()


# Files.

DEADLINE = 20  # seconds; for what takes a fraction of one
SEATS, SPARE = 10, 50
NEEDED = int(SEATS + Limits(spare_files=SPARE).files_beside_clients)


@contextlib.contextmanager
def chatd_with(files: int) -> Iterator[subprocess.Popen[str]]:
    """The process, which may have so many open files."""
    bounds = ["--max-clients", f"{SEATS}", "--queue", "0", "--spare-files", f"{SPARE}"]
    process = subprocess.Popen(
        [sys.executable, "-m", "chatd", "--port", "0", *bounds],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (files, files)),
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate(timeout=DEADLINE)


@pytest.mark.bound("spare_files")
def test_bounds_that_just_fit_beside_the_spare_files_start() -> None:
    with chatd_with(NEEDED) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("chatd is ready on 127.0.0.1:")


@pytest.mark.bound("spare_files")
def test_one_file_too_few_is_a_sentence_at_the_start_that_names_the_bounds() -> None:
    with chatd_with(NEEDED - 1) as process:
        out, err = process.communicate(timeout=DEADLINE)
    assert (process.returncode, out) == (1, "")
    beside = NEEDED - SEATS
    assert err.startswith(f"chatd: 10 seats, 0 places in line and {beside} files beside them do not fit into the ")
    assert f"{NEEDED - 1} open files that this process may have" in err
    assert "--max-clients 10 is too large: 9 would fit" in err


@pytest.mark.bound("spare_files")
def test_spare_files_alone_may_be_too_many() -> None:
    with chatd_with(NEEDED - SEATS) as process:
        _, err = process.communicate(timeout=DEADLINE)
    assert process.returncode == 1
    assert "--metrics-connections are these files, and too many of them" in err.replace("\n", " ")
