"""The last that was said in a room, for who comes in: bounded in lines and in bytes. Synchronous, no I/O."""

import sys
from collections import deque
from typing import NamedTuple

from .protocol.event import Event

OBJECT_BYTES = 200  # of an entry besides its two texts: the tuple, the numbers and their place


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

    def replay(self, room: str, form: int, most: int) -> bytes:
        """The last lines as a reader of that form reads them, oldest first, as many as fit into `most` bytes."""
        lines: list[bytes] = []
        for said in reversed(self._said):
            line = said.event(room).encode(form)
            most -= len(line)
            if most < 0:
                break
            lines.append(line)
        return b"".join(reversed(lines))
