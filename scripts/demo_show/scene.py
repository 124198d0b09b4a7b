"""Why: what a bound does shows best while it does it: a crowd at the door, and a room that stays fast, or does not.

In a terminal there is a picture that is drawn anew a few times a second and fits 80 columns and 24 rows; anywhere else
a line every few seconds. Both only read what the acts have been told.
"""

import math
import sys
from collections.abc import Iterable

import trio
from loadgen.words import duration
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from chatd.ops import memory
from chatd.protocol.safetext import neutralise

from .act import SLOWEST, Act, Ceilings, percentile
from .told import Narrator

FRAMES_A_SECOND = 4
LINE_EVERY = 3.0  # s
LATELY = 2.0  # s that "now" is long
STEPS = "▁▂▃▄▅▆▇█"
FASTEST = 0.001  # s; the lowest step of the trail of latency
LEAST_BAR, MOST_BAR = 24, 60
BESIDE_BAR = 50  # columns


class Scene:
    """The acts so far, the last of which runs, with its narrator."""

    def __init__(self, ceilings: Ceilings) -> None:
        self.acts: list[Act] = []
        self._ceilings = ceilings
        self._narrator = Narrator(())

    def begin(self, act: Act, narrator: Narrator) -> None:
        """The next act."""
        self.acts.append(act)
        self._narrator = narrator

    async def show(self, console: Console) -> None:
        """Until cancelled."""
        if not console.is_terminal:
            await self._show_lines()
        # A thread of its own would draw while the figures are being written.
        with Live(console=console, auto_refresh=False, transient=True) as live:
            while True:
                live.update(self.picture(console.width), refresh=True)
                await trio.sleep(1 / FRAMES_A_SECOND)

    async def _show_lines(self) -> None:
        said = ""
        while True:
            if not (self.acts and self.acts[-1].looks):
                await trio.sleep(1 / FRAMES_A_SECOND)
                continue
            if (sentence := self._narrator.tell(self.acts[-1])) != said:
                said = sentence
                print(f"demo: {sentence}", file=sys.stderr, flush=True)
            print(f"demo: {self.line()}", file=sys.stderr, flush=True)
            await trio.sleep(LINE_EVERY)

    def line(self) -> str:
        """How it stands, in one line."""
        act = self.acts[-1]
        crowd = act.crowd
        return (
            f"act {len(self.acts)}, {act.now:.0f} s: {crowd.came:,} came, {act.inside:,} inside, "
            f"{crowd.waiting:,} in line, {crowd.sent_away:,} told why not, {act.unanswered:,} without an answer; "
            f"a message takes {_now(act)}, memory {memory.shown(act.memory)}"
        )

    def picture(self, columns: int) -> RenderableType:
        """How it stands, as a picture."""
        if not self.acts:
            return Text(" The server starts…")
        act, ceilings = self.acts[-1], self._ceilings
        bar = max(LEAST_BAR, min(MOST_BAR, columns - BESIDE_BAR))
        return Group(
            _head(len(self.acts), act, ceilings), Text(),
            _door(act, bar), Text(),
            self._trails(bar), Text(),
            Text(f" {self._narrator.tell(act)}", "bold"), Text(),
            Text(f" An act ends after {ceilings.seconds:g} s, at {memory.shown(ceilings.memory)} of memory, or "
                 f"when a message takes {SLOWEST:g} s.\n Ctrl-C ends the demo.", "dim"),
        )  # fmt: skip

    def _trails(self, width: int) -> RenderableType:
        most, seconds = self._ceilings.memory, self._ceilings.seconds
        table = _table()
        table.add_row(Text(" a message takes"))
        for act in self.acts:
            heights = [(moment, _slowness(took)) for moment, took in act.voyages]
            table.add_row(f"   {act.name}", _now(act), _trail(heights, seconds, width))
        table.add_row(Text(" memory"))
        for act in self.acts:
            heights = [(look.at, look.memory / most) for look in act.looks]
            table.add_row(f"   {act.name}", memory.shown(act.memory), _trail(heights, seconds, width))
        return table


def _head(number: int, act: Act, ceilings: Ceilings) -> RenderableType:
    seats, places = act.bounds
    bounds = "whatever a crowd meets is set to none" if seats is None else f"{seats:,} seats, {places:,} places in line"
    return Text.assemble(
        (f" ACT {number} of 2  ", "bold"), (f"{act.name}: {bounds}", "bold cyan"),
        f"    {act.now:.0f} of {ceilings.seconds:g} s",
    )  # fmt: skip


def _door(act: Act, width: int) -> RenderableType:
    crowd, (seats, places) = act.crowd, act.bounds
    moved = f"{crowd.moved_up:,} went on to a seat" if crowd.moved_up else ""
    reasons = ", ".join(f"{neutralise(reason)} {count:,}" for reason, count in list(crowd.refused.items())[:2])
    table = _table()
    table.add_row(" came", f"{crowd.came:,}", _bar(crowd.came, act.clients, width), f"of some {act.clients:,}")
    table.add_row(" inside", f"{act.inside:,}", _bar(act.inside, seats or act.clients, width), _of(seats))
    table.add_row(" in line", f"{crowd.waiting:,}", _bar(crowd.waiting, places, width), _of(places))
    table.add_row("", "", moved)
    table.add_row(" told why not", f"{crowd.sent_away:,}", reasons)
    table.add_row(" without an answer", f"{act.unanswered:,}")
    table.add_row(" CPU", f"{act.busy():.0%}", _bar(act.busy(), 1.0, width), "of one")
    return table


def _table() -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(min_width=18, no_wrap=True)
    table.add_column(min_width=10, justify="right", no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    return table


def _of(bound: int | None) -> str:
    return "of any number" if bound is None else f"of {bound:,}"


def _bar(value: float, most: float | None, width: int) -> Text:
    # One that is there is to be seen; without a bound there is nothing to be full.
    full = min(width, max(1, int(value / most * width))) if value and most else 0
    style = "yellow" if full == width else "green"
    return Text.assemble(("█" * full, style), ("·" * (width - full), "dim"))


def _trail(heights: Iterable[tuple[float, float]], seconds: float, width: int) -> Text:
    """The highest of each moment, from left to right; the uppermost step is red."""
    highest: dict[int, float] = {}
    for at, height in heights:
        column = min(width - 1, int(at / seconds * width))
        highest[column] = max(highest.get(column, 0.0), height)
    trail = Text()
    for column in range(width):
        if column not in highest:
            trail.append(" ")
            continue
        step = min(len(STEPS) - 1, int(highest[column] * len(STEPS)))
        trail.append(STEPS[step], "green" if step < 3 else "yellow" if step < 5 else "red")
    return trail


def _slowness(seconds: float) -> float:
    """Between 0 and 1: each step is 3.2 times as long as the one below."""
    return max(0.0, math.log10(max(seconds, FASTEST) / FASTEST) / math.log10(SLOWEST / FASTEST))


def _now(act: Act) -> str:
    times = act.lately(LATELY)
    return duration(percentile(times, 99)) if times else "–"
