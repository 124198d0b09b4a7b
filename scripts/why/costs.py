"""What a client costs that does nothing: memory of the process, memory of the kernel, an open file."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from chatd.ops.swarm import Swarm

from .servers import CHATD, KINDS, NO_BOUNDS, ROOT, Kind, Tell, irc_hello, running

COUNTS = (0, 1000, 2000, 3000, 4000, 5000)
TASKS = 10_000
ROOM_SIZE = 50  # one room for all would measure how all are told who came


def measure(tell: Tell, quick: bool = False) -> dict[str, Any]:
    counts = (0, 40) if quick else COUNTS
    data: dict[str, Any] = {kind.name: grown(kind, counts, tell) for kind in KINDS}
    tell("costs: trio tasks that do nothing")
    data["task"] = _task(500 if quick else TASKS)
    return data


def grown(kind: Kind, counts: tuple[int, ...], tell: Tell) -> dict[str, Any]:
    """What a server of that kind takes as it gets as many clients as `counts` say, one after the other."""
    points = []
    with running(kind, *(NO_BOUNDS if kind is CHATD else ())) as server, Swarm(server.address) as swarm:
        kernel_before = _kernel_structures()
        for count in counts:
            tell(f"costs: {count:,} clients of {kind.name}")
            swarm.enter(count - len(swarm.sockets), _hello(kind), kind.inside)
            swarm.settle()
            meter = server.meter
            points.append({"clients": count, "memory": meter.memory(), "files": meter.files()})
        # Both ends of each connection are on this machine, so half of what the kernel has taken is the server's.
        kernel = (_kernel_structures() - kernel_before) / 2
    first, last = points[0], points[-1]
    clients = last["clients"] - first["clients"]
    return {
        "points": points,
        "per_client": round((last["memory"] - first["memory"]) / clients),
        "kernel_per_client": max(0, round(kernel / clients)),
    }


def _hello(kind: Kind) -> Callable[[int], bytes]:
    if kind is not CHATD:
        return kind.hello
    return lambda number: irc_hello(f"#room{number // ROOM_SIZE}")(number)


def _kernel_structures() -> int:
    """Bytes of the kernel's own objects: sockets, files and all that belongs to them."""
    try:
        caches = [line.split() for line in Path("/proc/slabinfo").read_text().splitlines()[2:]]
    except OSError:  # it is root's; then with those that were freed and are kept for the next ones
        lines = [line.split() for line in Path("/proc/meminfo").read_text().splitlines()]
        return next(int(words[1]) * 1024 for words in lines if words[0] == "Slab:")
    return sum(int(in_use) * int(size) for _, in_use, _, size, *_ in caches)


def _task(count: int) -> int:
    command = [sys.executable, "-m", "why.tasks", str(count)]
    done = subprocess.run(command, cwd=ROOT / "scripts", capture_output=True, text=True, check=True)
    return int(done.stdout)
