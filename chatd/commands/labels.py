"""Answers that say what they answer (IRCv3 labeled-response): a client labels a line, and is shown the label once.

One line of an answer is shown the label itself, several are a batch that has it, none at all becomes an ACK. As every
command puts what it has to say into outboxes and is done, all of an answer is what the client is put while its line is
handled. No command knows of labels but `talk`: what one says to oneself is no answer.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from ..client import Client
from ..protocol import irc
from ..protocol.capabilities import BATCH, LABELED_RESPONSE
from ..protocol.irc import Message
from ..room import Sink

LABEL = "label"
LABEL_BYTES = 64  # IRCv3 labeled-response: "The value MUST NOT exceed 64 bytes"
LEAVING = "QUIT"  # its answer is ERROR, after everything else and without tags


@contextmanager
def answering(client: Client, message: Message) -> Iterator[None]:
    """What the client is put meanwhile answers this line of its."""
    label = message.tags.get(LABEL, "")
    is_fit = 0 < len(label.encode()) <= LABEL_BYTES and message.command != LEAVING
    if not is_fit or not client.caps >= {BATCH, LABELED_RESPONSE}:
        yield
        return
    labelled = client.outbox = Labelled(client, label)
    try:
        yield
    finally:
        client.outbox = labelled.outbox
    labelled.finish()


def beside(sink: Sink) -> Sink:
    """Where its client is told what is no answer to it, after what it has been answered so far: what it says to
    itself."""
    if not isinstance(sink, Labelled):
        return sink
    sink.let_go()
    return sink.outbox


class Labelled:
    """Stands before the outbox of a client as long as one line of its is answered. Holds one line at most."""

    __slots__ = ("_batch", "_client", "_held", "_label", "outbox")

    def __init__(self, client: Client, label: str) -> None:
        self.outbox = client.outbox
        self._client = client
        self._label = label
        self._held = b""  # the first line, as long as there is no other
        self._batch = ""  # from the second line on

    def __len__(self) -> int:
        return len(self.outbox) + len(self._held)

    def put(self, data: bytes) -> None:
        for line in data.splitlines(keepends=True):
            if not self._held and not self._batch:
                self._held = line
                continue
            self.let_go()
            self.outbox.put(irc.in_batch(line, self._batch))

    def let_go(self) -> None:
        """What is held is the first of a batch."""
        if self._held:
            self._batch = self._client.new_id()
            begin = self._client.line("BATCH", f"+{self._batch}", "labeled-response")
            self.outbox.put(irc.with_tag(begin, LABEL, self._label) + irc.in_batch(self._held, self._batch))
            self._held = b""

    def finish(self) -> None:
        """The line has been handled, and the client has its outbox back."""
        if self._batch:
            self.outbox.put(self._client.line("BATCH", f"-{self._batch}"))
        else:
            self.outbox.put(irc.with_tag(self._held or self._client.line("ACK"), LABEL, self._label))
