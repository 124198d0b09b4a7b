"""Rooms: who is in one, what its modes are, and telling all of them something. Synchronous, no I/O."""

from collections.abc import Iterator
from typing import Generic, Protocol, TypeVar

from .history import History
from .masks import MaskLists
from .protocol.event import Event

# Each member flag's mode letter and the prefix it shows, the highest first (RFC 2812 4.1; ISUPPORT PREFIX).
OPERATOR, VOICE = "o", "v"
PREFIXES = {OPERATOR: "@", VOICE: "+"}
# The modes of a room itself, by the names that modern.ircdocs.horse gives them. Its lists are in `masks`.
INVITE_ONLY, KEY, LIMIT, MODERATED, NO_EXTERNAL, PROTECTED_TOPIC, SECRET = "i", "k", "l", "m", "n", "t", "s"


class Sink(Protocol):
    """Takes whole lines, or nothing. Its length is what it still holds of them, in bytes."""

    def put(self, data: bytes) -> None: ...

    def __len__(self) -> int: ...


class Reader(Protocol):
    """Somebody who can be told something: `form` is a `Form`."""

    @property
    def form(self) -> int: ...

    @property
    def outbox(self) -> "Sink": ...


MemberT = TypeVar("MemberT", bound=Reader)


class Room(Generic[MemberT]):
    """One room. `members` maps each to its flags, a string of letters of `PREFIXES`; times are Unix time."""

    __slots__ = (
        "created", "history", "lists", "members", "modes", "name", "spoken_at", "topic", "topic_by", "topic_when",
    )  # fmt: skip

    def __init__(self, name: str, created: float, modes: str) -> None:
        self.name = name
        self.created = created
        self.spoken_at = created  # when somebody last said something there
        self.modes = dict.fromkeys(modes, "")  # the letters of those that are set, each with its parameter
        self.lists = MaskLists()
        self.topic = ""
        self.topic_by = ""
        self.topic_when = 0.0
        self.members: dict[MemberT, str] = {}
        self.history = History()

    def __repr__(self) -> str:
        return f"<Room {self.name}: {len(self.members)} members>"

    def broadcast(self, event: Event, skip: MemberT | None = None) -> None:
        """Tell every member but `skip`."""
        wire: dict[int, bytes] = {}
        for member in self.members:
            if member is not skip:
                form = member.form
                data = wire.get(form)
                if data is None:
                    data = wire[form] = event.encode(form)
                member.outbox.put(data)

    def others(self, member: MemberT) -> Iterator[MemberT]:
        """All members but this one."""
        return (other for other in self.members if other is not member)

    def tell(self, event: Event, flags: str, skip: MemberT) -> int:
        """Tell every member but `skip` who has one of these flags; how many that are."""
        wanted = set(flags)
        told = [member for member, has in self.members.items() if member is not skip and not wanted.isdisjoint(has)]
        for member in told:
            member.outbox.put(event.encode(member.form))
        return len(told)

    def prefix(self, member: MemberT, every: bool = False) -> str:
        """The member's highest prefix; with `every` all of them (capability multi-prefix)."""
        flags = self.members[member]
        if not flags:
            return ""
        shown = "".join(prefix for flag, prefix in PREFIXES.items() if flag in flags)
        return shown if every else shown[:1]

    def has_flag(self, member: MemberT, flag: str) -> bool:
        return flag in self.members.get(member, "")

    def set_flag(self, member: MemberT, flag: str, on: bool) -> bool:
        """Give a member a flag or take it away. Whether that changed anything."""
        flags = self.members[member]
        if (flag in flags) is on:
            return False
        self.members[member] = flags + flag if on else flags.replace(flag, "")
        return True

    def is_visible_to(self, member: MemberT) -> bool:
        """Who is not in a secret room does not learn of it."""
        return SECRET not in self.modes or member in self.members

    def may_speak(self, member: MemberT) -> bool:
        """In a moderated room operators and voices may, and from outside nobody where a mode forbids it."""
        flags = self.members.get(member)
        if flags is None:
            return NO_EXTERNAL not in self.modes and MODERATED not in self.modes
        return MODERATED not in self.modes or bool(flags)

    def is_silenced(self, member: MemberT, source: str) -> bool:
        """Whether a ban keeps one with that `nick!user@host` from speaking: operators and voices may all the same."""
        return bool(self.lists) and not self.members.get(member) and self.lists.bans(source)

    def may_be_heard(self, member: MemberT, source: str) -> bool:
        """Whether neither its modes nor a ban keep the member from speaking."""
        return self.may_speak(member) and not self.is_silenced(member, source)
