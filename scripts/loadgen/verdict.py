"""Why: an exit code is worth what it checks, so the checks stand in one place, each with a name and its evidence."""

from collections.abc import Mapping
from typing import NamedTuple

from .fleet import Fleet
from .ledger import Kind, Ledger, Row
from .scenarios import Step


class Invariant(NamedTuple):
    """Something that must hold whatever the load. `holds` is None where this run could not tell."""

    name: str
    holds: bool | None
    detail: str


def judge(fleet: Fleet) -> list[Invariant]:
    """The verdict on a run that was not interrupted."""
    ledger = fleet.ledger
    return [
        _rows(ledger, fleet.stages),
        _limit(ledger),
        _reasons(ledger),
        _connected(ledger),
        _order(ledger, fleet.unfilled),
        _messages(fleet),
        *_return(fleet),
    ]


def _rows(ledger: Ledger, stages: Mapping[str, Mapping[Row, int]]) -> Invariant:
    clients = len(ledger.attempts)
    wrong = [f"{sum(rows.values()):,} {name}" for name, rows in stages.items() if sum(rows.values()) != clients]
    wrong += [f"{count:,} {kind}" for kind in (Kind.UNANSWERED, Kind.UNTRIED) if (count := ledger.count(kind))]
    detail = f"{', '.join(wrong)}: not {clients:,}" if wrong else f"{clients:,} of {clients:,}"
    return Invariant("every attempt is in one row", not wrong, detail)


def _limit(ledger: Ledger) -> Invariant:
    name = "no more seated than the limit"
    if ledger.limit is None:
        return Invariant(name, None, f"the server tells no limit; at most {ledger.peak:,} were seated at once")
    detail = f"at most {ledger.peak:,} of {ledger.limit:,}"
    if ledger.certain_peak <= ledger.limit < ledger.peak:
        # Such a seat is given on before its former holder has read that it is gone.
        detail += ", some of whom had lost their seats before that showed"
    return Invariant(name, ledger.certain_peak <= ledger.limit, detail)


def _reasons(ledger: Ledger) -> Invariant:
    silent = ledger.count(Kind.SILENT)
    return Invariant("nobody is left without a reason", not silent, f"{silent:,} silent")


def _connected(ledger: Ledger) -> Invariant:
    failed = ledger.count(Kind.FAILED)
    return Invariant("everybody gets a connection", not failed, f"{failed:,} failed to connect")


def _order(ledger: Ledger, unfilled: int) -> Invariant:
    name = "seats go to the line in order"
    if not ledger.entered:
        return Invariant(name, None, "nobody had to wait")
    problems = list(ledger.examples)
    if ledger.disorders > len(problems):
        problems.append(f"and {ledger.disorders - len(problems):,} more")
    if unfilled:
        problems.append(f"of the seats that were given back {unfilled:,} did not go to the line")
    if problems:
        return Invariant(name, False, "; ".join(problems))
    seated = ledger.count(Kind.QUEUED_SEATED)
    return Invariant(name, True if seated else None, f"{seated:,} of {ledger.entered:,} who waited were seated")


def _messages(fleet: Fleet) -> Invariant:
    name = "every message arrives once, in order"
    if not fleet.sent and fleet.options.messages == 0:
        return Invariant(name, None, "none were to be sent")
    if not fleet.sent:
        return Invariant(name, False, "none were sent, as nobody was there to speak")
    wrong = [
        f"{count:,} {what}"
        for what, count in (
            ("missing", fleet.missing),
            ("twice", fleet.duplicates),
            ("out of order", fleet.disordered),
        )
        if count
    ]
    if not wrong and not fleet.expected:
        return Invariant(name, None, "nobody who stayed to the end was owed any")
    detail = f"{fleet.received:,} of {fleet.expected:,} deliveries"
    return Invariant(name, not wrong, ", ".join([detail, *wrong]))


def _return(fleet: Fleet) -> list[Invariant]:
    """Of a herd. It may be that nobody came back at all: a server that had ended does not count as one that seats."""
    if Step.RETURN not in fleet.options.scenario.course:
        return []
    took = (fleet.returned or {}).get("seats_taken")
    detail = "not in time" if took is None else f"after {took:.2f} s"
    return [Invariant("all seats are taken again", took is not None, detail)]
