"""Introducing oneself, staying, and leaving: CAP, PASS, NICK, USER, PING, PONG, QUIT."""

from ..chat import Chat
from ..client import Client, Standing, notify
from ..protocol import irc, replies
from ..protocol.capabilities import CAP_NOTIFY, CAPABILITIES, SETNAME
from ..protocol.farewell import Farewell
from ..protocol.irc import Message
from .costs import look_at
from .registry import IRC

VERSION = 302  # of capability negotiation: who names it, or a later one, has cap-notify and keeps it


@IRC.command(
    "CAP", "LS [302] | LIST | REQ :<name>{ <name>} | END", needs=1, handshake=True, waiting=True,
    source="IRCv3 capability negotiation",
)  # fmt: skip
def cap(chat: Chat, client: Client, message: Message) -> None:
    """See and choose what the server adds to IRC."""
    subcommand = message.params[0].upper()
    match subcommand:
        case "LS":
            _begin(client)
            if irc.count(" ".join(message.params[1:2])) >= VERSION:
                client.has_cap_302 = True
                client.set_caps(client.caps | {CAP_NOTIFY})
            _cap(client, "LS", " ".join(CAPABILITIES))
        case "LIST":
            _cap(client, "LIST", " ".join(sorted(client.caps)))
        case "REQ":
            _begin(client)
            _request(client, " ".join(message.params[1:]))
        case "END":
            client.negotiating = False
        case _:
            client.reply(replies.ERR_INVALIDCAPCMD, subcommand)


def _begin(client: Client) -> None:
    """Registration waits for the end of negotiation. That is final: some ask for more when their name was taken."""
    if client.standing is Standing.HANDSHAKE and client.negotiating is None:
        client.negotiating = True


def _request(client: Client, wanted: str) -> None:
    caps = set(client.caps)
    words = wanted.split()
    for word in words:
        if word.startswith("-"):
            caps.discard(word[1:])
        else:
            caps.add(word)
    known = all(word.removeprefix("-") in CAPABILITIES for word in words)
    may = known and not (client.has_cap_302 and CAP_NOTIFY not in caps)
    if may:
        client.set_caps(frozenset(caps))
    # On several lines, if what was asked for in one does not fit behind this server's name.
    for line in irc.wrap(words, irc.TEXT_BYTES - len(f":{client.origin.name} CAP {client.nick} ACK :")) or [""]:
        _cap(client, "ACK" if may else "NAK", line)


def _cap(client: Client, subcommand: str, text: str) -> None:
    client.send("CAP", client.nick or "*", subcommand, text=text)


@IRC.command(
    "PASS", "<password>", needs=1, handshake=True,
    bounds=("password_delay", "password_cost"), source="RFC 2812 3.1.1",
)  # fmt: skip
def password(chat: Chat, client: Client, message: Message) -> None:
    """Say the password of this chat, if it has one."""
    if client.standing is not Standing.HANDSHAKE:
        client.reply(replies.ERR_ALREADYREGISTERED)
    else:
        client.password = " ".join(message.params)  # some clients write no colon before it


@IRC.command(
    "NICK", "<nickname>", handshake=True, waiting=True, bounds=("nick_length", "departed", "looks_per_line"),
    source="RFC 2812 3.1.2",
)  # fmt: skip
def nick(chat: Chat, client: Client, message: Message) -> None:
    """Take a name, or another one."""
    if not message.params or not message.params[0]:
        client.reply(replies.ERR_NONICKNAMEGIVEN)
        return
    wanted = message.params[0]
    if not irc.is_nickname(wanted, chat.limits.nick_length):
        rule = f"A nickname is at most {chat.limits.nick_length} letters, digits or []\\`_^{{|}}-; no digit, - first"
        rule = f"{rule} (nick-length)"
        client.reply(replies.ERR_ERRONEUSNICKNAME, wanted, text=rule)
        if len(wanted) > chat.limits.nick_length:
            chat.usage.hit("nick_length")
        return
    if wanted == client.nick:
        return
    look_at(chat, client, sum(len(mask) for room in client.rooms.values() for _, mask in room.lists))
    for room in client.rooms.values():
        if room.is_silenced(client, client.source):
            client.reply(replies.ERR_BANNICKCHANGE, wanted, room.name)
            return
    renamed = client.event("NICK", text=wanted)  # its source is the name it has so far
    if not chat.claim_nick(client, wanted):
        client.reply(replies.ERR_NICKNAMEINUSE, wanted)
    elif client.standing is not Standing.HANDSHAKE:
        notify((client, *chat.neighbours(client)), renamed)


@IRC.command(
    "USER", "<user> 0 * :<real name>", needs=4, handshake=True,
    bounds=("user_length", "realname_length"), source="RFC 2812 3.1.3",
)  # fmt: skip
def user(chat: Chat, client: Client, message: Message) -> None:
    """Say who one is."""
    if client.standing is not Standing.HANDSHAKE:
        client.reply(replies.ERR_ALREADYREGISTERED)
        return
    if not message.params[0] or not message.params[3]:
        client.need("USER")
        return
    client.user = irc.username(message.params[0], chat.limits.user_length)
    if len(message.params[0]) > chat.limits.user_length:
        chat.usage.hit("user_length")
    client.realname = chat.clip("realname_length", message.params[3])


@IRC.command("SETNAME", ":<real name>", needs=1, bounds=("realname_length",), source="IRCv3 setname")
def setname(chat: Chat, client: Client, message: Message) -> None:
    """Take another real name."""
    wanted = chat.clip("realname_length", message.params[0])
    if not wanted:
        client.fail("SETNAME", "INVALID_REALNAME", "A real name is not empty")
        return
    client.realname = wanted
    event = client.event("SETNAME", text=wanted)
    notify((client,), event, SETNAME)
    chat.announce(client, event, SETNAME)


@IRC.command("PING", "<token>", needs=1, handshake=True, waiting=True, source="RFC 2812 3.7.2")
def ping(chat: Chat, client: Client, message: Message) -> None:
    """Ask whether the server is there."""
    client.send("PONG", client.origin.name, text=message.params[0])


@IRC.command("PONG", "<token>", handshake=True, waiting=True, source="RFC 2812 3.7.3")
def pong(chat: Chat, client: Client, message: Message) -> None:
    """Answer the server's question; any line does."""


@IRC.command("QUIT", "[:<reason>]", handshake=True, waiting=True, bounds=("reason_length",), source="RFC 2812 3.1.7")
def quit_(chat: Chat, client: Client, message: Message) -> None:
    """Leave."""
    said = chat.clip("reason_length", message.params[0]) if message.params else ""
    client.close(Farewell(f"Quit: {said}" if said else "Quit"))
