"""chatctl top in a real terminal: it shows a full house, live, and gives the terminal back as it was."""

import os
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from client_programs import PATIENCE, Chatd, RawTerminal, chatd
from picture import Pane

CTL = [sys.executable, "-m", "chatd.ops.ctl"]


class House:
    """A chatd whose four seats are taken and whose line is full."""

    def __init__(self, server: Chatd, path: Path, opened: ExitStack) -> None:
        self.server = server
        self.path = path
        self._opened = opened
        self.guests = [self.guest(f"guest{number}") for number in range(6)]

    def guest(self, nick: str) -> socket.socket:
        guest = self._opened.enter_context(socket.create_connection(("127.0.0.1", self.server.port), PATIENCE))
        guest.sendall(f"NICK {nick}\r\nUSER {nick} 0 * :x\r\nJOIN #lobby\r\n".encode())
        heard = b""
        while b" 366 " not in heard and b" in line" not in heard and b"; SERVER_FULL" not in heard:
            data = guest.recv(65536)
            assert data, heard
            heard += data
        return guest

    def top(self, *, columns: int = 80, rows: int = 24) -> Pane:
        return Pane([*CTL, "--socket", str(self.path), "top"], columns, rows)

    def on_raw_terminal(self) -> RawTerminal:
        return RawTerminal([*CTL, "--socket", str(self.path), "top"], 80, 24)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with full_house(tmp_path / "control.sock") as house:
        yield house


@contextmanager
def full_house(path: Path) -> Iterator[House]:
    options = ("--max-clients", "4", "--queue", "2", "--control", str(path))
    with chatd(*options) as server, ExitStack() as opened:
        yield House(server, path, opened)


@pytest.mark.usefixtures("tmux")
def test_it_shows_a_full_house_live_and_leaves_at_q(house: House) -> None:
    with house.top() as pane:
        screen = pane.wait_for("queue")  # the last but few of its rows
        for part in ("4 of 4", "2 of 2", "next in line", " 1 guest4", " 2 guest5", "max-clients", "q leaves"):
            assert part in screen
        assert len(screen.rstrip("\n").splitlines()) <= 24
        for _ in range(3):
            house.guest("late").close()
        pane.wait_for("SERVER_FULL")
        house.guests[0].sendall(b"PRIVMSG #lobby :hello\r\nQUIT\r\n")
        pane.wait_for("1 of 2")
        assert "guest4" not in pane.wait_for(" 1 guest5")
        pane.resize(120, 40)
        pane.wait_for("1 of 2")
        pane.send_keys("x")
        pane.send_keys("q")
        assert pane.wait_for_end() == 0
        assert "seats" not in pane.capture()


@pytest.mark.usefixtures("tmux")
def test_it_says_so_when_the_server_ends(house: House) -> None:
    with house.top() as pane:
        pane.wait_for("4 of 4")
        house.server.stop(signal.SIGKILL)
        assert pane.wait_for_end() == 4
        assert pane.capture().strip() == "chatctl: the server has closed the connection without an answer"


@pytest.mark.usefixtures("tmux")
def test_a_terminal_that_is_too_small_shows_what_fits(house: House) -> None:
    with house.top(columns=40, rows=8) as pane:
        assert "seats" in pane.wait_for("4 of 4")
        pane.send_keys("q")
        assert pane.wait_for_end() == 0


@pytest.mark.parametrize(
    ("typed", "number", "code"),
    [
        ("q", None, 0),
        ("\x03", None, 0),
        ("\x1a", signal.SIGTERM, 128 + signal.SIGTERM),  # Ctrl-Z does nothing
        ("", signal.SIGHUP, 128 + signal.SIGHUP),
        ("", signal.SIGINT, 0),
    ],
)
def test_the_terminal_is_given_back_as_it_was(
    house: House, typed: str, number: signal.Signals | None, code: int
) -> None:
    with house.on_raw_terminal() as terminal:
        terminal.wait_for("4 of 4")
        terminal.type(typed)
        if number is not None:
            os.kill(terminal.process.pid, number)
        assert terminal.wait_for_end() == code
        assert terminal.is_as_found()


def test_the_terminal_is_given_back_when_the_server_is_gone(house: House) -> None:
    with house.on_raw_terminal() as terminal:
        terminal.wait_for("4 of 4")
        house.server.stop(signal.SIGKILL)
        assert terminal.wait_for_end() == 4
        assert terminal.is_as_found()
