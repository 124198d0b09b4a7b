"""What a client is told when a limit ends its stay: the reason, the limit and its value, when to try again.

At the door nobody has negotiated anything, so the machine-readable part is the end of the sentence, whatever the
dialect:

    sentence ; REASON [, retry in N s]

    ERROR :Closing Link: 127.0.0.1 (All 100 seats are taken and there is no waiting line; SERVER_FULL, retry in 37 s)
    * All 100 seats are taken and there is no waiting line; SERVER_FULL, retry in 37 s

`Farewell.text` writes that grammar and `parse_farewell` reads it.
"""

import re
from enum import StrEnum
from typing import NamedTuple


class Reason(StrEnum):
    """Why the server closes a connection. Where two hold at the door, the one that stands first here is given."""

    DRAINING = "DRAINING"
    BANNED = "BANNED"
    TOO_MANY_FROM_HOST = "TOO_MANY_FROM_HOST"
    TOO_FAST_FROM_HOST = "TOO_FAST_FROM_HOST"
    PAUSED = "PAUSED"
    SERVER_FULL = "SERVER_FULL"
    QUEUE_TIMEOUT = "QUEUE_TIMEOUT"
    TOO_MANY_HANDSHAKES = "TOO_MANY_HANDSHAKES"
    HANDSHAKE_TIMEOUT = "HANDSHAKE_TIMEOUT"
    WRONG_PROTOCOL = "WRONG_PROTOCOL"
    WRONG_PASSWORD = "WRONG_PASSWORD"
    LINE_TOO_LONG = "LINE_TOO_LONG"
    PING_TIMEOUT = "PING_TIMEOUT"
    IDLE_TIMEOUT = "IDLE_TIMEOUT"
    IDLE_RELEASE = "IDLE_RELEASE"
    OUTBOX_FULL = "OUTBOX_FULL"
    OUTBOXES_FULL = "OUTBOXES_FULL"
    KICKED = "KICKED"
    INTERNAL_ERROR = "INTERNAL_ERROR"


class Farewell(NamedTuple):
    """The last thing a client is told. `reason` is None when it leaves of its own will; `retry_after` is in seconds."""

    sentence: str
    reason: Reason | None = None
    retry_after: int | None = None

    @property
    def text(self) -> str:
        """The sentence with its machine-readable end."""
        if self.reason is None:
            return self.sentence
        advice = "" if self.retry_after is None else f", retry in {self.retry_after} s"
        return f"{self.sentence}; {self.reason}{advice}"


# A peer may run another version with reasons of its own, so any word of that shape is read.
_TAIL = re.compile(r"(?P<sentence>.*); (?P<reason>[A-Z][A-Z_]+)(?:, retry in (?P<retry>\d{1,9}) s)?\)?\s*", re.DOTALL)
_ERROR = re.compile(r"(?:Closing Link: \S+ \()?(?P<sentence>.*)", re.DOTALL)


class ParsedFarewell(NamedTuple):
    """What `parse_farewell` found: as `Farewell`, but the reason is whatever word the server used."""

    sentence: str
    reason: str
    retry_after: int | None


def parse_farewell(text: str) -> ParsedFarewell | None:
    """Read the text of an ERROR (without `ERROR :`) or of a plain server line (without `* `).

    None if it does not end with a reason: then it is no farewell of this grammar.
    """
    found = _TAIL.fullmatch(text)
    if found is None:
        return None
    error = _ERROR.fullmatch(found["sentence"])
    sentence = error["sentence"] if error else found["sentence"]
    return ParsedFarewell(sentence, found["reason"], int(found["retry"]) if found["retry"] else None)
