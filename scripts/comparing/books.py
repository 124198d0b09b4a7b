"""Why: a figure of a server that loses messages is worth nothing, so every message is looked for at every reader.

Several clients speak in turn, as people do, and each is to be read in order. What a reader has read is a state, and
most readers are in the same one and get the same pieces; so each step from state to state is worked out once and
looked up from then on. No sockets and no clock in here.
"""

import re
from collections import Counter
from functools import lru_cache
from typing import NamedTuple

SPEAKERS = 8
_STAMP = re.compile(rb"~(\d{1,9})~")
_FILLER = "the quick brown fox jumps over the lazy dog"  # so that a message is as long as people's are


def text(number: int) -> str:
    """What is said as message so-and-so."""
    return f"~{number}~ {_FILLER}"


class _State(NamedTuple):
    """Of a reader."""

    next: int = 0  # all messages before this one have been read
    ahead: frozenset[int] = frozenset()  # and these
    rest: bytes = b""  # a line that is not whole yet


class _Step(NamedTuple):
    """What a piece does to a reader."""

    to: _State
    fresh: tuple[int, ...]
    doubled: int
    misordered: int


@lru_cache(maxsize=1024)
def _step(state: _State, piece: bytes) -> _Step:
    whole, _, rest = (state.rest + piece).rpartition(b"\n")
    expected, ahead = state.next, set(state.ahead)
    fresh = []
    doubled = misordered = 0
    for number in map(int, _STAMP.findall(whole)):
        if number < expected or number in ahead:
            doubled += 1
            continue
        fresh.append(number)
        misordered += any(later > number and (later - number) % SPEAKERS == 0 for later in ahead)
        ahead.add(number)
        while expected in ahead:
            ahead.remove(expected)
            expected += 1
    return _Step(_State(expected, frozenset(ahead), rest), tuple(fresh), doubled, misordered)


class Books:
    """What has been said, and who has read it. Speakers and readers are numbered from 0."""

    def __init__(self, readers: int) -> None:
        self.sent = 0
        self.deliveries = 0
        self.doubled = 0
        self.misordered = 0
        self.read_by_all = 0  # all messages before this one
        self._states = [_State()] * readers
        self._waiting_for = Counter({0: readers})  # how many readers, by the message that they have to read next

    @property
    def lost(self) -> int:
        """Deliveries that did not come, or have not come yet."""
        return self.sent * len(self._states) - self.deliveries

    @property
    def faults(self) -> str:
        """What went wrong, in words; empty if nothing did."""
        counts = {"lost": self.lost, "doubled": self.doubled, "misordered": self.misordered}
        found = ", ".join(f"{count:,} {word}" for word, count in counts.items() if count)
        return f"messages were not delivered once and in order: {found}" if found else ""

    def send(self) -> tuple[int, str]:
        """Who says the next message, which is said now, and its text."""
        self.sent += 1
        return (self.sent - 1) % SPEAKERS, text(self.sent - 1)

    def read(self, reader: int, piece: bytes) -> tuple[int, ...]:
        """It has come to this reader. The messages in it that it had not read yet."""
        before = self._states[reader]
        after, fresh, doubled, misordered = _step(before, piece)
        self._states[reader] = after
        self.deliveries += len(fresh)
        self.doubled += doubled
        self.misordered += misordered
        if after.next != before.next:
            self._waiting_for[before.next] -= 1
            self._waiting_for[after.next] += 1
            while self.read_by_all < self.sent and not self._waiting_for[self.read_by_all]:
                del self._waiting_for[self.read_by_all]
                self.read_by_all += 1
        return fresh
