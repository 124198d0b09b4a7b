"""How fast a client may talk: a token bucket that says how long to wait instead of saying no. Synchronous.

Kept as one number, the moment at which the bucket will be full again (the generic cell rate algorithm), so that it
costs a client a float and needs no refilling.
"""

_ROUNDING = 1e-6  # seconds; sums of many small costs are a little off, which is not to cost a line


class Pace:
    """`rate` is in lines per second, infinite for no bound; `burst` in lines. Both may change: they are passed in."""

    __slots__ = ("_full_at",)

    def __init__(self) -> None:
        self._full_at = 0.0

    def take(self, now: float, rate: float, burst: float, cost: float = 1.0) -> float:
        """Take the tokens for a line. Returns 0, or the seconds after which to ask again if there are too few."""
        full_at = max(self._full_at, now) + cost / rate
        wait = full_at - now - burst / rate
        if wait > _ROUNDING:
            return wait
        self._full_at = full_at
        return 0.0
