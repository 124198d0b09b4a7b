"""IRC messages into events. Whatever a server sends is read or left out; nothing is raised.

Here remote text is neutralised, all of it, once. A nickname or room whose shown form differs from the one on the wire
is remembered, so that what is answered to it still arrives.
"""

from datetime import datetime

from chatd.protocol.irc import Message, fold
from chatd.protocol.waiting import Occupancy as OccupancyNote
from chatd.protocol.waiting import Queued as QueuedNote
from chatd.protocol.waiting import Seated as SeatedNote
from chatd.protocol.waiting import parse_note

from . import events
from .events import Event
from .features import Features
from .limits import Limits
from .safe import show

_NOBODY = "?"  # for a name that is missing
_CTCP = "\x01"
_ACTION = "ACTION "
# Numerics that say nothing to a person: greetings that follow the welcome, counts of users, ends of lists, times.
_SILENT = frozenset(
    {"002", "003", "004", "005", "042", "250", "252", "253", "254", "265", "266", "329", "333", "353", "366"}
    | {"375", "376", "396", "422"}
)
# Numerics that turn down something we asked for; the parameter before the sentence names the room or the person.
_REJECTIONS = {
    "PASS": ("464",),
    "PRIVMSG": ("401", "402", "404", "407", "411", "412", "413", "414", "415", "442", "531"),
    "JOIN": ("403", "405", "437", "471", "473", "474", "475", "476", "477", "480", "485", "489", "520"),
    "NICK": ("431", "432", "433", "436", "438", "447"),
    "TOPIC": ("482",),
}
_REJECTED = {numeric: what for what, numerics in _REJECTIONS.items() for numeric in numerics}


class Reading:
    """Reads one connection. `nick` is ours, kept up to date by the session."""

    def __init__(self, limits: Limits) -> None:
        self.nick = ""
        self.features = Features(limits)
        self._limits = limits
        self._names: dict[str, tuple[list[str], int]] = {}  # NAMES replies that have not ended, by room
        self._odd: dict[str, str] = {}  # shown name, folded -> on the wire
        self._came: dict[str, float] = {}  # rooms, folded -> when we came in, by the server's clock

    def wire(self, shown: str) -> str:
        """The name as the server knows it."""
        return self._odd.get(fold(shown), shown)

    def is_own(self, nick: str) -> bool:
        return fold(nick) == fold(self.nick)

    def read(self, message: Message, now: float) -> list[Event]:
        stamp = _server_time(message)
        at = now if stamp is None else stamp
        return self._said(message, at) or self._room(message, at) or self._server(message, at)

    # What people say

    def _said(self, message: Message, at: float) -> list[Event]:
        match message.command, message.params:
            case "PRIVMSG" | "NOTICE" as command, [target, text, *_]:
                pass
            case _:
                return []
        own = self.is_own(message.nick)
        room = self.features.is_room(target.lstrip(self.features.marks))
        if command == "NOTICE" and not own and "!" not in message.source:
            return [events.Told(at=at, text=self._text(text), where=self._name(target) if room else "")]
        kind = "message" if command == "PRIVMSG" else "notice"
        if text.startswith(_CTCP):
            inner = text[1:].removesuffix(_CTCP)
            if not inner.startswith(_ACTION) or command == "NOTICE":
                asked = inner.partition(" ")[0]
                return [events.Told(at=at, text=f"{self._name(message.nick)} sends CTCP {self._name(asked)}")]
            kind, text = "action", inner[len(_ACTION) :]
        # A message to a room's operators alone is shown in the room.
        where = target.lstrip(self.features.marks) if room else target if own else message.nick
        said = events.Said(
            at=at,
            where=self._name(where),
            nick=self._name(message.nick),
            text=self._text(text),
            own=own,
            is_room=room,
            kind=kind,
            earlier=self._is_earlier(where, message),
        )
        return [said]

    def _is_earlier(self, room: str, message: Message) -> bool:
        """Whether it was said before we came in. Both times are the server's; our clock may differ."""
        said, came = _server_time(message), self._came.get(fold(room))
        return said is not None and came is not None and said < came

    # What happens in rooms

    def _room(self, message: Message, at: float) -> list[Event]:
        nick, own = self._name(message.nick), self.is_own(message.nick)
        match message.command, message.params:
            case "JOIN", [room, *_]:
                if own:
                    self._come(room, message)
                return [events.Joined(at=at, room=self._name(room), nick=nick, own=own)]
            case "PART", [room, *why]:
                if own:
                    self._came.pop(fold(room), None)
                return [events.Parted(at=at, room=self._name(room), nick=nick, own=own, text=self._text("".join(why)))]
            case "KICK", [room, victim, *why]:
                text = self._text("".join(why))
                out, gone = self._name(victim), self.is_own(victim)
                if gone:
                    self._came.pop(fold(room), None)
                return [events.Parted(at=at, room=self._name(room), nick=out, own=gone, text=text, by=nick)]
            case "INVITE", [_, room, *_]:
                shown = self._name(room)
                return [events.Told(at=at, text=f"{nick} invites you to {shown}; /join {shown} goes there")]
            case "QUIT", why:
                return [events.Quit(at=at, nick=nick, text=self._text("".join(why)))]
            case "NICK", [new, *_]:
                return [events.Renamed(at=at, nick=nick, new=self._name(new), own=own)]
            case "TOPIC", [room, text, *_]:
                return [events.Topic(at=at, room=self._name(room), text=self._text(text), by=nick)]
            case "332", [_, room, text, *_]:
                return [events.Topic(at=at, room=self._name(room), text=self._text(text))]
            case "331", [_, room, *_]:
                return [events.Topic(at=at, room=self._name(room), text="")]
            case "353", [_, _, room, names, *_]:
                self._collect(room, names)
            case "366", [_, room, *_] if fold(room) in self._names:
                found, more = self._names.pop(fold(room))
                return [events.Names(at=at, room=self._name(room), names=tuple(found), more=more)]
            case "MODE", [room, modes, *params] if self.features.is_room(room):
                return self._mode(message, room, modes, params, at)
        return []

    def _come(self, room: str, message: Message) -> None:
        self._came.pop(fold(room), None)
        if (stamp := _server_time(message)) is not None and len(self._came) < self._limits.conversations:
            self._came[fold(room)] = stamp

    def _collect(self, room: str, names: str) -> None:
        if fold(room) not in self._names and len(self._names) >= self._limits.rooms:
            return
        found, more = self._names.get(fold(room), ([], 0))
        new = [self._name(name) for name in names.split(" ") if name]
        space = self._limits.members - len(found)
        found.extend(new[:space])
        self._names[fold(room)] = found, more + max(0, len(new) - space)

    def _mode(self, message: Message, room: str, modes: str, params: list[str], at: float) -> list[Event]:
        nick = self._name(message.nick)
        text = f"{nick} set {self._text(' '.join((modes, *params)))}"
        told: list[Event] = [events.Told(at=at, text=text, where=self._name(room))]
        for given, mark, who in self.features.read_modes(modes, params):
            told.append(events.Marked(at=at, room=self._name(room), nick=self._name(who), mark=mark, given=given))
        return told

    # What the server says

    def _server(self, message: Message, at: float) -> list[Event]:
        match message.command, message.params:
            case "NOTE", _ if (note := parse_note(message)) is not None:
                return [self._note(note, at)]
            case "NOTE" | "WARN" | "FAIL" as command, [what, _, *_, text]:
                if command == "FAIL" and what != "*":
                    where = self._name(message.params[2]) if len(message.params) > 3 else ""
                    return [events.Rejected(at=at, what=self._name(what), where=where, text=self._text(text))]
                return [events.Told(at=at, text=self._text(text), error=command == "FAIL")]
            case "005", [_, *words]:
                if self.features.update(words):
                    return [events.Capacity(at=at, cap=self.features.cap)]
            case numeric, [_, *middle, text] if numeric in _REJECTED:
                where = self._name(middle[0]) if middle else ""
                return [events.Rejected(at=at, what=_REJECTED[numeric], where=where, text=self._text(text))]
            case numeric, [_, *middle, text] if _is_numeric(numeric) and numeric not in _SILENT:
                told = self._text(" ".join((*middle, text)))
                return [events.Told(at=at, text=told, error=numeric[0] in "45")] if told else []
        return []

    def _note(self, note: QueuedNote | OccupancyNote | SeatedNote, at: float) -> Event:
        match note:
            case QueuedNote(place, length, eta):
                return events.Queued(at=at, place=place, length=length, eta=eta)
            case OccupancyNote(seated, cap, waiting):
                return events.Occupancy(at=at, seated=seated, cap=cap, waiting=waiting)
            case SeatedNote(sentence):
                return events.Seated(at=at, text=self._text(sentence))

    def _text(self, text: str) -> str:
        return show(text, self._limits.text_characters)

    def _name(self, name: str) -> str:
        # Nothing is left out of a name, or two of them would look the same. A tab has become spaces.
        shown = show(name, self._limits.name_characters, formatted=False).replace(" ", "␠")
        if shown != name and len(self._odd) < self._limits.odd_names:
            self._odd.setdefault(fold(shown), name)
        return shown or _NOBODY


def _is_numeric(command: str) -> bool:
    return len(command) == 3 and command.isascii() and command.isdigit()


def _server_time(message: Message) -> float | None:
    """What the message's time tag says, None if it has none that can be read."""
    written = message.tags.get("time", "")
    if not written.endswith("Z"):
        return None
    try:
        return datetime.fromisoformat(written).timestamp()
    except (ValueError, OverflowError):
        return None
