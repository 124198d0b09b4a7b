"""Some readers stop reading while others talk: how far what is kept for them grows."""

import socket
import time
from contextlib import ExitStack, suppress
from typing import Any

from chatd.ops.probe import kernel_memory
from chatd.ops.swarm import RECEIVE_BYTES, Swarm

from .servers import CHATD, KINDS, MeasureError, Server, Tell, running

READERS = 3  # who do read, and one of them talks
STALLED = 20
LINES = 2000  # a second
TEXT = "x" * 380
SECONDS = 6.0
SAMPLES = 48
REASON = "OUTBOX_FULL"
ALL_CLOSED = 0.3  # s after the first of them; later than that they might be cut, as they do not read
FLAGS = ("--message-rate", "none", "--history-lines", "1")  # everything else is as it is by default


def measure(tell: Tell, quick: bool = False) -> dict[str, Any]:
    seconds = 2.0 if quick else SECONDS
    data: dict[str, Any] = {"stalled": STALLED, "bytes_per_second": LINES * len(TEXT)}
    for kind in KINDS:
        tell(f"slow: {STALLED} readers of {kind.name} stop reading")
        with running(kind, *(FLAGS if kind is CHATD else ())) as server, ExitStack() as stack:
            swarm = stack.enter_context(Swarm(server.address))
            swarm.enter(READERS, kind.hello, kind.inside)
            stalled = [stack.enter_context(_stalled(server, READERS + number)) for number in range(STALLED)]
            swarm.settle()
            data[kind.name] = _talk(server, swarm, stalled, seconds)
    if not data[CHATD.name]["last_words"]:
        raise MeasureError(f"chatd told none of the readers that had stopped why, within {seconds:g} s")
    return data


def _stalled(server: Server, number: int) -> socket.socket:
    """A member that reads until it is inside, and then no more."""
    stalled = server.connect()
    stalled.sendall(server.kind.hello(number))
    heard = b""
    while server.kind.inside not in heard:
        if not (received := stalled.recv(RECEIVE_BYTES)):
            raise MeasureError(f"{server.kind.name} let nobody in")
        heard += received
    return stalled


def _talk(server: Server, swarm: Swarm, stalled: list[socket.socket], seconds: float) -> dict[str, Any]:
    memory, kernel = server.meter.resident(), kernel_memory()
    points: list[dict[str, float]] = [{"seconds": 0.0, "memory": 0, "kernel": 0}]
    closed, last_words = None, ""
    line = server.kind.say(TEXT)
    said = 0
    began = time.monotonic()
    while (passed := time.monotonic() - began) < seconds:
        for _ in range(min(200, int(passed * LINES) - said)):
            swarm.send(0, line)
            said += 1
        for _ in swarm.read(0.005):
            pass
        if passed > len(points) * seconds / SAMPLES:
            grown, buffers = server.meter.resident() - memory, kernel_memory() - kernel
            points.append({"seconds": passed, "memory": max(0, grown), "kernel": max(0, buffers)})
            if closed is None and REASON in server.log:
                closed = passed
            elif closed is not None and not last_words and passed > closed + ALL_CLOSED:
                last_words = _last_words(stalled)
    return {"points": points, "closed": closed, "last_words": last_words}


def _last_words(stalled: list[socket.socket]) -> str:
    """What they find when they read again after all: the last line, of the first one who is told why it was closed."""
    for each in stalled:
        each.settimeout(0.2)
        heard = b""
        with suppress(TimeoutError, ConnectionResetError):
            while received := each.recv(RECEIVE_BYTES):
                heard = (heard + received)[-2000:]
        last = heard.decode(errors="replace").strip().rpartition("\n")[2]
        if REASON in last:
            return last
    return ""
