"""Why: a long run measures millions of times, and what that costs in memory must not depend on it.

Times are counted in classes that are two per cent wide, so every percentile is at most two per cent too high; the
largest is kept as it is. Only classes that count something exist, so that a histogram is small on its way from one
process to another, where several become one.
"""

import math
from typing import Self, TypedDict

SHORTEST = 1e-6  # s; all that is shorter is in the first class
LONGEST = 1e4  # s; all that is longer is in the last one
WIDTH = 1.02
_LOG_WIDTH = math.log(WIDTH)
_LAST = math.ceil(math.log(LONGEST / SHORTEST) / _LOG_WIDTH)


class Written(TypedDict):
    """A histogram on its way to another process."""

    counts: dict[str, int]
    longest: float


class Histogram:
    """Counts of times in seconds."""

    __slots__ = ("_counts", "count", "longest")

    def __init__(self) -> None:
        self._counts: dict[int, int] = {}
        self.count = 0
        self.longest = 0.0

    def add(self, seconds: float, count: int = 1) -> None:
        """Count this time, once or several times."""
        index = 0 if seconds <= SHORTEST else min(math.ceil(math.log(seconds / SHORTEST) / _LOG_WIDTH), _LAST)
        self._counts[index] = self._counts.get(index, 0) + count
        self.count += count
        if seconds > self.longest:
            self.longest = seconds

    def merge(self, other: "Histogram") -> None:
        """Count all that the other has counted."""
        for index, count in other._counts.items():
            self._counts[index] = self._counts.get(index, 0) + count
        self.count += other.count
        self.longest = max(self.longest, other.longest)

    def percentile(self, percent: float) -> float | None:
        """The time that `percent` of the counted ones do not pass; None when nothing was counted."""
        if not self.count:
            return None
        wanted = max(1, math.ceil(self.count * percent / 100))
        seen = 0
        for edge, count in self.buckets():
            seen += count
            if seen >= wanted:
                return min(edge, self.longest)
        return self.longest

    def buckets(self) -> list[tuple[float, int]]:
        """The classes that count something: the upper edge of each in seconds, and how many; shortest first."""
        return [(SHORTEST * WIDTH**index, count) for index, count in sorted(self._counts.items())]

    def taken(self) -> Written:
        """For another process; this one begins anew."""
        counts = {str(index): count for index, count in self._counts.items()}
        written: Written = {"counts": counts, "longest": self.longest}
        self._counts.clear()
        self.count = 0
        self.longest = 0.0
        return written

    @classmethod
    def read(cls, written: Written) -> Self:
        """What another process has counted."""
        histogram = cls()
        histogram._counts = {int(index): count for index, count in written["counts"].items()}
        histogram.count = sum(histogram._counts.values())
        histogram.longest = written["longest"]
        return histogram
