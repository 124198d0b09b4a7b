"""What on other servers an IRC operator may do. Here nobody is one: the server is run with chatctl, from outside."""

from ..chat import Chat
from ..client import Client
from ..protocol import replies
from ..protocol.irc import Message
from .registry import IRC


@IRC.command("OPER", "<name> <password>", needs=2, source="RFC 2812 3.1.4")
def oper(chat: Chat, client: Client, message: Message) -> None:
    """Ask to be an IRC operator, which nobody is here."""
    client.reply(replies.ERR_NOOPERHOST)


@IRC.command("KILL", "<nickname> :<reason>", source="RFC 2812 3.7.1")
@IRC.command("WALLOPS", ":<text>", source="RFC 2812 4.7")
def refuse(chat: Chat, client: Client, message: Message) -> None:
    """Ask for what only an IRC operator may do, who is not here."""
    client.reply(replies.ERR_NOPRIVILEGES)
