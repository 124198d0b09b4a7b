"""Why: pictures of figures are drawn in one way, so that they look alike and stand alone.

matplotlib draws them; what comes out is an SVG that refers to nothing outside itself, has real text, and is the same
again for the same figures.
"""

import io
from collections.abc import Sequence
from pathlib import Path

import matplotlib

matplotlib.use("svg")  # no screen is needed

from cycler import cycler
from matplotlib import pyplot, style
from matplotlib.axes import Axes
from matplotlib.figure import Figure

BLUE, ORANGE, GREEN, RED, PURPLE, GREY = "#2563a8", "#d9822b", "#3a8f5c", "#c0392b", "#7b5aa6", "#7f8c8d"
COLOURS = (BLUE, ORANGE, GREEN, PURPLE, RED, GREY)
STYLE = {
    "svg.fonttype": "none",  # text stays text: it can be searched, and read aloud
    "svg.hashsalt": "chatd",
    "font.family": ["sans-serif"],
    "font.size": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
    "axes.grid": True,
    "grid.color": "#e3e6ea",
    "axes.axisbelow": True,
    "axes.prop_cycle": cycler(color=COLOURS),
    "legend.frameon": False,
    "figure.constrained_layout.use": True,
}


def figure(title: str, x: str, y: str, *, width: float = 7.5, height: float = 3.6) -> tuple[Figure, Axes]:
    """An empty plot with its title and the words for its axes, in inches."""
    drawn, several = panels(1, width=width, height=height)
    axes = several[0]
    axes.set(title=title, xlabel=x, ylabel=y)
    return drawn, axes


def panels(count: int, *, width: float = 7.5, height: float = 3.6) -> tuple[Figure, Sequence[Axes]]:
    """Several empty plots side by side."""
    with style.context(STYLE):
        drawn, axes = pyplot.subplots(1, count, figsize=(width, height), squeeze=False)
    return drawn, list(axes[0])


def svg(drawn: Figure, name: str = "") -> str:
    """The picture as text, fit to stand in a page of HTML. It is finished with."""
    with style.context(STYLE):
        text = io.StringIO()
        drawn.savefig(text, format="svg", metadata={"Date": None, "Creator": None, "Title": name or None})
    pyplot.close(drawn)
    whole = text.getvalue()
    return whole[whole.index("<svg") :]


def save(drawn: Figure, path: Path, name: str = "") -> None:
    """Write the picture as a file of its own. Raises OSError."""
    path.write_text(svg(drawn, name), encoding="utf-8")
