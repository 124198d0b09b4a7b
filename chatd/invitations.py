"""Who may enter which room because an operator of it said so. Synchronous, no I/O.

An invitation ends when it is used, when its client leaves, when its room does, and when that client has been given so
many newer ones that it is forgotten.
"""

from collections.abc import Hashable, Iterable, KeysView
from typing import Generic, TypeVar

ClientT = TypeVar("ClientT", bound=Hashable)
RoomT = TypeVar("RoomT", bound=Hashable)
OneT = TypeVar("OneT", bound=Hashable)
OtherT = TypeVar("OtherT", bound=Hashable)


class Invitations(Generic[ClientT, RoomT]):
    """Kept both ways, so that the end of a client or of a room costs no more than its own invitations."""

    __slots__ = ("_clients", "_rooms")

    def __init__(self) -> None:
        self._rooms: dict[ClientT, dict[RoomT, None]] = {}  # the oldest first
        self._clients: dict[RoomT, dict[ClientT, None]] = {}

    def of(self, client: ClientT) -> Iterable[RoomT]:
        """The rooms that a client is invited to, in the order in which it was."""
        return self._rooms.get(client, ())

    def has(self, client: ClientT, room: RoomT) -> bool:
        return room in self._rooms.get(client, ())

    @property
    def clients(self) -> KeysView[ClientT]:
        """Those who are invited somewhere."""
        return self._rooms.keys()

    @property
    def most(self) -> int:
        """The most that any client has."""
        return max(map(len, self._rooms.values()), default=0)

    def add(self, client: ClientT, room: RoomT, most: int) -> bool:
        """Keep an invitation. Whether the client's oldest had to be forgotten, as it has at most so many."""
        self._rooms.setdefault(client, {})[room] = None
        self._clients.setdefault(room, {})[client] = None
        rooms = self._rooms[client]
        past = len(rooms) > most
        while len(rooms) > most:
            self.use(client, next(iter(rooms)))
        return past

    def use(self, client: ClientT, room: RoomT) -> None:
        """It is over, if there was one."""
        if self.has(client, room):
            _strike(self._rooms, client, room)
            _strike(self._clients, room, client)

    def forget_client(self, client: ClientT) -> None:
        for room in list(self._rooms.get(client, ())):
            self.use(client, room)

    def forget_room(self, room: RoomT) -> None:
        for client in list(self._clients.get(room, ())):
            self.use(client, room)


def _strike(book: dict[OneT, dict[OtherT, None]], one: OneT, other: OtherT) -> None:
    del book[one][other]
    if not book[one]:
        del book[one]
