"""What the server notes of what it does: one line for each event, unless one cause makes more than anybody reads.

Ten thousand refusals in a storm are one fact. Each pair of event and cause may have so many lines within a second;
those beyond are counted, and one line tells the number when the second is over. Synchronous; the clock is passed in.

Causes are words of the server's own (`SERVER_FULL`), never what a client wrote: that goes into a field. So the pairs
are few, a pair is forgotten when its second is over, and past `PAIRS` at once the others share one account.
"""

import logging
from collections.abc import Callable

SECONDS = 1.0  # that lines of one event and cause are counted together
PAIRS = 256  # of event and cause that are counted apart; the server has about half as many words
_OTHERS = ("others", "")

log = logging.getLogger("chatd")


class _Window:
    """The lines of one event and cause in one second."""

    __slots__ = ("began", "ends", "level", "lines", "more")

    def __init__(self, began: float, level: int) -> None:
        self.began = began
        self.ends = began + SECONDS
        self.level = level
        self.lines = 0
        self.more = 0  # that were counted and not written


class Journal:
    """`most` tells how many lines a second one cause may have now, infinite for no bound. `wake` is called when a
    summary is to come that was not to come before; whoever waits for `next_summary` then looks again. `met` is called
    when a cause has had all its lines of a second."""

    def __init__(
        self,
        most: Callable[[], float],
        clock: Callable[[], float],
        wake: Callable[[], None] = lambda: None,
        met: Callable[[], None] = lambda: None,
    ) -> None:
        self.wake = wake
        self._met = met
        self._most = most
        self._clock = clock
        self._windows: dict[tuple[str, str], _Window] = {}  # in the order in which they end, as all are equally long

    def note(
        self, event: str, cause: str = "", *, level: int = logging.INFO, fault: bool = False, **fields: object
    ) -> None:
        """Log the event with its fields, or count it if its cause has had its lines. With `fault`, the traceback of the
        exception that is being handled is logged too."""
        now = self._clock()
        window = self._windows.get((event, cause))
        if window is None or now >= window.ends:
            window = self._window(event, cause, level, now)
        if window.lines < self._most():
            window.lines += 1
            _write(level, event, cause, fields, fault)
        else:
            window.more += 1
            if window.more == 1:
                self._met()
                self.wake()

    @property
    def next_summary(self) -> float:
        """When the first summary is due; infinite when there is none."""
        for window in self._windows.values():
            if window.more:
                return window.ends
        return float("inf")

    def summarise(self, now: float) -> None:
        """Write the summaries that are due, and forget the seconds that are over."""
        for pair, window in list(self._windows.items()):
            if window.ends > now:
                break  # the others end later
            self._end(pair, now)

    def flush(self) -> None:
        """Write all summaries, due or not: there will be no other chance."""
        now = self._clock()
        for pair in list(self._windows):
            self._end(pair, now)

    def _window(self, event: str, cause: str, level: int, now: float) -> _Window:
        """The account of a pair that has none, or whose second is over: that one's summary comes before new lines."""
        self.summarise(now)
        pair = (event, cause) if len(self._windows) < PAIRS else _OTHERS
        return self._windows.setdefault(pair, _Window(now, level))

    def _end(self, pair: tuple[str, str], now: float) -> None:
        window = self._windows.pop(pair)
        if window.more:
            event, cause = pair
            seconds = min(now, window.ends) - window.began
            _write(window.level, event, cause, {"more": window.more, "seconds": seconds})


def _write(level: int, event: str, cause: str, fields: dict[str, object], fault: bool = False) -> None:
    if cause:
        fields["cause"] = cause
    log.log(level, event, exc_info=fault, extra={"fields": fields})
