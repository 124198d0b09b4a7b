"""The server's answers as tables for people. What clients have written is neutralised, and never read as markup."""

from collections.abc import Callable, Iterable
from io import StringIO
from itertools import groupby
from typing import Any, TextIO

from rich import box
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ..protocol.safetext import neutralise
from ..protocol.waiting import duration
from . import memory
from .wire import Object

PIPE_COLUMNS = 200  # wide enough that no row is broken
FULL = 0.9  # of a bound: from here on it is to be seen


def show(verb: str, result: Object, out: TextIO) -> None:
    """Write what the server has answered to a verb."""
    if out.isatty():
        Console(file=out, highlight=False).print(_VIEWS[verb](result))
        return
    console = Console(file=StringIO(), highlight=False, width=PIPE_COLUMNS)
    with console.capture() as written:
        console.print(_VIEWS[verb](result))
    out.writelines(f"{line.rstrip()}\n" for line in written.get().splitlines())  # rich fills lines up with blanks


def safe(value: object, style: str = "") -> Text:
    """Whatever it is, as text that does nothing but stand there."""
    return Text(neutralise(str(value)), style)


def status(result: Object) -> RenderableType:
    """The server in short."""
    head = Text.assemble(
        (f"chatd {neutralise(result['version'])}", "bold"), f"  {neutralise(result['name'])}",
        f"  up {duration(result['uptime'])}", (state(result), "bold yellow"),
    )  # fmt: skip
    waits, used = result["waits"], result["memory"]
    rows = {
        "seats": of(result["seats"]),
        "line": of(result["line"]),
        "handshakes": of(result["handshakes"]),
        "refusals": f"{of(result['refusals'])} in progress",
        "arrivals": f"{result['arrivals']:,}, of which {result['admitted']:,} got a seat",
        "waits": f"{waits['count']:,}, {duration(waits['mean'])} in the mean, {duration(waits['longest'])} at most",
        "messages": f"{result['messages']:,}, {result['deliveries']:,} deliveries",
        "outboxes": f"{of(result['outboxes'])} bytes",
        "memory": f"{memory.shown(used['rss'])} resident, {memory.shown(used['pss'])} its share (PSS)",
        "faults": f"{result['faults']:,}",
        "sent away": ", ".join(f"{times:,} {reason}" for reason, times in result["closed"].items()) or "nobody",
    }
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for name, value in rows.items():
        table.add_row(name, safe(value, "red" if name == "faults" and result["faults"] else ""))
    return Group(head, table)


def clients(result: Object) -> RenderableType:
    table = _table("#", "nick", "address", "standing", "speaks", "age", "idle", "messages", "outbox", "rooms")
    for each in result["clients"]:
        table.add_row(
            *_cells(each["number"], each["nick"] or "–", each["host"], each["standing"], each["dialect"] or "–"),
            *_cells(duration(each["age"]), duration(each["idle"])),
            *_cells(*(f"{each[name]:,}" for name in ("messages", "outbox", "rooms"))),
        )
    return _list(table, result, "clients", "Nobody is connected, or nobody who fits.")


def queue(result: Object) -> RenderableType:
    table = _table("place", "#", "nick", "address", "waited", "expected")
    for each in result["queue"]:
        waits = (duration(each["waited"]), expected(each["expected"]))
        table.add_row(*_cells(each["place"], each["number"], each["nick"], each["host"], *waits))
    return _list(table, result, "queue", "Nobody waits.")


def rooms(result: Object) -> RenderableType:
    table = _table("room", "members", "modes", "history", "topic")
    for each in result["rooms"]:
        key = ", key" if each["key"] else ""
        most = f", at most {each['limit']:,}" if each["limit"] else ""
        table.add_row(
            *_cells(each["name"], f"{each['members']:,}", f"+{each['modes']}{key}{most}", each["history"]),
            safe(each["topic"]),
        )
    return _list(table, result, "rooms", "There is no room.")


def bans(result: Object) -> RenderableType:
    table = _table("network", "for", "reason")
    for each in result["bans"]:
        left = "ever" if each["left"] is None else f"{duration(each['left'])} more"
        table.add_row(*_cells(each["network"], left, each["reason"]))
    return _list(table, result, "bans", "Nobody is banned.")


def limits(result: Object) -> RenderableType:
    """Each bound on a line, and below it what happens there: so it fits a narrow screen."""
    heads = ("limit", "value", "in use", "most", "hits", "from")
    rows = {each["name"]: _limit(each) for each in result["limits"]}
    widths = [max(len(row[column]) for row in (heads, *rows.values())) for column in range(len(heads))]
    lines: list[RenderableType] = [Text(_aligned(heads, widths), "bold")]
    for section, limits in groupby(result["limits"], lambda each: each["section"]):
        lines += [Text(), safe(section, "bold cyan")]
        for each in limits:
            style = "bold red" if near(each) >= 1 else "yellow" if near(each) >= FULL else ""
            tells = f" ({each['tells']})" if each["tells"].isupper() or each["tells"].isdigit() else ""
            lines.append(safe(_aligned(rows[each["name"]], widths), style))
            lines.append(Padding(safe(each["at"] + tells, "dim"), (0, 0, 0, 4), expand=False))
    return Group(*lines)


def _limit(each: Object) -> tuple[str, ...]:
    numbers = (amount(each["in_use"]), amount(each["most"]), amount(each["hits"]))
    return (f"  {each['name']}", each["shown"], *numbers, each["from"])


_VIEWS: dict[str, Callable[[Object], RenderableType]] = {
    "status": status, "clients": clients, "queue": queue, "rooms": rooms, "bans": bans, "limits": limits,
}  # fmt: skip


# Words that the live view has too.


def state(result: Object) -> str:
    return "  draining" if result["draining"] else "  paused" if result["paused"] else ""


def of(use: Object) -> str:
    bound = use["bound"]
    return f"{use['in_use']:,} of {bound:,}" if isinstance(bound, int | float) else f"{use['in_use']:,}, no bound"


def amount(value: Any) -> str:
    return "" if value is None else f"{value:,}" if isinstance(value, int | float) else str(value)


def expected(seconds: float | None) -> str:
    return "unknown" if seconds is None else duration(seconds)


def near(limit: Object) -> float:
    """How much of a limit is in use; 0 where nothing is used up or bounded, or where being full is the usual state."""
    return 0.0 if limit["ring"] else share(limit["in_use"], limit["value"])


def share(used: float | None, most: object) -> float:
    """How much of it that is; 0 where nothing is used up, or there is no bound."""
    return used / most if used and isinstance(most, int | float) and most else 0.0


def _table(*heads: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for head in heads:
        is_number = head in ("#", "place", "age", "idle", "messages", "outbox", "rooms", "members", "history", "waited")
        # Where room is short, what clients have written is folded, and nothing else.
        is_theirs = head in ("nick", "room", "topic", "reason")
        table.add_column(head, justify="right" if is_number else "left", overflow="fold", no_wrap=not is_theirs)
    return table


def _cells(*values: object) -> Iterable[Text]:
    return map(safe, values)


def _list(table: Table, result: Object, name: str, empty: str) -> RenderableType:
    total, shown = result["total"], len(result[name])
    if not total:
        return Text(empty)
    if shown < total:
        return Group(table, Text(f"{shown:,} of {total:,} are shown (control-items)", "yellow"))
    return table


def _aligned(cells: Iterable[str], widths: Iterable[int]) -> str:
    """The first and the last to the left, the others to the right."""
    first, *others, last = cells
    width, *between, _ = widths
    return "  ".join((first.ljust(width), *(cell.rjust(to) for cell, to in zip(others, between, strict=True)), last))
