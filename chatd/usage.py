"""How near each bound is, how near it ever was, and how often it was met: what makes a limit monitorable.

Whoever enforces a bound says here how its use is read (`reads`), how far it went (`saw`) and when somebody met it
(`hit`). Numbers are read when somebody asks; nothing is written on the way of a message to its readers.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Sequence

from .bounds import Bound

LONG = (1, 3, 10, 30, 60, 180, 600, 1800, 3600, 4 * 3600, 24 * 3600)  # s; buckets for waits and visits
SHORT = (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3)  # s; buckets for what a machine does


class Usage:
    """Names are those of `Limits`."""

    def __init__(self) -> None:
        self.hits: Counter[str] = Counter()
        self._peaks: dict[str, float] = {}
        self._read: dict[str, Callable[[], float]] = {}

    def reads(self, name: str, read: Callable[[], float]) -> None:
        """`read` tells the use of that bound whenever somebody asks."""
        self._read[name] = read

    def hit(self, name: str) -> None:
        """Somebody has met that bound."""
        self.hits[name] += 1

    def saw(self, name: str, value: float) -> None:
        """The use of that bound went as far as `value`."""
        if value > self._peaks.get(name, 0):
            self._peaks[name] = value

    def in_use(self, bound: Bound) -> float | None:
        """What is used of it now; None where nothing is used up (a time, a rate, the length of a text)."""
        read = self._read.get(bound.name)
        return None if read is None else read()

    def peak(self, bound: Bound) -> float | None:
        """The most that ever was, as far as `saw` and those who asked have seen."""
        return self.levels(bound)[1]

    def levels(self, bound: Bound) -> tuple[float | None, float | None]:
        """`in_use` and `peak`, in one reading: some have to look at all clients."""
        now = self.in_use(bound)
        if now is not None:
            self.saw(bound.name, now)
        return now, self._peaks.get(bound.name, now)


class Histogram:
    """Counts of what was measured, in buckets: `counts[i]` are those up to `bounds[i]` seconds, the last all others."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def add(self, seconds: float) -> None:
        self.counts[bisect_left(self.bounds, seconds)] += 1
        self.total += seconds
