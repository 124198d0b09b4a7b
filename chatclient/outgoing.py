"""Lines that wait to be sent: bounded, in order, answers to the server before what a person typed.

When the server does not read, TCP blocks the sender, this fills, and whoever puts lines in is told or waits.
"""

from collections import deque
from collections.abc import Iterable

import trio

from .limits import Limits


class Outgoing:
    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._urgent: deque[bytes] = deque()
        self._lines: deque[bytes] = deque()
        self._filled = trio.Event()
        self._emptied = trio.lowlevel.ParkingLot()

    @property
    def space(self) -> int:
        """Lines that can be put now."""
        return max(0, self._limits.outgoing_lines - len(self._lines))

    @property
    def unsent(self) -> int:
        """Lines that were put and not taken."""
        return len(self._lines)

    def answer(self, lines: Iterable[bytes]) -> bool:
        """Put answers in front. False if the server asks and asks, and reads no answer."""
        self._urgent.extend(lines)
        if self._urgent:
            self._filled.set()
        return len(self._urgent) <= self._limits.urgent_lines

    def put_nowait(self, lines: list[bytes]) -> bool:
        """All of the lines, or none and False if there is no space for them."""
        if len(lines) > self.space:
            return False
        self._lines.extend(lines)
        if lines:
            self._filled.set()
        return True

    async def put(self, line: bytes) -> None:
        """Wait for space."""
        while not self.space:
            await self._emptied.park()
        self.put_nowait([line])

    async def take(self) -> bytes:
        """As much as is sent at a time, when there is something."""
        await self._filled.wait()
        taken: list[bytes] = []
        size = 0
        while (waiting := self._urgent or self._lines) and size < self._limits.send_bytes:
            taken.append(waiting.popleft())
            size += len(taken[-1])
        if not self._urgent and not self._lines:
            self._filled = trio.Event()
        self._emptied.unpark_all()
        return b"".join(taken)
