"""What a client may ask: one small function per command, grouped by subject, found through `registry`.

To add a command, write its function in the module of its subject, with `@IRC.command` (or `@PLAIN.command`) above it.
"""

from . import (
    about,
    earlier,
    manual,
    moderating,
    modes,
    monitoring,
    people,
    privileges,
    registration,
    room_list,
    rooms,
    talk,
    typed,
    welcome,
)
from .labels import answering
from .registry import IRC, PLAIN, Command, dispatch

__all__ = [
    "IRC", "PLAIN", "Command", "about", "answering", "dispatch", "earlier", "manual", "moderating", "modes",
    "monitoring", "people", "privileges", "registration", "room_list", "rooms", "talk", "typed", "welcome",
]  # fmt: skip
