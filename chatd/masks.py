"""A room's lists of masks: who is kept out, who is not for all that, who needs no invitation. Synchronous, no I/O."""

from collections.abc import Iterable
from typing import NamedTuple

from .protocol import irc

# The modes that are lists (ISUPPORT CHANMODES type A), as modern.ircdocs.horse has them.
BANS, EXCEPTIONS, INVITED = "b", "e", "I"


class Listed(NamedTuple):
    """One entry: what it fits, who put it there, and when (Unix time)."""

    mask: str
    by: str
    when: float
    pattern: irc.Mask


class MaskLists(dict[tuple[str, str], Listed]):
    """All lists of a room, by the letter of the mode and the mask; masks that differ in case only are the same."""

    __slots__ = ()

    def of(self, letter: str) -> Iterable[Listed]:
        return (entry for (mode, _), entry in self.items() if mode == letter)

    def has(self, letter: str, mask: str) -> bool:
        return (letter, irc.fold(mask)) in self

    def add(self, letter: str, mask: str, by: str, when: float) -> None:
        self[letter, irc.fold(mask)] = Listed(mask, by, when, irc.Mask(mask))

    def remove(self, letter: str, mask: str) -> str | None:
        """Take a mask out; how it was written, None if it was not there."""
        found = self.pop((letter, irc.fold(mask)), None)
        return None if found is None else found.mask

    def fits(self, letter: str, source: str) -> bool:
        """Whether a mask of that list fits a client's `nick!user@host`."""
        return bool(self) and any(entry.pattern.matches(source) for entry in self.of(letter))

    def bans(self, source: str) -> bool:
        """Whether that client is banned and not excepted."""
        return self.fits(BANS, source) and not self.fits(EXCEPTIONS, source)
