"""Why: one place turns a command line into a comparison, its table and an exit code."""

import contextlib
import importlib.util
import json
import signal
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType

from loadgen.machine import TooFewFilesError, make_room_for
from rich.console import Console

from . import report
from .contest import SPARE, Contest
from .options import Options, parse
from .peers import PEERS, Peer
from .progress import Progress

MEASURED, AT_FAULT, COULD_NOT_RUN, INTERRUPTED = 0, 1, 2, 130
ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "compare.md"
PICTURE = ROOT / "docs" / "pictures" / "compare.svg"
BEGIN, END = "<!-- made by scripts/compare.py --write-docs: begin -->\n", "<!-- made by scripts/compare.py: end -->\n"
WIDTH_OF_A_FILE = 176
OTHER_FILES = 1000  # of a server: those of its own, and of connections that it has not noticed to be gone


def main(arguments: Sequence[str] | None = None, peers: Sequence[Peer] = PEERS) -> int:
    """Run the program; its exit code."""
    options = parse(arguments, peers)
    if options.listing:
        _list(options)
        return MEASURED
    files = max(options.plan.clients, options.plan.idle) + SPARE + OTHER_FILES
    try:
        make_room_for(files)
    except TooFewFilesError:
        return _could_not_run(
            f"{files:,} open files are needed, and this process may not have as many: "
            f"take fewer --clients, or raise the limit with 'ulimit -Hn {files}' as root"
        )
    if (options.svg or options.write_docs) and importlib.util.find_spec("matplotlib") is None:
        return _could_not_run("a picture needs the Python package matplotlib: start scripts/test once to get it")
    for peer in options.missing:
        print(f"compare.py: {peer.title} is not installed ({peer.get}).", file=sys.stderr)
    interrupted = False
    where = report.Circumstances.now()
    with _sigterm_is_an_interruption(), Progress() as progress:
        contest = Contest(options.peers, options.plan, progress)
        try:
            contest.run(options.turns)
        except KeyboardInterrupt:
            interrupted = True
    try:
        _tell(contest, options, where, interrupted)
    except (OSError, PageError) as error:
        return _could_not_run(str(error))
    return INTERRUPTED if interrupted else _judged(contest)


def _judged(contest: Contest) -> int:
    if any(result.faults for result in contest.results):
        return AT_FAULT
    return COULD_NOT_RUN if any(result.trouble for result in contest.results) else MEASURED


def _tell(contest: Contest, options: Options, where: report.Circumstances, interrupted: bool) -> None:
    results, plan = contest.results, options.plan
    if options.markdown:
        print(report.markdown(results, plan, where), end="")
    else:
        width = None if sys.stdout.isatty() else WIDTH_OF_A_FILE
        report.show(results, plan, where, Console(highlight=False, emoji=False, markup=False, width=width))
    for wrong in report.complaints(results):
        print(f"compare.py: {wrong}.", file=sys.stderr)
    if interrupted:
        print("Interrupted: this is what was known by then, and nothing is written.")
        return
    if options.json:
        found = report.as_json(results, plan, where)
        options.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    pictures = [options.svg] if options.svg else []
    if options.write_docs:
        pictures.append(PICTURE)
        before = PAGE.read_text(encoding="utf-8")
        PAGE.write_text(renewed(before, report.markdown(results, plan, where)), encoding="utf-8")
    if pictures:
        from .drawing import draw  # matplotlib takes a second to come

        for path in pictures:
            draw(results, path)


def renewed(page: str, table: str) -> str:
    """The page with that between its marks."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise PageError(f"{PAGE.name} has lost the marks between which the table belongs")
    return f"{before}{BEGIN}{table}{END}{after}"


class PageError(Exception):
    """The page cannot be renewed; the text says why."""


def _list(options: Options) -> None:
    for peer in options.peers:
        print(f"{peer.name:14} {peer.title}: {peer.version()}")
    for peer in options.missing:
        print(f"{peer.name:14} not installed; to get it: {peer.get}")


@contextlib.contextmanager
def _sigterm_is_an_interruption() -> Iterator[None]:
    def interrupt(_: int, __: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {each: signal.signal(each, interrupt) for each in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def _could_not_run(why: str) -> int:
    print(f"compare.py: {why}.", file=sys.stderr)
    return COULD_NOT_RUN
