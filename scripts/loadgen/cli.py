"""Why: one place turns a command line into a run, its report and an exit code."""

import json
import signal
import sys
from collections.abc import Sequence

import trio
from rich.console import Console

from .crowd import Crowd
from .display import show
from .machine import TooFewFilesError, make_room_for
from .options import NotThisHostError, parse, resolve
from .report import as_json, print_report
from .verdict import judge

HOLDS, BROKEN, COULD_NOT_RUN, INTERRUPTED = 0, 1, 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program; its exit code."""
    options = parse(arguments)
    try:
        addresses = resolve(options)
        open_files = make_room_for(options.clients)
    except (NotThisHostError, TooFewFilesError) as error:
        return _could_not_run(str(error))
    console = Console(highlight=False, emoji=False)
    crowd = Crowd(options, addresses)
    trio.run(_run, crowd, console)
    if crowd.problem and not crowd.interrupted:
        return _could_not_run(crowd.problem)

    stages = {"at the end": crowd.ledger.rows()}
    if crowd.after_hold is not None:
        stages["after the hold"] = crowd.after_hold
    invariants = [] if crowd.interrupted else judge(crowd.ledger, crowd.deliveries, stages, crowd.unfilled)
    if crowd.interrupted:
        exit_code = INTERRUPTED
    else:
        exit_code = BROKEN if any(invariant.holds is False for invariant in invariants) else HOLDS
    print_report(crowd, invariants, console)
    if options.json is not None:
        result = as_json(crowd, invariants, open_files, exit_code)
        try:
            options.json.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
        except OSError as error:
            return _could_not_run(f"cannot write to {options.json}: {error.strerror}")
    return exit_code


async def _run(crowd: Crowd, console: Console) -> None:
    async with trio.open_nursery() as nursery:
        await nursery.start(_end_when_told, crowd, nursery.cancel_scope)
        nursery.start_soon(show, crowd, console)
        await crowd.run()
        nursery.cancel_scope.cancel()


async def _end_when_told(
    crowd: Crowd, everything: trio.CancelScope, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
) -> None:
    with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        task_status.started()
        async for _ in signals:
            crowd.interrupted = True
            everything.cancel()


def _could_not_run(why: str) -> int:
    print(f"load.py: {why}.", file=sys.stderr)
    return COULD_NOT_RUN
