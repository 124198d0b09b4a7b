"""One client's life: handshake, seat or line, chat, leave, goodbye. This is where decisions meet the socket.

One task per client reads. What the client is told goes into its outbox, from whichever task; what ends its life is
`close`, which may be called from anywhere and cancels the reading. Leaving is synchronous and happens exactly once,
before the goodbye, so that a seat is free before its last holder has hung up.
"""

import logging
import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import trio

from . import door
from .chat import Chat
from .client import Client, Standing
from .commands import dispatch, typed
from .connection import Connection, Goodbyes
from .limits import Limits
from .outbox import Flusher, Outbox
from .pace import Pace
from .protocol import irc, plain, replies
from .protocol.dialect import Dialect
from .protocol.event import Form
from .protocol.farewell import Farewell, Reason
from .protocol.framing import Flaw
from .protocol.intake import Intake
from .protocol.waiting import duration
from .watch import Watch

log = logging.getLogger("chatd")

CONNECTION_CLOSED = "Connection closed"
CONNECTION_LOST = "Connection lost"


@dataclass(slots=True)
class House:
    """What all sessions share."""

    limits: Limits
    chat: Chat
    flusher: Flusher
    watch: Watch
    goodbyes: Goodbyes
    sessions: set["Session"] = field(default_factory=set)
    stirred: trio.Event = field(default_factory=trio.Event)  # somebody has come in, or left
    faults: int = 0

    def count_fault(self, what: str) -> None:
        """Count an error of the server's own, the exception that is being handled, and log it."""
        self.faults += 1
        log.exception("internal error: %s", what)


class Session:
    """One accepted connection. `run` is its life."""

    __slots__ = (
        "_connection",
        "_farewell",
        "_house",
        "_intake",
        "_lines_left",
        "_met",
        "_pace",
        "_scope",
        "_why",
        "client",
    )

    def __init__(self, house: House, sock: socket.socket, host: str) -> None:
        self._house = house
        self._scope = trio.CancelScope()
        self._intake = Intake(house.limits.plain_line, house.limits.endless_line)
        self._pace = Pace()
        self._met = False
        self._lines_left: int | None = None  # of a client that was seen gone: how many more are processed
        self._farewell: Farewell | None = None
        self._why: str | None = None  # it ended without a farewell
        outbox = Outbox(sock, house.limits, house.flusher, self)
        self._connection = Connection(sock, outbox, house.limits.input_bytes)
        self.client = Client(outbox, self, host, house.chat.origin)

    @property
    def is_silent(self) -> bool:
        """Whether nothing that tells its dialect has come yet."""
        return self._intake.dialect is None

    @property
    def _is_ending(self) -> bool:
        return self._farewell is not None or self._why is not None

    @property
    def _is_pinged(self) -> bool:
        return self.client.standing is not Standing.HANDSHAKE and not self.client.is_plain

    def close(self, farewell: Farewell) -> None:
        """End the session, with these last words. The first call counts."""
        if not self._is_ending:
            self._farewell = farewell
            if farewell.reason is not None:
                self._house.chat.closed[farewell.reason] += 1
            self._scope.cancel()

    async def run(self) -> None:
        """The client's life, from the accepted connection to the closed socket. Raises nothing."""
        try:
            try:
                with self._scope:
                    await self._converse()
            except OSError:
                self._why = CONNECTION_LOST
            except Exception:  # noqa: BLE001  whatever it is, it ends this client only
                self.fault()
            finally:
                self._leave()
            await self._say_goodbye()
        except Exception:  # noqa: BLE001
            self.fault()
        finally:
            self._connection.hang_up()

    # Talking.

    async def _converse(self) -> None:
        connection = self._connection
        data = connection.receive()  # a program's first words come with its connection
        while not self._is_ending:
            if data:
                if self._is_pinged:
                    self._house.watch.heard(self)
                await self._take(self._intake.feed(data), len(data))
            elif data is not None:
                await self._take(self._intake.finish(), 0)
                if self._farewell is None:
                    self._why = self._why or CONNECTION_CLOSED
            if not self._is_ending:
                await connection.readable()
                data = connection.receive()

    async def _take(self, lines: Iterable[str | Flaw], size: int) -> None:
        """Handle lines at the pace that the client may have. They came in `size` bytes."""
        outbox, taken = self._connection.outbox, 0
        for line in lines:
            self._meet()
            if len(outbox) > self._house.limits.outbox_pause:
                await self._let_catch_up()
            await self._spend(1)
            if self._is_ending or self._has_had_its_last_line():
                return
            self._handle(line)
            taken += 1
        self._meet()  # another protocol's first line brings none
        outbox.put(self._intake.take_answer())
        if size > taken * irc.LINE_BYTES:  # bytes that bring no line cost as much as the longest lines
            await self._spend(size / irc.LINE_BYTES - taken)

    async def _spend(self, cost: float) -> None:
        if self._lines_left is None:
            limits = self._house.limits
            wait = self._pace.spend(trio.current_time(), limits.message_rate, limits.message_burst, cost)
            if wait:
                await self._slow_down(wait)

    async def _slow_down(self, wait: float) -> None:
        """Do not read for that many seconds. Its ping clock stands still: its answer is behind its backlog."""
        until = trio.current_time() + wait
        with self._unwatched():
            while (left := until - trio.current_time()) > 0:
                await trio.sleep(min(left, self._house.limits.look_interval))
                if self._connection.peer_has_left:
                    self._lines_left = self._house.limits.message_burst
                    return

    async def _let_catch_up(self) -> None:
        """Do not read until the client has read its answers: who asks for much is slowed, not closed."""
        with self._unwatched():
            await self._connection.outbox.drain()

    @contextmanager
    def _unwatched(self) -> Iterator[None]:
        self._house.watch.hush(self)
        yield
        if self._is_pinged:
            self._house.watch.heard(self)

    def _has_had_its_last_line(self) -> bool:
        """Of a client that has left, only a burst of lines is still handled."""
        if self._lines_left is None:
            return False
        if self._lines_left == 0:
            rate = f"{self._house.limits.message_rate:g} lines/s (message-rate)"
            self.client.tell(f"Not delivered: the rest. You sent more than {rate}, and ended your input")
            self._why = CONNECTION_CLOSED
            return True
        self._lines_left -= 1
        return False

    def _handle(self, line: str | Flaw) -> None:
        chat, client = self._house.chat, self.client
        if isinstance(line, Flaw):
            self._tell_flaw(line)
        elif client.standing is not Standing.HANDSHAKE:
            dispatch(chat, client, plain.parse(line) if client.is_plain else irc.parse(line))
        elif client.is_plain:
            door.enter_plain(chat, client, plain.parse(line))
            self._note_entrance()
        else:
            dispatch(chat, client, irc.parse(line))
            if self._farewell is None and door.introduced(client):
                door.enter(chat, client)
                self._note_entrance()

    def _tell_flaw(self, flaw: Flaw) -> None:
        client, limits = self.client, self._house.limits
        match flaw:
            case Flaw.TOO_LONG if client.is_plain:
                client.tell(f"Not delivered: a line has at most {limits.plain_line} bytes (plain-line)")
            case Flaw.TOO_LONG:
                client.reply(replies.ERR_INPUTTOOLONG)
            case Flaw.NOT_UTF8:
                client.fail("*", "INVALID_UTF8", "Not delivered: what you send must be UTF-8")
            case Flaw.INTERRUPT:
                self._connection.outbox.put(self._intake.take_answer())  # first: telnet shows nothing before it
                client.tell("To leave, type /quit.")
            case Flaw.ENDLESS:
                sentence = f"A line of yours has passed {limits.endless_line} bytes without an end (endless-line)"
                self.close(Farewell(sentence, Reason.LINE_TOO_LONG))

    # The handshake.

    def _meet(self) -> None:
        """Take notice of the dialect once it is known."""
        dialect, chat = self._intake.dialect, self._house.chat
        if dialect is None or self._met:
            return
        self._met = True
        self._house.watch.silent.stop(self)
        self.client.form = Form.IRC if dialect is Dialect.IRC else Form.PLAIN
        if dialect.foreign:
            sentence = f"This is a chat server, and speaks no {dialect.value}; use an IRC client, chatclient or nc"
            self.close(Farewell(sentence, Reason.WRONG_PROTOCOL))
        else:
            door.turn_away(chat, self.client)

    def _note_entrance(self) -> None:
        """Watch a client that has entered as members and those who wait are watched."""
        watch, standing = self._house.watch, self.client.standing
        if standing is Standing.HANDSHAKE:
            return
        watch.handshakes.stop(self)
        self._house.stirred.set()
        if standing is Standing.WAITING:
            watch.look_again()
        if self._is_pinged:
            watch.heard(self)

    def give_way(self) -> None:
        """There are too many handshakes, and this one has been silent the longest."""
        if not self._is_ending and not door.turn_away(self._house.chat, self.client):
            most = self._house.limits.handshakes
            sentence = f"{most} connections are introducing themselves, and you were silent the longest (handshakes)"
            self.close(Farewell(sentence, Reason.TOO_MANY_HANDSHAKES, door.retry_after(self._house.chat)))
        self._leave()  # at once, so that the next one counts right

    # What the watch calls when a time is up.

    def greet(self) -> None:
        """Nothing has come for a while: a person, probably. A program's first line still decides otherwise."""
        self.client.form = Form.PLAIN
        if not door.turn_away(self._house.chat, self.client):
            typed.greet(self._house.chat, self.client)

    def end_handshake(self) -> None:
        most = duration(self._house.limits.handshake_timeout)
        sentence = f"You have not introduced yourself within {most} (handshake-timeout)"
        self.close(Farewell(sentence, Reason.HANDSHAKE_TIMEOUT))

    def ping(self) -> None:
        self.client.send("PING", text=self.client.origin.name)
        self._house.watch.pinged.start(self, trio.current_time())

    def end_silence(self) -> None:
        most = duration(self._house.limits.ping_timeout)
        self.close(Farewell(f"No answer to a ping within {most} (ping-timeout)", Reason.PING_TIMEOUT))

    # What the outbox calls when it cannot go on.

    def outbox_overflowed(self) -> None:
        most = self._house.limits.outbox
        sentence = f"You read too slowly: more than {most} bytes are owed to you (outbox)"
        self.close(Farewell(sentence, Reason.OUTBOX_FULL))

    def outbox_broke(self) -> None:
        self._why = self._why or CONNECTION_LOST
        self._scope.cancel()

    # Leaving.

    def fault(self) -> None:
        """An error of this program's own: it ends this client, is logged and is counted."""
        self._house.count_fault(f"closing {self.client!r}")
        self.close(Farewell("The server has made an error, which is logged", Reason.INTERNAL_ERROR))

    def _leave(self) -> None:
        house = self._house
        house.watch.forget(self)
        if self in house.sessions:
            house.sessions.remove(self)
            house.chat.connections -= 1
        why = self._why or CONNECTION_CLOSED
        if self._farewell is not None:
            why = self._farewell.reason or self._farewell.sentence
        door.leave(house.chat, self.client, why)
        house.stirred.set()

    async def _say_goodbye(self) -> None:
        """Tell the client why it is closed, so that it can read it."""
        if self._why == CONNECTION_LOST:
            return
        if self._farewell is not None or self.client.is_plain:
            self.client.say_farewell(self._farewell or Farewell(CONNECTION_CLOSED))
        at_end = self._farewell is None and self._lines_left is None
        await self._house.goodbyes.say(self._connection, at_end)
