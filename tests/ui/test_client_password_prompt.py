"""A server with a password, in a real terminal: nothing that the terminal is sent ever holds it."""

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from client_programs import CLIENT, PATIENCE, RawTerminal, chatd, serving
from picture import Pane

SECRET = ":open sesame"
WRONG = "nonsense"


class Lock:
    """A server with a password; `visits` holds the lines that each client began with."""

    def __init__(self) -> None:
        self.visits: list[list[str]] = []
        self.address = ""

    def talk(self, connection: socket.socket) -> None:
        with connection.makefile("r", encoding="utf-8", newline="\r\n") as lines:
            begun = [line := lines.readline().rstrip("\r\n")]
            while line and not line.startswith("USER"):
                begun.append(line := lines.readline().rstrip("\r\n"))
            self.visits.append(begun)
            if begun[0] != f"PASS :{SECRET}":
                farewell = "Closing Link: h (This chat has a password; WRONG_PASSWORD, retry in 2 s)"
                connection.sendall(f":s 464 alice :Password incorrect\r\nERROR :{farewell}\r\n".encode())
                return
            connection.sendall(b":s 001 alice :Hi\r\n:s 422 alice :no MOTD\r\n")
            for line in lines:
                if line.startswith("JOIN"):
                    connection.sendall(b":alice!a@h JOIN #lobby\r\n")
                elif line.startswith("PING"):
                    connection.sendall(f":s PONG s {line.split()[-1]}\r\n".encode())
                elif line.startswith("PRIVMSG #lobby :out"):
                    connection.sendall(b"ERROR :Closing Link: h (You were silent; IDLE_RELEASE)\r\n")
                    return
                elif line.startswith("QUIT"):
                    return


@contextmanager
def locked() -> Iterator[Lock]:
    lock = Lock()
    with serving(lock.talk) as address:
        lock.address = address
        yield lock


@pytest.mark.usefixtures("tmux")
def test_asked_for_again_until_it_is_right_and_kept_for_the_way_back() -> None:
    with locked() as lock, Pane([*CLIENT, lock.address, "--nick", "alice"], columns=90, rows=20) as pane:
        assert "Password:" in pane.wait_for(f"{lock.address} wants a password")
        pane.send_text(WRONG)
        assert WRONG not in pane.wait_for(f"Password: {'*' * len(WRONG)}")
        pane.send_keys("Enter")
        assert WRONG not in pane.wait_for(f"{lock.address} takes another password")
        pane.send_keys("Escape")
        assert "Password:" not in pane.wait_for("F5 tries again")
        pane.send_keys("F5")
        pane.wait_for("Password:")
        pane.send_text(SECRET)
        assert "sesame" not in pane.wait_for(f"Password: {'*' * len(SECRET)}")
        pane.send_keys("Enter")
        pane.wait_for("alice came in")
        pane.send_keys("Up", "C-y")
        pane.send_text("out")
        pane.send_keys("Enter")
        assert "sesame" not in pane.wait_for("F5 comes back to the line")
        pane.send_keys("F5")
        pane.wait_for("! You were silent")  # the room is seen again
        pane.send_keys("C-c")
        assert pane.wait_for_end() == 0
        given = [visit[0] for visit in lock.visits]
        assert given == ["CAP LS 302", f"PASS :{WRONG}", "CAP LS 302", f"PASS :{SECRET}", f"PASS :{SECRET}"]


@pytest.mark.usefixtures("tmux")
def test_chatd_with_a_password(tmp_path: Path) -> None:
    path = tmp_path / "password"
    path.write_text(f"{SECRET}\n")
    path.chmod(0o600)
    with (
        chatd("--max-clients", "5", "--password-file", str(path), "--password-delay", "0.1") as server,
        Pane([*CLIENT, server.address, "--nick", "alice"], columns=90, rows=20) as pane,
    ):
        assert "WRONG_PASSWORD: the server's password" in pane.wait_for(f"{server.address} wants a password")
        pane.send_text(WRONG)
        pane.send_keys("Enter")
        pane.wait_for(f"{server.address} takes another password")
        pane.send_text(SECRET)
        pane.send_keys("Enter")
        pane.wait_for("alice came in")
        pane.send_keys("C-c")
        assert pane.wait_for_end() == 0


def test_not_one_byte_for_the_terminal_holds_it() -> None:
    with locked() as lock, RawTerminal([*CLIENT, lock.address, "--nick", "alice"]) as terminal:
        terminal.wait_for("wants a password")
        terminal.type(SECRET)
        terminal.wait_for("***")
        terminal.type(f"\x15{SECRET}\r")
        terminal.wait_for("alice came in")
        terminal.type("\x19\x1b[A")
        terminal.type("still here\r")
        terminal.type("/quit\r")
        assert terminal.wait_for_end() == 0
        assert terminal.is_as_found()
        assert b"sesame" not in terminal.raw
        assert b"open" not in terminal.raw


def test_from_a_file_on_a_terminal_and_in_a_pipe(tmp_path: Path) -> None:
    path = tmp_path / "password"
    path.write_text(f"{SECRET}\n")
    with locked() as lock:
        command = [*CLIENT, lock.address, "--nick", "alice", "--password-file", str(path)]
        with RawTerminal(command) as terminal:
            terminal.wait_for("alice came in")
            terminal.type("\x03")
            assert terminal.wait_for_end() == 0
        done = subprocess.run(command, input=b"hello\n", capture_output=True, timeout=PATIENCE, check=False)
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
        path.write_text(f"{WRONG}\n")
        done = subprocess.run(command, input=b"hello\n", capture_output=True, timeout=PATIENCE, check=False)
        assert done.returncode == 8
        assert b"The server wants another password than --password-file gives" in done.stderr
        assert WRONG.encode() not in done.stderr
        assert len(lock.visits) == 3, "a wrong one is not tried again"


def test_without_a_terminal_and_a_file_it_says_what_to_do() -> None:
    with locked() as lock:
        began = time.monotonic()
        done = subprocess.run([*CLIENT, lock.address], input=b"x\n", capture_output=True, timeout=PATIENCE, check=False)
        assert time.monotonic() - began < PATIENCE / 2
    assert done.returncode == 8
    assert done.stderr.decode().splitlines()[-1] == (
        "The server wants a password: write it into a file, and name that with --password-file."
    )
