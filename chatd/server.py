"""The server: listeners, the accept loop, the tree of tasks, and draining.

    run
    ├─ flusher            one send per client and tick; writers for those who read slowly
    ├─ watch              time limits
    ├─ sweeper            notices of place and occupancy
    └─ sessions
       ├─ one per client
       └─ acceptors, one per listener, until the server is told to stop

Everybody is accepted: to wait before `accept` would hide people in the kernel's backlog, where they get neither a
place nor a reason. What is bounded comes after.
"""

import errno
import logging
import signal
import socket
import time
from collections.abc import Sequence

import trio

from . import door
from .chat import Chat
from .connection import Goodbyes
from .limits import Limits
from .outbox import Flusher
from .protocol.farewell import Farewell, Reason
from .session import House, Session
from .settings import Settings
from .watch import Watch

log = logging.getLogger("chatd")

_NO_FILE_LEFT = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
KEEPALIVE_PROBES = 3  # of which each waits for a third of the ping timeout


def listen(settings: Settings, limits: Limits) -> list[socket.socket]:
    """Listening sockets for every address of the host; port 0 picks one for all. Raises OSError."""
    listeners: list[socket.socket] = []
    port = settings.port
    try:
        for family, kind, protocol, _, address in socket.getaddrinfo(
            settings.host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        ):
            listener = socket.socket(family, kind, protocol)
            listeners.append(listener)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            _set_client_options(listener, limits)
            listener.bind((address[0], port, *address[2:]))
            listener.listen(limits.backlog)
            listener.setblocking(False)
            port = listener.getsockname()[1]
    except OSError:
        for listener in listeners:
            listener.close()
        raise
    return listeners


def _set_client_options(listener: socket.socket, limits: Limits) -> None:
    """Set what every accepted socket inherits."""
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # without it a burst waits 40 ms for its end
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, limits.send_buffer)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_OOBINLINE, 1)  # telnet's urgent bytes stay where they belong
    # Plain clients cannot be pinged, so the kernel finds out who has died silently, as fast as a ping would.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, seconds in (
        (socket.TCP_KEEPIDLE, limits.ping_interval),
        (socket.TCP_KEEPINTVL, limits.ping_timeout / KEEPALIVE_PROBES),
    ):
        listener.setsockopt(socket.IPPROTO_TCP, option, _whole_seconds(seconds))
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, KEEPALIVE_PROBES)
    # Also for data that nobody acknowledges, which keepalive does not cover (tcp(7)).
    patience = _whole_seconds(limits.ping_interval) + _whole_seconds(limits.ping_timeout)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, patience * 1000)


def _whole_seconds(seconds: float) -> int:
    """What the kernel takes: from 1 to 32767 s (linux/include/net/tcp.h, MAX_TCP_KEEPIDLE)."""
    return max(1, round(min(seconds, 32767)))


class Server:
    """Serves the listeners until `drain` is called. `house` shows its state."""

    def __init__(self, settings: Settings, limits: Limits, listeners: Sequence[socket.socket]) -> None:
        self._listeners = listeners
        self._accepting = trio.CancelScope()
        self._sessions: trio.Nursery | None = None
        chat = Chat(limits, settings, trio.current_time, time.time)
        self.house = House(limits, chat, Flusher(), Watch(limits, chat), Goodbyes(limits.farewells, limits.linger))

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Serve; return when drained."""
        async with trio.open_nursery() as helpers:
            helpers.start_soon(self.house.flusher.run)
            helpers.start_soon(self.house.watch.run)
            helpers.start_soon(self._sweep)
            async with trio.open_nursery() as sessions:
                self._sessions = sessions
                task_status.started()
                try:
                    with self._accepting:
                        async with trio.open_nursery() as acceptors:
                            for listener in self._listeners:
                                acceptors.start_soon(self._accept, listener)
                finally:
                    self._close_listeners()
                self._send_everybody_away()
                sessions.cancel_scope.deadline = trio.current_time() + self.house.limits.drain_time
            helpers.cancel_scope.cancel()

    def drain(self) -> None:
        """Let nobody in any more, tell everybody, and end when all have hung up or `drain_time` is over."""
        self._accepting.cancel()

    def stop(self) -> None:
        """End at once."""
        self._accepting.cancel()
        if self._sessions is not None:
            self._sessions.cancel_scope.cancel()

    async def stop_on_signals(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Drain at the first SIGTERM or SIGINT, end at once at the second."""
        with trio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
            task_status.started()
            async for _ in signals:
                if self._accepting.cancel_called:
                    self.stop()
                self.drain()

    async def _accept(self, listener: socket.socket) -> None:
        while True:
            await trio.lowlevel.wait_readable(listener)
            for _ in range(self.house.limits.accepts_per_tick):
                try:
                    sock, address = listener.accept()
                except BlockingIOError:
                    break
                except OSError as error:
                    if error.errno in _NO_FILE_LEFT:
                        log.error("cannot accept: %s; trying again in a moment", error.strerror)
                        await trio.sleep(self.house.limits.accept_pause)
                        break
                    log.warning("a connection was lost before it was accepted: %s", error.strerror)
                else:
                    sock.setblocking(False)
                    try:
                        self._start(sock, address[0])
                    except Exception:  # noqa: BLE001  one connection's fault is not to end the accepting of all others
                        self.house.count_fault("a connection was not accepted")
                        sock.close()

    def _start(self, sock: socket.socket, host: str) -> None:
        house = self.house
        if house.chat.handshakes >= house.limits.handshakes:
            self._close_oldest_handshake()
        # A host that begins with a colon would end a line's source (RFC 4291 2.2 allows the zero).
        session = Session(house, sock, f"0{host}" if host.startswith(":") else host)
        house.sessions.add(session)
        house.chat.connections += 1
        now = trio.current_time()
        house.watch.silent.start(session, now)
        house.watch.handshakes.start(session, now)
        assert self._sessions is not None
        self._sessions.start_soon(session.run)

    def _close_oldest_handshake(self) -> None:
        """The oldest silent one, if there is one."""
        handshakes = self.house.watch.handshakes
        oldest = next((session for session in handshakes if session.is_silent), None) or next(iter(handshakes), None)
        if oldest is not None:
            oldest.give_way()

    async def _sweep(self) -> None:
        while True:
            await self.house.stirred.wait()
            self.house.stirred = trio.Event()
            try:
                door.sweep(self.house.chat)
            except Exception:  # noqa: BLE001  notices are not worth a server
                self.house.count_fault("place and occupancy were not told")
            await trio.sleep(self.house.limits.place_interval)

    def _close_listeners(self) -> None:
        for listener in self._listeners:
            listener.close()

    def _send_everybody_away(self) -> None:
        chat = self.house.chat
        self.house.goodbyes.unbind()
        door.drain(chat)
        for session in self.house.sessions:
            session.close(Farewell(door.DRAINING, Reason.DRAINING, door.retry_after(chat)))
