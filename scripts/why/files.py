"""What everybody gets when the open files run out: of a server that never thought of it, and of chatd with --fit."""

import selectors
import socket
import statistics
import time
from collections import Counter
from contextlib import ExitStack
from typing import Any

from chatd.protocol.farewell import parse_farewell

from .servers import CHATD, KINDS, MeasureError, Server, Tell, running

LIMIT = 1024  # what a shell mostly gives: `ulimit -Sn`
COME = 1200
QUICK_LIMIT, QUICK_COME = 452, 470  # the least that fits chatd's other files too
QUIET = 0.5  # s in which nothing has come: then all that was said has arrived
WATCHED = 2.0  # s of looking at CPU and log
LATE_PATIENCE = 2.0  # s that the last one waits for an answer
LEAVE = 5
FLAGS = ("--fit", "--max-clients", "5000")


def measure(tell: Tell, quick: bool = False) -> dict[str, Any]:
    limit, come = (QUICK_LIMIT, QUICK_COME) if quick else (LIMIT, COME)
    data: dict[str, Any] = {"limit": limit, "come": come, "flags": " ".join(FLAGS)}
    for kind in KINDS:
        tell(f"files: {come:,} clients come to {kind.name}, which may open {limit:,} files")
        with ExitStack() as stack:
            server = stack.enter_context(running(kind, *(FLAGS if kind is CHATD else ()), files=limit))
            crowd = stack.enter_context(_Crowd(server, come))
            data[kind.name] = _look(server, crowd, 0.2 if quick else WATCHED, 0.2 if quick else LATE_PATIENCE)
    return data


class _Crowd:
    """All who come, and what each has heard so far."""

    def __init__(self, server: Server, count: int) -> None:
        self._server = server
        self.sockets: list[socket.socket] = []
        self.heard = [b""] * count
        self._selector = selectors.DefaultSelector()

    def __enter__(self) -> "_Crowd":
        try:
            for number in range(len(self.heard)):
                connection = self._server.connect()
                self.sockets.append(connection)
                connection.setblocking(False)
                self._selector.register(connection, selectors.EVENT_READ, number)
                connection.send(self._server.kind.hello(number))
                self.listen(0.0)
        except OSError as error:
            self.__exit__()
            raise MeasureError(f"client {len(self.sockets):,} could not connect: {error.strerror}") from None
        self.listen(QUIET)
        return self

    def __exit__(self, *_: object) -> None:
        self._selector.close()
        for each in self.sockets:
            each.close()

    def listen(self, quiet: float) -> None:
        """Read until nothing has come for so long."""
        while ready := self._selector.select(quiet):
            for key, _ in ready:
                self._read(key.data)

    def say(self, number: int, text: str) -> None:
        self.sockets[number].send(self._server.kind.say(text))

    def seconds_until_heard(self, number: int, text: str) -> float:
        began = time.monotonic()
        while text.encode() not in self.heard[number]:
            for key, _ in self._selector.select(QUIET):
                self._read(key.data)
            if time.monotonic() - began > LATE_PATIENCE:
                break
        return time.monotonic() - began

    def leave(self, number: int) -> None:
        self._selector.unregister(self.sockets[number])
        self.sockets[number].close()

    def fates(self) -> Counter[str]:
        return Counter(map(self._fate, self.heard))

    def _fate(self, heard: bytes) -> str:
        last = heard.decode(errors="replace").strip().rpartition("\n")[2].removeprefix("ERROR :")
        if self._server.kind.inside in heard:
            return "inside"
        if parse_farewell(last):
            return "refused"
        return "in line" if b" in line" in heard else "silence"

    def _read(self, number: int) -> None:
        try:
            received = self.sockets[number].recv(65536)
        except BlockingIOError:
            return
        except OSError:
            received = b""
        self.heard[number] += received
        if not received:
            self._selector.unregister(self.sockets[number])


def _look(server: Server, crowd: _Crowd, watched: float, patience: float) -> dict[str, Any]:
    fates = crowd.fates()
    lines, cpu = server.log.count("\n"), server.meter.cpu()
    time.sleep(watched)
    data: dict[str, Any] = {
        "fates": dict(fates),
        "files": server.meter.files(),
        "cpu": (server.meter.cpu() - cpu) / watched,
        "log_lines": round((server.log.count("\n") - lines) / watched),
        "log": _telling_line(server.log),
    }
    data |= _come_late(server, patience)
    members = [number for number, heard in enumerate(crowd.heard) if server.kind.inside in heard]
    taken = []
    for number in range(10):
        crowd.say(members[0], f"message {number}.")
        taken.append(crowd.seconds_until_heard(members[1], f"message {number}."))
    data["message_seconds"] = statistics.median(taken)
    for number in members[-LEAVE:]:
        crowd.leave(number)
    crowd.listen(QUIET)
    data["let_in_later"] = crowd.fates()["inside"] - fates["inside"]
    return data


def _come_late(server: Server, patience: float) -> dict[str, Any]:
    """One more comes, as a person with nc would, and says hello."""
    began = time.monotonic()
    try:
        with server.connect(patience) as late:
            connected = time.monotonic() - began
            late.sendall(b"hello\n")
            try:
                answer = late.recv(65536).decode().strip()
            except TimeoutError:
                answer = ""
            answered = time.monotonic() - began
    except OSError as error:
        return {"late_connected": None, "late_read": f"{error.strerror or error}", "late_seconds": patience}
    return {"late_connected": connected, "late_read": answer, "late_seconds": answered}


def _telling_line(log: str) -> str:
    for line in log.splitlines():
        if "open files" in line:
            return line
    return ""
