"""Why: what the server does to a client is only known to one that behaves like a client, over a socket of its own.

A client connects, says hello, asks for the room, answers pings and reads until it is told to leave or is told why it
may not stay. What it lives through goes to the ledger.
"""

import errno
import os
import re
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import trio

from chatd.protocol import irc
from chatd.protocol.farewell import parse_farewell
from chatd.protocol.waiting import Queued, Seated, parse_note

from .deliveries import Deliveries
from .ledger import Ledger
from .machine import Sources
from .options import Address

RECEIVE_BYTES = 65536
LONGEST_REST = 16384  # bytes without a line end; IRC's longest line has 8,703 with its tags
LIMIT_TOKEN = "CHATD.MAXCLIENTS="
REASON_LENGTH = 40
NICK_TRIES = 5
# How an IRC server says that a JOIN is not granted (RFC 2812 3.2.1 and later ones), first of all 471: the room is full.
JOIN_DENIED = {"403", "405", "437", "471", "473", "474", "475", "476", "477", "489"}
BIND_ADDRESS_NO_PORT = getattr(socket, "IP_BIND_ADDRESS_NO_PORT", 24)

# In a room of thousands almost every line tells a client of somebody who came or went. Reading those one by one would
# make this program what is measured, so what matters is picked out of each piece that is received.
MATTERS = re.compile(
    rb"^(?:@[^ ]+ +)?(?::[^ ]+ +)?(?:PRIVMSG|PING|ERROR|NOTE|FAIL|001|005|366|4\d\d)(?![^ \r\n])[^\r\n]*",
    re.MULTILINE,
)


class Bell:
    """Wakes whoever waits for the books to say something; rung by those who write in them."""

    def __init__(self) -> None:
        self._rung = trio.Event()

    def ring(self) -> None:
        """Something changed."""
        self._rung.set()
        self._rung = trio.Event()

    async def until(self, done: Callable[[], bool], patience: float) -> bool:
        """Wait until it is done; whether it is. Gives up when nothing has changed for so long."""
        while not done():
            with trio.move_on_after(patience) as silence:
                await self._rung.wait()
            if silence.cancelled_caught:
                return done()
        return True


@dataclass
class Shared:
    """What all clients of a run have in common."""

    address: Address
    room: str
    patience: float
    sources: Sources
    ledger: Ledger
    deliveries: Deliveries
    bell: Bell = field(default_factory=Bell)
    seated: "dict[int, Client]" = field(default_factory=dict)  # those who are now, the earliest first


class Client:
    """One of them, from its connect to its end."""

    def __init__(
        self, number: int, nick: str, shared: Shared, answered: Callable[[], None], another_nick: Callable[[], str]
    ) -> None:
        self.number = number
        self._nick = nick
        self._shared = shared
        self._ledger = shared.ledger
        self._answered = answered
        self._another_nick = another_nick
        self._nick_tries = 1
        self._join_again = False
        self._failure = ""
        self._lock = trio.Lock()
        self._socket: trio.socket.SocketType | None = None
        self._time_left = trio.CancelScope()

    async def run(self) -> None:
        """Live. Ends when the connection does, or when an answer is overdue."""
        self._ledger.tried(self.number)
        self._expect_answer()
        try:
            with self._time_left:
                await self._connect_and_talk()
            if self._time_left.cancelled_caught:
                why = f"no answer in {self._shared.patience:g} s"
                if self._socket is None:
                    self._ledger.failed(self.number, why)
                else:
                    self._ledger.fell_silent(self.number, why)
        finally:
            self._gone()

    async def say(self, text: str) -> None:
        """Send a message to the room."""
        await self._send(irc.write("PRIVMSG", [self._shared.room], text))

    async def leave(self) -> None:
        """Hang up, politely: the server closes the connection, and that ends `run`."""
        self._ledger.leaves(self.number)
        self._gone()
        self._expect_answer()
        await self._send(irc.write("QUIT", text="load.py is done"))

    # -- the connection -----------------------------------------------------------------------------------------------

    async def _connect_and_talk(self) -> None:
        try:
            connection = await self._connect()
        except OSError as error:
            self._ledger.failed(self.number, _words(error))
            return
        with connection:
            self._socket = connection
            self._expect_answer()
            await self._send(
                irc.write("CAP", ["REQ"], "standard-replies server-time")
                + irc.write("NICK", [self._nick])
                + irc.write("USER", ["load", "0", "*"], "load.py")
                + irc.write("CAP", ["END"])
                + irc.write("JOIN", [self._shared.room])
            )
            how = await self._read(connection)
            if self._failure:
                self._ledger.refused(self.number, self._failure)
            else:
                self._ledger.fell_silent(self.number, how)

    async def _connect(self) -> trio.socket.SocketType:
        family, where = self._shared.address
        sources = self._shared.sources
        while True:
            source = sources.current
            connection = trio.socket.socket(family, socket.SOCK_STREAM)
            try:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                if source is not None:
                    # The port is chosen by connect(), which may use it for several targets; bind() could not.
                    connection.setsockopt(socket.IPPROTO_IP, BIND_ADDRESS_NO_PORT, 1)
                    await connection.bind((source, 0))
                await connection.connect(where)
            except BaseException as error:
                connection.close()
                out_of_ports = isinstance(error, OSError) and error.errno in (errno.EADDRNOTAVAIL, errno.EADDRINUSE)
                if not (out_of_ports and sources.exhausted(source)):
                    raise
            else:
                return connection

    async def _send(self, data: bytes) -> None:
        if self._socket is None:
            return
        async with self._lock:
            try:
                while data:
                    data = data[await self._socket.send(data) :]
            except OSError:
                return  # what the server said before it hung up is still to be read, and tells more

    async def _read(self, connection: trio.socket.SocketType) -> str:
        """Read until there is nothing more; how it ended."""
        rest = b""
        while True:
            try:
                received = await connection.recv(RECEIVE_BYTES)
            except OSError as error:
                return _words(error)
            if not received:
                return "closed without a word"
            whole, newline, rest = (rest + received).rpartition(b"\n")
            if newline:
                now = time.monotonic()
                for line in MATTERS.findall(whole):
                    await self._hear(irc.parse(line.decode(errors="replace")), now)
            if len(rest) > LONGEST_REST:
                return "a line without an end"

    # -- what the server says -----------------------------------------------------------------------------------------

    async def _hear(self, message: irc.Message, now: float) -> None:
        parameters = message.params
        self._failure = ""  # it explains the end of the connection only if it was the last word
        match message.command:
            case "PRIVMSG":
                if parameters and self._shared.deliveries.arrived(self.number, parameters[-1], now):
                    self._shared.bell.ring()
            case "PING":
                await self._send(irc.write("PONG", text=parameters[-1] if parameters else ""))
            case "NOTE":
                self._hear_note(message)
            case "ERROR" if parameters:
                self._hear_farewell(parameters[-1])
            case "FAIL" if len(parameters) > 1:
                self._failure = _safe(parameters[1])
            case "005":
                for parameter in parameters:
                    seats = parameter.removeprefix(LIMIT_TOKEN)
                    if seats != parameter and seats.isascii() and seats.isdigit() and len(seats) < 10:
                        self._ledger.tell_limit(int(seats))
            case "001" if self._join_again:
                self._join_again = False
                await self._send(irc.write("JOIN", [self._shared.room]))
            case "366" if len(parameters) > 1 and irc.fold(parameters[1]) == irc.fold(self._shared.room):
                self._take_seat()
            case "451":
                self._join_again = True  # a server that has not finished with the greeting yet
            case "433" if self._nick_tries < NICK_TRIES:
                self._nick_tries += 1
                self._nick = self._another_nick()
                await self._send(irc.write("NICK", [self._nick]))
            case "433":
                await self._give_up("433 nickname in use")
            case denied if denied in JOIN_DENIED:
                await self._give_up(f"{denied} in answer to JOIN")

    def _hear_note(self, message: irc.Message) -> None:
        match parse_note(message):
            case Queued(place=place):
                self._ledger.queued(self.number, place)
                self._have_answer()
            case Seated() if self.number not in self._shared.seated:
                self._expect_answer()  # the one to JOIN

    def _hear_farewell(self, text: str) -> None:
        farewell = parse_farewell(text)
        reason = _safe(farewell.reason if farewell else text)
        if reason:
            self._ledger.refused(self.number, reason)
            self._gone()
            self._expect_answer()  # the end of the connection

    def _take_seat(self) -> None:
        if not self._ledger.took_seat(self.number):
            return
        self._shared.deliveries.joined(self.number)
        self._shared.seated[self.number] = self
        self._have_answer()

    async def _give_up(self, reason: str) -> None:
        self._ledger.refused(self.number, reason)
        await self.leave()

    # -- deadlines ----------------------------------------------------------------------------------------------------

    def _expect_answer(self) -> None:
        self._time_left.deadline = trio.current_time() + self._shared.patience

    def _have_answer(self) -> None:
        self._time_left.deadline = float("inf")
        self._answered()
        self._shared.bell.ring()

    def _gone(self) -> None:
        self._shared.seated.pop(self.number, None)
        self._shared.deliveries.left([self.number])
        self._answered()
        self._shared.bell.ring()


def _words(error: OSError) -> str:
    """The system's words for it, without the addresses, by which no two would be alike."""
    return os.strerror(error.errno) if error.errno else type(error).__name__


def _safe(text: str) -> str:
    """A server's words, fit for a terminal and a table."""
    return "".join(character if " " <= character <= "~" else "?" for character in text[:REASON_LENGTH]).strip()
