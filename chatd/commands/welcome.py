"""What the server says of itself to everybody who comes: the welcome, ISUPPORT, LUSERS, MOTD."""

import math

from .. import __version__
from ..chat import Chat
from ..client import BOT, Client
from ..masks import EXCEPTIONS, INVITED
from ..protocol import replies, waiting
from ..protocol.event import date
from ..protocol.irc import Message
from ..room import PREFIXES
from .costs import until_enough
from .earlier import REFERENCES
from .modes import USER_MODES
from .registry import IRC, asks_another_server
from .room_list import ELIST
from .room_modes import CHANMODES, LISTS, ROOM_MODES

SOFTWARE = f"chatd-{__version__}"
MODES = (  # of clients, of rooms, and those of these that take a parameter
    "".join(USER_MODES),
    "".join(sorted(ROOM_MODES)),
    "".join(sorted(letter for letter, known in ROOM_MODES.items() if known.takes_parameter(True))),
)
TOKENS_PER_LINE = 12  # modern.ircdocs.horse RPL_ISUPPORT: 13 with the nickname, of the 15 parameters of a message


def welcome(chat: Chat, client: Client) -> None:
    """Everything that an IRC client is told once it has registered (RFC 2812 5.1)."""
    name = client.origin.name
    cap = chat.pool.max_clients
    seats = "no bound on clients" if math.isinf(cap) else f"at most {waiting.count(int(cap), 'client', 'clients')}"
    client.reply(replies.RPL_WELCOME, text=f"Welcome to {name}, {client.source}")
    client.reply(replies.RPL_YOURHOST, text=f"Your host is {name}, running version {SOFTWARE}")
    client.reply(replies.RPL_CREATED, text=f"This server was started {date(chat.started)}, with {seats}")
    client.reply(replies.RPL_MYINFO, name, SOFTWARE, *MODES)
    tell_isupport(chat, client)
    tell_users(chat, client)
    tell_motd(chat, client)


def isupport(chat: Chat) -> list[str]:
    """The tokens of RPL_ISUPPORT; each says what the server really does."""
    limits = chat.limits
    return [
        f"AWAYLEN={limits.away_length}",
        f"BOT={BOT}",
        "CASEMAPPING=ascii",
        f"CHANLIMIT=#:{limits.rooms_per_client}",
        f"CHANMODES={CHANMODES}",
        f"CHANNELLEN={limits.room_length}",
        "CHANTYPES=#",
        "CHATD.MAXCLIENTS" + ("" if math.isinf(chat.pool.max_clients) else f"={chat.pool.max_clients}"),
        f"CHATHISTORY={limits.chathistory}",
        f"ELIST={ELIST}",
        f"EXCEPTS={EXCEPTIONS}",
        f"INVEX={INVITED}",
        f"KICKLEN={limits.kick_length}",
        f"KEYLEN={limits.key_length}",
        f"MAXLIST={''.join(LISTS)}:{limits.room_masks}",
        f"MODES={limits.mode_changes}",
        f"MONITOR={limits.monitors}",
        f"MSGREFTYPES={REFERENCES}",
        f"NAMELEN={limits.realname_length}",
        f"NETWORK={chat.origin.name}",
        f"NICKLEN={limits.nick_length}",
        f"PREFIX=({''.join(PREFIXES)}){''.join(PREFIXES.values())}",
        f"STATUSMSG={''.join(PREFIXES.values())}",
        f"TARGMAX={','.join(f'{name}:{limits.targets}' for name in sorted(IRC) if 'targets' in IRC[name].bounds)}",
        f"TOPICLEN={limits.topic_length}",
        f"USERLEN={limits.user_length}",
        "UTF8ONLY",
        "WHOX",
    ]


def tell_isupport(chat: Chat, client: Client) -> None:
    chat.told_isupport = chat.told_isupport or isupport(chat)  # `tell_changes` renews it
    _tell_tokens(client, chat.told_isupport)


def tell_changes(chat: Chat) -> None:
    """Tell everybody what ISUPPORT says otherwise than before."""
    tokens = isupport(chat)
    changed = [token for token in tokens if token not in chat.told_isupport]
    if changed and chat.told_isupport:
        chat.told_isupport = tokens
        for client in chat.registered():
            if not client.is_plain:
                _tell_tokens(client, changed)


def _tell_tokens(client: Client, tokens: list[str]) -> None:
    for start in range(0, len(tokens), TOKENS_PER_LINE):
        client.reply(replies.RPL_ISUPPORT, *tokens[start : start + TOKENS_PER_LINE])


@IRC.command("LUSERS", source="RFC 2812 3.4.2", waiting=True)
def lusers(chat: Chat, client: Client, message: Message) -> None:
    """See how many are here."""
    tell_users(chat, client)


def tell_users(chat: Chat, client: Client) -> None:
    now, most = chat.pool.in_use, chat.pool.statistics.peak_in_use
    seen = now - chat.invisible
    client.reply(
        replies.RPL_LUSERCLIENT, text=f"There are {seen} users and {chat.invisible} invisible on 1 servers"
    )
    client.reply(replies.RPL_LUSEROP, "0")
    client.reply(replies.RPL_LUSERUNKNOWN, str(chat.handshakes))
    formed = chat.room_count if chat.default_room.members else chat.room_count - 1  # as LIST has it
    client.reply(replies.RPL_LUSERCHANNELS, str(formed))
    client.reply(replies.RPL_LUSERME, text=f"I have {now} clients and 0 servers")
    client.reply(replies.RPL_LOCALUSERS, str(now), str(most), text=f"Current local users {now}, max {most}")
    client.reply(replies.RPL_GLOBALUSERS, str(now), str(most), text=f"Current global users {now}, max {most}")


@IRC.command("MOTD", "[<server>]", source="RFC 2812 3.4.1", waiting=True, bounds=("outbox",))
def motd(chat: Chat, client: Client, message: Message) -> None:
    """Read the message of the day."""
    if not asks_another_server(chat, client, message.params):
        tell_motd(chat, client)


def tell_motd(chat: Chat, client: Client) -> None:
    if not chat.settings.motd:
        client.reply(replies.ERR_NOMOTD)
        return
    client.reply(replies.RPL_MOTDSTART, text=f"- {client.origin.name} Message of the day -")
    for line in until_enough(chat, client, "MOTD", chat.settings.motd):
        client.reply(replies.RPL_MOTD, text=f"- {line}")
    client.reply(replies.RPL_ENDOFMOTD)
