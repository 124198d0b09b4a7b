"""What the modes of a room are: one entry of a table each, from which MODE, ISUPPORT and the operator's tool are made.

A mode has a kind, which is its type in ISUPPORT CHANMODES and says when it takes a parameter; what sets it; and the
right that one needs to set it.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum

from ..chat import Chat
from ..client import Client
from ..masks import BANS, EXCEPTIONS, INVITED
from ..protocol import irc, replies
from ..protocol.replies import Numeric
from ..room import OPERATOR, VOICE, Room, switched

KEY, LIMIT = "k", "l"


@dataclass(frozen=True, slots=True)
class Change:
    """One letter of a MODE command."""

    on: bool
    letter: str
    parameter: str | None

    @property
    def sign(self) -> str:
        return "+" if self.on else "-"


class ModeError(Exception):
    """The change cannot be made; the arguments are those of `Client.reply`."""

    def __init__(self, numeric: Numeric, *params: str, text: str | None = None) -> None:
        super().__init__(numeric.code)
        self.numeric = numeric
        self.params = params
        self.text = text


# Makes a change that a client or server of that name wants, and returns the parameter to show with it ("" for none), or
# None if it changed nothing.
Setter = Callable[[Chat, Room[Client], Change, str], str | None]


def _set_switch(chat: Chat, room: Room[Client], change: Change, by: str) -> str | None:
    if (change.letter in room.modes) is change.on:
        return None
    room.modes = switched(room.modes, change.letter, change.on)
    return ""


def _set_key(chat: Chat, room: Room[Client], change: Change, by: str) -> str | None:
    if not change.on:
        had, room.key = room.key, None
        return "*" if had is not None else None
    key = change.parameter or ""
    if not key or len(key) > chat.limits.key_length or " " in key or "," in key or key.startswith(":"):
        rule = f"A key has no space and no comma, and at most {chat.limits.key_length} characters (key-length)"
        if len(key) > chat.limits.key_length:
            chat.usage.hit("key_length")
        raise ModeError(replies.ERR_INVALIDMODEPARAM, room.name, change.letter, "*", text=rule)
    room.key = key
    return key


def _set_limit(chat: Chat, room: Room[Client], change: Change, by: str) -> str | None:
    if not change.on:
        had, room.limit = room.limit, None
        return "" if had is not None else None
    written = change.parameter or ""
    if not irc.count(written):
        raise ModeError(
            replies.ERR_INVALIDMODEPARAM, room.name, change.letter, written, text="A limit is a number of members"
        )
    room.limit = irc.count(written)
    return str(room.limit)


def _set_flag(chat: Chat, room: Room[Client], change: Change, by: str) -> str | None:
    nick = change.parameter or ""
    member = chat.find(nick)
    if member is None:
        raise ModeError(replies.ERR_NOSUCHNICK, nick)
    if member not in room.members:
        raise ModeError(replies.ERR_USERNOTINCHANNEL, member.nick, room.name)
    return member.nick if room.set_flag(member, change.letter, change.on) else None


def _set_mask(chat: Chat, room: Room[Client], change: Change, by: str) -> str | None:
    mask = irc.whole_mask(change.parameter or "")
    if not change.on:
        return room.lists.remove(change.letter, mask)
    if len(mask.encode()) > chat.limits.mask_length or not irc.is_mask(mask):
        rule = f"A mask is nick!user@host, at most {chat.limits.mask_length} bytes (mask-length)"
        if len(mask.encode()) > chat.limits.mask_length:
            chat.usage.hit("mask_length")
        raise ModeError(replies.ERR_INVALIDMODEPARAM, room.name, change.letter, mask, text=rule)
    if room.lists.has(change.letter, mask):
        return None
    if len(room.lists) >= chat.limits.room_masks:
        chat.usage.hit("room_masks")
        most = f"A room has {chat.limits.room_masks} masks at most (room-masks)"
        raise ModeError(replies.ERR_BANLISTFULL, room.name, change.letter, text=most)
    room.lists.add(change.letter, mask, by, chat.origin.wall())
    chat.usage.saw("room_masks", len(room.lists))
    return mask


class Kind(Enum):
    """When a mode takes a parameter. The order is that of the types in ISUPPORT CHANMODES; flags stand in PREFIX."""

    LIST = "A"  # always; without one the list is told
    ALWAYS = "B"
    WHEN_SET = "C"
    SWITCH = "D"  # never
    FLAG = ""  # a member's; always


@dataclass(frozen=True, slots=True)
class RoomMode:
    kind: Kind
    set: Setter
    summary: str
    right: str = OPERATOR  # the flag that one needs to set it

    def takes_parameter(self, on: bool) -> bool:
        return self.kind is not Kind.SWITCH and (on or self.kind is not Kind.WHEN_SET)

    def asks(self, change: Change) -> bool:
        """Whether it is no change but a question."""
        return self.kind is Kind.LIST and not change.parameter

    def lacks(self, change: Change) -> bool:
        """Whether it cannot be made for want of a parameter. A key is taken away without being named, too."""
        missing = change.parameter is None and self.takes_parameter(change.on)
        return missing and (change.on or self.kind is not Kind.ALWAYS)


ROOM_MODES = {
    BANS: RoomMode(Kind.LIST, _set_mask, "who fits may not enter, nor speak without a flag"),
    EXCEPTIONS: RoomMode(Kind.LIST, _set_mask, "who fits is not banned"),
    INVITED: RoomMode(Kind.LIST, _set_mask, "who fits needs no invitation"),
    KEY: RoomMode(Kind.ALWAYS, _set_key, "who enters has to know it"),
    LIMIT: RoomMode(Kind.WHEN_SET, _set_limit, "members at most"),
    "i": RoomMode(Kind.SWITCH, _set_switch, "who enters has to be invited"),
    "m": RoomMode(Kind.SWITCH, _set_switch, "only operators and voices speak"),
    "n": RoomMode(Kind.SWITCH, _set_switch, "nobody speaks from outside"),
    "s": RoomMode(Kind.SWITCH, _set_switch, "outsiders do not learn of the room"),
    "t": RoomMode(Kind.SWITCH, _set_switch, "only operators set the topic"),
    OPERATOR: RoomMode(Kind.FLAG, _set_flag, "a member is operator"),
    VOICE: RoomMode(Kind.FLAG, _set_flag, "a member has a voice"),
}
CHANMODES = ",".join(
    "".join(letter for letter, known in ROOM_MODES.items() if known.kind is kind) for kind in Kind if kind.value
)
# What a list is told with: each entry, and its end.
LISTS = {
    BANS: (replies.RPL_BANLIST, replies.RPL_ENDOFBANLIST),
    EXCEPTIONS: (replies.RPL_EXCEPTLIST, replies.RPL_ENDOFEXCEPTLIST),
    INVITED: (replies.RPL_INVEXLIST, replies.RPL_ENDOFINVEXLIST),
}


def parse_changes(words: list[str]) -> Iterator[Change]:
    """Read `+ok-v bob key ann`. A letter that wants a parameter and finds none has None."""
    parameters = iter(words[1:])
    on = True
    for letter in words[0]:
        if letter in "+-":
            on = letter == "+"
            continue
        known = ROOM_MODES.get(letter)
        wants = known is not None and known.takes_parameter(on)
        yield Change(on, letter, next(parameters, None) if wants else None)


def spell(made: Iterable[tuple[Change, str]], size: int) -> Iterator[list[str]]:
    """Write changes with the parameters that they show, `+ok-v bob key ann` in words, on as many lines of at most so
    many bytes as they take."""
    letters, sign, used = "", "", 0
    shown: list[str] = []
    for change, parameter in made:
        needed = 2 + (1 + len(parameter.encode()) if parameter else 0)
        if letters and used + needed > size:
            yield [letters, *shown]
            letters, sign, used, shown = "", "", 0, []
        letters += change.letter if change.sign == sign else change.sign + change.letter
        sign, used = change.sign, used + needed
        shown += [parameter] if parameter else []
    if letters:
        yield [letters, *shown]
