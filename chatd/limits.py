"""Every bound of the server: its name, unit, default, least value, and why it is what it is.

This is the one place. The command-line flags are made from it (`max_clients` is `--max-clients`), and whatever
enforces a bound reads it from a `Limits`. What a specification fixes is no choice of ours and stays in `protocol/`.
"""

import math
from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple

NONE = "none"  # how "no bound, by choice" is written
_MOST = 2**31 - 1  # what the kernel takes for a size or a count


class Bound(NamedTuple):
    """What there is to say about one bound. `least` and `most` are the values that make sense."""

    name: str
    default: float
    unit: str
    least: float
    most: float
    why: str
    whole: bool  # counts and bytes are whole numbers; times and rates need not be, and may be switched off

    @property
    def flag(self) -> str:
        return "--" + self.name.replace("_", "-")

    def parse(self, written: str) -> float:
        """The value that was written. Raises ValueError with a sentence that says what would be right."""
        may_be_none = not self.whole and math.isinf(self.most)
        if written == NONE and may_be_none:
            return math.inf
        try:
            value = int(written) if self.whole else float(written)
        except ValueError:
            kind = "a whole number" if self.whole else "a number"
            none = f", or '{NONE}'" if may_be_none else ""
            raise ValueError(f"{written!r} is not {kind} of {self.unit}{none}") from None
        if math.isnan(value) or value < self.least:
            raise ValueError(f"{written} is too small: at least {self.least:g} {self.unit}")
        if math.isinf(value):
            raise ValueError(f"{written!r} is no bound" + (f"; write '{NONE}' to have none" if may_be_none else ""))
        if value > self.most:
            raise ValueError(f"{written} is too large: at most {int(self.most)} {self.unit}")
        return value


def _whole(default: int, unit: str, why: str, least: int = 0, most: int = _MOST) -> int:
    return field(default=default, metadata={"unit": unit, "least": least, "most": most, "why": why, "whole": True})


def _real(default: float, unit: str, why: str, least: float = 0.001, most: float = math.inf) -> float:
    return field(default=default, metadata={"unit": unit, "least": least, "most": most, "why": why, "whole": False})


@dataclass(slots=True)
class Limits:
    """The bounds that are in force. All times are in seconds."""

    # The cap and the line.
    max_clients: int = _whole(100, "clients", "Seats. As PostgreSQL has it; and a room in which one still can talk.")
    queue: int = _whole(50, "places", "The waiting line; 0 refuses at once. Half as many as there are seats.")
    queue_timeout: float = _real(300.0, "s", "The longest wait in line. After that, to be told no is kinder.")
    place_interval: float = _real(10.0, "s", "Between two notices of place and of occupancy: news, not chatter.")
    least_retry: float = _real(30.0, "s", "The least advice when to try again. A full house empties slowly.", 0, 86400)

    # Connections that hold no seat. Together, and with the listeners, they need less than 400 files.
    handshakes: int = _whole(160, "connections", "That have not introduced themselves; past it one is closed.", 1)
    handshake_timeout: float = _real(30.0, "s", "To introduce oneself: time to read the greeting and to type a name.")
    greet_after: float = _real(1.0, "s", "Of silence before a greeting. A program speaks at once, a person waits.")
    farewells: int = _whole(120, "connections", "That were told why and still hang on; past it the oldest is cut.", 1)
    linger: float = _real(2.0, "s", "To hang up after being told why. A close before that could destroy the reason.")
    spare_files: int = _whole(40, "files", "Listeners, epoll, log and the like: what the process itself has open.", 10)

    # Finding out who is gone.
    ping_interval: float = _real(90.0, "s", "Of silence before a ping. Routers forget a silent connection after 2 min.")
    ping_timeout: float = _real(60.0, "s", "To answer a ping, while the server reads from the client.")
    look_interval: float = _real(1.0, "s", "Between two looks whether a client that is slowed down has left.")

    # What one client may do.
    message_rate: float = _real(10.0, "lines/s", "From one client. Past it the client is read more slowly.")
    message_burst: int = _whole(40, "lines", "At once: what a client sends as it registers and joins its rooms.", 1)
    input_bytes: int = _whole(16384, "bytes", "Read from one client at a time; so much of its input is kept.", 512)
    plain_line: int = _whole(300, "bytes", "A plain client's line. With the longest names it fits an IRC line.", 1, 315)
    endless_line: int = _whole(65536, "bytes", "A line longer than this will never end: the client is closed.", 8192)
    outbox: int = _whole(262144, "bytes", "Owed to a slow reader, who is closed past it. Minutes of chat.", 8192)
    outbox_pause: int = _whole(65536, "bytes", "Owed to a client before its next line waits until it has read them.", 1)
    send_buffer: int = _whole(65536, "bytes", "The kernel's, per client. It would give a slow reader megabytes.", 4096)
    rooms_per_client: int = _whole(20, "rooms", "That one client is in. As many JOINs are kept for one in line.", 1)
    targets: int = _whole(4, "targets", "Of one PRIVMSG or NAMES: one line is not to become a flood.", 1)
    mode_changes: int = _whole(6, "changes", "Of one MODE, so that it can be told in one line.", 1, 6)
    who_replies: int = _whole(1000, "lines", "In answer to one WHO: more than anybody reads.", 1)

    # Rooms and texts. The most that each may be keeps a line with the longest names within IRC's 512 bytes.
    max_rooms: int = _whole(200, "rooms", "In all, the default one included: two for each client.", 1)
    nick_length: int = _whole(30, "characters", "A nickname. What most networks allow.", 9, 50)
    user_length: int = _whole(10, "characters", "A user name, as of old.", 1, 20)
    room_length: int = _whole(50, "bytes", "A room's name (RFC 2812 1.3).", 2, 64)
    key_length: int = _whole(23, "characters", "A room's key, as of old.", 1, 50)
    topic_length: int = _whole(300, "bytes", "A topic.", 1, 315)
    away_length: int = _whole(200, "bytes", "An away message.", 1, 315)
    realname_length: int = _whole(120, "bytes", "A real name. WHO shows it beside all other names of a client.", 1, 130)
    reason_length: int = _whole(200, "bytes", "The reason given with PART and QUIT.", 1, 315)
    motd_lines: int = _whole(100, "lines", "The message of the day, which every arrival is sent: a screen or two.", 1)
    motd_line: int = _whole(300, "bytes", "One line of it.", 1, 375)

    # The process.
    accepts_per_tick: int = _whole(64, "connections", "Accepted before others have their turn: fair in a storm.", 1)
    backlog: int = _whole(4096, "connections", "That the kernel keeps for a moment, until they are accepted.", 1)
    accept_pause: float = _real(0.5, "s", "Before accepting again when the process has no file left.", 0.001, 60)
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
