"""What a verb is: one method of the desk with its arguments beside it, which are checked before it runs.

    @VERBS.verb("unban", Argument("network", network))
    def unban(self, network: Network) -> Object: ...
"""

import unicodedata
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, NamedTuple

from ..hosts import Network
from ..hosts import network as parse_network
from .wire import Object, RefusedError

MOST_SECONDS = 10 * 365 * 24 * 3600.0  # of a ban with an end
_NOT_TEXT = frozenset({"Cc", "Cs", "Zl", "Zp"})  # controls, halves of characters, ends of lines

Run = Callable[..., Object]


class Argument(NamedTuple):
    """`read` makes its value of what the request holds, or raises ValueError with the rest of a sentence."""

    name: str
    read: Callable[[object], Any]
    needed: bool = True


@dataclass(frozen=True, slots=True)
class Verb:
    name: str
    run: Run
    arguments: tuple[Argument, ...]
    summary: str

    def read(self, given: Object) -> Object:
        """The arguments as `run` takes them. Raises RefusedError."""
        if unknown := given.keys() - {argument.name for argument in self.arguments}:
            raise RefusedError(f"{self.name} has no {_short(min(unknown))!r}; it has {self._grammar}")
        values = {}
        for name, read, needed in self.arguments:
            if name in given:
                try:
                    values[name] = read(given[name])
                except ValueError as error:
                    raise RefusedError(f"{self.name}: {name} {error}") from None
            elif needed:
                raise RefusedError(f"{self.name} needs {name!r}, which is missing or empty; it has {self._grammar}")
        return values

    @property
    def _grammar(self) -> str:
        return ", ".join(repr(argument.name) for argument in self.arguments) or "no arguments"


class Table(dict[str, Verb]):
    """Verbs by name."""

    def verb(self, name: str, *arguments: Argument) -> Callable[[Run], Run]:
        """Put a method into the table."""

        def enter(run: Run) -> Run:
            self[name] = Verb(name, run, arguments, (run.__doc__ or "").partition("\n")[0])
            return run

        return enter

    def find(self, name: object) -> Verb:
        """The verb of that name. Raises RefusedError."""
        if not isinstance(name, str) or name not in self:
            what = "a request needs a 'verb'" if name is None else f"there is no verb {_short(name)!r}"
            raise RefusedError(f"{what}; there are {', '.join(self)}")
        return self[name]


# How values are read.


def text(given: object) -> str:
    if not isinstance(given, str) or not given.strip():
        raise ValueError("is to be a text")
    if any(unicodedata.category(character) in _NOT_TEXT for character in given):
        raise ValueError("is to be one line of text, without control characters")
    return given


def texts(given: object) -> list[str]:
    if not isinstance(given, list) or not given:
        raise ValueError("is to be a list of texts")
    return [text(each) for each in given]


def written(given: object) -> str:
    """A bound's value: as it would stand on the command line, or a number."""
    if isinstance(given, int | float) and not isinstance(given, bool):
        return str(given)
    return text(given)


def seconds(given: object) -> float:
    if isinstance(given, bool) or not isinstance(given, int | float) or not 0 < given <= MOST_SECONDS:
        raise ValueError(f"is to be a number of seconds, at most {MOST_SECONDS:,.0f} (ten years)")
    return float(given)


def network(given: object) -> Network:
    try:
        return parse_network(text(given))
    except ValueError as error:
        raise ValueError(f"is wrong: {error}") from None


def one_of(names: Collection[str]) -> Callable[[object], str]:
    def read(given: object) -> str:
        if given not in names:
            raise ValueError(f"is to be one of {', '.join(names)}")
        return str(given)

    return read


def _short(given: object) -> str:
    """As much of what somebody wrote as is to be said back."""
    shown = str(given)
    return shown if len(shown) <= 40 else f"{shown[:40]}…"
