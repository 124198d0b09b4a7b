"""Why: who costs how much is seen at a glance when it is drawn; each figure has a scale of its own."""

import statistics
import textwrap
from collections.abc import Sequence
from pathlib import Path

import plots
from matplotlib.axes import Axes

from .contest import Result
from .figures import BY_KEY, Kind, Spread, short

DRAWN = ("cpu", "rate", "p99", "memory")
LONGEST_BAR = 4.0  # times the usual one: one that is longer is cut, so that the others can be told apart
ROOM_FOR_A_FIGURE = 1.4  # times the longest bar
WIDTH, ROW, REST = 11.0, 0.34, 1.2  # inches
HEADING = 26  # letters


def draw(results: Sequence[Result], path: Path) -> None:
    """Write the picture. Raises OSError."""
    measured = [result for result in results if result.turns][::-1]  # the first is drawn on top
    drawn, panels = plots.panels(len(DRAWN), width=WIDTH, height=ROW * len(measured) + REST)
    for axes, key in zip(panels, DRAWN, strict=True):
        _draw_bars(axes, BY_KEY[key], measured)
        axes.set_yticks(range(len(measured)), [result.peer.title for result in measured] if axes is panels[0] else [])
        axes.set_ylim(-0.6, len(measured) - 0.4)
    plots.save(drawn, path, "What servers cost: " + ", ".join(BY_KEY[key].title for key in DRAWN))


def _draw_bars(axes: Axes, kind: Kind, measured: Sequence[Result]) -> None:
    axes.set_title(_heading(kind), fontsize=10)
    axes.set_xticks([])
    axes.tick_params(left=False)
    axes.grid(visible=False)
    axes.spines["bottom"].set_visible(False)
    known = {row: spread for row, each in enumerate(measured) if (spread := Spread.of(each.turns, kind.key))}
    if not known:
        return
    most = max(spread.most for spread in known.values())
    longest = min(most, LONGEST_BAR * statistics.median(spread.median for spread in known.values()))
    axes.set_xlim(0, ROOM_FOR_A_FIGURE * longest)
    for row, spread in known.items():
        end = min(spread.most, longest)
        axes.barh(row, min(spread.median, longest), color=_colour(measured[row]), height=0.62)
        if spread.least < end:
            axes.plot([spread.least, end], [row, row], color="black", linewidth=1)
        cut = " →" if spread.median > longest else ""
        axes.annotate(
            short(spread.median) + cut, (end, row), (4, 0), textcoords="offset points", va="center", fontsize=9
        )


def _heading(kind: Kind) -> str:
    lines = textwrap.wrap(kind.title, HEADING)
    return "\n".join([*lines, f"{kind.unit}, {'more' if kind.more_is_better else 'less'} is better"])


def _colour(result: Result) -> str:
    if result.peer.name == "chatd":
        return plots.BLUE
    return plots.ORANGE if result.peer.name.startswith("naive") else plots.GREY
