"""What a person can type after a slash. To add a command, write one function here:

    @command("NAME [REASON]")
    def kick(client: Client, words: str) -> None:
        \"\"\"Throw somebody out of this room.\"\"\"
        name, reason = two(words)
        client.ask("KICK", here(client), name, text=reason)

Its name is the command's, the first argument of `command` says what follows it, the docstring is its help. `/help`,
the completion and docs/client.md are made from the table. `raise CommandError(why)` when it cannot be done: the person
reads why and keeps what was typed.
"""

from collections.abc import Callable
from typing import NamedTuple

from .client import Client, CommandError
from .safe import show


class Command(NamedTuple):
    name: str
    usage: str
    help: str
    run: Callable[[Client, str], None]


COMMANDS: dict[str, Command] = {}


def command(usage: str = "") -> Callable[[Callable[[Client, str], None]], Callable[[Client, str], None]]:
    def add(function: Callable[[Client, str], None]) -> Callable[[Client, str], None]:
        name = function.__name__.removesuffix("_")
        COMMANDS[name] = Command(name, f"/{name} {usage}".rstrip(), (function.__doc__ or "").strip(), function)
        return function

    return add


def enter(client: Client, typed: str) -> None:
    """Do what was typed: a command, or a message. `//` says a slash. Raises CommandError."""
    lines = [line for line in typed.splitlines() if line.strip()]
    if len(lines) == 1 and lines[0].startswith("/") and not lines[0].startswith("//"):
        word, _, rest = lines[0][1:].partition(" ")
        found = COMMANDS.get(word.lower())
        if found is None:
            raise CommandError(f"There is no /{show(word, 20)}. /help tells what there is; // says a slash.")
        found.run(client, rest.strip())
    elif lines:
        client.say("\n".join(line[1:] if line.startswith("//") else line for line in lines))


# The commands


@command("NAME")
def nick(client: Client, words: str) -> None:
    """Take another nickname."""
    client.ask("NICK", one(words, nick))
    client.model.wanted_nick = words


@command("TEXT")
def me(client: Client, words: str) -> None:
    """Say what you do: "/me waves" is read as "* you waves"."""
    if not words:
        raise usage(me)
    client.say(words, action=True)


@command("NAME TEXT")
def msg(client: Client, words: str) -> None:
    """Write to one person alone."""
    name, text = two(words)
    if not text:
        raise usage(msg)
    client.say(text, where=name)
    client.model.show(client.model.open(name, client.is_room(name)))


@command("ROOM [KEY]")
def join(client: Client, words: str) -> None:
    """Enter a room, or go to it if you are there."""
    name, key = two(words)
    if not name or "," in name:  # which would be several rooms
        raise usage(join)
    if not client.is_room(name):
        name = f"#{name}"
    there = client.model.find(name)
    if there is None or not there.joined:
        client.ask("JOIN", name, *([key] if key else []))
        there = client.model.open(name, is_room=True)
        there.key = key
    client.model.show(there)


@command("[REASON]")
def part(client: Client, words: str) -> None:
    """Leave this room or close this page."""
    current = client.model.current
    if current is client.model.page:
        raise CommandError("This page is the server's. /quit leaves the server.")
    if not current.joined:
        pass
    elif client.offline:
        client.model.hint = f"{current.title} is not entered again."
    else:
        client.ask("PART", current.title, text=words or None)
    client.model.close(current)


@command("[TEXT]")
def topic(client: Client, words: str) -> None:
    """Show this room's topic, or set it."""
    client.ask("TOPIC", here(client), text=words or None)


@command()
def names(client: Client, words: str) -> None:
    """Show who is in this room."""
    client.ask("NAMES", here(client))


@command()
def help_(client: Client, words: str) -> None:
    """Show this."""
    width = max(len(each.usage) for each in COMMANDS.values())
    for each in COMMANDS.values():
        client.model.tell(f"{each.usage:{width}}  {each.help}", client.now())
    client.model.tell("Tab completes. PgUp and PgDn scroll, Ctrl-N and Ctrl-P turn pages, Ctrl-C leaves.", client.now())


@command("[REASON]")
def quit_(client: Client, words: str) -> None:
    """Leave the server and end the program."""
    client.leave(words)


# What they are made of


def usage(function: Callable[[Client, str], None]) -> CommandError:
    found = COMMANDS[function.__name__.removesuffix("_")]
    return CommandError(f"{found.usage}: {found.help}")


def one(words: str, function: Callable[[Client, str], None]) -> str:
    """The one word that the command takes."""
    if not words or " " in words:
        raise usage(function)
    return words


def two(words: str) -> tuple[str, str]:
    """The first word, and the rest."""
    first, _, rest = words.partition(" ")
    return first, rest.strip()


def here(client: Client) -> str:
    """The room that the person looks at."""
    if not client.model.current.is_room:
        raise CommandError("This page is no room. /join one.")
    return client.model.current.title
