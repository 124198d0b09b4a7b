"""Why: one place turns a command line into a run, its report and an exit code."""

import signal
import sys
from collections.abc import Sequence

import trio
from rich.console import Console

from .display import show
from .fleet import Fleet
from .options import NotThisHostError, Options, parse, resolve
from .page import MissingPlotsError, check_plots, write_page
from .report import print_report
from .result import as_text, result_of
from .verdict import judge

HOLDS, BROKEN, COULD_NOT_RUN, MET, INTERRUPTED = 0, 1, 2, 3, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program; its exit code."""
    options = parse(arguments)
    try:
        addresses = resolve(options)
        if options.html is not None:
            check_plots()  # now, and not after the run
    except (NotThisHostError, MissingPlotsError) as error:
        return _could_not_run(str(error))
    console = Console(highlight=False, emoji=False, markup=False)
    fleet = Fleet(options, addresses)
    trio.run(_run, fleet, console)
    if fleet.problem and not fleet.interrupted:
        return _could_not_run(fleet.problem)
    return _tell(fleet, options, console)


def _tell(fleet: Fleet, options: Options, console: Console) -> int:
    """Report it in all forms that were asked for; the exit code."""
    invariants = [] if fleet.interrupted else judge(fleet)
    if fleet.interrupted:
        exit_code = INTERRUPTED
    else:
        exit_code = BROKEN if any(invariant.holds is False for invariant in invariants) else HOLDS
    result = result_of(fleet, invariants, [], exit_code)
    if not fleet.interrupted:
        # What a threshold looks at is in the result, which tells in turn whether one was met.
        result["failures"] = [sentence for each in options.fail_if if (sentence := each.met(result)) is not None]
        if result["failures"] and exit_code == HOLDS:
            result["exit_code"] = exit_code = MET
    print_report(result, console)
    try:
        if options.json is not None:
            options.json.write_text(as_text(result), encoding="utf-8")
        if options.html is not None:
            write_page(result, options.html)
    except OSError as error:
        return _could_not_run(f"cannot write to {error.filename}: {error.strerror}")
    return exit_code


async def _run(fleet: Fleet, console: Console) -> None:
    async with trio.open_nursery() as nursery:
        await nursery.start(_end_when_told, fleet, nursery.cancel_scope)
        nursery.start_soon(show, fleet, console)
        await fleet.run()
        nursery.cancel_scope.cancel()


async def _end_when_told(
    fleet: Fleet, everything: trio.CancelScope, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
) -> None:
    with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        task_status.started()
        async for _ in signals:
            fleet.interrupted = True
            everything.cancel()


def _could_not_run(why: str) -> int:
    print(f"load.py: {why}.", file=sys.stderr)
    return COULD_NOT_RUN
