"""Why: a terminal, a page and a program are told the same; all three are made here from the same results.

The JSON form, schema 1 (a key that means something else gets a new schema number; new keys do not):

    schema      1
    date, machine, plan    when, where, and how much of everything
    servers     list of {name, title, version, clients, idle, turns, median, told, faults, trouble}; a turn has the
                figures of `figures.KINDS`, `others` (share of a processor that other programs took), `busy` (the
                server's own share while saturated) and `late` (p99, ms, of the load's own sending); told is {words:
                how many read them}
"""

import os
import platform
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from chatd.ops.advicetext import percent

from .books import SPEAKERS
from .contest import Result
from .figures import KINDS, Kind, Spread, short
from .phases import Plan
from .running import DISTURBED

SCHEMA = 1
NOTHING = "–"
BUSY = 0.9  # of a processor; a server that took less was waiting for the load
_FOR_MARKDOWN = re.compile(r"[\\`*_\[\]<>|~&#]")
NAME_WIDTH, CELL_WIDTH, PADDING = 22, 17, 3  # columns of a terminal, with those between them


@dataclass(frozen=True)
class Circumstances:
    """When and where."""

    date: str
    processor: str
    processors: int
    kernel: str

    @classmethod
    def now(cls) -> "Circumstances":
        """Of this machine."""
        model = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
        name = " ".join(model[1].split()) if model else platform.machine()
        return cls(time.strftime("%Y-%m-%d"), name, len(os.sched_getaffinity(0)), f"Linux {platform.release()}")

    @property
    def words(self) -> str:
        """A sentence."""
        several = "processors" if self.processors > 1 else "processor, which server and load share: of little meaning"
        return f"{self.date}, on {self.processor}, {self.processors} {several}, {self.kernel}"


def cell(result: Result, kind: Kind) -> tuple[str, str]:
    """A figure's median, and its spread."""
    spread = Spread.of(result.turns, kind.key)
    if spread is None:
        return NOTHING, ""
    least = "≥ " if kind.key == "rate" and _had_time_to_spare(result) else ""
    return least + short(spread.median), spread.range if len(result.turns) > 1 else ""


def _had_time_to_spare(result: Result) -> bool:
    """The load could not saturate it."""
    busy = Spread.of(result.turns, "busy")
    return busy is not None and busy.median < BUSY


def _others(result: Result) -> tuple[str, str]:
    spread = Spread.of(result.turns, "others")
    if spread is None:
        return NOTHING, ""
    return percent(spread.most) + (" !" if result.disturbed else ""), ""


def _rows(results: Sequence[Result]) -> Iterator[tuple[Result, list[tuple[str, str]]]]:
    for result in results:
        if result.turns:
            yield result, [*(cell(result, kind) for kind in KINDS), _others(result)]


def _heads() -> list[str]:
    return [*(f"{kind.title}, {kind.unit}" for kind in KINDS), "CPU of others"]


def told(result: Result) -> list[str]:
    """What those read who came when it was full, each with how many did."""
    if len(result.told) == 1:
        return [*result.told]
    return [f"{words} ({count} of {result.told.total()})" for words, count in result.told.most_common()]


def notes(results: Sequence[Result], plan: Plan) -> list[str]:
    """What has to be known to read the table."""
    late = max((turn["late"] for result in results for turn in result.turns), default=0.0)
    found = [
        f"{plan.clients:,} read in one room, {SPEAKERS} speak: {plan.rate:g} messages/s for the CPU and the latency; "
        f"saturated, always {SPEAKERS} under way. "
        f"Registrations and memory: {plan.idle:,} idle clients. "
        f"The load itself was at most {short(late)} ms late (p99), which counts as latency."
    ]
    found += [
        f"{result.peer.title} was measured with {result.clients:,} readers and {result.idle:,} idle clients: "
        "it cannot have more."
        for result in results
        if (result.clients, result.idle) != (plan.clients, plan.idle)
    ]
    if any(_had_time_to_spare(result) for result in results):
        found.append("≥: it had a tenth of its processor or more to spare, since the load could not read faster.")
    if any(result.disturbed for result in results):
        much = percent(DISTURBED)
        found.append(f"!: others took more than {much} of a processor in one of its turns. Run it again.")
    return found


def complaints(results: Sequence[Result]) -> list[str]:
    """What went wrong."""
    return [
        *(f"{each.peer.title}, turn {turn}: {what}" for each in results for turn, what in each.faults.items()),
        *(f"{each.peer.title} was not measured to the end: {each.trouble}" for each in results if each.trouble),
    ]


def show(results: Sequence[Result], plan: Plan, where: Circumstances, console: Console) -> None:
    """For a person."""
    console.print(Text(where.words, "bold"))
    heads, rows = _heads(), list(_rows(results))
    at_once = max(1, (console.width - NAME_WIDTH) // CELL_WIDTH)
    for first in range(0, len(heads), at_once):
        columns = slice(first, first + at_once)
        table = Table(box=box.SIMPLE_HEAD)
        table.add_column("", min_width=NAME_WIDTH - PADDING)
        for head in heads[columns]:
            table.add_column(head, justify="right", width=CELL_WIDTH - PADDING)
        for result, cells in rows:
            shown = (Text.assemble(median, (f"\n{spread}", "dim")) for median, spread in cells[columns])
            table.add_row(Text(f"{result.peer.title}\n{result.version.partition(',')[0]}"), *shown)
        console.print(table)
    words = Table(box=box.SIMPLE_HEAD)
    words.add_column("")
    words.add_column(f"who comes when all {plan.cap} places are taken reads")
    for result in results:
        words.add_row(result.peer.title, Text("\n".join(told(result)) or NOTHING))
    console.print(words)
    for note in notes(results, plan):
        console.print(Text(note))


def markdown(results: Sequence[Result], plan: Plan, where: Circumstances) -> str:
    """For a page."""
    heads = _heads()
    lines = [
        f"{where.words}. Medians of {max(len(result.turns) for result in results)} turns, the spread below each.",
        "",
        f"| | {' | '.join(heads)} |",
        f"|---|{'--:|' * len(heads)}",
    ]
    for result, cells in _rows(results):
        figures = (f"{median}<br><sub>{spread}</sub>" if spread else median for median, spread in cells)
        lines.append(f"| {_title(result)} | {' | '.join(figures)} |")
    lines += ["", *(f"- {note}" for note in notes(results, plan)), *(f"- {wrong}." for wrong in complaints(results))]
    lines += ["", f"| | who comes when all {plan.cap} places are taken reads |", "|---|---|"]
    for result in results:
        words = "<br>".join(_FOR_MARKDOWN.sub(r"\\\g<0>", each) for each in told(result))
        lines.append(f"| {result.peer.title} | {words or NOTHING} |")
    versions = (f"{result.peer.title}: {result.version}" for result in results)
    return "\n".join([*lines, "", f"Versions: {'; '.join(versions)}."]) + "\n"


def _title(result: Result) -> str:
    return f"**{result.peer.title}**" if result.peer.name == "chatd" else result.peer.title


def as_json(results: Sequence[Result], plan: Plan, where: Circumstances) -> dict[str, Any]:
    """For a program."""
    return {
        "schema": SCHEMA,
        "date": where.date,
        "machine": {name: value for name, value in asdict(where).items() if name != "date"},
        "plan": asdict(plan),
        "servers": [_server(result) for result in results],
    }


def _server(result: Result) -> dict[str, Any]:
    spreads = {kind.key: Spread.of(result.turns, kind.key) for kind in KINDS}
    return {
        "name": result.peer.name,
        "title": result.peer.title,
        "version": result.version,
        "clients": result.clients,
        "idle": result.idle,
        "turns": result.turns,
        "median": {key: spread.median for key, spread in spreads.items() if spread},
        "told": dict(result.told),
        "faults": result.faults,
        "trouble": result.trouble or None,
    }
