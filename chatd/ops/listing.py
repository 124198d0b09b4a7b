"""The table of bounds as people read it: on a screen, in a pipe, in the documentation."""

import shutil
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import TextIO

from ..bounds import Bound
from ..limits import SECTIONS, Limits, bounds
from . import memory

DEFAULT = "default"
TABLE_COLUMNS = 110  # below that a table would cut its values
MAIN = ("max_clients", "queue", "queue_timeout", "max_per_host", "host_rate", "handshakes", "ping_timeout",
        "idle_release", "message_rate", "outbox", "outboxes", "max_rooms", "history_lines", "drain_time")  # fmt: skip


def sections() -> Iterator[tuple[str, list[Bound]]]:
    """The bounds by section, in the order of the table."""
    title = ""
    rows: list[Bound] = []
    for bound in bounds():
        if bound.name in SECTIONS:
            if rows:
                yield title, rows
            title, rows = SECTIONS[bound.name], []
        rows.append(bound)
    yield title, rows


def show(limits: Limits, origins: Mapping[str, str], base: int, out: TextIO) -> None:
    """Write the table, and the arithmetic of memory, as fits `out`."""
    is_narrow = out.isatty() and shutil.get_terminal_size().columns < TABLE_COLUMNS
    try:
        from . import richlisting
    except ImportError:  # rich is an extra
        is_narrow = True
    if is_narrow:
        out.writelines(f"{line}\n" for line in chain(_plain(limits, origins), [""], _memory_lines(limits, base)))
    else:
        richlisting.show(limits, origins, base, out)


def origin(bound: Bound, origins: Mapping[str, str]) -> str:
    """Where a value came from."""
    written = origins.get(bound.key)
    return written or (f"{DEFAULT}: {bound.rule}" if bound.rule else DEFAULT)


def _plain(limits: Limits, origins: Mapping[str, str]) -> Iterator[str]:
    for title, rows in sections():
        yield f"\n{title}"
        for bound in rows:
            value = bound.show(limits.value(bound))
            yield f"  {bound.key:<20} {value:<24} {origin(bound, origins)}\n{'':23}{bound.why} {bound.at}"


def _memory_lines(limits: Limits, base: int) -> Iterator[str]:
    for part in (*memory.process_parts(limits, base), memory.kernel_part(limits)):
        yield f"  {part.name:<20} {memory.shown(part.size):<12} {part.how}"
    yield memory_in_short(limits, base)


def memory_in_short(limits: Limits, base: int) -> str:
    """The two figures in a sentence."""
    process, kernel = memory.process_bytes(limits, base), memory.kernel_part(limits).size
    return f"memory: at most {memory.shown(process)} of the process, {memory.shown(kernel)} of the kernel's buffers"


def markdown() -> str:
    """The whole table, for docs/limits.md."""
    lines: list[str] = []
    for title, rows in sections():
        lines += [f"## {title}", "", "| bound | default | from … to | what it is, and why | at it | its victim reads |"]
        lines += ["|---|---|---|---|---|---|"]
        for bound in rows:
            least, most = bound.least, bound.most
            to = f"`{least:g}` … `{int(most)}`" if most < 2**31 - 1 else f"`{least:g}` …"
            to += ", `none`" if bound.may_be_none else ""
            tells = f"`{bound.tells}`" if bound.tells.isupper() or bound.tells.isdigit() else bound.tells or "–"
            live = "" if bound.live else " Needs a restart."
            cells = (f"`{bound.key}`", bound.shown_default, to, bound.why, bound.at + live, tells)
            lines.append(f"| {' | '.join(cells)} |")
        lines.append("")
    return "\n".join(lines)


def markdown_in_short() -> str:
    """The main rows, for the README."""
    rows = [bound for bound in bounds() if bound.name in MAIN]
    cells = [f"| `--{bound.key}` | {bound.shown_default} | {bound.why} {bound.at} |" for bound in rows]
    return "\n".join(["| bound | default | what it is, and what happens at it |", "|---|---|---|", *cells, ""])
