"""chatd as a process of its own, for tests that look at it from outside."""

import contextlib
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator

COMMAND = [sys.executable, "-m", "chatd", "--control", "none"]
DEADLINE = 20  # seconds; for what takes a fraction of one


class Chatd:
    """A running process, and the port that it has told."""

    def __init__(self, *flags: str, before: Callable[[], None] | None = None) -> None:
        self.sockets: list[socket.socket] = []
        self.process = subprocess.Popen(
            [*COMMAND, "--port", "0", *flags],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=before,
        )
        assert self.process.stdout is not None
        self.ready = self.process.stdout.readline()
        found = re.search(r"127\.0\.0\.1:(\d+)", self.ready)
        assert found, (self.ready, self.process.communicate(timeout=DEADLINE))
        self.port = int(found[1])

    def connect(self) -> socket.socket:
        sock = socket.create_connection(("127.0.0.1", self.port), timeout=DEADLINE)
        self.sockets.append(sock)
        return sock

    def irc(self, nick: str) -> socket.socket:
        """An IRC client that is in the default room."""
        sock = self.connect()
        sock.sendall(f"NICK {nick}\r\nUSER {nick} 0 * :x\r\nJOIN #lobby\r\n".encode())
        read_until(sock, b" 366 ")
        return sock

    def logs_until(self, event: str) -> None:
        """Read the log until that has happened."""
        assert self.process.stderr is not None
        while event not in (line := self.process.stderr.readline()):
            assert line, "it has ended"

    def end(self) -> tuple[int, str, str]:
        """Wait for its end; exit code, and what it said."""
        out, err = self.process.communicate(timeout=DEADLINE)
        return self.process.returncode, out, err


def read_until(sock: socket.socket, part: bytes) -> bytes:
    data = b""
    while part not in data:
        received = sock.recv(65536)
        assert received, data
        data += received
    return data


def read_to_end(sock: socket.socket) -> bytes:
    data = b""
    while received := sock.recv(65536):
        data += received
    return data


@contextlib.contextmanager
def chatd(*flags: str, before: Callable[[], None] | None = None) -> Iterator[Chatd]:
    server = Chatd(*flags, before=before)
    try:
        yield server
    finally:
        for sock in server.sockets:
            sock.close()
        server.process.kill()
        server.process.communicate(timeout=DEADLINE)
