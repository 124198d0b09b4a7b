"""Why: that messages "arrive" is only known if it is known, for every message and every reader, that it was due.

A message that is sent to a room is due at everyone who is in the room then, except its sender: exactly once, and after
all earlier ones of the same sender. Its latency counts from the moment at which it was to be sent, so that a generator
that is late cannot make a slow server look fast; how late the generator was is counted on its own.

No sockets and no clock in here.
"""

import re
from collections.abc import Iterable

from .histogram import Histogram

_WORD = "load"
_NUMBER = re.compile("[0-9]{1,9}")


class Inbox:
    """What one reader got."""

    __slots__ = ("seen", "since")

    def __init__(self, since: int) -> None:
        self.since = since  # the first message that is due here
        self.seen = bytearray()  # a bit for each message

    def holds(self, number: int) -> bool:
        return number >> 3 < len(self.seen) and bool(self.seen[number >> 3] & (1 << (number & 7)))

    def put(self, number: int) -> None:
        if number >> 3 >= len(self.seen):
            self.seen.extend(bytes((number >> 3) + 1 - len(self.seen)))
        self.seen[number >> 3] |= 1 << (number & 7)


class Deliveries:
    """Books for the messages of one run, whose `token` tells them from everybody else's."""

    def __init__(self, token: str) -> None:
        self.messages = 0
        self.expected = 0
        self.received = 0
        self.duplicates = 0
        self.disordered = 0
        self.latency = Histogram()
        self.lateness = Histogram()
        self._token = token
        self._due: list[float] = []
        self._next_of_sender: list[int] = []  # 0: none yet
        self._last_of_sender: dict[int, int] = {}
        self._inboxes: dict[int, Inbox] = {}

    @property
    def missing(self) -> int:
        """How many deliveries are still owed."""
        return self.expected - self.received

    def joined(self, reader: int) -> None:
        """From now on messages are due at this one."""
        self._inboxes[reader] = Inbox(self.messages)

    def left(self, readers: Iterable[int]) -> None:
        """No further message is due at these. What was due before still is."""
        for reader in readers:
            self._inboxes.pop(reader, None)

    def send(self, sender: int, due: float, now: float) -> str:
        """The text of the next message, which is to be sent now and was to be sent when due."""
        number = self.messages
        self.messages += 1
        self.expected += len(self._inboxes) - (sender in self._inboxes)
        self.lateness.add(now - due)
        self._due.append(due)
        self._next_of_sender.append(0)
        before = self._last_of_sender.get(sender)
        if before is not None:
            self._next_of_sender[before] = number
        self._last_of_sender[sender] = number
        return f"{_WORD} {self._token} {number} {due:.6f}"

    def arrived(self, reader: int, text: str, now: float) -> bool:
        """A message came to this one. Whether it was due here and had not come before."""
        words = text.split(" ")
        if len(words) != 4 or words[:2] != [_WORD, self._token] or _NUMBER.fullmatch(words[2]) is None:
            return False
        number = int(words[2])
        inbox = self._inboxes.get(reader)
        if inbox is None or number >= self.messages:
            return False
        if inbox.holds(number):
            self.duplicates += 1
            return False
        inbox.put(number)
        # If a later one is here already, this one has been overtaken. That only the next one is looked at loses
        # nothing: where the next one itself was overtaken, that is found when it comes, or it is missing.
        later = self._next_of_sender[number]
        if later and inbox.holds(later):
            self.disordered += 1
        if number < inbox.since:
            return False  # sent while this one was on its way in: it may come and need not
        self.received += 1
        self.latency.add(now - self._due[number])
        return True
