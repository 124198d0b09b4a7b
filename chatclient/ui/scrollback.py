"""The lines of a conversation as rows of the screen. Only what is visible is ever wrapped and painted."""

import re
from collections.abc import Callable

from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.layout.controls import UIContent, UIControl
from prompt_toolkit.utils import get_cwidth

from ..conversation import Conversation, Kind, Line
from ..wording import when

_WORDS = re.compile(r" +|[^ ]+")
_COLOURS = ("ansicyan", "ansigreen", "ansiyellow", "ansimagenta", "ansiblue", "ansired")
_CACHED_LINES = 1000  # a few screens
_LEAST_TEXT = 10  # columns; a narrower screen is not indented

Row = StyleAndTextTuples


class Scrollback(UIControl):
    """Follows the newest line, until a person scrolls up; then what is read stands still."""

    def __init__(self, current: Callable[[], Conversation]) -> None:
        self._current = current
        self._shown: Conversation | None = None
        self._end: int | None = None  # the last visible line, counted from the conversation's first; None follows
        self._page = 10
        self._cache: dict[tuple[Line, int], list[Row]] = {}

    @property
    def newer(self) -> int:
        """Lines below what is visible."""
        return 0 if self._end is None else self._current().added - self._end

    def scroll(self, pages: float) -> None:
        """Up is negative."""
        one = self._current()
        end = (one.added if self._end is None else self._end) + round(pages * self._page)
        self._end = None if end >= one.added else max(end, one.added - len(one.lines) + 1)

    def is_focusable(self) -> bool:
        return False

    def create_content(self, width: int, height: int) -> UIContent:
        one = self._current()
        if one is not self._shown:
            self._shown, self._end = one, None
        self._page = max(1, height // 2)
        rows = self._rows(one, width, height)
        return UIContent(get_line=lambda number: rows[number], line_count=len(rows), show_cursor=False)

    def _rows(self, one: Conversation, width: int, height: int) -> list[Row]:
        first = one.added - len(one.lines)  # lines before it were dropped
        if self._end is not None and self._end <= first:
            self._end = first + 1
        end = one.added if self._end is None else self._end
        rows: list[Row] = []  # from the bottom
        if self._end is None:
            for pending in list(one.pending)[: -height - 1 : -1]:
                rows.extend(reversed(wrap("class:pending", "      … ", "", pending.text, width)))
        at = end
        while at > first and len(rows) < height:
            at -= 1
            rows.extend(reversed(self._wrapped(one.lines[at - first], width)))
        rows = rows[:height][::-1]
        while len(rows) < height and end < one.added:  # scrolled to the top: fill up what is below
            rows.extend(self._wrapped(one.lines[end - first], width))
            end += 1
            self._end = end if end < one.added else None
        return rows[:height] or [[]]

    def _wrapped(self, line: Line, width: int) -> list[Row]:
        rows = self._cache.get((line, width))
        if rows is None:
            if len(self._cache) >= _CACHED_LINES:
                self._cache.clear()
            rows = self._cache[line, width] = paint(line, width)
        return rows


def paint(line: Line, width: int) -> list[Row]:
    """A line as rows: the time, who, what."""
    stamp = when(line.at, "%H:%M ", "--:-- ")
    style = "class:earlier" if line.earlier else ""
    who_style = style or nick_style(line.nick, line.own)
    match line.kind:
        case Kind.MESSAGE:
            return wrap(style, stamp, f"{line.nick}: ", line.text, width, who_style)
        case Kind.NOTICE:
            return wrap(style, stamp, f"-{line.nick}- ", line.text, width, who_style)
        case Kind.ACTION:
            return wrap(f"{style} italic", stamp, f"* {line.nick} ", line.text, width, who_style)
        case Kind.ERROR:
            return wrap("class:error", stamp, "! ", line.text, width, "class:error")
    return wrap("class:info", stamp, "* ", line.text, width, "class:info")


def nick_style(nick: str, own: bool) -> str:
    """The same colour for the same name, always."""
    return "bold" if own else f"bold {_COLOURS[sum(nick.encode(errors='replace')) % len(_COLOURS)]}"


def wrap(style: str, stamp: str, who: str, text: str, width: int, who_style: str = "") -> list[Row]:
    """Rows of at most `width` columns, broken between words; those after the first are indented."""
    indent = len(stamp) + 2 if width - len(stamp) - 2 >= _LEAST_TEXT else 0
    rows: list[Row] = [[("class:time", stamp), (who_style, who)] if indent else [(who_style, who)]]
    used = get_cwidth(stamp if indent else "") + get_cwidth(who)
    row: list[str] = []

    def end_row() -> None:
        nonlocal row, used
        rows[-1].append((style, "".join(row)))
        rows.append([("", " " * indent)])
        row, used = [], indent

    for word in _WORDS.findall(text):
        size = get_cwidth(word)
        if used + size > width and word[0] == " ":
            end_row()
            continue
        if used + size > width and indent + size <= width:
            end_row()
        if used + size <= width:
            row.append(word)
            used += size
            continue
        for character in word:
            size = get_cwidth(character)
            if used + size > width and used > indent:
                end_row()
            row.append(character)
            used += size
    rows[-1].append((style, "".join(row)))
    return rows
