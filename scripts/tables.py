#!/usr/bin/env python3
"""Writes the tables of bounds into the documentation, from the one place where the bounds stand (chatd/limits.py).

    scripts/tables.py            rewrite docs/limits.md and README.md where they differ
    scripts/tables.py --check    write nothing; exit code 1 if they differ
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import in_venv

if __name__ == "__main__":
    in_venv.ensure("chatd")

from chatd.ops import listing

ROOT = Path(__file__).resolve().parent.parent
BEGIN, END = "<!-- made by scripts/tables.py: begin -->\n", "<!-- made by scripts/tables.py: end -->"
TABLES: dict[str, Callable[[], str]] = {"docs/limits.md": listing.markdown, "README.md": listing.markdown_in_short}


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
