"""Something that happened, as each of its readers reads it: encoded once per wire form, when first needed.

A thousand members of a room speak few forms between them, so the work of a message is its encoding once and its
delivery a thousand times.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import IntEnum

from . import plain
from .irc import write, write_tags


class Form(IntEnum):
    """How lines are written for a reader: the dialect, and those capabilities that alter a line.

    A reader's form is the sum of these. They are no IntFlag, whose `&` takes longer than the line.
    """

    IRC = 0
    SERVER_TIME = 1
    MESSAGE_TAGS = 2
    PLAIN = 4
    EXTENDED_JOIN = 8


_OF_ANY_LINE = ~Form.EXTENDED_JOIN  # what alters a JOIN alone is not to have others encoded twice


class Event:
    """One line for many readers. `text` is its last parameter; `when` is Unix time; `tags` came from its sender.

    What was said has a `number`, of which its msgid is made for those who read tags (IRCv3 message-ids); 0 is none. A
    JOIN is given as the capability extended-join has it, and everybody else is shown the room alone. After a pause it
    `tells_time` to plain readers.
    """

    __slots__ = ("_wire", "command", "number", "params", "source", "tags", "tells_time", "text", "when")

    def __init__(
        self,
        source: str,
        command: str,
        params: tuple[str, ...],
        text: str | None,
        when: float,
        tags: Mapping[str, str] | None = None,
        number: int = 0,
    ) -> None:
        self.source = source
        self.command = command
        self.params = params
        self.text = text
        self.when = when
        self.tags: Mapping[str, str] = tags or {}
        self.number = number
        self.tells_time = False
        self._wire: dict[int, bytes] = {}

    @property
    def is_talk(self) -> bool:
        """Not what programs ask each other (CTCP other than ACTION), and no tags alone."""
        text = self.text
        return text is not None and (not text.startswith(plain.CTCP) or text.startswith(plain.ACTION))

    def encode(self, form: int) -> bytes:
        """The line in that form; empty if a reader of that form is not told."""
        if self.command != "JOIN":
            form &= _OF_ANY_LINE
        data = self._wire.get(form)
        if data is None:
            data = self._wire[form] = self._encode(form)
        return data

    def _encode(self, form: int) -> bytes:
        if form & Form.PLAIN:
            line = plain.render(self.source, self.command, self.params, self.text)
            return plain.write(to_the_minute(self.when)) + line if self.tells_time and line else line
        if self.command == "TAGMSG" and not form & Form.MESSAGE_TAGS:
            return b""
        params, text = self.params, self.text
        if self.command == "JOIN" and not form & Form.EXTENDED_JOIN:
            params, text = params[:1], None
        tags: dict[str, str] = {}
        if form & Form.SERVER_TIME:
            tags["time"] = server_time(self.when)
        if form & Form.MESSAGE_TAGS:
            if self.number:
                tags["msgid"] = msgid(self.number)
            tags.update(self.tags)
        return write(self.command, params, text, self.source, write_tags(tags))


def msgid(number: int) -> str:
    """The number of a message as tags show it."""
    return f"{number:x}"


def to_the_minute(when: float) -> str:
    """Unix time as a person reads it: UTC, as nobody knows where its readers are."""
    return f"{datetime.fromtimestamp(when, UTC):%Y-%m-%d %H:%M} UTC"


def date(when: float) -> str:
    """The same to the second, for what is looked up."""
    return f"{datetime.fromtimestamp(when, UTC):%Y-%m-%d %H:%M:%S} UTC"


def server_time(when: float) -> str:
    """Unix time as IRCv3 server-time writes it: UTC, with milliseconds."""
    moment = datetime.fromtimestamp(when, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"
