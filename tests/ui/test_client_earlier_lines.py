"""What was said before one came in, in a real terminal: there, told apart, and not told twice."""

import re
import socket
import subprocess

import pytest
from client_programs import CLIENT, PATIENCE, chatd, serving
from picture import Pane


def stamp(second: int) -> str:
    return f"@time=2026-03-14T12:26:{second:02d}.000Z"


def tell(connection: socket.socket) -> None:
    """Let alice in, tell her what was said earlier and what is said now, and close when she asks for it."""
    with connection.makefile("r", encoding="utf-8", newline="\r\n") as lines:
        for line in lines:
            if line.startswith("CAP LS"):
                connection.sendall(b":s CAP * LS :server-time\r\n")
            elif line.startswith("CAP REQ"):
                connection.sendall(b":s CAP * ACK :server-time\r\n")
            elif line.startswith("CAP END"):
                connection.sendall(b":s 001 alice :Hi\r\n:s 422 alice :no MOTD\r\n")
            elif line.startswith("PING"):
                connection.sendall(f":s PONG s {line.split()[-1]}\r\n".encode())
            elif line.startswith("JOIN"):
                said = [
                    f"{stamp(30)} :alice!a@h JOIN #lobby",
                    f"{stamp(1)} :bob!b@h PRIVMSG #lobby :said before",
                    f"{stamp(31)} :bob!b@h PRIVMSG #lobby :said now",
                ]
                connection.sendall("".join(f"{each}\r\n" for each in said).encode())
            elif line.startswith("PRIVMSG"):
                return


def is_dim(screen: str, text: str) -> bool:
    """Whether the text is painted so, on a screen with its attributes."""
    dim = False
    for numbers in re.findall(r"\x1b\[([0-9;]*)m", screen[: screen.index(text)]):
        for number in numbers.split(";"):
            dim = number == "2" or (dim and number not in ("", "0", "22"))
    return dim


@pytest.mark.usefixtures("tmux")
def test_earlier_lines_are_dim_and_come_once() -> None:
    with serving(tell) as address, Pane([*CLIENT, address, "--nick", "alice"], columns=90, rows=20) as pane:
        pane.wait_for("bob: said now")
        pane.wait_for("* Earlier, on 2026-03-14:")
        screen = pane.capture(colours=True)
        assert is_dim(screen, "said before")
        assert not is_dim(screen, "said now")
        pane.send_text("close it")
        pane.send_keys("Enter")
        pane.wait_for("Next try")
        pane.send_keys("F5")
        screen = pane.wait_for("! The connection was lost")  # the room is seen again
        while screen.count("said now") < 2:
            screen = pane.capture()
        assert screen.count("said before") == 1
        pane.send_keys("C-c")
        assert pane.wait_for_end() == 0


@pytest.mark.usefixtures("tmux")
def test_chatd_tells_what_was_said_to_who_comes_in_and_comes_back() -> None:
    with chatd("--max-clients", "5") as server:
        command = [*CLIENT, server.address]
        pipe = [*command, "--nick", "bob"]
        subprocess.run(pipe, input=b"one\ntwo\n", timeout=PATIENCE, check=True)
        done = subprocess.run(pipe, input=b"three\n", capture_output=True, timeout=PATIENCE, check=True)
        assert done.stdout == b""
        with Pane([*command, "--nick", "alice"], columns=90, rows=20) as pane:
            pane.wait_for("bob: three")
            subprocess.run(pipe, input=b"four\n", timeout=PATIENCE, check=True)
            pane.wait_for("bob: four")
            screen = pane.capture(colours=True)
            assert [is_dim(screen, text) for text in ("one", "two", "three", "four")] == [True, True, True, False]


def test_a_script_does_not_read_them() -> None:
    with serving(tell) as address:
        done = subprocess.run([*CLIENT, address], input=b"", capture_output=True, timeout=PATIENCE, check=False)
    assert done.returncode == 0
    assert b"said before" not in done.stdout
