"""One client's bytes in, its lines out: framing, telnet, dialect and text decoding put together.

However the bytes are cut, the lines are the same; whatever they are, nothing is raised and the memory stays bounded.
"""

from collections.abc import Iterable, Iterator

from .dialect import TLS_HELLO, Dialect, decide
from .framing import Flaw, LineFramer
from .irc import CLIENT_TAG_BYTES, LINE_BYTES, TEXT_BYTES, Message, parse
from .telnet import Telnet

_DROPPED = {code: None for code in range(0x20) if code != ord("\t")}
_IRC_DROPPED = {0: None, ord("\r"): None}  # modern.ircdocs.horse "Message Format": neither may stand in a message
COMMAND_LENGTH = 20  # characters; no command of any specification has more


class Intake:
    """Reads one client. `dialect` is None until the first line has decided it.

    `plain_line` bounds a line of the plain dialect, `endless_line` any line, both in bytes. An IRC line is bounded by
    its specification.
    """

    __slots__ = ("_broken", "_framer", "_telnet", "dialect", "endless_line", "plain_line")

    def __init__(self, plain_line: int, endless_line: int) -> None:
        self.dialect: Dialect | None = None
        self._broken = b""  # the last IRC line that was not UTF-8
        self.plain_line = plain_line
        self.endless_line = endless_line
        self._framer = LineFramer(CLIENT_TAG_BYTES + LINE_BYTES, endless_line)
        self._telnet: Telnet | None = Telnet()

    def feed(self, data: bytes) -> Iterator[str | Flaw]:
        """The lines that end in `data`, one by one as they are asked for, so that their reader sets the pace.

        Empty ones are left out in IRC, and are a pressed Enter in `plain`. Ask for all of them before the next call.
        """
        while data and self.dialect is None:  # the first line alone: it decides how the rest is read
            head, end, data = data.partition(b"\n")
            yield from self._text(head + end)
        if data and self.dialect is Dialect.PLAIN:
            yield from self._text(data)
        elif data and self.dialect is Dialect.IRC:
            yield from self._irc(self._framer.feed(data))

    def finish(self) -> Iterator[str | Flaw]:
        """What stands at the end of input without a line end: a line in `plain`, nothing in IRC."""
        if self.dialect is not Dialect.IRC and self._framer.rest:
            yield from self.feed(b"\n")

    def take_answer(self) -> bytes:
        """What is to be sent back to a telnet client, once."""
        if self._telnet is None or not self._telnet.answer:
            return b""
        answer, self._telnet.answer = self._telnet.answer, b""
        return answer

    def take_broken(self) -> Message:
        """What can be read of the line that was not UTF-8, once; its command is `*` if that is no word."""
        broken, self._broken = parse(self._broken.decode(errors="replace")), b""
        command = broken.command
        if not (command.isascii() and command.isalpha() and len(command) <= COMMAND_LENGTH):
            broken.command = "*"
        return broken

    def _text(self, data: bytes) -> Iterator[str | Flaw]:
        assert self._telnet is not None  # only IRC has none
        for number, piece in enumerate(self._telnet.strip(data)):
            if number:
                yield Flaw.INTERRUPT
            if self.dialect is None and self._begins_as_tls(piece):
                self._decide(Dialect.TLS)  # it has no lines
                return
            for line in self._framer.feed(piece):
                if self.dialect is None:
                    self._decide(decide(line) if isinstance(line, bytes) else Dialect.PLAIN)
                if self.dialect is Dialect.PLAIN:
                    yield self._plain(line)
                elif self.dialect is Dialect.IRC:
                    yield from self._irc((line,))

    def _begins_as_tls(self, text: bytes) -> bool:
        beginning = self._framer.rest + text[: len(TLS_HELLO)]
        return beginning.startswith(TLS_HELLO) and not self._framer.is_dropping

    def _decide(self, dialect: Dialect) -> None:
        self.dialect = dialect
        if dialect is not Dialect.PLAIN:
            self._telnet = None

    def _plain(self, line: bytes | Flaw) -> str | Flaw:
        if isinstance(line, Flaw):
            return line
        if len(line.rstrip(b"\r")) > self.plain_line:
            return Flaw.TOO_LONG
        try:
            return line.decode().translate(_DROPPED)
        except UnicodeDecodeError:
            return Flaw.NOT_UTF8

    def _irc(self, lines: Iterable[bytes | Flaw]) -> Iterator[str | Flaw]:
        for line in lines:
            if isinstance(line, Flaw):
                yield line
                continue
            line = line.rstrip(b"\r")
            if len(line) > TEXT_BYTES and _overlong(line):
                yield Flaw.TOO_LONG
                continue
            try:
                text = line.decode()
            except UnicodeDecodeError:
                self._broken = line
                yield Flaw.NOT_UTF8
                continue
            if "\r" in text or "\0" in text:
                text = text.translate(_IRC_DROPPED)
            if text:
                yield text


def _overlong(line: bytes) -> bool:
    if not line.startswith(b"@"):
        return True
    tags, _, rest = line.partition(b" ")
    return len(tags) + 1 > CLIENT_TAG_BYTES or len(rest) > TEXT_BYTES
