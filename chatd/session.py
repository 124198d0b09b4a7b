"""One client's life: handshake, seat or line, chat, leave, goodbye. This is where decisions meet the socket.

One task per client reads. What the client is told goes into its outbox, from whichever task; what ends its life is
`close`, which may be called from anywhere and cancels the reading. Leaving is synchronous and happens exactly once,
before the goodbye, so that a seat is free before its last holder has hung up.
"""

import socket
from collections.abc import Iterable

import trio

from . import door, gate
from .client import Client, Standing
from .commands import answering, dispatch, typed
from .connection import Connection
from .flow import Flow
from .house import House
from .outbox import Outbox
from .protocol import irc, plain, replies
from .protocol.dialect import Dialect
from .protocol.event import Form
from .protocol.farewell import Farewell, Reason
from .protocol.framing import Flaw
from .protocol.intake import Intake
from .protocol.waiting import duration

CONNECTION_CLOSED = "Connection closed"
CONNECTION_LOST = "Connection lost"
LEAST_COST = 1 / 16  # of a line, for a read that brings none


class Session:
    """One accepted connection. `run` is its life."""

    __slots__ = (
        "_connection",
        "_farewell",
        "_flow",
        "_house",
        "_intake",
        "_met",
        "_postponed",
        "_scope",
        "_why",
        "client",
    )

    def __init__(self, house: House, sock: socket.socket, host: str) -> None:
        self._house = house
        self._scope = trio.CancelScope()
        self._intake = Intake(house.limits.plain_line, house.limits.endless_line)
        self._met = False
        self._farewell: Farewell | None = None
        self._postponed: tuple[Farewell, float] | None = None  # and the seconds until then
        self._why: str | None = None  # it ended without a farewell
        outbox = Outbox(sock, house.flusher, self)
        self._connection = Connection(sock, outbox, house.limits)
        self._flow = Flow(house, self._connection, self)
        self.client = Client(outbox, self, host, house.chat.origin)
        gate.knock(house.chat, self.client)

    @property
    def is_silent(self) -> bool:
        """Whether nothing that tells its dialect has come yet."""
        return self._intake.dialect is None

    @property
    def _is_ending(self) -> bool:
        return self._farewell is not None or self._why is not None

    @property
    def is_pinged(self) -> bool:
        return self.client.standing is not Standing.HANDSHAKE and not self.client.is_plain

    def close(self, farewell: Farewell, after: float = 0) -> None:
        """End the session, with these last words, at once or when so many seconds are over. The first call counts."""
        if after:
            self._postponed = (farewell, after)
        elif not self._is_ending:
            self._farewell = farewell
            if farewell.reason is not None:
                self._house.chat.closed[farewell.reason] += 1
            self._scope.cancel()

    def _close_at(self, bound: str, reason: Reason, sentence: str) -> None:
        """End the session because it has met a bound, which the sentence names."""
        if not self._is_ending:  # a tick can overflow one outbox often
            self._house.chat.usage.hit(bound)
        self.close(Farewell(f"{sentence} ({bound.replace('_', '-')})", reason))

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
            del self.client, self._connection, self._flow  # no cycles: what it took is free now, not at a collection

    # Talking.

    async def _converse(self) -> None:
        connection = self._connection
        self._house.chat.journal.note("arrived", id=self.client.number, host=self.client.host)
        data = connection.receive()  # a program's first words come with its connection
        while not self._is_ending:
            if data:
                if len(data) >= self._house.limits.input_bytes:
                    self._house.chat.usage.hit("input_bytes")
                if self.is_pinged:
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
        taken = 0
        for line in lines:
            self._meet()
            await self._flow.catch_up()
            await self._flow.spend(1)
            if self._is_ending:
                return
            if not self._flow.take_line():
                rate = f"{self._house.limits.message_rate:g} lines/s (message-rate)"
                self.client.tell(f"Not delivered: the rest. You sent more than {rate}, and ended your input")
                self._why = CONNECTION_CLOSED
                return
            self._handle(line)
            taken += 1
            if self._postponed is not None:
                farewell, after = self._postponed
                await trio.sleep(after)
                self.close(farewell)
                return
            await self._pay_for_more()
        self._meet()  # another protocol's first line brings none
        self._connection.outbox.put(self._intake.take_answer())
        # Bytes that bring no line cost as much as the longest lines, and a single one what it takes to look at it.
        if size > taken * irc.LINE_BYTES:
            await self._flow.spend(max(size / irc.LINE_BYTES - taken, 0 if taken else LEAST_COST))

    async def _pay_for_more(self) -> None:
        """What takes much to do or to answer counts as more than one line."""
        if self.client.standing is Standing.HANDSHAKE:
            return
        if lines := self.client.answers // self._house.limits.answers_per_line:
            await self._flow.spend(lines, "answers_per_line")
        if self.client.further:
            await self._flow.spend(self.client.further)
            await trio.lowlevel.checkpoint()  # it took long: others have their turn

    def _handle(self, line: str | Flaw) -> None:
        chat, client = self._house.chat, self.client
        client.lines += 1
        client.answers, client.further = 0, 0.0
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
        client = self.client
        match flaw:
            case Flaw.TOO_LONG if client.is_plain:
                self._house.chat.usage.hit("plain_line")
                client.tell(f"Not delivered: a line has at most {self._intake.plain_line} bytes (plain-line)")
            case Flaw.TOO_LONG:
                client.reply(replies.ERR_INPUTTOOLONG)
            case Flaw.NOT_UTF8:
                broken = self._intake.take_broken()
                with answering(client, broken):
                    client.fail(broken.command, "INVALID_UTF8", "Not delivered: what you send must be UTF-8")
            case Flaw.INTERRUPT:
                if self._intake.dialect is None:
                    client.form = Form.PLAIN  # as only telnet sends it; a first line still decides
                self._connection.outbox.put(self._intake.take_answer())  # first: telnet shows nothing before it
                client.tell("To leave, type /quit.")
            case Flaw.ENDLESS:
                sentence = f"A line of yours has passed {self._intake.endless_line} bytes without an end"
                self._close_at("endless_line", Reason.LINE_TOO_LONG, sentence)

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
            gate.turn_away(chat, self.client)

    def _note_entrance(self) -> None:
        """Watch a client that has entered as members and those who wait are watched."""
        watch, standing = self._house.watch, self.client.standing
        if standing is Standing.HANDSHAKE:
            return
        watch.handshakes.stop(self)
        self._house.stirred.set()
        if standing is Standing.WAITING:
            watch.look_again()
        if self.is_pinged:
            watch.heard(self)

    def give_way(self) -> None:
        """There are too many handshakes, and this one has been silent the longest."""
        self._house.chat.usage.hit("handshakes")
        if self._postponed is not None:
            self.close(self._postponed[0])
        if not self._is_ending and not gate.turn_away(self._house.chat, self.client):
            most = self._house.limits.handshakes
            sentence = f"{most} connections are introducing themselves, and you were silent the longest"
            retry_after = gate.retry_after(self._house.chat)
            self.close(Farewell(f"{sentence} (handshakes)", Reason.TOO_MANY_HANDSHAKES, retry_after))
        self._leave()  # at once, so that the next one counts right

    # What the watch calls when a time is up.

    def greet(self) -> None:
        """Nothing has come for a while: a person, probably. A program's first line still decides otherwise."""
        self._house.chat.usage.hit("greet_after")
        self.client.form = Form.PLAIN
        if not gate.turn_away(self._house.chat, self.client):
            typed.greet(self._house.chat, self.client)

    def end_handshake(self) -> None:
        if self._postponed is not None:
            self.close(self._postponed[0])
            return
        most = duration(self._house.limits.handshake_timeout)
        sentence = f"You have not introduced yourself within {most}"
        self._close_at("handshake_timeout", Reason.HANDSHAKE_TIMEOUT, sentence)

    def ping(self) -> None:
        self._house.chat.usage.hit("ping_interval")
        # Without a source, as servers do it: many a small program looks for a line that begins with PING.
        self._connection.outbox.put(irc.write("PING", text=self.client.origin.name))
        self._house.watch.pinged.start(self, trio.current_time())

    def end_silence(self) -> None:
        most = duration(self._house.limits.ping_timeout)
        self._close_at("ping_timeout", Reason.PING_TIMEOUT, f"No answer to a ping within {most}")

    # What the outbox calls when it cannot go on.

    def outbox_overflowed(self) -> None:
        most = self._house.limits.outbox
        self._close_at("outbox", Reason.OUTBOX_FULL, f"You read too slowly: more than {most} bytes are owed to you")

    def outbox_given_up(self) -> None:
        most = self._house.limits.outboxes
        sentence = f"More than {most} bytes are owed to all clients, and to you the most of them"
        self._close_at("outboxes", Reason.OUTBOXES_FULL, sentence)

    def outbox_broke(self) -> None:
        self._why = self._why or CONNECTION_LOST
        self._scope.cancel()

    # Leaving.

    def fault(self) -> None:
        """An error of this program's own: it ends this client, is logged and is counted."""
        self._house.count_fault("closing a client", id=self.client.number, nick=self.client.nick)
        self.close(Farewell("The server has made an error, which is logged", Reason.INTERNAL_ERROR))

    def _leave(self) -> None:
        house = self._house
        if self not in house.sessions:
            return  # it has given way already
        house.watch.forget(self)
        house.sessions.remove(self)
        why = self._why or CONNECTION_CLOSED
        if self._farewell is not None:
            why = self._farewell.reason or self._farewell.sentence
        try:
            self._note_end()
        finally:
            door.leave(house.chat, self.client, why)
            house.stirred.set()

    def _note_end(self) -> None:
        """Log why it ends, in words of the server's own. What the client said of it is nobody's business."""
        client, note = self.client, self._house.chat.journal.note
        reason = self._farewell.reason if self._farewell is not None else None
        if client.standing is Standing.HANDSHAKE and reason is not None:
            note("refused", reason, id=client.number, host=client.host)
        else:
            silent = "LOST" if self._why == CONNECTION_LOST else "HUNG_UP"
            cause = reason or ("QUIT" if self._farewell is not None else silent)
            seconds = round(self._house.chat.clock() - client.arrived, 3)
            note("left", cause, id=client.number, nick=client.nick, seconds=seconds, lines=client.lines)

    async def _say_goodbye(self) -> None:
        """Tell the client why it is closed, so that it can read it."""
        if self._why == CONNECTION_LOST:
            return
        if self._farewell is not None or self.client.is_plain:
            self._connection.outbox.part()
            self.client.say_farewell(self._farewell or Farewell(CONNECTION_CLOSED))
        at_end = self._farewell is None and self._flow.lines_left is None
        await self._house.goodbyes.say(self._connection, at_end)
