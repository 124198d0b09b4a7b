"""`chatd --advise` with a real server: a small one, as its figures are checked elsewhere (scripts/check_advice.py)."""

import io
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from chatd_process import DEADLINE

from chatd.limits import Limits
from chatd.ops import advising, probe
from chatd.ops.advice import Costs, Wish
from chatd.ops.swarm import Swarm, SwarmError

COMMAND = [sys.executable, "-m", "chatd"]


def servers_of(pid: int) -> list[int]:
    """The children of a process."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_what_a_client_costs_is_measured_on_a_server_of_ones_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHATD_MAX_CLIENTS", "3")  # is about another server
    told: list[str] = []
    before = servers_of(os.getpid())
    found = probe.measure(clients=150, seconds=0.3, progress=told.append)
    assert servers_of(os.getpid()) == before
    costs = found.costs
    assert costs.files == 1
    assert 2000 < costs.client < 40_000
    assert 5 << 20 < costs.base < 100 << 20
    assert abs(costs.line) + abs(costs.send) < 1e-3
    assert 0 <= costs.message < 1e-2
    assert "150 clients" in told[0]
    assert found.foreign >= 0


FOUND = probe.Found(Costs(20e-6, 4e-6, 0.5e-6, 6000, 1000, 1, 22 << 20), 2000, 7.0, 0.02, 0.0)


def report_of(found: probe.Found, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(advising, "measure", lambda clients, progress: found)
    out = io.StringIO()
    wished = advising.Wishes(Wish(600, 0.05), 1 << 30, 4 << 30)
    advising.run(Limits(), wished, ["chatd"], out)
    return out.getvalue()


def test_a_report_is_made_of_what_was_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    text = report_of(FOUND, monkeypatch)
    assert "with 2,000 clients" in " ".join(text.split())
    assert re.search(r"^  chatd --max-clients \d+$", text, re.MULTILINE)


@pytest.mark.parametrize("send", [-1e-6, 0.0, 0.4e-6])
def test_figures_that_contradict_each_other_are_no_advice(send: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """A send seems to cost nothing where the kernel has done its work elsewhere."""
    disturbed = FOUND._replace(costs=FOUND.costs._replace(send=send), foreign=1.72)
    with pytest.raises(probe.ProbeError, match="172 % of a CPU meanwhile; measure again when it is quiet"):
        report_of(disturbed, monkeypatch)


def test_too_few_files_to_measure_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(advising, "raise_file_limit", lambda: 450)
    wished = advising.Wishes(Wish(1, 0.1), 1 << 30, 4 << 30)
    with pytest.raises(probe.ProbeError, match=r"takes 496 open files, and this process may have 450 \(ulimit -Hn\)"):
        advising.run(Limits(), wished, ["chatd"], io.StringIO())


def test_a_server_that_does_not_start_is_a_sentence() -> None:
    with pytest.raises(probe.ProbeError, match="did not start"), probe.server("--max-clients", "-1"):
        raise AssertionError("it has started")


def test_clients_that_are_sent_away_are_a_sentence() -> None:
    with (
        probe.server("--max-clients", "1", "--queue", "0") as (_, port),
        Swarm(("127.0.0.1", port)) as swarm,
        pytest.raises(SwarmError, match="SERVER_FULL"),
    ):
        swarm.enter(3, lambda number: b"NICK n%d\r\nUSER u 0 * :u\r\n" % number, b" 422 ")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_nothing_is_left_behind(number: int) -> None:
    with subprocess.Popen([*COMMAND, "--advise"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert "bringing in" in process.stderr.readline()
        children = servers_of(process.pid)
        assert len(children) == 1
        process.send_signal(number)
        out, err = process.communicate(timeout=DEADLINE)
    assert out == ""
    assert "Traceback" not in err
    assert process.returncode == (130 if number == signal.SIGINT else -number)
    until = time.monotonic() + DEADLINE
    while any(map(is_running, children)):
        assert time.monotonic() < until


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        (["--latency", "50ms"], "argument --latency: it is asked of --advise, and that is not given"),
        (["--advise", "--latency", "soon"], "argument --latency: 'soon' is not a time such as 100ms or 0.5s"),
    ],
)
def test_a_wrong_command_line_is_a_sentence(flags: list[str], sentence: str) -> None:
    ended = subprocess.run([*COMMAND, *flags], capture_output=True, text=True, timeout=DEADLINE, check=False)
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert f"chatd: error: {sentence}" in ended.stderr
    assert "Traceback" not in ended.stderr
