"""Why: the result has two readers, a person and a program, and both must be told the same.

The JSON form, schema 1 (a key that means something else gets a new schema number; new keys do not):

    schema      1
    ended       "finished", "interrupted"
    exit_code   what the program ended with
    target, seed, options      what was asked for; the same seed makes the same nicknames and senders
    limits      max_clients: as the server tells, null if it does not; open_files: of this process
    counts      clients, peak_seated, entered_line, and after_hold and at_end: lists of {kind, reason, count}, each of
                which adds up to clients; after_hold is null if it did not come to that
    messages    sent, expected, received, missing, duplicates, out_of_order (deliveries, but for sent)
    latency_s   p50, p90, p99, max of the deliveries, from the moment the message was to be sent; null without any
    lateness_s  the same of this program's own sending: how long after that moment it sent
    seconds     how long each phase took
    invariants  list of {name, holds, detail}; holds is null where this run could not tell
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from .crowd import Crowd
from .histogram import Histogram
from .ledger import Kind, Row
from .verdict import Invariant

SCHEMA = 1
PERCENTILES = (50, 90, 99)
# These are told even if they are 0; the others would only be noise then.
ALWAYS = (
    Kind.SEATED,
    Kind.QUEUED_SEATED,
    Kind.QUEUED_TIMED_OUT,
    Kind.WAITING,
    Kind.REFUSED,
    Kind.SILENT,
    Kind.FAILED,
)
MARKS = {True: ("holds", "green"), False: ("BROKEN", "bold red"), None: ("not tested", "dim")}


def print_report(crowd: Crowd, invariants: Sequence[Invariant], console: Console) -> None:
    """For a person."""
    console.print(_attempts(crowd))
    facts = Table.grid(padding=(0, 2))
    limit = "the server tells no limit" if crowd.ledger.limit is None else f"the limit is {crowd.ledger.limit:,}"
    facts.add_row("most seated at once", f"{crowd.ledger.peak:,}; {limit}")
    if crowd.deliveries.messages:
        facts.add_row("messages", _messages(crowd))
        facts.add_row("latency", times(crowd.deliveries.latency))
        facts.add_row("this program's lateness", times(crowd.deliveries.lateness))
    took = ", ".join(f"{phase} {seconds:.1f} s" for phase, seconds in crowd.seconds.items())
    facts.add_row("time", took or "none")
    facts.add_row("seed", str(crowd.options.seed))
    console.print(facts)
    console.print()
    if crowd.interrupted:
        console.print(Text("Interrupted: this is what was known by then, and nothing follows from it."))
        return
    verdict = Table.grid(padding=(0, 2))
    verdict.add_column(no_wrap=True)
    verdict.add_column(no_wrap=True)
    verdict.add_column()
    for invariant in invariants:
        word, style = MARKS[invariant.holds]
        verdict.add_row(Text(word, style=style), invariant.name, Text(invariant.detail))
    console.print(verdict)
    console.print()
    console.print(Text(headline(crowd)))


def headline(crowd: Crowd) -> str:
    """What happened, in one sentence."""
    rows = crowd.after_hold if crowd.after_hold is not None else crowd.ledger.rows()
    seated = _of(rows, Kind.SEATED) + _of(rows, Kind.QUEUED_SEATED)
    parts = [f"{seated:,} seated", f"{_of(rows, Kind.WAITING):,} waiting"]
    if timed_out := _of(rows, Kind.QUEUED_TIMED_OUT):
        parts.append(f"{timed_out:,} timed out in line")
    parts.append(f"{_of(rows, Kind.REFUSED):,} refused with a reason")
    if closed := _of(rows, Kind.CLOSED):
        parts.append(f"{closed:,} closed with a reason")
    if failed := _of(rows, Kind.FAILED):
        parts.append(f"{failed:,} failed to connect")
    parts.append(f"{_of(rows, Kind.SILENT):,} silent")
    sentence = ", ".join(parts)
    waited = _of(rows, Kind.WAITING)
    if waited:
        seated_later = crowd.ledger.count(Kind.QUEUED_SEATED) - _of(rows, Kind.QUEUED_SEATED)
        sentence += f"; when the seated left, {seated_later:,} of the {waited:,} waiting were seated"
    return f"{sentence}."


def times(histogram: Histogram) -> str:
    """A histogram's percentiles for a person."""
    found = [f"p{percent} {_milliseconds(histogram.percentile(percent))}" for percent in PERCENTILES]
    return ", ".join([*found, f"max {_milliseconds(histogram.longest)}"]) if histogram.count else "nothing to measure"


def as_json(crowd: Crowd, invariants: Sequence[Invariant], open_files: int, exit_code: int) -> dict[str, Any]:
    """For a program."""
    ledger, deliveries = crowd.ledger, crowd.deliveries
    options = asdict(crowd.options)
    del options["host"], options["port"], options["seed"], options["json"]  # told elsewhere, or of no interest
    return {
        "schema": SCHEMA,
        "ended": "interrupted" if crowd.interrupted else "finished",
        "exit_code": exit_code,
        "target": crowd.options.target,
        "seed": crowd.options.seed,
        "options": options,
        "limits": {"max_clients": ledger.limit, "open_files": open_files},
        "counts": {
            "clients": crowd.options.clients,
            "peak_seated": ledger.peak,
            "entered_line": ledger.entered,
            "after_hold": None if crowd.after_hold is None else _rows(crowd.after_hold),
            "at_end": _rows(ledger.rows()),
        },
        "messages": {
            "sent": deliveries.messages,
            "expected": deliveries.expected,
            "received": deliveries.received,
            "missing": deliveries.missing,
            "duplicates": deliveries.duplicates,
            "out_of_order": deliveries.disordered,
        },
        "latency_s": _times(deliveries.latency),
        "lateness_s": _times(deliveries.lateness),
        "seconds": {str(phase): round(seconds, 3) for phase, seconds in crowd.seconds.items()},
        "invariants": [invariant._asdict() for invariant in invariants],
    }


def _attempts(crowd: Crowd) -> Table:
    last = crowd.ledger.rows()
    stages = [rows for rows in (crowd.after_hold, last) if rows is not None]
    table = Table(box=box.SIMPLE_HEAD, show_footer=True, title=f"{crowd.options.clients:,} clients", title_style="bold")
    table.add_column("what became of them", footer="sum")
    names = ["at the end of the hold", "after all left"] if len(stages) == 2 else ["so far"]
    for name, rows in zip(names, stages, strict=True):
        table.add_column(name, justify="right", footer=f"{sum(rows.values()):,}")
    for kind in Kind:
        if kind not in ALWAYS and not any(_of(rows, kind) for rows in stages):
            continue
        bad = kind in (Kind.SILENT, Kind.FAILED) and any(_of(rows, kind) for rows in stages)
        table.add_row(kind, *(f"{_of(rows, kind):,}" for rows in stages), style="red" if bad else None)
        reasons = sorted({row.reason for rows in stages for row in rows if row.kind is kind and row.reason})
        for reason in reasons:
            counts = (f"{rows.get(Row(kind, reason), 0):,}" for rows in stages)
            table.add_row(Text(f"    {reason}", style="dim"), *(Text(count, style="dim") for count in counts))
    return table


def _messages(crowd: Crowd) -> str:
    deliveries = crowd.deliveries
    return (
        f"{deliveries.messages:,} sent; {deliveries.received:,} of {deliveries.expected:,} expected deliveries received"
    )


def _of(rows: Mapping[Row, int], kind: Kind) -> int:
    return sum(count for row, count in rows.items() if row.kind is kind)


def _rows(rows: Mapping[Row, int]) -> list[dict[str, str | int]]:
    order = list(Kind)
    ranked = sorted(rows.items(), key=lambda item: (order.index(item[0].kind), item[0].reason))
    return [{"kind": row.kind.name.lower(), "reason": row.reason, "count": count} for row, count in ranked]


def _times(histogram: Histogram) -> dict[str, float] | None:
    if not histogram.count:
        return None
    found = {f"p{percent}": round(histogram.percentile(percent) or 0.0, 6) for percent in PERCENTILES}
    return {**found, "max": round(histogram.longest, 6)}


def _milliseconds(seconds: float | None) -> str:
    return "–" if seconds is None else f"{seconds * 1e3:.1f} ms"
