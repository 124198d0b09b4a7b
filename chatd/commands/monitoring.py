"""Being told when somebody comes and goes: MONITOR."""

from collections.abc import Iterable

from ..chat import Chat
from ..client import Client
from ..protocol import irc, replies
from ..protocol.irc import Message
from ..protocol.replies import Numeric
from .costs import look_at, until_enough
from .registry import IRC


@IRC.command(
    "MONITOR", "+ | - <nickname>{,<nickname>} | C | L | S", needs=1,
    bounds=("monitors", "looks_per_line", "outbox"), source="IRCv3 monitor",
)  # fmt: skip
def monitor(chat: Chat, client: Client, message: Message) -> None:
    """Be told when somebody comes and goes: + and - names, C forgets all, L lists them, S tells who is here."""
    written = message.params[1] if len(message.params) > 1 else ""
    names = [name for name in irc.listed(written).values() if name]
    look_at(chat, client, len(names))
    match message.params[0].upper():
        case "+":
            _add(chat, client, [name for name in names if irc.is_nickname(name, chat.limits.nick_length)])
        case "-":
            for name in names:
                chat.monitors.part(client, irc.fold(name))
        case "C":
            chat.monitors.forget(client)
        case "L":
            _tell(chat, client, replies.RPL_MONLIST, chat.monitors.of(client))
            client.reply(replies.RPL_ENDOFMONLIST)
        case "S":
            _tell_who_is_here(chat, client, chat.monitors.of(client))


def _add(chat: Chat, client: Client, names: list[str]) -> None:
    most = chat.limits.monitors
    for at, name in enumerate(names):
        if len(chat.monitors.of(client)) >= most and not chat.monitors.has(client, irc.fold(name)):
            chat.usage.hit("monitors")
            client.reply(replies.ERR_MONLISTFULL, str(most), irc.clip(",".join(names[at:]), irc.NAMED_BYTES))
            names = names[:at]
            break
        chat.monitors.add(client, irc.fold(name))
    chat.usage.saw("monitors", len(chat.monitors.of(client)))
    _tell_who_is_here(chat, client, names)


def _tell_who_is_here(chat: Chat, client: Client, names: Iterable[str]) -> None:
    found = {name: chat.find(name) for name in names}
    here = [other.source for other in found.values() if other is not None]
    _tell(chat, client, replies.RPL_MONONLINE, here)
    _tell(chat, client, replies.RPL_MONOFFLINE, [name for name in found if found[name] is None])


def _tell(chat: Chat, client: Client, numeric: Numeric, words: Iterable[str]) -> None:
    for text in until_enough(chat, client, "MONITOR", client.wrap(numeric, words=words)):
        client.reply(numeric, text=text.replace(" ", ","))
