"""An operator at the desk of a chat without sockets."""

import json
import logging
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from chat_harness import SERVER, World

from chatd import door
from chatd.config import Configuration, Sources
from chatd.desk import Desk
from chatd.ops import wire
from chatd.tuning import Tuning

FILES = 2000  # that the process may open


class Server:
    """What the desk needs of a server, without listeners."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.is_draining = False
        self.applied = 0

    def apply(self) -> None:
        self.applied += 1
        door.apply(self._world.chat)

    def drain(self) -> None:
        self.is_draining = True
        door.drain(self._world.chat)


class Operator:
    """Asks as one would over the socket: questions and answers are lines of JSON. `file` is the configuration file."""

    def __init__(self, file: str | None = None, flags: Mapping[str, str] | None = None, **limits: float) -> None:
        self.world = World(bounds=limits)
        self.chat = self.world.chat
        for name in ("farewells", "outbox", "outboxes"):  # which sockets use
            self.chat.usage.reads(name, lambda: 0)
        self.server = Server(self.world)
        self.sources = Sources({"server_name": SERVER, **(flags or {})}, {}, file)
        if file is None:
            configuration = Configuration(self.chat.limits, self.chat.settings, {})
        else:
            configuration = self.sources.load()
            for name in configuration.limits.__slots__:
                setattr(self.chat.limits, name, getattr(configuration.limits, name))
            door.apply(self.chat)
        self.tuning = Tuning(self.chat, self.server.apply, configuration, self.sources.load, FILES)
        self.desk = Desk(self.chat, self.server, self.tuning)

    def asks(self, verb: str, **arguments: Any) -> dict[str, Any]:
        request = wire.read_request(wire.write_request({"verb": verb, **arguments}))
        return wire.read_answer(wire.write_result(self.desk.answer(request)))

    def is_refused(self, verb: str, **arguments: Any) -> str:
        """The sentence; and nothing was changed, as far as bounds and admissions go."""
        before = json.dumps([self.asks("limits"), self.chat.pool.paused], default=str)
        with pytest.raises(wire.RefusedError) as refused:
            self.asks(verb, **arguments)
        sentence = str(refused.value)
        assert sentence.isprintable()
        if "(bans)" not in sentence and "(mode-changes)" not in sentence:  # these count a hit
            assert json.dumps([self.asks("limits"), self.chat.pool.paused], default=str) == before
        return sentence

    def limit(self, name: str) -> dict[str, Any]:
        """What `limits` says of a bound."""
        (found,) = [each for each in self.asks("limits")["limits"] if each["name"] == name]
        return dict(found)


class Notes(logging.Handler):
    """What was noted in the journal."""

    def __init__(self) -> None:
        super().__init__()
        self.all: list[tuple[str, dict[str, Any]]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.all.append((record.getMessage(), getattr(record, "fields", {})))

    def last(self) -> tuple[str, dict[str, Any]]:
        return self.all[-1]


@pytest.fixture
def notes() -> Iterator[Notes]:
    """What is noted from now on."""
    handler, log = Notes(), logging.getLogger("chatd")
    level = log.level
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    yield handler
    log.removeHandler(handler)
    log.setLevel(level)
