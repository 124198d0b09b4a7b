"""Why: who says what when is decided by a clock and not by the server, so that a slow one is not spared."""

import math
import random
from collections import OrderedDict
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
        self.speakers: OrderedDict[Link, None] = OrderedDict()  # the next one first
        self._worker = worker
        self._token = token
        self._chance = chance
        self._clock = clock
        self._tell = tell
        self._rate = 0.0
        self._due = 0.0  # when the next message is to be said
        self._until = math.inf
        self._changed = trio.Event()
        self._number = 0

    def set_rate(self, rate: float) -> None:
        """So many a second from now on. What is left of a pause was reckoned with the old rate; what is late stays due
        when it was."""
        now = self._clock.now()
        if self._rate and rate and self._due > now:
            self._due = now + (self._due - now) * self._rate / rate
        self._rate = rate
        self._changed.set()

    def hush(self) -> None:
        """Nothing is due any more from now on; what was due before is still said."""
        self._until = self._clock.now()
        self._changed.set()

    async def run(self, links: Links, messages: int | None, share: float) -> None:
        """Talk, until hushed or so many were said. The first message is due after that share of a pause."""
        speakers = list(self.speakers)
        self._chance.shuffle(speakers)
        self.speakers = OrderedDict.fromkeys(speakers)
        left = math.inf if messages is None else messages
        self._due = self._clock.now() + (share * MICROSECONDS / self._rate if self._rate else 0.0)
        while left and self._due < self._until:
            await self._wait()
            for _ in range(AT_A_TIME):
                if not (left and self._rate and self._due < min(self._clock.now(), self._until)):
                    break
                left -= self._say(links, int(self._due))
                self._due += MICROSECONDS / self._rate
            if not self._rate:  # nobody is there; whoever comes may begin
                self._due = self._clock.now()
        self._tell(Event(self._clock.now(), What.HUSHED, self._worker))

    async def _wait(self) -> None:
        """Until the next message is due, or something has changed."""
        self._changed = trio.Event()
        rest = (self._due - self._clock.now()) / MICROSECONDS if self._rate else math.inf
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
            speaker = next(iter(self.speakers))
            if speaker.client.stage is Stage.SEATED:
                self.speakers.move_to_end(speaker)
                return speaker
            del self.speakers[speaker]
        return None
