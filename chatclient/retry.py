"""When to try again: as the server advises, longer after each failure, and not at the same moment as everyone else."""

from collections.abc import Callable

from .limits import Limits


class Backoff:
    """`random` gives a number from 0 to 1."""

    def __init__(self, limits: Limits, random: Callable[[], float]) -> None:
        self._limits = limits
        self._random = random
        self._failures = 0

    @property
    def failures(self) -> int:
        """In a row."""
        return self._failures

    def delay(self, advice: float | None, lasted: float) -> float:
        """Seconds until the next try, after a connection that lasted that long. Never less than the advice."""
        limits = self._limits
        if lasted >= limits.stable_after:
            self._failures = 0
        grown = limits.retry_first * limits.retry_growth ** min(self._failures, 50)  # beyond, only to overflow
        self._failures += 1
        wait = max(min(grown, limits.retry_longest), advice or 0.0)
        if advice and self._failures > 1:
            wait = max(wait, min(advice * limits.retry_growth ** min(self._failures - 1, 50), limits.retry_longest))
        return wait * (1 + limits.retry_jitter * self._random())
