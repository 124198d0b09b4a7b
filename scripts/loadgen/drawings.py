"""Why: how a server behaves at its limit is a course of events, and that is seen better than read.

The plots of a run's page, from the result's document. Each comes with a text that tells the same to who cannot see it.
This needs matplotlib; `page` asks for it before it is imported.
"""

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import plots
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator
from plots import BLUE, COLOURS, GREEN, GREY, ORANGE, PURPLE, RED

from . import words
from .document import Result, Timeline, Times

POINTS = 600  # of a line at most: more than a screen shows
REASONS = 5  # that get a line of their own
LABEL_ROOM = 0.09  # of the width, without which a phase's name would run into the next one
HEADROOM = 1.08  # above the largest
CLASSES_A_DECADE = 12
UNITS = (("s", 1.0), ("ms", 1e3), ("µs", 1e6))
LEGEND = {"loc": "outside lower left", "ncols": 4, "handlelength": 1.4, "columnspacing": 1.4}

Column = Sequence[float | None]


class Drawing(NamedTuple):
    """A plot, as it stands in a page."""

    name: str
    svg: str
    told: str


def drawings(result: Result) -> Iterator[Drawing]:
    """All of which there is something to show."""
    if len(result["timeline"]["at"]) > 1:
        yield _occupancy(result)
        if _known(result["timeline"]["p99"]) or _known(result["timeline"]["answer_p99"]):
            yield _latency(result["timeline"])
    if words.times_of(result):
        yield _spread(words.times_of(result))
    if len(result["timeline"]["at"]) > 1:
        if _unhappy(result["timeline"]):
            yield _refusals(result["timeline"])
        if _known(result["timeline"]["memory"]):
            yield _process(result["timeline"])


def _occupancy(result: Result) -> Drawing:
    timeline, limit = result["timeline"], result["limits"]["max_clients"]
    drawn, axes = plots.figure("", "seconds", "clients")
    at, (seated, waiting) = _thinned(timeline, timeline["seated"], timeline["waiting"])
    axes.fill_between(at, seated, step="post", color=BLUE, alpha=0.3, linewidth=0)
    axes.step(at, seated, where="post", color=BLUE, label="seated")
    axes.step(at, waiting, where="post", color=ORANGE, label="waiting in line")
    if limit is not None:
        axes.axhline(limit, color=RED, linestyle="--", linewidth=1.2, label=f"limit: {limit:,}")
    _say_counts(axes)
    _mark_phases(axes, timeline)
    drawn.legend(**LEGEND)
    told = f"Most seated at once: {words.most_seated(result)}. Most in line: {max(timeline['waiting']):,}."
    return _done("occupancy", drawn, told)


def _latency(timeline: Timeline) -> Drawing:
    drawn, axes = plots.figure("", "seconds", "")
    lines = [
        ("deliveries, p50", "p50", timeline["p50"], GREEN),
        ("deliveries, p99", "p99", timeline["p99"], ORANGE),
        ("answers, p99", "p99 of answers", timeline["answer_p99"], PURPLE),
    ]
    told = []
    for label, name, column, colour in lines:
        if known := _known(column):
            at, (values,) = _thinned(timeline, column)
            axes.plot(at, values, color=colour, label=label, linewidth=1.4, marker=".", markersize=5)
            told.append(f"{name} between {words.duration(min(known))} and {words.duration(max(known))}")
    axes.set_yscale("log")
    _say_times(axes, "y")
    _mark_phases(axes, timeline)
    drawn.legend(**LEGEND)
    return _done("latency", drawn, f"Times over the course of the run: {', '.join(told)}.")


def _spread(measured: dict[str, Times]) -> Drawing:
    drawn, axes = plots.figure("", "", "% of all")
    told = []
    for (name, times), colour in zip(measured.items(), (BLUE, PURPLE, GREY, ORANGE), strict=False):
        first = name == next(iter(measured))
        edges, shares = _classes(times)
        axes.stairs(shares, edges, fill=first, color=colour, alpha=0.45 if first else 1, label=name, linewidth=1.4)
        told.append(f"{name}: half within {words.duration(times['p50'])}, 99 % within {words.duration(times['p99'])}")
        if first:
            for quantile in ("p50", "p99"):
                axes.axvline(times[quantile], color=colour, linewidth=1, linestyle=":")
                axes.annotate(
                    f" {quantile}", (times[quantile], 1), xycoords=("data", "axes fraction"), va="top", color=colour
                )
    axes.set_xscale("log")
    _say_times(axes, "x")
    drawn.legend(**LEGEND)
    return _done("spread", drawn, f"How times spread. {'. '.join(told)}.")


def _refusals(timeline: Timeline) -> Drawing:
    drawn, axes = plots.figure("", "seconds", "clients so far")
    told = []
    for (reason, column), colour in zip(_unhappy(timeline).items(), (*COLOURS, *COLOURS), strict=False):
        at, (values,) = _thinned(timeline, column)
        axes.step(at, values, where="post", color=colour, label=_label(f"{column[-1]:,} {reason}"))
        told.append(f"{column[-1]:,} {reason}")
    _say_counts(axes)
    _mark_phases(axes, timeline)
    drawn.legend(**(LEGEND | {"ncols": 2}))
    return _done("refusals", drawn, f"Who was not let in, or sent away, by reason: {', '.join(told)}.")


def _process(timeline: Timeline) -> Drawing:
    drawn, (memory, cpu) = plots.panels(2)
    at, (sizes, shares) = _thinned(timeline, timeline["memory"], timeline["cpu"])
    memory.plot(at, [size / words.MEBIBYTE for size in sizes], color=BLUE)
    memory.set(title="memory", xlabel="seconds", ylabel="MiB")
    cpu.plot(at, [share * 100 for share in shares], color=ORANGE)
    cpu.set(title="CPU", xlabel="seconds", ylabel="% of one CPU")
    for axes in (memory, cpu):
        _from_nothing(axes)
        axes.set_xlim(0, timeline["at"][-1])
    known, used = _known(timeline["memory"]), _known(timeline["cpu"])
    told = f"The server's process: memory from {words.size(known[0])} to {words.size(known[-1])}"
    told += f", at most {words.size(max(known))}"
    if used:
        told += f"; CPU {sum(used) / len(used):.0%} on average, at most {max(used):.0%} of one"
    return _done("process", drawn, f"{told}.")


# -- what they share --------------------------------------------------------------------------------------------------


def _done(name: str, drawn: Figure, told: str) -> Drawing:
    return Drawing(name, plots.svg(drawn, prefix=name), told)


def _known(column: Column) -> list[float]:
    return [value for value in column if value is not None]


def _thinned(timeline: Timeline, *columns: Column) -> tuple[list[float], list[list[float]]]:
    """The times and the columns, of so many ticks the largest value each: what stood out is not to vanish."""
    step = math.ceil(len(timeline["at"]) / POINTS)
    starts = range(0, len(timeline["at"]), step)
    at = [timeline["at"][start] for start in starts]
    return at, [[max(_known(column[start : start + step]), default=math.nan) for start in starts] for column in columns]


def _unhappy(timeline: Timeline) -> dict[str, list[int]]:
    """Columns of those that were not served, the most frequent first; small ones together."""
    reasons = sorted(timeline["refused"].items(), key=lambda item: -item[1][-1])
    found = dict(reasons[:REASONS])
    if rest := [column for _, column in reasons[REASONS:]]:
        found["for other reasons"] = [sum(values) for values in zip(*rest, strict=True)]
    found["silent, without a reason"] = timeline["silent"]
    found["failed to connect"] = timeline["failed"]
    return {reason: column for reason, column in found.items() if column[-1]}


def _classes(times: Times) -> tuple[list[float], list[float]]:
    """Edges on a logarithmic scale, and how many per cent lie between each two."""
    places = [math.ceil(math.log10(upper) * CLASSES_A_DECADE) for upper, _ in times["buckets"]]
    first, last = min(places), max(places)
    shares = [0.0] * (last - first + 1)
    for place, (_, count) in zip(places, times["buckets"], strict=True):
        shares[place - first] += 100 * count / times["count"]
    return [10 ** (place / CLASSES_A_DECADE) for place in range(first - 1, last + 1)], shares


def _mark_phases(axes: Axes, timeline: Timeline) -> None:
    """A line where each phase begins, with its name above where there is room."""
    begins = [(phase["at"], phase["phase"]) for phase in timeline["phases"]]
    end = timeline["at"][-1]
    axes.set_xlim(0, end)
    room = LABEL_ROOM * end
    for (at, name), (following, _) in zip(begins, [*begins[1:], (end, "")], strict=True):
        axes.axvline(at, color=GREY, linewidth=0.8, linestyle=":")
        if following - at >= room:
            axes.annotate(
                _label(name), (at, 1), xycoords=("data", "axes fraction"), xytext=(3, 3), textcoords="offset points",
                color=GREY, fontsize=10, annotation_clip=False,
            )  # fmt: skip


def _say_counts(axes: Axes) -> None:
    """Whole clients only."""
    _from_nothing(axes)
    axes.yaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))
    axes.yaxis.set_major_formatter("{x:,.0f}")


def _from_nothing(axes: Axes) -> None:
    """Else a small change would look like a large one."""
    axes.set_ylim(0, HEADROOM * axes.dataLim.y1 or 1)


def _say_times(axes: Axes, which: str) -> None:
    """Ticks of a logarithmic axis in words, as close as they are readable."""
    axis = axes.yaxis if which == "y" else axes.xaxis
    low, high = axis.get_view_interval()
    subs = (1.0,) if high > 1e3 * low else (1.0, 2.0, 5.0)
    axis.set_major_locator(LogLocator(subs=subs, numticks=99))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda seconds, _: _short(seconds)))


def _short(seconds: float) -> str:
    unit, factor = next((pair for pair in UNITS if seconds * pair[1] > 0.999), UNITS[-1])
    return f"{seconds * factor:g} {unit}"


def _label(text: str) -> str:
    """Words of others, which matplotlib would take for a formula."""
    return words.plain(text).replace("$", r"\$")
