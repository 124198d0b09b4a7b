"""A day with a real chatd, in a real terminal: chatting, waiting, refused, drained, lost and back."""

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from client_programs import CLIENT, PATIENCE, Chatd, chatd
from picture import Pane


def client(server: Chatd, nick: str, *options: str) -> Pane:
    return Pane([*CLIENT, server.address, "--nick", nick, *options], columns=90, rows=20)


def wait_until_gone(pane: Pane, text: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while text in pane.capture():
        assert time.monotonic() < deadline, pane.capture()
        time.sleep(0.02)


@pytest.mark.usefixtures("tmux")
def test_chatting() -> None:
    with (
        chatd("--max-clients", "5", "--place-interval", "0.2") as server,
        client(server, "alice") as alice,
    ):
        alice.wait_for("alice came in")
        with client(server, "bob") as bob:
            alice.wait_for("bob came in")
            alice.wait_for("2/5 seats")
            bob.send_text("hello, alice")
            alice.send_text("half a senten")
            bob.send_keys("Enter")
            assert "> half a senten" in alice.wait_for("bob: hello, alice")
            alice.send_text("ce")
            alice.send_keys("Enter")
            bob.wait_for("alice: half a sentence")
            bob.send_text("/me waves")
            bob.send_keys("Enter")
            alice.wait_for("* bob waves")
            bob.send_text("/topic limits are kind")
            bob.send_keys("Enter")
            assert alice.wait_for("bob set the topic: limits are kind").startswith(" #lobby  limits are kind")
            bob.send_text("/nick rob")
            bob.send_keys("Enter")
            alice.wait_for("bob is now called rob")
            alice.send_text("/msg ro")
            alice.send_keys("Tab")
            alice.send_text("psst")
            alice.send_keys("Enter")
            bob.wait_for("alice(1)")
            bob.send_keys("C-n")
            bob.wait_for("alice: psst")
            for size in ((40, 10), (120, 40), (20, 5), (90, 20)):
                bob.resize(*size)
            assert len(bob.wait_for("alice: psst").splitlines()) <= 21
            bob.send_text("/quit so long")
            bob.send_keys("Enter")
            assert bob.wait_for_end() == 0
            alice.send_keys("M-2")
            alice.wait_for("rob left (Quit: so long)")


@pytest.mark.usefixtures("tmux")
def test_waiting_refused_seated_drained_and_back() -> None:
    with chatd("--max-clients", "1", "--queue", "1") as server, client(server, "alice") as alice:
        alice.wait_for("alice came in")
        with client(server, "bob") as bob:
            screen = bob.wait_for("1st of 1 in line")
            for part in ("Waiting in line", "Expected wait  unknown", "Waited so far  0:0"):
                assert part in screen
            bob.wait_for("Waited so far  0:02")
            bob.send_text("typed meanwhile")
            bob.send_keys("Enter")
            bob.wait_for("You are still in line")
            with client(server, "carol") as carol:
                screen = carol.wait_for("did not let us in")
                for part in ("SERVER_FULL: the number of seats (--max-clients)", "try again in", "Next try", "F5"):
                    assert part in screen
                before = re.search(r"Next try +in (\S+)", screen)
                assert before is not None
                wait_until_gone(carol, before[0])
                carol.send_keys("F5")
                carol.wait_for("(try 3)")
                alice.send_text("/quit")
                alice.send_keys("Enter")
                assert alice.wait_for_end() == 0
                assert "> typed meanwhile" in bob.wait_for("bob came in")
                bob.send_keys("Enter")
                bob.wait_for("bob: typed meanwhile")
                carol.send_keys("Enter")
                carol.wait_for("1st of 1 in line")
                bob.send_text("not sent yet")
                server.stop(signal.SIGTERM)
                for pane in (bob, carol):
                    assert "DRAINING" in pane.wait_for("Next try")
                again = Chatd("--max-clients", "2", port=server.port)
                try:
                    bob.send_keys("F5")
                    assert "> not sent yet" in bob.wait_for("1/2 seats")
                    bob.send_keys("Enter")
                    bob.wait_for("bob: not sent yet")
                    again.stop(signal.SIGKILL)
                    bob.wait_for("is gone")
                    bob.send_keys("C-c")
                    assert bob.wait_for_end() == 0
                finally:
                    again.stop(signal.SIGKILL)


@pytest.mark.usefixtures("tmux")
@pytest.mark.parametrize("how", ["key", "signal"])
def test_to_the_background_and_back(how: str, tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    with (
        chatd("--max-clients", "5") as server,
        Pane(["bash", "--norc", "-i"], columns=90, rows=20) as pane,
    ):
        pane.wait_for("bash-")
        client_and_pid = f"sh -c 'echo $$ > {pid}; exec {' '.join(CLIENT)} {server.address} --nick alice'"
        pane.send_text(f"stty -g; {client_and_pid}")
        pane.send_keys("Enter")
        pane.wait_for("alice came in")
        pane.send_text("kept")
        if how == "key":
            pane.send_keys("C-z")
        else:
            os.kill(int(pid.read_text()), signal.SIGTSTP)
        assert "alice came in" not in pane.wait_for("Stopped")
        pane.send_text("stty -g; echo here")
        pane.send_keys("Enter")
        screen = pane.wait_for("\nhere")
        modes = re.findall(r"^[0-9a-f]+(?::[0-9a-f]+){10,}$", screen, re.MULTILINE)
        assert len(modes) >= 1
        assert len(set(modes)) == 1
        pane.send_text("fg")
        pane.send_keys("Enter")
        assert "> kept" in pane.wait_for("alice came in")
        pane.send_keys("C-c")
        pane.wait_for("bash-")
        pane.send_text("echo code $?")
        pane.send_keys("Enter")
        pane.wait_for("code 0")


def pipe(server: Chatd, given: bytes, *options: str) -> "subprocess.CompletedProcess[bytes]":
    command = [*CLIENT, server.address, *options]
    return subprocess.run(command, input=given, capture_output=True, timeout=PATIENCE, check=False)


@contextmanager
def listening(server: Chatd, nick: str) -> Iterator[Iterator[dict[str, Any]]]:
    """Someone in a pipe who says nothing; the events, from when they are in the room."""
    command = [*CLIENT, server.address, "--nick", nick, "--json"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        events = map(json.loads, process.stdout)
        try:
            assert any(event["event"] == "names" for event in events)
            yield events
        finally:
            process.kill()


def test_in_a_pipe() -> None:
    with chatd("--max-clients", "2", "--queue", "0") as server:
        with listening(server, "bob") as heard:
            done = pipe(server, b"hello\nworld", "--nick", "alice")
            assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
            said = (event for event in heard if event["event"] == "said")
            assert [(event["nick"], event["text"]) for event in islice(said, 2)] == [
                ("alice", "hello"),
                ("alice", "world"),
            ]
            with listening(server, "carol"):
                refused = pipe(server, b"x\n")
                assert refused.returncode == 3
                assert b"SERVER_FULL" in refused.stderr
                assert b"Traceback" not in refused.stderr
            server.stop(signal.SIGTERM)
            *_, ended = heard
            assert (ended["event"], ended["exit"], ended["reason"]) == ("ended", 6, "DRAINING")
        assert pipe(server, b"x\n").returncode == 5


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signals_end_a_pipe(number: signal.Signals) -> None:
    with chatd("--max-clients", "2") as server:
        command, end = [*CLIENT, server.address, "--json"], subprocess.PIPE
        with subprocess.Popen(command, stdin=end, stdout=end, stderr=subprocess.STDOUT) as process:
            assert process.stdout is not None
            assert process.stdout.readline()
            process.send_signal(number)
            assert process.wait(PATIENCE) == 128 + number
            assert b"Traceback" not in process.stdout.read()


def test_no_seat_in_time() -> None:
    with chatd("--max-clients", "1", "--queue", "1", "--queue-timeout", "0.5") as server, listening(server, "bob"):
        done = pipe(server, b"x\n")
    assert done.returncode == 4
    first, *_, last = done.stderr.decode().splitlines()
    assert first == "You are 1st of 1 in line, expected wait: unknown"
    assert last.startswith("QUEUE_TIMEOUT: the server advises to try again in ")


def test_lines_that_come_faster_than_the_server_takes_them_all_arrive() -> None:
    with chatd("--max-clients", "2", "--message-rate", "100") as server, listening(server, "bob") as heard:
        done = pipe(server, b"".join(b"%d\n" % number for number in range(200)), "--nick", "alice")
        assert (done.returncode, done.stderr) == (0, b"")
        said = (event for event in heard if event["event"] == "said")
        assert [event["text"] for event in islice(said, 200)] == [str(number) for number in range(200)]
