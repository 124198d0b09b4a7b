"""Why: the load script is the proof that the limit holds, so it has to find a server that cheats, and to always end.

Faults are looked for in a server that has them, in this process; the real server and the script as it is started by
hand are met as processes.
"""

import json
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import trio
from crooked_server import CrookedServer, Fault
from loadgen.crowd import Crowd
from loadgen.ledger import Kind
from loadgen.options import Address, parse, resolve
from loadgen.verdict import judge

from chatd.protocol import irc

ROOT = Path(__file__).parents[2]
SCRIPT = str(ROOT / "scripts" / "load.py")
LONG = 60  # s; nothing here takes as long, but a machine may be busy

Handler = Callable[[trio.SocketStream], Awaitable[None]]


@asynccontextmanager
async def listening(handler: Handler) -> AsyncIterator[str]:
    """A server in this process; where it is."""
    with trio.fail_after(LONG):
        async with trio.open_nursery() as nursery:
            listeners: list[trio.SocketListener] = await nursery.start(
                partial(trio.serve_tcp, handler, 0, host="127.0.0.1")
            )
            yield f"127.0.0.1:{listeners[0].socket.getsockname()[1]}"
            nursery.cancel_scope.cancel()


@asynccontextmanager
async def chatd(*flags: str) -> AsyncIterator[str]:
    """The real server, as a process; where it is."""
    command = [sys.executable, "-m", "chatd", "--port", "0", *flags]
    with trio.fail_after(LONG):
        process = await trio.lowlevel.open_process(command, stdout=subprocess.PIPE)
        try:
            assert process.stdout is not None
            told = b""
            while b"\n" not in told:
                received = await process.stdout.receive_some()
                assert received, f"chatd ended: {told!r}"
                told += received
            yield told.split()[4].decode().rstrip(":")
        finally:
            process.kill()
            with trio.CancelScope(shield=True):
                await process.wait()


async def crowd_at(target: str, *flags: str) -> Crowd:
    """A whole run in this process."""
    options = parse([target, "--hold", "0", *flags])
    crowd = Crowd(options, resolve(options))
    await crowd.run()
    return crowd


def broken(crowd: Crowd) -> list[str]:
    """The invariants that do not hold."""
    stages = {"at the end": crowd.ledger.rows()}
    return [
        found.name for found in judge(crowd.ledger, crowd.deliveries, stages, crowd.unfilled) if found.holds is False
    ]


async def load(*words: str, python: str = sys.executable) -> "subprocess.CompletedProcess[bytes]":
    """The script, started by hand."""
    return await trio.run_process(
        [python, SCRIPT, *words], capture_stdout=True, capture_stderr=True, check=False
    )  # fmt: skip


def counts(rows: list[dict[str, Any]]) -> Mapping[str, int]:
    return {f"{row['kind']} {row['reason']}".strip(): row["count"] for row in rows}


# -- a server that is right, and one that is not ----------------------------------------------------------------------


async def test_against_a_server_that_is_right_everything_holds() -> None:
    server = CrookedServer(seats=5, line=4)
    async with listening(server.welcome) as target:
        crowd = await crowd_at(target, "--clients", "20", "--messages", "30", "--message-rate", "1000")
    assert broken(crowd) == []
    assert crowd.ledger.limit == 5
    assert crowd.ledger.peak == 5
    assert crowd.after_hold is not None
    assert {row.kind: count for row, count in crowd.after_hold.items()} == {
        Kind.SEATED: 5,
        Kind.WAITING: 4,
        Kind.REFUSED: 11,
    }
    assert {row.kind: count for row, count in crowd.ledger.rows().items()} == {
        Kind.SEATED: 5,
        Kind.QUEUED_SEATED: 4,
        Kind.REFUSED: 11,
    }
    assert (crowd.deliveries.expected, crowd.deliveries.received) == (120, 120)
    assert crowd.deliveries.latency.count == 120
    assert crowd.deliveries.lateness.count == 30


@pytest.mark.parametrize(
    ("fault", "invariant"),
    [
        (Fault.ONE_SEAT_TOO_MANY, "no more seated than the limit"),
        (Fault.RESETS, "nobody is left without a reason"),
        (Fault.MUTE, "nobody is left without a reason"),
        (Fault.LAST_FIRST, "seats go to the line in order"),
        (Fault.STINGY, "seats go to the line in order"),
        (Fault.FORGETS, "every message arrives once, in order"),
        (Fault.REPEATS, "every message arrives once, in order"),
        (Fault.SHUFFLES, "every message arrives once, in order"),
    ],
)
async def test_every_fault_is_found(fault: Fault, invariant: str) -> None:
    server = CrookedServer(seats=4, line=3, fault=fault)
    async with listening(server.welcome) as target:
        crowd = await crowd_at(
            target, "--clients", "9", "--messages", "8", "--message-rate", "1000", "--patience", "1.5"
        )
    assert broken(crowd) == [invariant]


async def test_the_same_seed_makes_the_same_nicknames() -> None:
    async def nicknames(seed: str) -> set[str]:
        server = CrookedServer(seats=10, line=0)
        seen: set[str] = set()

        async def welcome(stream: trio.SocketStream) -> None:
            await server.welcome(stream)

        async with listening(welcome) as target, trio.open_nursery() as nursery:

            async def note() -> None:
                await server.full.wait()
                seen.update(member.nick for member in server.members)

            nursery.start_soon(note)
            await crowd_at(target, "--clients", "10", "--seed", seed)
        return seen

    first = await nicknames("1")
    assert len(first) == 10
    assert await nicknames("1") == first
    assert (await nicknames("2")).isdisjoint(first)


async def test_a_server_that_knows_nothing_of_ours() -> None:
    """It has no capabilities, wants its ping answered first, knows the nickname already and takes no early JOIN."""
    taken: set[str] = set()

    async def old_server(stream: trio.SocketStream) -> None:
        rest, nick, registered = b"", "", False
        while received := await stream.receive_some():
            *lines, rest = (rest + received).split(b"\n")
            for line in lines:
                message = irc.parse(line.decode().rstrip("\r"))
                answer = b""
                match message.command, message.params:
                    case "CAP", _:
                        answer = irc.write("421", ["*", "CAP"], "Unknown command")
                    case "NICK", [wanted] if not taken:
                        taken.add(wanted)
                        answer = irc.write("433", ["*", wanted], "Nickname is already in use")
                    case "NICK", [wanted]:
                        nick = wanted
                        answer = irc.write("PING", text="cookie")
                    case "PONG", ["cookie"]:
                        registered = True
                        answer = irc.write("001", [nick], "Welcome", source="old.server")
                    case "JOIN", _ if not registered:
                        answer = irc.write("451", ["*"], "You have not registered", source="old.server")
                    case "JOIN", [room]:
                        answer = irc.write("366", [nick, room.upper()], "End", source="old.server")
                    case "QUIT", _:
                        return
                await stream.send_all(answer)

    async with listening(old_server) as target:
        crowd = await crowd_at(target, "--clients", "3", "--room", "#hall")
    assert crowd.ledger.count(Kind.SEATED) == 3
    assert crowd.ledger.limit is None
    assert broken(crowd) == []


async def test_a_full_room_and_words_of_its_own_are_reasons_too() -> None:
    visits = 0

    async def refuse(stream: trio.SocketStream) -> None:
        nonlocal visits
        visits += 1
        await stream.receive_some()
        if visits == 1:
            await stream.send_all(irc.write("ERROR", text="Too\x1b many users, sorry"))
        else:
            await stream.send_all(irc.write("471", ["x", "#lobby"], "Cannot join channel (+l)", source="s"))
            await stream.receive_some()

    async with listening(refuse) as target:
        crowd = await crowd_at(target, "--clients", "2")
    assert {row.reason for row in crowd.ledger.rows()} == {"Too? many users, sorry", "471 in answer to JOIN"}
    assert crowd.ledger.count(Kind.REFUSED) == 2


async def test_of_several_addresses_the_one_with_a_server_is_taken() -> None:
    server = CrookedServer(seats=2, line=1)
    with trio.socket.socket() as unused:
        await unused.bind(("127.0.0.1", 0))
        dead: Address = (unused.family, unused.getsockname())
        async with listening(server.welcome) as target:
            options = parse([target, "--clients", "4", "--hold", "0"])
            crowd = Crowd(options, [dead, *resolve(options)])
            await crowd.run()
    assert crowd.problem == ""
    assert sum(crowd.ledger.rows().values()) == 4
    assert broken(crowd) == []


# -- the real server --------------------------------------------------------------------------------------------------


async def test_three_thousand_clients_at_a_hundred_seats(tmp_path: Path) -> None:
    result = tmp_path / "result.json"
    async with chatd("--max-clients", "100", "--queue", "50") as target:
        done = await load(target, "--clients", "3000", "--hold", "0", "--messages", "20", "--json", str(result))
    assert done.stderr == b"" or done.stderr.startswith(b"load.py: 3 s")
    assert done.returncode == 0, done.stdout.decode()
    assert b"100 seated, 50 waiting, 2,850 refused with a reason, 0 silent" in done.stdout
    assert b"\x1b" not in done.stdout
    read = json.loads(result.read_text())
    assert read["schema"] == 1
    assert (read["ended"], read["exit_code"], read["limits"]["max_clients"]) == ("finished", 0, 100)
    assert read["counts"]["peak_seated"] == 100
    assert counts(read["counts"]["after_hold"]) == {"seated": 100, "waiting": 50, "refused SERVER_FULL": 2850}
    assert counts(read["counts"]["at_end"]) == {"seated": 100, "queued_seated": 50, "refused SERVER_FULL": 2850}
    assert read["messages"] == {
        "sent": 20,
        "expected": 20 * 99,
        "received": 20 * 99,
        "missing": 0,
        "duplicates": 0,
        "out_of_order": 0,
    }
    assert 0 < read["latency_s"]["p50"] <= read["latency_s"]["max"]
    assert [found["holds"] for found in read["invariants"]] == [True] * 6


async def test_without_a_line_all_others_are_refused() -> None:
    async with chatd("--max-clients", "20", "--queue", "0") as target:
        done = await load(target, "--clients", "300", "--hold", "0")
    assert done.returncode == 0, done.stdout.decode()
    assert b"20 seated, 0 waiting, 280 refused with a reason, 0 silent." in done.stdout


async def test_with_a_line_for_all_nobody_is_refused() -> None:
    async with chatd("--max-clients", "20", "--queue", "300") as target:
        done = await load(target, "--clients", "300", "--hold", "0")
    assert done.returncode == 0, done.stdout.decode()
    assert b"280 of the 280 waiting were seated" in b" ".join(done.stdout.split())


async def test_who_waits_too_long_is_in_a_row_of_its_own() -> None:
    async with chatd("--max-clients", "5", "--queue", "5", "--queue-timeout", "0.2") as target:
        crowd = await crowd_at(target, "--clients", "12", "--hold", "1")
    assert {row.kind: count for row, count in crowd.ledger.rows().items()} == {
        Kind.SEATED: 5,
        Kind.QUEUED_TIMED_OUT: 5,
        Kind.REFUSED: 2,
    }
    assert broken(crowd) == []


# -- the script -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("told_to_end", [signal.SIGINT, signal.SIGTERM])
async def test_an_interrupted_run_tells_what_it_knows(told_to_end: signal.Signals, tmp_path: Path) -> None:
    result = tmp_path / "result.json"
    server = CrookedServer(seats=3, line=2)
    async with listening(server.welcome) as target:
        process = await trio.lowlevel.open_process(
            [sys.executable, SCRIPT, target, "--clients", "9", "--hold", "1000", "--json", str(result)],
            stdout=subprocess.PIPE,
        )
        await server.full.wait()
        process.send_signal(told_to_end)
        assert process.stdout is not None
        told = b"".join([piece async for piece in process.stdout])
        assert await process.wait() == 130
    assert b"so far" in told
    read = json.loads(result.read_text())
    assert (read["ended"], read["exit_code"], read["invariants"]) == ("interrupted", 130, [])
    assert sum(row["count"] for row in read["counts"]["at_end"]) == 9


async def test_a_broken_invariant_is_exit_code_1() -> None:
    server = CrookedServer(seats=3, line=0, fault=Fault.RESETS)
    async with listening(server.welcome) as target:
        done = await load(target, "--clients", "5", "--hold", "0")
    assert done.returncode == 1
    assert b"BROKEN" in done.stdout
    assert b"2 silent" in done.stdout


async def test_where_no_server_is() -> None:
    with trio.socket.socket() as unused:
        await unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        done = await load(f"127.0.0.1:{port}", "--clients", "5")
    assert done.returncode == 2
    assert done.stderr.decode() == f"load.py: no server at 127.0.0.1:{port}: connection refused.\n"
    assert done.stdout == b""


@pytest.mark.parametrize(("answers", "told"), [(True, "closed without a word"), (False, "no answer in 0.2 s")])
async def test_where_something_else_is(answers: bool, told: str) -> None:
    async def something_else(stream: trio.SocketStream) -> None:
        await stream.receive_some()
        if answers:
            await stream.send_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        else:
            await trio.sleep_forever()

    async with listening(something_else) as target:
        done = await load(target, "--clients", "5", "--patience", "0.2")
    assert done.returncode == 2
    assert done.stderr.decode() == f"load.py: no chat server at {target}: it took the connection, and then: {told}.\n"


async def test_it_finds_its_packages_by_itself() -> None:
    python: str = getattr(sys, "_base_executable", sys.executable)
    done = await load("--help", python=python)
    assert done.returncode == 0
    assert b"exit codes:" in done.stdout
