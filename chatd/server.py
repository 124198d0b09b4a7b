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
import math
import socket
import struct
import time
from collections.abc import Sequence

import trio

from . import door, gate
from .chat import Chat
from .connection import Goodbyes
from .hosts import LOOPBACK, Networks, is_loopback
from .house import House
from .limits import Limits
from .outbox import Flusher
from .protocol.farewell import Farewell, Reason
from .session import Session
from .settings import Settings
from .watch import Watch

_NO_FILE_LEFT = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
_TCPI_UNACKED, _BACKLOG = 24, struct.Struct("=II")  # in struct tcp_info (linux/include/uapi/linux/tcp.h)
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
            set_client_options(listener, limits)  # before it listens, as the window is made from the buffer (tcp(7))
            listener.bind((address[0], port, *address[2:]))
            listener.listen(limits.backlog)
            listener.setblocking(False)
            port = listener.getsockname()[1]
    except OSError:
        for listener in listeners:
            listener.close()
        raise
    return listeners


def set_client_options(listener: socket.socket, limits: Limits) -> None:
    """Set what every accepted socket inherits."""
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # without it a burst waits 40 ms for its end
    for option, size in ((socket.SO_SNDBUF, limits.send_buffer), (socket.SO_RCVBUF, limits.receive_buffer)):
        if not math.isinf(size):
            listener.setsockopt(socket.SOL_SOCKET, option, int(size))
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


def _backlog(listener: socket.socket) -> tuple[int, int]:
    """How many connections the kernel keeps until they are accepted, and how many it will. Of a listening socket,
    tcp_info tells that as tcpi_unacked and tcpi_sacked."""
    if listener.fileno() < 0:
        return 0, 0  # it is closed, as the server drains
    info = listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCPI_UNACKED + _BACKLOG.size)
    return _BACKLOG.unpack_from(info, _TCPI_UNACKED)


def _whole_seconds(seconds: float) -> int:
    """What the kernel takes: from 1 to 32767 s (linux/include/net/tcp.h, MAX_TCP_KEEPIDLE)."""
    return max(1, round(min(seconds, 32767)))


class Server:
    """Serves the listeners until `drain` is called. `house` shows its state."""

    def __init__(self, settings: Settings, limits: Limits, listeners: Sequence[socket.socket]) -> None:
        self._listeners = listeners
        self._accepting = trio.CancelScope()
        self._sessions: trio.Nursery | None = None
        self._changed = trio.Event()  # bounds have been changed
        chat = Chat(limits, settings, trio.current_time, time.time)
        chat.usage.reads("backlog", lambda: sum(_backlog(each)[0] for each in listeners))
        flusher, goodbyes = Flusher(limits, chat.usage), Goodbyes(limits, chat.usage)
        self.house = House(limits, chat, flusher, Watch(limits, chat), goodbyes)
        self._exempt()

    def _exempt(self) -> None:
        """Loopback is exempt while every listener is on it: no local proxy or tunnel brings in the world."""
        local = all(is_loopback(listener.getsockname()[0]) for listener in self._listeners)
        self.house.chat.exempt = Networks((*self.house.chat.settings.exempt, *(LOOPBACK if local else ())))

    def apply(self) -> None:
        """Have changed bounds and settings felt: at once where it hurts nobody inside, and by all who come."""
        self._exempt()
        limits = self.house.limits
        for listener in self._listeners:
            set_client_options(listener, limits)
            listener.listen(limits.backlog)
        self.house.watch.apply(limits)
        self._changed.set()
        self._changed = trio.Event()
        door.apply(self.house.chat)
        self.house.stirred.set()

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Serve; return when drained."""
        until = math.inf
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
                until = trio.current_time() + self.house.limits.drain_time
                sessions.cancel_scope.deadline = until
            if trio.current_time() >= until:
                self.house.chat.usage.hit("drain_time")
            helpers.cancel_scope.cancel()

    def drain(self) -> None:
        """Let nobody in any more, tell everybody, and end when all have hung up or `drain_time` is over."""
        self._accepting.cancel()

    def stop(self) -> None:
        """End at once."""
        self._accepting.cancel()
        if self._sessions is not None:
            self._sessions.cancel_scope.cancel()

    @property
    def is_draining(self) -> bool:
        return self._accepting.cancel_called

    async def _accept(self, listener: socket.socket) -> None:
        usage, journal = self.house.chat.usage, self.house.chat.journal
        while True:
            await trio.lowlevel.wait_readable(listener)
            self._look_at_backlog(listener)
            for _ in range(self.house.limits.accepts_per_tick):
                try:
                    sock, address = listener.accept()
                except BlockingIOError:
                    break
                except OSError as error:
                    if error.errno in _NO_FILE_LEFT:
                        usage.hit("accept_pause")
                        journal.note(f"cannot accept: {error.strerror}", level=logging.ERROR)
                        await trio.sleep(self.house.limits.accept_pause)
                        break
                    journal.note("lost before it was accepted", str(error.strerror), level=logging.WARNING)
                else:
                    sock.setblocking(False)
                    try:
                        self._start(sock, address[0])
                    except Exception:  # noqa: BLE001  one connection's fault is not to end the accepting of all others
                        self.house.count_fault("a connection was not accepted")
                        sock.close()
            else:
                usage.hit("accepts_per_tick")

    def _look_at_backlog(self, listener: socket.socket) -> None:
        """How many the kernel keeps; past its bound, by one, it lets nobody in."""
        usage = self.house.chat.usage
        kept, most = _backlog(listener)
        usage.saw("backlog", kept)
        if kept > most:
            usage.hit("backlog")

    def _start(self, sock: socket.socket, host: str) -> None:
        house = self.house
        if house.chat.handshakes >= house.limits.handshakes:
            self._close_oldest_handshake()
        # A host that begins with a colon would end a line's source (RFC 4291 2.2 allows the zero).
        session = Session(house, sock, f"0{host}" if host.startswith(":") else host)
        house.sessions.add(session)
        now = trio.current_time()
        if session.client.unwelcome is not None:
            house.watch.unwelcome.start(session, now)
        house.watch.silent.start(session, now)
        house.watch.handshakes.start(session, now)
        assert self._sessions is not None
        self._sessions.start_soon(session.run)

    def _close_oldest_handshake(self) -> None:
        """One that may not come in anyway; else the oldest silent one, if there is one."""
        watch = self.house.watch
        silent = (session for session in watch.handshakes if session.is_silent)
        oldest = next(iter(watch.unwelcome), None) or next(silent, None) or next(iter(watch.handshakes), None)
        if oldest is not None:
            oldest.give_way()

    async def _sweep(self) -> None:
        while True:
            await self.house.stirred.wait()
            self.house.stirred = trio.Event()
            try:
                if not door.sweep(self.house.chat):
                    self.house.stirred.set()
            except Exception:  # noqa: BLE001  notices are not worth a server
                self.house.count_fault("place and occupancy were not told")
            await self._let_place_interval_pass()
            if self.house.stirred.is_set():
                self.house.chat.usage.hit("place_interval")

    async def _let_place_interval_pass(self) -> None:
        """It may be changed meanwhile."""
        began = trio.current_time()
        while trio.current_time() < (until := began + self.house.limits.place_interval):
            changed = self._changed
            with trio.move_on_at(until):
                await changed.wait()

    def _close_listeners(self) -> None:
        for listener in self._listeners:
            listener.close()

    def _send_everybody_away(self) -> None:
        chat = self.house.chat
        self.house.goodbyes.unbound = True
        door.drain(chat)
        for session in self.house.sessions:
            session.close(Farewell(gate.DRAINING, Reason.DRAINING, gate.retry_after(chat)))
