"""What a client may ask: one small function per command, grouped by subject, found through `registry`.

To add a command, write its function in the module of its subject, with `@IRC.command` (or `@PLAIN.command`) above it.
"""

from . import info, moderating, modes, people, registration, rooms, talk, typed
from .registry import IRC, PLAIN, Command, dispatch

__all__ = [
    "IRC", "PLAIN", "Command", "dispatch",
    "info", "moderating", "modes", "people", "registration", "rooms", "talk", "typed",
]  # fmt: skip
