"""An unbounded line beside a bounded one, with more arrivals than seats that are freed.

It needs no server and no time: it drives the pool that chatd is built on, with a clock of its own, so it is exact.
"""

import heapq
import random
from typing import Any

from chatd.pool import ClientPool, Refused, Seated, Ticket

from .servers import Tell

SEATS, PLACES, TIMEOUT = 100, 50, 300.0  # chatd's defaults
STAY = 600.0  # s that one keeps a seat, on average: so ten seats are freed a minute
ARRIVALS = 12 / 60  # a second: a fifth more than that
HOURS = 4
CLASS = 300.0  # s of which one point of the picture is made
NEVER = float("inf")


def measure(tell: Tell, quick: bool = False) -> dict[str, Any]:
    tell("waits: two lines, computed")
    hours = 1 if quick else HOURS
    return {
        "seats": SEATS,
        "places": PLACES,
        "timeout": TIMEOUT,
        "stay": STAY,
        "arrivals": ARRIVALS * 60,
        "hours": hours,
        "unbounded": _run(ClientPool(SEATS, NEVER), hours * 3600),
        "bounded": _run(ClientPool(SEATS, PLACES, TIMEOUT), hours * 3600),
    }


def _run(pool: ClientPool[None], until: float) -> dict[str, Any]:
    """The same people come to each pool, at the same times; each seat is kept as long in both."""
    comes, stays = random.Random(1), random.Random(2)
    arrival = comes.expovariate(ARRIVALS)
    leaving: list[tuple[float, int, Ticket[None]]] = []
    waits: list[tuple[float, float]] = []  # when one was seated, and after how long

    def seat(ticket: Ticket[None], now: float) -> None:
        waits.append((now, now - ticket.arrived))
        heapq.heappush(leaving, (now + stays.expovariate(1 / STAY), len(waits), ticket))

    refused = 0
    while (now := min(arrival, leaving[0][0] if leaving else NEVER, pool.next_expiry)) < until:
        if now == pool.next_expiry:
            pool.expire(now)
        elif now == arrival:
            outcome = pool.enter(None, now)
            if isinstance(outcome, Seated):
                seat(outcome.ticket, now)
            refused += isinstance(outcome, Refused)
            arrival = now + comes.expovariate(ARRIVALS)
        else:
            for ticket in pool.leave(heapq.heappop(leaving)[2], now):
                seat(ticket, now)
    return {
        "came": pool.statistics.arrived,
        "seated": len(waits),
        "refused": refused,
        "timed_out": pool.statistics.timed_out,
        "in_line": pool.waiting,
        "longest": max(wait for _, wait in waits),
        "last": waits[-1][1],
        "points": _means(waits),
    }


def _means(waits: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """The mean wait of those who were seated in each class of time, and the middle of that time."""
    classes: dict[int, list[float]] = {}
    for when, wait in waits:
        classes.setdefault(int(when / CLASS), []).append(wait)
    return [((number + 0.5) * CLASS, sum(each) / len(each)) for number, each in sorted(classes.items())]
