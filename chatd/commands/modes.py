"""MODE: see and change how a room, or oneself, is set. What the modes are stands in `room_modes` and below."""

from ..chat import Chat
from ..client import BOT, INVISIBLE, Client, Standing
from ..protocol import irc, replies
from ..protocol.irc import Message
from ..room import Room
from .registry import IRC, tell_place
from .room_modes import KEY, LIMIT, LISTS, ROOM_MODES, Change, ModeError, parse_changes, spell

USER_MODES = {  # that a client sets itself
    BOT: "one is a bot, as WHO, WHOIS and what it says show",
    INVISIBLE: "only who shares a room sees one in lists",
}


@IRC.command(
    "MODE", "<room or nickname> [<modes> [<parameter>...]]", needs=1, waiting=True,
    bounds=("mode_changes", "key_length", "mask_length", "room_masks"), source="RFC 2812 3.2.3 and 3.1.5",
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
    letters = room.modes + (KEY if room.key else "") + (LIMIT if room.limit else "")
    key = [room.key if client in room.members else "*"] if room.key else []
    limit = [str(room.limit)] if room.limit else []
    client.reply(replies.RPL_CHANNELMODEIS, room.name, f"+{letters}", *key, *limit)
    client.reply(replies.RPL_CREATIONTIME, room.name, str(int(room.created)))


def _tell_list(client: Client, room: Room[Client], letter: str) -> None:
    each, end = LISTS[letter]
    for entry in room.lists.of(letter):
        client.reply(each, room.name, entry.mask, entry.by, str(int(entry.when)))
    client.reply(end, room.name)


def _change_room(chat: Chat, client: Client, room: Room[Client], words: list[str]) -> None:
    made: list[tuple[Change, str]] = []
    wanted = list(parse_changes(words))
    if len(wanted) > chat.limits.mode_changes:
        chat.usage.hit("mode_changes")
    asked: set[str] = set()
    may = True
    for change in wanted[: chat.limits.mode_changes]:
        known = ROOM_MODES.get(change.letter)
        if known is None:
            client.reply(replies.ERR_UNKNOWNMODE, change.letter)
        elif known.asks(change):
            if change.letter not in asked:
                _tell_list(client, room, change.letter)
            asked.add(change.letter)
        elif not room.has_flag(client, known.right):
            if may:
                client.reply(replies.ERR_CHANOPRIVSNEEDED, room.name)
            may = False
        elif known.lacks(change):
            client.need("MODE")
        else:
            try:
                shown = known.set(chat, room, change, client.source)
            except ModeError as error:
                client.reply(error.numeric, *error.params, text=error.text)
            else:
                made += [(change, shown)] if shown is not None else []
    for words in spell(made, irc.TEXT_BYTES - len(f":{client.source} MODE {room.name} ".encode())):
        room.broadcast(client.event("MODE", room.name, *words))


def _own_modes(chat: Chat, client: Client, changes: list[str]) -> None:
    if not changes:
        client.reply(replies.RPL_UMODEIS, f"+{client.modes}")
    else:
        wanted = [change for change in parse_changes(changes[:1]) if change.letter in USER_MODES]
        if len(wanted) > chat.limits.mode_changes:
            chat.usage.hit("mode_changes")
        wanted = wanted[: chat.limits.mode_changes]
        made = [(change, "") for change in wanted if chat.set_user_mode(client, change.letter, change.on)]
        for words in spell(made, irc.TEXT_BYTES):
            client.outbox.put(client.event("MODE", client.nick, *words).encode(client.form))
        if set(changes[0]) - set("+-").union(USER_MODES):
            client.reply(replies.ERR_UMODEUNKNOWNFLAG)
