"""Why: a run's result has several readers, a person, a page, a program, a threshold, and all must be told the same.

This is its form and nothing else: what is written as JSON. docs/load.md says what each key means, and in what unit.
A key that comes to mean something else gets a new schema number; new keys do not.
"""

from typing import Any, Literal, TypedDict

SCHEMA = 2

Quantile = Literal["p50", "p90", "p99", "p99.9", "max"]
QUANTILES: tuple[Quantile, ...] = ("p50", "p90", "p99", "p99.9", "max")

# Of one kind of times, in seconds. A bucket is its upper edge and how many fell into it.
Times = TypedDict(
    "Times",
    {
        "count": int,
        "p50": float,
        "p90": float,
        "p99": float,
        "p99.9": float,
        "max": float,
        "buckets": list[list[float]],
    },
)


class Fate(TypedDict):
    """How many attempts came to the same end."""

    kind: str  # a name of ledger.Kind, in small letters
    reason: str
    count: int


class Counts(TypedDict):
    """Clients. One that comes several times makes several attempts."""

    clients: int
    attempts: int
    peak_seated: int
    peak_for_certain: int
    lost_seats: int
    entered_line: int


class Messages(TypedDict):
    """Sent ones, and what was due and came of them."""

    sent: int
    expected: int
    received: int
    missing: int
    duplicates: int
    out_of_order: int


class Versions(TypedDict):
    """Of what took part on this side."""

    chatd: str
    python: str
    trio: str


class Limits(TypedDict):
    """Of the server, as it tells, and of the process that made this."""

    max_clients: int | None
    open_files: int | None


class Machine(TypedDict):
    """Where the load was made."""

    processor: str
    processors: int
    memory: int | None
    kernel: str


class Beginning(TypedDict):
    """Of a phase."""

    at: float
    phase: str


class Timeline(TypedDict):
    """Columns of the same length, a value for each tick; null where nothing was measured in it."""

    phases: list[Beginning]
    at: list[float]
    seated: list[int]
    waiting: list[int]
    undecided: list[int]
    refused: dict[str, list[int]]
    silent: list[int]
    failed: list[int]
    sent: list[int]
    received: list[int]
    p50: list[float | None]
    p99: list[float | None]
    answer_p99: list[float | None]
    memory: list[int | None]
    cpu: list[float | None]
    files: list[int | None]


class Checked(TypedDict):
    """An invariant."""

    name: str
    holds: bool | None
    detail: str


class Compared(TypedDict):
    """A figure that was known beforehand, and what it was. `agree` is null where it cannot be told."""

    what: str
    expected: int | None
    seen: int
    agree: bool | None


class Result(TypedDict):
    """All that is known of a run."""

    schema: int
    ended: Literal["finished", "interrupted"]
    exit_code: int
    headline: str
    warnings: list[str]
    failures: list[str]
    scenario: str
    target: str
    server: str
    seed: int
    began: str
    options: dict[str, Any]
    versions: Versions
    limits: Limits
    machine: Machine
    counts: Counts
    stages: dict[str, list[Fate]]
    messages: Messages
    latency_s: Times | None
    lateness_s: Times | None
    answers_s: Times | None
    arrival_lateness_s: Times | None
    returned: dict[str, float] | None
    seconds: dict[str, float]
    invariants: list[Checked]
    expected_against_seen: list[Compared]
    timeline: Timeline
