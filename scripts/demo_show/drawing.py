"""Why: what two acts were like from beginning to end is best seen in a picture, which can also be shown to others."""

import textwrap
from pathlib import Path

import plots
from matplotlib.axes import Axes

from .act import SLOWEST, Act, Ceilings

COLUMNS = 120  # of a sentence below the picture
MIB = 1 << 20


def draw(acts: list[Act], sentences: tuple[str, str], ceilings: Ceilings, path: Path) -> None:
    """The picture. Raises OSError."""
    drawn, (latency, used) = plots.panels(2, width=10, height=4.2)
    latency.set(title="a message takes", xlabel="seconds", yscale="log")
    latency.set_yticks([0.001, 0.01, 0.1, 1, 10], ["1 ms", "10 ms", "100 ms", "1 s", "10 s"])
    used.set(title="memory of the server's process", xlabel="seconds", ylabel="MiB")
    for act, colour in zip(acts, (plots.BLUE, plots.RED), strict=True):
        latency.plot(*zip(*sorted(act.arrived), strict=True), color=colour, linewidth=1, label=act.name)
        _on_their_way(latency, act, colour)
        used.plot([look.at for look in act.looks], [look.memory / MIB for look in act.looks], color=colour)
    used.axhline(ceilings.memory / MIB, color=plots.GREY, linestyle=":", linewidth=1)
    used.text(0, ceilings.memory / MIB, "an act is ended here", color=plots.GREY, va="bottom", fontsize=9)
    used.set_ylim(bottom=0)
    latency.set_ylim(top=40 * SLOWEST)  # the legend stands above all lines
    latency.legend(loc="upper left", ncols=2)
    drawn.supxlabel("\n".join(line for each in sentences for line in textwrap.wrap(each, COLUMNS)), fontsize=9)
    plots.save(drawn, path, "chatd with its bounds and without them")


def _on_their_way(latency: Axes, act: Act, colour: str) -> None:
    """How long those messages had taken that were still to arrive when the act ended: that is the least they took."""
    if act.under_way:
        moments = list(act.under_way.values())
        least = [act.now - moment for moment in moments]
        latency.plot(moments, least, "2", color=colour, markersize=5, label="not arrived yet: at least")
