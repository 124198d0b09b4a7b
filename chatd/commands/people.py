"""Who is there, and who was: WHO, WHOIS, WHOWAS, USERHOST, ISON."""

from collections.abc import Callable, Iterable
from itertools import islice
from typing import NamedTuple

from ..chat import Chat
from ..client import BOT, Client
from ..protocol import irc, replies
from ..protocol.capabilities import MULTI_PREFIX
from ..protocol.event import date
from ..protocol.irc import Message
from ..room import Room
from .costs import is_enough, look_at, mask_of, until_enough
from .registry import IRC, asks_another_server
from .rooms import seen_by

USERHOSTS = 5  # nicknames of one USERHOST (RFC 2812 4.8)
TOKEN_LENGTH = 3  # by which a WHO is known again (IRCv3 WHOX)


# What WHO can be asked for (IRCv3 WHOX), in the order in which it answers. Accounts, hops and ranks there are none.
WHOX: dict[str, Callable[["Seen"], str]] = {
    "t": lambda seen: seen.token,
    "c": lambda seen: seen.room.name if seen.room else "*",
    "u": lambda seen: seen.other.user,
    "i": lambda seen: seen.other.host,
    "h": lambda seen: seen.other.host,
    "s": lambda seen: seen.client.origin.name,
    "n": lambda seen: seen.other.nick,
    "f": lambda seen: seen.flags,
    "d": lambda seen: "0",
    "l": lambda seen: str(idle(seen.other)),
    "a": lambda seen: "0",
    "o": lambda seen: "n/a",
}
REAL_NAME = "r"  # and this at the end


class Seen(NamedTuple):
    """Somebody whom a WHO of `client` shows."""

    client: Client
    other: Client
    room: Room[Client] | None
    token: str

    @property
    def flags(self) -> str:
        prefix = self.room.prefix(self.other, MULTI_PREFIX in self.client.caps) if self.room else ""
        return ("G" if self.other.away else "H") + prefix + (BOT if self.other.is_bot else "")


@IRC.command(
    "WHO", "[<room or mask> [o][%<fields>[,<token>]]]",
    bounds=("who_replies", "looks_per_line", "outbox"), source="RFC 2812 3.6.1, IRCv3 WHOX",
)  # fmt: skip
def who(chat: Chat, client: Client, message: Message) -> None:
    """See who is in a room, or fits a mask; with o those of them who are IRC operators, which nobody is here."""
    mask = message.params[0] if message.params else "*"
    filters, percent, asked = (message.params[1] if len(message.params) > 1 else "").partition("%")
    fields, _, token = asked.partition(",")
    found = () if "o" in filters else _who(chat, client, mask)
    for told, (other, room) in enumerate(found):
        if told == chat.limits.who_replies:
            chat.usage.hit("who_replies")
            more = f"There are more than {chat.limits.who_replies:,}; narrow the mask (who-replies)"
            client.reply(replies.ERR_TOOMANYMATCHES, "WHO", mask, text=more)
            break
        if is_enough(chat, client, "WHO"):
            break
        seen = Seen(client, other, room, token[:TOKEN_LENGTH] or "0")
        if percent:
            words = [show(seen) for letter, show in WHOX.items() if letter in fields]
            client.reply(replies.RPL_WHOSPCRPL, *words, text=other.realname if REAL_NAME in fields else None)
        else:
            words = [room.name if room else "*", other.user, other.host, client.origin.name, other.nick, seen.flags]
            client.reply(replies.RPL_WHOREPLY, *words, text=f"0 {other.realname}")
    client.reply(replies.RPL_ENDOFWHO, mask)


def _who(chat: Chat, client: Client, mask: str) -> Iterable[tuple[Client, Room[Client] | None]]:
    if mask.startswith("#"):
        room = chat.visible_room(client, mask)
        if room is not None:
            yield from ((member, room) for member in seen_by(client, room))
        return
    if (named := chat.find(mask)) is not None:
        yield named, None
        return
    wanted = mask_of(chat, client, mask, chat.pool.in_use)
    everybody = mask == "0" or wanted.matches(client.origin.name)  # RFC 2812 3.6.1: host, server, real name, nickname
    for other in chat.seated():
        if _sees(client, other) and (everybody or _fits(wanted, other)):
            yield other, None


def _sees(client: Client, other: Client) -> bool:
    return not other.invisible or other is client or not client.rooms.keys().isdisjoint(other.rooms)


def _fits(mask: irc.Mask, other: Client) -> bool:
    return any(mask.matches(text) for text in (other.nick, other.host, other.user, other.realname))


def idle(other: Client) -> int:
    """For how many seconds somebody has said nothing."""
    return max(0, int(other.origin.wall() - other.last_spoke))


@IRC.command("WHOIS", "[<server>] <nickname>", source="RFC 2812 3.6.2")
def whois(chat: Chat, client: Client, message: Message) -> None:
    """See who somebody is."""
    if not message.params or not message.params[-1]:
        client.reply(replies.ERR_NONICKNAMEGIVEN)
        return
    *server, nick = message.params[:2]
    if asks_another_server(chat, client, server):
        return
    other = chat.find(nick)
    if other is None:
        client.reply(replies.ERR_NOSUCHNICK, nick)
    else:
        client.reply(replies.RPL_WHOISUSER, other.nick, other.user, other.host, "*", text=other.realname)
        _tell_rooms(client, other)
        client.reply(replies.RPL_WHOISSERVER, other.nick, client.origin.name, text="chatd")
        if other.away:
            client.reply(replies.RPL_AWAY, other.nick, text=other.away)
        if other.is_bot:
            client.reply(replies.RPL_WHOISBOT, other.nick)
        client.reply(replies.RPL_WHOISIDLE, other.nick, str(idle(other)), str(int(other.signed_on)))
    client.reply(replies.RPL_ENDOFWHOIS, nick)


def _tell_rooms(client: Client, other: Client) -> None:
    every = MULTI_PREFIX in client.caps
    shown = [
        room.prefix(other, every) + room.name
        for room in other.rooms.values()
        if client in room.members or (room.is_visible_to(client) and not other.invisible)
    ]
    client.reply_words(replies.RPL_WHOISCHANNELS, other.nick, words=shown)


@IRC.command("WHOWAS", "<nickname> [<count>]", bounds=("departed", "outbox"), source="RFC 2812 3.6.3")
def whowas(chat: Chat, client: Client, message: Message) -> None:
    """See who had a name before, the last of them first."""
    if not message.params or not message.params[0]:
        client.reply(replies.ERR_NONICKNAMEGIVEN)
        return
    wanted, most = message.params[0], irc.count(message.params[1]) if len(message.params) > 1 else 0
    found = list(islice(chat.departed.find(wanted), most or None))
    for former in until_enough(chat, client, "WHOWAS", found):
        client.reply(replies.RPL_WHOWASUSER, former.nick, former.user, former.host, "*", text=former.realname)
        client.reply(replies.RPL_WHOISSERVER, former.nick, client.origin.name, text=date(former.when))
    if not found:
        client.reply(replies.ERR_WASNOSUCHNICK, wanted)
    client.reply(replies.RPL_ENDOFWHOWAS, wanted)


@IRC.command("USERHOST", "<nickname>{ <nickname>}", needs=1, source="RFC 2812 4.8")
def userhost(chat: Chat, client: Client, message: Message) -> None:
    """See where some people are, in short."""
    found = filter(None, map(chat.find, message.params[:USERHOSTS]))
    shown = [f"{other.nick}={'-' if other.away else '+'}{other.user}@{other.host}" for other in found]
    client.reply(replies.RPL_USERHOST, text=" ".join(shown))


@IRC.command("ISON", "<nickname>{ <nickname>}", needs=1, bounds=("looks_per_line",), source="RFC 2812 4.9")
def ison(chat: Chat, client: Client, message: Message) -> None:
    """See which of some people are here."""
    names = dict.fromkeys(" ".join(message.params).split())
    look_at(chat, client, len(names))
    found = filter(None, map(chat.find, names))
    client.reply_words(replies.RPL_ISON, words=[other.nick for other in found] or [""])
