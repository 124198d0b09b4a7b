"""The edge between the wire and everything else: `show` on the way in, `sendable` on the way out."""

import re

from chatd.protocol.irc import unformatted
from chatd.protocol.safetext import neutralise

_UNSENDABLE = re.compile(r"[\x00\r\n]")  # they would end or break the line
_ELLIPSIS = "…"


def show(text: str, length: int, formatted: bool = True) -> str:
    """Remote text, safe to show, of at most `length` characters. If it is `formatted`, without IRC's formatting."""
    text = text[: length * 2]  # what is far too long is not even looked at
    return shorten(neutralise(unformatted(text) if formatted else text), length)


def shorten(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + _ELLIPSIS


def sendable(text: str) -> str:
    """Typed text without what a line of IRC cannot hold; bytes that were no UTF-8 become U+FFFD."""
    return _UNSENDABLE.sub("", text).encode(errors="surrogateescape").decode(errors="replace")
