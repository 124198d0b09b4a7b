"""Who is in a room by another's doing: KICK, INVITE."""

from ..chat import Chat
from ..client import Client, notify
from ..protocol import replies
from ..protocol.capabilities import INVITE_NOTIFY
from ..protocol.irc import Message
from ..room import INVITE_ONLY, OPERATOR
from . import rooms
from .costs import too_many_targets, until_enough
from .registry import IRC, Several


@IRC.command(
    "KICK", "<room> <nickname>{,<nickname>} [:<reason>]", needs=2,
    several=Several(1, "targets"), bounds=("kick_length",), source="RFC 2812 3.2.8",
)  # fmt: skip
def kick(chat: Chat, client: Client, message: Message) -> None:
    """Throw people out of a room."""
    names, nicks = message.params[0].split(","), message.params[1].split(",")
    if len(names) == 1:
        names *= len(nicks)
    if len(names) != len(nicks):
        client.need("KICK")
    elif not too_many_targets(chat, client, nicks):
        said = chat.clip("kick_length", message.params[2]) if len(message.params) > 2 else ""
        for name, nick in zip(names, nicks, strict=True):
            _throw_out(chat, client, name, nick, said or client.nick)


def _throw_out(chat: Chat, client: Client, name: str, nick: str, why: str) -> None:
    room, member = chat.visible_room(client, name), chat.find(nick)
    if room is None:
        client.reply(replies.ERR_NOSUCHCHANNEL, name)
    elif client not in room.members:
        client.reply(replies.ERR_NOTONCHANNEL, room.name)
    elif not room.has_flag(client, OPERATOR):
        client.reply(replies.ERR_CHANOPRIVSNEEDED, room.name)
    elif member is None:
        client.reply(replies.ERR_NOSUCHNICK, nick)
    elif member not in room.members:
        client.reply(replies.ERR_USERNOTINCHANNEL, member.nick, room.name)
    else:
        chat.part(member, room, client.event("KICK", room.name, member.nick, text=why))
        if member.is_plain and room is not chat.default_room:  # what it types is said somewhere
            rooms.join_room(chat, member, chat.default_room.name)
            if member in chat.default_room.members:  # else it was told why not
                member.tell(f"You are back in {chat.default_room.name}.")


@IRC.command(
    "INVITE", "[<nickname> <room>]",
    bounds=("invitations", "outbox"), source="RFC 2812 3.2.7, modern.ircdocs.horse INVITE",
)  # fmt: skip
def invite(chat: Chat, client: Client, message: Message) -> None:
    """Ask somebody into a room, or see where one is invited. An operator's invitation opens the room."""
    match message.params:
        case []:
            for invited_to in until_enough(chat, client, "INVITE", chat.invitations.of(client)):
                client.reply(replies.RPL_INVITELIST, invited_to.name)
            client.reply(replies.RPL_ENDOFINVITELIST)
        case [_]:
            client.need("INVITE")
        case [nick, name, *_]:
            _invite(chat, client, nick, name)


def _invite(chat: Chat, client: Client, nick: str, name: str) -> None:
    other, room = chat.find(nick), chat.visible_room(client, name)
    if other is None:
        client.reply(replies.ERR_NOSUCHNICK, nick)
    elif room is None:
        client.reply(replies.ERR_NOSUCHCHANNEL, name)
    elif client not in room.members:
        client.reply(replies.ERR_NOTONCHANNEL, room.name)
    elif other in room.members:
        client.reply(replies.ERR_USERONCHANNEL, other.nick, room.name)
    elif INVITE_ONLY in room.modes and not room.has_flag(client, OPERATOR):
        client.reply(replies.ERR_CHANOPRIVSNEEDED, room.name)
    elif room.is_silenced(client, client.source):
        client.reply(replies.ERR_CANNOTSENDTOCHAN, room.name, text=rooms.BANNED)
    else:
        if room.has_flag(client, OPERATOR):
            chat.invite(other, room)
        event = client.event("INVITE", other.nick, room.name)
        other.outbox.put(event.encode(other.form))
        notify(room.others(client), event, INVITE_NOTIFY)
        client.reply(replies.RPL_INVITING, other.nick, room.name)
        if other.away:
            client.reply(replies.RPL_AWAY, other.nick, text=other.away)
