"""Why: who says what when is decided by a clock and not by the server, so that a slow one is not spared."""

import math
import random
from collections import deque
from collections.abc import Callable

import trio

from .client import Stage
from .deliveries import MICROSECONDS, Message
from .histogram import Histogram
from .links import Link, Links
from .wire import Clock, Event, What

AT_A_TIME = 16  # messages that are late already, before others have their turn


class Chatter:
    """The messages of one process's members, who speak in turn."""

    def __init__(
        self, worker: int, token: str, chance: random.Random, clock: Clock, tell: Callable[[Event], None]
    ) -> None:
        self.lateness = Histogram()
        self.speakers: deque[Link] = deque()
        self._worker = worker
        self._token = token
        self._chance = chance
        self._clock = clock
        self._tell = tell
        self._rate = 0.0
        self._until = math.inf
        self._changed = trio.Event()
        self._number = 0

    def set_rate(self, rate: float) -> None:
        """So many a second from now on."""
        self._rate = rate
        self._changed.set()

    def hush(self) -> None:
        """Nothing is due any more from now on; what was due before is still said."""
        self._until = self._clock.now()
        self._changed.set()

    async def run(self, links: Links, messages: int | None, first: float) -> None:
        """Talk, until hushed or so many were said. The first message is due `first` seconds from now."""
        self._chance.shuffle(self.speakers)
        left = math.inf if messages is None else messages
        due = self._clock.now() + first * MICROSECONDS
        while left and due < self._until:
            await self._wait_for(due)
            for _ in range(AT_A_TIME):
                if not (left and self._rate and due < min(self._clock.now(), self._until)):
                    break
                left -= self._say(links, int(due))
                due += MICROSECONDS / self._rate
            if not self._rate:  # nobody is there; whoever comes may begin
                due = self._clock.now()
        self._tell(Event(self._clock.now(), What.HUSHED, self._worker))

    async def _wait_for(self, due: float) -> None:
        """Until then, or something has changed."""
        self._changed = trio.Event()
        rest = (due - self._clock.now()) / MICROSECONDS if self._rate else math.inf
        with trio.move_on_after(max(0.0, rest)):
            await self._changed.wait()

    def _say(self, links: Links, due: int) -> bool:
        speaker = self._next_speaker()
        if speaker is None:
            return False
        client = speaker.client
        now = self._clock.now()
        self._number += 1
        message = Message(self._worker, self._number, *client.last_said, due, now)
        client.last_said = (self._number, now)
        assert client.inbox is not None
        client.inbox.said(self._worker, self._number)
        self.lateness.add((now - due) / MICROSECONDS)
        self._tell(Event(now, What.SAID, client.arrival.number))
        links.send(speaker, client.message(message.text(self._token)))
        return True

    def _next_speaker(self) -> Link | None:
        while self.speakers:
            speaker = self.speakers.popleft()
            if speaker.client.stage is Stage.SEATED:
                self.speakers.append(speaker)
                return speaker
        return None
