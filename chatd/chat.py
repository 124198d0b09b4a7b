"""The chat itself: who has which name, which rooms there are, who is in them. Synchronous, no I/O.

`Chat` is what commands act on. The way in, with its seats and its line, is `door`'s.
"""

from collections import Counter
from collections.abc import Callable, Iterable

from .client import Client, Origin, Standing
from .limits import Limits
from .pool import ClientPool
from .protocol import irc
from .protocol.event import Event
from .protocol.farewell import Reason
from .protocol.waiting import Occupancy
from .room import OPERATOR, Room
from .settings import Settings

DEFAULT_ROOM_MODES = "n"  # without `t`: nobody is operator there, so everybody may set its topic
NEW_ROOM_MODES = "nt"


class Chat:
    """`clock` is monotonic seconds, for the pool; `wall` is Unix time, for people."""

    def __init__(
        self, limits: Limits, settings: Settings, clock: Callable[[], float], wall: Callable[[], float]
    ) -> None:
        self.limits = limits
        self.settings = settings
        self.clock = clock
        self.origin = Origin(settings.server_name, wall)
        self.started = wall()
        self.pool: ClientPool[Client] = ClientPool(
            limits.max_clients, limits.queue, limits.queue_timeout, least_retry=limits.least_retry
        )
        self.closed: Counter[Reason] = Counter()  # connections that the server closed, at the door or later
        self.connections = 0  # handshakes, the seated and those who wait
        self.invisible = 0  # clients that have user mode i
        self._by_nick: dict[str, Client] = {}
        self._rooms: dict[str, Room[Client]] = {}
        self._guests = 0
        self.default_room = self._make_room(settings.room, DEFAULT_ROOM_MODES)

    # Names. A nickname is held from the moment it is asked for, also by those who wait.

    def claim_nick(self, client: Client, nick: str) -> bool:
        """Give the client that name in place of the one it has. False if another has it."""
        holder = self._by_nick.get(irc.fold(nick))
        if holder not in (None, client):
            return False
        self.release_nick(client)
        client.nick = nick
        self._by_nick[irc.fold(nick)] = client
        return True

    def claim_guest_nick(self, client: Client) -> None:
        """Give the client a name of the kind guest7."""
        while not self.claim_nick(client, self.next_guest):
            self._guests += 1
        self._guests += 1

    @property
    def next_guest(self) -> str:
        return f"guest{self._guests + 1}"

    def release_nick(self, client: Client) -> None:
        if client.nick:
            self._by_nick.pop(irc.fold(client.nick), None)

    def find(self, nick: str) -> Client | None:
        """The client of that name whom others can see."""
        client = self._by_nick.get(irc.fold(nick))
        return client if client and client.standing is Standing.SEATED else None

    def seated(self) -> Iterable[Client]:
        return (client for client in self._by_nick.values() if client.standing is Standing.SEATED)

    def registered(self) -> Iterable[Client]:
        """The seated and those who wait."""
        return (client for client in self._by_nick.values() if client.standing in (Standing.SEATED, Standing.WAITING))

    # Rooms.

    def room(self, name: str) -> Room[Client] | None:
        return self._rooms.get(irc.fold(name))

    def visible_room(self, client: Client, name: str) -> Room[Client] | None:
        """The room of that name, if the client may learn of it."""
        room = self.room(name)
        return room if room and room.is_visible_to(client) else None

    def visible_rooms(self, client: Client) -> Iterable[Room[Client]]:
        """All rooms that the client may learn of."""
        return (room for room in self._rooms.values() if room.is_visible_to(client))

    @property
    def room_count(self) -> int:
        return len(self._rooms)

    def open_room(self, name: str) -> Room[Client] | None:
        """The room of that name, made if need be. None if there are as many rooms as may be."""
        room = self.room(name)
        if room is None and len(self._rooms) < self.limits.max_rooms:
            room = self._make_room(name, NEW_ROOM_MODES)
        return room

    def join(self, client: Client, room: Room[Client]) -> None:
        """Put the client in the room and tell everybody there, itself included unless it is plain."""
        first = not room.members and room is not self.default_room
        room.members[client] = OPERATOR if first else ""
        client.rooms[irc.fold(room.name)] = room
        room.broadcast(client.event("JOIN", room.name), skip=client if client.is_plain else None)

    def part(self, client: Client, room: Room[Client], event: Event) -> None:
        """Tell everybody in the room and take the client out of it."""
        room.broadcast(event)
        self._take_out(client, room)

    def neighbours(self, client: Client) -> Iterable[Client]:
        """Everybody who shares a room with the client, once, but not the client itself."""
        rooms = list(client.rooms.values())
        if not rooms:
            return ()
        if len(rooms) == 1:
            return (member for member in rooms[0].members if member is not client)
        return (member for member in {m: None for room in rooms for m in room.members} if member is not client)

    def forget(self, client: Client, why: str) -> None:
        """Take the client out of all rooms and free its name; its neighbours are told why, unless all are leaving."""
        event = client.event("QUIT", text=why)
        neighbours = [] if self.pool.draining else list(self.neighbours(client))
        for room in list(client.rooms.values()):
            self._take_out(client, room)
        self.set_invisible(client, False)
        self.release_nick(client)
        for neighbour in neighbours:
            neighbour.outbox.put(event.encode(neighbour.form))

    def set_invisible(self, client: Client, on: bool) -> bool:
        """Switch user mode i. Whether that changed anything."""
        if client.invisible is on:
            return False
        client.invisible = on
        self.invisible += 1 if on else -1
        return True

    @property
    def handshakes(self) -> int:
        """Connections that have not introduced themselves."""
        return self.connections - self.pool.in_use - self.pool.waiting

    def occupancy(self) -> Occupancy:
        return Occupancy(self.pool.in_use, self.pool.max_clients, self.pool.waiting)

    def _take_out(self, client: Client, room: Room[Client]) -> None:
        del room.members[client]
        del client.rooms[irc.fold(room.name)]
        if not room.members and room is not self.default_room:
            del self._rooms[irc.fold(room.name)]

    def _make_room(self, name: str, modes: str) -> Room[Client]:
        room: Room[Client] = Room(name, self.origin.wall(), modes)
        self._rooms[irc.fold(name)] = room
        return room
