"""Why: each word of the command line is read by one small function, whose sentence says what would have been right."""

import argparse
import re
from pathlib import Path

from chatd.ops.meter import Meter
from chatd.protocol import irc

from .scenarios import SCENARIOS, Scenario
from .threshold import Threshold

MOST_PROCESSES = 64
SECONDS_IN = {"": 1, "s": 1, "min": 60, "h": 3600}


def target(word: str) -> tuple[str, int]:
    """HOST:PORT."""
    host, colon, port = word.rpartition(":")
    if not (colon and host and port.isascii() and port.isdigit() and 1 <= int(port) <= 65535):
        raise argparse.ArgumentTypeError(f"{word!r} is not HOST:PORT, such as 127.0.0.1:6667 or [::1]:6667")
    return host.removeprefix("[").removesuffix("]"), int(port)


def scenario(word: str) -> Scenario:
    """A row of the table, by its name."""
    if word not in SCENARIOS:
        raise argparse.ArgumentTypeError(f"there is no scenario {word!r}; there are {', '.join(SCENARIOS)}")
    return SCENARIOS[word]


def count(word: str) -> int:
    """At least 1."""
    number = count_or_none(word)
    if number == 0:
        raise argparse.ArgumentTypeError("it must be at least 1")
    return number


def count_or_none(word: str) -> int:
    """Digits, in groups or not."""
    digits = word.replace("_", "").replace(",", "")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 9):
        raise argparse.ArgumentTypeError(f"{word!r} is not a whole number")
    return int(digits)


def processes(word: str) -> int:
    """Of this program's."""
    number = count(word)
    if number > MOST_PROCESSES:
        raise argparse.ArgumentTypeError(f"it must be at most {MOST_PROCESSES}")
    return number


def pid(word: str) -> int:
    """A process that can be watched."""
    number = count(word)
    try:
        Meter(number).files()
    except (ProcessLookupError, PermissionError):
        raise argparse.ArgumentTypeError(f"there is no process {number} of yours on this machine") from None
    return number


def rate(word: str) -> float:
    """So many a second."""
    return _more_than_nothing(_decimal(word.removesuffix("/s")))


def rate_a_minute(word: str) -> float:
    """So many a minute."""
    return _more_than_nothing(_decimal(word.removesuffix("/min")))


def seconds(word: str) -> float:
    """A length of time."""
    found = re.fullmatch(r"(.*?[0-9]?)(s|min|h|)", word)
    number, unit = found.groups() if found else (word, "")
    return _decimal(number) * SECONDS_IN[unit]


def some_seconds(word: str) -> float:
    """A length of time that is not nothing."""
    return _more_than_nothing(seconds(word))


def share(word: str) -> float:
    """A percentage as a number between 0 and 1."""
    percent = _decimal(word.removesuffix("%"))
    if percent > 100:
        raise argparse.ArgumentTypeError("it must be at most 100%")
    return percent / 100


def room(word: str) -> str:
    """A room's name."""
    if not irc.is_room_name(word, 50):
        raise argparse.ArgumentTypeError(f"{word!r} is not a room's name, such as #lobby")
    return word


def threshold(word: str) -> Threshold:
    """What the result is not to meet."""
    try:
        return Threshold.parse(word)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def writable(word: str) -> Path:
    """A file to write to. Found out now, since after minutes of load the result would be lost."""
    path = Path(word)
    is_new = not path.exists()
    try:
        path.open("a", encoding="utf-8").close()
        if is_new:
            path.unlink()
    except OSError as error:
        raise argparse.ArgumentTypeError(f"cannot write to {word}: {error.strerror}") from None
    return path


def _decimal(word: str) -> float:
    if re.fullmatch(r"\d{1,9}(\.\d{1,9})?", word, re.ASCII) is None:
        raise argparse.ArgumentTypeError(f"{word!r} is not a number")
    return float(word)


def _more_than_nothing(number: float) -> float:
    if number == 0:
        raise argparse.ArgumentTypeError("it must be more than 0")
    return number
