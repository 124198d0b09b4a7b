"""One client's bytes in, its lines out: framing, telnet, dialect and text decoding put together.

However the bytes are cut, the lines are the same; whatever they are, nothing is raised and the memory stays bounded.
"""

from .dialect import TLS_HELLO, Dialect, decide
from .framing import Flaw, LineFramer
from .irc import CLIENT_TAG_BYTES, LINE_BYTES, TEXT_BYTES
from .telnet import Telnet

_DROPPED = {code: None for code in range(0x20) if code != ord("\t")}
_IRC_DROPPED = {0: None, ord("\r"): None}  # modern.ircdocs.horse "Message Format": neither may stand in a message


class Intake:
    """Reads one client. `dialect` is None until the first line has decided it.

    `plain_line` bounds a line of the plain dialect, `endless` any line, both in bytes. An IRC line is bounded by its
    specification.
    """

    __slots__ = ("_framer", "_plain_line", "_telnet", "dialect")

    def __init__(self, plain_line: int, endless: int) -> None:
        self.dialect: Dialect | None = None
        self._plain_line = plain_line
        self._framer = LineFramer(CLIENT_TAG_BYTES + LINE_BYTES, endless)
        self._telnet: Telnet | None = Telnet()

    def feed(self, data: bytes) -> list[str | Flaw]:
        """The lines that end in `data`. Empty ones are left out in IRC, and are a pressed Enter in `plain`."""
        lines: list[str | Flaw] = []
        while data and self._telnet is not None:  # a line at a time: the first one may end telnet's part in this
            head, end, data = data.partition(b"\n")
            self._feed_text(self._telnet, head + end, lines)
        if data and self.dialect is Dialect.IRC:
            for line in self._framer.feed(data):
                self._append_irc(line, lines)
        return lines

    def finish(self) -> list[str | Flaw]:
        """What stands at the end of input without a line end: a line in `plain`, nothing in IRC."""
        rest = self._framer.rest
        return [] if self.dialect is Dialect.IRC or not rest else self.feed(b"\n")

    def take_answer(self) -> bytes:
        """What is to be sent back to a telnet client, once."""
        if self._telnet is None or not self._telnet.answer:
            return b""
        answer, self._telnet.answer = self._telnet.answer, b""
        return answer

    def _feed_text(self, telnet: Telnet, data: bytes, lines: list[str | Flaw]) -> None:
        text = telnet.strip(data)
        lines.extend([Flaw.INTERRUPT] * telnet.interrupts)
        telnet.interrupts = 0
        for line in self._framer.feed(text):
            if self.dialect is None:
                self._decide(decide(line) if isinstance(line, bytes) else Dialect.PLAIN)
            if self.dialect is Dialect.PLAIN:
                lines.append(self._plain(line))
            elif self.dialect is Dialect.IRC:
                self._append_irc(line, lines)
        if self.dialect is None and self._framer.rest.startswith(TLS_HELLO):
            self._decide(Dialect.TLS)

    def _decide(self, dialect: Dialect) -> None:
        self.dialect = dialect
        if dialect is not Dialect.PLAIN:
            self._telnet = None

    def _plain(self, line: bytes | Flaw) -> str | Flaw:
        if isinstance(line, Flaw):
            return line
        if len(line.rstrip(b"\r")) > self._plain_line:
            return Flaw.TOO_LONG
        try:
            return line.decode().translate(_DROPPED)
        except UnicodeDecodeError:
            return Flaw.NOT_UTF8

    @staticmethod
    def _append_irc(line: bytes | Flaw, lines: list[str | Flaw]) -> None:
        if isinstance(line, Flaw):
            lines.append(line)
            return
        line = line.rstrip(b"\r")
        if len(line) > TEXT_BYTES and _overlong(line):
            lines.append(Flaw.TOO_LONG)
            return
        try:
            text = line.decode()
        except UnicodeDecodeError:
            lines.append(Flaw.NOT_UTF8)
            return
        if "\r" in text or "\0" in text:
            text = text.translate(_IRC_DROPPED)
        if text:
            lines.append(text)


def _overlong(line: bytes) -> bool:
    if not line.startswith(b"@"):
        return True
    tags, _, rest = line.partition(b" ")
    return len(tags) + 1 > CLIENT_TAG_BYTES or len(rest) > TEXT_BYTES
