"""How fast a client may talk: a token bucket that says how long to wait instead of saying no. Synchronous.

Kept as one number, the moment at which the bucket will be full again (the generic cell rate algorithm), so that it
costs a client a float and needs no refilling.
"""

_ROUNDING = 1e-6  # seconds; sums of many small costs are a little off, which is not to make anybody wait


class Pace:
    """`rate` is in lines per second, infinite for no bound; `burst` in lines. Both may change: they are passed in."""

    __slots__ = ("_full_at",)

    def __init__(self) -> None:
        self._full_at = 0.0

    def spend(self, now: float, rate: float, burst: float, cost: float = 1.0, growth: float = 1.0) -> float:
        """Spend the tokens for `cost` lines. Returns the seconds to wait before going on: 0 if there were enough.

        Who does not wait owes more each time, up to `growth` times what a whole burst takes to come back.
        """
        longest = burst / rate  # that an empty bucket takes to be full; less than before if the rate was raised
        self._full_at = max(now, min(self._full_at, now + longest * growth)) + cost / rate
        wait = self._full_at - now - longest
        return wait if wait > _ROUNDING else 0.0
