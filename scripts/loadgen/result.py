"""Why: what is known of a run is scattered over its books, and is put together here once, as plain numbers and words.

The form is in `document`; docs/load.md says what each key means.
"""

import json
import os
import platform
import resource
import time
from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

import trio

import chatd

from . import words
from .document import SCHEMA, Compared, Fate, Machine, Result, Timeline, Times
from .fleet import Fleet, Moment
from .histogram import Histogram
from .ledger import Kind, Row
from .verdict import Invariant

DIGITS = 6  # microseconds
TOLD_ELSEWHERE = {"scenario", "host", "port", "seed"}


def result_of(fleet: Fleet, invariants: Sequence[Invariant], failures: Sequence[str], exit_code: int) -> Result:
    """All of it. `failures` are the sentences of the thresholds that were met."""
    ledger = fleet.ledger
    result: Result = {
        "schema": SCHEMA,
        "ended": "interrupted" if fleet.interrupted else "finished",
        "exit_code": exit_code,
        "headline": "",
        "warnings": [],
        "failures": list(failures),
        "scenario": str(fleet.options.scenario),
        "target": fleet.options.target,
        "server": fleet.server,
        "seed": fleet.options.seed,
        "began": _moment(fleet.began),
        "options": _options(fleet.options),
        "versions": {"chatd": chatd.__version__, "python": platform.python_version(), "trio": trio.__version__},
        "limits": {"max_clients": ledger.limit, "open_files": _open_files()},
        "machine": machine(),
        "counts": {
            "clients": fleet.options.clients,
            "attempts": len(ledger.attempts),
            "peak_seated": ledger.peak,
            "peak_for_certain": ledger.certain_peak,
            "lost_seats": ledger.lost,
            "entered_line": ledger.entered,
        },
        "stages": {name: _fates(rows) for name, rows in fleet.stages.items()},
        "messages": {
            "sent": fleet.sent,
            "expected": fleet.expected,
            "received": fleet.received,
            "missing": fleet.missing,
            "duplicates": fleet.duplicates,
            "out_of_order": fleet.disordered,
        },
        "latency_s": times(fleet.latency),
        "lateness_s": times(fleet.lateness),
        "answers_s": times(fleet.answers),
        "arrival_lateness_s": times(fleet.arrival_lateness),
        "returned": None if fleet.returned is None else dict(fleet.returned),
        "seconds": {str(phase): round(seconds, 3) for phase, seconds in fleet.seconds.items()},
        "invariants": [
            {"name": invariant.name, "holds": invariant.holds, "detail": invariant.detail} for invariant in invariants
        ],
        "expected_against_seen": _compared(fleet),
        "timeline": _timeline(fleet.timeline),
    }
    result["headline"] = words.headline(result)
    result["warnings"] = words.warnings(result)
    return result


def as_text(result: Result) -> str:
    """The document as JSON with a line for each key: readable, and a long run does not fill a line with each number."""
    return "{\n" + ",\n".join(f'  "{key}": {json.dumps(value)}' for key, value in result.items()) + "\n}\n"


def times(histogram: Histogram) -> Times | None:
    """A histogram's figures; None without any."""

    def passed_by_none_of(percent: float) -> float:
        return round(histogram.percentile(percent) or 0.0, DIGITS)

    if not histogram.count:
        return None
    return {
        "count": histogram.count,
        "p50": passed_by_none_of(50),
        "p90": passed_by_none_of(90),
        "p99": passed_by_none_of(99),
        "p99.9": passed_by_none_of(99.9),
        "max": round(histogram.longest, DIGITS),
        "buckets": [[float(f"{edge:.6g}"), count] for edge, count in histogram.buckets()],
    }


def machine() -> Machine:
    """What this runs on, but not whose it is: no name of a host or a user."""
    processor = _line_of("/proc/cpuinfo", "model name") or platform.machine()
    memory = _line_of("/proc/meminfo", "MemTotal").removesuffix("kB").strip()
    return {
        "processor": processor,
        "processors": len(os.sched_getaffinity(0)),
        "memory": int(memory) * 1024 if memory.isdigit() else None,
        "kernel": f"{platform.system()} {platform.release()}",
    }


def _line_of(path: str, name: str) -> str:
    try:
        lines = Path(path).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    found = (value.strip() for word, _, value in (line.partition(":") for line in lines) if word.strip() == name)
    return next(found, "")


def _open_files() -> int | None:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return None if soft == resource.RLIM_INFINITY else soft


def _moment(monotonic: float) -> str:
    """In UTC, of what was noted by the other clock, which cannot be set."""
    moment = datetime.now(UTC) - timedelta(seconds=time.monotonic() - monotonic)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _options(options: Any) -> dict[str, Any]:
    # Where results are written is of no interest, and may tell somebody's name.
    read = {field.name: getattr(options, field.name) for field in fields(options) if field.name not in TOLD_ELSEWHERE}
    return {name: _plain(value) for name, value in read.items() if not isinstance(value, Path)}


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else str(value)


def _fates(rows: Mapping[Row, int]) -> list[Fate]:
    order = list(Kind)
    ranked = sorted(rows.items(), key=lambda item: (order.index(item[0].kind), item[0].reason))
    return [{"kind": row.kind.name.lower(), "reason": row.reason, "count": count} for row, count in ranked]


def _compared(fleet: Fleet) -> list[Compared]:
    ledger = fleet.ledger
    attempts = len(ledger.attempts)
    peak, limit = ledger.certain_peak, ledger.limit
    found: list[tuple[str, int | None, int, bool | None]] = [
        ("attempts with an end", attempts, attempts - ledger.undecided, not ledger.undecided),
        ("seated at once for certain, at most", limit, peak, None if limit is None else peak <= limit),
        *_none_of("left without a reason", ledger.count(Kind.SILENT)),
        *_none_of("failed to connect", ledger.count(Kind.FAILED)),
    ]
    if ledger.entered:
        found += _none_of("out of order in the line", ledger.disorders)
        found += _none_of("seats given back that did not go to the line", fleet.unfilled)
    if fleet.sent:
        found.append(("deliveries", fleet.expected, fleet.received, fleet.received == fleet.expected))
        found += _none_of("deliveries twice", fleet.duplicates)
        found += _none_of("deliveries out of order", fleet.disordered)
    return [
        {"what": what, "expected": expected, "seen": seen, "agree": None if fleet.interrupted else agree}
        for what, expected, seen, agree in found
    ]


def _none_of(what: str, seen: int) -> list[tuple[str, int | None, int, bool | None]]:
    return [(what, 0, seen, not seen)]


def _timeline(moments: Sequence[Moment]) -> Timeline:
    reasons = dict.fromkeys(reason for moment in moments for reason in moment.refused)
    begins = [next(same) for _, same in groupby(moments, key=lambda moment: moment.phase)]
    return {
        "phases": [{"at": round(moment.at, 3), "phase": str(moment.phase)} for moment in begins],
        "at": [round(moment.at, 3) for moment in moments],
        "seated": [moment.seated for moment in moments],
        "waiting": [moment.waiting for moment in moments],
        "undecided": [moment.undecided for moment in moments],
        "refused": {reason: [moment.refused.get(reason, 0) for moment in moments] for reason in reasons},
        "silent": [moment.silent for moment in moments],
        "failed": [moment.failed for moment in moments],
        "sent": [moment.sent for moment in moments],
        "received": [moment.received for moment in moments],
        "p50": [_rounded(moment.p50) for moment in moments],
        "p99": [_rounded(moment.p99) for moment in moments],
        "answer_p99": [_rounded(moment.answer_p99) for moment in moments],
        "memory": [moment.memory for moment in moments],
        "cpu": [_rounded(moment.cpu) for moment in moments],
        "files": [moment.files for moment in moments],
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, DIGITS)
