"""Why: a long run measures millions of times, and what that costs in memory must not depend on it.

Times are counted in classes that are two per cent wide, so every percentile is at most two per cent too high; the
largest is kept as it is.
"""

import math

SHORTEST = 1e-6  # s; all that is shorter is in the first class
LONGEST = 1e4  # s; all that is longer is in the last one
WIDTH = 1.02
_LOG_WIDTH = math.log(WIDTH)
_CLASSES = math.ceil(math.log(LONGEST / SHORTEST) / _LOG_WIDTH) + 1


class Histogram:
    """Counts of times in seconds."""

    __slots__ = ("_counts", "count", "longest")

    def __init__(self) -> None:
        self._counts = [0] * _CLASSES
        self.count = 0
        self.longest = 0.0

    def add(self, seconds: float) -> None:
        """Count one."""
        index = 0 if seconds <= SHORTEST else math.ceil(math.log(seconds / SHORTEST) / _LOG_WIDTH)
        self._counts[min(index, _CLASSES - 1)] += 1
        self.count += 1
        self.longest = max(self.longest, seconds)

    def percentile(self, percent: float) -> float | None:
        """The time that `percent` of the counted ones do not pass; None when nothing was counted."""
        if not self.count:
            return None
        wanted = max(1, math.ceil(self.count * percent / 100))
        seen = 0
        for index, count in enumerate(self._counts):
            seen += count
            if seen >= wanted:
                return min(SHORTEST * WIDTH**index, self.longest)
        return self.longest
