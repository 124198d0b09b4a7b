"""Why: a message to a room of thousands is received thousands of times, and must cost its parsing once.

What was received is looked up, first as a whole, since many readers get the same piece, then line by line. In a room
of thousands almost every line tells of somebody who came or went; what matters to a client is picked out.
"""

import re
from typing import NamedTuple

from chatd.protocol import irc

from .deliveries import Message, Pack, read_text

# After so many lines or pieces the oldest are hardly asked for again.
LINES = 20_000
PIECES = 1_000
PIECE_BYTES = 8192  # a larger one is hardly received twice
MATTERS = re.compile(
    rb"(?:@[^ ]+ +)?(?::[^ ]+ +)?(?:PRIVMSG|PING|PONG|ERROR|NOTE|FAIL|001|002|004|005|366|4\d\d)(?![^ \r])"
)

Line = Message | irc.Message | None


class Piece(NamedTuple):
    """Whole lines, read."""

    pack: Pack | None  # this run's messages
    words: tuple[irc.Message, ...]  # what else matters, in order


class Pieces:
    """Reads pieces, for all clients of a process."""

    def __init__(self, token: str) -> None:
        self._token = token
        self._pieces: dict[bytes, Piece] = {}
        self._lines: dict[bytes, Line] = {}

    def read(self, whole: bytes) -> Piece:
        """Whole lines. The same bytes have the same meaning, so do not change what is returned."""
        piece = self._pieces.get(whole)
        if piece is None:
            piece = self._read(whole)
            if len(whole) <= PIECE_BYTES:
                if len(self._pieces) >= PIECES:
                    self._pieces.clear()
                self._pieces[whole] = piece
        return piece

    def _read(self, whole: bytes) -> Piece:
        messages: list[Message] = []
        words: list[irc.Message] = []
        lines = self._lines
        if len(lines) >= LINES:
            lines.clear()
        for line in whole.split(b"\n"):
            if line in lines:
                read = lines[line]
            else:
                read = lines[line] = self._read_line(line)
            if read is None:
                continue
            if isinstance(read, Message):
                messages.append(read)
            else:
                words.append(read)
        return Piece(Pack(messages) if messages else None, tuple(words))

    def _read_line(self, line: bytes) -> Line:
        if MATTERS.match(line) is None:
            return None
        message = irc.parse(line.rstrip(b"\r").decode(errors="replace"))
        if message.command == "PRIVMSG":
            return read_text(self._token, message.params[-1]) if message.params else None
        return message
