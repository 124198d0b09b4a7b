"""Why: those who steer a run wait for what the books say, and are to be woken when it may have come true."""

import math
from collections.abc import Callable

import trio


class Bell:
    """Rung by those who write in the books, whenever there is something new."""

    def __init__(self) -> None:
        self._rung = trio.Event()

    def ring(self) -> None:
        """Something changed."""
        self._rung.set()
        self._rung = trio.Event()

    async def until(self, done: Callable[[], bool], patience: float = math.inf) -> bool:
        """Wait until it is done; whether it is. Gives up when nothing has changed for so long."""
        while not done():
            with trio.move_on_after(patience) as silence:
                await self._rung.wait()
            if silence.cancelled_caught:
                return done()
        return True
