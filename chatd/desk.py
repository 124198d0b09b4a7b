"""The operator's desk: what `chatctl` may ask of a running server, one method a verb.

Each is decided and done in one synchronous step: either all of it is done and noted in the journal, or RefusedError
tells in a sentence why not. Sockets are not its business (`ops.control`); what there is to see is `ops.status`'s, and
how values change is `tuning`'s.
"""

import difflib
from collections.abc import Iterable
from typing import Protocol

from . import door, gate
from .bounds import Bound
from .chat import Chat
from .client import Client
from .commands.room_modes import ROOM_MODES, Change, ModeError, make_changes, parse_changes, spell
from .hosts import Ban, Network, Networks
from .limits import bounds
from .ops import status as views
from .ops.verbs import Argument, Table, network, one_of, seconds, text, texts, written
from .ops.wire import Object, RefusedError
from .protocol import irc
from .protocol.event import Event
from .protocol.farewell import Farewell, Reason
from .protocol.waiting import count, duration
from .tuning import Tuning, refuse_while_draining

BOUNDS = {bound.key: bound for bound in bounds()}
VERBS = Table()


class Server(Protocol):
    """What the desk needs of the server besides its chat."""

    @property
    def is_draining(self) -> bool: ...

    def apply(self) -> None: ...

    def drain(self) -> None: ...


class Desk:
    def __init__(self, chat: Chat, server: Server, tuning: Tuning) -> None:
        self._chat = chat
        self._server = server
        self._tuning = tuning

    def answer(self, request: Object) -> Object:
        """Do what a request asks for. Raises RefusedError."""
        words = dict(request)
        verb = VERBS.find(words.pop("verb", None))
        return verb.run(self, **verb.read(words))

    # To see.

    @VERBS.verb("status")
    def status(self) -> Object:
        """The server in short."""
        return views.status(self._chat)

    @VERBS.verb(
        "clients",
        Argument("sort", one_of(tuple(views.SORTS)), needed=False),
        Argument("find", text, needed=False),
    )
    def clients(self, sort: str = "age", find: str = "") -> Object:
        """Who is connected; those first that have most of what `sort` names."""
        return views.clients(self._chat, sort, find)

    @VERBS.verb("queue")
    def queue(self) -> Object:
        """Who waits, the next one first."""
        return views.queue(self._chat)

    @VERBS.verb("rooms")
    def rooms(self) -> Object:
        """Which rooms there are, the fullest first."""
        return views.rooms(self._chat)

    @VERBS.verb("limits")
    def limits(self) -> Object:
        """Every bound: its value, how near it is, how often it was met."""
        return views.limits(self._chat, self._tuning.origin)

    @VERBS.verb("bans")
    def bans(self) -> Object:
        """Who is banned, the last one first."""
        return views.bans(self._chat)

    # Values.

    @VERBS.verb("set", Argument("name", text), Argument("value", written))
    def set(self, name: str, value: str) -> Object:
        """Change a bound, until it is reset or the server restarts."""
        return self._tuning.set(_bound(name), value)

    @VERBS.verb("reset", Argument("name", text))
    def reset(self, name: str) -> Object:
        """Give a bound the value back that it has without `set`."""
        return self._tuning.reset(_bound(name))

    @VERBS.verb("reload")
    def reload(self) -> Object:
        """Read the configuration again: all that is new in it, or nothing if anything is wrong."""
        return self._tuning.reload()

    # People.

    @VERBS.verb("kick", Argument("who", text), Argument("reason", text, needed=False))
    def kick(self, who: str, reason: str = "") -> Object:
        """Close the connection of a nickname or of a number."""
        client = self._client(who)
        reason = self._chat.clip("kick_length", reason)
        self._chat.journal.note("kick", id=client.number, nick=client.nick, host=client.host, reason=reason)
        client.close(Farewell(f"The operator has closed your connection{_because(reason)}", Reason.KICKED))
        done = f"#{client.number} {client.nick or '(without a name)'} from {client.host} is closed"
        return {"done": done, "number": client.number, "nick": client.nick, "host": client.host}

    @VERBS.verb(
        "ban",
        Argument("network", network),
        Argument("seconds", seconds, needed=False),
        Argument("reason", text, needed=False),
    )
    def ban(self, network: Network, seconds: float | None = None, reason: str = "") -> Object:
        """Let nobody in from an address or a network, and close those who are inside from there."""
        chat, now = self._chat, self._chat.origin.wall()
        known = {ban.network for ban in chat.bans.all(now)}
        if network not in known and len(known) >= chat.limits.bans:
            chat.usage.hit("bans")
            raise RefusedError(f"there are {len(known):,} bans, the most that may be (bans); lift one first")
        reason = chat.clip("kick_length", reason)
        ban = Ban(network, reason, None if seconds is None else now + seconds)
        chat.bans.add(ban)
        chat.usage.saw("bans", len(chat.bans))
        until = "" if seconds is None else f" for {duration(seconds)}"
        inside = [client for client in chat.clients.values() if Networks([network]).find(client.host)]
        for client in inside:
            client.close(gate.banned(ban, now))
        chat.journal.note("ban", network=network, seconds=seconds, reason=reason, closed=len(inside))
        done = f"{gate.named(network)} is banned{until}; {count(len(inside), 'connection', 'connections')} closed"
        return {"done": done, "network": str(network), "closed": len(inside)}

    @VERBS.verb("unban", Argument("network", network))
    def unban(self, network: Network) -> Object:
        """Lift a ban."""
        chat = self._chat
        if not chat.bans.lift(network):
            wider = chat.bans.find(str(network.network_address), chat.origin.wall())
            hint = f"; it is part of {wider.network}, which is banned" if wider else ""
            raise RefusedError(f"there is no ban of {gate.named(network)}{hint}")
        chat.journal.note("unban", network=network)
        return {"done": f"{gate.named(network)} is no longer banned", "network": str(network)}

    @VERBS.verb("say", Argument("text", text))
    def say(self, text: str) -> Object:
        """Tell everybody something, from the server."""
        chat = self._chat
        room = irc.TEXT_BYTES - len(f":{chat.origin.name} NOTICE {'n' * chat.limits.nick_length} :")
        if len(text.encode()) > room:
            raise RefusedError(f"this has {len(text.encode()):,} bytes, and one line to everybody at most {room}")
        listeners = list(chat.registered())
        for client in listeners:
            client.tell(text)
        chat.journal.note("say", told=len(listeners))
        return {"done": f"{count(len(listeners), 'client', 'clients')} told", "told": len(listeners)}

    # Admissions.

    @VERBS.verb("pause")
    def pause(self) -> Object:
        """Seat nobody until `resume`; whoever comes waits in line while it has room."""
        refuse_while_draining(self._chat)
        self._chat.pool.pause()
        self._chat.journal.note("pause")
        return {"done": "nobody is seated until `chatctl resume`", "waiting": self._chat.pool.waiting}

    @VERBS.verb("resume")
    def resume(self) -> Object:
        """End a pause."""
        chat = self._chat
        refuse_while_draining(chat)
        tickets = chat.pool.resume(chat.clock())
        door.seat(chat, tickets)
        self._server.apply()
        chat.journal.note("resume", seated=len(tickets))
        return {"done": f"seats are given out; {count(len(tickets), 'was', 'were')} seated", "seated": len(tickets)}

    @VERBS.verb("drain")
    def drain(self) -> Object:
        """Let nobody in any more, tell everybody, and end."""
        if self._server.is_draining:
            raise RefusedError("the server is draining already; SIGTERM ends it at once")
        most = duration(self._chat.limits.drain_time)
        self._chat.journal.note("drain")
        self._server.drain()
        return {"done": f"the server drains; it ends when all have hung up, or in {most}"}

    # Rooms.

    @VERBS.verb("mode", Argument("room", text), Argument("changes", texts))
    def mode(self, room: str, changes: list[str]) -> Object:
        """Change the modes of a room, as its operators could; it is told."""
        chat, found = self._chat, self._chat.room(room)
        if found is None:
            raise RefusedError(f"there is no room {room}")
        wanted = list(parse_changes(changes))
        if len(wanted) > chat.limits.mode_changes:
            chat.usage.hit("mode_changes")
            raise RefusedError(f"these are more than {chat.limits.mode_changes} changes at once (mode-changes)")
        for change in wanted:
            _check_mode(change)
        origin = chat.origin
        made, wrong = make_changes(chat, found, wanted, origin.name)
        lines = list(spell(made, origin.name, found.name))
        for words in lines:
            found.broadcast(Event(origin.name, "MODE", (found.name, *words), None, origin.wall()))
            chat.journal.note("mode", room=found.name, changed=" ".join(words))
        what = " ".join(" ".join(words) for words in lines) or "nothing"
        if wrong:
            raise RefusedError(f"{'; '.join(map(_sentence, wrong))}; {what} was changed")
        letters = [change.sign + change.letter for change, _ in made]
        return {"done": f"{found.name}: {what} was changed", "room": found.name, "modes": letters}

    def _client(self, who: str) -> Client:
        chat, number = self._chat, who.removeprefix("#")
        if number.isascii() and number.isdigit():  # no nickname begins with a digit
            found = chat.clients.get(int(number)) if len(number) <= 18 else None
        else:
            found = next((client for client in chat.clients.values() if irc.fold(client.nick) == irc.fold(who)), None)
        if found is None:
            raise RefusedError(f"there is no client {who}; `chatctl clients` lists them")
        return found


def _bound(name: str) -> Bound:
    bound = BOUNDS.get(name.removeprefix("--"))
    if bound is None:
        close: Iterable[str] = difflib.get_close_matches(name, BOUNDS, 1)
        hint = "".join(f"; did you mean {each}?" for each in close)
        raise RefusedError(f"there is no bound {name}{hint}")
    return bound


def _check_mode(change: Change) -> None:
    known = ROOM_MODES.get(change.letter)
    if known is None:
        raise RefusedError(f"there is no mode {change.letter!r}; there are {', '.join(sorted(ROOM_MODES))}")
    if known.lacks(change) or known.asks(change):
        raise RefusedError(f"{change.sign}{change.letter} needs a parameter")


def _sentence(error: ModeError) -> str:
    said = error.text or error.numeric.text or error.numeric.code
    return f"{' '.join(error.params)}: {said}"


def _because(reason: str) -> str:
    return f": {reason}" if reason else ""
