"""Going into rooms and out of them, and what is to be seen of them: JOIN, PART, NAMES, TOPIC."""

from collections.abc import Iterable
from itertools import zip_longest

from ..chat import Chat
from ..client import Client, Standing
from ..masks import INVITED
from ..protocol import irc, replies
from ..protocol.capabilities import MULTI_PREFIX, USERHOST_IN_NAMES
from ..protocol.irc import Message
from ..protocol.replies import Numeric
from ..room import INVITE_ONLY, KEY, LIMIT, OPERATOR, PROTECTED_TOPIC, SECRET, Room
from .costs import is_enough, too_many_targets, until_enough
from .earlier import tell_history
from .registry import IRC, Several

BANNED = "You are banned from that room"


@IRC.command(
    "JOIN", "<room>{,<room>} [<key>{,<key>}] | 0", needs=1, waiting=True,
    several=Several(0, "rooms_per_client"), source="RFC 2812 3.2.1",
    bounds=("max_rooms", "members_per_room", "room_length", "key_length", "outbox"),
)  # fmt: skip
def join(chat: Chat, client: Client, message: Message) -> None:
    """Enter rooms; a waiting client enters them when its seat comes."""
    if message.params[0] == "0":
        client.held.clear()
        client.further += max(0, len(client.rooms) - 1)  # as PART of them all costs
        for room in list(client.rooms.values()):
            chat.part(client, room, client.event("PART", room.name))
        return
    keys = message.params[1].split(",") if len(message.params) > 1 else []
    names = message.params[0].split(",")
    wanted = dict(zip_longest(names, keys[: len(names)], fillvalue=""))  # each room once
    wanted.pop("", None)
    most = chat.limits.rooms_per_client
    if len(wanted) > most:
        _tell_too_many(chat, client, list(wanted)[most])
    for name, key in list(wanted.items())[:most]:
        if client.standing is Standing.WAITING:
            hold(chat, client, name, key)
        else:
            join_room(chat, client, name, key)


def hold(chat: Chat, client: Client, name: str, key: str) -> None:
    """Keep the wish of a waiting client until it is seated."""
    if not irc.is_room_name(name, chat.limits.room_length):
        _tell_bad_name(chat, client, name)
    elif len(client.held) >= chat.limits.rooms_per_client and irc.fold(name) not in client.held:
        _tell_too_many(chat, client, name)
    else:
        if len(key) > chat.limits.key_length:
            chat.usage.hit("key_length")
            key = ""  # what is longer is no room's
        client.held[irc.fold(name)] = (name, key)


def join_room(chat: Chat, client: Client, name: str, key: str = "") -> None:
    """Enter one room, or be told why not."""
    if chat.room(name) is None and not irc.is_room_name(name, chat.limits.room_length):
        _tell_bad_name(chat, client, name)
    elif irc.fold(name) in client.rooms:
        return
    elif len(client.rooms) >= chat.limits.rooms_per_client and not client.is_plain:  # which leaves the room it is in
        _tell_too_many(chat, client, name)
    elif (room := chat.open_room(name)) is None:
        most = f"There are {chat.limits.max_rooms} rooms already, the most that may be (max-rooms)"
        client.reply(replies.ERR_NOSUCHCHANNEL, name, text=most)
    elif len(room.members) >= chat.limits.members_per_room:
        chat.usage.hit("members_per_room")
        most = f"A room has {chat.limits.members_per_room:,} members at most (members-per-room)"
        client.reply(replies.ERR_CHANNELISFULL, room.name, text=most)
    elif (numeric := refusal(chat, client, room, key)) is not None:
        client.reply(numeric, room.name)
    else:
        chat.join(client, room)
        if not client.is_plain:
            if room.topic:
                tell_topic(client, room)
            tell_names(chat, client, room)
            client.reply(replies.RPL_ENDOFNAMES, room.name)
        tell_history(chat, client, room)


def refusal(chat: Chat, client: Client, room: Room[Client], key: str = "") -> Numeric | None:
    """Which of its modes keeps the client out of the room."""
    if KEY in room.modes and key != room.modes[KEY]:
        return replies.ERR_BADCHANNELKEY
    if chat.invitations.has(client, room):
        return None
    if room.lists.bans(client.source):
        return replies.ERR_BANNEDFROMCHAN
    if INVITE_ONLY in room.modes and not room.lists.fits(INVITED, client.source):
        return replies.ERR_INVITEONLYCHAN
    return replies.ERR_CHANNELISFULL if LIMIT in room.modes and len(room.members) >= int(room.modes[LIMIT]) else None


def _tell_bad_name(chat: Chat, client: Client, name: str) -> None:
    rule = f"A room's name is # and a word that can be seen, at most {chat.limits.room_length} bytes (room-length)"
    client.reply(replies.ERR_NOSUCHCHANNEL, name, text=rule)
    if len(name.encode()) > chat.limits.room_length:
        chat.usage.hit("room_length")


def _tell_too_many(chat: Chat, client: Client, name: str) -> None:
    most = f"One may be in {chat.limits.rooms_per_client} rooms at most (rooms-per-client)"
    client.reply(replies.ERR_TOOMANYCHANNELS, name, text=most)
    chat.usage.hit("rooms_per_client")


@IRC.command(
    "PART", "<room>{,<room>} [:<reason>]", needs=1, waiting=True,
    several=Several(0, "rooms_per_client"), bounds=("reason_length",), source="RFC 2812 3.2.2",
)  # fmt: skip
def part(chat: Chat, client: Client, message: Message) -> None:
    """Leave rooms."""
    why = chat.clip("reason_length", message.params[1]) if len(message.params) > 1 else None
    wanted = list(dict.fromkeys(message.params[0].split(",")))
    most = chat.limits.rooms_per_client
    if len(wanted) > most:
        _tell_too_many(chat, client, wanted[most])
    for name in wanted[:most]:
        room = client.rooms.get(irc.fold(name))
        if client.standing is Standing.WAITING:
            client.held.pop(irc.fold(name), None)
        elif room is not None:
            said = why if room.may_be_heard(client, client.source) else None
            chat.part(client, room, client.event("PART", room.name, text=said))
        elif chat.visible_room(client, name):
            client.reply(replies.ERR_NOTONCHANNEL, name)
        else:
            client.reply(replies.ERR_NOSUCHCHANNEL, name)


@IRC.command("NAMES", "<room>{,<room>}", bounds=("targets", "outbox"), source="RFC 2812 3.2.5")
def names(chat: Chat, client: Client, message: Message) -> None:
    """See who is in a room."""
    asked = message.params[0] if message.params else "*"
    wanted = list(dict.fromkeys(asked.split(",")))
    if too_many_targets(chat, client, wanted):
        return
    for name in wanted:
        if (room := chat.visible_room(client, name)) is not None:
            tell_names(chat, client, room)
    client.reply(replies.RPL_ENDOFNAMES, asked)


def seen_by(client: Client, room: Room[Client]) -> Iterable[Client]:
    """Those of the room whom the client may see in it."""
    if client in room.members:
        return room.members
    return [member for member in room.members if not member.invisible] if room.is_visible_to(client) else ()


def tell_names(chat: Chat, client: Client, room: Room[Client]) -> None:
    if is_enough(chat, client, "NAMES"):
        return
    every, whole = MULTI_PREFIX in client.caps, USERHOST_IN_NAMES in client.caps
    shown = [
        room.prefix(member, every) + (member.source if whole else member.nick) for member in seen_by(client, room)
    ]
    symbol = "@" if SECRET in room.modes else "="
    for text in until_enough(
        chat, client, "NAMES", client.wrap(replies.RPL_NAMREPLY, symbol, room.name, words=shown)
    ):
        client.reply(replies.RPL_NAMREPLY, symbol, room.name, text=text)


@IRC.command("TOPIC", "<room> [:<topic>]", needs=1, bounds=("topic_length",), source="RFC 2812 3.2.4")
def topic(chat: Chat, client: Client, message: Message) -> None:
    """See or set what a room is about."""
    room = chat.visible_room(client, message.params[0])
    if room is None:
        client.reply(replies.ERR_NOSUCHCHANNEL, message.params[0])
    elif client not in room.members:
        client.reply(replies.ERR_NOTONCHANNEL, room.name)
    elif len(message.params) == 1:
        tell_topic(client, room)
    elif PROTECTED_TOPIC in room.modes and not room.has_flag(client, OPERATOR):
        client.reply(replies.ERR_CHANOPRIVSNEEDED, room.name)
    elif room.is_silenced(client, client.source):
        client.reply(replies.ERR_CANNOTSENDTOCHAN, room.name, text=BANNED)
    else:
        _set_topic(client, room, chat.clip("topic_length", message.params[1]))


def _set_topic(client: Client, room: Room[Client], text: str) -> None:
    if text == room.topic:
        return  # told is what changes (modern.ircdocs.horse TOPIC)
    room.topic = text
    room.topic_by = client.source
    room.topic_when = client.origin.wall()
    room.broadcast(client.event("TOPIC", room.name, text=text))


def tell_topic(client: Client, room: Room[Client]) -> None:
    if not room.topic:
        client.reply(replies.RPL_NOTOPIC, room.name)
        return
    client.reply(replies.RPL_TOPIC, room.name, text=room.topic)
    if not client.is_plain:
        client.reply(replies.RPL_TOPICWHOTIME, room.name, room.topic_by, str(int(room.topic_when)))
