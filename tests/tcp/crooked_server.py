"""Why: that the load script finds a fault is only known from a server that has it.

A chat server in a few lines, for its one room, with seats and a line, and with a fault on demand.
"""

import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from enum import Enum, auto

import trio

from chatd.protocol import irc
from chatd.protocol.farewell import Farewell, Reason
from chatd.protocol.waiting import Queued, Seated


class Fault(Enum):
    """What this server does wrong."""

    NONE = auto()
    ONE_SEAT_TOO_MANY = auto()
    RESETS = auto()  # instead of refusing with a reason
    MUTE = auto()  # does not answer who does not get a seat
    LAST_FIRST = auto()  # serves the line from its end
    STINGY = auto()  # gives no seat to the line
    FORGETS = auto()  # a delivery
    REPEATS = auto()  # a delivery
    SHUFFLES = auto()  # holds a sender's first message back until its next


class Guest:
    """One client of it."""

    def __init__(self, stream: trio.SocketStream) -> None:
        self.stream = stream
        self.nick = "*"
        self._sending = trio.Lock()

    async def tell(self, command: str, *parameters: str, text: str | None = None, source: str = "server") -> None:
        # One that has gone is found out by its own task.
        with suppress(trio.BrokenResourceError, trio.ClosedResourceError):
            async with self._sending:
                await self.stream.send_all(irc.write(command, parameters, text, source=source))


class CrookedServer:
    """Seats and line, and what is done with them."""

    def __init__(self, seats: int, line: int, fault: Fault = Fault.NONE) -> None:
        self._seats = seats
        self._line_length = line
        self._fault = fault
        self.members: list[Guest] = []
        self.line: list[Guest] = []
        self.full = trio.Event()  # seats and line
        self._held_back: dict[Guest, list[Callable[[], Awaitable[None]]]] = {}
        self._spoken = False

    async def welcome(self, stream: trio.SocketStream) -> None:
        """One client's life; for trio.serve_listeners."""
        guest = Guest(stream)
        rest = b""
        try:
            while True:
                received = await stream.receive_some()
                if not received:
                    break
                *lines, rest = (rest + received).split(b"\n")
                for line in lines:
                    message = irc.parse(line.decode().rstrip("\r"))
                    if message.command == "QUIT" or not await self._obey(guest, message):
                        return
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            pass
        finally:
            with trio.CancelScope(shield=True), trio.move_on_after(1):
                await self._part(guest)
            await trio.aclose_forcefully(stream)

    async def _obey(self, guest: Guest, message: irc.Message) -> bool:
        match message.command:
            case "NICK":
                guest.nick = message.params[0]
            case "USER":
                await guest.tell("001", guest.nick, text="Welcome")
                await guest.tell("005", guest.nick, f"CHATD.MAXCLIENTS={self._seats}", text="are supported")
                await guest.tell("422", guest.nick, text="No message today")
            case "JOIN":
                return await self._enter(guest)
            case "PRIVMSG":
                await self._spread(guest, message.params[-1])
        return True

    async def _enter(self, guest: Guest) -> bool:
        seats = self._seats + (self._fault is Fault.ONE_SEAT_TOO_MANY)
        if len(self.members) < seats:
            await self._seat(guest)
        elif len(self.line) < self._line_length:
            self.line.append(guest)
            place = Queued(len(self.line), len(self.line), None)
            await guest.tell("NOTE", "*", *place.words(), text=place.sentence)
        elif self._fault is Fault.RESETS:
            linger = (1).to_bytes(4, "little") + (0).to_bytes(4, "little")
            guest.stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            return False
        elif self._fault is not Fault.MUTE:
            farewell = Farewell("All seats are taken", Reason.SERVER_FULL, 30)
            await guest.tell("ERROR", text=f"Closing Link: 127.0.0.1 ({farewell.text})")
            await guest.stream.send_eof()
        if len(self.members) == seats and len(self.line) == self._line_length:
            self.full.set()
        return True

    async def _seat(self, guest: Guest) -> None:
        self.members.append(guest)
        await guest.tell("JOIN", "#lobby", source=guest.nick)
        await guest.tell("366", guest.nick, "#lobby", text="End of /NAMES list.")

    async def _part(self, guest: Guest) -> None:
        if guest in self.line:
            self.line.remove(guest)
        elif guest in self.members:
            self.members.remove(guest)
            if self.line and self._fault is not Fault.STINGY:
                seated = self.line.pop(-1 if self._fault is Fault.LAST_FIRST else 0)
                note = Seated()
                await seated.tell("NOTE", "*", *note.words(), text=note.sentence)
                await self._seat(seated)

    async def _spread(self, sender: Guest, text: str) -> None:
        if self._fault is Fault.SHUFFLES and sender not in self._held_back:
            self._held_back[sender] = [lambda: self._deliver(sender, text)]
            return
        await self._deliver(sender, text)
        for deliver in self._held_back.get(sender, []):
            await deliver()
        self._held_back[sender] = []

    async def _deliver(self, sender: Guest, text: str) -> None:
        for member in list(self.members):
            if member is sender:
                continue
            times = 1
            if not self._spoken and self._fault in (Fault.FORGETS, Fault.REPEATS):
                times = 0 if self._fault is Fault.FORGETS else 2
            self._spoken = True
            for _ in range(times):
                await member.tell("PRIVMSG", "#lobby", text=text, source=sender.nick)
