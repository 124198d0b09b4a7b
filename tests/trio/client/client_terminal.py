"""A screen painted into memory, and the keyboard before it."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import trio
from prompt_toolkit.application import create_app_session
from prompt_toolkit.data_structures import Size
from prompt_toolkit.input import PipeInput, create_pipe_input
from prompt_toolkit.key_binding import KeyBindings
from prompt_toolkit.output import DummyOutput

from chatclient.client import Client
from chatclient.connection import Address, Connection
from chatclient.limits import Limits
from chatclient.model import Model
from chatclient.session import Session
from chatclient.ui import guest
from chatclient.ui.screen import Screen

hosted = pytest.mark.trio(run=lambda main, **options: guest.run(main, **options))  # asyncio beneath
NOW = 1000.0
F12 = "\x1b[24~"  # which the screen does not use


class Sheet(DummyOutput):
    def __init__(self, columns: int, rows: int) -> None:
        self.size = Size(rows=rows, columns=columns)

    def get_size(self) -> Size:
        return self.size


class Terminal:
    """A screen with alice in #lobby, and the keyboard before it."""

    def __init__(self, keys: PipeInput, sheet: Sheet, limits: Limits) -> None:
        self.limits = limits
        self.keys = keys
        self.sheet = sheet
        self.model = Model("host:6667", "alice", limits)
        self.client = Client(self.model, limits)
        self.session = Session("alice", {"#lobby": ""}, limits, lambda: 0.5)
        self.connection = Connection(Address("host", 6667), self.session, limits)
        self.client.attach(self.session, self.connection)
        for line in (":s 001 alice :Hi", ":s 422 alice :x", ":alice!a@h JOIN #lobby"):
            self.receive(line)
        self.receive(":s 353 alice = #lobby :@alice bob")
        self.receive(":s 366 alice #lobby :End")
        self.screen = Screen(self.client, lambda: NOW)
        self.client.changed = self.screen.redraw
        self._dealt_with = trio.Event()
        keys_of_screen = self.screen.application.key_bindings
        assert isinstance(keys_of_screen, KeyBindings)
        keys_of_screen.add("f12")(lambda event: self._dealt_with.set())

    def receive(self, line: str, now: float = NOW) -> None:
        for event in self.session.receive(line.encode(), 0.0):
            self.model.apply(event, now)

    def text(self) -> str:
        """What is on the screen."""
        self.screen.application._redraw()
        painted = self.screen.application.renderer.last_rendered_screen
        assert painted is not None
        rows = painted.data_buffer
        size = self.sheet.size
        return "\n".join(
            "".join(rows[row][column].char for column in range(size.columns)).rstrip() for row in range(size.rows)
        )

    async def press(self, keys: str) -> None:
        """Press keys, and wait until they have been dealt with, of which the last one tells."""
        self._dealt_with = trio.Event()
        self.keys.send_text(keys + F12)
        with trio.fail_after(10):
            await self._dealt_with.wait()

    async def until(self, text: str) -> None:
        """Wait for a text on the screen that does not come at once."""
        with trio.fail_after(10):
            while text not in self.text():
                await self.press("")

    async def run(self, nursery: trio.Nursery) -> None:
        nursery.start_soon(guest.run_application, self.screen.application)
        await self.press("")


@contextmanager
def terminal(columns: int = 80, rows: int = 16, limits: Limits | None = None) -> Iterator[Terminal]:
    sheet = Sheet(columns, rows)
    with create_pipe_input() as keys, create_app_session(input=keys, output=sheet):
        yield Terminal(keys, sheet, limits or Limits())
