"""MODE: see and change how a room, or oneself, is set. What the modes are stands in `room_modes` and below."""

from collections.abc import Iterable

from ..chat import Chat
from ..client import BOT, INVISIBLE, Client, Standing
from ..protocol import irc, replies
from ..protocol.irc import Message
from ..room import KEY, OPERATOR, Room
from .costs import until_enough
from .registry import IRC, tell_place
from .room_modes import ROOM_MODES, Change, make_changes, parse_changes, spell

USER_MODES = {  # that a client sets itself
    BOT: "one is a bot, as WHO, WHOIS and what it says show",
    INVISIBLE: "only who shares a room sees one in lists",
}


@IRC.command(
    "MODE", "<room or nickname> [<modes> [<parameter>...]]", needs=1, waiting=True,
    bounds=("mode_changes", "key_length", "mask_length", "room_masks", "outbox"), source="RFC 2812 3.2.3 and 3.1.5",
)  # fmt: skip
def mode(chat: Chat, client: Client, message: Message) -> None:
    """See or change how a room, or oneself, is set."""
    target, *changes = message.params
    if irc.fold(target) == irc.fold(client.nick):
        _own_modes(chat, client, changes)
    elif client.standing is Standing.WAITING:
        tell_place(chat, client)
    elif target.startswith("#"):
        _room_modes(chat, client, target, changes)
    elif chat.find(target) is None:
        client.reply(replies.ERR_NOSUCHNICK, target)
    else:
        client.reply(replies.ERR_USERSDONTMATCH)


def _room_modes(chat: Chat, client: Client, name: str, changes: list[str]) -> None:
    room = chat.visible_room(client, name)
    if room is None:
        client.reply(replies.ERR_NOSUCHCHANNEL, name)
    elif not changes:
        _tell_modes(client, room)
    else:
        _change_room(chat, client, room, changes)


def _tell_modes(client: Client, room: Room[Client]) -> None:
    shown = dict(sorted(room.modes.items()))
    if KEY in shown and client not in room.members:
        shown[KEY] = "*"
    client.reply(replies.RPL_CHANNELMODEIS, room.name, f"+{''.join(shown)}", *filter(None, shown.values()))
    client.reply(replies.RPL_CREATIONTIME, room.name, str(int(room.created)))


def _tell_list(chat: Chat, client: Client, room: Room[Client], letter: str) -> None:
    each, end = ROOM_MODES[letter].told
    for entry in until_enough(chat, client, "MODE", room.lists.of(letter)):
        client.reply(each, room.name, entry.mask, entry.by, str(int(entry.when)))
    client.reply(end, room.name)


def _change_room(chat: Chat, client: Client, room: Room[Client], words: list[str]) -> None:
    is_operator = room.has_flag(client, OPERATOR)  # for all of the line, also if that ends in it
    asked: dict[str, None] = {}  # each list once
    wanted: list[Change] = []
    for change in _as_many_as_may_be(chat, parse_changes(words)):
        known = ROOM_MODES.get(change.letter)
        if known is None:
            client.reply(replies.ERR_UNKNOWNMODE, change.letter)
        elif known.asks(change) and (is_operator or not known.is_private):
            asked[change.letter] = None
        elif is_operator and known.lacks(change):
            client.need("MODE")
        else:
            wanted.append(change)
    if wanted and not is_operator:
        client.reply(replies.ERR_CHANOPRIVSNEEDED, room.name)
        wanted = []
    made, wrong = make_changes(chat, room, wanted, client.source)
    for error in wrong:
        client.reply(error.numeric, *error.params, text=error.text)
    for letter in asked:
        _tell_list(chat, client, room, letter)
    for words in spell(made, client.source, room.name):
        room.broadcast(client.event("MODE", room.name, *words))


def _as_many_as_may_be(chat: Chat, wanted: Iterable[Change]) -> list[Change]:
    changes = list(wanted)
    if len(changes) > chat.limits.mode_changes:
        chat.usage.hit("mode_changes")
    return changes[: chat.limits.mode_changes]


def _own_modes(chat: Chat, client: Client, changes: list[str]) -> None:
    if not changes:
        client.reply(replies.RPL_UMODEIS, f"+{client.modes}")
    else:
        known = (change for change in parse_changes(changes[:1]) if change.letter in USER_MODES)
        wanted = _as_many_as_may_be(chat, known)
        made = [(change, "") for change in wanted if chat.set_user_mode(client, change.letter, change.on)]
        for words in spell(made, client.source, client.nick):
            client.outbox.put(client.event("MODE", client.nick, *words).encode(client.form))
        if set(changes[0]) - set("+-").union(USER_MODES):
            client.reply(replies.ERR_UMODEUNKNOWNFLAG)
