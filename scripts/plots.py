"""Why: pictures of figures are drawn in one way, so that they look alike and stand alone.

matplotlib draws them; what comes out is an SVG that refers to nothing outside itself, has real text, and is the same
again for the same figures.
"""

import io
import re
from collections.abc import Sequence
from pathlib import Path

import matplotlib

matplotlib.use("svg")  # no screen is needed

from cycler import cycler
from matplotlib import pyplot
from matplotlib.axes import Axes
from matplotlib.figure import Figure

BLUE, ORANGE, GREEN, RED, PURPLE, GREY = "#2563a8", "#d9822b", "#3a8f5c", "#c0392b", "#7b5aa6", "#7f8c8d"
COLOURS = (BLUE, ORANGE, GREEN, PURPLE, RED, GREY)
matplotlib.rcParams.update({
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
})

_NOTHING_BUT = dict.fromkeys(("Date", "Creator", "Format", "Type"))
_TAG = re.compile("<[a-z][^>]*>")  # matplotlib writes no > within
_ID = re.compile(r"""(\bid="|href="#|url\(#)([^")]+)""")


def figure(title: str, x: str, y: str, *, width: float = 7.5, height: float = 3.6) -> tuple[Figure, Axes]:
    """An empty plot with its title and the words for its axes, in inches."""
    drawn, several = panels(1, width=width, height=height)
    axes = several[0]
    axes.set(title=title, xlabel=x, ylabel=y)
    return drawn, axes


def panels(count: int, *, width: float = 7.5, height: float = 3.6) -> tuple[Figure, Sequence[Axes]]:
    """Several empty plots side by side."""
    drawn, axes = pyplot.subplots(1, count, figsize=(width, height), squeeze=False)
    return drawn, list(axes[0])


def svg(drawn: Figure, name: str = "", prefix: str = "") -> str:
    """The picture as text, fit to stand in a page of HTML. It is finished with.

    Where several stand on one page each needs a prefix of its own for the ids within, or they would be mixed up.
    """
    text = io.StringIO()
    drawn.savefig(text, format="svg", metadata=_NOTHING_BUT | ({"Title": name} if name else {}))
    pyplot.close(drawn)
    whole = text.getvalue()
    whole = whole[whole.index("<svg") :]
    return _TAG.sub(lambda tag: _ID.sub(rf"\g<1>{prefix}-\g<2>", tag[0]), whole) if prefix else whole


def save(drawn: Figure, path: Path, name: str = "") -> None:
    """Write the picture as a file of its own. Raises OSError."""
    path.write_text(svg(drawn, name), encoding="utf-8")
