"""What happened, in words that both halves of the program share: the screen's model, and the pipe.

Every text in an event is safe to show: `reading` neutralised it. No event holds what came over the wire as it came.
With `--json` an event is one line of output: its name and its fields.
"""

import re
from dataclasses import dataclass, fields
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """`at` is Unix time: the server's where it tells it, ours otherwise."""

    at: float
    name: ClassVar[str] = "event"

    def __init_subclass__(cls) -> None:
        cls.name = re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()

    def as_dict(self) -> dict[str, Any]:
        return {"event": self.name} | {field.name: getattr(self, field.name) for field in fields(self)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered(Event):
    """The server knows us, by this nickname. A seat is something else."""

    nick: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Queued(Event):
    """We wait in line. `eta` is in seconds, None if unknown."""

    place: int
    length: int
    eta: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Seated(Event):
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Occupancy(Event):
    """How full the server is; `cap` is None if it has none."""

    seated: int
    cap: int | None
    waiting: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity(Event):
    """The server's number of seats, None if it has no such bound."""

    cap: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Said(Event):
    """`where` is the room, or the other person where two talk alone. What is `earlier` was said before we came."""

    where: str
    nick: str
    text: str
    own: bool
    is_room: bool
    kind: str = "message"  # or "action" or "notice"
    earlier: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined(Event):
    room: str
    nick: str
    own: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Parted(Event):
    """`by` is who threw them out, empty if they left by themselves."""

    room: str
    nick: str
    own: bool
    text: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quit(Event):
    nick: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Renamed(Event):
    nick: str
    new: str
    own: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic(Event):
    """`by` is empty where it is not news but what a room had when we came."""

    room: str
    text: str
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Names(Event):
    """Everyone in a room, each name with its marks before it (`@alice`). `more` were beyond what is kept."""

    room: str
    names: tuple[str, ...]
    more: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked(Event):
    """A member's mark (`@`, `+`) was given or taken away."""

    room: str
    nick: str
    mark: str
    given: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Told(Event):
    """The server says something. `where` is the room it is about, if any."""

    text: str
    where: str = ""
    error: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected(Event):
    """Something that we asked for was refused: `what` is the command if known, `where` the room or nickname."""

    what: str
    where: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered(Event):
    """The server answered our ping: all that we sent before it has arrived."""

    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended(Event):
    """The connection is over. `reason` is the server's word for the limit, `retry_after` its advice in seconds."""

    exit: int
    text: str
    reason: str
    retry_after: float | None
