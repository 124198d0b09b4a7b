"""Why: who comes when, and under which name, is decided from a seed before anybody comes, so it can be repeated."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from .deliveries import MICROSECONDS
from .scenarios import Arrivals
from .wire import Arrival

if TYPE_CHECKING:  # a worker has no command line, and is to start quickly
    from .options import Options

NICK_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"
RUN_LETTERS = 3
NUMBER_LETTERS = 4  # with the letter before them 8 characters: 9 is the least that every IRC server grants


def plan(options: Options, chance: random.Random) -> list[Arrival]:
    """Everybody who is to come, in order; moments count from the beginning."""
    moments = _moments(options, chance)
    return [
        Arrival(
            number,
            int(moment * MICROSECONDS),
            None if options.stay is None else int(chance.expovariate(1 / options.stay) * MICROSECONDS),
            reads=not _is_slow(number, options.slow),
        )
        for number, moment in enumerate(moments)
    ]


def _moments(options: Options, chance: random.Random) -> list[float]:
    match options.scenario.arrivals:
        case Arrivals.AT_ONCE:
            return [0.0] * options.clients
        case Arrivals.EVENLY:
            assert options.rate is not None
            return [number / options.rate for number in range(options.clients)]
        case Arrivals.BY_CHANCE:
            # Of a Poisson process it is known how many came: then each came at any moment, independently of the others.
            assert options.duration is not None
            return sorted(chance.uniform(0, options.duration) for _ in range(options.clients))


def _is_slow(number: int, share: float) -> bool:
    # Evenly spread, so that some are among those who get seats.
    return int((number + 1) * share) > int(number * share)


def run_name(chance: random.Random) -> str:
    """What tells this run's names and messages from another's."""
    return "".join(chance.choices(NICK_ALPHABET, k=RUN_LETTERS))


def nick(run: str, number: int) -> str:
    """The name of a client."""
    letters = ""
    for _ in range(NUMBER_LETTERS):
        number, digit = divmod(number, len(NICK_ALPHABET))
        letters = NICK_ALPHABET[digit] + letters
    return f"l{run}{letters}"
