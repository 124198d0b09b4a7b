"""One page of the screen: a room, a person, or what the server says. Bounded, whatever comes in."""

import math
from collections import deque
from collections.abc import Iterable
from enum import Enum
from typing import NamedTuple

from chatd.protocol.irc import fold

from .limits import Limits


class Kind(Enum):
    """What a line is, which is how it is painted."""

    MESSAGE = "message"
    ACTION = "action"
    NOTICE = "notice"
    INFO = "info"
    ERROR = "error"


class Line(NamedTuple):
    """`at` is Unix time; `nick` is empty where nobody speaks."""

    at: float
    kind: Kind
    nick: str
    text: str
    own: bool = False
    earlier: bool = False  # said before we came in


class Pending(NamedTuple):
    """A message of ours that the server has not confirmed."""

    text: str
    action: bool


class Conversation:
    """`lines` are oldest first. `joined` is for rooms: whether we are in it now, with `key` if it took one."""

    def __init__(self, title: str, is_room: bool, limits: Limits) -> None:
        self.title = title
        self.is_room = is_room
        self.joined = False
        self.key = ""
        self.listed = False  # whether the list of members that comes with joining has come
        self.topic = ""
        self.unread = 0
        self.lines: deque[Line] = deque(maxlen=limits.scrollback_lines)
        self.added = 0  # lines ever, so that a reader who scrolled up knows what came since
        self.pending: deque[Pending] = deque(maxlen=2 * limits.outgoing_lines)
        self.members = Members(limits.members)
        self._newest = -math.inf  # when the newest message was said, by the server's clock
        self._known = -math.inf  # the same, as it was when we last came in

    def enter(self) -> None:
        """We are in the room, from now on."""
        self.is_room = self.joined = True
        self.listed = False
        self.members.clear()
        self._known = self._newest

    def takes(self, at: float, earlier: bool) -> bool:
        """Note when a message was said. False for an earlier one that has been shown already."""
        self._newest = max(self._newest, at)
        return not earlier or at > self._known

    def add(self, line: Line) -> None:
        self.lines.append(line)
        self.added += 1

    def confirm(self) -> Pending | None:
        """Take out the oldest of our messages under way: it has arrived, or will not."""
        return self.pending.popleft() if self.pending else None

    def fail(self) -> list[Pending]:
        """Give up all of our messages under way."""
        failed = list(self.pending)
        self.pending.clear()
        return failed


class Members:
    """Who is in a room: nicknames with their marks, in the order of the alphabet. Past the bound only counted."""

    def __init__(self, bound: int) -> None:
        self._bound = bound
        self._names: dict[str, tuple[str, str]] = {}  # folded -> (marks, nickname)
        self._beyond = 0
        self._sorted: list[str] | None = None

    def __len__(self) -> int:
        return len(self._names) + self._beyond

    def __contains__(self, nick: str) -> bool:
        return fold(nick) in self._names

    def replace(self, names: Iterable[str], beyond: int, marks: str) -> None:
        self._names.clear()
        self._sorted = None
        self._beyond = beyond
        for name in names:
            nick = name.lstrip(marks)
            self._put(nick, name[: len(name) - len(nick)])

    def add(self, nick: str) -> None:
        if nick not in self:
            self._put(nick, "")

    def remove(self, nick: str) -> bool:
        """Whether they were there, as far as is known."""
        self._sorted = None
        if self._names.pop(fold(nick), None) is not None:
            return True
        self._beyond = max(0, self._beyond - 1)
        return False

    def rename(self, nick: str, new: str) -> bool:
        found = self._names.pop(fold(nick), None)
        self._sorted = None
        if found is not None:
            self._put(new, found[0])
        return found is not None

    def mark(self, nick: str, mark: str, given: bool) -> None:
        if nick in self:
            marks, name = self._names[fold(nick)]
            self._put(name, mark + marks.replace(mark, "") if given else marks.replace(mark, ""))

    def nicks(self) -> list[str]:
        """Without marks, in order."""
        return [self._names[key][1] for key in self._order()]

    def shown(self, count: int) -> list[str]:
        """The first ones, each with its highest mark."""
        return [self._names[key][0][:1] + self._names[key][1] for key in self._order()[:count]]

    def clear(self) -> None:
        self.replace((), 0, "")

    def _put(self, nick: str, marks: str) -> None:
        key = fold(nick)
        if key in self._names or len(self._names) < self._bound:
            self._names[key] = marks, nick
        else:
            self._beyond += 1
        self._sorted = None

    def _order(self) -> list[str]:
        if self._sorted is None:
            self._sorted = sorted(self._names, key=lambda key: (not self._names[key][0], key))
        return self._sorted
