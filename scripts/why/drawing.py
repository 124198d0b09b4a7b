"""The pictures of docs/why-limit.md, drawn from what was measured. Each title says what is to be seen."""

from collections.abc import Callable
from typing import Any

import plots
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from .servers import CHATD, NAIVE

NAMES = {NAIVE.name: "without a bound", CHATD.name: "chatd"}
COLOURS = {NAIVE.name: plots.ORANGE, CHATD.name: plots.BLUE}
FATES = {"inside": plots.GREEN, "in line": plots.BLUE, "refused": plots.PURPLE, "silence": plots.RED}
FATE_WORDS = {
    "inside": "are inside",
    "in line": "wait, and know their place",
    "refused": "are told no, why, and when to try again",
    "silence": "hear nothing at all",
}
COPIES = (50e3, 200e3, 500e3, 1e6, 2e6)
THOUSANDS = FuncFormatter(lambda value, _: f"{value:,.0f}")
SECONDS = FuncFormatter(lambda value, _: f"{value:g} s" if value >= 1 else f"{value * 1000:g} ms")


def costs(data: dict[str, Any]) -> Figure:
    drawn, (memory, files) = plots.panels(2, height=3.4)
    drawn.suptitle("Every client costs memory and an open file, even if it does nothing", **_TITLE)
    memory.set(xlabel="clients", ylabel="memory of the process, MB")
    files.set(xlabel="clients", ylabel="open files of the process")
    for name in NAMES:
        points = data[name]["points"]
        clients = [point["clients"] for point in points]
        _line(memory, clients, [point["memory"] / 1e6 for point in points], name, marker="o")
        dashed = "--" if name == NAIVE.name else ":"
        _line(files, clients, [point["files"] for point in points], name, linestyle=dashed, linewidth=2.5)
    files.axhline(1024, color=plots.RED, linewidth=1)
    files.annotate("1,024: where many shells stop", (1400, 620), color=plots.RED, fontsize=9)
    for axes in (memory, files):
        axes.set_ylim(bottom=0)
        axes.legend(loc="upper left")
        axes.xaxis.set_major_formatter(THOUSANDS)
        axes.yaxis.set_major_formatter(THOUSANDS)
    return drawn


def talk(data: dict[str, Any]) -> Figure:
    drawn, axes = plots.figure(
        "A room stays quick while it grows, until suddenly it is not",
        f"members in one room, each saying {data['rate']} messages a minute",
        "until a message is read",
        height=4.0,
    )
    minutely = data["rate"] / 60
    for name in NAMES:
        points = data[name]
        members = [point["members"] for point in points]
        _line(axes, members, [point["p99"] for point in points], name, f"{NAMES[name]}, 99 of 100 messages", marker="o")
        _line(
            axes, members, [point["p50"] for point in points], name, f"{NAMES[name]}, half of them", linestyle="--",
            linewidth=1,
        )  # fmt: skip
    copies = axes.secondary_xaxis("top", functions=_squared_by(minutely))
    copies.set_xticks(COPIES, ["50,000", "200,000", "500,000", "1 million", "2 million"], fontsize=9)
    copies.set_xlabel("copies a second", fontsize=9)
    copies.spines["top"].set_visible(False)
    axes.set_title(axes.get_title(loc="left"), pad=10)
    axes.axhline(0.1, color=plots.GREY, linewidth=1)
    axes.annotate("below this, talk feels immediate", (0.27, 0.1), xycoords=("axes fraction", "data"),
                  xytext=(0, 4), textcoords="offset points", fontsize=9, color=plots.GREY)  # fmt: skip
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter(SECONDS)
    axes.xaxis.set_major_formatter(THOUSANDS)
    axes.legend(loc="upper left", fontsize=9, bbox_to_anchor=(0.25, 1.0))
    return drawn


def slow(data: dict[str, Any]) -> Figure:
    drawn, axes = plots.figure(
        "What slow readers are owed grows until somebody says stop",
        f"seconds since {data['stalled']} members stopped reading, while another one talks",
        "growth of the process, MB",
    )
    for name in NAMES:
        points = data[name]["points"]
        _line(axes, [point["seconds"] for point in points], [point["memory"] / 1e6 for point in points], name)
    if closed := data[CHATD.name]["closed"]:
        most = max(point["memory"] for point in data[CHATD.name]["points"]) / 1e6
        axes.annotate("they are closed,\nand told why", (closed, most), textcoords="offset points", xytext=(60, 6),
                      color=plots.BLUE, fontsize=9, arrowprops={"arrowstyle": "->", "color": plots.BLUE})  # fmt: skip
    axes.set_ylim(bottom=0)
    axes.legend(loc="upper left")
    return drawn


def files(data: dict[str, Any]) -> Figure:
    drawn, axes = plots.figure(
        "Out of files, the last ones hear nothing at all",
        f"{data['come']:,} clients that come to a server which may open {data['limit']:,} files", "", height=2.9,
    )
    names = list(NAMES)[::-1]
    for row, name in enumerate(names):
        left = 0
        for fate, colour in FATES.items():
            if count := data[name]["fates"].get(fate, 0):
                axes.barh(row, count, left=left, color=colour, height=0.55)
                axes.annotate(f"{count:,}", (left + count / 2, row), ha="center", va="center", color="white")
                left += count
    for fate, colour in FATES.items():
        axes.barh(0, 0, color=colour, label=FATE_WORDS[fate])
    axes.set_yticks(range(len(names)), [NAMES[name] for name in names])
    axes.grid(visible=False)
    axes.xaxis.set_major_formatter(THOUSANDS)
    drawn.legend(loc="outside lower left", ncols=2, fontsize=9)
    return drawn


def waits(data: dict[str, Any]) -> Figure:
    freed = data["seats"] / data["stay"] * 60
    drawn, axes = plots.figure(
        "A line without an end only makes the wait longer",
        f"hours in which {data['arrivals']:g} come each minute and {freed:g} seats are freed",
        "minutes until one has a seat",
    )
    bounded = f"{data['places']} places, for {data['timeout'] / 60:g} minutes; all others are told no"
    for name, colour, words in (("unbounded", plots.ORANGE, "line without an end"), ("bounded", plots.BLUE, bounded)):
        points = data[name]["points"]
        axes.plot([when / 3600 for when, _ in points], [wait / 60 for _, wait in points], color=colour, label=words)
    axes.set_ylim(bottom=0)
    axes.legend(loc="upper left")
    return drawn


PICTURES: dict[str, Callable[[dict[str, Any]], Figure]] = {
    "costs": costs, "talk": talk, "slow": slow, "files": files, "waits": waits,
}  # fmt: skip
_TITLE: dict[str, Any] = {"x": 0.01, "ha": "left", "weight": "bold", "size": 12}


def _squared_by(factor: float) -> tuple[Callable[[Any], Any], Callable[[Any], Any]]:
    """From members to copies, and back."""
    return lambda members: members**2 * factor, lambda copies: (copies.clip(0) / factor) ** 0.5


def _line(axes: Axes, x: list[float], y: list[float], name: str, label: str = "", **style: Any) -> None:
    axes.plot(x, y, color=COLOURS[name], label=label or NAMES[name], **style)
