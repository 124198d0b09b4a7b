"""Why: the load script is the proof that the limit holds, so it has to find a server that cheats, and to always end.

Faults are looked for in a server that has them, in this process; the real server and the script as it is started by
hand are met as processes.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import trio
from crooked_server import CrookedServer, Fault
from load_runs import broken, chatd, fates, fleet_at, listening
from loadgen.fleet import Fleet
from loadgen.ledger import Kind
from loadgen.machine import Address
from loadgen.options import parse, resolve

from chatd.protocol import irc

ROOT = Path(__file__).parents[2]
SCRIPT = str(ROOT / "scripts" / "load.py")
NOW = ("--rate", "10000", "--hold", "0")


async def load(*words: str, python: str = sys.executable) -> "subprocess.CompletedProcess[bytes]":
    """The script, started by hand."""
    return await trio.run_process(
        [python, SCRIPT, *words], capture_stdout=True, capture_stderr=True, check=False
    )  # fmt: skip


def children_of(process: int) -> list[int]:
    tasks = Path(f"/proc/{process}/task").iterdir()
    return [int(word) for task in tasks for word in (task / "children").read_text().split()]


def is_running(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def counts(rows: list[dict[str, Any]]) -> Mapping[str, int]:
    return {f"{row['kind']} {row['reason']}".strip(): row["count"] for row in rows}


# -- a server that is right, and one that is not ----------------------------------------------------------------------


async def test_against_a_server_that_is_right_everything_holds() -> None:
    server = CrookedServer(seats=5, line=4)
    async with listening(server.welcome) as target:
        fleet = await fleet_at(target, "ramp", *NOW, "--clients", "20", "--messages", "30", "--message-rate", "1000")
    assert broken(fleet) == []
    assert fleet.ledger.limit == 5
    assert fleet.ledger.peak == 5
    assert fates(fleet, "at the end of the hold") == {"seated": 5, "waiting": 4, "refused SERVER_FULL": 11}
    assert fates(fleet, "after all left") == {"seated": 5, "queued_seated": 4, "refused SERVER_FULL": 11}
    assert (fleet.sent, fleet.expected, fleet.received, fleet.missing) == (30, 120, 120, 0)
    assert (fleet.latency.count, fleet.lateness.count) == (120, 30)
    assert (fleet.answers.count, fleet.arrival_lateness.count) == (20, 20)
    assert fleet.answers.longest < 30
    last = fleet.timeline[-1]
    assert (last.sent, last.received, last.refused, last.waiting) == (30, 120, {"SERVER_FULL": 11}, 0)


@pytest.mark.parametrize(
    ("fault", "invariant", "patience"),  # short where something is not to come at all
    [
        (Fault.ONE_SEAT_TOO_MANY, "no more seated than the limit", "15"),
        (Fault.RESETS, "nobody is left without a reason", "15"),
        (Fault.MUTE, "nobody is left without a reason", "0.4"),
        (Fault.LAST_FIRST, "seats go to the line in order", "15"),
        (Fault.STINGY, "seats go to the line in order", "0.4"),
        (Fault.FORGETS, "every message arrives once, in order", "0.4"),
        (Fault.REPEATS, "every message arrives once, in order", "15"),
        (Fault.SHUFFLES, "every message arrives once, in order", "15"),
    ],
)
async def test_every_fault_is_found(fault: Fault, invariant: str, patience: str) -> None:
    server = CrookedServer(seats=4, line=3, fault=fault)
    async with listening(server.welcome) as target:
        fleet = await fleet_at(
            target, *NOW, "--clients", "9", "--messages", "8", "--message-rate", "1000", "--patience", patience
        )
    assert broken(fleet) == [invariant]


async def test_it_ends_where_nobody_may_speak() -> None:
    server = CrookedServer(seats=0, line=0)
    async with listening(server.welcome) as target:
        fleet = await fleet_at(target, *NOW, "--clients", "3", "--messages", "3")
    assert fleet.sent == 0
    assert broken(fleet) == ["every message arrives once, in order"]


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
            await fleet_at(target, *NOW, "--clients", "10", "--seed", seed)
        return seen

    first = await nicknames("1")
    assert len(first) == 10
    assert await nicknames("1") == first


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
                        answer += irc.write("004", [nick, "old.server", "1.0", "i", "n"], source="old.server")
                    case "JOIN", _ if not registered:
                        answer = irc.write("451", ["*"], "You have not registered", source="old.server")
                    case "JOIN", [room]:
                        answer = irc.write("366", [nick, room.upper()], "End", source="old.server")
                    case "QUIT", _:
                        return
                await stream.send_all(answer)

    async with listening(old_server) as target:
        fleet = await fleet_at(target, *NOW, "--clients", "3", "--room", "#hall")
    assert fleet.ledger.count(Kind.SEATED) == 3
    assert fleet.ledger.limit is None
    assert fleet.server == "old.server 1.0"
    assert broken(fleet) == []


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
        fleet = await fleet_at(target, *NOW, "--clients", "2")
    assert {row.reason for row in fleet.ledger.rows()} == {"Too? many users, sorry", "471 in answer to JOIN"}
    assert fleet.ledger.count(Kind.REFUSED) == 2


async def test_of_several_addresses_the_one_with_a_server_is_taken() -> None:
    server = CrookedServer(seats=2, line=1)
    with trio.socket.socket() as unused:
        await unused.bind(("127.0.0.1", 0))
        dead: Address = (unused.family, unused.getsockname())
        async with listening(server.welcome) as target:
            options = parse([target, *NOW, "--clients", "4"])
            fleet = Fleet(options, [dead, *resolve(options)])
            await fleet.run()
    assert fleet.problem == ""
    assert sum(fleet.ledger.rows().values()) == 4
    assert broken(fleet) == []


# -- the real server --------------------------------------------------------------------------------------------------


async def test_three_thousand_clients_at_a_hundred_seats(tmp_path: Path) -> None:
    result = tmp_path / "result.json"
    async with chatd("--max-clients", "100", "--queue", "50") as target:
        done = await load(
            target, "storm", "--clients", "3000", "--hold", "0", "--messages", "20", "--json", str(result)
        )  # fmt: skip
    assert done.stderr == b"" or done.stderr.startswith(b"load.py: 3 s")
    assert done.returncode == 0, done.stdout.decode()
    assert b"100 seated, 50 waiting, 2,850 refused with a reason, 0 silent" in b" ".join(done.stdout.split())
    assert b"\x1b" not in done.stdout
    read = json.loads(result.read_text())
    assert (read["ended"], read["exit_code"], read["limits"]["max_clients"]) == ("finished", 0, 100)
    assert read["counts"]["peak_seated"] == 100
    before, after = (counts(read["stages"][name]) for name in ("at the end of the hold", "after all left"))
    assert before == {"seated": 100, "waiting": 50, "refused SERVER_FULL": 2850}
    assert after == {"seated": 100, "queued_seated": 50, "refused SERVER_FULL": 2850}
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
        fleet = await fleet_at(target, *NOW, "--clients", "100")
    assert broken(fleet) == []
    assert fates(fleet, "at the end of the hold") == {"seated": 20, "refused SERVER_FULL": 80}


async def test_with_a_line_for_all_nobody_is_refused() -> None:
    async with chatd("--max-clients", "20", "--queue", "60") as target:
        fleet = await fleet_at(target, *NOW, "--clients", "80")
    assert broken(fleet) == []
    assert fates(fleet, "at the end of the hold") == {"seated": 20, "waiting": 60}
    assert fates(fleet, "after all left") == {"seated": 20, "queued_seated": 60}


async def test_who_waits_too_long_is_in_a_row_of_its_own() -> None:
    async with chatd("--max-clients", "5", "--queue", "5", "--queue-timeout", "0.05") as target:
        fleet = await fleet_at(target, "--rate", "10000", "--clients", "12", "--hold", "0.4")
    assert fates(fleet, "after all left") == {"seated": 5, "queued_timed_out": 5, "refused SERVER_FULL": 2}
    assert fleet.ledger.refusals == {"SERVER_FULL": 2, "QUEUE_TIMEOUT": 5}
    assert broken(fleet) == []


# -- the script -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("told_to_end", [signal.SIGINT, signal.SIGTERM])
async def test_an_interrupted_run_tells_what_it_knows(told_to_end: signal.Signals, tmp_path: Path) -> None:
    result = tmp_path / "result.json"
    server = CrookedServer(seats=3, line=2)
    async with listening(server.welcome) as target:
        process = await trio.lowlevel.open_process(
            [sys.executable, SCRIPT, target, "--clients", "9", "--hold", "1000", "--procs", "2", "--json", str(result)],
            stdout=subprocess.PIPE,
        )
        await server.full.wait()
        workers = children_of(process.pid)
        assert len(workers) == 2
        process.send_signal(told_to_end)
        assert process.stdout is not None
        told = b"".join([piece async for piece in process.stdout])
        assert await process.wait() == 130
    assert b"so far" in told
    assert not any(is_running(worker) for worker in workers)
    read = json.loads(result.read_text())
    assert (read["ended"], read["exit_code"], read["invariants"]) == ("interrupted", 130, [])
    assert sum(row["count"] for row in read["stages"]["so far"]) == 9


async def test_workers_end_when_the_parent_is_killed() -> None:
    server = CrookedServer(seats=3, line=2)
    async with listening(server.welcome) as target:
        process = await trio.lowlevel.open_process([sys.executable, SCRIPT, target, "--clients", "9", "--hold", "1000"])
        await server.full.wait()
        (worker,) = children_of(process.pid)
        watched = os.pidfd_open(worker)
        process.kill()
        await process.wait()
        await trio.lowlevel.wait_readable(watched)
        os.close(watched)


async def test_when_a_worker_dies_there_is_nothing_to_report() -> None:
    server = CrookedServer(seats=3, line=2)
    async with listening(server.welcome) as target:
        options = parse([target, "--rate", "10000", "--clients", "9", "--hold", "1000"])
        fleet = Fleet(options, resolve(options))
        async with trio.open_nursery() as nursery:
            nursery.start_soon(fleet.run)
            await server.full.wait()
            (worker,) = children_of(os.getpid())
            os.kill(worker, signal.SIGKILL)
    assert fleet.problem == "process 1 of this program has ended by itself, with status -9"


async def test_a_broken_invariant_is_exit_code_1() -> None:
    server = CrookedServer(seats=3, line=0, fault=Fault.RESETS)
    async with listening(server.welcome) as target:
        done = await load(target, "--clients", "5", *NOW)
    assert done.returncode == 1
    assert b"BROKEN" in done.stdout
    assert b"2 silent" in done.stdout


async def test_a_threshold_that_is_met_is_exit_code_3() -> None:
    server = CrookedServer(seats=3, line=0)
    async with listening(server.welcome) as target:
        done = await load(target, "--clients", "5", *NOW, "--fail-if", "refused>1", "--fail-if", "silent>0")
    assert done.returncode == 3
    assert b"refused>1: it was 2" in done.stdout


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
        done = await load(target, "--clients", "5", "--patience", "15" if answers else "0.2")
    assert done.returncode == 2
    assert done.stderr.decode() == f"load.py: no chat server at {target}: it took the connection, and then: {told}.\n"


async def test_it_finds_its_packages_by_itself() -> None:
    python: str = getattr(sys, "_base_executable", sys.executable)
    done = await load("--help", python=python)
    assert done.returncode == 0
    assert b"exit codes:" in done.stdout
