"""What all sessions of a server share."""

import logging
from dataclasses import dataclass, field

import trio

from .chat import Chat
from .client import Keeper
from .connection import Goodbyes
from .limits import Limits
from .outbox import Flusher
from .watch import Watch


@dataclass(slots=True)
class House:
    limits: Limits
    chat: Chat
    flusher: Flusher
    watch: Watch
    goodbyes: Goodbyes
    sessions: set[Keeper] = field(default_factory=set)
    stirred: trio.Event = field(default_factory=trio.Event)  # somebody has come in, or left

    def count_fault(self, what: str, **fields: str | int) -> None:
        """Count an error of the server's own, the exception that is being handled, and log it. `what` is none of a
        client's words; those are fields."""
        self.chat.faults += 1
        self.chat.journal.note(f"internal error: {what}", "", level=logging.ERROR, fault=True, **fields)
