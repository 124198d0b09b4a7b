"""The last that was said in a room, for who comes in: bounded in lines and in bytes. Synchronous, no I/O."""

import sys
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Callable
from itertools import islice
from typing import NamedTuple

from .protocol.event import Event, server_time

OBJECT_BYTES = 200  # of an entry besides its two texts: the tuple, the numbers and their place


Mark = int | str  # a place in it: the number of a message, or a time as tags write it, which sorts as text does


class Said(NamedTuple):
    """What is kept of an event."""

    source: str
    command: str
    text: str
    when: float
    number: int = 0

    @property
    def cost(self) -> int:
        """Bytes of memory."""
        return sys.getsizeof(self.source) + sys.getsizeof(self.text) + OBJECT_BYTES

    def event(self, room: str) -> Event:
        """What was said in that room, without the tags that its sender had added."""
        return Event(self.source, self.command, (room,), self.text, self.when, number=self.number)


class History:
    """Oldest first. Its bounds are passed in, as they may change."""

    __slots__ = ("_said", "bytes")

    def __init__(self) -> None:
        self._said: deque[Said] = deque()
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._said)

    def add(self, event: Event, lines: float, size: float) -> str:
        """Keep what was said, and forget the oldest as far as need be; the name of the bound that asked for it."""
        said = Said(event.source, event.command, event.text or "", event.when, event.number)
        self._said.append(said)
        self.bytes += said.cost
        bound = ""
        while len(self._said) > lines or self.bytes > size:
            bound = "history_lines" if len(self._said) > lines else "history_bytes"
            self.bytes -= self._said.popleft().cost
        return bound

    @property
    def last(self) -> float:
        """When the last of it was said."""
        return self._said[-1].when

    def span(self, mark: Mark) -> tuple[int, int]:
        """Where what was said there begins and ends: between these two, what comes before or after it is not."""
        key: Callable[[Said], Mark] = _number if isinstance(mark, int) else _time
        return bisect_left(self._said, mark, key=key), bisect_right(self._said, mark, key=key)

    def replay(
        self, room: str, form: int, most: int, start: int = 0, stop: int | None = None, from_end: bool = True
    ) -> bytes:
        """These lines as a reader of that form reads them, oldest first; if they are more than `most` bytes, as many as
        fit from their end, or from their beginning."""
        return b"".join(line for _, line in self.lines(room, form, most, start, stop, from_end))

    def lines(
        self, room: str, form: int, most: int, start: int = 0, stop: int | None = None, from_end: bool = True
    ) -> list[tuple[float, bytes]]:
        """The same, each with when it was said."""
        chosen = list(islice(self._said, start, stop))
        lines: list[tuple[float, bytes]] = []
        for said in reversed(chosen) if from_end else chosen:
            line = said.event(room).encode(form)
            most -= len(line)
            if most < 0:
                break
            lines.append((said.when, line))
        return lines[::-1] if from_end else lines


def _number(said: Said) -> int:
    return said.number


def _time(said: Said) -> str:
    return server_time(said.when)
