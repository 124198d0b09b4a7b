"""IRC messages: reading one line, writing one line, names and their case.

Sources: RFC 1459 section 2.3, RFC 2812 section 2.3, modern.ircdocs.horse "Message Format", IRCv3 message-tags, batch.
"""

import re
from collections.abc import Iterable, Mapping

from .safetext import neutralise

# RFC 1459 2.3: 512 bytes, CR LF included. IRCv3 message tags: 8191 bytes of tags in all, `@` and the space included;
# of these a client may send 4094 of data, so 4096.
LINE_BYTES = 512
CLIENT_TAG_BYTES = 4096
TAG_BYTES = 8191
TEXT_BYTES = LINE_BYTES - 2
NAMED_BYTES = LINE_BYTES // 4  # of what a client wrote that an error names, so that it has room for its sentence

_ESCAPES = {";": r"\:", " ": r"\s", "\\": r"\\", "\r": r"\r", "\n": r"\n"}
_UNESCAPES = {":": ";", "s": " ", "\\": "\\", "r": "\r", "n": "\n"}
_ESCAPED = re.compile(r"\\(.?)", re.DOTALL)
_TO_ESCAPE = re.compile(r"[; \\\r\n]")

# modern.ircdocs.horse "Clients": a nickname begins with neither a digit nor a hyphen.
_NICKNAME = re.compile(r"[A-Za-z\[\]\\`_^{|}][A-Za-z0-9\[\]\\`_^{|}-]*")
# RFC 2812 1.3: no space, comma or BELL; control characters are kept out altogether.
_ROOM_NAME = re.compile(r"#[^\x00-\x20,\x7f-\x9f]+")
# modern.ircdocs.horse "IRC Formatting": bold, colours and the like.
_FORMATTING = re.compile(r"\x03(?:\d{1,2}(?:,\d{1,2})?)?|\x04(?:[0-9A-Fa-f]{6})?|[\x02\x0f\x11\x16\x1d\x1e\x1f]")
_NOT_USERNAME = re.compile(r"[^A-Za-z0-9._~-]")


class Message:
    """One IRC message. `source` is who it comes from, without the colon; the last of `params` may hold spaces."""

    __slots__ = ("command", "params", "source", "tags")

    def __init__(
        self,
        command: str,
        params: Iterable[str] = (),
        source: str = "",
        tags: Mapping[str, str] | None = None,
    ) -> None:
        self.command = command
        self.params = list(params)
        self.source = source
        self.tags: Mapping[str, str] = tags or {}

    def __repr__(self) -> str:
        return f"Message({self.command!r}, {self.params!r}, source={self.source!r}, tags={self.tags!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Message) and all(
            getattr(self, name) == getattr(other, name) for name in self.__slots__
        )

    __hash__ = None  # type: ignore[assignment]  # its parts can change

    @property
    def nick(self) -> str:
        """The nickname in the source; all of the source if that is a server's name."""
        return self.source.partition("!")[0]


def parse(line: str) -> Message:
    """Read one line without its line end. Never raises: what has no command is a message with an empty one."""
    tags: Mapping[str, str] = {}
    source = ""
    if line.startswith("@"):
        written, _, line = line[1:].partition(" ")
        tags = parse_tags(written)
        line = line.lstrip(" ")
    if line.startswith(":"):
        source, _, line = line[1:].partition(" ")
    head, colon, last = line.partition(" :")
    words = [word for word in head.split(" ") if word]  # not split(): other white space is no separator
    params = words[1:]
    if colon:
        params.append(last)
    return Message(words[0].upper() if words else "", params, source, tags)


def parse_tags(written: str) -> dict[str, str]:
    """Read message tags, `a=1;b`; the last of equal keys counts (IRCv3 message tags, "Rules for consumers")."""
    tags = {}
    for item in written.split(";"):
        key, _, value = item.partition("=")
        if key:
            tags[key] = _ESCAPED.sub(lambda m: _UNESCAPES.get(m[1], m[1]), value)
    return tags


def write_tags(tags: Mapping[str, str]) -> str:
    """Write message tags with the leading `@` and the trailing space; nothing for no tags."""
    if not tags:
        return ""
    written = (
        f"{key}={_TO_ESCAPE.sub(lambda m: _ESCAPES[m[0]], value)}" if value else key for key, value in tags.items()
    )
    return f"@{';'.join(written)} "


def with_tag(line: bytes, key: str, value: str) -> bytes:
    """A line that is written already, with one tag more, which stands first."""
    tag = write_tags({key: value}).encode()
    return tag[:-1] + b";" + line[1:] if line.startswith(b"@") else tag + line


def in_batch(lines: bytes, batch: str) -> bytes:
    """Whole lines as part of a batch, but for those that are part of one within (IRCv3 batch)."""
    each = lines.splitlines(keepends=True)
    return b"".join(line if line.startswith(b"@batch=") else with_tag(line, "batch", batch) for line in each)


def write(command: str, params: Iterable[str] = (), text: str | None = None, source: str = "", tags: str = "") -> bytes:
    """One line as bytes, CR LF included.

    `params` are single words; `text` is the last parameter, which may hold anything but line ends. What would pass
    512 bytes is cut, never inside a character. `tags` is what `write_tags` wrote.
    """
    words = " ".join((command, *params))
    line = f":{source} {words}" if source else words
    if text is not None:
        line = f"{line} :{text}"
    data = line.encode()
    if len(data) > TEXT_BYTES:
        data = data[:TEXT_BYTES].decode(errors="ignore").encode()
    return b"%b%b\r\n" % (tags.encode(), data)


def is_nickname(text: str, length: int) -> bool:
    """Whether it may be a nickname of at most `length` characters."""
    return len(text) <= length and _NICKNAME.fullmatch(text) is not None


def is_room_name(text: str, length: int) -> bool:
    """Whether it may be a room's name (`#` and more) of at most `length` bytes: all of it is to be seen."""
    return len(text.encode()) <= length and _ROOM_NAME.fullmatch(text) is not None and neutralise(text) == text


def username(text: str, length: int) -> str:
    """The part of it that may stand between `!` and `@`."""
    return _NOT_USERNAME.sub("", text)[:length] or "user"


_UPPER = bytes(range(ord("A"), ord("Z") + 1)).decode()
_FOLD = str.maketrans(_UPPER, _UPPER.lower())


def fold(name: str) -> str:
    """The form of a name that equals that of every other spelling of it: CASEMAPPING=ascii."""
    return name.translate(_FOLD) if not name.isascii() else name.lower()


def listed(written: str) -> dict[str, str]:
    """The names of a parameter that has commas between them, each once, by its folded form."""
    return {fold(name): name for name in written.split(",")}


class Mask:
    """A mask with `*` and `?` (modern.ircdocs.horse "Wildcard Expressions"), as an attacker writes it: never slow."""

    __slots__ = ("_between", "_first", "_last", "_least")

    def __init__(self, mask: str) -> None:
        first, *others = fold(mask).split("*")
        self._first = first
        self._last = others[-1] if others else None
        self._between = [piece for piece in others[:-1] if piece]
        self._least = len(mask) - len(others)

    def matches(self, text: str) -> bool:
        """Whether it fits all of the text."""
        if len(text) < self._least:
            return False
        text = fold(text)
        if self._last is None:
            return len(text) == len(self._first) and _stands(self._first, text, 0)
        at, end = len(self._first), len(text) - len(self._last)
        if not (_stands(self._first, text, 0) and _stands(self._last, text, end)):
            return False
        # To take the leftmost place of each piece is right, so nothing is ever tried twice.
        for piece in self._between:
            place = _find(piece, text, at, end)
            if place < 0:
                return False
            at = place + len(piece)
        return True


def _stands(piece: str, text: str, at: int) -> bool:
    """Whether the piece, in which `?` is any character, is there; the text is long enough."""
    if "?" not in piece:
        return text.startswith(piece, at)
    return all(wanted in ("?", found) for wanted, found in zip(piece, text[at : at + len(piece)], strict=True))


def _find(piece: str, text: str, start: int, end: int) -> int:
    """The leftmost place of the piece, -1 if there is none. All places are tried at once: bit n says whether the first
    n + 1 characters of the piece have just been read (the shift-and algorithm)."""
    if "?" not in piece:
        return text.find(piece, start, end)
    anything, wanted = 0, dict.fromkeys(piece, 0)
    for number, character in enumerate(piece):
        wanted[character] |= 1 << number
        anything |= (character == "?") << number
    read, whole = 0, 1 << (len(piece) - 1)
    for at in range(start, end):
        read = (read << 1 | 1) & (wanted.get(text[at], 0) | anything)
        if read & whole:
            return at - len(piece) + 1
    return -1


def count(written: str) -> int:
    """A number as clients write one, where no number, or one below 1, means no bound: 0."""
    return int(written) if written.isascii() and written.isdigit() and len(written) <= 9 else 0


def whole_mask(written: str) -> str:
    """A mask of a client's `nick!user@host` of which only a part may have been written: `ann`, `*@192.0.2.*`."""
    who, at, host = written.rpartition("@") if "@" in written else (written, "", "")
    nick, bang, user = who.partition("!")
    if at and not bang:
        nick, user = "", nick
    return f"{nick or '*'}!{user or '*'}@{host or '*'}"


def is_mask(text: str) -> bool:
    """Whether it may stand in a MODE as a word."""
    return not text.startswith(":") and not any(character in text for character in " ,")


def word(text: str) -> str:
    """The text as one word that may stand before the last parameter, for words that came from a client."""
    if text and " " not in text and not text.startswith(":"):
        return text
    return text.lstrip(":").replace(" ", "_") or "*"


def unformatted(text: str) -> str:
    """The text without bold, colours and the like. They are meant, so they are left out quietly."""
    return _FORMATTING.sub("", text)


def clip(text: str, size: int) -> str:
    """The beginning of it that fits `size` bytes, never cut inside a character."""
    data = text.encode()
    return text if len(data) <= size else data[:size].decode(errors="ignore")


def wrap(words: Iterable[str], size: int) -> list[str]:
    """Lines of words with spaces between them, each of at most `size` bytes (a longer word has a line of its own)."""
    lines: list[str] = []
    line: list[str] = []
    length = -1
    for word in words:
        needed = 1 + (len(word) if word.isascii() else len(word.encode()))
        if line and length + needed > size:
            lines.append(" ".join(line))
            line, length = [], -1
        line.append(word)
        length += needed
    if line:
        lines.append(" ".join(line))
    return lines
