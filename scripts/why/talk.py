"""How long a message takes to its readers, in a room where all talk and that grows: copies grow with its square."""

import random
import re
import time
from collections.abc import Iterator
from typing import Any

from chatd.ops.swarm import Swarm

from .servers import CHATD, KINDS, NO_BOUNDS, Kind, Server, Tell, running

RATE = 12  # messages that each member says a minute: a lively talk
MEMBERS = (100, 200, 300, 400, 500, 600, 800, 1000, 1500, 2000, 2500, 3000, 3500)
SECONDS = 2.5  # of talk at each size
PROBES = 10  # members whose reading is timed; all others are only read
PATIENCE = 3.0  # s, for what was said to arrive; longer is not told apart
TOO_LONG = 1.0  # s in the 99th percentile: nobody talks like that, so no larger room is tried
TEXT = "the quick brown fox jumps over the lazy dog"
_STAMP = re.compile(rb"~(\d+)~")


def measure(tell: Tell, quick: bool = False) -> dict[str, Any]:
    members, seconds = ((10, 20), 0.15) if quick else (MEMBERS, SECONDS)
    return {"rate": RATE} | {kind.name: list(_growing(kind, members, seconds, tell)) for kind in KINDS}


def knee(points: list[dict[str, Any]], limit: float) -> dict[str, Any]:
    """The largest room that still is quick: 99 of 100 messages take less than `limit` seconds. Else the smallest."""
    quick = [point for point in points if point["p99"] < limit]
    return quick[-1] if quick else points[0]


def _growing(kind: Kind, members: tuple[int, ...], seconds: float, tell: Tell) -> Iterator[dict[str, Any]]:
    with running(kind, *(NO_BOUNDS if kind is CHATD else ())) as server, Swarm(server.address) as swarm:
        for count in members:
            tell(f"talk: {count:,} members of {kind.name}, {RATE} messages a minute each")
            swarm.enter(count - len(swarm.sockets), kind.hello, kind.inside)
            swarm.settle()
            point = _talk(server, swarm, seconds)
            yield point
            if point["p99"] > TOO_LONG:
                return


def _talk(server: Server, swarm: Swarm, seconds: float) -> dict[str, Any]:
    count = len(swarm.sockets)
    chance = random.Random(count)
    probes = set(chance.sample(range(count), min(PROBES, count)))
    due = [number * 60 / RATE / count for number in range(max(1, int(seconds * count * RATE / 60)))]
    taken: list[float] = []
    said = expected = 0
    cpu, began = server.meter.cpu(), time.monotonic()
    until = due[-1] + PATIENCE
    while (passed := time.monotonic() - began) < until:
        while said < len(due) and due[said] <= passed:
            speaker = chance.randrange(count)
            swarm.send(speaker, server.kind.say(f"~{said}~ {TEXT}"))
            expected += len(probes - {speaker})
            said += 1
        quiet = True
        for number, data in swarm.read(max(0.0, due[said] - passed) if said < len(due) else 0.2):
            quiet = False
            if number in probes:
                passed = time.monotonic() - began
                # From when it was to be said: who is late in saying it was held up by the load as well.
                taken += [passed - due[int(stamp)] for stamp in _STAMP.findall(data)]
        if quiet and said == len(due):
            break
    lasted = time.monotonic() - began
    # What has not arrived by then takes that long at the least, and nobody would wait for it.
    taken = sorted(min(each, PATIENCE) for each in taken + [PATIENCE] * (expected - len(taken)))
    return {
        "members": count,
        "deliveries": round(count * (count - 1) * RATE / 60),
        "p50": taken[len(taken) // 2],
        "p99": taken[len(taken) * 99 // 100],
        "cpu": (server.meter.cpu() - cpu) / lasted,
    }
