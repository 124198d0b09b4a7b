"""What the modes of a room are: one entry of a table each, from which MODE, ISUPPORT and the operator's tool are made.

A mode has a kind, which is its type in ISUPPORT CHANMODES and says when it takes a parameter, and what sets it for the
room's operators. What it means is enforced where it applies, by the name that its letter has in `room` or `masks`.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from enum import Enum

from ..chat import Chat
from ..client import Client
from ..masks import BANS, EXCEPTIONS, INVITED
from ..protocol import irc, replies
from ..protocol.replies import Numeric
from ..room import INVITE_ONLY, KEY, LIMIT, MODERATED, NO_EXTERNAL, OPERATOR, PROTECTED_TOPIC, SECRET, VOICE, Room


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
Made = tuple[Change, str]  # with what its setter returned


def _keep(chat: Chat, room: Room[Client], change: Change, by: str) -> str | None:
    before = room.modes.pop(change.letter, None)
    if change.on:
        room.modes[change.letter] = change.parameter or ""
    after = room.modes.get(change.letter)
    return None if after == before else after or ""


def _set_key(chat: Chat, room: Room[Client], change: Change, by: str) -> str | None:
    if not change.on:
        return None if _keep(chat, room, change, by) is None else "*"
    key = change.parameter or ""
    if not key or len(key) > chat.limits.key_length or " " in key or "," in key or key.startswith(":"):
        rule = f"A key has no space and no comma, and at most {chat.limits.key_length} characters (key-length)"
        if len(key) > chat.limits.key_length:
            chat.usage.hit("key_length")
        raise ModeError(replies.ERR_INVALIDMODEPARAM, room.name, change.letter, "*", text=rule)
    return _keep(chat, room, change, by)


def _set_limit(chat: Chat, room: Room[Client], change: Change, by: str) -> str | None:
    written = change.parameter or ""
    limit = irc.count(written)
    if change.on and not limit:
        raise ModeError(
            replies.ERR_INVALIDMODEPARAM, room.name, change.letter, written, text="A limit is a number of members"
        )
    return _keep(chat, room, replace(change, parameter=str(limit)), by)


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
    told: tuple[Numeric, ...] = ()  # of a list: with what each entry is told, and its end
    is_private: bool = False  # of a list: whether only operators of the room are told it

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
    BANS: RoomMode(
        Kind.LIST, _set_mask, "who fits may not enter, nor speak without a flag",
        (replies.RPL_BANLIST, replies.RPL_ENDOFBANLIST),
    ),
    EXCEPTIONS: RoomMode(
        Kind.LIST, _set_mask, "who fits is not banned; only operators read the list",
        (replies.RPL_EXCEPTLIST, replies.RPL_ENDOFEXCEPTLIST), is_private=True,
    ),
    INVITED: RoomMode(
        Kind.LIST, _set_mask, "who fits needs no invitation; only operators read the list",
        (replies.RPL_INVEXLIST, replies.RPL_ENDOFINVEXLIST), is_private=True,
    ),
    KEY: RoomMode(Kind.ALWAYS, _set_key, "who enters has to know it"),
    LIMIT: RoomMode(Kind.WHEN_SET, _set_limit, "members at most"),
    INVITE_ONLY: RoomMode(Kind.SWITCH, _keep, "who enters has to be invited"),
    MODERATED: RoomMode(Kind.SWITCH, _keep, "only operators and voices speak"),
    NO_EXTERNAL: RoomMode(Kind.SWITCH, _keep, "nobody speaks from outside"),
    SECRET: RoomMode(Kind.SWITCH, _keep, "outsiders do not learn of the room"),
    PROTECTED_TOPIC: RoomMode(Kind.SWITCH, _keep, "only operators set the topic"),
    OPERATOR: RoomMode(Kind.FLAG, _set_flag, "a member is operator"),
    VOICE: RoomMode(Kind.FLAG, _set_flag, "a member has a voice"),
}
LISTS = [letter for letter, known in ROOM_MODES.items() if known.kind is Kind.LIST]
CHANMODES = ",".join(
    "".join(letter for letter, known in ROOM_MODES.items() if known.kind is kind) for kind in Kind if kind.value
)


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


def make_changes(
    chat: Chat, room: Room[Client], wanted: Iterable[Change], by: str
) -> tuple[list[Made], list[ModeError]]:
    """Make changes of known modes, as setters do. Those that were made, and why others could not be."""
    made: list[Made] = []
    wrong: list[ModeError] = []
    for change in wanted:
        try:
            shown = ROOM_MODES[change.letter].set(chat, room, change, by)
        except ModeError as error:
            wrong.append(error)
        else:
            made += [(change, shown)] if shown is not None else []
    return made, wrong


def spell(made: Iterable[Made], source: str, target: str) -> Iterator[list[str]]:
    """Write changes with the parameters that they show, `+ok-v bob key ann` in words, for as many lines from that
    source as they take."""
    size = irc.TEXT_BYTES - len(f":{source} MODE {target} ".encode())
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
