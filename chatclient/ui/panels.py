"""What stands in the place of the room while we are not in it: our place in line, or why we are out and until when."""

import math
from collections.abc import Callable

from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.layout.controls import UIContent, UIControl
from rich import box
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from chatd.protocol.waiting import duration, ordinal

from ..exits import Exit
from ..model import Model, Offline, Stage, Wait
from ..wording import LIMIT_OF, clock, comeback, occupancy
from .richtext import Canvas

_WIDEST = 64
_WAITING = "bright_yellow"
_OUT = "bright_red"


class Panels(UIControl):
    """`now` is the clock that the model's times are of."""

    def __init__(self, model: Model, now: Callable[[], float]) -> None:
        self._model = model
        self._now = now
        self._canvas = Canvas()

    def is_focusable(self) -> bool:
        return False

    def create_content(self, width: int, height: int) -> UIContent:
        shown = panel(self._model, self._now())
        wide = min(width, _WIDEST)
        rows = self._canvas.rows(shown, wide)
        left: StyleAndTextTuples = [("", " " * ((width - wide) // 2))]
        above: list[StyleAndTextTuples] = [[] for _ in range((height - len(rows)) // 2)]
        placed = [*above, *(left + row for row in rows)][: max(1, height)]
        return UIContent(get_line=lambda number: placed[number], line_count=len(placed), show_cursor=False)


def panel(model: Model, now: float) -> RenderableType:
    if model.stage is Stage.WAITING and model.wait is not None:
        return waiting(model, model.wait, now)
    if model.stage is Stage.OFFLINE and model.offline is not None:
        return offline(model, model.offline, now)
    return Text("")


def waiting(model: Model, wait: Wait, now: float) -> RenderableType:
    facts = _facts()
    facts.add_row("Your place", Text(f"{ordinal(wait.place)} of {wait.length} in line", style="bold"))
    facts.add_row("Expected wait", _expected(wait, now))
    facts.add_row("Waited so far", clock(now - wait.since))
    if model.cap is not None:
        facts.add_row("Seats taken", occupancy(model.seated, model.cap))
    passed = _bar(max(wait.first, 1), max(0, wait.first - wait.place), _WAITING)
    advice = Text("Your seat comes by itself. Ctrl-C leaves.", style="dim")
    return _frame(f"Waiting in line at {model.server}", Group(facts, passed, advice), _WAITING)


def offline(model: Model, out: Offline, now: float) -> RenderableType:
    ending = out.ending
    facts = _facts()
    facts.add_row("Why", Text(ending.sentence, style="bold"))
    if ending.reason:
        meaning, option = LIMIT_OF.get(ending.reason, ("", ""))
        words = [ending.reason, meaning and f": {meaning}", option and f" (--{option})"]
        facts.add_row("Limit", Text("".join(words)))
    if ending.retry_after is not None:
        facts.add_row("Advice", f"try again in {ending.retry_after:.0f} s")
    bar: RenderableType = ""
    if model.question:
        keys = "Type it below: it is not shown. Enter connects with it, Escape does not."
    elif out.until == math.inf:
        facts.add_row("Next try", Text("not by itself", style="bold"))
        keys = f"F5 {comeback(ending.reason)}. Ctrl-C leaves."
    else:
        left = max(0.0, out.until - now)
        facts.add_row("Next try", Text(f"in {clock(left + 0.99)}  (try {out.tries + 1})", style="bold"))
        total = max(out.until - out.since, 0.001)
        bar = _bar(total, max(0.0, total - left), _OUT)
        keys = "Enter, with nothing typed, or F5 tries now. Ctrl-C leaves."
    title = {
        Exit.REFUSED: f"{model.server} did not let us in",
        Exit.TIMED_OUT: f"No seat or no answer from {model.server}",
        Exit.CANNOT_CONNECT: f"{model.server} cannot be reached",
        Exit.PASSWORD: f"{model.server} wants a password",
    }.get(ending.exit, f"The connection to {model.server} is gone")
    return _frame(model.question or title, Group(facts, bar, Text(keys, style="dim")), _OUT)


def _expected(wait: Wait, now: float) -> str:
    if wait.eta is None:
        return "unknown"
    left = wait.eta - (now - wait.noted)
    return f"about {duration(left)}" if left >= 1 else "any moment"


def _bar(total: float, completed: float, colour: str) -> Padding:
    bar = ProgressBar(total, completed, style="bright_black", complete_style=colour, finished_style=colour)
    return Padding(bar, (1, 0))


def _facts() -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column()
    return table


def _frame(title: str, content: RenderableType, colour: str) -> Panel:
    return Panel(content, title=Text(title), border_style=colour, box=box.ROUNDED, padding=(1, 2))
