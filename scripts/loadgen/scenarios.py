"""Why: what there is to learn about a limit takes more than one kind of crowd; each kind is a row here.

A row says in what order things happen, and which options it uses, with their defaults: whatever is not in it is an
error on the command line.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum, auto
from types import MappingProxyType


class Arrivals(Enum):
    """When clients come."""

    EVENLY = auto()
    AT_ONCE = auto()
    BY_CHANCE = auto()  # independently of each other: a Poisson process


class Step(StrEnum):
    """A part of a run; also the name of its phase."""

    COME = "coming"  # all come, until each has an answer
    CHURN = "churning"  # they come and go, and chat if there are messages, until the last has come
    CHAT = "chatting"  # the members talk
    HOLD = "staying"
    RETURN = "returning"  # all hang up at once, and are back at once
    LEAVE = "leaving"  # the seated go in waves, so that the line moves up and its order shows


@dataclass(frozen=True)
class Scenario:
    """A kind of crowd."""

    name: str
    what: str
    lesson: str
    arrivals: Arrivals
    course: tuple[Step, ...]
    defaults: Mapping[str, float | None]  # the options that it uses

    def __str__(self) -> str:
        return self.name


TALK: Mapping[str, float | None] = {"messages": None, "message_rate": None, "each": None}
ROWS = (
    Scenario(
        "ramp",
        "they come at a constant rate, beyond the cap, stay, and leave in waves",
        "that the limit holds, everybody else is told why, and the line moves up in order",
        Arrivals.EVENLY,
        (Step.COME, Step.CHAT, Step.HOLD, Step.LEAVE),
        {"clients": 1000, "rate": 500.0, "hold": 2.0, **TALK, "messages": 0},
    ),
    Scenario(
        "storm",
        "they come all at once, then as in ramp",
        "how long the last one of a crowd waits for an answer, and that it gets one",
        Arrivals.AT_ONCE,
        (Step.COME, Step.CHAT, Step.HOLD, Step.LEAVE),
        {"clients": 1000, "hold": 2.0, **TALK, "messages": 0},
    ),
    Scenario(
        "churn",
        "they come and go by chance, as people do",
        "how many seats a crowd needs whose rate of arrival and length of stay you know",
        Arrivals.BY_CHANCE,
        (Step.CHURN, Step.LEAVE),
        {"rate": 20.0, "stay": 10.0, "duration": 60.0},
    ),
    Scenario(
        "chat",
        "all get in, then they talk to each other",
        "how fast a message reaches everybody, and how many a second the server can spread",
        Arrivals.EVENLY,
        (Step.COME, Step.CHAT, Step.LEAVE),
        {"clients": 100, "rate": 500.0, "duration": 10.0, **TALK},
    ),
    Scenario(
        "slow",
        "as chat, but some members stop reading as soon as they are seated",
        "that nobody else waits for a slow reader, and what becomes of it",
        Arrivals.EVENLY,
        (Step.COME, Step.CHAT, Step.LEAVE),
        {"clients": 100, "rate": 500.0, "duration": 40.0, **TALK, "slow": 0.1},
    ),
    Scenario(
        "herd",
        "all are in, hang up at once and are back at once, as after a restart",
        "how long it takes until all seats are taken again and everybody has an answer",
        Arrivals.EVENLY,
        (Step.COME, Step.HOLD, Step.RETURN, Step.LEAVE),
        {"clients": 150, "rate": 500.0, "hold": 1.0, "duration": 60.0},
    ),
    Scenario(
        "soak",
        "churn, chat and slow together, for a long time",
        "that the server's memory and its latency are the same after an hour",
        Arrivals.BY_CHANCE,
        (Step.CHURN, Step.LEAVE),
        {"rate": 5.0, "stay": 30.0, "duration": 600.0, **TALK, "slow": 0.05},
    ),
)
SCENARIOS: Mapping[str, Scenario] = MappingProxyType({row.name: row for row in ROWS})
