"""Things that have the same time allowance, in the order in which it runs out. Synchronous; the clock is passed in.

Who started first runs out first, so this needs no heap: starting again is a move to the end, and only the head ever
has to be looked at, however many there are.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class Deadlines(Generic[T]):
    """`allowance` is in seconds. `wake` is called when there is a first deadline where there was none."""

    __slots__ = ("_started", "_wake", "allowance")

    def __init__(self, allowance: float, wake: Callable[[], None]) -> None:
        self.allowance = allowance
        self._wake = wake
        self._started: OrderedDict[T, float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._started)

    def __iter__(self) -> Iterator[T]:
        """The items, the one whose time runs out first at the head."""
        return iter(self._started)

    def start(self, item: T, now: float) -> None:
        """Give the item its whole allowance, from now."""
        started = self._started
        first = not started
        started[item] = now
        started.move_to_end(item)
        if first:
            self._wake()

    def stop(self, item: T) -> bool:
        """Forget the item. Whether its time was running."""
        return self._started.pop(item, None) is not None

    @property
    def next(self) -> float:
        """When the first item runs out; infinite when there is none."""
        for started in self._started.values():
            return started + self.allowance
        return float("inf")

    def expire(self, now: float) -> list[T]:
        """Take out the items whose time is up."""
        expired = []
        while self.next <= now:
            item, _ = self._started.popitem(last=False)
            expired.append(item)
        return expired
