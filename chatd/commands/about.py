"""What the server says of itself when it is asked: VERSION, TIME, ADMIN, INFO, LINKS.

There is one server, so a question that names another is answered with 402.
"""

from ..chat import Chat
from ..client import Client
from ..protocol import replies
from ..protocol.event import date
from ..protocol.irc import Message
from . import welcome
from .registry import IRC, asks_another_server


@IRC.command("VERSION", "[<server>]", source="RFC 2812 3.4.3")
def version(chat: Chat, client: Client, message: Message) -> None:
    """See what the server runs and supports."""
    if not asks_another_server(chat, client, message.params):
        client.reply(replies.RPL_VERSION, welcome.SOFTWARE, client.origin.name, text="a bounded chat server")
        welcome.tell_isupport(chat, client)


@IRC.command("TIME", "[<server>]", source="RFC 2812 3.4.6")
def time(chat: Chat, client: Client, message: Message) -> None:
    """See what time it is for the server."""
    if not asks_another_server(chat, client, message.params):
        client.reply(replies.RPL_TIME, client.origin.name, text=date(client.origin.wall()))


@IRC.command("ADMIN", "[<server>]", source="RFC 2812 3.4.9")
def admin(chat: Chat, client: Client, message: Message) -> None:
    """Ask who runs the server."""
    if not asks_another_server(chat, client, message.params):
        client.reply(replies.ERR_NOADMININFO, client.origin.name)


@IRC.command("INFO", "[<server>]", source="RFC 2812 3.4.10")
def info(chat: Chat, client: Client, message: Message) -> None:
    """See what kind of server this is."""
    if not asks_another_server(chat, client, message.params):
        for line in (
            f"{welcome.SOFTWARE}, a chat server with no implicit limit",
            f"Started {date(chat.started)}",
            chat.occupancy().sentence,
        ):
            client.reply(replies.RPL_INFO, text=line)
        client.reply(replies.RPL_ENDOFINFO)


@IRC.command("LINKS", "[[<server>] <mask>]", source="RFC 2812 3.4.5")
def links(chat: Chat, client: Client, message: Message) -> None:
    """See which servers are linked: none, this one stands alone."""
    *server, mask = message.params[:2] or ["*"]
    if not asks_another_server(chat, client, server):
        client.reply(replies.RPL_ENDOFLINKS, mask)
