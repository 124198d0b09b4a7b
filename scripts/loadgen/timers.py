"""Why: thousands of arrivals, departures and returns are due at moments of their own; a task for each is too much."""

import heapq
import itertools
from collections.abc import Callable

import trio

from .wire import Clock

AT_A_TIME = 8  # before others have their turn: each may open a connection


class Timers:
    """What is to be done at which moment."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._order = itertools.count()  # so that equal moments compare
        self._heap: list[tuple[int, int, Callable[[int], None]]] = []
        self._earlier = trio.Event()

    def add(self, moment: int, action: Callable[[int], None]) -> None:
        """Call it then, with that moment."""
        heapq.heappush(self._heap, (moment, next(self._order), action))
        if self._heap[0][0] == moment:
            self._earlier.set()

    def clear(self) -> None:
        """Nothing of it is to be done any more."""
        self._heap.clear()

    async def run(self) -> None:
        """Do what is due, until cancelled."""
        while True:
            for _ in range(AT_A_TIME):
                if not self._heap or self._heap[0][0] > self._clock.now():
                    break
                moment, _, action = heapq.heappop(self._heap)
                action(moment)
            self._earlier = trio.Event()
            with trio.move_on_after(max(0.0, self._rest())):
                await self._earlier.wait()

    def _rest(self) -> float:
        return (self._heap[0][0] - self._clock.now()) / 1e6 if self._heap else float("inf")
