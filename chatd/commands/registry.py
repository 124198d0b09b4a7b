"""What a command is, and how one is found and run.

A command is one function with its grammar, what it costs, its bounds and its source beside it, in the module of its
subject; HELP, `/help`, ISUPPORT TARGMAX and docs/protocol.md are made of that:

    @IRC.command("KICK", "<room> <nickname>{,<nickname>} [:<reason>]", needs=2, several=Several(1, "targets"),
                 bounds=("kick_length",), source="RFC 2812 3.2.8")
    def kick(chat: Chat, client: Client, message: Message) -> None: ...

Each line costs a token of message-rate, and each target after its first one more; `costs` has what else costs some.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ..chat import Chat
from ..client import Client, Standing
from ..protocol import irc, replies
from ..protocol.irc import Message
from ..protocol.waiting import Queued
from .costs import mask_of
from .labels import answering

Handler = Callable[[Chat, Client, Message], None]


class Several(NamedTuple):
    """The parameter (from 0) that may name several targets, with commas between them, and the bound on how many."""

    parameter: int
    bound: str


@dataclass(frozen=True, slots=True)
class Command:
    """`needs` parameters at least; allowed in the standings `allowed`. `summary` is its line of help, and `bounds` are
    the rows of `limits` that it can meet. `talks` is the parameter (from 0) that is said to others, and not to be lost
    in silence. Commands that are typed do what those of IRC do, and leave sources and bounds to them."""

    name: str
    handler: Handler
    grammar: str
    needs: int
    allowed: frozenset[Standing]
    several: Several | None
    talks: int | None
    bounds: tuple[str, ...]
    source: str
    summary: str

    @property
    def keys(self) -> list[str]:
        """The names of its bounds, as people write them."""
        return [name.replace("_", "-") for name in self.bounds]

    @property
    def cost(self) -> str:
        """In lines of message-rate; so many lines of answer (answers-per-line) cost one more."""
        return "1 line a target" if self.several else "1 line"

    def further_targets(self, chat: Chat, message: Message) -> int:
        """How many targets the line has after its first: of those that are not too many."""
        if self.several is None or len(message.params) <= self.several.parameter:
            return 0
        written = message.params[self.several.parameter]
        if "," not in written:
            return 0
        most: int = getattr(chat.limits, self.several.bound)
        return min(len(irc.listed(written)), most) - 1


class Table(dict[str, Command]):
    """The commands of one dialect, by name."""

    def command(
        self,
        name: str,
        grammar: str = "",
        *,
        source: str = "",
        needs: int = 0,
        handshake: bool = False,
        waiting: bool = False,
        several: Several | None = None,
        talks: int | None = None,
        bounds: tuple[str, ...] = (),
    ) -> Callable[[Handler], Handler]:
        """Put a function into the table. `handshake` and `waiting`: allowed before registration, in the line."""
        standings = {Standing.SEATED: True, Standing.WAITING: waiting, Standing.HANDSHAKE: handshake}

        def enter(handler: Handler) -> Handler:
            allowed = frozenset(standing for standing, may in standings.items() if may)
            summary = (handler.__doc__ or "").partition("\n")[0]
            every = (several.bound, *bounds) if several else bounds
            self[name] = Command(name, handler, grammar, needs, allowed, several, talks, every, source, summary)
            return handler

        return enter


IRC = Table()
PLAIN = Table()


def dispatch(chat: Chat, client: Client, message: Message) -> None:
    """Run what a client asked for, or tell it why not."""
    if message.tags:
        with answering(client, message):
            _run(chat, client, message)
    else:
        _run(chat, client, message)


def _run(chat: Chat, client: Client, message: Message) -> None:
    command = (PLAIN if client.is_plain else IRC).get(message.command)
    if command is not None and client.standing in command.allowed:
        if len(message.params) < command.needs:
            tell_grammar(client, command)
        else:
            command.handler(chat, client, message)
            client.further += command.further_targets(chat, message)
    elif client.standing is Standing.WAITING:
        lost = "" if command is None or command.talks is None else "".join(message.params[command.talks :])
        if lost and client.is_plain:
            client.tell(f"Not delivered: {lost}")
        tell_place(chat, client)
        if lost and not client.is_plain:  # behind what every line of IRC is answered with here
            client.tell(f"Not delivered: {lost}")
    elif client.standing is Standing.HANDSHAKE:
        client.reply(replies.ERR_NOTREGISTERED)
    elif client.is_plain:
        client.tell(f"There is no /{message.command.lower()}. /help lists what there is; // says a slash.")
    elif message.command:  # an empty message is ignored (RFC 2812 2.3.1)
        client.reply(replies.ERR_UNKNOWNCOMMAND, message.command)


def asks_another_server(chat: Chat, client: Client, servers: Sequence[str]) -> bool:
    """Whether the first of them is another server than this, which it is told. A nickname stands for its server."""
    target = servers[0] if servers else ""
    if not target or mask_of(chat, client, target, 1).matches(chat.origin.name) or chat.find(target) is not None:
        return False
    client.reply(replies.ERR_NOSUCHSERVER, target)
    return True


def tell_place(chat: Chat, client: Client) -> None:
    """Tell a waiting client its place in line."""
    if client.ticket is not None:
        place = chat.pool.position(client.ticket)
        client.told_place = place
        expected = chat.pool.expected_wait(place, chat.clock())
        client.tell_note(Queued(place, chat.pool.waiting, expected))


def tell_grammar(client: Client, command: Command) -> None:
    if client.is_plain:
        client.tell(f"Write /{command.name.lower()} {command.grammar}")
    else:
        client.need(command.name)
