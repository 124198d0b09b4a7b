"""What a bound is: one row of the table in `limits`, and how what somebody wrote for it becomes its value.

The flag, the key of a configuration file, the environment variable, what `--limits` shows and the sentence that
answers a wrong value all come from the row, so a new bound is one entry in one file.
"""

import math
from dataclasses import dataclass, field
from typing import Any

NONE = "none"  # how "no bound, by choice" is written
BY_CHOICE = "none, by choice"  # and how it is shown
MOST = 2**31 - 1  # what the kernel takes for a size or a count


@dataclass(frozen=True, slots=True)
class Bound:
    """What there is to say about one bound. `least` and `most` are the values that make sense."""

    name: str
    default: float | None  # None where it follows from another bound, as `rule` says
    unit: str
    why: str
    at: str  # what happens at it
    tells: str  # the reason or the numeric that its victim reads; empty where nobody is turned away
    least: float
    most: float
    whole: bool  # counts and bytes are whole numbers; times and rates need not be
    may_be_none: bool
    live: bool  # whether a change is felt while the server runs
    ring: bool  # whether what is past it is only forgotten, so that to be full is its usual state
    rule: str = ""

    @property
    def key(self) -> str:
        """Its name for people: in files, in `chatctl set`, in sentences and metrics."""
        return self.name.replace("_", "-")

    @property
    def flag(self) -> str:
        return "--" + self.key

    @property
    def variable(self) -> str:
        return "CHATD_" + self.name.upper()

    def parse(self, written: str) -> float:
        """The value that was written. Raises ValueError with a sentence that says what would be right."""
        written = written.strip()
        if written == NONE and self.may_be_none:
            return math.inf
        try:
            value = int(written) if self.whole else float(written)
        except ValueError:
            kind = "a whole number" if self.whole else "a number"
            none = f", or '{NONE}'" if self.may_be_none else ""
            raise ValueError(f"{written!r} is not {kind} of {self.unit}{none}") from None
        if math.isnan(value) or value < self.least:
            raise ValueError(f"{written} is too small: at least {self.least:g} {self.unit}")
        if math.isinf(value):
            none = f"; write '{NONE}' to have none" if self.may_be_none else ""
            raise ValueError(f"{written!r} is no bound{none}")
        if value > self.most:
            raise ValueError(f"{written} is too large: at most {int(self.most)} {self.unit}")
        return value

    def show(self, value: float) -> str:
        """A value with its unit, for people."""
        if math.isinf(value):
            return BY_CHOICE
        what, slash, per = self.unit.partition("/")
        if value == 1 and len(what) > 1:  # the unit s has no other form
            what = what.removesuffix("s")
        return f"{_number(value)} {what}{slash}{per}"

    @property
    def shown_default(self) -> str:
        return self.rule if self.default is None else self.show(self.default)


def _number(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:,.10g}"


def row(
    default: float | None,
    unit: str,
    why: str,
    at: str,
    tells: str = "",
    *,
    least: float = 0,
    most: float = math.inf,
    none: bool = False,
    live: bool = True,
    ring: bool = False,
    rule: str = "",
    whole: bool | None = None,
) -> Any:
    """A field of `Limits`. A whole default makes a bound of whole numbers; `none` says whether there may be none."""
    if whole is None:
        whole = default is None or isinstance(default, int)
    if whole and math.isinf(most):
        most = MOST
    if not whole and not least:
        least = 0.001
    metadata = {
        "unit": unit, "why": why, "at": at, "tells": tells, "least": least, "most": most,
        "whole": whole, "may_be_none": none, "live": live, "ring": ring, "rule": rule,
    }  # fmt: skip
    return field(default=default, metadata=metadata)
