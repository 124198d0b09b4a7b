"""Things that have the same time allowance, in the order in which it runs out. Synchronous; the clock is passed in.

Who started first runs out first, so this needs no heap: starting again is a move to the end, and only the head ever
has to be looked at, however many there are.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class Deadlines(Generic[T]):
    """`allowance` is in seconds. `wake` is called when there may be an earlier first deadline than there was."""

    __slots__ = ("_allowance", "_lowered", "_started", "wake")

    def __init__(self, allowance: float, wake: Callable[[], None]) -> None:
        self._allowance = allowance
        self._lowered = float("-inf")  # when the allowance was made smaller
        self.wake = wake
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
            self.wake()

    def stop(self, item: T) -> bool:
        """Forget the item. Whether its time was running."""
        return self._started.pop(item, None) is not None

    def allow(self, allowance: float, now: float) -> None:
        """Change the allowance. A smaller one ends nothing at once: what runs already has all of it, from now."""
        if allowance < self._allowance:
            self._lowered = now
        self._allowance = allowance
        self.wake()

    @property
    def next(self) -> float:
        """When the first item runs out; infinite when there is none."""
        for started in self._started.values():
            return max(started, self._lowered) + self._allowance
        return float("inf")

    def expire(self, now: float, most: float = float("inf")) -> list[T]:
        """Take out the items whose time is up, at most so many of them."""
        expired: list[T] = []
        while self.next <= now and len(expired) < most:
            item, _ = self._started.popitem(last=False)
            expired.append(item)
        return expired
