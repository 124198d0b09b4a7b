"""Why: how a run is told is tested with runs that nobody had to wait for: their books are filled by hand here."""

import math
import random

from loadgen.fleet import Fleet, Moment
from loadgen.ledger import Kind
from loadgen.options import parse
from loadgen.verdict import Invariant

TICK = 0.25
MEBIBYTE = 1024 * 1024
SEATS, PLACES, CLIENTS = 100, 50, 3000
COMING, CHATTING, LEAVING = 2.0, 8.0, 2.0
VERDICT = [
    Invariant("no more seated than the limit", True, "at most 100 of 100"),
    Invariant("every message arrives once, in order", None, "none were sent"),
]


def silence(scenario: str = "storm", *words: str) -> Fleet:
    """Nobody has come yet."""
    fleet = Fleet(parse(["127.0.0.1:6667", scenario, "--seed", "7", *words]), [])
    fleet.stages["so far"] = fleet.ledger.rows()
    return fleet


def storm(scenario: str = "storm", *words: str, reason: str = "SERVER_FULL", server: str = "chatd-0.1.0") -> Fleet:
    """3,000 at 100 seats and 50 places: they come, chat, and leave. One in ten is refused for another reason."""
    fleet = silence(scenario, "--clients", str(CLIENTS), *words)
    ledger = fleet.ledger
    ledger.tell_limit(SEATS)
    for number in range(CLIENTS):
        ledger.tried(number)
        if number < SEATS:
            ledger.took_seat(number)
        elif number < SEATS + PLACES:
            ledger.queued(number, number - SEATS + 1)
        else:
            ledger.refused(number, reason if number % 10 else "TOO_FAST_FROM_HOST")
    ledger.all_entered()
    fleet.stages = {"at the end of the hold": ledger.rows()}
    for number in range(PLACES):
        ledger.leaves(number)
        ledger.took_seat(SEATS + number)
    fleet.stages["after all left"] = ledger.rows()
    fleet.sent = 200
    fleet.expected = fleet.received = fleet.sent * (SEATS - 1)
    fleet.seconds = {"coming": COMING, "chatting": CHATTING, "leaving": LEAVING}
    fleet.server = server
    chance = random.Random(7)
    for histogram, times, middle in (
        (fleet.latency, fleet.received, 0.004),
        (fleet.lateness, fleet.sent, 0.0001),
        (fleet.answers, CLIENTS, 0.03),
        (fleet.arrival_lateness, CLIENTS, 0.0003),
    ):
        for _ in range(times):
            histogram.add(chance.lognormvariate(math.log(middle), 0.6))
    fleet.timeline = [_moment(fleet, number * TICK) for number in range(round((COMING + CHATTING + LEAVING) / TICK))]
    return fleet


def _moment(fleet: Fleet, at: float) -> Moment:
    come = min(1.0, at / COMING)
    left = max(0.0, (at - COMING - CHATTING) / LEAVING)
    said = min(1.0, max(0.0, (at - COMING) / CHATTING))
    phase = "coming" if come < 1 else "leaving" if left else "chatting"
    ends = {row.reason: count for row, count in fleet.ledger.rows().items() if row.kind is Kind.REFUSED}
    return Moment(
        at=at,
        phase=phase,
        seated=round(SEATS * min(1.0, 4 * come) * (1 - left)),
        waiting=round(PLACES * come * (1 - left)),
        undecided=round(CLIENTS * (1 - come)),
        refused={reason: round(count * come) for reason, count in ends.items()},
        silent=0,
        failed=0,
        sent=round(fleet.sent * said),
        received=round(fleet.received * said),
        p50=0.004 + 0.001 * math.sin(3 * at) if phase == "chatting" else None,
        p99=0.016 + 0.008 * math.sin(5 * at) if phase == "chatting" else None,
        answer_p99=0.1 + 0.04 * at if phase == "coming" else None,
        memory=round((30 + 6 * come + at / 10) * MEBIBYTE),
        cpu=None if at == 0 else 0.9 if phase == "coming" else 0.3,
        files=None if at == 0 else 200,
    )
