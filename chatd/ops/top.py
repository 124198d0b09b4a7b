"""chatctl top: a live picture of how full the server is, who waits, who is sent away, and which limit comes next.

A picture shows two samples: what is now, and how fast it became so. `frame` makes it of them and does nothing else;
the rest takes samples, puts the picture on the screen and gives the terminal back as it was.
"""

import os
import select
import signal
import sys
import termios
import time
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, NamedTuple

from rich import box
from rich.bar import Bar
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from ..protocol.safetext import neutralise
from ..protocol.waiting import duration
from . import memory
from .asking import Connection
from .tables import FULL, amount, expected, near, of, safe, share, state
from .wire import Object

INTERVAL = 1.0  # s between two samples
ROWS = 24  # of the smallest terminal that all of it fits into
AROUND_LISTS = 13  # rows that are not entries of a list
MOST_ENTRIES = 10  # of a list; the server tells no more
NICK_COLUMNS = 16


class Sample(NamedTuple):
    """What the server answered to `status` and `limits`, and when (monotonic seconds)."""

    status: Object
    limits: list[Object]
    taken: float


def sample(connection: Connection) -> Sample:
    return Sample(connection.ask("status"), connection.ask("limits")["limits"], time.monotonic())


def once(connection: Connection) -> None:
    """Print one picture, of one second."""
    before = sample(connection)
    time.sleep(INTERVAL)
    console = Console(highlight=False)
    console.print(frame(before, sample(connection), ROWS))


def run(connection: Connection) -> None:
    """Show it until q or Ctrl-C."""
    console = Console(highlight=False)
    signals = {number: signal.signal(number, _leave) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        with _keys(), Live(console=console, screen=True, auto_refresh=False) as live:
            before, after = None, sample(connection)
            while True:
                live.update(frame(before, after, console.height), refresh=True)
                if _is_told_to_leave(after.taken + INTERVAL):
                    return
                before, after = after, sample(connection)
    except KeyboardInterrupt:
        return
    finally:
        for number, handler in signals.items():
            signal.signal(number, handler)


def frame(before: Sample | None, after: Sample, rows: int = ROWS) -> RenderableType:
    """The picture, for a screen of so many rows. Without `before` there are no rates."""
    entries = max(1, min(MOST_ENTRIES, (rows - AROUND_LISTS) // 2))
    lists = Table.grid(expand=True)
    lists.add_column(ratio=1)
    lists.add_column(ratio=1)
    lists.add_row(_line(after, entries), _outboxes(after, entries))
    lists.add_row(_sent_away(before, after, entries), _nearest(after, entries))
    return Group(_head(after.status), Text(), _bars(after.status), Text(), _flow(before, after), lists)


def _head(status: Object) -> RenderableType:
    table = Table.grid(expand=True)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True, justify="right")
    name = Text.assemble(
        (f" chatd {neutralise(status['version'])}", "bold"), f"  {neutralise(status['name'])}",
        (state(status), "bold yellow"),
    )  # fmt: skip
    faults = status["faults"]
    facts = Text.assemble(
        f"up {duration(status['uptime'])}   {memory.shown(status['memory']['pss'])}   ",
        (f"{faults:,} faults", "bold red" if faults else ""), "   q leaves ",
    )  # fmt: skip
    table.add_row(name, facts)
    return table


def _bars(status: Object) -> RenderableType:
    table = Table.grid(expand=True, padding=(0, 1))
    table.add_column(min_width=6)
    table.add_column(ratio=1)
    table.add_column(justify="right", min_width=14)
    for name, use in (("seats", status["seats"]), ("line", status["line"])):
        bound, used = use["bound"], use["in_use"]
        full = share(used, bound)
        style = "red" if full >= 1 else "yellow" if full >= FULL else "green"
        bar = Bar(bound or 1, 0, used, color=style, bgcolor="grey23") if isinstance(bound, int | float) else Text()
        table.add_row(f" {name}", bar, Text(of(use), "bold"))
    return table


def _flow(before: Sample | None, after: Sample) -> RenderableType:
    table = Table.grid(expand=True)
    cells = []
    for name, key in (("arrivals", "arrivals"), ("seated", "admitted"), ("messages", "messages"),
                      ("deliveries", "deliveries")):  # fmt: skip
        table.add_column(no_wrap=True)
        speed = _rate(before, after, lambda each, key=key: each.status[key])
        cells.append(Text.assemble((f" {speed}", "bold"), f" {name}/s"))
    table.add_row(*cells)
    return table


def _line(after: Sample, entries: int) -> RenderableType:
    table = _columns(("next in line", 1), ("waited", 0), ("expected", 0))
    for each in after.status["line"]["next"][:entries]:
        name = f"{each['place']:>2} {_nick(each)}"
        table.add_row(safe(name), duration(each["waited"]), expected(each["expected"]))
    return _panel(table, entries)


def _outboxes(after: Sample, entries: int) -> RenderableType:
    table = _columns(("largest outboxes", 1), ("bytes", 0))
    for each in after.status["outboxes"]["largest"][:entries]:
        table.add_row(safe(_nick(each)), f"{each['bytes']:,}")
    return _panel(table, entries)


def _sent_away(before: Sample | None, after: Sample, entries: int) -> RenderableType:
    table = _columns(("sent away", 1), ("total", 0), ("/s", 0))
    for reason, times in list(after.status["closed"].items())[:entries]:
        speed = _rate(before, after, lambda each, reason=reason: each.status["closed"].get(reason, 0))
        table.add_row(safe(reason), f"{times:,}", speed)
    return _panel(table, entries)


def _nearest(after: Sample, entries: int) -> RenderableType:
    table = _columns(("nearest limits", 1), ("used", 0), ("of", 0), ("hits", 0))
    for each in sorted(after.limits, key=lambda each: (near(each), bool(each["tells"])), reverse=True)[:entries]:
        if full := near(each):
            style = "red" if full >= 1 else "yellow" if full >= FULL else ""
            used, most, hits = map(_short, (each["in_use"], each["value"], each["hits"]))
            table.add_row(safe(each["name"], style), Text(used, style), most, hits)
    return _panel(table, entries)


def _columns(*heads: tuple[str, int]) -> Table:
    """A list's table: the first column takes what the others leave."""
    table = Table(box=None, expand=True, pad_edge=False, header_style="bold cyan")
    for head, ratio in heads:
        table.add_column(head, ratio=ratio or None, justify="left" if ratio else "right", no_wrap=True)
    return table


def _panel(table: Table, entries: int) -> Panel:
    return Panel(table, box=box.ROUNDED, border_style="grey50", height=entries + 3)


def _nick(client: Object) -> str:
    nick = client["nick"] or f"#{client['number']}"
    return nick if len(nick) <= NICK_COLUMNS else f"{nick[: NICK_COLUMNS - 1]}…"


def _short(number: float) -> str:
    """A count in few characters."""
    if number < 10_000:
        return amount(number)
    return f"{number / 1e6:,.0f}M" if number >= 1e6 else f"{number / 1e3:,.0f}k"


def _rate(before: Sample | None, after: Sample, read: Any) -> str:
    """How much more of something there is each second."""
    if before is None or after.taken <= before.taken:
        return "–"
    speed = (read(after) - read(before)) / (after.taken - before.taken)
    return f"{speed:,.0f}" if speed >= 10 or not speed else f"{speed:.1f}"


def _leave(number: int, frame: FrameType | None) -> None:
    sys.exit(128 + number)


@contextmanager
def _keys() -> Iterator[None]:
    """Keys come one by one, unseen, and Ctrl-Z does nothing: it would leave the terminal with the picture in it."""
    before = termios.tcgetattr(sys.stdin)
    tty.setcbreak(sys.stdin)
    quiet = termios.tcgetattr(sys.stdin)
    quiet[6][termios.VSUSP] = b"\0"
    termios.tcsetattr(sys.stdin, termios.TCSANOW, quiet)
    try:
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)


def _is_told_to_leave(until: float) -> bool:
    """Wait so long (monotonic) for a key. Whether it was q, or there is nobody at the keys any more."""
    while (left := until - time.monotonic()) > 0:
        if select.select([sys.stdin], [], [], left)[0]:
            pressed = os.read(sys.stdin.fileno(), 64)
            if not pressed or b"q" in pressed.lower():
                return True
    return False
