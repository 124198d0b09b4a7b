"""One connection's conversation with an IRC server, without the connection: lines in, events and answers out.

It introduces us (capabilities, nickname), enters the rooms, answers pings, and writes what we ask for as lines.
"""

from collections.abc import Callable, Mapping

from chatd.protocol.irc import TEXT_BYTES, Message, parse, username, write

from . import events
from .events import Event
from .limits import Limits
from .reading import Reading
from .safe import sendable, show
from .splitting import split

# Of what a server offers, these are asked for. standard-replies bring the notes about seats and the waiting line.
WANTED = ("server-time", "message-tags", "echo-message", "standard-replies", "multi-prefix")
_TAKEN = frozenset(["433", "436", "437"])
_BAD_NAME = "432"
_SHORT = 9  # characters that every server allows in a nickname (RFC 1459 1.2)
_END_OF_GREETING = frozenset(["376", "422"])
# What others may see of our host and username at the longest; a server can change both without telling us.
_USER_AND_HOST_BYTES = 12 + 1 + 63


class Session:
    """`rooms` are those to enter, with their keys, empty for none.

    `random` gives a number from 0 to 1, for a nickname when the wanted one is taken.
    """

    def __init__(
        self,
        nick: str,
        rooms: Mapping[str, str],
        limits: Limits,
        random: Callable[[], float],
        password: str = "",
    ) -> None:
        self.registered = False
        self.waiting = False  # in line; a server that has no waiting line never says so
        self.error = ""  # what the server's ERROR said
        self.capabilities: set[str] = set()
        self._rooms = rooms
        self._limits = limits
        self._random = random
        self._password = password
        self._wanted_nick = nick
        self._tries = 0
        self._offered: list[str] = []
        self._answers: list[bytes] = []
        self._reading = Reading(limits)
        self._reading.nick = nick

    @property
    def nick(self) -> str:
        return self._reading.nick

    @property
    def seated(self) -> bool:
        return self.registered and not self.waiting

    @property
    def has_password(self) -> bool:
        return bool(self._password)

    @property
    def echoes(self) -> bool:
        """Whether the server sends us our own messages once it has delivered them."""
        return "echo-message" in self.capabilities

    def is_room(self, name: str) -> bool:
        return self._reading.features.is_room(name)

    def begin(self) -> None:
        if self._password:
            self._answer("PASS", text=self._password)
        self._answer("CAP", "LS", "302")
        self._answer("NICK", self.nick)
        self._answer("USER", username(self.nick, 10), "0", "*", text=self.nick)

    def take_answers(self) -> list[bytes]:
        """Lines to be sent by themselves, before anything that a person asked for."""
        answers, self._answers = self._answers, []
        return answers

    def receive(self, line: bytes, now: float) -> list[Event]:
        """Read one line. `now` is Unix time."""
        message = parse(_decode(line))
        match message.command, message.params:
            case "PING", params:
                self._answer("PONG", text=params[-1] if params else "")
                return []
            case "PONG", [*_, token]:
                return [events.Answered(at=now, token=show(token, self._limits.name_characters))]
            case "CAP", [_, subcommand, *rest]:
                self._negotiate(subcommand.upper(), rest)
                return []
            case "ERROR", [*_, text]:
                self.error = text[: self._limits.text_characters]
                return []
            case "001", [nick, *_]:
                self._reading.nick = nick[: self._limits.name_characters]
            case _, _ if not self.registered and (failed := self._greeting(message, now)) is not None:
                return failed
        found = self._reading.read(message, now)
        for event in found:
            self._follow(event)
        if message.command in _END_OF_GREETING and not self.registered:
            self.registered = True
            for room, key in self._rooms.items():
                self._answers.append(self.command("JOIN", room, *([key] if key else [])))
            found.insert(0, events.Registered(at=now, nick=show(self.nick, self._limits.name_characters)))
        return found

    # What we ask for. Names are as they are shown.

    def command(self, command: str, *names: str, text: str | None = None) -> bytes:
        """A line that asks for something. A name is one word, whatever was typed."""
        wire = [sendable(self._reading.wire(name)).replace(" ", "").lstrip(":") or "*" for name in names]
        return write(command, wire, None if text is None else sendable(text))

    def space(self, command: str, *names: str) -> int:
        """The bytes of text that such a line holds, as others get it with our name before it."""
        prefix = 1 + len(self.nick.encode()) + 1 + _USER_AND_HOST_BYTES + 1
        space = TEXT_BYTES + 2 - len(self.command(command, *names, text="")) - prefix
        longest = self._reading.features.topic_bytes if command == "TOPIC" else None
        return space if longest is None else min(space, longest)

    def say(self, where: str, text: str, action: bool = False) -> list[tuple[str, bytes]]:
        """The lines that say it, each with its part of the text. A long text takes several."""
        before, after = ("\x01ACTION ", "\x01") if action else ("", "")
        space = self.space("PRIVMSG", where) - len(before) - len(after)
        return [
            (part, self.command("PRIVMSG", where, text=before + part + after)) for part in split(sendable(text), space)
        ]

    # Becoming known

    def _negotiate(self, subcommand: str, rest: list[str]) -> None:
        if subcommand == "LS" and rest and not self.registered:
            for offer in rest[-1].split():
                name = offer.partition("=")[0]
                if name in WANTED and name not in self._offered:
                    self._offered.append(name)
            if len(rest) == 1:  # otherwise `*` stands first: more follows
                if self._offered:
                    self._answer("CAP", "REQ", text=" ".join(self._offered))
                else:
                    self._answer("CAP", "END")
        elif subcommand == "ACK" and rest:
            self.capabilities.update(name for name in rest[-1].split() if name in WANTED)
        elif subcommand == "DEL" and rest:
            self.capabilities.difference_update(rest[-1].split())
        if subcommand in ("ACK", "NAK") and not self.registered:
            self._answer("CAP", "END")

    def _greeting(self, message: Message, now: float) -> list[Event] | None:
        if message.command not in _TAKEN and message.command != _BAD_NAME:
            return None
        self._tries += 1
        if self._tries > self._limits.nick_tries:
            self.error = "No nickname that was tried is free or allowed"
            return []
        number = f"{int(self._random() * 9000) + 1000}"
        if message.command == _BAD_NAME and len(self.nick) > _SHORT:
            self._reading.nick = self.nick[:_SHORT]
        elif message.command == _BAD_NAME or self._tries > 2:
            self._reading.nick = f"guest{number}"
        else:
            self._reading.nick = f"{self.nick}_"
        self._answer("NICK", self.nick)
        what = show(message.params[-1] if message.params else "", self._limits.text_characters)
        wanted, nick = (show(name, self._limits.name_characters) for name in (self._wanted_nick, self.nick))
        return [events.Told(at=now, text=f"Not as {wanted}: {what}. Trying {nick}.")]

    def _follow(self, event: Event) -> None:
        match event:
            case events.Renamed(own=True, new=new):
                self._reading.nick = self._reading.wire(new)
            case events.Queued():
                self.waiting = True
            case events.Seated() | events.Joined(own=True):
                self.waiting = False

    def _answer(self, command: str, *words: str, text: str | None = None) -> None:
        if len(self._answers) < self._limits.urgent_lines:  # a server that asks for more at once gets no more
            self._answers.append(write(command, words, None if text is None else sendable(text)))


def _decode(line: bytes) -> str:
    text = line.rstrip(b"\r")
    try:
        return text.decode()
    except UnicodeDecodeError:
        return text.decode("latin-1")  # what older programs send
