"""Who was here: those who have left or taken another name, for WHOWAS. The last so many. Synchronous, no I/O."""

from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

from .protocol import irc


class Former(NamedTuple):
    """Somebody as others saw him. `when` he ended to be that is Unix time."""

    nick: str
    user: str
    host: str
    realname: str
    when: float


class Departed:
    __slots__ = ("_formers",)

    def __init__(self) -> None:
        self._formers: deque[Former] = deque()  # the oldest first

    def __len__(self) -> int:
        return len(self._formers)

    def add(self, former: Former, most: int) -> bool:
        """Remember somebody. Whether somebody had to be forgotten, as at most so many are remembered."""
        self._formers.append(former)
        past = len(self._formers) > most
        while len(self._formers) > most:
            self._formers.popleft()
        return past

    def find(self, nick: str) -> Iterator[Former]:
        """All who had that name, the last of them first."""
        wanted = irc.fold(nick)
        return (former for former in reversed(self._formers) if irc.fold(former.nick) == wanted)
