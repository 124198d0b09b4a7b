"""Why: a build that is to fail when the server has become slow needs to say what slow is, in one word.

`p99>200ms` is a threshold: a metric, a comparison and a value. It is met when the comparison is true, and also when the
run did not measure that metric, since a check that cannot fail is none. It looks at the result's document only.
"""

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Literal, NamedTuple, Self

from . import words
from .document import QUANTILES, Quantile, Result
from .ledger import Kind

FORM = re.compile(
    r"\s*(?P<metric>[a-z][a-z0-9.]*)\s*(?P<comparison>>=|<=|>|<)\s*"
    r"(?P<value>[0-9]{1,12}(?:\.[0-9]{1,9})?)\s*(?P<unit>[A-Za-z%]*)\s*"
)
COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
DIGITS = 6  # behind the point; what is beyond is a matter of floating point


class Sort(NamedTuple):
    """What kind of value a metric has: how many of each unit make what the document counts in (of %: the whole)."""

    units: Mapping[str, float]
    rule: str


TIME = Sort({"us": 1e6, "ms": 1e3, "s": 1}, "is a time: its value ends with us, ms or s, as in {}>200ms")
SIZE = Sort(
    {"KiB": 2**-10, "MiB": 2**-20, "GiB": 2**-30, "MB": 1e-6},
    "is a size: its value ends with KiB, MiB, GiB or MB, as in {}>100MiB",
)
COUNT = Sort({"": 1, "%": 100}, "is a count: its value is a number, or ends with %, as in {}>5%")
SHARE = Sort({"%": 100}, "is a share of one CPU: its value ends with %, as in {}>90%")


class Reading(NamedTuple):
    """A metric's value in a run, and of how many that is where % can be asked for."""

    value: float
    whole: float = 1


class Metric(NamedTuple):
    """Something that a threshold can be about. `read` gives None where the run did not measure it, mostly because of
    `obstacle`."""

    sort: Sort
    read: Callable[[Result], Reading | None]
    obstacle: str


@dataclass(frozen=True)
class Threshold:
    """A comparison that a run is not to meet."""

    text: str
    metric: str
    comparison: str
    value: float
    unit: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """What somebody typed. Raises ValueError with a sentence that says what would be right."""
        found = FORM.fullmatch(text)
        if found is None:
            raise ValueError(f"{text!r} is not a metric, one of > >= < <=, and a value, such as p99>200ms")
        name, unit = found["metric"], found["unit"]
        metric = METRICS.get(name)
        if metric is None:
            raise ValueError(f"there is no metric {name!r}; there are {', '.join(METRICS)}")
        if unit not in metric.sort.units:
            raise ValueError(f"{name} {metric.sort.rule.format(name)}")
        return cls(text.strip(), name, found["comparison"], float(found["value"]), unit)

    def __str__(self) -> str:
        return self.text

    def met(self, result: Result) -> str | None:
        """A sentence if that run meets it, or has not measured it; else None."""
        metric = METRICS[self.metric]
        reading = metric.read(result)
        if reading is None or not reading.whole:
            return f"{self.text}: not measured in this run, {metric.obstacle}, so it counts as met"
        whole = reading.whole if self.unit == "%" else 1
        value = round(reading.value * metric.sort.units[self.unit] / whole, DIGITS)
        if not COMPARISONS[self.comparison](value, self.value):
            return None
        shown = f"{value:,.2f}".rstrip("0").rstrip(".")
        return f"{self.text}: it was {shown}{self.unit and ' '}{self.unit}"


# -- what there is ----------------------------------------------------------------------------------------------------

Measured = Literal["latency_s", "answers_s", "lateness_s"]


def _time(result: Result, measured: Measured, quantile: Quantile) -> Reading | None:
    times = result[measured]
    return None if times is None else Reading(times[quantile])


def _attempts(result: Result, kinds: tuple[Kind, ...]) -> Reading:
    last = list(result["stages"].values())[-1]
    return Reading(words.count_of(last, *kinds), words.count_of(last, *Kind))


def _missing(result: Result) -> Reading:
    messages = result["messages"]
    return Reading(messages["missing"], messages["expected"])


def _memory(result: Result) -> Reading | None:
    sizes = [size for size in result["timeline"]["memory"] if size is not None]
    return Reading(max(sizes)) if sizes else None


def _cpu(result: Result) -> Reading | None:
    shares = [share for share in result["timeline"]["cpu"] if share is not None]
    return Reading(sum(shares) / len(shares)) if shares else None


MEASURED: tuple[tuple[str, Measured, str], ...] = (
    ("", "latency_s", "as no message was delivered"),
    ("answer.", "answers_s", "as nobody was answered"),
    ("lateness.", "lateness_s", "as no message was sent"),
)
ENDS = {
    "refused": (Kind.REFUSED,),
    "silent": (Kind.SILENT,),
    "failed": (Kind.FAILED,),
    "seated": (Kind.SEATED, Kind.QUEUED_SEATED, Kind.CLOSED),
}
METRICS: Mapping[str, Metric] = {
    **{
        prefix + quantile: Metric(TIME, partial(_time, measured=measured, quantile=quantile), obstacle)
        for prefix, measured, obstacle in MEASURED
        for quantile in QUANTILES
    },
    **{name: Metric(COUNT, partial(_attempts, kinds=kinds), "as nobody tried") for name, kinds in ENDS.items()},
    "missing": Metric(COUNT, _missing, "as no message was due"),
    "memory": Metric(SIZE, _memory, "as no process was watched (--pid)"),
    "cpu": Metric(SHARE, _cpu, "as no process was watched (--pid)"),
}
