"""Why: while thousands come, one wants to see where they end up, and against which limit.

In a terminal there is a picture that is drawn anew a few times a second; anywhere else a line every few seconds.
It only reads what the fleet wrote.
"""

import sys
import time
from collections import Counter

import trio
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from .fleet import Fleet
from .ledger import Kind

FRAMES_A_SECOND = 8
LINE_EVERY = 3.0  # s
LATELY = 3.0  # s, of which latency is shown
BAR = 40
REASONS = 4  # that are shown, the most frequent first
# What is on the way; the rest of the kinds is grouped with these.
SHOWN: list[tuple[str, tuple[Kind, ...], str]] = [
    ("seated", (Kind.SEATED, Kind.QUEUED_SEATED), "green"),
    ("waiting", (Kind.WAITING,), "yellow"),
    ("timed out in line", (Kind.QUEUED_TIMED_OUT,), "yellow"),
    ("refused", (Kind.REFUSED, Kind.CLOSED), "cyan"),
    ("silent", (Kind.SILENT,), "red"),
    ("failed to connect", (Kind.FAILED,), "red"),
]


async def show(fleet: Fleet, console: Console) -> None:
    """Keep showing it until cancelled."""
    if not console.is_terminal:
        await _show_lines(fleet)
        return
    # Its own thread would draw while the books are being written, and compete for the time of the clients.
    with Live(console=console, auto_refresh=False, transient=True) as live:
        while True:
            live.update(picture(fleet), refresh=True)
            await trio.sleep(1 / FRAMES_A_SECOND)


async def _show_lines(fleet: Fleet) -> None:
    while True:
        await trio.sleep(LINE_EVERY)
        print(line(fleet), file=sys.stderr, flush=True)


def _counts(fleet: Fleet) -> Counter[str]:
    rows = fleet.ledger.rows()
    counts: Counter[str] = Counter()
    for name, kinds, _ in SHOWN:
        counts[name] = sum(count for row, count in rows.items() if row.kind in kinds)
    # Not what they became in the end but what is now: some may have left.
    counts["seated"] = fleet.ledger.seated
    counts["waiting"] = fleet.ledger.waiting
    return counts


def line(fleet: Fleet) -> str:
    """How it stands, in one line."""
    counts = _counts(fleet)
    told = ", ".join(f"{counts[name]:,} {name}" for name, _, _ in SHOWN if counts[name] or name in ("seated", "silent"))
    passed = time.monotonic() - fleet.began
    text = f"load.py: {passed:.0f} s, {fleet.phase}: {_tried(fleet):,} of {_all(fleet):,}; {told}"
    if fleet.sent:
        text += f"; {fleet.received:,} of {fleet.expected:,} deliveries"
    return text


def picture(fleet: Fleet) -> RenderableType:
    """How it stands, as a picture."""
    ledger = fleet.ledger
    counts = _counts(fleet)
    passed = time.monotonic() - fleet.began
    head = Text.assemble(
        (f"{fleet.options.scenario}: {fleet.phase}", "bold"),
        f"   {_tried(fleet):,} of {_all(fleet):,} clients   {passed:.1f} s   {fleet.options.target}",
    )
    table = Table.grid(padding=(0, 2))
    table.add_column()
    table.add_column(justify="right")
    table.add_column(no_wrap=True)
    for name, _, style in SHOWN:
        count = counts[name]
        if name == "seated":
            note = f" of {ledger.limit:,}, at most {ledger.peak:,}" if ledger.limit else f" at most {ledger.peak:,}"
            whole = ledger.limit or _all(fleet)
        else:
            note, whole = "", _all(fleet)
        # What is not there needs no colour: red stands out only if it is rare.
        shade = style if count else "dim"
        bar = Text.assemble(("█" * _cells(count, whole), style), ("·" * (BAR - _cells(count, whole)), "dim"), note)
        table.add_row(Text(name, style=shade), Text(f"{count:,}", style=shade), bar)
    parts: list[RenderableType] = [head, Text(), table]
    if ledger.refusals:
        told = "   ".join(f"{reason} {count:,}" for reason, count in ledger.refusals.most_common(REASONS))
        parts += [Text(), Text(f"refused so far: {told}", no_wrap=True, overflow="ellipsis")]
    if fleet.sent:
        parts += [Text(), _chat(fleet)]
    if late := fleet.arrival_lateness.percentile(99):
        told = f"connected {_milliseconds(late)}"
        if (spoke := fleet.lateness.percentile(99)) is not None:
            told += f", spoke {_milliseconds(spoke)}"
        parts += [Text(f"this program's own lateness (p99): {told}", style="dim")]
    if fleet.stages and ledger.entered:
        moved = f"the line moves up: {ledger.count(Kind.QUEUED_SEATED):,} of {ledger.entered:,} who waited were seated"
        parts += [Text(), Text(moved)]
    return Group(*parts)


def _chat(fleet: Fleet) -> Text:
    lately = [moment for moment in fleet.timeline if moment.at >= fleet.timeline[-1].at - LATELY]
    halves = [moment.p50 for moment in lately if moment.p50 is not None]
    most = [moment.p99 for moment in lately if moment.p99 is not None]
    times = f"   lately p50 {_milliseconds(max(halves))}   p99 {_milliseconds(max(most))}" if halves and most else ""
    return Text(f"{fleet.sent:,} messages sent   {fleet.received:,} of {fleet.expected:,} deliveries{times}")


def _all(fleet: Fleet) -> int:
    return len(fleet.ledger.attempts)


def _tried(fleet: Fleet) -> int:
    return _all(fleet) - fleet.ledger.count(Kind.UNTRIED)


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1e3:.1f} ms"


def _cells(count: int, whole: int) -> int:
    # One that is there is to be seen, and only all of them fill the bar.
    if not count:
        return 0
    return max(1, min(BAR, count * BAR // whole))
