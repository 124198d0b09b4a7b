"""Without a terminal: lines in, lines out. What is sent has arrived, or the exit code says that it has not.

Nothing is lost where somebody is slow: a server that does not read stops the input, a reader that does not read stops
the reading from the server. Standard input is text and nothing else: a `/` begins no command.
"""

import json
import signal
import time
from collections.abc import Awaitable, Callable

import trio

from chatd.protocol.irc import fold

from . import events
from .connection import Address, Connection
from .endings import Ending
from .events import Event
from .exits import SIGNALLED, Exit
from .limits import Limits
from .safe import show
from .session import Session
from .stdio import Input, Output
from .wording import describe

_TOKEN = "chatclient-line-"


class Pipe:
    """One run. `notice` tells the person at the other end of standard error, without waiting for them."""

    def __init__(
        self,
        address: Address,
        session: Session,
        room: str,
        limits: Limits,
        as_json: bool,
        notice: Callable[[str], None],
    ) -> None:
        self._session = session
        self._room = room
        self._limits = limits
        self._as_json = as_json
        self._notice = notice
        self._connection = Connection(address, session, limits)
        self._ending: Ending | None = None
        self._inside = trio.Event()
        self._elsewhere = ""  # a room that we did not ask for and were put into
        self._windows = trio.Semaphore(limits.windows, max_value=limits.windows)
        self._questions = 0
        self._asked: set[str] = set()  # pings after a window that have not been answered
        self._progress_at = 0.0  # when the server last did something that we wait for
        self._printing = False  # and not reading meanwhile: it is not the server that is late
        self._sent = 0
        self._echoed = 0
        self._complaint = ""  # the last one of the server that was told
        self._notices = 0  # of the server, told or not
        self._rejected = 0
        self._rejection = ""
        self._done = False  # all that there is to do, with or without success

    async def run(self, source: Input, sink: Output) -> int:
        """The exit code."""
        put, get = trio.open_memory_channel[Event](self._limits.pipe_events)
        async with trio.open_nursery() as nursery:

            async def handle(event: Event) -> None:
                self._note(event)
                self._printing = True
                await put.send(event)
                self._printing = False

            async def talk() -> None:
                async with put, trio.open_nursery() as talking:
                    talking.start_soon(self._feed, source, talking.cancel_scope)
                    self._end(await self._connection.run(handle))
                    talking.cancel_scope.cancel()

            nursery.start_soon(talk)
            failure = await self._failure(self._print(get, sink))
            if failure is not None:
                nursery.cancel_scope.cancel()
        if failure is None:
            ending = self._conclude()
            failure = await self._failure(sink.write(_as_json(ending))) if self._as_json else None
        return ending.exit if failure is None else failure

    async def _failure(self, writing: Awaitable[None]) -> int | None:
        """Write. The exit code if that cannot be done."""
        try:
            await writing
        except BrokenPipeError:
            return SIGNALLED + signal.SIGPIPE
        except OSError as error:
            self._notice(f"Cannot write the output: {error.strerror}")
            return Exit.USAGE
        return None

    def _end(self, ending: Ending) -> None:
        self._ending = self._ending or ending

    # What comes in

    def _note(self, event: Event) -> None:
        match event:
            case events.Joined(own=True, room=room):
                if not self._is_ours(room):  # that is no progress: what was meant for our room is not said there
                    self._elsewhere = room
                    return
                self._inside.set()
            case events.Said(own=True, earlier=False):
                self._echoed += 1
            case events.Answered(token=token) if token in self._asked:
                self._asked.remove(token)
                self._windows.release()
            case events.Rejected(what="JOIN"):
                self._reject(event)
                self._finish()
            case events.Rejected(what="PRIVMSG"):
                self._reject(event)
            case events.Queued() | events.Seated():
                self._tell(describe(event))
            case events.Told(error=True, text=text) | events.Rejected(text=text):
                if self._tell(text):
                    self._complaint = text
                return
            case _:
                return
        self._progress_at = trio.current_time()

    def _is_ours(self, room: str) -> bool:
        return fold(room) in (fold(self._room), fold(show(self._room, self._limits.name_characters)))

    def _tell(self, text: str) -> bool:
        """Pass on what the server says. False once there was too much of it."""
        self._notices += 1
        if self._notices > self._limits.pipe_notices:
            return False
        self._notice(text)
        return True

    def _reject(self, event: Event) -> None:
        self._rejected += 1
        self._rejection = self._rejection or describe(event)

    async def _print(self, get: trio.MemoryReceiveChannel[Event], sink: Output) -> None:
        with get:
            async for event in get:
                if isinstance(event, events.Answered):
                    continue  # between the server and us
                if self._as_json:
                    await sink.write(json.dumps(event.as_dict()).encode() + b"\n")
                elif line := self._line(event):
                    await sink.write(line.encode() + b"\n")

    def _line(self, event: Event) -> str:
        """As chatd's plain dialect writes it: nobody can forge the server's line or another's."""
        match event:
            case events.Said(own=False, earlier=False, where=where, nick=nick, text=text, kind=kind):
                if kind == "notice":
                    return f"-{nick}- {text}"
                who = nick if self._session.is_room(where) else f"{nick} -> you"
                return f"<{who}> /me {text}" if kind == "action" else f"<{who}> {text}"
            case events.Joined(own=False) | events.Parted() | events.Quit() | events.Renamed() | events.Topic():
                return f"* {describe(event)}"
        return ""

    # What goes out

    async def _feed(self, source: Input, scope: trio.CancelScope) -> None:
        if not await self._patiently(self._inside.wait, f"let us into {self._room}"):
            scope.cancel()
            return
        try:
            done = await self._send_all(source)
        except OSError as error:
            self._end(Ending(Exit.USAGE, f"Cannot read the input: {error.strerror}"))
            done = False
        if done:
            self._finish()
        else:
            scope.cancel()

    async def _send_all(self, source: Input) -> bool:
        """Whether all of it has arrived, as far as the server says."""
        async for raw in source:
            # A message cannot hold a CR. Programs write one between two states of their progress: two lines, then.
            for text in raw.decode(errors="replace").split("\r"):
                for _, line in self._session.say(self._room, text):
                    await self._connection.outgoing.put(line)
                    self._sent += 1
                    if self._sent % self._limits.window_lines == 0 and not await self._close_window():
                        return False
        return await self._close_window() and await self._all_answered()

    async def _close_window(self) -> bool:
        """Ask whether all has arrived up to here. Waits while too many such questions are open."""
        if not await self._patiently(self._windows.acquire, "take more lines"):
            return False
        self._questions += 1
        token = f"{_TOKEN}{self._questions}"
        self._asked.add(token)
        await self._connection.outgoing.put(self._session.command("PING", text=token))
        return True

    async def _all_answered(self) -> bool:
        for _ in range(self._limits.windows):
            if not await self._patiently(self._windows.acquire, "confirm the last lines"):
                return False
        return True

    async def _patiently(self, wait: Callable[[], Awaitable[None]], what: str) -> bool:
        """Wait as long as things go on, in line too. False if they do not."""
        while True:
            since = trio.current_time()
            with trio.move_on_after(self._limits.answer_timeout):
                await wait()
                return True
            idle = not self._session.waiting and not self._printing and self._session.registered
            if idle and self._progress_at <= since:
                sentence = f"The server did not {what} within {self._limits.answer_timeout:g} s"
                if self._elsewhere and not self._inside.is_set():
                    # Known only now: a server may put everybody into a room of its own, and into ours after that.
                    self._end(Ending(Exit.REJECTED, f"{sentence}, but into {self._elsewhere}"))
                self._end(Ending(Exit.TIMED_OUT, sentence))
                return False

    def _finish(self) -> None:
        self._done = True
        self._connection.leave()

    # What came of it

    def _conclude(self) -> Ending:
        ending = self._ending
        assert ending is not None  # the connection ended, or we gave it up
        if (untold := self._notices - self._limits.pipe_notices) > 0:
            self._notice(f"{untold} more sentences of the server were left out.")
        lost = self._sent - self._echoed if self._session.echoes else self._rejected
        if self._done and (self._rejection or lost > 0):
            why = self._rejection or "the server gave no reason"
            if self._inside.is_set():
                ending = Ending(Exit.REJECTED, f"{lost} of {self._sent} messages were not delivered: {why}")
            else:
                ending = Ending(Exit.REJECTED, f"Not let into the room: {why}")
        elif not self._done and self._sent:
            known = f"{self._echoed} of {self._sent}" if self._session.echoes else "not all"
            self._notice(f"Known to be delivered: {known} messages.")
        if ending.exit is not Exit.DONE and ending.sentence != self._complaint:
            self._notice(str(ending))
        elif ending.advice:
            self._notice(f"{ending.reason}: {ending.advice}")  # chatd says the sentence twice, in FAIL and in ERROR
        if ending.exit is Exit.PASSWORD:
            another = "another password than --password-file gives" if self._session.has_password else "a password"
            self._notice(f"The server wants {another}: write it into a file, and name that with --password-file.")
        return ending


def _as_json(ending: Ending) -> bytes:
    event = events.Ended(
        at=time.time(),
        exit=ending.exit,
        text=ending.sentence,
        reason=ending.reason,
        retry_after=ending.retry_after,
    )
    return json.dumps(event.as_dict()).encode() + b"\n"
