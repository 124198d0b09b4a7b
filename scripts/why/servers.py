"""The two servers that are measured, each a process of its own on loopback: chatd, and a chat that bounds nothing."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from chatd.ops.meter import Meter
from chatd.ops.probe import end_with_parent

ROOT = Path(__file__).resolve().parents[2]
HOST = "127.0.0.1"
START_PATIENCE = 15.0  # s, for what takes a fraction of one
NO_BOUNDS = tuple(
    word
    for bound in ("max-clients", "queue", "handshakes", "farewells", "outbox", "outboxes", "message-rate")
    for word in (f"--{bound}", "none")
)

Tell = Callable[[str], None]  # what is being done, for who waits


class MeasureError(Exception):
    """It could not be measured. The text says why."""


@dataclass(frozen=True)
class Kind:
    """A server, and how to be its client: what to say first, what is read then, and how to say something to all."""

    name: str
    command: tuple[str, ...]
    port: str  # the flag before the port
    hello: Callable[[int], bytes]
    inside: bytes
    say: Callable[[str], bytes]


def irc_hello(room: str) -> Callable[[int], bytes]:
    return lambda number: f"NICK m{number}\r\nUSER m 0 * :m\r\nJOIN {room}\r\n".encode()


CHATD = Kind(
    "chatd",
    (sys.executable, "-m", "chatd", "--control", "none"),
    "--port",
    irc_hello("#lobby"),
    b" 366 ",
    lambda text: f"PRIVMSG #lobby :{text}\r\n".encode(),
)
NAIVE = Kind(
    "naive",
    (sys.executable, str(ROOT / "scripts" / "naive" / "naive_trio.py")),
    "",
    lambda number: b"",
    b"welcome\n",
    lambda text: f"{text}\n".encode(),
)
KINDS = (NAIVE, CHATD)


@dataclass
class Server:
    """One that runs, and what it has written to its log."""

    kind: Kind
    address: tuple[str, int]
    meter: Meter
    log_file: Path

    @property
    def log(self) -> str:
        return self.log_file.read_text(errors="replace")

    def connect(self, timeout: float = START_PATIENCE) -> socket.socket:
        return socket.create_connection(self.address, timeout)


@contextmanager
def running(kind: Kind, *flags: str, files: int | None = None) -> Iterator[Server]:
    """Start one, with so many open files at the most (as the shell's `ulimit -n`), and end it with the block.

    Raises MeasureError if it does not start.
    """
    with socket.socket() as free:
        free.bind((HOST, 0))
        address = (HOST, free.getsockname()[1])
    command = [*kind.command, *filter(None, [kind.port]), str(address[1]), *flags]
    if files is not None:
        command = ["sh", "-c", 'ulimit -n "$0" && exec "$@"', str(files), *command]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CHATD_")}
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        with log.open("wb") as written:
            process = subprocess.Popen(
                command, cwd=ROOT, env=environment, stdout=written, stderr=written, preexec_fn=end_with_parent
            )
        try:
            server = Server(kind, address, Meter(process.pid), log)
            _wait_until_it_listens(server, process)
            yield server
        finally:
            process.kill()
            process.wait()


def _wait_until_it_listens(server: Server, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + START_PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(ConnectionRefusedError), server.connect():
            return
        time.sleep(0.02)
    said = server.log.strip().rpartition("\n")[2] or "without a word"
    raise MeasureError(f"{server.kind.name} does not start: {said}")
