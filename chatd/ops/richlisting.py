"""The table of bounds on a screen, by rich."""

from collections.abc import Mapping
from typing import TextIO

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..limits import Limits
from . import listing, memory

PIPE_COLUMNS = 160  # wide enough that the table reads well


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Leave it to the caller; rich would end the program with an error."""
        raise BrokenPipeError


def show(limits: Limits, origins: Mapping[str, str], base: int, out: TextIO) -> None:
    """Write the table of bounds and the table of memory."""
    console = _Console(file=out, highlight=False, width=None if out.isatty() else PIPE_COLUMNS)
    for title, rows in listing.sections():
        table = Table(title=title, title_justify="left", title_style="bold", expand=True, box=box.SIMPLE_HEAD)
        table.add_column("bound", no_wrap=True, width=20)
        table.add_column("value", ratio=4)
        table.add_column("from", ratio=4)
        table.add_column("what it is, and why", ratio=9)
        table.add_column("at it", ratio=8)
        table.add_column("reads", width=18)
        for bound in rows:
            source = listing.origin(bound, origins)
            style = "" if source.startswith(listing.DEFAULT) else "bold green"
            value = Text(bound.show(limits.value(bound)), style)
            table.add_row(
                Text(bound.key), value, Text(source), Text(bound.why), Text(bound.at), Text(bound.tells)
            )
        console.print(table)
    console.print(_memory_table(limits, base))
    console.print(listing.memory_in_short(limits, base))


def _memory_table(limits: Limits, base: int) -> Table:
    table = Table(title="Memory that these bounds allow", title_justify="left", title_style="bold", box=box.SIMPLE_HEAD)
    for heading in ("for", "at most", "which is"):
        table.add_column(heading, justify="right" if heading == "at most" else "left")
    for part in memory.process_parts(limits, base):
        table.add_row(part.name, memory.shown(part.size), Text(part.how))
    table.add_section()
    table.add_row("process", memory.shown(memory.process_bytes(limits, base)), "the sum of these")
    kernel = memory.kernel_part(limits)
    table.add_row(kernel.name, memory.shown(kernel.size), Text(kernel.how))
    return table
