"""Why: that messages "arrive" is only known if it is known, for every message and every reader, that it was due.

A message that is sent to a room is due at everyone who was seated when it was sent and is still there when the chatting
has ended, except its sender: exactly once, and after all earlier ones of the same sender. Who leaves before, or does
not read, is looked at for doubles and order only. Its latency counts from the moment at which it was to be sent, so
that a generator that is late cannot make a slow server look fast; how late it was is counted on its own.

Readers and senders are in several processes. So a message carries what its readers' books need, and each reader is in
one process, which has its `Inbox`; `Debts`, in the parent, knows from all senders and readers what is owed to whom.

Moments are whole microseconds since the run began. No sockets and no clock in here.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from .histogram import Histogram

MICROSECONDS = 1e6
_SEGMENT = 9  # bits of a message's number within a piece of a bitset: small ones are cheap to change
_BITS = (1 << _SEGMENT) - 1
_WORKER = 40  # bits of the numbers of one worker's segments
_FORM = re.compile(r"load ([a-z0-9]{1,9})" + r" (0|[1-9][0-9]{0,14})" * 6)


class Message(NamedTuple):
    """What a message's text says. `previous` is the number of the same sender's one before, 0 if there was none."""

    worker: int
    number: int  # of this worker's, from 1
    previous: int
    previous_sent: int
    due: int
    sent: int

    def text(self, token: str) -> str:
        """As it is sent; the run's token tells it from everybody else's."""
        return f"load {token} {' '.join(map(str, self))}"


def read_text(token: str, text: str) -> Message | None:
    """The message with that text; None if it is none of this run's."""
    found = _FORM.fullmatch(text)
    if found is None or found[1] != token:
        return None
    return Message(*map(int, found.groups()[1:]))


def _bit(worker: int, number: int) -> tuple[int, int]:
    return worker << _WORKER | number >> _SEGMENT, 1 << (number & _BITS)


class Pack:
    """Messages that came in one piece. Many readers get the same one, so what it does to their books is found once."""

    __slots__ = ("before", "bits", "first_sent", "messages", "regular")

    def __init__(self, messages: Sequence[Message]) -> None:
        self.messages = messages
        self.first_sent = min(message.sent for message in messages)
        bits: dict[int, int] = {}
        before: dict[int, int] = {}  # what must have come earlier, by the same segments
        self.regular = True  # nothing comes twice or before its previous one within it
        for message in messages:
            segment, bit = _bit(message.worker, message.number)
            if (bits.get(segment, 0) | before.get(segment, 0)) & bit:
                self.regular = False
            bits[segment] = bits.get(segment, 0) | bit
            if message.previous:
                segment, bit = _bit(message.worker, message.previous)
                if not bits.get(segment, 0) & bit:
                    before[segment] = before.get(segment, 0) | bit
        self.bits = tuple(bits.items())
        self.before = tuple(before.items())


class Mail:
    """What came to all readers of this process."""

    def __init__(self) -> None:
        self.received = 0  # that were due
        self.duplicates = 0
        self.disordered = 0
        self.latency = Histogram()
        self._whole: Counter[Pack] = Counter()  # that came since the clock was looked at, and were due as a whole
        self._single: Counter[int] = Counter()  # the dues of others

    def came(self, pack: Pack) -> None:
        """All of it was due at a reader, and is there."""
        self.received += len(pack.messages)
        self._whole[pack] += 1

    def came_of(self, message: Message) -> None:
        """This one was due at a reader, and is there."""
        self.received += 1
        self._single[message.due] += 1

    def settle(self, now: int) -> None:
        """What came since the last time is counted as having come now."""
        for pack, readers in self._whole.items():
            for message in pack.messages:
                self.latency.add((now - message.due) / MICROSECONDS, readers)
        for due, readers in self._single.items():
            self.latency.add((now - due) / MICROSECONDS, readers)
        self._whole.clear()
        self._single.clear()


class Inbox:
    """What one reader got since it `joined`."""

    __slots__ = ("_joined", "_mail", "_overtaken", "_seen", "received")

    def __init__(self, joined: int, mail: Mail) -> None:
        self.received = 0  # that were due
        self._joined = joined
        self._mail = mail
        self._seen: dict[int, int] = {}  # a bit for each message, in segments
        self._overtaken: set[tuple[int, int]] = set()  # messages whose sender's next one is here already

    def said(self, worker: int, number: int) -> None:
        """This reader is the sender of that one, which is not due here."""
        segment, bit = _bit(worker, number)
        self._seen[segment] = self._seen.get(segment, 0) | bit

    def take(self, pack: Pack) -> None:
        """These came."""
        seen = self._seen
        if self._is_regular(pack):
            for segment, bits in pack.bits:
                seen[segment] = seen.get(segment, 0) | bits
            self.received += len(pack.messages)
            self._mail.came(pack)
        else:
            for message in pack.messages:
                self._take_one(message)

    def _is_regular(self, pack: Pack) -> bool:
        """Whether all of it is due, new, and in order."""
        if not pack.regular or pack.first_sent <= self._joined or self._overtaken:
            return False
        seen = self._seen
        for segment, bits in pack.before:
            if seen.get(segment, 0) & bits != bits:
                return False
        return all(not seen.get(segment, 0) & bits for segment, bits in pack.bits)

    def _take_one(self, message: Message) -> None:
        segment, bit = _bit(message.worker, message.number)
        if self._seen.get(segment, 0) & bit:
            self._mail.duplicates += 1
            return
        self._seen[segment] = self._seen.get(segment, 0) | bit
        if (message.worker, message.number) in self._overtaken:
            self._overtaken.remove((message.worker, message.number))
            self._mail.disordered += 1
        # That only the one before is looked at loses nothing: where that one itself was overtaken, this is found when
        # it comes, or it is missing.
        if message.previous and message.previous_sent > self._joined:
            segment, bit = _bit(message.worker, message.previous)
            if not self._seen.get(segment, 0) & bit:
                self._overtaken.add((message.worker, message.previous))
        if message.sent > self._joined:  # else it was said while this one was on its way in: it may come and need not
            self.received += 1
            self._mail.came_of(message)


class _Account:
    __slots__ = ("own", "since")

    def __init__(self, since: int) -> None:
        self.since = since  # how many had been sent before
        self.own = 0


class Debts:
    """How many deliveries are owed to those who are there. To be told everything in the order in which it happened."""

    def __init__(self) -> None:
        self.sent = 0
        self.expected = 0
        self._readers: dict[int, _Account] = {}

    @property
    def readers(self) -> Iterable[int]:
        """Who is there."""
        return self._readers.keys()

    def joined(self, reader: int) -> None:
        """From now on messages are due at this one."""
        self._readers[reader] = _Account(self.sent)

    def left(self, reader: int) -> bool:
        """Nothing is owed to this one any more. Whether it was a reader."""
        account = self._readers.pop(reader, None)
        if account is None:
            return False
        self.expected -= self.sent - account.since - account.own
        return True

    def said(self, sender: int) -> None:
        """A message was sent."""
        self.sent += 1
        self.expected += len(self._readers)
        account = self._readers.get(sender)
        if account is not None:
            account.own += 1
            self.expected -= 1
