"""One client, as the chat knows it: its name, its rights, its rooms, and how to tell it something.

It has no socket: what it is told goes to `outbox`, and what ends it to its keeper, which is its session.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol

from .hosts import Network
from .pool import Ticket
from .protocol import irc, plain, replies
from .protocol.capabilities import STANDARD_REPLIES, form_of
from .protocol.event import Event, Form, msgid, server_time
from .protocol.farewell import Farewell, Reason
from .protocol.replies import Numeric
from .protocol.waiting import Note, Occupancy
from .room import Room, Sink

# What clients understand, so that they do not come back as they were. None for a full server: it would read as a ban.
_NUMERIC_OF = {
    Reason.BANNED: replies.ERR_YOUREBANNEDCREEP,
    Reason.WRONG_PASSWORD: replies.ERR_PASSWDMISMATCH,
}

# Modes of a client's own (modern.ircdocs.horse "User Modes", IRCv3 "bot mode").
BOT = "B"  # it is no person
INVISIBLE = "i"  # only those who share a room see it in lists

OF_A_BOT = {"bot": ""}  # IRCv3 bot mode: the tag of all that one does
GOODBYE = "Goodbye."  # to a plain client that leaves of its own will


class Standing(Enum):
    """How far a client has come."""

    HANDSHAKE = auto()  # has not introduced itself; holds no seat
    WAITING = auto()  # in line: has a name, and is invisible
    SEATED = auto()
    GONE = auto()


@dataclass(frozen=True, slots=True)
class Origin:
    """Who the server's own lines come from: its name, its wall clock (Unix time), and the numbers of messages, which
    grow, also from one start to the next."""

    name: str
    wall: Callable[[], float]
    numbers: Iterator[int]


class Keeper(Protocol):
    """Keeps a client's connection. Both may be called from inside a loop over clients: nobody leaves at once."""

    def close(self, farewell: Farewell, after: float = 0) -> None: ...

    def fault(self) -> None: ...


class Client:
    """One accepted connection. Times are of the wall clock, but for `arrived` and `seated_at`."""

    __slots__ = (
        "_keeper",
        "answers",
        "arrived",
        "away",
        "caps",
        "form",
        "further",
        "has_cap_302",
        "held",
        "host",
        "last_spoke",
        "lines",
        "modes",
        "negotiating",
        "network",
        "nick",
        "number",
        "origin",
        "outbox",
        "password",
        "realname",
        "rooms",
        "seated_at",
        "signed_on",
        "spoken_at",
        "standing",
        "ticket",
        "told_occupancy",
        "told_place",
        "unwelcome",
        "user",
    )

    def __init__(self, outbox: Sink, keeper: Keeper, host: str, origin: Origin) -> None:
        self.outbox = outbox
        self._keeper = keeper
        self.host = host  # its address, as lines show it
        self.origin = origin
        self.number = 0  # by which the log and the operator know it
        self.network: Network | None = None  # the host that it is counted for
        self.unwelcome: Farewell | None = None  # what it will be told as soon as it is known how
        self.password = ""
        self.arrived = 0.0
        self.seated_at = 0.0
        self.lines = 0  # that it has sent
        self.answers = 0  # lines that it was sent for its last one
        self.further = 0.0  # and lines that it cost besides: for targets, and for what was looked at
        self.standing = Standing.HANDSHAKE
        self.ticket: Ticket[Client] | None = None
        self.nick = ""
        self.user = ""
        self.realname = ""
        self.away = ""
        self.modes = ""  # the letters of its user modes, in order
        self.form: int = Form.IRC
        self.caps: frozenset[str] = frozenset()
        self.has_cap_302 = False  # it negotiates as version 302 has it, or a later one
        self.negotiating: bool | None = None  # CAP has begun; False when it has ended
        self.rooms: dict[str, Room[Client]] = {}
        self.held: dict[str, tuple[str, str]] = {}  # JOINs of a waiting client: folded name to name and key
        self.told_place = 0
        self.told_occupancy: Occupancy | None = None
        self.signed_on = 0.0
        self.last_spoke = 0.0
        self.spoken_at = 0.0  # when somebody last said something to it alone; of a plain client

    def __repr__(self) -> str:
        return f"<Client {self.nick or '?'} at {self.host}: {self.standing.name.lower()}>"

    def close(self, farewell: Farewell, after: float = 0) -> None:
        """Send the client away with these last words, when so many seconds are over."""
        self._keeper.close(farewell, after)

    def fault(self) -> None:
        """End the client for an error of the server's own: the exception that is being handled."""
        self._keeper.fault()

    @property
    def source(self) -> str:
        """What the lines of this client begin with for others."""
        return f"{self.nick}!{self.user}@{self.host}"

    @property
    def invisible(self) -> bool:
        return INVISIBLE in self.modes

    @property
    def is_bot(self) -> bool:
        return BOT in self.modes

    @property
    def is_plain(self) -> bool:
        return self.form == Form.PLAIN

    @property
    def dialect(self) -> str:
        return "plain" if self.is_plain else "irc"

    def set_caps(self, caps: frozenset[str]) -> None:
        self.caps = caps
        self.form = form_of(caps)

    def event(self, command: str, *params: str, text: str | None = None) -> Event:
        """Something that this client did."""
        return Event(self.source, command, params, text, self.origin.wall(), OF_A_BOT if self.is_bot else None)

    def message(self, command: str, target: str, text: str | None, tags: dict[str, str]) -> Event:
        """Something that this client says."""
        if self.is_bot:
            tags = OF_A_BOT | tags  # the server's own first (IRCv3 message tags)
        return Event(self.source, command, (target,), text, self.origin.wall(), tags, next(self.origin.numbers))

    def send(self, command: str, *params: str, text: str | None = None) -> None:
        """Tell the client one IRC line of the server's."""
        self.outbox.put(self.line(command, *params, text=text))

    def line(self, command: str, *params: str, text: str | None = None) -> bytes:
        """One IRC line of the server's, as the client reads it."""
        tags = irc.write_tags({"time": server_time(self.origin.wall())}) if self.form & Form.SERVER_TIME else ""
        return irc.write(command, params, text, self.origin.name, tags)

    def new_id(self) -> str:
        """What nothing else is called: a batch is."""
        return msgid(next(self.origin.numbers))

    def reply(self, numeric: Numeric, *params: str, text: str | None = None) -> None:
        """Answer with a numeric; a plain client reads its words."""
        text = numeric.text if text is None else text
        self.answers += 1
        if self.is_plain:
            self.outbox.put(plain.write(": ".join(part for part in (" ".join(params), text) if part)))
        else:
            self.send(numeric.code, self.nick or "*", *map(irc.word, params), text=text)

    def reply_words(self, numeric: Numeric, *params: str, words: Iterable[str]) -> None:
        """Answer with words that are not to be cut, on as many lines as they take."""
        for text in self.wrap(numeric, *params, words=words):
            self.reply(numeric, *params, text=text)

    def wrap(self, numeric: Numeric, *params: str, words: Iterable[str]) -> list[str]:
        """The words as the texts of as many lines as they take."""
        overhead = len(f":{self.origin.name} {' '.join((numeric.code, self.nick, *params))} :".encode())
        return irc.wrap(words, irc.TEXT_BYTES - overhead)

    def tell(self, sentence: str) -> None:
        """Tell the client a sentence, whatever its dialect."""
        self.answers += 1
        if self.is_plain:
            self.outbox.put(plain.write(sentence))
        else:
            self.send("NOTICE", self.nick or "*", text=sentence)

    def tell_note(self, note: Note) -> None:
        """A sentence, which programs that have negotiated standard replies can read too."""
        if STANDARD_REPLIES in self.caps:
            self.send("NOTE", "*", *note.words(), text=note.sentence)
        else:
            self.tell(note.sentence)

    def fail(self, command: str, code: str, sentence: str, *context: str) -> None:
        """Say what was wrong where no numeric does: IRCv3 wants FAIL of a server that says UTF8ONLY, whatever a client
        has negotiated."""
        if self.is_plain:
            self.tell(sentence)
        else:
            self.send("FAIL", command, code, *map(irc.word, context), text=sentence)

    def say_farewell(self, farewell: Farewell) -> None:
        """The last thing it is told."""
        if self.is_plain:
            self.outbox.put(plain.write(farewell.text if farewell.reason else GOODBYE))
            return
        if farewell.reason in _NUMERIC_OF:
            self.reply(_NUMERIC_OF[farewell.reason])
        if farewell.reason and STANDARD_REPLIES in self.caps:
            self.send("FAIL", "*", farewell.reason, text=farewell.sentence)
        # Without tags and source, as it may be read by who has negotiated nothing.
        self.outbox.put(irc.write("ERROR", text=f"Closing Link: {self.host} ({farewell.text})"))

    def need(self, command: str) -> None:
        """Not enough parameters."""
        self.reply(replies.ERR_NEEDMOREPARAMS, command)


def notify(clients: Iterable[Client], event: Event, cap: str = "") -> None:
    """Tell those of them who have that capability; without one, all."""
    for client in clients:
        if not cap or cap in client.caps:
            client.outbox.put(event.encode(client.form))
