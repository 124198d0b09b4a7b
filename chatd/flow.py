"""Flow control before punishment: a client that sends or asks for too much is read from more slowly.

TCP then slows it down, nothing is lost and nobody else notices. While the server itself does not read, the client's
ping clock stands still (its answer is behind its own backlog), and now and then it is looked at whether it has left.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

import trio

from .connection import Connection
from .house import House
from .pace import Pace
from .watch import Watched


class Slowed(Watched, Protocol):
    @property
    def is_pinged(self) -> bool: ...


class Flow:
    """The pace at which one session may be read. `lines_left`: how many more lines' worth of a peer that was seen gone
    is handled."""

    __slots__ = ("_connection", "_house", "_pace", "_session", "lines_left")

    def __init__(self, house: House, connection: Connection, session: Slowed) -> None:
        self._house = house
        self._connection = connection
        self._session = session
        self._pace = Pace()
        self.lines_left: float | None = None

    async def spend(self, cost: float, bound: str = "message_rate") -> None:
        """Spend the tokens for so many lines, and wait until there are as many. `bound` is what asks for them."""
        if self.lines_left is None:
            limits = self._house.limits
            wait = self._pace.spend(trio.current_time(), limits.message_rate, limits.message_burst, cost)
            if wait:
                self._house.chat.usage.hit(bound)
                self._house.chat.usage.hit("message_burst")  # who has to wait has used it up
                await self._stand_still(wait)
        if self.lines_left is not None:
            self.lines_left -= cost
            await trio.lowlevel.checkpoint()

    async def catch_up(self) -> None:
        """Wait until the client has read its answers: who asks for much is slowed, not closed."""
        if len(self._connection.outbox) > self._house.limits.pause:
            self._house.chat.usage.hit("outbox_pause")
            with self._unwatched():
                await self._connection.outbox.drain()

    def take_line(self) -> bool:
        """Whether the line that was paid for is handled: of a peer that has left only a burst is."""
        return self.lines_left is None or self.lines_left >= 0

    async def _stand_still(self, wait: float) -> None:
        until = trio.current_time() + wait
        with self._unwatched():
            while (left := until - trio.current_time()) > 0:
                await trio.sleep(min(left, self._house.limits.look_interval))
                if self._connection.peer_has_left:
                    self._house.chat.usage.hit("look_interval")
                    self.lines_left = self._house.limits.message_burst
                    return

    @contextmanager
    def _unwatched(self) -> Iterator[None]:
        self._house.watch.hush(self._session)
        yield
        if self._session.is_pinged:
            self._house.watch.heard(self._session)
