"""Which of these go with which of those: who is invited into which rooms, who waits for which names.

Pairs are kept both ways, so that the end of either side costs no more than its own pairs, and a side without any costs
nothing. Synchronous, no I/O.
"""

from collections.abc import Collection, Hashable, KeysView
from typing import Generic, TypeVar

OneT = TypeVar("OneT", bound=Hashable)
OtherT = TypeVar("OtherT", bound=Hashable)
AT = TypeVar("AT", bound=Hashable)
BT = TypeVar("BT", bound=Hashable)


class Pairs(Generic[OneT, OtherT]):
    """Of each side, the oldest first."""

    __slots__ = ("_ones", "_others")

    def __init__(self) -> None:
        self._others: dict[OneT, dict[OtherT, None]] = {}
        self._ones: dict[OtherT, dict[OneT, None]] = {}

    def of(self, one: OneT) -> Collection[OtherT]:
        """What goes with it."""
        return self._others.get(one, ())

    def with_(self, other: OtherT) -> Collection[OneT]:
        """With what it goes."""
        return self._ones.get(other, ())

    def has(self, one: OneT, other: OtherT) -> bool:
        return other in self.of(one)

    @property
    def ones(self) -> KeysView[OneT]:
        """Those with which anything goes."""
        return self._others.keys()

    @property
    def most(self) -> int:
        """The most that goes with any of them."""
        return max(map(len, self._others.values()), default=0)

    def add(self, one: OneT, other: OtherT) -> None:
        self._others.setdefault(one, {})[other] = None
        self._ones.setdefault(other, {})[one] = None

    def part(self, one: OneT, other: OtherT) -> None:
        """They go together no more, if they did."""
        if self.has(one, other):
            _strike(self._others, one, other)
            _strike(self._ones, other, one)

    def forget(self, one: OneT) -> None:
        for other in list(self.of(one)):
            self.part(one, other)

    def forget_other(self, other: OtherT) -> None:
        for one in list(self.with_(other)):
            self.part(one, other)


def _strike(book: dict[AT, dict[BT, None]], one: AT, other: BT) -> None:
    del book[one][other]
    if not book[one]:
        del book[one]
