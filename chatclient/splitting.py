"""A message that is too long for one IRC line becomes several, whole to the last byte.

A server sends on what it gets with the sender's name before it and cuts what then passes 512 bytes; nobody is told.
"""

import unicodedata
from collections.abc import Iterator

_JOINER = "\N{ZERO WIDTH JOINER}"
_SPACE_WITHIN = 0.75  # a space in the last quarter of a line is a better place to break than mid-word


def split(text: str, size: int) -> Iterator[str]:
    """Pieces of at most `size` bytes of UTF-8, which put together are the text; none for an empty one."""
    while text:
        piece = _first(text, max(size, 4))  # 4 bytes: one character always fits
        yield piece
        text = text[len(piece) :]


def _first(text: str, size: int) -> str:
    data = text.encode(errors="replace")
    if len(data) <= size:
        return text
    end = len(data[:size].decode(errors="ignore"))
    space = text.rfind(" ", int(end * _SPACE_WITHIN), end)
    if space > 0:
        return text[: space + 1]
    whole = end
    while whole > 0 and _continues(text, whole):
        whole -= 1
    return text[: whole or end]


def _continues(text: str, at: int) -> bool:
    """Whether the character there belongs to the one before it."""
    return unicodedata.combining(text[at]) > 0 or text[at] == _JOINER or text[at - 1] == _JOINER
