"""Why: who ran a load wants to know at once what became of everybody, how long it took, and whether the limit held.

All of it comes from the result's document, so that a program that reads that is told the same.
"""

from collections.abc import Mapping
from itertools import product

from rich import box
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from . import words
from .document import QUANTILES, Result, Times
from .ledger import Kind

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
STYLES = {True: "green", False: "bold red", None: "dim"}
BAR = 40
STEPS = (1.0, 2.0, 5.0)  # of each power of ten there is a bar up to so much


def print_report(result: Result, console: Console) -> None:
    """For a person."""
    parts: list[RenderableType] = [_attempts(result), _facts(result)]
    measured = words.times_of(result)
    if measured:
        parts += [Text(), _percentiles(measured)]
        name, times = next(iter(measured.items()))
        parts += [Text(), _bars(name, times, "#" if console.options.ascii_only else "█")]
    if result["expected_against_seen"]:
        parts += [Text(), _expected(result)]
    if result["invariants"]:
        parts += [Text(), _invariants(result)]
    for warning in result["warnings"]:
        parts += [Text(), Text(warning, style="yellow")]
    for failure in result["failures"]:
        parts += [Text(), Text(f"Failed: {failure}", style="bold red")]
    console.print(Group(*parts, Text(), Text(result["headline"])))


def _attempts(result: Result) -> Table:
    stages = result["stages"]
    title = Text(words.plain(words.title(result)))
    table = Table(box=box.SIMPLE_HEAD, show_footer=True, title=title, title_style="bold")
    table.add_column("what became of them", footer="sum")
    for name, fates in stages.items():
        table.add_column(name, justify="right", footer=f"{sum(fate['count'] for fate in fates):,}")
    for kind in Kind:
        counts = [words.count_of(fates, kind) for fates in stages.values()]
        if kind not in ALWAYS and not any(counts):
            continue
        bad = kind in (Kind.SILENT, Kind.FAILED) and any(counts)
        table.add_row(kind, *(f"{count:,}" for count in counts), style="red" if bad else None)
        for reason, counts in words.reasons(stages, kind):
            table.add_row(Text(f"    {words.plain(reason)}"), *(f"{count:,}" for count in counts), style="dim")
    return table


def _facts(result: Result) -> Table:
    facts = Table.grid(padding=(0, 2))
    facts.add_row("server", Text(words.plain(result["server"]) or "does not tell what it is"))
    facts.add_row("most seated at once", words.most_seated(result))
    messages = result["messages"]
    if messages["sent"]:
        facts.add_row("messages", f"{messages['sent']:,} sent; {messages['received']:,} deliveries received")
    took = ", ".join(f"{phase} {seconds:.1f} s" for phase, seconds in result["seconds"].items())
    facts.add_row("time", took or "none")
    facts.add_row("seed", str(result["seed"]))
    return facts


def _percentiles(measured: Mapping[str, Times]) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    for _ in (*QUANTILES, "of"):
        table.add_column(justify="right", no_wrap=True)
    table.add_row("", *QUANTILES, "of", style="bold")
    for name, times in measured.items():
        table.add_row(name, *(words.duration(times[quantile]) for quantile in QUANTILES), f"{times['count']:,}")
    return table


def _bars(name: str, times: Times, block: str) -> Table:
    """How they spread, as far as rows of text can show it."""
    edges = [step * 10.0**power for power, step in product(range(-6, 5), STEPS)]
    counts = [0] * len(edges)
    for upper, count in times["buckets"]:
        counts[next((index for index, edge in enumerate(edges) if upper <= edge), -1)] += int(count)
    filled = [index for index, count in enumerate(counts) if count]
    most = max(counts)
    table = Table.grid(padding=(0, 2))
    table.add_column(justify="right", no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_row(name, "", "", style="bold")
    for index in range(filled[0], filled[-1] + 1):
        # One that is there is to be seen.
        cells = max(1, counts[index] * BAR // most) if counts[index] else 0
        table.add_row(f"up to {words.duration(edges[index])}", Text(block * cells, style="cyan"), f"{counts[index]:,}")
    return table


def _expected(result: Result) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column()
    table.add_column(justify="right")
    table.add_column(justify="right")
    table.add_row("", "expected", "seen", style="bold")
    for row in result["expected_against_seen"]:
        style = STYLES[False] if row["agree"] is False else ""
        table.add_row(row["what"], words.number(row["expected"]), f"{row['seen']:,}", style=style)
    return table


def _invariants(result: Result) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column()
    for invariant in result["invariants"]:
        mark = Text(words.MARKS[invariant["holds"]], style=STYLES[invariant["holds"]])
        table.add_row(mark, invariant["name"], Text(words.plain(invariant["detail"])))
    return table
