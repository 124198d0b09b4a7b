"""MODE: what a room allows, and who has which right in it. Modes are data: one entry of a table each."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ..chat import Chat
from ..client import Client
from ..protocol import irc, replies
from ..protocol.irc import Message
from ..room import OPERATOR, PREFIXES, Room
from .registry import IRC

USER_MODES = "i"
SWITCHES = "mnst"  # ISUPPORT CHANMODES type D: on or off, no parameter
KEY, LIMIT, BANS = "k", "l", "b"


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

    def __init__(self, numeric: replies.Numeric, *params: str, text: str | None = None) -> None:
        super().__init__(numeric.code)
        self.numeric = numeric
        self.params = params
        self.text = text


# Makes a change and returns the parameter to show with it ("" for none), or None if it changed nothing.
Setter = Callable[[Chat, Room[Client], Change], str | None]


def _set_switch(chat: Chat, room: Room[Client], change: Change) -> str | None:
    if (change.letter in room.modes) is change.on:
        return None
    (room.modes.add if change.on else room.modes.discard)(change.letter)
    return ""


def _set_key(chat: Chat, room: Room[Client], change: Change) -> str | None:
    if not change.on:
        had, room.key = room.key, None
        return "*" if had is not None else None
    key = change.parameter or ""
    if not key or len(key) > chat.limits.key_length or " " in key or "," in key or key.startswith(":"):
        rule = f"A key has no space and no comma, and at most {chat.limits.key_length} characters (key-length)"
        if len(key) > chat.limits.key_length:
            chat.usage.hit("key_length")
        raise ModeError(replies.ERR_INVALIDMODEPARAM, room.name, change.letter, key, text=rule)
    room.key = key
    return key


def _set_limit(chat: Chat, room: Room[Client], change: Change) -> str | None:
    if not change.on:
        had, room.limit = room.limit, None
        return "" if had is not None else None
    written = change.parameter or ""
    if not (written.isascii() and written.isdigit() and len(written) <= 9 and int(written) > 0):
        raise ModeError(
            replies.ERR_INVALIDMODEPARAM, room.name, change.letter, written, text="A limit is a number of members"
        )
    room.limit = int(written)
    return str(room.limit)


def _set_flag(chat: Chat, room: Room[Client], change: Change) -> str | None:
    nick = change.parameter or ""
    member = chat.find(nick)
    if member is None:
        raise ModeError(replies.ERR_NOSUCHNICK, nick)
    if member not in room.members:
        raise ModeError(replies.ERR_USERNOTINCHANNEL, member.nick, room.name)
    return member.nick if room.set_flag(member, change.letter, change.on) else None


@dataclass(frozen=True, slots=True)
class RoomMode:
    set: Setter
    takes_parameter: Callable[[bool], bool]  # when it is switched on, off


ROOM_MODES: dict[str, RoomMode] = {
    **{letter: RoomMode(_set_switch, lambda on: False) for letter in SWITCHES},
    **{flag: RoomMode(_set_flag, lambda on: True) for flag in PREFIXES},
    KEY: RoomMode(_set_key, lambda on: True),
    LIMIT: RoomMode(_set_limit, lambda on: on),
}
# ISUPPORT: types A (lists), B (always a parameter), C (one when set), D (none); there are no lists.
CHANMODES = f",{KEY},{LIMIT},{SWITCHES}"


@IRC.command("MODE", "<room or nickname> [<modes> [<parameter>...]]", needs=1, source="RFC 2812 3.2.3 and 3.1.5")
def mode(chat: Chat, client: Client, message: Message) -> None:
    """See or change how a room, or oneself, is set."""
    target, *changes = message.params
    if not target.startswith("#"):
        _user_mode(chat, client, target, changes)
        return
    room = chat.visible_room(client, target)
    if room is None:
        client.reply(replies.ERR_NOSUCHCHANNEL, target)
    elif not changes:
        _tell_modes(client, room)
    elif changes[0].strip("+-") == BANS and len(changes) == 1:
        client.reply(replies.RPL_ENDOFBANLIST, room.name)
    else:
        _change_room(chat, client, room, changes)


def _tell_modes(client: Client, room: Room[Client]) -> None:
    letters = "".join(sorted(room.modes)) + (KEY if room.key else "") + (LIMIT if room.limit else "")
    key = [room.key if client in room.members else "*"] if room.key else []
    limit = [str(room.limit)] if room.limit else []
    client.reply(replies.RPL_CHANNELMODEIS, room.name, f"+{letters}", *key, *limit)
    client.reply(replies.RPL_CREATIONTIME, room.name, str(int(room.created)))


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


def _change_room(chat: Chat, client: Client, room: Room[Client], words: list[str]) -> None:
    if not room.has_flag(client, OPERATOR):
        client.reply(replies.ERR_CHANOPRIVSNEEDED, room.name)
        return
    made: list[tuple[Change, str]] = []
    wanted = list(parse_changes(words))
    if len(wanted) > chat.limits.mode_changes:
        chat.usage.hit("mode_changes")
    for change in wanted[: chat.limits.mode_changes]:
        known = ROOM_MODES.get(change.letter)
        if known is None:
            client.reply(replies.ERR_UNKNOWNMODE, change.letter)
            continue
        if known.takes_parameter(change.on) and change.parameter is None and (change.on or change.letter != KEY):
            client.need("MODE")
            continue
        try:
            shown = known.set(chat, room, change)
        except ModeError as error:
            client.reply(error.numeric, *error.params, text=error.text)
            continue
        if shown is not None:
            made.append((change, shown))
    if made:
        letters, sign = "", ""
        for change, _ in made:
            letters += change.letter if change.sign == sign else change.sign + change.letter
            sign = change.sign
        shown_parameters = [parameter for _, parameter in made if parameter]
        room.broadcast(client.event("MODE", room.name, letters, *shown_parameters))


def _user_mode(chat: Chat, client: Client, nick: str, changes: list[str]) -> None:
    if irc.fold(nick) != irc.fold(client.nick):
        client.reply(replies.ERR_USERSDONTMATCH)
        return
    if not changes:
        client.reply(replies.RPL_UMODEIS, "+i" if client.invisible else "+")
        return
    if set(changes[0]) - set(USER_MODES + "+-"):
        client.reply(replies.ERR_UMODEUNKNOWNFLAG)
    switches = [change.on for change in parse_changes(changes[:1]) if change.letter in USER_MODES]
    if switches and chat.set_invisible(client, switches[-1]):
        client.outbox.put(client.event("MODE", client.nick, "+i" if client.invisible else "-i").encode(client.form))
