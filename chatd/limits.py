"""Every bound of the server: its name, unit, default, least value, and why it is what it is.

This is the one place. The command-line flags are made from it (`max_clients` is `--max-clients`), and whatever
enforces a bound reads it from a `Limits`. What a specification fixes is no choice of ours and stays in `protocol/`.
"""

import math
from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple

NONE = "none"  # how "no bound, by choice" is written


class Bound(NamedTuple):
    """What there is to say about one bound. `least` is the smallest value that makes sense."""

    name: str
    default: float
    unit: str
    least: float
    why: str
    whole: bool  # counts and bytes are whole numbers; times and rates need not be, and may be switched off

    @property
    def flag(self) -> str:
        return "--" + self.name.replace("_", "-")

    def parse(self, written: str) -> float:
        """The value that was written. Raises ValueError with a sentence that says what would be right."""
        if written == NONE and not self.whole:
            return math.inf
        try:
            value = int(written) if self.whole else float(written)
        except ValueError:
            kind = "a whole number" if self.whole else f"a number or '{NONE}'"
            raise ValueError(f"{written!r} is not {kind} of {self.unit}") from None
        if math.isnan(value) or value < self.least:
            raise ValueError(f"{written} is too small: at least {self.least:g} {self.unit}")
        if math.isinf(value):
            raise ValueError(f"{written!r} is no bound; write '{NONE}' to have none")
        return value


def _whole(default: int, unit: str, why: str, least: int = 0) -> int:
    return field(default=default, metadata={"unit": unit, "least": least, "why": why, "whole": True})


def _real(default: float, unit: str, why: str, least: float = 0.001) -> float:
    return field(default=default, metadata={"unit": unit, "least": least, "why": why, "whole": False})


@dataclass(slots=True)
class Limits:
    """The bounds that are in force. All times are in seconds."""

    # The cap and the line.
    max_clients: int = _whole(100, "clients", "Seats. PostgreSQL's default; a room of people that still can talk.")
    queue: int = _whole(50, "places", "The waiting line; 0 refuses at once. Half a house, so that waiting is worth it.")
    queue_timeout: float = _real(300.0, "s", "The longest wait in line. Longer than this, being told no is kinder.")
    place_interval: float = _real(10.0, "s", "Between two notices of place and occupancy: news, but no chatter.")
    least_retry: float = _real(30.0, "s", "The least advice when to try again: a full house does not empty in less.")

    # Connections that hold no seat. With the listeners they stay below 400 files.
    handshakes: int = _whole(160, "connections", "Who has not introduced himself; past it the oldest is closed.", 1)
    handshake_timeout: float = _real(30.0, "s", "To introduce oneself; for a person, to read the greeting and type.")
    greet_after: float = _real(1.0, "s", "Silence that tells a person from a program, whose first line comes at once.")
    farewells: int = _whole(120, "connections", "Refusals in progress; past it the oldest is closed early.", 1)
    linger: float = _real(2.0, "s", "For one who was told why to hang up; a close before that could reset the reason.")
    spare_files: int = _whole(40, "files", "Listeners, epoll, log and the like: what the process itself has open.", 10)

    # Finding out who is gone.
    ping_interval: float = _real(90.0, "s", "Of silence before a client is pinged; below the 2 min of most NAT tables.")
    ping_timeout: float = _real(60.0, "s", "To answer a ping, in seconds in which the server does read the client.")
    look_interval: float = _real(1.0, "s", "Between two looks whether a client that is slowed down has left.")

    # What one client may do.
    message_rate: float = _real(10.0, "lines/s", "Sustained; past it the client is read more slowly. A paste is fine.")
    message_burst: int = _whole(40, "lines", "At once: what a client sends as it registers and joins its rooms.", 1)
    input_bytes: int = _whole(16384, "bytes", "Read from one client at a time, thus unread input kept for it.", 512)
    plain_line: int = _whole(350, "bytes", "A plain client's line; with the longest names it fits an IRC line.", 1)
    endless_line: int = _whole(65536, "bytes", "A line past this has no end: the connection is closed.", 8192)
    outbox: int = _whole(262144, "bytes", "Owed to a slow reader; past it he is closed. Minutes of chat.", 8192)
    send_buffer: int = _whole(65536, "bytes", "The kernel's, per client; it would give a slow reader megabytes.", 4096)
    rooms_per_client: int = _whole(20, "rooms", "One person follows no more; a waiting client's held JOINs as well.", 1)
    targets: int = _whole(4, "targets", "Of one command such as PRIVMSG a,b,c: one line is not to become a flood.", 1)
    who_replies: int = _whole(1000, "lines", "Of one WHO: what a list of people that is read may have.", 1)

    # Rooms and texts.
    max_rooms: int = _whole(200, "rooms", "Together, the default one included. Two for each client by default.", 1)
    nick_length: int = _whole(30, "characters", "A nickname; what most networks allow.", 9)
    user_length: int = _whole(10, "characters", "A user name, as of old.", 1)
    room_length: int = _whole(50, "bytes", "A room's name (RFC 2812 1.3).", 2)
    key_length: int = _whole(23, "characters", "A room's key, as of old.", 1)
    topic_length: int = _whole(300, "bytes", "A topic; it still fits a line with the longest names.", 1)
    away_length: int = _whole(200, "bytes", "An away message.", 1)
    realname_length: int = _whole(150, "bytes", "A real name.", 1)
    reason_length: int = _whole(200, "bytes", "The reason given with PART and QUIT.", 1)
    motd_lines: int = _whole(100, "lines", "The message of the day: a screen or two, sent to every arrival.", 1)

    # The process.
    accepts_per_tick: int = _whole(64, "connections", "Accepted before others have their turn: fair in a storm.", 1)
    backlog: int = _whole(4096, "connections", "Not yet accepted, in the kernel, for a moment; its own usual bound.", 1)
    accept_pause: float = _real(0.5, "s", "Before accepting again when the process has no file left.")
    drain_time: float = _real(5.0, "s", "For goodbyes when the server is told to stop.")

    @property
    def files_beside_clients(self) -> int:
        """Files that are needed besides one for each seat and each place in line."""
        return self.handshakes + self.accepts_per_tick + self.farewells + self.spare_files


def bounds() -> list[Bound]:
    """All bounds, in the order of the table above."""
    return [Bound(name=f.name, default=_default(f), **f.metadata) for f in fields(Limits)]


def _default(f: Any) -> float:
    return f.default  # type: ignore[no-any-return]
