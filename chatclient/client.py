"""What a person does, and what comes of it: typed lines become requests, events become what the screen shows.

Synchronous and without a terminal. The connection of the moment is attached to it and detached again.
"""

import time
from collections.abc import Callable

import trio

from chatd.protocol.waiting import count

from .connection import Connection
from .conversation import Kind, Line, Pending
from .endings import Ending
from .events import Event
from .exits import Exit
from .limits import Limits
from .model import Model, Stage
from .safe import sendable, show
from .session import Session


class CommandError(Exception):
    """What was typed cannot be done; the text says why. What was typed stays in the input."""


class Client:
    """`changed` is called after everything that may look different."""

    def __init__(
        self,
        model: Model,
        limits: Limits,
        changed: Callable[[], None] = lambda: None,
        password: str = "",
    ) -> None:
        self.model = model
        self.limits = limits
        self.changed = changed
        self.password = password  # for the next connection; kept as long as the server has not turned it down
        self.leaving = trio.Event()
        self.gone = trio.Event()  # left without a goodbye, as nobody was there to hear it
        self.try_now = trio.Event()
        self._session: Session | None = None
        self._connection: Connection | None = None

    # The connection

    def attach(self, session: Session, connection: Connection) -> None:
        self._session, self._connection = session, connection
        self.model.connecting()
        self.changed()

    def detach(self, ending: Ending, delay: float, tries: int) -> None:
        if self._connection is not None and (unsent := self._connection.outgoing.unsent):
            self.model.tell(f"{unsent} lines were not sent any more.", self.now(), error=True)
        self._session = self._connection = None
        self.try_now = trio.Event()
        self.model.disconnected(ending, trio.current_time(), delay, tries, self.now())
        if ending.exit is Exit.PASSWORD:
            wants = "takes another password" if self.password else "wants a password"
            self.model.question = f"{self.model.server} {wants}"
            self.password = ""
        self.changed()

    async def handle(self, event: Event) -> None:
        """Take in what the connection reads."""
        self.model.apply(event, trio.current_time())
        if self._connection is not None:
            self.model.lag = self._connection.lag
        self.changed()

    # The person

    def say(self, text: str, action: bool = False, where: str = "") -> None:
        """Say it here, or to `where`. Each line is a message, and a long line several."""
        session = self._ready()
        where = where or self.model.current.title
        if where == self.model.page.title:
            raise CommandError("This page is the server's. /join a room, or /msg somebody.")
        parts = [part for line in text.splitlines() for part in session.say(where, line, action)]
        self._put([line for _, line in parts])
        one = self.model.open(where, session.is_room(where))
        for part, _ in parts:
            said = show(part, self.limits.text_characters)
            if session.echoes:
                one.pending.append(Pending(said, action))
            else:
                kind = Kind.ACTION if action else Kind.MESSAGE
                self.model.put(one, where, Line(self.now(), kind, self.model.nick, said, own=True))

    def ask(self, command: str, *names: str, text: str | None = None) -> None:
        """Ask the server for something. A text is sent whole or not at all."""
        session = self._ready(seated=False)
        if text is not None and (beyond := len(sendable(text).encode()) - session.space(command, *names)) > 0:
            raise CommandError(f"That is {count(beyond, 'byte', 'bytes')} too long: what you typed is kept.")
        self._put([session.command(command, *names, text=text)])

    @property
    def offline(self) -> bool:
        """Whether there is nobody to ask."""
        return self._session is None

    def is_room(self, name: str) -> bool:
        return self._session.is_room(name) if self._session is not None else name.startswith("#")

    def leave(self, reason: str = "") -> None:
        """Say goodbye and end the program; the second time, without waiting for the answer."""
        if self.leaving.is_set():
            self.gone.set()
        self.model.stage = Stage.LEAVING
        self.leaving.set()
        if self._session is not None and self._session.registered and self._connection is not None:
            unconfirmed = any(one.pending for one in self.model.conversations)
            patience = self.limits.answer_timeout if unconfirmed else self.limits.goodbye_timeout
            self._connection.leave(reason, patience)
            if unconfirmed:
                self.model.hint = "Leaving once your last lines have arrived. Ctrl-C leaves at once."
        else:
            self.gone.set()
        self.changed()

    def reconnect(self) -> None:
        """Do not wait for the next try any longer."""
        self.try_now.set()

    def answer(self, password: str) -> None:
        """Try with this password."""
        self.password = password
        self.reconnect()

    def decline(self) -> None:
        """Give no password for now."""
        self.model.question = self.model.hint = ""
        self.changed()

    def now(self) -> float:
        """Unix time."""
        return time.time()

    def _ready(self, seated: bool = True) -> Session:
        if self._session is None or not self._session.registered:
            raise CommandError("Not connected: what you typed is kept.")
        if seated and self._session.waiting:
            raise CommandError("You are still in line: what you typed is kept.")
        return self._session

    def _put(self, lines: list[bytes]) -> None:
        if self._connection is None or not self._connection.outgoing.put_nowait(lines):
            raise CommandError(f"At most {self.limits.outgoing_lines} lines wait to be sent: what you typed is kept.")
