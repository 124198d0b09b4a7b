"""Sessions written down as dialogues, which are read like a play and performed by a real server over real sockets.

    # What it shows, and where it is written that it is so. A comment stands before what it speaks of.
    -- the server has max-clients 1, queue 5, password milk, motd Tea is at five, motd Be kind
    -- ann connects
    ann> NICK ann
    ann> USER ann 0 * :Ann
    ann< :chatd.local 001 ann :Welcome to chatd.local, ann!ann@127.0.0.1
    -- 30 seconds pass
    -- chatctl kick ann "too much tea"
    -- ann closes

`>` is what somebody sends; the lines with `<` below it are all that anybody then receives: none may be missing, none
may come on top. `-- ann arrives with echo-message` connects, introduces her and asks for that capability; all up to the
message of the day is `(the welcome)`. `-- ann sends no more` ends her input alone. The play's clock begins at noon of
the first of January 2026 and stands still unless the play says otherwise, so times and msgids are written as they are.
Those who are closed at once go in any order: let them share no room. What varies or cannot be shown has a placeholder:

    chatd-{version}     the version of this server
    retry in {N} s      advice that is random
    {0A}                a byte that is no text
    {600 x a}           so many of that character
    …                   at the end of a line: it has no end
    (the end)           the server has closed the connection; the client does then, too

    .venv/bin/python tests/dialogue.py FILE...             shows where the server says otherwise
    .venv/bin/python tests/dialogue.py --record FILE...    has the files say what the server says
"""

import argparse
import difflib
import re
import shlex
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import trio
from counted import Listener, ServersEnd
from support import BOUNDS, HOST, Running
from trio.testing import MockClock, wait_all_tasks_blocked

import chatd.server
from chatd.limits import Limits
from chatd.ops import ctl
from chatd.settings import Settings

BEGIN = 1767268800.0  # 2026-01-01 12:00:00 UTC
THE_END = b"(the end)\r\n"  # nothing that the server says begins with a bracket
MOMENT, MOMENTS = 0.001, 2000  # s of real time between two looks whether all is at rest, and how many there are

_SERVER_HAS = "-- the server has "
_BYTE = re.compile(rb"\{([0-9A-F]{2})\}")
_MANY = re.compile(r"\{(\d+) x (.)\}")


class DialogueError(Exception):
    """A dialogue cannot be performed as it is written."""


class Actor:
    """Somebody in the play: a client's end of a connection."""

    def __init__(self, stream: trio.SocketStream, servers_end: ServersEnd) -> None:
        self._stream = stream
        self._servers_end = servers_end
        self._unread = b""
        self._sent = self._received = 0
        self._is_done = self._is_closed = False

    async def listen(self) -> None:
        """Read until either end closes."""
        with suppress(trio.ClosedResourceError):
            async with self._stream:
                async for data in self._stream:
                    self._received += len(data)
                    self._unread += data
            self._unread += THE_END
            self._is_done = self._is_closed = True

    async def send(self, text: str) -> None:
        if self._is_done:
            raise DialogueError("the connection has ended")
        repeated = _MANY.sub(lambda found: int(found[1]) * found[2], text).encode()
        data = _BYTE.sub(lambda found: bytes.fromhex(found[1].decode()), repeated) + b"\r\n"
        self._sent += len(data)
        await self._stream.send_all(data)

    async def send_no_more(self) -> None:
        self._is_done = True
        await self._stream.send_eof()

    async def close(self) -> None:
        self._is_done = self._is_closed = True
        await self._stream.aclose()

    def hears(self) -> list[str]:
        """The lines that have come since it was last asked."""
        *lines, rest = self._unread.split(b"\r\n")
        self._unread = b""
        return [_shown(line) for line in lines] + ([f"{_shown(rest)}…"] if rest else [])

    @property
    def is_at_rest(self) -> bool:
        """Whether nothing is on its way to either end."""
        theirs = self._servers_end
        if self._is_done:
            return self._is_closed and theirs.fileno() < 0
        is_open = theirs.fileno() >= 0 and not theirs.is_shut
        return is_open and self._sent == theirs.received and self._received == theirs.sent


def _shown(line: bytes) -> str:
    text = line.decode(errors="surrogateescape").replace(f"chatd-{chatd.__version__}", "chatd-{version}")
    text = re.sub(r"(.)\1{49,}", lambda found: f"{{{len(found[0])} x {found[1]}}}", text)
    text = re.sub(r"retry in \d+ s", "retry in {N} s", text)
    return re.sub(r"[\x00-\x1f\x7f-\x9f\udc80-\udcff]", lambda found: f"{{{ord(found[0]) & 0xFF:02X}}}", text)


class Stage:
    """A server, and those who have connected to it, by name."""

    def __init__(self, settings: Settings, limits: Limits, nursery: trio.Nursery) -> None:
        self._listener = Listener(*chatd.server.listen(settings, limits))
        self._nursery = nursery
        self._actors: dict[str, Actor] = {}
        self.running = Running(chatd.server.Server(settings, limits, [self._listener]), self._listener.getsockname()[1])

    async def do(self, step: str) -> list[str]:
        """Do what a line of a dialogue says; all that is heard of it."""
        said = re.fullmatch(r"(\w+)>(?: (.*))?", step)
        match step.split():
            case _ if not step or step.startswith(("#", _SERVER_HAS)):
                return []
            case _ if said:
                await self._actor(said[1]).send(said[2] or "")
            case ["--", who, "connects"]:
                await self._connect(who)
            case ["--", who, "arrives", *caps]:
                return await self._arrive(who, " ".join(caps[1:]))
            case ["--", who, "sends", "no", "more"]:
                await self._actor(who).send_no_more()
            case ["--", who, "closes"]:
                await self._actor(who).close()
            case ["--", "chatctl", *_]:
                asked = vars(ctl.parser().parse_args(shlex.split(step)[2:]))
                texts = {key: " ".join(asked[key]) for key in ("reason", "text") if isinstance(asked.get(key), list)}
                self.running.ask(**asked | texts)
            case ["--", seconds, "second" | "seconds", "passes" | "pass"] if seconds.isdigit():
                await self._let_pass(int(seconds))
            case _:
                raise DialogueError("it has none of the forms that tests/dialogue.py tells")
        return await self._heard()

    async def _heard(self) -> list[str]:
        await self._rest()
        return [f"{name}< {line}" for name, actor in self._actors.items() for line in actor.hears()]

    def _actor(self, name: str) -> Actor:
        if name not in self._actors:
            raise DialogueError(f"{name} has not connected")
        return self._actors[name]

    async def _connect(self, name: str) -> None:
        accepted = self._listener.accepted
        number = len(accepted)
        stream = await trio.open_tcp_stream(HOST, self.running.port)
        await self._until(lambda: len(accepted) > number)
        self._actors[name] = Actor(stream, accepted[number])
        self._nursery.start_soon(self._actors[name].listen)

    async def _arrive(self, name: str, caps: str) -> list[str]:
        await self._connect(name)
        for line in Running.introduction(name, caps):
            await self._actors[name].send(line)
        heard = "\n".join(await self._heard())
        return re.sub(rf"(?ms)^{name}< .*? (376|422) {name} [^\n]*", f"{name}< (the welcome)", heard).split("\n")

    async def _let_pass(self, seconds: int) -> None:
        """Deadline by deadline, as outside of a test."""
        clock = trio.lowlevel.current_clock()
        assert isinstance(clock, MockClock)
        until = trio.current_time() + seconds
        while (left := until - trio.current_time()) > 0:
            clock.jump(min(left, trio.lowlevel.current_statistics().seconds_to_next_deadline))
            await self._rest()

    async def _rest(self) -> None:
        await self._until(lambda: all(actor.is_at_rest for actor in self._actors.values()))

    async def _until(self, holds: Callable[[], bool]) -> None:
        """Have everybody do what there is to do until that is true. What the kernel still has may take a moment."""
        for moment in range(MOMENTS):
            await wait_all_tasks_blocked(MOMENT if moment else 0)
            if holds():
                return
        raise DialogueError("the server has not read it all; after many lines, let some seconds pass")


def perform(written: Sequence[str]) -> list[str]:
    """The lines of a dialogue, with what is received as it really is. Raises DialogueError."""
    wall = SimpleNamespace(time=lambda: BEGIN + trio.current_time())
    with mock.patch.object(chatd.server, "time", wall):
        performed, wrong = trio.run(_perform, written, clock=MockClock())
    if wrong:
        raise DialogueError(wrong)
    return performed


async def _perform(written: Sequence[str]) -> tuple[list[str], str]:
    """The lines as far as they can be performed, and what is wrong with the last of them."""
    performed: list[str] = []
    async with trio.open_nursery() as nursery:
        stage = Stage(*_equipment(written), nursery)
        await nursery.start(stage.running.server.run)
        try:
            for line in (line for line in written if not re.match(r"\w+<", line)):
                performed.append(line)
                performed += await stage.do(line)
        except DialogueError as error:
            return performed, f"{line}: {error}"
        finally:
            nursery.cancel_scope.cancel()
    return performed, ""


def _equipment(written: Sequence[str]) -> tuple[Settings, Limits]:
    settings, limits = Settings(HOST, 0), Limits()
    for line in (line for line in written if line.startswith(_SERVER_HAS)):
        for name, _, value in (each.partition(" ") for each in line.removeprefix(_SERVER_HAS).split(", ")):
            if name == "motd":
                settings.motd.append(value)
            elif name == "password":
                settings.password = value.encode()
            else:
                bound = BOUNDS[name.replace("-", "_")]
                setattr(limits, bound.name, bound.parse(value))
    return settings, limits


def differences(path: Path, is_recorded: bool = False) -> str:
    """Where the server says otherwise than the file, for a person to read. `is_recorded`: the file is made to agree."""
    written = path.read_text().split("\n")
    performed = perform(written)
    if is_recorded:
        path.write_text("\n".join(performed))
    return "\n".join(difflib.unified_diff(written, performed, str(path), "what the server says", lineterm=""))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Performs dialogues, and shows where the server says otherwise.")
    parser.add_argument("--record", action="store_true", help="have the files say what the server says")
    parser.add_argument("files", nargs="+", type=Path)
    wanted = parser.parse_args()
    found = "\n".join(filter(None, (differences(path, wanted.record) for path in wanted.files)))
    print(found)
    sys.exit(bool(found) and not wanted.record)
