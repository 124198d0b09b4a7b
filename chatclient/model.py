"""What the screen shows, without a screen: events in, state out. Pure: no I/O, and the clock is passed in.

`now` is a clock that only runs forward, in seconds; events carry the time of day.
"""

import math
from enum import Enum
from typing import NamedTuple

from chatd.protocol.irc import fold

from . import events
from .conversation import Conversation, Kind, Line
from .endings import Ending
from .events import Event
from .limits import Limits
from .safe import shorten
from .wording import describe, when

_MARKS = "~&@%+"  # RFC 2811 and what servers added, from the highest
_KINDS = {"message": Kind.MESSAGE, "action": Kind.ACTION, "notice": Kind.NOTICE}


class Stage(Enum):
    CONNECTING = "connecting"
    WAITING = "waiting in line"
    ONLINE = "connected"
    OFFLINE = "not connected"  # refused or lost
    LEAVING = "leaving"


class Wait(NamedTuple):
    """Our place in line as last told, at `noted`, and as `first` told; we wait since `since`."""

    place: int
    length: int
    eta: float | None
    noted: float
    first: int
    since: float


class Offline(NamedTuple):
    """Why, and when the next try is: from `since` until `until`, which is infinite if the person decides."""

    ending: Ending
    since: float
    until: float
    tries: int


class Model:
    def __init__(self, server: str, nick: str, limits: Limits) -> None:
        self.server = server
        self.nick = nick
        self.wanted_nick = nick  # which may be taken by another
        self.stage = Stage.CONNECTING
        self.wait: Wait | None = None
        self.offline: Offline | None = None
        self.seated: int | None = None
        self.cap: int | None = None
        self.lag: float | None = None
        self.hint = ""  # one sentence about what was just typed; gone with the next
        self.question = ""  # why a password is asked for, while it is
        self.entered = False  # whether we have been in a room
        self.page = Conversation(server, is_room=False, limits=limits)  # what the server says
        self.current = self.page
        self._limits = limits
        self._conversations: dict[str, Conversation] = {}

    @property
    def conversations(self) -> list[Conversation]:
        """The server's page first."""
        return [self.page, *self._conversations.values()]

    @property
    def rooms(self) -> dict[str, str]:
        """The rooms that we are in, or were when the connection ended, with their keys."""
        return {one.title: one.key for one in self._conversations.values() if one.joined}

    @property
    def counting(self) -> bool:
        """Whether a time runs on the screen."""
        return self.stage is Stage.WAITING or (self.offline is not None and self.offline.until < math.inf)

    def find(self, title: str) -> Conversation | None:
        return self._conversations.get(fold(title))

    def open(self, title: str, is_room: bool) -> Conversation:
        """The conversation of that name, made if need be; the server's page when there are too many."""
        found = self.find(title)
        if found is None:
            if len(self._conversations) >= self._limits.conversations:
                return self.page
            found = self._conversations[fold(title)] = Conversation(title, is_room, self._limits)
        return found

    def close(self, conversation: Conversation) -> None:
        self._conversations.pop(fold(conversation.title), None)
        if self.current is conversation:
            self.show(next(reversed(self._conversations.values()), self.page))

    def show(self, conversation: Conversation) -> None:
        self.current = conversation
        conversation.unread = 0

    def turn(self, step: int) -> None:
        """Show the next conversation, or the one before."""
        pages = self.conversations
        self.show(pages[(pages.index(self.current) + step) % len(pages)])

    def tell(self, text: str, at: float, error: bool = False) -> None:
        """A line of our own, where the person looks."""
        self.current.add(Line(at, Kind.ERROR if error else Kind.INFO, "", text))

    def put(self, one: Conversation, where: str, line: Line) -> None:
        """Add what somebody said to `where`, whose page that is."""
        one.add(line if one is not self.page else line._replace(text=f"(to {where}) {line.text}"))

    # The connection

    def connecting(self) -> None:
        self.stage = Stage.CONNECTING
        self.wait = self.offline = self.lag = self.seated = self.cap = None
        self.hint = self.question = ""

    def disconnected(self, ending: Ending, now: float, delay: float, tries: int, at: float) -> None:
        self.stage = Stage.OFFLINE
        self.wait = self.lag = self.seated = self.cap = None
        self.hint = ""
        self.offline = Offline(ending, now, now + delay, tries)
        self.page.add(Line(at, Kind.ERROR, "", str(ending)))
        for one in self._conversations.values():
            # chatd has said it already, where it can: in FAIL as well as in ERROR.
            if one.joined and tries <= 1 and not (one.lines and one.lines[-1].text == ending.sentence):
                one.add(Line(at, Kind.ERROR, "", ending.sentence))
            one.members.clear()
            for line in one.fail():
                one.add(Line(at, Kind.ERROR, "", f"Not confirmed: {line.text}"))

    # What happened

    def apply(self, event: Event, now: float) -> None:
        match event:
            case events.Registered(nick=nick):
                self.nick = nick
                if self.stage is Stage.CONNECTING:
                    self.stage = Stage.ONLINE
            case events.Queued(place=place, length=length, eta=eta):
                first, since = (self.wait.first, self.wait.since) if self.wait else (place, now)
                self.wait = Wait(place, length, eta, now, first, since)
                self.stage = Stage.WAITING
            case events.Seated():
                self._sit_down()
                self._add(self.page, event)
            case events.Occupancy(seated=seated, cap=cap):
                self.seated, self.cap = seated, cap
            case events.Capacity(cap=cap):
                self.cap = cap
            case events.Said():
                self._said(event)
            case events.Told() | events.Rejected():
                self._told(event)
            case _:
                self._room(event)

    def _sit_down(self) -> None:
        self.stage = Stage.ONLINE
        self.wait = None
        self.hint = ""

    def _said(self, event: events.Said) -> None:
        one = self.open(event.where, event.is_room)
        if not one.takes(event.at, event.earlier):
            return
        if event.earlier:
            self._head_earlier(one, event.at)
        elif event.own:
            one.confirm()
        elif one is not self.current:
            one.unread += 1
        kind = _KINDS[event.kind]
        self.put(one, event.where, Line(event.at, kind, event.nick, event.text, event.own, event.earlier))

    def _head_earlier(self, one: Conversation, at: float) -> None:
        """Above what was said before we came stands that it was, and on which day."""
        last = one.lines[-1] if one.lines else None
        if last is None or not last.earlier or _day(last.at) != _day(at):
            one.add(Line(at, Kind.INFO, "", f"Earlier, on {_day(at)}:", earlier=True))

    def _told(self, event: events.Told | events.Rejected) -> None:
        one = self.find(event.where) if event.where else None
        error = isinstance(event, events.Rejected) or event.error
        if isinstance(event, events.Rejected) and one is not None:
            if event.what == "PRIVMSG" and (line := one.confirm()) is not None:
                one.add(Line(event.at, Kind.ERROR, "", f"Not delivered: {line.text}"))
            elif event.what == "JOIN":
                one.joined = False
        self._add(one or self.page, event, error)
        if error and (one or self.page) is not self.current:
            self._add(self.current, event, error)

    def _room(self, event: Event) -> None:
        match event:
            case events.Joined(room=room, nick=nick, own=own):
                self._joined(event, room, nick, own)
            case events.Parted(room=room, nick=nick, own=own) if (one := self.find(room)) is not None:
                one.members.remove(nick)
                self._add(one, event)
                if own:
                    one.joined = False
                    one.members.clear()
            case events.Quit(nick=nick):
                for one in self._conversations.values():
                    if nick in one.members and one.members.remove(nick):
                        self._add(one, event)
            case events.Renamed(nick=nick, new=new, own=own):
                if own:
                    self.nick = new  # which may be the server's wish, and not the person's
                for one in self._conversations.values():
                    if one.members.rename(nick, new):
                        self._add(one, event)
            case events.Topic(room=room, text=text) if (one := self.find(room)) is not None:
                one.topic = text
                self._add(one, event)
            case events.Names(room=room, names=names, more=more) if (one := self.find(room)) is not None:
                one.members.replace(names, more, _MARKS)
                if one.listed:  # the first list of a room is not news
                    self._add(one, event)
                one.listed = True
            case events.Marked(room=room, nick=nick, mark=mark, given=given) if (one := self.find(room)) is not None:
                one.members.mark(nick, mark, given)

    def _joined(self, event: Event, room: str, nick: str, own: bool) -> None:
        if own:
            self._sit_down()
            self.entered = True
            one = self.open(room, is_room=True)
            if one is self.page:  # there are too many pages for one more
                self._add(one, event)
                return
            one.enter()
            if self.current is self.page:
                self.show(one)
        else:
            found = self.find(room)
            if found is None:
                return
            one = found
        one.members.add(nick)
        self._add(one, event)

    def _add(self, one: Conversation, event: Event, error: bool = False) -> None:
        if text := describe(event):
            text = shorten(text, self._limits.text_characters)  # a list of names can be endless
            one.add(Line(event.at, Kind.ERROR if error else Kind.INFO, "", text))


def _day(at: float) -> str:
    return when(at, "%Y-%m-%d", "an unknown day")
