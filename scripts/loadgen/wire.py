"""Why: clients live in several processes and the books in one, so what is said between them has one form, in one place.

Each says lines of JSON: the parent orders on a worker's standard input, a worker reports on its standard output.
Moments are whole microseconds since the run began, on the clock that all processes of a machine share.
"""

import json
import time
from collections.abc import AsyncIterator
from enum import StrEnum
from typing import Any, NamedTuple, TypedDict

import trio

from .histogram import Written


class What(StrEnum):
    """What can happen to a client, or to a worker."""

    TRIED = "tried"  # it begins to connect
    FAILED = "failed"  # it could not connect; why
    QUEUED = "queued"  # its place
    SEATED = "seated"
    REFUSED = "refused"  # or closed; the reason
    SILENT = "silent"  # the connection ended, or no answer came, and nobody said why; how
    LEAVES = "leaves"  # of its own will
    SAID = "said"  # a message
    KEPT = "kept"  # it reads again, and is still a member
    LIMIT = "limit"  # the seats that the server says it has
    SERVER = "server"  # the server's words of itself
    HUSHED = "hushed"  # this worker's clients have said all that they were to say


class Event(NamedTuple):
    """Something that happened."""

    at: int
    what: What
    number: int  # of the client
    detail: int | str = 0
    received: int = 0  # deliveries that were due at the one whose seat ends


class Arrival(NamedTuple):
    """A client that is to come."""

    number: int
    at: int  # its intended moment
    stay: int | None  # how long it keeps its seat; None: until it is told to leave
    reads: bool  # or stops when it is seated


class Begin(TypedDict):
    """What a worker is told first."""

    worker: int  # its number
    began: float
    tick: int
    seed: int
    token: str
    room: str
    patience: int


class Times(TypedDict):
    """What was measured since the last tick."""

    latency: Written
    lateness: Written
    answers: Written
    arrival_lateness: Written


class Report(TypedDict):
    """What a worker tells, two hundred times a second."""

    upto: int  # everything until then has been told
    events: list[Event]
    received: int  # in all, as the next two
    duplicates: int
    disordered: int
    open: int  # connections
    times: Times | None  # once a tick


class Clock:
    """The run's own time."""

    def __init__(self, began: float) -> None:
        self.began = began  # on time.monotonic

    def now(self) -> int:
        """Microseconds since the run began."""
        return int((time.monotonic() - self.began) * 1e6)


def line_of(said: object) -> bytes:
    """As it is written to a pipe."""
    return json.dumps(said, separators=(",", ":")).encode() + b"\n"


async def read_lines(stream: trio.abc.ReceiveStream) -> AsyncIterator[Any]:
    """What the other one says, until it is gone."""
    rest = b""
    async for received in stream:
        *lines, rest = (rest + received).split(b"\n")
        for line in lines:
            yield json.loads(line)
