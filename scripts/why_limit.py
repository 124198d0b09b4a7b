#!/usr/bin/env python3
"""Measures what docs/why-limit.md tells, draws its pictures and writes its figures into it.

It starts servers of its own on this machine, one after the other: chatd, and a chat of
thirty lines that bounds nothing (scripts/naive/naive_trio.py). It takes about two
minutes, and other work on the machine meanwhile disturbs it.

  costs   memory and open files, with up to 5,000 clients
  talk    how long a message takes in a room that grows
  slow    what is kept for readers that do not read
  files   what clients get when the open files run out
  waits   a line with and without an end (computed, in no time)
"""

import argparse
import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import in_venv

if __name__ == "__main__":
    in_venv.ensure("trio", "matplotlib", "chatd")

import plots
from why import costs, drawing, files, slow, talk, waits, words
from why.servers import ROOT, MeasureError, Tell

from chatd.ops.files import raise_file_limit
from chatd.ops.swarm import SwarmError

EXIT_OK, EXIT_FAILED, EXIT_USAGE, EXIT_INTERRUPTED = 0, 1, 2, 130
DOCUMENT = "why-limit.md"
FILES_NEEDED = 6000  # open ones, for the clients
QUICK_FILES_NEEDED = 600
PARTS: dict[str, Callable[[Tell, bool], dict[str, Any]]] = {
    "costs": costs.measure, "talk": talk.measure, "slow": slow.measure, "files": files.measure,
    "waits": waits.measure,
}  # fmt: skip
EPILOG = """\
examples:
  scripts/why_limit.py                 all of it
  scripts/why_limit.py --only talk     that again; the rest stays as it was measured
  scripts/why_limit.py --draw          measure nothing: pictures and text from what is kept

exit codes:
  0    done
  1    it could not be measured, or not be written
  2    the arguments are wrong, or Python packages are missing
  130  interrupted; nothing was written, and no server is left
"""


def measured(only: str | None, quick: bool, before: dict[str, Any], tell: Tell) -> dict[str, Any]:
    """The data, with all parts or the one measured anew."""
    data = dict(before)
    for name, measure in PARTS.items():
        if only in (None, name):
            data[name] = rounded(measure(tell, quick))
    linux = ".".join(platform.release().split(".")[:2])
    python = ".".join(platform.python_version_tuple()[:2])
    return {"machine": {"cores": os.cpu_count(), "linux": linux, "python": python}} | data


def rounded(value: Any) -> Any:
    """With four digits: more were never measured, and would only change with each run."""
    if isinstance(value, dict):
        return {name: rounded(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(each) for each in value]
    return float(f"{value:.4g}") if isinstance(value, float) else value


def write(folder: Path, data: dict[str, Any]) -> None:
    """Data, pictures and text. Raises OSError."""
    pictures = folder / "pictures"
    pictures.mkdir(parents=True, exist_ok=True)
    (pictures / "why.json").write_text(json.dumps(data) + "\n", encoding="utf-8")
    for name, draw in drawing.PICTURES.items():
        plots.save(draw(data[name]), pictures / f"why-{name}.svg")
    document = folder / DOCUMENT
    document.write_text(words.renewed(document.read_text(encoding="utf-8"), data), encoding="utf-8")


class Progress:
    """What is being done: one line that changes on a terminal, else a line each."""

    def __init__(self) -> None:
        self._live = sys.stderr.isatty()

    def tell(self, what: str) -> None:
        text = f"\r\x1b[K{what}…" if self._live else f"{what}…\n"
        print(text, end="", file=sys.stderr, flush=True)

    def end(self) -> None:
        if self._live:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def parser() -> argparse.ArgumentParser:
    flags = argparse.ArgumentParser(
        "why_limit.py", description=__doc__, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    flags.add_argument("--only", choices=PARTS, help="measure that part only")
    flags.add_argument("--draw", action="store_true", help="measure nothing")
    flags.add_argument("--quick", action="store_true", help="measure little, to see that it works; needs --to")
    flags.add_argument("--to", metavar="FOLDER", type=Path, help=f"where {DOCUMENT} and pictures/ are; default: docs")
    return flags


def main(argv: list[str] | None = None) -> int:
    flags = parser()
    options = flags.parse_args(argv)
    if options.quick and options.to is None:
        flags.error("--quick measures too little for the documentation: name another folder with --to")
    folder: Path = options.to or ROOT / "docs"
    progress = Progress()
    try:
        if not (folder / DOCUMENT).is_file():
            raise MeasureError(f"there is no {DOCUMENT} in {folder}")
        data = kept(folder, needed=options.draw or options.only is not None)
        if not options.draw:
            may_open(QUICK_FILES_NEEDED if options.quick else FILES_NEEDED)
            data = measured(options.only, options.quick, data, progress.tell)
        write(folder, data)
    except (MeasureError, SwarmError, OSError, subprocess.SubprocessError) as error:
        progress.end()
        print(f"why_limit.py: {error}", file=sys.stderr)
        return EXIT_FAILED
    except KeyboardInterrupt:
        progress.end()
        return EXIT_INTERRUPTED
    progress.end()
    print(f"{folder / DOCUMENT} and {len(drawing.PICTURES)} pictures are made anew")
    return EXIT_OK


def kept(folder: Path, needed: bool) -> dict[str, Any]:
    """What was measured before. Raises MeasureError if there is nothing and it is needed."""
    path = folder / "pictures" / "why.json"
    if not path.is_file():
        if needed:
            raise MeasureError(f"nothing was measured yet ({path} is missing): start it without --only and --draw")
        return {}
    data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return data


def may_open(needed: int) -> None:
    """Raises MeasureError if this process may not open so many files."""
    if (most := raise_file_limit()) < needed:
        raise MeasureError(f"this needs {needed:,} open files, and {most:,} are allowed: as root, 'ulimit -n {needed}'")


if __name__ == "__main__":
    sys.exit(main())
