"""What a client in the waiting line is told, for people and for programs.

With the capability `standard-replies` a client gets notes of these forms, which `parse_note` reads:

    NOTE * QUEUED <place> <length> <eta, s or *> :<sentence>
    NOTE * SEATED :<sentence>
    NOTE * OCCUPANCY <seated> <cap> <waiting> :<sentence>

Everybody else reads the sentence alone.
"""

from typing import NamedTuple

from .irc import Message

UNKNOWN = "*"  # stands for a number that nobody knows; an expected wait is never invented
UNBOUNDED = "*"


class Queued(NamedTuple):
    """One's place in the waiting line (1 is next), its length, and the expected wait in seconds, None if unknown."""

    place: int
    length: int
    eta: float | None

    @property
    def sentence(self) -> str:
        wait = "" if self.eta is None else f", about {duration(round(self.eta))}"
        return f"You are {ordinal(self.place)} of {self.length} in line{wait}. Stay connected."

    def words(self) -> list[str]:
        return ["QUEUED", str(self.place), str(self.length), UNKNOWN if self.eta is None else str(round(self.eta))]


class Occupancy(NamedTuple):
    """How full the server is. `cap` is None where the number of seats is not bounded."""

    seated: int
    cap: int | None
    waiting: int

    @property
    def sentence(self) -> str:
        seats = f"{self.seated} of {self.cap}" if self.cap is not None else f"{self.seated}"
        return f"{seats} seats are taken, {self.waiting} waiting."

    def words(self) -> list[str]:
        return ["OCCUPANCY", str(self.seated), UNBOUNDED if self.cap is None else str(self.cap), str(self.waiting)]


class Seated(NamedTuple):
    """One's seat has come."""

    sentence: str = "Your seat is free: welcome."

    def words(self) -> list[str]:
        return ["SEATED"]


Note = Queued | Occupancy | Seated


def parse_note(message: Message) -> Note | None:
    """Read a NOTE of the forms above; None if it is another one, or not well formed."""
    if message.command != "NOTE" or len(message.params) < 3 or message.params[0] != "*":
        return None
    try:
        match message.params[1:]:
            case ["QUEUED", place, length, eta, _]:
                return Queued(_count(place), _count(length), None if eta == UNKNOWN else float(_count(eta)))
            case ["OCCUPANCY", seated, cap, waiting, _]:
                return Occupancy(_count(seated), None if cap == UNBOUNDED else _count(cap), _count(waiting))
            case ["SEATED", sentence]:
                return Seated(sentence)
    except ValueError:
        pass
    return None


def _count(word: str) -> int:
    if not (word.isascii() and word.isdigit() and len(word) <= 9):
        raise ValueError(f"{word!r} is not a count")
    return int(word)


def ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 4th … 11th … 21st."""
    teens = 10 <= number % 100 <= 20
    return f"{number}{'th' if teens else {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')}"


def count(number: int, one: str, several: str) -> str:
    """A number of things as one would say it: 1 seat, 1,000 seats."""
    return f"{number:,} {one if number == 1 else several}"


def duration(seconds: float) -> str:
    """A length of time as one would say it: 0.5 s, 40 s, 5 min, 3 h."""
    if seconds < 9.95 and round(seconds, 1) != round(seconds):
        return f"{seconds:.1f} s"
    if seconds < 99.5:
        return f"{seconds:.0f} s"
    if seconds < 99.5 * 60:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.0f} h"
