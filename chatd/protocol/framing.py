"""Bytes into lines, in bounded memory and with the same result however the bytes were cut on their way.

A line that is too long costs its sender an error, not the connection: it is thrown away up to its end. A line that
does not end at all cannot be answered and cannot be slowed; that is where the sender is given up.
"""

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

    def feed(self, data: bytes) -> list[bytes | Flaw]:
        """The lines that end in `data`, without their LF."""
        if self._ended:
            return []
        before = self._dropped
        if self._rest:
            data = self._rest + data
            self._rest = b""
        lines: list[bytes | Flaw] = []
        *ended, rest = data.split(b"\n")
        if not before and len(data) <= self._longest:
            self._rest = rest
            lines.extend(ended)
            return lines
        for line in ended:
            length = before + len(line)
            before = 0
            if length > self._endless:
                return self._end(lines)
            lines.append(line if length <= self._longest else Flaw.TOO_LONG)
        length = before + len(rest)
        if length > self._endless:
            return self._end(lines)
        if length <= self._longest:
            self._rest, self._dropped = rest, 0
        else:
            self._dropped = length
        return lines

    def relimit(self, longest: int) -> None:
        """Bound the lines to come otherwise. For the moment between two lines."""
        self._longest = longest

    @property
    def rest(self) -> bytes:
        """The beginning of the line that has not ended; empty when there is none or it is already too long."""
        return self._rest

    def _end(self, lines: list[bytes | Flaw]) -> list[bytes | Flaw]:
        self._ended = True
        return [*lines, Flaw.ENDLESS]
