"""What a task costs by itself: a program of its own, so that nothing else is in its memory. Prints bytes per task.

    python -m why.tasks COUNT
"""

import os
import sys

import trio
import trio.testing

from chatd.ops.meter import Meter


async def main(count: int) -> None:
    meter = Meter(os.getpid())
    before = meter.memory()
    async with trio.open_nursery() as nursery:
        for _ in range(count):
            nursery.start_soon(trio.sleep_forever)
        await trio.testing.wait_all_tasks_blocked()
        print(round((meter.memory() - before) / count))
        nursery.cancel_scope.cancel()


if __name__ == "__main__":
    trio.run(main, int(sys.argv[1]))
