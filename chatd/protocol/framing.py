"""Bytes into lines, in bounded memory and with the same result however the bytes were cut on their way.

A line that is too long costs its sender an error, not the connection: it is thrown away up to its end. A line that
does not end at all cannot be answered and cannot be slowed; that is where the sender is given up.
"""

from collections.abc import Iterator
from enum import Enum, auto


class Flaw(Enum):
    """What can come in the place of a line."""

    TOO_LONG = auto()  # it was thrown away
    NOT_UTF8 = auto()  # it was thrown away
    INTERRUPT = auto()  # telnet's Ctrl-C
    ENDLESS = auto()  # nothing follows: the rest of the connection is this line


class LineFramer:
    """Splits a stream at LF. Holds at most `longest` bytes; a line of more than `endless` bytes is the last."""

    __slots__ = ("_dropped", "_ended", "_endless", "_longest", "_rest")

    def __init__(self, longest: int, endless: int) -> None:
        self._longest = longest
        self._endless = endless
        self._rest = b""  # of the line that has not ended
        self._dropped = 0  # bytes of it that were thrown away, in which case _rest is empty
        self._ended = False

    def feed(self, data: bytes) -> Iterator[bytes | Flaw]:
        """The lines that end in `data`, without their LF, split off one by one as they are asked for."""
        at = 0
        while not self._ended:
            end = data.find(b"\n", at)
            piece = data[at:] if end < 0 else data[at:end]
            length = self._dropped + len(self._rest) + len(piece)
            if length > self._endless:
                self._ended = True
                self._rest = b""
                yield Flaw.ENDLESS
            elif end < 0:
                self._keep(piece, length)
                return
            else:
                line = self._rest + piece if self._rest else piece
                self._rest, self._dropped = b"", 0
                at = end + 1
                yield line if length <= self._longest else Flaw.TOO_LONG

    @property
    def rest(self) -> bytes:
        """The beginning of the line that has not ended; empty when there is none or it is already too long."""
        return self._rest

    @property
    def is_dropping(self) -> bool:
        """Whether the line that has not ended is too long already."""
        return self._dropped > 0

    def _keep(self, piece: bytes, length: int) -> None:
        if length <= self._longest:
            self._rest += piece
        else:
            self._rest, self._dropped = b"", length
