"""Why: what the server does to a client is only known to one that behaves like a client.

A client says hello, asks for the room, answers pings and reads until it is to leave or is told why it may not stay. It
knows neither sockets nor clocks: it is fed what was received, and gives back what is to be sent and what happened.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto

from chatd.protocol import irc
from chatd.protocol.farewell import parse_farewell
from chatd.protocol.waiting import Queued, Seated, parse_note

from .deliveries import Inbox, Mail
from .pieces import Pieces
from .wire import Arrival, Event, What

LONGEST_REST = 16384  # bytes without a line end; IRC's longest line has 8,703 with its tags
LIMIT_TOKEN = "CHATD.MAXCLIENTS="
REASON_LENGTH = 40
NICK_TRIES = 5
# How an IRC server says that a JOIN is not granted (RFC 2812 3.2.1 and later ones), first of all 471: the room is full.
JOIN_DENIED = {"403", "405", "437", "471", "473", "474", "475", "476", "477", "489"}
# A server cannot make anybody read its last words; one who did not read has no claim to a reason.
UNREAD = "cut off while it did not read"
READS_AGAIN = "load.py-reads-again"  # a ping; what the server was late with comes before its answer


class Stage(Enum):
    """Where a client is."""

    TRYING = auto()
    WAITING = auto()
    SEATED = auto()
    OVER = auto()  # for the books: the connection may still be open


@dataclass
class Common:
    """What all clients of a process have in common."""

    room: str
    patience: int  # microseconds
    pieces: Pieces
    another_nick: Callable[[int], str]
    mail: Mail = field(default_factory=Mail)
    unread_mail: Mail = field(default_factory=Mail)  # of those who stop reading, to whom nothing is owed
    limit: int | None = None  # told last
    server: str = ""


@dataclass
class Reaction:
    """What comes of something."""

    send: bytes = b""
    events: list[Event] = field(default_factory=list)
    hang_up: bool = False
    listen: bool = False  # whether it wants to read may have changed


class Client:
    """One of them, from its connect to its end."""

    def __init__(self, arrival: Arrival, nick: str, common: Common, now: int) -> None:
        self.arrival = arrival
        self.stage = Stage.TRYING
        self.reading = True
        self.inbox: Inbox | None = None  # of one that is seated
        self.last_said = (0, 0)  # the number of its last message, and when it was sent
        self.retry_after: int | None = None  # seconds, as the server advised
        self.deadline: int | None = now + common.patience
        self._common = common
        self._number = arrival.number
        self._nick = nick
        self._nick_tries = 1
        self._connected = False
        self._keeps_up = arrival.reads
        self._join_again = False
        self._failure = ""
        self._rest = b""

    def connected(self, now: int) -> bytes:
        """What it says first."""
        self._connected = True
        self._expect_answer(now)
        return (
            irc.write("CAP", ["REQ"], "standard-replies server-time")
            + irc.write("NICK", [self._nick])
            + irc.write("USER", ["load", "0", "*"], "load.py")
            + irc.write("CAP", ["END"])
            + irc.write("JOIN", [self._common.room])
        )

    def feed(self, received: bytes, now: int) -> Reaction | None:
        """This came. None if nothing follows from it."""
        whole = self._rest + received if self._rest else received
        if whole[-1] == 10:
            self._rest = b""
        else:
            whole, newline, self._rest = whole.rpartition(b"\n")
            if len(self._rest) > LONGEST_REST:
                return self.ended("a line without an end", now)
            if not newline:
                return None
        pack, words = self._common.pieces.read(whole)
        inbox = self.inbox
        if pack is not None and inbox is not None:
            self._failure = ""
            inbox.take(pack)
        if not words:
            return None
        reaction = Reaction()
        for message in words:
            self._hear(message, now, reaction)
        if pack is not None and inbox is None and self.inbox is not None:
            self.inbox.take(pack)  # they came behind its seat
        return reaction

    def ended(self, how: str, now: int) -> Reaction:
        """The connection is over, or not worth having any more."""
        reaction = Reaction(hang_up=True)
        if self._failure:
            self._end(What.REFUSED, self._failure, now, reaction)
        elif self.stage is Stage.SEATED and not self._keeps_up:
            self._end(What.REFUSED, UNREAD, now, reaction)
        else:
            self._end(What.SILENT if self._connected else What.FAILED, how, now, reaction)
        return reaction

    def overdue(self, now: int) -> Reaction:
        """Its deadline has passed."""
        return self.ended(f"no answer in {self._common.patience / 1e6:g} s", now)

    def leave(self, now: int) -> Reaction:
        """Hang up, politely: the server closes the connection."""
        reaction = Reaction(irc.write("QUIT", text="load.py is done"), listen=True)
        self._end(What.LEAVES, 0, now, reaction)
        return reaction

    def read_again(self, now: int) -> Reaction:
        """One that had stopped reading goes on, and finds out whether it is still a member."""
        self.reading = True
        self._expect_answer(now)
        return Reaction(irc.write("PING", [READS_AGAIN]), listen=True)

    def message(self, text: str) -> bytes:
        """A message to the room, as it is sent."""
        return irc.write("PRIVMSG", [self._common.room], text)

    # -- what the server says -----------------------------------------------------------------------------------------

    def _hear(self, message: irc.Message, now: int, reaction: Reaction) -> None:
        parameters = message.params
        self._failure = ""  # it explains the end of the connection only if it was the last word
        match message.command:
            case "PING":
                reaction.send += irc.write("PONG", text=parameters[-1] if parameters else "")
            case "PONG" if READS_AGAIN in parameters and self.stage is Stage.SEATED:
                self.deadline = None
                self._keeps_up = True
                self._tell(What.KEPT, 0, now, reaction)
            case "NOTE":
                self._hear_note(message, now, reaction)
            case "ERROR" if parameters:
                self._hear_farewell(parameters[-1], now, reaction)
            case "FAIL" if len(parameters) > 1:
                self._failure = safe(parameters[1])
            case "002" | "004" if len(parameters) > 1:
                self._hear_server(message, now, reaction)
            case "005":
                self._hear_limit(parameters, now, reaction)
            case "001" if self._join_again:
                self._join_again = False
                reaction.send += irc.write("JOIN", [self._common.room])
            case "366" if len(parameters) > 1 and irc.fold(parameters[1]) == irc.fold(self._common.room):
                self._take_seat(now, reaction)
            case "451":
                self._join_again = True  # a server that has not finished with the greeting yet
            case "433" if self._nick_tries < NICK_TRIES:
                self._nick_tries += 1
                self._nick = self._common.another_nick(self._number)
                reaction.send += irc.write("NICK", [self._nick])
            case "433":
                self._give_up("433 nickname in use", now, reaction)
            case denied if denied in JOIN_DENIED:
                self._give_up(f"{denied} in answer to JOIN", now, reaction)

    def _hear_note(self, message: irc.Message, now: int, reaction: Reaction) -> None:
        match parse_note(message):
            case Queued(place=place) if self.stage in (Stage.TRYING, Stage.WAITING):
                self.stage = Stage.WAITING
                self.deadline = None
                self._tell(What.QUEUED, place, now, reaction)
            case Seated() if self.stage in (Stage.TRYING, Stage.WAITING):
                self._expect_answer(now)  # the one to JOIN

    def _hear_farewell(self, text: str, now: int, reaction: Reaction) -> None:
        farewell = parse_farewell(text)
        if farewell is not None:
            self.retry_after = farewell.retry_after
        reason = safe(farewell.reason if farewell else text)
        if reason:
            self._end(What.REFUSED, reason, now, reaction)

    def _hear_server(self, message: irc.Message, now: int, reaction: Reaction) -> None:
        # RFC 2812 5.1: 004 is "<servername> <version> …", 002 says the same as a sentence.
        of_itself = message.params[1:3] if message.command == "004" else message.params[1:2]
        told = safe(" ".join(of_itself).removeprefix("Your host is "))
        if told != self._common.server and (message.command == "004" or not self._common.server):
            self._common.server = told
            self._tell(What.SERVER, told, now, reaction)

    def _hear_limit(self, tokens: list[str], now: int, reaction: Reaction) -> None:
        for token in tokens:
            seats = token.removeprefix(LIMIT_TOKEN)
            is_told = seats != token and seats.isascii() and seats.isdigit() and len(seats) < 10
            if is_told and int(seats) != self._common.limit:
                self._common.limit = int(seats)
                self._tell(What.LIMIT, int(seats), now, reaction)

    def _take_seat(self, now: int, reaction: Reaction) -> None:
        if self.stage not in (Stage.TRYING, Stage.WAITING):
            return
        self.stage = Stage.SEATED
        self.deadline = None
        self.reading = self.arrival.reads
        reaction.listen = not self.reading
        self.inbox = Inbox(now, self._common.mail if self.arrival.reads else self._common.unread_mail)
        self._tell(What.SEATED, 0, now, reaction)

    def _give_up(self, reason: str, now: int, reaction: Reaction) -> None:
        self._end(What.REFUSED, reason, now, reaction)
        reaction.send += irc.write("QUIT", text="load.py is done")

    # -- what follows -------------------------------------------------------------------------------------------------

    def _end(self, what: What, detail: int | str, now: int, reaction: Reaction) -> None:
        self._expect_answer(now)  # the end of the connection
        if self.stage is Stage.OVER:
            return
        self.stage = Stage.OVER
        self.reading = True
        received = self.inbox.received if self.inbox is not None and self.arrival.reads else 0
        self.inbox = None
        reaction.events.append(Event(now, what, self._number, detail, received))

    def _tell(self, what: What, detail: int | str, now: int, reaction: Reaction) -> None:
        reaction.events.append(Event(now, what, self._number, detail))

    def _expect_answer(self, now: int) -> None:
        self.deadline = now + self._common.patience


def safe(text: str) -> str:
    """A server's words, fit for a terminal and a table."""
    return "".join(character if " " <= character <= "~" else "?" for character in text[:REASON_LENGTH]).strip()
