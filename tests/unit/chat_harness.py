"""A chat without sockets: people who type lines and hear what comes of it, on a clock that the test turns.

What `session` does with a line is done here in its fewest words. Every line that anybody is told is checked on its way:
whatever the commands are given, the server writes whole lines, of a lawful length, without a stray CR, LF or NUL.
"""

from collections.abc import Mapping, Sequence

from chatd import door, gate
from chatd.bounds import Bound
from chatd.chat import Chat
from chatd.client import Client, Standing
from chatd.commands import dispatch
from chatd.hosts import LOOPBACK, Networks
from chatd.limits import Limits, bounds
from chatd.protocol import irc, plain
from chatd.protocol.dialect import Dialect
from chatd.protocol.event import Form
from chatd.protocol.farewell import Farewell
from chatd.protocol.framing import Flaw
from chatd.protocol.intake import Intake
from chatd.protocol.irc import Message
from chatd.protocol.safetext import neutralise
from chatd.settings import Settings

SERVER = "chatd.test"
LOBBY = "#lobby"
MSGID = "60a24181e400"  # and 0 is that of the first message of a world


class Wire:
    """Takes what a client is told, and checks what holds for every line."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.is_plain = False

    def __len__(self) -> int:
        return 0  # whoever listens here hears at once

    def put(self, data: bytes) -> None:
        if not data:
            return
        assert data.endswith(b"\r\n"), data
        for line in data[:-2].split(b"\r\n"):
            assert not any(byte in line for byte in b"\r\n\0"), line
            text = line.decode()
            if self.is_plain:
                assert text.startswith(("* ", "<", "-")), text
                assert neutralise(text) == text
            else:
                _, _, rest = text.partition(" ") if text.startswith("@") else ("", "", text)
                assert len(rest.encode()) <= irc.TEXT_BYTES, rest
                assert len(line) <= irc.TAG_BYTES + irc.TEXT_BYTES
            self.lines.append(text)


class Unread(Wire):
    """Of somebody who reads nothing."""

    def __len__(self) -> int:
        return len("".join(self.lines))


class Person:
    """Somebody who is connected. `hears` is what came since it was last asked."""

    def __init__(self, world: "World", host: str) -> None:
        self.world = world
        self.wire = Wire()
        self.farewell: Farewell | None = None
        self.after = 0.0  # seconds from then on
        self._met = False
        self.client = Client(self.wire, self, host, world.chat.origin)
        self._intake = Intake(world.chat.limits.plain_line, world.chat.limits.endless_line)
        gate.knock(world.chat, self.client)

    def close(self, farewell: Farewell, after: float = 0) -> None:
        if self.farewell is None:
            self.farewell, self.after = farewell, after

    def fault(self) -> None:
        """Called where an exception is handled, which no test is to overlook."""
        raise

    def __repr__(self) -> str:
        return repr(self.client)

    def sends(self, data: bytes) -> list[str]:
        """Have these bytes come over the wire."""
        for line in self._intake.feed(data):
            if not self._met:
                self.meets(is_plain=self._intake.dialect is Dialect.PLAIN)
            if not isinstance(line, Flaw):
                self.says(line)
        return self.hears()

    def meets(self, is_plain: bool = False) -> None:
        """Its dialect is known, and whether it is to be turned away."""
        self._met = True
        if is_plain:
            self.be_plain()
        if gate.turn_away(self.world.chat, self.client):
            self.leaves()

    def says(self, *lines: str) -> list[str]:
        """Type lines; what is heard for them."""
        chat, client = self.world.chat, self.client
        for line in lines:
            if client.standing is Standing.GONE:
                break
            if client.standing is not Standing.HANDSHAKE:
                dispatch(chat, client, plain.parse(line) if client.is_plain else irc.parse(line))
            elif client.is_plain:
                door.enter_plain(chat, client, plain.parse(line))
            else:
                dispatch(chat, client, irc.parse(line))
                if self.farewell is None and door.introduced(client):
                    door.enter(chat, client)
            if self.farewell is not None:
                self.leaves()
        return self.hears()

    def be_plain(self) -> None:
        self.client.form = Form.PLAIN
        self.wire.is_plain = True

    def hears(self) -> list[str]:
        heard, self.wire.lines[:] = list(self.wire.lines), []
        return heard

    def messages(self) -> list[Message]:
        return [irc.parse(line) for line in self.hears()]

    def leaves(self, why: str = "Connection closed") -> None:
        """Hang up, or be gone after having been closed."""
        if self.client.standing is Standing.GONE:
            return
        if self.farewell is not None:
            why = self.farewell.reason or self.farewell.sentence
        door.leave(self.world.chat, self.client, why)

    @property
    def is_seated(self) -> bool:
        return self.client.standing is Standing.SEATED

    @property
    def is_waiting(self) -> bool:
        return self.client.standing is Standing.WAITING


class World:
    """The server: a chat whose clock stands at `now`. `bounds` and `more` are fields of Limits."""

    def __init__(self, motd: Sequence[str] = (), bounds: Mapping[str, float] | None = None, **more: float) -> None:
        self.now = 1_000.0
        self.wall = 1_700_000_000.0
        self.limits = limits = Limits(**(bounds or {}), **more)  # type: ignore[arg-type]
        settings = Settings(server_name=SERVER, room=LOBBY, motd=list(motd))
        self.chat = Chat(limits, settings, lambda: self.now, lambda: self.wall)
        self.chat.exempt = Networks(LOOPBACK)

    def arrives(self, host: str = "127.0.0.1") -> Person:
        """A connection that has said nothing."""
        return Person(self, host)

    def irc(self, nick: str, *rooms: str, caps: str = "", host: str = "127.0.0.1") -> Person:
        """Somebody who has registered and gone into rooms; what he heard so far is forgotten."""
        person = self.arrives(host)
        lines = [f"CAP REQ :{caps}", f"NICK {nick}", f"USER {nick} 0 * :{nick.title()} Real", "CAP END"]
        if rooms:
            lines.append(f"JOIN {','.join(rooms)}")
        for line in lines if caps else lines[1:]:
            person.sends(f"{line}\r\n".encode())
        self.hush()
        return person

    def plain(self, nick: str = "", host: str = "127.0.0.1") -> Person:
        """Somebody with nc, in the default room unless it waits."""
        person = self.arrives(host)
        person.sends(f"/nick {nick}\n".encode() if nick else b"\n")
        self.hush()
        return person

    def apply(self, **bounds: float) -> None:
        """Change bounds while all are here, as an operator does."""
        for name, value in bounds.items():
            setattr(self.limits, name, value)
        door.apply(self.chat)

    @staticmethod
    def bound(name: str) -> Bound:
        return next(bound for bound in bounds() if bound.name == name)

    def hush(self) -> None:
        """Forget what the members have heard so far."""
        for client in self.chat.registered():
            if isinstance(client.outbox, Wire):
                client.outbox.lines.clear()


def commands(lines: list[str]) -> list[str]:
    """The command or numeric of each line."""
    return [irc.parse(line).command for line in lines]
