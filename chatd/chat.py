"""The chat itself: who has which name, which rooms there are, who is in them. Synchronous, no I/O.

`Chat` is what commands act on. The way in, with its seats and its line, is `door`'s.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable
from itertools import count

from .client import INVISIBLE, Client, Origin, Standing, notify
from .deadlines import Deadlines
from .departed import Departed, Former
from .hosts import Bans, Hosts, Networks
from .journal import Journal
from .limits import Limits
from .monitors import Monitors
from .pairs import Pairs
from .pool import ClientPool
from .protocol import irc
from .protocol.capabilities import AWAY_NOTIFY, EXTENDED_MONITOR
from .protocol.event import Event
from .protocol.farewell import Reason
from .protocol.waiting import Occupancy
from .room import NO_EXTERNAL, OPERATOR, PROTECTED_TOPIC, Room, Sink
from .settings import Settings
from .usage import LONG, Histogram, Usage

DEFAULT_ROOM_MODES = NO_EXTERNAL  # nobody is operator there, so everybody may set its topic
NEW_ROOM_MODES = NO_EXTERNAL + PROTECTED_TOPIC
MESSAGES_PER_SECOND = 1_000_000  # that are never said: so the numbers of the next start are larger than all of this one


class Chat:
    """`clock` is monotonic seconds, for the pool; `wall` is Unix time, for people."""

    def __init__(
        self, limits: Limits, settings: Settings, clock: Callable[[], float], wall: Callable[[], float]
    ) -> None:
        self.limits = limits
        self.settings = settings
        self.clock = clock
        self.started = wall()
        self.origin = Origin(settings.server_name, wall, count(int(self.started * MESSAGES_PER_SECOND)))
        self.pool: ClientPool[Client] = ClientPool(
            limits.max_clients, limits.queue, limits.queue_timeout, least_retry=limits.least_retry
        )
        self.usage = Usage()
        self.hosts = Hosts(limits, self.usage)
        self.bans = Bans()
        self.exempt = Networks(settings.exempt)
        self.clients: dict[int, Client] = {}  # by number: handshakes, the seated and those who wait
        self.arrivals = 0  # connections that ever came
        self.closed: Counter[Reason] = Counter()  # connections that the server closed, at the door or later
        self.faults = 0  # errors of the server's own
        self.messages = 0  # that were said
        self.deliveries = 0  # copies of them that were handed to readers
        self.waits = Histogram(LONG)  # of those who were seated, from their arrival
        self.visits = Histogram(LONG)  # how long seats were held
        self.journal = Journal(lambda: limits.log_lines, clock, met=lambda: self.usage.hit("log_lines"))
        # Since they spoke: those who are not to be silent for so long, and not while others wait. `watch` sets `wake`.
        self.silent: Deadlines[Client] = Deadlines(limits.idle_timeout, lambda: None)
        self.idlers: Deadlines[Client] = Deadlines(limits.idle_release, lambda: None)
        self.told_isupport: list[str] = []
        self.invisible = 0  # of the seated: those that have user mode i
        self.departed = Departed()
        self.invitations: Pairs[Client, Room[Client]] = Pairs()
        self.monitors = Monitors()
        self._by_nick: dict[str, Client] = {}
        self._rooms: dict[str, Room[Client]] = {}
        self._guests = 0
        self.default_room = self._make_room(settings.room, DEFAULT_ROOM_MODES)
        self._tell_usage()

    # Connections.

    def admit(self, client: Client) -> None:
        """A connection is there, and gets its number."""
        self.arrivals += 1
        client.number = self.arrivals
        client.arrived = self.clock()
        self.clients[client.number] = client

    def dismiss(self, client: Client) -> None:
        """It is gone. Again, it does nothing."""
        if self.clients.pop(client.number, None) is not None and client.network is not None:
            self.hosts.leave(client.network)

    def clip(self, name: str, text: str) -> str:
        """The text, as much of it as the bound of that name allows."""
        kept = irc.clip(text, getattr(self.limits, name))
        if len(kept) < len(text):
            self.usage.hit(name)
        return kept

    # Names. A nickname is held from the moment it is asked for, also by those who wait.

    def claim_nick(self, client: Client, nick: str) -> bool:
        """Give the client that name in place of the one it has. False if another has it."""
        holder = self._by_nick.get(irc.fold(nick))
        if holder not in (None, client):
            return False
        is_another = client.standing is Standing.SEATED and holder is None
        if is_another:
            self.remember(client)
        self.release_nick(client)
        client.nick = nick
        self._by_nick[irc.fold(nick)] = client
        if is_another:
            self.monitors.came(client)
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

    def remember(self, client: Client) -> None:
        """The client ends to be whom others see under its name."""
        former = Former(client.nick, client.user, client.host, client.realname, self.origin.wall())
        if self.departed.add(former, self.limits.departed):
            self.usage.hit("departed")
        if not self.pool.draining:
            self.monitors.went(client)

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

    def rooms(self) -> Iterable[Room[Client]]:
        return self._rooms.values()

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
        elif room is None:
            self.usage.hit("max_rooms")
        return room

    def join(self, client: Client, room: Room[Client]) -> None:
        """Put the client in the room and tell everybody there, itself included unless it is plain."""
        first = not room.members and room is not self.default_room
        room.members[client] = OPERATOR if first else ""
        client.rooms[irc.fold(room.name)] = room
        self.invitations.part(client, room)
        self.usage.saw("rooms_per_client", len(client.rooms))
        event = client.event("JOIN", room.name, "*", text=client.realname)
        room.broadcast(event, skip=client if client.is_plain else None)
        if client.away:
            notify(room.others(client), client.event("AWAY", text=client.away), AWAY_NOTIFY)

    def part(self, client: Client, room: Room[Client], event: Event) -> None:
        """Tell everybody in the room and take the client out of it. A plain one knows that it goes."""
        room.broadcast(event, skip=client if client.is_plain and event.command == "PART" else None)
        self._take_out(client, room)

    def invite(self, client: Client, room: Room[Client]) -> None:
        """Let the client into the room once, whatever its modes are."""
        self.invitations.add(client, room)
        while len(rooms := self.invitations.of(client)) > self.limits.invitations:
            self.invitations.part(client, next(iter(rooms)))
            self.usage.hit("invitations")

    def say(self, room: Room[Client], event: Event, client: Client) -> None:
        """Tell everybody in the room but the one who says it, and keep it for who comes later."""
        self._note_pause(room, event, room.spoken_at)
        room.broadcast(event, skip=client)
        self.count_message(event, len(room.members) - (client in room.members))
        limits = self.limits
        if event.is_talk and (bound := room.history.add(event, limits.history_lines, limits.history_bytes)):
            self.usage.hit(bound)

    def say_to_some(self, room: Room[Client], flags: str, event: Event, client: Client) -> None:
        """Tell those of the room who have one of these flags, but not the one who says it."""
        self._note_pause(room, event, room.spoken_at)
        self.count_message(event, room.tell(event, flags, skip=client))

    def say_to_one(self, other: Client, event: Event, sink: Sink) -> None:
        """Tell one client, there."""
        if other.is_plain:
            since = max([other.spoken_at, *(room.spoken_at for room in other.rooms.values())])
            self._note_pause(other, event, since)
        sink.put(event.encode(other.form))
        self.count_message(event, 1)

    def _note_pause(self, where: Room[Client] | Client, event: Event, since: float) -> None:
        """After a pause it is told when something is said; that somebody types (tags alone) is nothing said."""
        if event.text is None:
            return
        if event.when - since >= self.limits.time_after:
            event.tells_time = True
            self.usage.hit("time_after")
        where.spoken_at = event.when

    def count_message(self, event: Event, readers: int) -> None:
        if event.text is not None:  # tags alone are no message
            self.messages += 1
            self.deliveries += readers

    def note_presence(self, client: Client) -> None:
        """The client has just come in, or says something: it is no idler."""
        client.last_spoke = self.origin.wall()
        now = self.clock()
        self.silent.start(client, now)
        self.idlers.start(client, now)

    def neighbours(self, client: Client) -> Iterable[Client]:
        """Everybody who shares a room with the client, once, but not the client itself."""
        rooms = list(client.rooms.values())
        if not rooms:
            return ()
        if len(rooms) == 1:
            return rooms[0].others(client)
        every: dict[Client, str] = {}
        for room in rooms:
            every |= room.members
        del every[client]
        return every

    def announce(self, client: Client, event: Event, cap: str) -> None:
        """Tell what a client does of itself to those who share a room with it, and to those who monitor it and want to
        know more than whether it is here: of all these, to who has that capability."""
        if client.standing is not Standing.SEATED:
            return
        told = self.neighbours(client)
        watching = [each for each in self.monitors.with_(irc.fold(client.nick)) if EXTENDED_MONITOR in each.caps]
        if watching:
            told = {each: None for each in (*told, *watching) if each is not client}
        notify(told, event, cap)

    def forget(self, client: Client, why: str) -> None:
        """Take the client out of all rooms and free its name; its neighbours are told why, unless all are leaving."""
        event = client.event("QUIT", text=why)
        neighbours = [] if self.pool.draining else list(self.neighbours(client))
        for room in list(client.rooms.values()):
            self._take_out(client, room)
        self.invitations.forget(client)
        self.monitors.forget(client)
        self.release_nick(client)
        self.silent.stop(client)
        self.idlers.stop(client)
        notify(neighbours, event)

    def set_user_mode(self, client: Client, letter: str, on: bool) -> bool:
        """Switch a mode of a client's own. Whether that changed anything."""
        if (letter in client.modes) is on:
            return False
        client.modes = "".join(sorted({*client.modes, letter} if on else {*client.modes} - {letter}))
        if letter == INVISIBLE and client.standing is Standing.SEATED:
            self.invisible += 1 if on else -1
        return True

    @property
    def handshakes(self) -> int:
        """Connections that have not introduced themselves."""
        return len(self.clients) - self.pool.in_use - self.pool.waiting

    def occupancy(self) -> Occupancy:
        cap = self.pool.max_clients
        return Occupancy(self.pool.in_use, None if math.isinf(cap) else int(cap), self.pool.waiting)

    def _tell_usage(self) -> None:
        """How the use of the bounds that are enforced here, or in a command, is read."""
        pool, rooms, reads = self.pool, self._rooms, self.usage.reads
        reads("max_clients", lambda: pool.in_use)
        reads("queue", lambda: pool.waiting)
        reads("handshakes", lambda: self.handshakes)
        reads("max_per_host", lambda: self.hosts.most)
        reads("hosts_remembered", lambda: self.hosts.remembered)
        reads("bans", lambda: len(self.bans))
        reads("max_rooms", lambda: len(rooms))
        reads("rooms_per_client", lambda: max((len(client.rooms) for client in self.clients.values()), default=0))
        reads("members_per_room", lambda: max(len(room.members) for room in rooms.values()))
        reads("room_masks", lambda: max(len(room.lists) for room in rooms.values()))
        reads("departed", lambda: len(self.departed))
        reads("invitations", lambda: self.invitations.most)
        reads("monitors", lambda: self.monitors.most)
        reads("history_lines", lambda: max(len(room.history) for room in rooms.values()))
        reads("history_bytes", lambda: max(room.history.bytes for room in rooms.values()))

    def _take_out(self, client: Client, room: Room[Client]) -> None:
        del room.members[client]
        del client.rooms[irc.fold(room.name)]
        if not room.members and room is not self.default_room:
            del self._rooms[irc.fold(room.name)]
            self.invitations.forget_other(room)

    def _make_room(self, name: str, modes: str) -> Room[Client]:
        room: Room[Client] = Room(name, self.origin.wall(), modes)
        self._rooms[irc.fold(name)] = room
        self.usage.saw("max_rooms", len(self._rooms))
        return room
