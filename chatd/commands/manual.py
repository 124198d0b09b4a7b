"""HELP, made from the table of commands: what there is, what one wants, and where that is written."""

from ..chat import Chat
from ..client import Client
from ..protocol import irc, replies
from ..protocol.irc import Message
from .registry import IRC

WIDTH = 60  # of the list of commands, in characters: it is read in a narrow window, too


@IRC.command("HELP", "[<command>]", source="modern.ircdocs.horse HELP")
@IRC.command("HELPOP", "[<command>]", source="modern.ircdocs.horse HELP")
def help_(chat: Chat, client: Client, message: Message) -> None:
    """Read what there is, or what one command wants."""
    if not message.params or not message.params[0]:
        names = irc.wrap(sorted(IRC), WIDTH)
        _tell(client, "*", "Commands; HELP and the name of one of them tells what it wants:", *names)
        return
    subject = message.params[0].upper()
    command = IRC.get(subject)
    if command is None:
        client.reply(replies.ERR_HELPNOTFOUND, message.params[0])
    else:
        bounds = [f"Bounds: {', '.join(command.keys)}."] if command.bounds else []
        lines = command.summary, f"Cost: {command.cost}.", *bounds, f"Source: {command.source}."
        _tell(client, subject, f"{subject} {command.grammar}".rstrip(), *lines)


def _tell(client: Client, subject: str, first: str, *lines: str) -> None:
    client.reply(replies.RPL_HELPSTART, subject, text=first)
    for line in lines:
        client.reply(replies.RPL_HELPTXT, subject, text=line)
    client.reply(replies.RPL_ENDOFHELP, subject)
