"""Why: while thousands come, one wants to see where they end up, and against which limit.

In a terminal there is a picture that is drawn anew a few times a second; anywhere else a line every few seconds.
It only reads what the crowd wrote.
"""

import sys
import time
from collections import Counter

import trio
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from .crowd import Crowd, Phase
from .ledger import Kind

FRAMES_A_SECOND = 8
LINE_EVERY = 3.0  # s
BAR = 40
# What is on the way; the rest of the kinds is grouped with these.
SHOWN: list[tuple[str, tuple[Kind, ...], str]] = [
    ("seated", (Kind.SEATED, Kind.QUEUED_SEATED), "green"),
    ("waiting", (Kind.WAITING,), "yellow"),
    ("timed out in line", (Kind.QUEUED_TIMED_OUT,), "yellow"),
    ("refused", (Kind.REFUSED, Kind.CLOSED), "cyan"),
    ("silent", (Kind.SILENT,), "red"),
    ("failed to connect", (Kind.FAILED,), "red"),
]


async def show(crowd: Crowd, console: Console) -> None:
    """Keep showing it until cancelled."""
    if not console.is_terminal:
        await _show_lines(crowd)
        return
    # Its own thread would draw while the books are being written, and compete for the time of the clients.
    with Live(console=console, auto_refresh=False, transient=True) as live:
        while True:
            live.update(picture(crowd), refresh=True)
            await trio.sleep(1 / FRAMES_A_SECOND)


async def _show_lines(crowd: Crowd) -> None:
    while True:
        await trio.sleep(LINE_EVERY)
        print(line(crowd), file=sys.stderr, flush=True)


def _counts(crowd: Crowd) -> Counter[str]:
    rows = crowd.ledger.rows()
    counts: Counter[str] = Counter()
    for name, kinds, _ in SHOWN:
        counts[name] = sum(count for row, count in rows.items() if row.kind in kinds)
    # Not what they became in the end but what is now: some may have left.
    counts["seated"] = crowd.ledger.seated
    return counts


def line(crowd: Crowd) -> str:
    """How it stands, in one line."""
    counts = _counts(crowd)
    told = ", ".join(f"{counts[name]:,} {name}" for name, _, _ in SHOWN if counts[name] or name in ("seated", "silent"))
    tried = crowd.options.clients - crowd.ledger.count(Kind.UNTRIED)
    passed = time.monotonic() - crowd.began
    text = f"load.py: {passed:.0f} s, {crowd.phase}: {tried:,} of {crowd.options.clients:,}; {told}"
    if crowd.deliveries.messages:
        text += f"; {crowd.deliveries.received:,} of {crowd.deliveries.expected:,} deliveries"
    return text


def picture(crowd: Crowd) -> RenderableType:
    """How it stands, as a picture."""
    clients = crowd.options.clients
    ledger = crowd.ledger
    counts = _counts(crowd)
    tried = clients - ledger.count(Kind.UNTRIED)
    head = Text.assemble(
        (str(crowd.phase), "bold"),
        f"   {tried:,} of {clients:,} clients   {time.monotonic() - crowd.began:.1f} s   {crowd.options.target}",
    )
    table = Table.grid(padding=(0, 2))
    table.add_column()
    table.add_column(justify="right")
    table.add_column(no_wrap=True)
    for name, _, style in SHOWN:
        count = counts[name]
        if name == "seated":
            note = f" of {ledger.limit:,}, at most {ledger.peak:,}" if ledger.limit else f" at most {ledger.peak:,}"
            whole = ledger.limit or clients
        else:
            note, whole = "", clients
        # What is not there needs no colour: red stands out only if it is rare.
        shade = style if count else "dim"
        bar = Text.assemble(("█" * _cells(count, whole), style), ("·" * (BAR - _cells(count, whole)), "dim"), note)
        table.add_row(Text(name, style=shade), Text(f"{count:,}", style=shade), bar)
    parts: list[RenderableType] = [head, Text(), table]
    if crowd.deliveries.messages:
        parts += [Text(), _chat(crowd)]
    if crowd.phase in (Phase.LEAVING, Phase.GONE) and ledger.entered:
        moved = f"the line moves up: {ledger.count(Kind.QUEUED_SEATED):,} of {ledger.entered:,} who waited were seated"
        parts += [Text(), Text(moved)]
    return Group(*parts)


def _chat(crowd: Crowd) -> Text:
    deliveries = crowd.deliveries
    half, most = deliveries.latency.percentile(50), deliveries.latency.percentile(99)
    times = "" if half is None or most is None else f"   p50 {half * 1e3:.1f} ms   p99 {most * 1e3:.1f} ms"
    return Text(
        f"{deliveries.messages:,} messages sent   "
        f"{deliveries.received:,} of {deliveries.expected:,} deliveries received{times}"
    )


def _cells(count: int, whole: int) -> int:
    # One that is there is to be seen, and only all of them fill the bar.
    if not count:
        return 0
    return max(1, min(BAR, count * BAR // whole))
