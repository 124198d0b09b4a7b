"""chatctl as a process: what it shows, how it ends, how it finds its server; against real servers and crooked ones."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trio
from operated import House, operated

from chatd.desk import VERBS
from chatd.limits import bounds
from chatd.ops import ctl, place, status
from chatd.protocol.safetext import neutralise

COMMAND = [sys.executable, "-m", "chatd.ops.ctl"]
NOBODY = {"XDG_RUNTIME_DIR": "/nowhere"}  # where no server of this machine's own is found
WITHOUT_RICH = "import sys; sys.modules['rich'] = None; from chatd.ops.ctl import main; sys.exit(main(sys.argv[1:]))"


class Ended:
    """A process that has ended."""

    def __init__(self, done: subprocess.CompletedProcess[bytes]) -> None:
        self.code = done.returncode
        self.out = done.stdout.decode()
        self.err = done.stderr.decode()

    @property
    def sentence(self) -> str:
        """The one line of standard error, nothing having been written to standard output."""
        assert (self.out, self.err.count("\n")) == ("", 1), (self.out, self.err)
        assert self.err.startswith("chatctl: ")
        return self.err[len("chatctl: ") : -1]


async def run(*words: str, command: Sequence[str] = COMMAND, **environment: str) -> Ended:
    inherited = {name: value for name, value in os.environ.items() if name not in ("CHATCTL_SOCKET", "NO_COLOR")}
    done = await trio.run_process(
        [*command, *words],
        capture_stdout=True,
        capture_stderr=True,
        check=False,
        env={**inherited, **NOBODY, **environment},
    )
    return Ended(done)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """A full house: ann has the seat, bob waits."""
    async with operated(tmp_path / "control.sock", max_clients=1, queue=1, place_interval=1000) as house:
        await house.running.seated("ann")
        await house.running.waiting("bob", "JOIN #lobby")
        yield house


async def ask(house: House, *words: str, **environment: str) -> Ended:
    return await run(*words, CHATCTL_SOCKET=str(house.path), **environment)


# What it shows and does.


async def test_every_view_in_a_full_house_for_people_and_for_programs(house: House) -> None:
    for verb, part in {
        "status": "seats       1 of 1",
        "clients": "ann    127.0.0.1",
        "queue": "bob    127.0.0.1",
        "rooms": "#lobby",
        "limits": "max-clients",
        "bans": "Nobody is banned.",
    }.items():
        shown = await ask(house, verb)
        assert (shown.code, shown.err) == (0, "")
        assert part in shown.out
        assert "\x1b" not in shown.out
        as_json = await ask(house, verb, "--json")
        assert as_json.out.count("\n") == 1
        assert isinstance(json.loads(as_json.out), dict)


async def test_raising_the_cap_seats_who_waits(house: House) -> None:
    done = await ask(house, "set", "max-clients", "2")
    assert (done.code, done.out.splitlines()[:2]) == (
        0, ["max-clients: 1 client -> 2 clients", "  1 was seated from the line"]
    )  # fmt: skip
    await house.running.peers[1].until(" 366 ")
    assert (await ask(house, "reset", "max-clients")).out.startswith("max-clients: 2 clients -> 1 client\n")


async def test_words_need_no_quotes_and_reach_everybody(house: House) -> None:
    assert (await ask(house, "say", "the", "build", "is", "[red]green")).out == "2 clients told\n"
    for peer in house.running.peers:
        assert (await peer.find("build")).endswith(" :the build is [red]green")
    assert (await ask(house, "kick", "1", "too", "much")).out == "#1 ann from 127.0.0.1 is closed\n"
    assert "(The operator has closed your connection: too much; KICKED)" in await house.running.peers[0].find("ERROR")


async def test_bans_are_made_shown_and_lifted(house: House) -> None:
    done = await ask(house, "ban", "192.0.2.0/24", "--for", "2h", "--reason", "a [bold]flood")
    assert done.out == "192.0.2.0/24 is banned for 2 h; 0 connections closed\n"
    shown = (await ask(house, "bans")).out
    assert "192.0.2.0/24" in shown
    assert "2 h more" in shown
    assert "a [bold]flood" in shown
    assert (await ask(house, "unban", "192.0.2.0/24")).code == 0
    assert (await ask(house, "unban", "192.0.2.0/24")).sentence == "there is no ban of 192.0.2.0/24"


async def test_modes_may_begin_with_a_minus(house: House) -> None:
    assert (await ask(house, "mode", "#lobby", "-n+kl", "word", "5")).out == "#lobby: -n+kl word 5 was changed\n"
    assert "word 5" in await house.running.peers[0].find("MODE")


async def test_admissions_stop_and_go_on_and_end(house: House) -> None:
    assert (await ask(house, "pause")).code == 0
    await house.running.peers[0].send("QUIT")
    await house.running.until(lambda: house.running.chat.pool.in_use == 0)
    assert "paused" in (await ask(house, "status")).out
    assert (await ask(house, "resume")).out == "seats are given out; 1 was seated\n"
    await house.running.peers[1].until(" 366 ")
    assert (await ask(house, "drain")).out.startswith("the server drains;")
    assert "; DRAINING" in await house.running.peers[1].find("ERROR")


async def test_what_clients_have_written_does_nothing(house: House) -> None:
    await house.running.peers[0].send("TOPIC #lobby :[red]\x1b[2J\u202e\x9b31m\x07")
    await house.running.peers[0].settle()
    shown = await ask(house, "rooms")
    for line in shown.out.splitlines():
        assert neutralise(line) == line
    assert "[red]␛[2J" in shown.out
    assert (await ask(house, "--json", "rooms")).out.isascii()


async def test_colours_are_left_out_where_nobody_wants_them(house: House) -> None:
    assert "\x1b[1m" in (await ask(house, "status", FORCE_COLOR="1")).out
    assert "\x1b[33m" not in (await ask(house, "limits", FORCE_COLOR="1", NO_COLOR="1")).out


async def test_top_prints_one_picture_for_a_pipe(house: House) -> None:
    shown = await ask(house, "top", "--once")
    assert shown.code == 0
    for part in ("seats", "1 of 1", "next in line", " 1 bob", "arrivals/s", "nearest limits", "max-clients"):
        assert part in shown.out


async def test_whoever_has_read_enough_may_hang_up(house: House) -> None:
    shell = f"{sys.executable} -m chatd.ops.ctl limits | head -n 1; exit ${{PIPESTATUS[0]}}"
    done = await run(shell, command=("bash", "-c"), CHATCTL_SOCKET=str(house.path))
    assert (done.code, done.err, done.out.split()[0]) == (0, "", "limit")


async def test_an_answer_that_cannot_be_written_is_a_sentence(house: House) -> None:
    for verb in ("status", "pause"):
        shell = f"{sys.executable} -m chatd.ops.ctl {verb} > /dev/full"
        told = await run(shell, command=("bash", "-c"), CHATCTL_SOCKET=str(house.path))
        assert (told.code, told.sentence) == (ctl.BROKEN, "cannot write the answer: No space left on device")


async def test_programs_need_no_rich_and_people_are_told(house: House) -> None:
    command = [sys.executable, "-c", WITHOUT_RICH]
    path = str(house.path)
    as_json = await run("status", "--json", command=command, CHATCTL_SOCKET=path)
    assert json.loads(as_json.out)["seats"] == {"in_use": 1, "bound": 1}
    assert (await run("pause", command=command, CHATCTL_SOCKET=path)).code == 0
    for words in (["status"], ["top", "--once"]):
        told = await run(*words, command=command, CHATCTL_SOCKET=path)
        assert told.code == ctl.USAGE
        assert told.sentence == "tables need rich (pip install 'chatd[ops]'); --json works without it"


# How it ends when something is wrong.


async def test_a_refusal_is_a_sentence_and_code_1(house: House) -> None:
    told = await ask(house, "set", "max-clients", "100000000")
    assert told.code == ctl.REFUSED
    assert "do not fit into the 2,000 open files" in told.sentence
    assert (await ask(house, "--json", "set", "nonsense", "1")).sentence == "there is no bound nonsense"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([], "the following arguments are required: VERB (chatctl --help shows how)"),
        (["stauts"], "invalid choice: 'stauts'"),
        (["set", "queue"], "the following arguments are required: VALUE (chatctl set --help shows how)"),
        (["--port", "x", "status"], "argument --port: invalid int value: 'x'"),
        (["--port", "1", "--socket", "x", "status"], "not allowed with argument"),
        (["ban", "10.0.0.1", "--for", "soon"], "argument --for: 'soon' is no time such as 90s, 30m, 2h or 7d"),
        (["ban", "10.0.0.1", "--for", "0h"], "argument --for: '0h' is no time"),
        (["clients", "--sort", "beauty"], "argument --sort: invalid choice: 'beauty'"),
        (["mode", "#lobby"], "mode needs MODES, such as +mt"),
        (["top"], "top needs a terminal; `chatctl top --once` prints one picture"),
        (["top", "--once", "--json"], "top is for people; programs ask for `status` and `limits`"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
async def test_wrong_usage_is_a_sentence_and_code_2(words: list[str], sentence: str) -> None:
    told = await run(*words)
    assert told.code == ctl.USAGE
    assert sentence in told.sentence


async def test_where_nobody_listens_it_says_what_to_do_with_code_3(tmp_path: Path) -> None:
    path = tmp_path / "s"
    told = await run("--socket", str(path), "status")
    assert (told.code, told.sentence) == (
        ctl.NO_SERVER, f"there is no socket {path}; is chatd running, and has it another one (--port, --socket)?"
    )  # fmt: skip
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    told = await run("--socket", str(path), "status")
    assert (told.code, told.sentence) == (
        ctl.NO_SERVER, f"nobody listens on {path}: its server is gone; start chatd again"
    )  # fmt: skip
    told = await run("status", XDG_RUNTIME_DIR=str(tmp_path))
    assert (told.code, told.sentence) == (
        ctl.NO_SERVER, f"no chatd listens in {tmp_path}; start one, or name its socket (--socket PATH)"
    )  # fmt: skip
    assert (await run("--socket", "/" + "x" * 200, "status")).code == ctl.NO_SERVER


@asynccontextmanager
async def crooked(path: Path, *said: bytes, hears: bool = True) -> AsyncIterator[None]:
    """A server that says this for whatever it hears, and then hangs up; with nothing to say it is silent."""

    async def serve(stream: trio.SocketStream) -> None:
        async with stream:
            if hears:
                await stream.receive_some()
            for line in said:
                await stream.send_all(line)
            if not said:
                await trio.sleep_forever()

    with place.listening(path) as listener:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_serve, trio.SocketListener(trio.socket.from_stdlib_socket(listener)), serve)
            yield
            nursery.cancel_scope.cancel()


async def _serve(listener: trio.SocketListener, serve: object) -> None:
    await trio.serve_listeners(serve, [listener])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        (b"", "the server has closed the connection without an answer"),
        (b'{"v": 1, "ok": true, "resu', "the server has closed the connection without an answer"),
        (b"220 smtp ready\r\n", "the server's answer is not understood: it is no JSON object on one line"),
        (b"\xff\xfe\n", "the server's answer is not understood: it is no JSON object on one line"),
        (b"[" * 20_000 + b"\n", "the server's answer is not understood: it is no JSON object on one line"),
        (b'{"v": 2, "ok": true, "result": {}}\n', "the server's answer is not understood: it is not of version 1"),
        (b'{"v": 1, "ok": true, "result": []}\n', "the server's answer is not understood"),
        (b'{"v": 1, "ok": 1, "result": {}}\n', "the server's answer is not understood"),
        (b'{"v": 1, "ok": true, "result": {}}\n', "not understood: KeyError('version'); is it another version's?"),
        (b'{"v": 1, "ok": true, "result": {"version": 5}}\n', "the server's answer is not understood"),
    ],
    ids=lambda value: value[:24] if isinstance(value, str) else "",
)
async def test_a_server_that_speaks_otherwise_is_a_sentence_and_code_4(
    tmp_path: Path, said: bytes, sentence: str
) -> None:
    async with crooked(tmp_path / "s", said):
        told = await run("--socket", str(tmp_path / "s"), "status")
    assert told.code == ctl.BROKEN
    assert sentence in told.sentence


async def test_a_silent_server_is_not_waited_for_without_end(tmp_path: Path) -> None:
    async with crooked(tmp_path / "s"):
        told = await run("--socket", str(tmp_path / "s"), "--timeout", "0.2", "status")
    assert (told.code, told.sentence) == (ctl.BROKEN, "the server has not answered within 0.2 s")


async def test_what_a_server_says_before_it_hangs_up_is_read(tmp_path: Path) -> None:
    """The next connection beyond the bound is closed before it was heard."""
    said = b'{"v": 1, "ok": false, "error": "8 connections are open\\u001b[2J"}\n'
    async with crooked(tmp_path / "s", said, hears=False):
        told = await run("--socket", str(tmp_path / "s"), "status")
    assert (told.code, told.sentence) == (ctl.REFUSED, "8 connections are open␛[2J")


# How it finds its server.


async def test_the_only_server_is_found_and_of_several_one_is_to_be_named(tmp_path: Path) -> None:
    async def at(*words: str, named: str = "") -> Ended:
        return await run(*words, XDG_RUNTIME_DIR=str(tmp_path), CHATCTL_SOCKET=named)

    async with operated(tmp_path / "chatd-6667.sock", max_clients=7):
        assert "0 of 7" in (await at("status")).out
        async with operated(tmp_path / "chatd-6668.sock", max_clients=8):
            told = await at("status")
            assert (told.code, told.sentence) == (
                ctl.USAGE, "several servers are running, on the ports 6667, 6668; say which (--port PORT)"
            )  # fmt: skip
            assert "0 of 8" in (await at("status", "--port", "6668")).out
            assert "0 of 7" in (await at("--port", "6667", "status")).out
            other = str(tmp_path / "chatd-6668.sock")
            assert "0 of 8" in (await at("status", named=other)).out
            assert "0 of 7" in (await at("status", "--port", "6667", named=other)).out
    assert (await at("status")).code == ctl.NO_SERVER


async def test_a_real_chatd_is_found_steered_reloaded_and_drained(tmp_path: Path) -> None:
    file, path = tmp_path / "chatd.toml", str(tmp_path)
    file.write_text("[limits]\nqueue = 7\n")
    chatd = [sys.executable, "-m", "chatd", "--port", "0", "--config", str(file), "--log-format", "json"]
    async with trio.open_nursery() as nursery:
        process = await nursery.start(_start, chatd, {**os.environ, "XDG_RUNTIME_DIR": path})
        await process.stdout.receive_some()  # it is ready
        assert (await run("set", "linger", "1", XDG_RUNTIME_DIR=path)).out == "linger: 2 s -> 1 s\n"
        file.write_text("[limits]\nqueue = 9\nlinger = 3\n[server]\nport = 1\n")
        assert (await run("reload", XDG_RUNTIME_DIR=path)).out.splitlines() == [
            "the configuration was read again",
            "  queue: 7 places -> 9 places",
            "  kept, as it was set by hand: linger",
        ]
        shown = json.loads((await run("limits", "--json", XDG_RUNTIME_DIR=path)).out)["limits"]
        origins = {each["name"]: each["from"] for each in shown}
        assert (origins["queue"], origins["linger"]) == (f"{file} [limits] queue", "chatctl")
        file.write_text("[limits]\nqueue = 'long'\n")
        told = await run("reload", XDG_RUNTIME_DIR=path)
        assert told.code == ctl.REFUSED
        assert told.sentence.startswith("nothing was changed: ")
        assert (await run("drain", XDG_RUNTIME_DIR=path)).code == 0
        assert await process.wait() == 0
        assert (await run("status", XDG_RUNTIME_DIR=path)).code == ctl.NO_SERVER
        noted = [json.loads(line) for line in (await process.stderr.receive_some()).splitlines()]
        assert [note["event"] for note in noted] == ["set", "reload", "reload", "drain"]
        assert [note.get("cause") for note in noted] == [None, None, "refused", None]


async def _start(
    command: list[str], env: dict[str, str], task_status: trio.TaskStatus[trio.Process] = trio.TASK_STATUS_IGNORED
) -> None:
    piped = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    await trio.run_process(command, env=env, check=False, task_status=task_status, **piped)  # type: ignore[call-overload]


# What must stay together.


async def test_help_lists_every_verb() -> None:
    told = await run("--help")
    assert told.code == 0
    for verb in (*VERBS, "top"):
        assert f"\n    {verb} " in told.out


def test_the_orders_of_clients_are_those_of_the_server() -> None:
    assert tuple(status.SORTS) == ctl.SORTS


async def test_a_command_starts_without_what_only_the_server_or_a_table_needs() -> None:
    code = "import sys, chatd.ops.ctl; print(sorted({'trio', 'rich', 'chatd.chat'} & set(sys.modules)))"
    assert (await run(command=[sys.executable, "-c", code])).out == "[]\n"


def test_every_bound_has_a_value_that_fits_the_table() -> None:
    assert max(len(bound.key) for bound in bounds()) <= 20
