"""What a server says of itself in ISUPPORT (numeric 005): modern.ircdocs.horse "Feature Advertisement"."""

from collections.abc import Iterable, Iterator
from string import punctuation

from .limits import Limits

CAP = "CHATD.MAXCLIENTS"  # chatd's own: the number of seats


class Features:
    """`marks` are the signs before members' names (`@+`), `cap` the number of seats where the server tells it.

    `topic_bytes` is how long a topic may be, None where it does not say.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._words: dict[str, str] = {}
        self._marks = {"o": "@", "v": "+"}  # mode letter -> sign

    @property
    def cap(self) -> int | None:
        return self._number(CAP)

    @property
    def topic_bytes(self) -> int | None:
        return self._number("TOPICLEN")

    @property
    def marks(self) -> str:
        return "".join(self._marks.values())

    def is_room(self, name: str) -> bool:
        return name[:1] in tuple(self._words.get("CHANTYPES", "#&")) and bool(name)

    def update(self, words: Iterable[str]) -> bool:
        """Take in the words of one 005. Whether the number of seats is among them."""
        seen = False
        for word in words:
            key, _, value = word.partition("=")
            if key.startswith("-"):
                self._words.pop(key[1:], None)
            elif key in self._words or len(self._words) < self._limits.features:
                self._words[key] = value
            seen = seen or key.lstrip("-") == CAP
        modes, closed, signs = self._words.get("PREFIX", "").removeprefix("(").partition(")")
        if closed and len(modes) == len(signs) and all(sign in punctuation for sign in signs):
            self._marks = dict(zip(modes, signs, strict=True))
        return seen

    def read_modes(self, modes: str, params: list[str]) -> Iterator[tuple[bool, str, str]]:
        """Members' marks in a MODE: given or taken away, the sign, who."""
        lists, always, when_set, *_ = (*self._words.get("CHANMODES", "b,k,l,").split(","), "", "", "")
        given, rest = True, iter(params)
        for letter in modes:
            if letter in "+-":
                given = letter == "+"
            elif letter in self._marks:
                who = next(rest, None)
                if who is None:
                    return
                yield given, self._marks[letter], who
            elif letter in lists or letter in always or (letter in when_set and given):
                next(rest, None)

    def _number(self, key: str) -> int | None:
        value = self._words.get(key, "")
        return int(value) if value.isascii() and value.isdigit() and len(value) <= 9 else None
