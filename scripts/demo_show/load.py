"""Why: the crowd has a process of its own, as a picture that is drawn beside thousands of clients would disturb both.

It is started with the load script's words. One line of JSON on standard output tells how it stands (the fields of
`act.Crowd`), four times a second from the beginning on, until it is told to end (SIGTERM) or the crowd has gone.
"""

import json
import signal
import sys
from dataclasses import asdict

import trio
from loadgen.fleet import STARTING, Fleet
from loadgen.ledger import Kind
from loadgen.options import parse, resolve

from .act import Crowd

TELL_EVERY = 0.25  # s


def crowd(fleet: Fleet) -> Crowd:
    """How it stands."""
    ledger = fleet.ledger
    return Crowd(
        came=len(ledger.attempts) - ledger.count(Kind.UNTRIED),
        seated=ledger.seated,
        most_seated=ledger.peak,
        waiting=ledger.waiting,
        moved_up=ledger.count(Kind.QUEUED_SEATED),
        refused=dict(ledger.refusals.most_common()),
        unanswered=ledger.count(Kind.UNANSWERED),
        silent=ledger.count(Kind.SILENT) + ledger.count(Kind.FAILED),
        late=fleet.arrival_lateness.percentile(99) or 0.0,
    )


async def run(words: list[str]) -> str:
    """Until the crowd has gone. Why it could not come, if so."""
    options = parse(words)
    fleet = Fleet(options, resolve(options))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_tell, fleet)
        nursery.start_soon(_end_when_told, nursery.cancel_scope)
        await fleet.run()
        nursery.cancel_scope.cancel()
    return fleet.problem


async def _tell(fleet: Fleet) -> None:
    await fleet.bell.until(lambda: fleet.phase != STARTING)
    while True:
        print(json.dumps(asdict(crowd(fleet))), flush=True)
        await trio.sleep(TELL_EVERY)


async def _end_when_told(everything: trio.CancelScope) -> None:
    with trio.open_signal_receiver(signal.SIGTERM) as signals:
        async for _ in signals:
            everything.cancel()


if __name__ == "__main__":
    sys.exit(trio.run(run, sys.argv[1:]))
