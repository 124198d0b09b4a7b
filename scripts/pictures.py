#!/usr/bin/env python3
"""Why: the README shows what happens at the limit, and pictures are right only if the program itself draws them.

One command makes all of them anew: it runs a real chatd, fills it with guests, and takes the screen of a real
chatclient while it chats, waits in line and is refused, and that of a real chatctl above a full house.
"""

import argparse
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import in_venv

if __name__ == "__main__":
    in_venv.ensure("rich")

from picture import Pane, svg_of

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "pictures"
PORT = 6667
COLUMNS, ROWS = 88, 20
SEATS, PLACES = 4, 12
HOUSE = 60  # seats of the server that is looked at from above
TOP_ROWS = 26
PAUSE = 3.0  # s between two who leave, from which the expected wait is computed


class Guest:
    """Somebody who is there, or waits."""

    def __init__(self, port: int, nick: str) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.settimeout(10)
        self._send(f"NICK {nick}\r\nUSER {nick} 0 * :{nick}\r\nJOIN #lobby\r\n")
        heard = b""
        while b" 366 " not in heard and b" in line" not in heard:  # in the room, or told the place
            if not (data := self._socket.recv(65536)):
                raise ConnectionError(f"{nick} was not let in: {heard.decode(errors='replace')}")
            heard += data

    def say(self, text: str, command: str = "PRIVMSG") -> None:
        self._send(f"{command} #lobby :{text}\r\n")

    def leave(self) -> None:
        self._send("QUIT\r\n")
        while self._socket.recv(65536):
            pass
        self._socket.close()

    def close(self) -> None:
        self._socket.close()

    def _send(self, text: str) -> None:
        self._socket.sendall(text.encode())


class Knock:
    """Somebody who asks to come in and does not wait for the answer."""

    def __init__(self, port: int, nick: str) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.sendall(f"NICK {nick}\r\nUSER {nick} 0 * :{nick}\r\n".encode())

    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None:
        self._socket.close()


@contextmanager
def chatd(*options: str) -> Iterator[int]:
    """A server; its port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", PORT))
            port = PORT
        except OSError:
            port = 0  # somebody has it; the pictures then show another number
    command = [sys.executable, "-m", "chatd", "--port", str(port), "--place-interval", "0.2", *options]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        assert process.stdout is not None
        found = re.search(r"ready on \S+:(\d+)", line := process.stdout.readline())
        if found is None:
            raise OSError(f"chatd does not start: {line.strip()}")
        yield int(found[1])
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate()


def client(port: int, nick: str) -> Pane:
    command = [sys.executable, "-m", "chatclient", f"localhost:{port}", "--nick", nick]
    return Pane(command, COLUMNS, ROWS, env={"PYTHONPATH": str(ROOT)})


def take(pane: Pane, folder: Path, name: str, port: int, nick: str) -> None:
    svg = svg_of(pane.capture(colours=True).rstrip("\n"), f"chatclient localhost:{port} --nick {nick}", COLUMNS)
    (folder / f"client-{name}.svg").write_text(svg, encoding="utf-8")
    print(folder / f"client-{name}.svg")


def chatting(folder: Path) -> None:
    with chatd("--max-clients", str(SEATS)) as port, ExitStack() as guests:
        ann, ben = (Guest(port, nick) for nick in ("ann", "ben"))
        for guest in (ann, ben):
            guests.callback(guest.close)
        with client(port, "dora") as pane:
            pane.wait_for("dora came in")
            ann.say("Every limit has a name and a reason", "TOPIC")
            ann.say("Morning! How many of us fit in here?")
            pane.wait_for("fit in here")
            ben.say("Four: --max-clients 4. It says so in the status bar, below.")
            pane.wait_for("status bar")
            pane.send_text("And the fifth?")
            pane.send_keys("Enter")
            pane.wait_for("dora: And the fifth?")
            ben.say("Waits in line, and is told the place. Nobody is left without an answer.")
            ann.say("\x01ACTION makes room\x01")
            pane.wait_for("ann makes room")
            guests.callback(Guest(port, "cleo").close)
            pane.wait_for("4/4 seats")
            pane.send_text("Then I stay, while I have a sea")
            pane.wait_for("have a sea")
            take(pane, folder, "chatting", port, "dora")


def waiting_and_refused(folder: Path) -> None:
    with chatd("--max-clients", str(SEATS), "--queue", str(PLACES)) as port, ExitStack() as guests:
        seated = [Guest(port, f"member{number}") for number in range(SEATS)]
        for number in range(4):  # so many must leave before an expected wait is told
            time.sleep(PAUSE)
            seated.pop(0).leave()
            seated.append(Guest(port, f"next{number}"))
        in_line = [Guest(port, f"waiting{number}") for number in range(PLACES - 1)]
        for guest in (*seated, *in_line):
            guests.callback(guest.close)
        with client(port, "dora") as pane:
            pane.wait_for(f"{PLACES}th of {PLACES} in line")
            with client(port, "emil") as late:
                late.wait_for("SERVER_FULL")
                late.wait_for("Next try")
                time.sleep(PAUSE)  # for the countdown to be seen
                take(late, folder, "refused", port, "emil")
            for guest in in_line[:4]:
                guest.leave()
            in_line.append(Guest(port, "waiting"))
            pane.wait_for(f"{PLACES - 4}th of {PLACES - 3} in line")
            take(pane, folder, "waiting", port, "dora")


def operating(folder: Path) -> None:
    """A full house as chatctl top shows it: all talk, some leave, more come than may."""
    bounds = ("--max-clients", str(HOUSE), "--queue", str(HOUSE // 2), "--message-rate", "none")
    with chatd(*bounds) as port, ExitStack() as guests:
        seated = [Guest(port, f"member{number}") for number in range(HOUSE)]
        in_line = [Guest(port, f"waiting{number}") for number in range(HOUSE // 3)]
        for guest in (*seated, *in_line):
            guests.callback(guest.close)
        command = [sys.executable, "-m", "chatd.ops.ctl", "--port", str(port), "top"]
        with Pane(command, COLUMNS, TOP_ROWS, env={"PYTHONPATH": str(ROOT)}) as pane:
            pane.wait_for("seats")
            for second in range(8):
                for guest in seated[second::4]:
                    guest.say("one more word")
                seated.pop(0).leave()
                seated.append(in_line.pop(0))
                guests.callback(Guest(port, f"late{second}").close)
                for number in range(HOUSE):  # as many as find no place either
                    guests.enter_context(Knock(port, f"crowd{second}x{number}"))
                time.sleep(0.9)
            pane.wait_for("SERVER_FULL")
            svg = svg_of(pane.capture(colours=True).rstrip("\n"), "chatctl top", COLUMNS)
    (folder / "top.svg").write_text(svg, encoding="utf-8")
    print(folder / "top.svg")


def main() -> int:
    parser = argparse.ArgumentParser(description="Make docs/pictures anew from the real programs.")
    parser.add_argument("--to", metavar="FOLDER", type=Path, default=PICTURES, help="default: docs/pictures")
    folder = parser.parse_args().to
    folder.mkdir(parents=True, exist_ok=True)
    try:
        chatting(folder)
        waiting_and_refused(folder)
        operating(folder)
    except (OSError, subprocess.SubprocessError) as error:
        print(f"pictures.py: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
