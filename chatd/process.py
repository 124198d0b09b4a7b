"""One process: what runs around the server, and what is said at its start and at its end.

    serve
    ├─ signals            SIGTERM and SIGINT drain, SIGHUP reads the configuration again
    ├─ control socket     for chatctl
    ├─ metrics            for Prometheus, where they are asked for
    └─ server
"""

import logging
import math
import signal
import socket
import sys
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import trio

from .config import Configuration
from .desk import Desk
from .hosts import is_loopback
from .limits import Limits
from .ops import listing, log, memory, place
from .ops.control import Control
from .ops.files import abandon_stdout, open_files
from .ops.wire import RefusedError
from .protocol.waiting import count, duration
from .server import Server
from .tuning import Tuning

if TYPE_CHECKING:  # it needs an extra
    from .ops.http import HttpServer

Job = Callable[[], Awaitable[None]]


class CannotStartError(Exception):
    """Something that was asked for cannot be had. The message says what."""


async def serve(
    configuration: Configuration, load: Callable[[], Configuration], listeners: list[socket.socket]
) -> None:
    """Serve until a signal, or the operator, ends it. `load` reads the configuration again. Raises CannotStartError."""
    settings = configuration.settings
    memory.return_freed()
    log.configure(settings.log_format, sys.stderr)
    server = Server(settings, configuration.limits, listeners)
    tuning = Tuning(server.house.chat, server.apply, configuration, load, open_files())
    with ExitStack() as opened:
        jobs = [*_control(server, tuning, listeners[0], opened), *_metrics(server)]
        async with trio.open_nursery() as around:
            await around.start(_obey_signals, server, tuning)
            async with trio.open_nursery() as serving:
                await serving.start(server.run)
                _tell_start(configuration, listeners)
                for job in jobs:
                    around.start_soon(job)
            around.cancel_scope.cancel()
    server.house.chat.journal.flush()
    _say(f"chatd has stopped: {_what_happened(server)}")


async def _obey_signals(
    server: Server, tuning: Tuning, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
) -> None:
    """Drain at the first SIGTERM or SIGINT, end at once at the second; read the configuration again at SIGHUP."""
    with trio.open_signal_receiver(signal.SIGTERM, signal.SIGINT, signal.SIGHUP) as signals:
        task_status.started()
        async for number in signals:
            if number == signal.SIGHUP:
                _reload(server, tuning)
                continue
            if server.is_draining:
                server.stop()
            server.drain()


def _reload(server: Server, tuning: Tuning) -> None:
    try:
        tuning.reload()
    except RefusedError:
        pass  # it has noted why, and changed nothing
    except Exception:  # noqa: BLE001  a wrong file is not to end a server
        server.house.count_fault("the configuration was not read again")


def _control(server: Server, tuning: Tuning, listener: socket.socket, opened: ExitStack) -> list[Job]:
    """The control socket, unless it is not wanted. In the usual place it is no condition for serving."""
    chosen, chat = server.house.chat.settings.control, server.house.chat
    if chosen == "":
        return []
    try:
        path = place.usual_path(listener.getsockname()[1]) if chosen is None else Path(chosen)
        control = opened.enter_context(place.listening(path))
    except place.PlaceError as error:
        if chosen is not None:
            raise CannotStartError(str(error)) from None
        print(f"chatd: there is no control socket: {error}", file=sys.stderr)
        return []
    desk = Desk(chat, server, tuning)
    return [partial(Control(desk.answer, chat, server.house.count_fault).run, control)]


def _metrics(server: Server) -> list[Job]:
    chat = server.house.chat
    address = chat.settings.metrics
    if address is None:
        return []
    try:
        from .ops.http import HttpServer, listen  # they are extras
        from .ops.metrics import Metrics
    except ImportError as error:
        need = f"{error.name} is not installed: pip install 'chatd[ops]', or leave --metrics out"
        raise CannotStartError(f"the metrics need what is missing; {need}") from None
    try:
        listeners = listen(address, chat.limits)
    except OSError as error:
        where = f"{address[0]}, port {address[1]}"
        raise CannotStartError(f"cannot serve the metrics on {where}: {error.strerror}") from None
    http = HttpServer(Metrics(chat, server.house.flusher).routes, chat.limits, chat.usage, server.house.count_fault)
    return [partial(_serve_metrics, http, listeners)]


async def _serve_metrics(http: "HttpServer", listeners: list[socket.socket]) -> None:
    _say(f"chatd's metrics are on {', '.join(f'http://{_address(each)}/metrics' for each in listeners)}")
    await http.serve(listeners)


def _tell_start(configuration: Configuration, listeners: list[socket.socket]) -> None:
    limits, settings = configuration.limits, configuration.settings
    _say(f"chatd is ready on {', '.join(map(_address, listeners))}: {_bounds_in_short(limits)}")
    _say(f"chatd's {listing.memory_in_short(limits, memory.in_use())}")
    if not settings.password and not all(is_loopback(each.getsockname()[0]) for each in listeners):
        _say("chatd has no password: anyone who reaches this address may enter (--password-file)")


def _say(line: str) -> None:
    """A line for whoever started the server, who may have gone."""
    try:
        print(line, flush=True)
    except OSError:
        abandon_stdout()
        logging.getLogger("chatd").info(line)


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _bounds_in_short(limits: Limits) -> str:
    seats = _count(limits.max_clients, "seat", "seats")
    if not limits.queue:
        return f"{seats}, no waiting line"
    wait = "no timeout" if math.isinf(limits.queue_timeout) else f"at most {duration(limits.queue_timeout)}"
    return f"{seats}, {_count(limits.queue, 'place', 'places')} in line ({wait})"


def _count(number: float, one: str, several: str) -> str:
    return f"no bound on {several}" if math.isinf(number) else count(int(number), one, several)


def _what_happened(server: Server) -> str:
    chat = server.house.chat
    statistics = chat.pool.statistics
    closed = ", ".join(f"{times:,} {reason}" for reason, times in chat.closed.most_common()) or "none"
    return (
        f"{statistics.admitted:,} seated, at most {statistics.peak_in_use:,} at once; "
        f"{statistics.queued:,} waited, at most {statistics.peak_waiting:,} at once; "
        f"sent away: {closed}; internal errors: {chat.faults}"
    )
