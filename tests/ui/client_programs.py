"""Programs for the tests of the screen: chatd, servers that say one thing, and chatclient on a raw terminal."""

import fcntl
import os
import pty
import re
import select
import signal
import socket
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any, Self

CLIENT = [sys.executable, "-m", "chatclient"]
PATIENCE = 20.0  # s, for what ought to take a fraction of one
_READY = re.compile(r"ready on (\S+):(\d+)")


class Chatd:
    """A real server on a port of its own."""

    def __init__(self, *options: str, port: int = 0) -> None:
        command = [sys.executable, "-m", "chatd", "--port", str(port), *options]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if found := _READY.search(line):
                self.port = int(found[2])
                self.address = f"127.0.0.1:{self.port}"
                return
        raise AssertionError("chatd did not start")

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        if self._process.poll() is None:
            self._process.send_signal(number)
        self._process.communicate(timeout=PATIENCE)


@contextmanager
def chatd(*options: str) -> Iterator[Chatd]:
    server = Chatd(*options)
    try:
        yield server
    finally:
        server.stop(signal.SIGKILL)


def one_sided(*said: bytes) -> AbstractContextManager[str]:
    """A server that greets everybody, says all of it as they enter a room, and then only listens until they quit."""

    def talk(connection: socket.socket) -> None:
        heard = b""
        connection.sendall(b":s 001 alice :Hi\r\n:s 422 alice :no MOTD\r\n")
        while b"JOIN" not in heard:
            heard += connection.recv(65536)
        connection.sendall(b":alice!a@h JOIN #lobby\r\n")
        for line in said:
            connection.sendall(line)
        while b"QUIT" not in heard and (data := connection.recv(65536)):
            heard += data

    return serving(talk)


@contextmanager
def serving(talk: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that talks like that to everybody who connects, and then closes."""
    listener = socket.create_server(("127.0.0.1", 0))
    connections: list[socket.socket] = []

    def serve() -> None:
        with suppress(OSError):  # the end: the listener was closed
            while True:
                connection, _ = listener.accept()
                connections.append(connection)
                threading.Thread(target=one, args=[connection], daemon=True).start()

    def one(connection: socket.socket) -> None:
        with suppress(OSError):
            talk(connection)
            connection.shutdown(socket.SHUT_WR)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for connection in connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()
        thread.join(PATIENCE)


class RawTerminal:
    """A program on a terminal that keeps every byte of it."""

    def __init__(self, command: list[str], columns: int = 90, rows: int = 24, **environment: str) -> None:
        self.raw = b""
        self._mark = 0
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.before = termios.tcgetattr(slave)
        self._slave = slave  # kept open, so that what the terminal is left like can be seen
        inherited = {key: value for key, value in os.environ.items() if key != "NO_COLOR"}
        self.process = subprocess.Popen(
            command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=inherited | {"TERM": "xterm-256color", "LC_ALL": "C.UTF-8"} | environment,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: Any) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(PATIENCE)
        for end in (self._master, self._slave):
            with suppress(OSError):
                os.close(end)

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())

    def resize(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def hang_up(self) -> None:
        """The window is closed."""
        os.close(self._slave)
        os.close(self._master)

    def wait_for(self, text: str) -> None:
        """Wait for a text that is painted from now on (since the last one that was waited for)."""
        deadline = time.monotonic() + PATIENCE
        repaint = time.monotonic() + 0.5
        while (at := self.raw.find(text.encode(), self._mark)) < 0:
            assert time.monotonic() < deadline, f"no {text!r} in {self.raw[-3000:]!r}"
            if time.monotonic() > repaint:  # what stood there before by chance is not painted again, unless by Ctrl-L
                repaint += 1
                self.type("\x0c")
            self._read(0.1)
        self._mark = at + len(text)

    def wait_for_end(self) -> int:
        deadline = time.monotonic() + PATIENCE
        while self.process.poll() is None:
            assert time.monotonic() < deadline, f"it does not end: {self.raw[-3000:]!r}"
            self._read(0.05)
        while self._read(0.0):
            pass
        return self.process.returncode

    def is_as_found(self) -> bool:
        """Whether modes are as before, the other screen is left, the cursor visible and paste unbracketed."""
        for mode, change, undo in ((1049, b"h", b"l"), (2004, b"h", b"l"), (25, b"l", b"h")):
            if self.raw.rfind(b"\x1b[?%d%b" % (mode, change)) > self.raw.rfind(b"\x1b[?%d%b" % (mode, undo)):
                return False
        return termios.tcgetattr(self._slave) == self.before

    def _read(self, timeout: float) -> bool:
        ready, _, _ = select.select([self._master], [], [], timeout)
        if ready:
            with suppress(OSError):
                self.raw += os.read(self._master, 65536)
        return bool(ready)
