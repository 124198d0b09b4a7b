"""What a person with nc or telnet types: plain lines, and a few commands that begin with a slash.

Such a person is in one room at a time, as its lines do not say where they are said.
"""

from ..chat import Chat
from ..client import Client
from ..protocol import irc, plain
from ..protocol.irc import Message
from ..room import Room
from . import registration, rooms, talk
from .costs import until_enough
from .registry import PLAIN, tell_grammar


def here(chat: Chat, client: Client) -> Room[Client]:
    """The room that a plain client is in, or belongs in."""
    return next(iter(client.rooms.values()), chat.default_room)


@PLAIN.command(plain.SAY, "<text>", needs=1, talks=0)
def say(chat: Chat, client: Client, message: Message) -> None:
    """Say something to everybody."""
    room = here(chat, client)
    if client not in room.members:  # it was full when the client came in
        rooms.join_room(chat, client, room.name)
    text = message.params[0]
    if text and client in room.members:
        talk.speak(chat, client, Message("PRIVMSG", [room.name, text]))
    elif text:
        client.tell(f"Not delivered: {text}")


@PLAIN.command("ME", "<text>", needs=1, talks=0)
def me(chat: Chat, client: Client, message: Message) -> None:
    """Tell everybody what you do: /me waves."""
    say(chat, client, Message(plain.SAY, [plain.action(message.params[0])]))


@PLAIN.command("MSG", "<nickname> <text>", needs=1, talks=0)
def msg(chat: Chat, client: Client, message: Message) -> None:
    """Say something to one person: /msg ann hello."""
    nick, _, text = message.params[0].partition(" ")
    if "," not in nick and (text := text.strip(" ")):
        talk.privmsg(chat, client, Message("PRIVMSG", [nick, text]))
    else:
        tell_grammar(client, PLAIN["MSG"])


@PLAIN.command("NICK", "<nickname>", needs=1, handshake=True, waiting=True)
def nick(chat: Chat, client: Client, message: Message) -> None:
    """Take another name: /nick ann."""
    registration.nick(chat, client, message)


@PLAIN.command("PASS", "<password>", needs=1, handshake=True)
def password(chat: Chat, client: Client, message: Message) -> None:
    """Say the password, where there is one."""
    registration.password(chat, client, message)


def ask_password(client: Client, text: str) -> None:
    """It wants to come in, or to say something, before the password."""
    if text:
        client.tell(f"Not delivered: {text}")
    client.tell("This chat has a password. Type /pass PASSWORD first.")


@PLAIN.command("WHO")
def who(chat: Chat, client: Client, message: Message) -> None:
    """See who is here."""
    room = here(chat, client)
    names = [room.prefix(member) + member.nick for member in rooms.seen_by(client, room)]
    client.tell(f"{len(names)} in {room.name}. {chat.occupancy().sentence}")
    for line in until_enough(chat, client, "WHO", irc.wrap(sorted(names, key=irc.fold), irc.TEXT_BYTES)):
        client.tell(line)


@PLAIN.command("JOIN", "<room>", needs=1)
def join(chat: Chat, client: Client, message: Message) -> None:
    """Go into another room: /join #tea."""
    _go(chat, client, f"#{message.params[0].removeprefix('#')}")


@PLAIN.command("LEAVE")
def leave(chat: Chat, client: Client, message: Message) -> None:
    """Go back into the first room."""
    _go(chat, client, chat.default_room.name)


def _go(chat: Chat, client: Client, name: str) -> None:
    left = [room for room in client.rooms.values() if irc.fold(room.name) != irc.fold(name)]
    rooms.join_room(chat, client, name)
    room = client.rooms.get(irc.fold(name))
    if room is None:
        return  # it was told why
    for other in left:
        chat.part(client, other, client.event("PART", other.name))
    client.tell(f"You are in {room.name}: {_company(len(room.members) - 1)} here.")
    if room.topic:
        client.tell(f"The topic is: {room.topic}")


@PLAIN.command("ROOMS")
def list_rooms(chat: Chat, client: Client, message: Message) -> None:
    """See which rooms there are."""
    for room in until_enough(chat, client, "ROOMS", chat.visible_rooms(client)):
        client.tell(f"{room.name} ({len(room.members)}) {room.topic}".rstrip())


@PLAIN.command("TOPIC", "[text]")
def topic(chat: Chat, client: Client, message: Message) -> None:
    """See or set what the room is about."""
    rooms.topic(chat, client, Message("TOPIC", [here(chat, client).name, *message.params]))


@PLAIN.command("HELP", handshake=True, waiting=True)
def help_(chat: Chat, client: Client, message: Message) -> None:
    """Read this."""
    client.tell(f"What you type, everybody in {here(chat, client).name} reads. And:")
    for command in PLAIN.values():
        if command.name != plain.SAY:
            client.tell(f"/{command.name.lower()} {command.grammar}".ljust(24) + command.summary)


@PLAIN.command("QUIT", "[reason]", handshake=True, waiting=True)
def quit_(chat: Chat, client: Client, message: Message) -> None:
    """Leave."""
    registration.quit_(chat, client, message)


def _company(others: int) -> str:
    return "nobody else is" if others == 0 else "one other is" if others == 1 else f"{others} others are"


def came_in(chat: Chat, client: Client) -> None:
    """Greet a plain client that has got its seat, and bring it in."""
    company, name = _company(len(chat.default_room.members)), chat.default_room.name
    client.tell(f"Welcome, {client.nick}: {company} in {name}. /help lists what you can do.")
    for line in until_enough(chat, client, "MOTD", chat.settings.motd):
        client.tell(line)
    if chat.default_room.topic and rooms.refusal(chat, client, chat.default_room) is None:
        client.tell(f"The topic is: {chat.default_room.topic}")


def greet(chat: Chat, client: Client) -> None:
    """Tell one who is silent where he is, and how to come in."""
    client.tell(f"This is {client.origin.name}, a chat: {chat.occupancy().sentence}")
    way = "wait in line" if chat.pool.in_use >= chat.pool.max_clients else "come in"
    first = "Type /pass PASSWORD, then press" if chat.settings.password else "Press"
    client.tell(f"{first} Enter to {way} as {chat.next_guest}, or type /nick NAME. /quit leaves.")
