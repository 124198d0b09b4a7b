"""Why: a comparison is believed only if it finds a server that cheats; and it must leave nothing behind."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from comparing import cli, report
from comparing.books import SPEAKERS, Books, text
from comparing.cap import alike
from comparing.contest import Result
from comparing.figures import Spread
from comparing.options import parse
from comparing.peers import NAIVE, PEERS, Peer
from comparing.running import processors, running

SCRIPT = Path(__file__).parents[2] / "scripts" / "compare.py"
BY_NAME = {peer.name: peer for peer in PEERS}
LONG = 20  # s; nothing here takes as long, but a machine may be busy
WHERE = report.Circumstances("2000-01-01", "a processor", 2, "Linux")


def line(*numbers: int) -> bytes:
    return b"".join(f"somebody: {text(number)}\n".encode() for number in numbers)


def children(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def is_a_server(pid: int) -> bool:
    """Of those that compare.py has started: it has got so far as to be one."""
    try:
        return os.getsid(pid) == pid and SCRIPT.name.encode() not in Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return False


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def all_end(pids: list[int]) -> bool:
    late = time.monotonic() + LONG
    while any(map(is_alive, pids)) and time.monotonic() < late:
        os.sched_yield()
    return not any(map(is_alive, pids))


def altered(folder: Path, *changes: tuple[str, str]) -> Peer:
    """The naive server on asyncio, which does something else."""
    source = (NAIVE / "naive_asyncio.py").read_text()
    for before, after in changes:
        assert before in source
        source = source.replace(before, after)
    path = folder / "crooked.py"
    path.write_text(source)
    return replace(
        BY_NAME["naive-asyncio"],
        name="crooked",
        title="crooked",
        command=lambda setting: [setting.program, str(path), str(setting.port), str(setting.cap)],
    )


# -- books, medians and tables ----------------------------------------------------------------------------------------


def test_messages_in_pieces_are_each_counted_once() -> None:
    books = Books(2)
    for _ in range(3):
        books.send()
    whole = line(0, 1, 2)
    assert books.read(0, whole) == (0, 1, 2)
    assert books.read(1, whole[:30]) == ()
    assert books.read_by_all == 0
    assert books.read(1, whole[30:]) == (0, 1, 2)
    assert (books.read_by_all, books.deliveries, books.faults) == (3, 6, "")


@pytest.mark.parametrize(
    ("read", "fault"),
    [
        (line(0, *range(2, 10)), "1 lost"),
        (line(*range(10), 4), "1 doubled"),
        (line(8, *range(8), 9), "1 misordered"),  # 0 and 8 are of one speaker
        (line(1, 0, *range(2, 10)), ""),  # 0 and 1 are not
    ],
)
def test_what_is_lost_doubled_or_misordered_is_named(read: bytes, fault: str) -> None:
    books = Books(1)
    speakers = [books.send()[0] for _ in range(10)]
    assert speakers[0] == speakers[SPEAKERS]
    books.read(0, read)
    assert books.faults.rpartition(": ")[2] == fault


def test_a_figure_is_the_median_of_its_turns_with_the_least_and_the_most() -> None:
    assert Spread.of([{"cpu": 9.0}, {"cpu": 1.0}, {"cpu": 2.0}], "cpu") == Spread(2.0, 1.0, 9.0)
    assert Spread.of([{"cpu": 9.0}], "join") is None


def test_the_page_has_the_medians_what_is_said_at_the_cap_and_who_was_disturbed() -> None:
    plan = parse(["--only", "chatd"]).plan
    chatd = Result(BY_NAME["chatd"], "1.0", plan.clients, plan.idle)
    chatd.turns = [{"cpu": cpu, "late": 0.1, "others": 0.2} for cpu in (9.0, 1.0, 2.0)]
    chatd.told = alike(["“ERROR :c000011 | is *out*”", "nothing (reset)", "“ERROR :c000012 | is *out*”"])
    ngircd = Result(BY_NAME["ngircd"], "2.0", plan.clients - 1, plan.idle, trouble="it is ill")
    page = report.markdown([chatd, ngircd], plan, WHERE)
    assert "| **chatd** | – | – | – | – | 2.00<br><sub>1.00–9.00</sub> | – | – | – | 20 % ! |" in page
    assert r"| chatd | “ERROR :c000011 \| is \*out\*” (2 of 3)<br>nothing (reset) (1 of 3) |" in page
    assert "- ngircd was not measured to the end: it is ill." in page
    assert f"- ngircd was measured with {plan.clients - 1} readers" in page
    assert "Versions: chatd: 1.0; ngircd: 2.0." in page


def test_the_page_of_the_documentation_can_be_renewed() -> None:
    page = cli.PAGE.read_text(encoding="utf-8")
    renewed = cli.renewed(page, "a table\n")
    assert f"{cli.BEGIN}a table\n{cli.END}" in renewed
    assert renewed.partition(cli.BEGIN)[0] == page.partition(cli.BEGIN)[0]


# -- which servers there are ------------------------------------------------------------------------------------------


def test_the_list_tells_what_was_found_and_how_to_get_the_rest(capsys: pytest.CaptureFixture[str]) -> None:
    absent = replace(BY_NAME["ngircd"], name="absent", program="no-such-program", get="apt-get install absent")
    assert cli.main(["--list"], [BY_NAME["naive-trio"], absent]) == 0
    found, missing = capsys.readouterr().out.splitlines()
    assert found.startswith("naive-trio")
    assert missing.split(maxsplit=1) == ["absent", "not installed; to get it: apt-get install absent"]


@pytest.mark.parametrize(
    ("only", "why"), [("absent", "absent is not installed: apt-get install absent"), ("x", "there is no server x")]
)
def test_who_asks_for_a_server_that_is_not_there_is_told_so(
    only: str, why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    absent = replace(BY_NAME["ngircd"], name="absent", program="no-such-program", get="apt-get install absent")
    with pytest.raises(SystemExit) as ended:
        cli.main(["--only", only], [absent])
    assert ended.value.code == 2
    assert why in capsys.readouterr().err


# -- real servers -----------------------------------------------------------------------------------------------------


def test_a_quick_comparison_measures_everything(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    result = tmp_path / "result.json"
    words = ["--quick", "--only", "chatd,naive-trio", "--json", str(result), "--markdown"]
    assert cli.main(words) == 0
    read = json.loads(result.read_text())
    servers = {server["name"]: server for server in read["servers"]}
    assert [server["trouble"] for server in servers.values()] == [None] * 2
    everything = {"registrations", "memory", "join", "join_cpu", "cpu", "p50", "p99", "rate"}
    assert servers["chatd"]["median"].keys() == everything
    assert servers["naive-trio"]["median"].keys() == everything - {"join", "join_cpu"}  # it has no rooms
    assert servers["naive-trio"]["told"] == {"let in: no cap": 10}
    refused, waits = sorted(servers["chatd"]["told"].items(), key=lambda told: -told[1])
    assert refused[1] == 9
    assert "SERVER_FULL" in refused[0]
    assert "You are 1st of 1 in line" in waits[0]
    assert "| **chatd** |" in capsys.readouterr().out


def test_a_server_that_says_things_twice_is_found_and_so_is_one_that_resets(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reset = "socket.SOL_SOCKET, socket.SO_LINGER, bytes([1, 0, 0, 0, 0, 0, 0, 0])"
    crooked = altered(
        tmp_path,
        ("import asyncio\n", "import asyncio\nimport socket\n"),
        ("other.write(line)", "other.write(line * (2 if b'~7~' in line else 1))"),
        (
            '        writer.write(b"welcome\\n")\n',
            '        if len(everybody) == int(sys.argv[2]):\n'
            f'            writer.get_extra_info("socket").setsockopt({reset})\n'
            "            return writer.close()\n"
            '        writer.write(b"welcome\\n")\n',
        ),
    )
    assert cli.main(["--quick"], [crooked]) == 1
    told = capsys.readouterr()
    assert "crooked, turn 1: messages were not delivered once and in order: " in told.err
    assert "doubled" in told.err
    assert "nothing (reset)" in told.out


def test_a_server_that_loses_a_message_is_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("comparing.options.PATIENCE", 0.5)
    crooked = altered(tmp_path, ("other.write(line)", "other.write(line * (b'~7~' not in line))"))
    assert cli.main(["--quick"], [crooked]) == 1
    assert "crooked, turn 1: messages were not delivered once and in order: 20 lost." in capsys.readouterr().err


def test_a_server_that_does_not_start_is_named_with_its_last_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    crooked = altered(tmp_path, ("import asyncio\n", "raise SystemExit('I am not well')\n"))
    assert cli.main(["--quick"], [crooked]) == 2
    told = capsys.readouterr().err
    assert "crooked was not measured to the end: it does not listen; it ended with status 1" in told
    assert "I am not well" in told


# -- nothing is left behind -------------------------------------------------------------------------------------------


def test_what_a_server_has_started_is_ended_with_it() -> None:
    naive = BY_NAME["naive-asyncio"]
    forking = replace(naive, command=lambda it: ["sh", "-c", 'sleep 1000 & exec "$0" "$@"', *naive.command(it)])
    before = children(os.getpid())
    with processors() as cpus, running(forking, 10, cpus):
        (server,) = set(children(os.getpid())) - set(before)
        started = [server, *children(server)]
        assert len(started) == 2
    assert all_end(started)


@pytest.mark.parametrize(
    ("name", "told_to_end", "code"),
    [("naive-asyncio", signal.SIGKILL, -9), ("inspircd", signal.SIGINT, 130), ("chatd", signal.SIGTERM, 130)],
)
def test_interrupted_it_leaves_no_server_behind(
    name: str, told_to_end: signal.Signals, code: int, tmp_path: Path
) -> None:
    if not BY_NAME[name].found():
        pytest.skip(f"{name} is not installed")
    command = [sys.executable, str(SCRIPT), "--only", name]
    settings = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen(
        command, env=settings, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        late = time.monotonic() + LONG
        while not (servers := list(filter(is_a_server, children(process.pid)))) and time.monotonic() < late:
            os.sched_yield()
        process.send_signal(told_to_end)
        said = process.communicate(timeout=LONG)[0]
    assert servers
    assert process.returncode == code
    assert all_end(servers)
    if code == 130:  # else it had no time for that
        assert "Interrupted" in said
        assert not [*tmp_path.iterdir()]
