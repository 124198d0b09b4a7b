"""Saying something: PRIVMSG, NOTICE, TAGMSG, and AWAY, which answers for one who does not."""

from ..chat import Chat
from ..client import Client
from ..protocol import irc, replies
from ..protocol.capabilities import AWAY_NOTIFY, ECHO_MESSAGE, MESSAGE_TAGS
from ..protocol.event import Event
from ..protocol.irc import Message
from ..protocol.replies import Numeric
from ..room import MODERATED, PREFIXES
from .costs import too_many_targets
from .labels import beside
from .registry import IRC, Several

STATUSES = "".join(PREFIXES.values())  # before a room's name: to those who have it (ISUPPORT STATUSMSG)
CLIENT_ONLY = "+"  # IRCv3 message tags: the tags that are passed on as they come begin with it


@IRC.command(
    "PRIVMSG", "<room or nickname>{,<more>} :<text>",
    several=Several(0, "targets"), talks=1, bounds=("history_lines", "history_bytes"), source="RFC 2812 3.3.1",
)  # fmt: skip
def privmsg(chat: Chat, client: Client, message: Message) -> None:
    """Say something to a room or to somebody."""
    if not message.params:
        client.reply(replies.ERR_NORECIPIENT, text="No recipient given (PRIVMSG)")
    elif len(message.params) < 2 or not message.params[1]:
        client.reply(replies.ERR_NOTEXTTOSEND)
    else:
        speak(chat, client, message)


@IRC.command(
    "NOTICE", "<room or nickname>{,<more>} :<text>",
    several=Several(0, "targets"), bounds=("history_lines", "history_bytes"), source="RFC 2812 3.3.2",
)  # fmt: skip
def notice(chat: Chat, client: Client, message: Message) -> None:
    """Say something that nothing automatic answers, errors included."""
    if len(message.params) >= 2 and message.params[1]:
        speak(chat, client, message)


@IRC.command("TAGMSG", "<room or nickname>{,<more>}", several=Several(0, "targets"), source="IRCv3 message tags")
def tagmsg(chat: Chat, client: Client, message: Message) -> None:
    """Pass on tags alone, to those who understand them."""
    if MESSAGE_TAGS not in client.caps:
        client.reply(replies.ERR_UNKNOWNCOMMAND, "TAGMSG", text=f"Unknown command without {MESSAGE_TAGS}")
    elif not message.params:
        client.need("TAGMSG")
    else:
        speak(chat, client, message)


def speak(chat: Chat, client: Client, message: Message) -> None:
    """Pass a message on to each of its targets."""
    chat.note_presence(client)
    targets = irc.listed(message.params[0]).values()
    if too_many_targets(chat, client, targets, silently=message.command == "NOTICE"):
        return
    for target in targets:
        _speak_to(chat, client, message, target)


def _refuse(client: Client, message: Message, numeric: Numeric, target: str, text: str | None = None) -> None:
    """Say why a message was not passed on; of a NOTICE nothing is said (RFC 2812 3.3.2)."""
    if message.command != "NOTICE":
        client.reply(numeric, target, text=text)


def _speak_to(chat: Chat, client: Client, message: Message, target: str) -> None:
    text = message.params[1] if message.command != "TAGMSG" else None
    tags = {key: value for key, value in message.tags.items() if key.startswith(CLIENT_ONLY)} if message.tags else {}
    name = target.lstrip(STATUSES)
    if name.startswith("#"):
        event = _speak_in(chat, client, message, name, target.removesuffix(name), text, tags)
    else:
        event = _speak_with(chat, client, message, target, text, tags)
    if event is not None and ECHO_MESSAGE in client.caps:
        client.outbox.put(event.encode(client.form))


def _speak_in(
    chat: Chat, client: Client, message: Message, name: str, status: str, text: str | None, tags: dict[str, str]
) -> Event | None:
    """Say something to a room, or to those only who have that status there. What was said, or None."""
    room = chat.room(name)
    if room is None or not (room.is_visible_to(client) or room.may_speak(client)):
        _refuse(client, message, replies.ERR_NOSUCHCHANNEL, name)
        return None
    banned = room.is_silenced(client, client.source)
    if banned or not room.may_speak(client) or (status and client not in room.members):
        is_moderated = client in room.members or MODERATED in room.modes
        why = "only operators and voices may speak" if is_moderated else "join it first"
        why = "you are banned from it" if banned else why
        _refuse(client, message, replies.ERR_CANNOTSENDTOCHAN, room.name, f"Cannot send to room: {why}")
        return None
    if not status:
        event = client.message(message.command, room.name, text, tags)
        chat.say(room, event, client)
        return event
    lowest = max(map(STATUSES.index, status))  # of those that are named: all of it, and of those above, read it
    event = client.message(message.command, f"{STATUSES[lowest]}{room.name}", text, tags)
    chat.say_to_some(room, "".join(PREFIXES)[: lowest + 1], event, client)
    return event


def _speak_with(
    chat: Chat, client: Client, message: Message, nick: str, text: str | None, tags: dict[str, str]
) -> Event | None:
    """Say something to one person. What was said, or None."""
    other = chat.find(nick)
    if other is None:
        _refuse(client, message, replies.ERR_NOSUCHNICK, nick)
        return None
    event = client.message(message.command, other.nick, text, tags)
    chat.say_to_one(other, event, beside(other.outbox))
    if other.away and message.command == "PRIVMSG":
        if client.is_plain:
            client.tell(f"{other.nick} is away: {other.away}")
        else:
            client.reply(replies.RPL_AWAY, other.nick, text=other.away)
    return event


@IRC.command("AWAY", "[:<message>]", waiting=True, bounds=("away_length",), source="RFC 2812 4.1")
def away(chat: Chat, client: Client, message: Message) -> None:
    """Say that one is not here, or is again."""
    before = client.away
    client.away = chat.clip("away_length", message.params[0]) if message.params else ""
    if client.away != before:
        chat.announce(client, client.event("AWAY", text=client.away or None), AWAY_NOTIFY)
    client.reply(replies.RPL_NOWAWAY if client.away else replies.RPL_UNAWAY)
