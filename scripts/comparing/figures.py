"""Why: one run says little on a machine that others use too, so a figure is a median and comes with its spread."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True)
class Kind:
    """A figure that is measured in each turn."""

    key: str
    title: str
    unit: str
    more_is_better: bool = False


KINDS = (
    Kind("registrations", "registrations", "thousand/s", more_is_better=True),
    Kind("memory", "memory per idle client", "KB"),
    Kind("join", "all join one room", "s"),
    Kind("join_cpu", "CPU of that", "s"),
    Kind("cpu", "CPU per delivery", "µs"),
    Kind("p50", "latency, p50", "ms"),
    Kind("p99", "latency, p99", "ms"),
    Kind("rate", "deliveries, saturated", "thousand/s", more_is_better=True),
)
BY_KEY = {kind.key: kind for kind in KINDS}


@dataclass(frozen=True)
class Spread:
    """Several turns of one figure."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, turns: Sequence[Mapping[str, float]], key: str) -> Self | None:
        """None where it was not measured."""
        values = [turn[key] for turn in turns if key in turn]
        return cls(statistics.median(values), min(values), max(values)) if values else None

    @property
    def range(self) -> str:
        """From the least to the most."""
        return f"{short(self.least)}–{short(self.most)}"


def short(value: float) -> str:
    """Three digits that count."""
    size = abs(value)
    return f"{value:,.0f}" if size >= 99.95 else f"{value:.1f}" if size >= 9.995 else f"{value:.2f}"
