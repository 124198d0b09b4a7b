#!/usr/bin/env python3
"""Writes tables into the documentation, from the one place where that stands of which they tell: the bounds
(chatd/limits.py), the commands and modes (chatd/commands), the capabilities (chatd/protocol/capabilities.py).

    scripts/tables.py            rewrite docs/limits.md, docs/protocol.md and README.md where they differ
    scripts/tables.py --check    write nothing; exit code 1 if they differ
"""

import argparse
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import in_venv

if __name__ == "__main__":
    in_venv.ensure("chatd")

from chatd.commands import IRC, PLAIN
from chatd.commands.modes import USER_MODES
from chatd.commands.registry import Command
from chatd.commands.room_modes import ROOM_MODES, Kind
from chatd.ops import listing
from chatd.protocol.capabilities import CAPABILITIES
from chatd.protocol.plain import SAY

ROOT = Path(__file__).resolve().parent.parent
BEGIN, END = "<!-- made by scripts/tables.py: begin -->\n", "<!-- made by scripts/tables.py: end -->"
SPECIFICATIONS = "https://ircv3.net/specs/extensions"
PARAMETERS = {
    Kind.LIST: "a mask; without one it is listed",
    Kind.ALWAYS: "when set and when taken away",
    Kind.WHEN_SET: "when set",
    Kind.SWITCH: "–",
    Kind.FLAG: "a nickname",
}


def protocol() -> str:
    """What there is to ask for, for docs/protocol.md."""
    return "\n".join(
        (
            _table(
                "command", "it is there to", "cost", "bounds", "source",
                rows=[_command(IRC[name]) for name in sorted(IRC)],
            ),
            _table("typed", "it is there to", rows=map(_typed, PLAIN.values())),
            _table(
                "room mode", "it means", "parameter",
                rows=[(f"`{letter}`", mode.summary, PARAMETERS[mode.kind]) for letter, mode in ROOM_MODES.items()],
            ),
            _table("user mode", "it means", rows=[(f"`{letter}`", means) for letter, means in USER_MODES.items()]),
            _table(
                "capability", "with it one reads",
                rows=[
                    (f"[`{name}`]({SPECIFICATIONS}/{known.page or name}.html)", known.summary)
                    for name, known in CAPABILITIES.items()
                ],
            ),
        )
    )  # fmt: skip


def _command(command: Command) -> tuple[str, ...]:
    return _written(command.name, command), command.summary, command.cost, ", ".join(command.keys), command.source


def _typed(command: Command) -> tuple[str, ...]:
    return _written("" if command.name == SAY else f"/{command.name.lower()}", command), command.summary


def _written(name: str, command: Command) -> str:
    return f"`{name} {command.grammar}`".replace(" `", "`").replace("` ", "`").replace("|", "\\|")


def _table(*head: str, rows: Iterable[tuple[str, ...]]) -> str:
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    return "\n".join((*lines, *(f"| {' | '.join(cells)} |" for cells in rows), ""))


TABLES: dict[str, Callable[[], str]] = {
    "docs/limits.md": listing.markdown,
    "docs/protocol.md": protocol,
    "README.md": listing.markdown_in_short,
}


def renewed(text: str, table: str) -> str:
    """The text with that table between its marks. Raises ValueError if it has none."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError("the marks of the table are missing")
    return f"{before}{BEGIN}{table}{END}{after}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    differ = []
    for name, table in TABLES.items():
        path = ROOT / name
        text = path.read_text()
        new = renewed(text, table())
        if new != text:
            differ.append(name)
            if not check:
                path.write_text(new)
    for name in differ:
        print(f"{name}: {'differs; start scripts/tables.py' if check else 'renewed'}")
    return 1 if check and differ else 0


if __name__ == "__main__":
    sys.exit(main())
