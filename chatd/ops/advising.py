"""`chatd --advise`: how many clients this machine carries. Here what is asked becomes figures; `advice` weighs them."""

import math
import re
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import NamedTuple, TextIO

from ..limits import Limits
from . import advicetext, memory
from .advice import FILES, KERNEL, MEMORY, Share, Wish, advise
from .advicetext import percent
from .files import DoesNotFitError, fit, raise_file_limit
from .probe import CLIENTS, Found, ProbeError, measure

LEAST_CLIENTS = 100  # fewer tell nothing of a full room
EVERY = 2.0  # s; between two lines of progress where no terminal shows it


class Option(NamedTuple):
    """A flag that says what is to hold. `parse` raises ValueError with a sentence."""

    name: str
    metavar: str
    help: str
    parse: Callable[[str], float]

    @property
    def flag(self) -> str:
        return "--" + self.name.replace("_", "-")


class WrongError(ValueError):
    """What is asked for makes no sense. The message says what would."""


def _per_minute(written: str) -> float:
    try:
        value = float(written)
    except ValueError:
        value = math.nan
    if not 0.001 <= value <= 1e6:
        raise ValueError(f"{written!r} is not a number of messages, from 0.001 to 1000000")
    return value


def _seconds(written: str) -> float:
    found = re.fullmatch(r"(\d{1,6}(?:\.\d{1,6})?) ?(ms|s)", written)
    if found is None or not float(found[1]):
        raise ValueError(f"{written!r} is not a time such as 100ms or 0.5s")
    return float(found[1]) / (1000 if found[2] == "ms" else 1)


def _bytes(written: str) -> float:
    found = re.fullmatch(r"(\d{1,6}(?:\.\d{1,3})?) ?([KMG])iB", written)
    if found is None or not float(found[1]):
        raise ValueError(f"{written!r} is not a size such as 500MiB or 1.5GiB")
    return float(found[1]) * (1024, 1 << 20, 1 << 30)["KMG".index(found[2])]


OPTIONS = (
    Option("messages_per_minute", "R", "that each client says, all of them in one room; default 1", _per_minute),
    Option("latency", "TIME", "99 of 100 readers are to have it within that time; default 100ms", _seconds),
    Option("memory", "SIZE", "that the process may have; default half of what there is", _bytes),
)


class Wishes(NamedTuple):
    """What was asked for."""

    talk: Wish
    memory: float
    available: float


def wishes(written: Mapping[str, str], limits: Limits) -> Wishes:
    """Raises WrongError."""
    values = {"messages_per_minute": 1.0, "latency": 0.1}
    for option in OPTIONS:
        if option.name in written:
            try:
                values[option.name] = option.parse(written[option.name])
            except ValueError as error:
                raise WrongError(f"argument {option.flag}: {error}") from None
    per_minute, (most, whose) = values["messages_per_minute"], memory.available()
    granted = values.setdefault("memory", most / 2)
    if per_minute > limits.message_rate * 60:
        rate = f"{limits.message_rate * 60:,.10g} a minute (message-rate)"
        raise WrongError(f"argument --messages-per-minute: {per_minute:g} is more than a client may say, {rate}")
    if granted > most:
        raise WrongError(f"argument --memory: {memory.shown(granted)} is more than {whose}, {memory.shown(most)}")
    if math.isinf(memory.process_bytes(replace(limits, max_clients=0), 0)):
        unbounded = "queue, handshakes, farewells, or outbox and outboxes together"
        raise WrongError(f"no memory can be promised while one of these has no bound: {unbounded}")
    return Wishes(Wish(per_minute, values["latency"]), granted, most)


def run(limits: Limits, wished: Wishes, command: list[str], out: TextIO) -> None:
    """Measure, and write what follows. `command` starts the server, but for its cap. Raises ProbeError."""
    files = raise_file_limit()
    clients = min(CLIENTS, files - Limits().files_beside_clients)
    if clients < LEAST_CLIENTS:
        beside = Limits().files_beside_clients + LEAST_CLIENTS
        raise ProbeError(f"to measure takes {beside:,} open files, and this process may have {files:,} (ulimit -Hn)")
    progress = Progress(sys.stderr)
    try:
        found = measure(clients, progress=progress)
    finally:
        progress.end()
    _check(found)
    shares = shares_of(limits, wished, found, files)
    advice = advise(found.costs, wished.talk, shares)
    report = advicetext.Report(found, advice, shares, command, _asked(limits))
    out.writelines(f"{line}\n" for line in report.lines(out))


def _check(found: Found) -> None:
    """A send is a call of the system, and can't be cheaper than a line that joins it."""
    if not 0 < found.costs.line < found.costs.send:
        others = f"other programs used {percent(found.foreign + found.stolen)} of a CPU meanwhile"
        raise ProbeError(f"what was measured contradicts itself: {others}; measure again when it is quiet")


def _asked(limits: Limits) -> int:
    """The cap as it is configured; 0 for none."""
    return 0 if math.isinf(limits.max_clients) else int(limits.max_clients)


def shares_of(limits: Limits, wished: Wishes, found: Found, files: int) -> dict[str, Share]:
    """What the bounds let each client have, so that it also holds under attack; and what one has, if that is more."""

    def process(clients: int) -> float:
        return memory.process_bytes(replace(limits, max_clients=clients), found.costs.base)

    many = 10**6  # clients; from a few hundred on it is a straight line
    each = process(many + 1) - process(many)
    above = max(0.0, found.costs.client - memory.SESSION)
    kernel = memory.kernel_part(replace(limits, max_clients=0)).size
    return {
        MEMORY: Share(wished.memory, process(many) - many * each, each + above),
        KERNEL: Share(wished.available - wished.memory, kernel, sum(memory.buffers(limits))),
        FILES: Share(files, files - _seats_for(limits, files), found.costs.files),
    }


def _seats_for(limits: Limits, files: int) -> float:
    """How many files are left for clients."""
    unbounded = replace(limits, max_clients=math.inf)
    try:
        fit(unbounded, files)
    except DoesNotFitError:
        return 0
    return unbounded.max_clients


class Progress:
    """What is going on: in place on a terminal, else a line now and then."""

    def __init__(self, err: TextIO, program: str = "chatd") -> None:
        self._err = err
        self._program = program
        self._is_terminal = err.isatty()
        self._told = -math.inf

    def __call__(self, text: str) -> None:
        if self._is_terminal:
            self._err.write(f"\r{text} …\x1b[K")
        elif (now := time.monotonic()) >= self._told + EVERY:
            self._told = now
            self._err.write(f"{self._program}: {text}\n")
        self._err.flush()

    def end(self) -> None:
        if self._is_terminal:
            self._err.write("\r\x1b[K")
            self._err.flush()
