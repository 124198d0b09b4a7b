"""The plain dialect: what a person with `nc` or `telnet` types and reads.

    * a server line             <bob> a message            <bob -> you> a message to you alone
    -bob- a notice              <bob> /me an action

Every line begins with who speaks, and no nickname holds a space, `>` or begins with `-`: nobody can forge a server's
line or another's. The reader's screen is a bare terminal, so whatever comes from others is neutralised here.
"""

from .irc import Message, unformatted
from .safetext import neutralise

CTCP = "\x01"
ACTION = f"{CTCP}ACTION "

USER = "plain"  # the user name that others see of a plain client
SAY = "SAY"  # the command that a line without a slash is


def parse(line: str) -> Message:
    """Read what was typed: `/command rest` with the rest as one parameter, anything else is said. `//` says a slash."""
    if not line.startswith("/"):
        return Message(SAY, [line])
    if line.startswith("//"):
        return Message(SAY, [line[1:]])
    command, _, rest = line[1:].partition(" ")
    rest = rest.strip(" ")
    return Message(command.upper(), [rest] if rest else [])


def write(text: str) -> bytes:
    """A server's line. The text may hold what others wrote."""
    return f"* {neutralise(text)}\r\n".encode()


def action(text: str) -> str:
    """`/me text` as it travels in a PRIVMSG (CTCP ACTION)."""
    return f"{ACTION}{text}{CTCP}"


def render(source: str, command: str, params: tuple[str, ...], text: str | None) -> bytes:
    """What an IRC message is to a plain reader; nothing if it says nothing to one."""
    nick = source.partition("!")[0]
    match command:
        case "PRIVMSG" | "NOTICE":
            return _speech(nick, command, params[0], text or "")
        case "JOIN":
            return write(f"{nick} came in")
        case "PART" | "QUIT":
            return write(f"{nick} left ({text})" if text else f"{nick} left")
        case "KICK":
            return write(f"{nick} threw {params[1]} out ({text})")
        case "INVITE":
            return write(f"{nick} invites you to {params[1]}")
        case "NICK":
            return write(f"{nick} is now called {text}")
        case "TOPIC":
            return write(f"{nick} set the topic: {text}" if text else f"{nick} removed the topic")
        case "MODE":
            return write(f"{nick} set {' '.join(params[1:])}")
    return b""


def _speech(nick: str, command: str, target: str, text: str) -> bytes:
    if text.startswith(CTCP):
        if not text.startswith(ACTION):
            return b""  # a question from program to program
        text = f"/me {text[len(ACTION) :].removesuffix(CTCP)}"
    text = neutralise(unformatted(text))
    if command == "NOTICE":
        return f"-{nick}- {text}\r\n".encode()
    whom = target if "#" in target else "you"  # @#room: those of a room who have a flag
    who = nick if target.startswith("#") else f"{nick} -> {whom}"
    return f"<{who}> {text}\r\n".encode()
