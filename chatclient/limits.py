"""Every bound of the client: what a server, or the person who types, may make it hold, do or wait for.

A number that limits something appears nowhere else. The metadata is the documentation; docs/client.md repeats it and
a test compares the two.
"""

from dataclasses import dataclass, field
from typing import Any


def _bound(default: float, unit: str, reason: str) -> Any:
    return field(default=default, metadata={"unit": unit, "reason": reason})


@dataclass(frozen=True, slots=True)
class Limits:
    # The wire
    line_bytes: int = _bound(8703, "bytes", "IRCv3: 8191 of tags and 512 of message; what is longer is thrown away")
    endless_bytes: int = _bound(1 << 20, "bytes", "a line longer than this is no line: the connection is given up")
    read_bytes: int = _bound(16384, "bytes", "read at a time, so that keys are looked at between two reads")
    outgoing_lines: int = _bound(256, "lines", "typed or pasted but not sent yet; past it the text stays in the input")
    urgent_lines: int = _bound(256, "lines", "answers that a server asks for and does not read: it is given up")
    send_bytes: int = _bound(8192, "bytes", "sent at a time")
    window_lines: int = _bound(10, "lines", "a pipe sends between two questions whether all has arrived")
    windows: int = _bound(2, "windows", "of such lines under way at a time; more would hide how late the server is")
    # Time
    connect_timeout: float = _bound(15.0, "seconds", "until a connection stands; --timeout sets it")
    answer_timeout: float = _bound(30.0, "seconds", "without a sign of what we wait for; --timeout sets it")
    ping_interval: float = _bound(30.0, "seconds", "between two measurements of the lag; each wakes the program")
    ping_timeout: float = _bound(60.0, "seconds", "until a ping's answer; then the connection is taken for lost")
    goodbye_timeout: float = _bound(1.0, "seconds", "that the server gets to hear QUIT and to close")
    retry_first: float = _bound(2.0, "seconds", "before the first new try, unless the server advises longer")
    retry_longest: float = _bound(300.0, "seconds", "between tries, unless the server advises longer")
    retry_growth: float = _bound(1.6, "times", "longer after each try that failed")
    retry_jitter: float = _bound(0.3, "parts", "added at random, so that all who were lost do not return at once")
    retry_advice: float = _bound(3600.0, "seconds", "of a server's advice are followed; more is taken as this")
    stable_after: float = _bound(30.0, "seconds", "a connection lasts before its end counts as a first failure again")
    redraw_interval: float = _bound(0.05, "seconds", "at least between two paintings of the screen")
    # What is kept
    conversations: int = _bound(20, "conversations", "rooms and people; others' lines go to the server's page")
    scrollback_lines: int = _bound(1000, "lines", "kept of each; 20 full conversations hold 7 MB, at the very worst 50")
    members: int = _bound(5000, "names", "kept of a room; the rest are counted")
    text_characters: int = _bound(600, "characters", "of one text are kept; IRC's line holds 512 bytes")
    name_characters: int = _bound(64, "characters", "of a nickname or a room's name are kept")
    features: int = _bound(200, "words", "of ISUPPORT are kept; servers send about 40")
    odd_names: int = _bound(200, "names", "whose shown form differs from the one on the wire are remembered")
    nick_tries: int = _bound(10, "names", "are tried before a taken nickname is a refusal")
    rooms: int = _bound(20, "rooms", "that are joined again after a reconnection")
    history_lines: int = _bound(500, "lines", "of input can be called back")
    input_rows: int = _bound(5, "rows", "of the screen that a long input takes")
    input_characters: int = _bound(20000, "characters", "in the input; more of a paste is left out")
    pipe_events: int = _bound(1000, "events", "read but not written yet; past it the server is not read from")
    pipe_notices: int = _bound(1000, "sentences", "of a server on standard error; the rest are counted")
    pipe_line_bytes: int = _bound(65536, "bytes", "of one line of input; a longer one is sent in pieces of this")


def table() -> list[tuple[str, str, str, str]]:
    """Name, default, unit and reason of each bound."""
    return [
        (name, f"{spec.default:g}" if isinstance(spec.default, float) else str(spec.default), *_words(spec.metadata))
        for name, spec in Limits.__dataclass_fields__.items()
    ]


def _words(metadata: Any) -> tuple[str, str]:
    return metadata["unit"], metadata["reason"]
