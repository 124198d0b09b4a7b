"""Events as sentences, for everybody who shows them: the screen and the pipe say the same."""

import time

from chatd.protocol.waiting import duration, ordinal

from . import events
from .events import Event

# What the server's word for a limit means, and the name of the server's option that sets the limit.
LIMIT_OF = {
    "SERVER_FULL": ("the number of seats", "max-clients"),
    "QUEUE_TIMEOUT": ("the time in the waiting line", "queue-timeout"),
    "TOO_MANY_FROM_HOST": ("the connections from one address", "max-per-host"),
    "TOO_FAST_FROM_HOST": ("how quickly one address may connect", "host-rate"),
    "TOO_MANY_HANDSHAKES": ("the connections that have not introduced themselves", "handshakes"),
    "HANDSHAKE_TIMEOUT": ("the time to introduce oneself", "handshake-timeout"),
    "IDLE_TIMEOUT": ("the time without a word", "idle-timeout"),
    "IDLE_RELEASE": ("the time without a word while others wait", "idle-release"),
    "PING_TIMEOUT": ("the time until a ping's answer", "ping-timeout"),
    "OUTBOX_FULL": ("the bytes that one client may be owed", "outbox"),
    "OUTBOXES_FULL": ("the bytes that all clients together may be owed", "outboxes"),
    "LINE_TOO_LONG": ("the length of a line", "endless-line"),
    "DRAINING": ("the server is being stopped", ""),
    "PAUSED": ("the server lets nobody in for now", ""),
    "BANNED": ("this address is banned", ""),
    "KICKED": ("an operator closed the connection", ""),
    "WRONG_PASSWORD": ("the server's password", "password-file"),
}
_SEAT_LOST = frozenset({"IDLE_TIMEOUT", "IDLE_RELEASE"})


def describe(event: Event) -> str:
    """What happened, without who said it where that has a place of its own. Empty for what is not told."""
    match event:
        case events.Said(text=text):
            return text
        case events.Told(text=text) | events.Seated(text=text):
            return text
        case events.Joined(nick=nick):
            return f"{nick} came in"
        case events.Parted(nick=nick, text=text, by=by):
            return f"{nick} was thrown out by {by}{_because(text)}" if by else f"{nick} left{_because(text)}"
        case events.Quit(nick=nick, text=text):
            return f"{nick} left{_because(text)}"
        case events.Renamed(nick=nick, new=new):
            return f"{nick} is now called {new}"
        case events.Topic(text=text, by=by):
            if by:
                return f"{by} set the topic: {text}" if text else f"{by} removed the topic"
            return f"The topic is: {text}" if text else "No topic is set"
        case events.Names(names=names, more=more):
            beyond = f" and {more} more" if more else ""
            return f"{len(names) + more} here: {', '.join(names)}{beyond}"
        case events.Rejected(where=where, text=text):
            return f"{where}: {text}" if where else text
        case events.Queued():
            return f"You are {ordinal(event.place)} of {event.length} in line, {expected(event.eta)}"
        case events.Occupancy():
            return f"{occupancy(event.seated, event.cap)} seats are taken, {event.waiting} waiting"
    return ""


def expected(eta: float | None) -> str:
    return "expected wait: unknown" if eta is None else f"about {duration(eta)}"


def occupancy(seated: int | None, cap: int | None) -> str:
    """`97/100`, as far as it is known."""
    return f"{'?' if seated is None else seated}{'' if cap is None else f'/{cap}'}"


def comeback(reason: str) -> str:
    """What trying again does after such an end."""
    return "comes back to the line" if reason in _SEAT_LOST else "tries again"


def when(seconds: float, form: str, unknown: str) -> str:
    """A Unix time as the clock and calendar here have it, or `unknown`: the server may have made it up."""
    try:
        return time.strftime(form, time.localtime(seconds))
    except (OverflowError, OSError, ValueError):
        return unknown


def clock(seconds: float) -> str:
    """A running time: 0:07, 12:40, 1:02:03."""
    minutes, rest = divmod(max(0, int(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def _because(text: str) -> str:
    return f" ({text})" if text else ""
