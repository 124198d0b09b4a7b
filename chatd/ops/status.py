"""What there is to see of a running server, as plain data: taken when somebody asks, never kept.

All of it can be written as JSON. Times are in seconds, `until` and `created` in Unix time; what has no bound is "none".
"""

from collections.abc import Callable, Sequence
from heapq import nlargest
from itertools import islice

from .. import __version__
from ..bounds import Bound
from ..chat import Chat
from ..client import Client, Standing
from ..limits import bounds
from ..room import KEY, LIMIT, Room
from . import listing, memory
from .wire import Object, number

IN_SHORT = 10  # of the line and of outboxes in `status`: as many as a screen has rows for
BOUNDS = {bound.name: bound for bound in bounds()}

SORTS: dict[str, Callable[[Chat, Client], float]] = {
    "outbox": lambda chat, client: len(client.outbox),
    "idle": lambda chat, client: _idle(chat, client),
    "age": lambda chat, client: chat.clock() - client.arrived,
    "messages": lambda chat, client: client.lines,
}


def status(chat: Chat) -> Object:
    """The server in short."""
    pool, statistics = chat.pool, chat.pool.statistics
    owed = nlargest(IN_SHORT, chat.clients.values(), key=lambda client: len(client.outbox))
    return {
        "version": __version__,
        "name": chat.origin.name,
        "uptime": max(0.0, chat.origin.wall() - chat.started),
        "paused": pool.paused,
        "draining": pool.draining,
        "seats": _use(chat, "max_clients"),
        "line": {**_use(chat, "queue"), "next": _line(chat, IN_SHORT)},
        "handshakes": _use(chat, "handshakes"),
        "refusals": _use(chat, "farewells"),
        "arrivals": chat.arrivals,
        "admitted": statistics.admitted,
        "waits": {"count": statistics.waits.count, "mean": statistics.waits.mean, "longest": statistics.waits.longest},
        "closed": dict(chat.closed.most_common()),
        "messages": chat.messages,
        "deliveries": chat.deliveries,
        "outboxes": {
            **_use(chat, "outboxes"),
            "largest": [
                {"number": client.number, "nick": client.nick, "bytes": len(client.outbox)}
                for client in owed
                if len(client.outbox)
            ],
        },
        "memory": {"rss": memory.resident(), "pss": memory.in_use()},
        "faults": chat.faults,
    }


def clients(chat: Chat, sort: str, find: str) -> Object:
    """Connections, those first that have most of what `sort` names; those only whose name or address holds `find`."""
    wanted = find.casefold()
    fitting = [
        client for client in chat.clients.values() if wanted in client.nick.casefold() or wanted in client.host
    ]
    first = nlargest(chat.limits.control_items, fitting, key=lambda client: SORTS[sort](chat, client))
    return _part(chat, "clients", [_client(chat, client) for client in first], len(fitting))


def queue(chat: Chat) -> Object:
    """Those who wait, the next one first."""
    return _part(chat, "queue", _line(chat, chat.limits.control_items), chat.pool.waiting)


def rooms(chat: Chat) -> Object:
    """All rooms, the fullest first."""
    fullest = nlargest(chat.limits.control_items, chat.rooms(), key=lambda room: len(room.members))
    return _part(chat, "rooms", [_room(room) for room in fullest], chat.room_count)


def bans(chat: Chat) -> Object:
    """All bans, the last one first."""
    now = chat.origin.wall()
    every = chat.bans.all(now)
    shown = [
        {
            "network": str(ban.network),
            "reason": ban.reason,
            "until": ban.until,
            "left": None if ban.until is None else ban.until - now,
        }
        for ban in every[: chat.limits.control_items]
    ]
    return _part(chat, "bans", shown, len(every))


def limits(chat: Chat, origin: Callable[[Bound], str]) -> Object:
    """Every bound: its value and where that came from, how near it is, what happens at it."""
    return {
        "limits": [
            {
                "name": bound.key,
                "section": section,
                "value": number(chat.limits.value(bound)),
                "shown": bound.show(chat.limits.value(bound)),
                "from": origin(bound),
                **dict(zip(("in_use", "most"), map(number, chat.usage.levels(bound)), strict=True)),
                "hits": chat.usage.hits[bound.name],
                "ring": bound.ring,
                "at": bound.at,
                "tells": bound.tells,
                "live": bound.live,
            }
            for section, rows in listing.sections()
            for bound in rows
        ]
    }


def _use(chat: Chat, name: str) -> Object:
    bound = BOUNDS[name]
    return {"in_use": chat.usage.in_use(bound), "bound": number(chat.limits.value(bound))}


def _part(chat: Chat, what: str, shown: Sequence[Object], total: int) -> Object:
    """A list that is bounded, with how many there are in all."""
    if total > len(shown):
        chat.usage.hit("control_items")
    return {"total": total, what: shown}


def _client(chat: Chat, client: Client) -> Object:
    return {
        "number": client.number,
        "nick": client.nick,
        "host": client.host,
        "standing": client.standing.name.lower(),
        "dialect": "" if client.standing is Standing.HANDSHAKE else client.dialect,
        "age": round(chat.clock() - client.arrived, 3),
        "idle": round(_idle(chat, client), 3),
        "messages": client.lines,
        "outbox": len(client.outbox),
        "rooms": len(client.rooms),
    }


def _idle(chat: Chat, client: Client) -> float:
    """How long a client has said nothing. Who has not come in yet has said nothing at all."""
    spoke = client.last_spoke
    return max(0.0, chat.origin.wall() - spoke) if spoke else chat.clock() - client.arrived


def _line(chat: Chat, most: int) -> list[Object]:
    now = chat.clock()
    return [
        {
            "place": place,
            "number": ticket.client.number,
            "nick": ticket.client.nick,
            "host": ticket.client.host,
            "waited": round(now - ticket.arrived, 3),
            "expected": chat.pool.expected_wait(place, chat.clock()),
        }
        for place, ticket in enumerate(islice(chat.pool.line(), most), 1)
    ]


def _room(room: Room[Client]) -> Object:
    return {
        "name": room.name,
        "members": len(room.members),
        "modes": "".join(sorted(letter for letter, parameter in room.modes.items() if not parameter)),
        "key": room.modes.get(KEY),
        "limit": int(room.modes[LIMIT]) if LIMIT in room.modes else None,
        "topic": room.topic,
        "history": len(room.history),
        "created": room.created,
    }
