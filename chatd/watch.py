"""The time limits of all sessions, and the one task that acts on them.

Each limit is the same for everybody, so its sessions stand in a queue in the order in which their time runs out. The
task sleeps until the first of all of them; when there is none it does not wake at all.
"""

from collections.abc import Callable
from typing import Protocol

import trio

from . import door
from .chat import Chat
from .deadlines import Deadlines
from .limits import Limits


class Watched(Protocol):
    """What a session does when its time is up."""

    def greet(self) -> None: ...

    def end_handshake(self) -> None: ...

    def give_way(self) -> None: ...

    @property
    def is_silent(self) -> bool: ...

    def ping(self) -> None: ...

    def end_silence(self) -> None: ...

    def fault(self) -> None: ...


class Watch:
    """The queues: `silent` (has said nothing yet), `handshakes` (has not introduced itself), `quiet` (an IRC client,
    since it was last heard), `pinged` (one that owes an answer), `unwelcome` (will be sent away once it is known how;
    this one takes no time). Who waits and who idles stands in queues of the chat's own, as does what the log has to
    sum up."""

    def __init__(self, limits: Limits, chat: Chat) -> None:
        self._chat = chat
        self._wake = trio.Event()
        self.silent: Deadlines[Watched] = Deadlines(limits.greet_after, self.look_again)
        self.handshakes: Deadlines[Watched] = Deadlines(limits.handshake_timeout, self.look_again)
        self.quiet: Deadlines[Watched] = Deadlines(limits.ping_interval, self.look_again)
        self.pinged: Deadlines[Watched] = Deadlines(limits.ping_timeout, self.look_again)
        self.unwelcome: Deadlines[Watched] = Deadlines(float("inf"), lambda: None)
        chat.silent.wake = chat.idlers.wake = chat.journal.wake = self.look_again
        self._all: list[tuple[Deadlines[Watched], Callable[[Watched], None]]] = [
            (self.silent, lambda session: session.greet()),
            (self.handshakes, lambda session: session.end_handshake()),
            (self.quiet, lambda session: session.ping()),
            (self.pinged, lambda session: session.end_silence()),
        ]

    def apply(self, limits: Limits) -> None:
        """Have changed bounds felt."""
        now = trio.current_time()
        self.silent.allow(limits.greet_after, now)
        self.handshakes.allow(limits.handshake_timeout, now)
        self.quiet.allow(limits.ping_interval, now)
        self.pinged.allow(limits.ping_timeout, now)

    def heard(self, session: Watched) -> None:
        """The session's peer is alive: its silence begins anew."""
        self.pinged.stop(session)
        self.quiet.start(session, trio.current_time())

    def hush(self, session: Watched) -> None:
        """Take no notice of the session's silence."""
        self.pinged.stop(session)
        self.quiet.stop(session)

    def forget(self, session: Watched) -> None:
        """The session has ended."""
        self.unwelcome.stop(session)
        for deadlines, _ in self._all:
            deadlines.stop(session)

    async def run(self) -> None:
        while True:
            first = min(deadlines.next for deadlines, _ in self._all)
            with trio.move_on_at(min(first, door.next_expiry(self._chat), self._chat.journal.next_summary)):
                await self._wake.wait()
            self._wake = trio.Event()
            door.expire(self._chat)
            now = trio.current_time()
            self._chat.journal.summarise(now)
            for deadlines, act in self._all:
                for session in deadlines.expire(now):
                    try:
                        act(session)
                    except Exception:  # noqa: BLE001  one session's fault is not to end the watch over all others
                        session.fault()

    def look_again(self) -> None:
        """Something may run out earlier than all that there was."""
        self._wake.set()
