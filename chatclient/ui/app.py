"""Puts the screen together: the connection, the screen, signals and the clock as tasks of one nursery."""

import errno
import random
import signal

import trio

from ..client import Client
from ..connection import Address
from ..exits import SIGNALLED, Exit
from ..limits import Limits
from ..model import Model
from ..reconnecting import stay_connected
from . import guest
from .screen import Screen
from .suspend import suspend

_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def run(address: Address, nick: str, room: str, limits: Limits, password: str) -> int:
    """The exit code. Whatever happens, the terminal is as it was when this returns or raises."""
    return guest.run(App(address, nick, room, limits, password).run)


class App:
    def __init__(self, address: Address, nick: str, room: str, limits: Limits, password: str) -> None:
        self._address = address
        self._room = room
        self._client = Client(Model(str(address), nick, limits), limits, self._changed, password)
        self._screen = Screen(self._client, trio.current_time)
        self._counting = trio.Event()
        self._code: int = Exit.DONE

    async def run(self) -> int:
        async with trio.open_nursery() as nursery:
            await nursery.start(self._watch_signals)
            nursery.start_soon(self._tick)
            nursery.start_soon(self._run_screen)
            await stay_connected(self._client, self._address, self._room, random.random)
            nursery.cancel_scope.cancel()
        return self._code

    async def _run_screen(self) -> None:
        try:
            await guest.run_application(self._screen.application)
        except (EOFError, OSError) as error:
            if isinstance(error, OSError) and error.errno != errno.EIO:
                raise
            self._client.leave()  # the terminal is gone

    def _changed(self) -> None:
        if self._client.model.counting:
            self._counting.set()
        self._screen.redraw()

    async def _tick(self) -> None:
        """Redraw each second while a time runs on the screen, and sleep when none does."""
        while True:
            await self._counting.wait()
            self._screen.redraw()
            if self._client.model.counting:
                await trio.sleep(1)
            else:
                self._counting = trio.Event()

    async def _watch_signals(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        with trio.open_signal_receiver(*_ENDING, signal.SIGTSTP) as signals:
            task_status.started()
            async for number in signals:
                if number == signal.SIGTSTP:
                    suspend(self._screen.application)
                else:
                    self._code = SIGNALLED + number
                    self._client.leave()
