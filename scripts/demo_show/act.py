"""Why: what is shown while an act runs and what is said after it must be the same figures, so they have one place.

An act is told what the members who measure, the crowd, the operator's socket and the system say, and when; it knows
no clock of its own. Times are seconds since it began.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from chatd.ops import memory

PROBES = 2  # members who measure
SLOWEST = 5.0  # s that a message may take before an act is ended


class Bounds(NamedTuple):
    """How the server of an act is bounded; None stands for "none"."""

    seats: int | None
    places: int | None


class Ceilings(NamedTuple):
    """What ends an act, whichever comes first."""

    seconds: float
    memory: int  # bytes of the server's process

    def met(self, act: "Act") -> str:
        """The one that is met, in words; empty as long as none is."""
        if act.memory_peak >= self.memory:
            return f"memory reached {memory.shown(self.memory)}"
        if act.slowest >= SLOWEST:
            return f"a message took {SLOWEST:g} s"
        return ""


class Look(NamedTuple):
    """What the system says of the server's process at a moment."""

    at: float
    memory: int  # bytes
    cpu: float  # seconds used so far


@dataclass
class Crowd:
    """What became of the crowd so far, as it tells itself."""

    came: int = 0
    seated: int = 0  # now
    most_seated: int = 0
    waiting: int = 0  # now
    moved_up: int = 0  # from the line to a seat
    refused: Mapping[str, int] = field(default_factory=dict)  # and closed, by reason
    unanswered: int = 0  # now
    silent: int = 0  # ended without a reason, or could not connect
    late: float = 0.0  # s that 99 of 100 came too late at most, through no fault of the server's

    @property
    def sent_away(self) -> int:
        return sum(self.refused.values())


@dataclass
class Act:
    """One server and what it lived through."""

    name: str
    bounds: Bounds
    clients: int
    now: float = 0.0
    crowd: Crowd = field(default_factory=Crowd)
    looks: list[Look] = field(default_factory=list)
    arrived: list[tuple[float, float]] = field(default_factory=list)  # the moment and the time of each message
    under_way: dict[int, float] = field(default_factory=dict)  # the moments of those that are still to arrive
    lateness: list[float] = field(default_factory=list)  # of the members who measure, themselves
    deliveries: int = 0
    owed: int = 0  # bytes to those who read slowly
    kept_waiting: float = 0.0  # s that the server could have worked and had no CPU, as others had it
    ended: str = ""  # by what

    # -- what it is told ----------------------------------------------------------------------------------------------

    def measured(self, told: Mapping[str, Any], began: float) -> None:
        """A line of the members who measure, whose moments are of the same clock as `began`."""
        for number, moment, late in told["sent"]:
            self.under_way[number] = moment - began
            self.lateness.append(late)
        self.arrived += [(self.under_way.pop(number), seconds) for number, seconds in told["arrived"]]

    def looked(self, memory: int, cpu: float) -> None:
        """What the system says now."""
        self.looks.append(Look(self.now, memory, cpu))

    # -- what is asked ------------------------------------------------------------------------------------------------

    @property
    def inside(self) -> int:
        """Members now, those who measure included."""
        return self.crowd.seated + PROBES

    @property
    def most_inside(self) -> int:
        return self.crowd.most_seated + PROBES

    @property
    def unanswered(self) -> int:
        """Who has no seat, no place and no reason."""
        return self.crowd.unanswered + self.crowd.silent

    @property
    def left_again(self) -> int:
        """Of those who came; all others are inside, in line, sent away or without an answer."""
        crowd = self.crowd
        return crowd.came - crowd.seated - crowd.waiting - crowd.sent_away - self.unanswered

    @property
    def memory(self) -> int:
        return self.looks[-1].memory if self.looks else 0

    @property
    def memory_peak(self) -> int:
        return max((look.memory for look in self.looks), default=0)

    @property
    def cpu(self) -> float:
        """Seconds of CPU time."""
        return self.looks[-1].cpu if self.looks else 0.0

    @property
    def voyages(self) -> list[tuple[float, float]]:
        """The moment and the time of each message. One that is still to arrive counts as what it has taken already:
        left out, the slowest would be those that do not show."""
        return self.arrived + [(moment, self.now - moment) for moment in self.under_way.values()]

    @property
    def times(self) -> list[float]:
        return [seconds for _, seconds in self.voyages]

    def took(self, percent: float) -> float:
        """The time that so many of the messages did not pass."""
        return percentile(self.times, percent)

    @property
    def slowest(self) -> float:
        return max(self.times, default=0.0)

    def lately(self, seconds: float) -> list[float]:
        """The times of those messages that arrived so recently, or are still to arrive."""
        since = self.now - seconds
        waiting = [self.now - moment for moment in self.under_way.values()]
        # Those of a moment ago may just not have been told of: only what is older than them says something.
        behind = [age for age in waiting if age > 1.0]
        return [took for moment, took in self.arrived if moment + took >= since] + behind

    def busy(self, seconds: float = 1.0) -> float:
        """The share of a CPU that the server has used lately."""
        past = [look for look in self.looks if look.at <= self.now - seconds]
        if not past or self.looks[-1].at <= past[-1].at:
            return 0.0
        return (self.looks[-1].cpu - past[-1].cpu) / (self.looks[-1].at - past[-1].at)


def percentile(times: Iterable[float], percent: float) -> float:
    """The time that `percent` of them do not pass; 0 where there are none."""
    ordered = sorted(times)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)] if ordered else 0.0
