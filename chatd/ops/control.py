"""The control socket's server: it reads requests, has them answered and sends the answers. What they mean is not its
business.

A connection asks one thing after the other; its next request is read when it has taken the last answer. All of it is
bounded: connections, the length of a request, the time to take an answer. Seats have nothing to do with it, so it
works when every one of them is taken.
"""

import logging
import socket
from collections.abc import Callable
from contextlib import suppress

import trio

from ..chat import Chat
from ..protocol.waiting import count
from . import wire

READ_BYTES = 65536  # at a time
FAULT = "the server has made an error, which is logged; this connection ends"


class Control:
    """`answer` carries out a request and returns the result, or raises RefusedError; `count_fault` is told, where an
    exception is handled that is none of its, what was not done."""

    def __init__(
        self, answer: Callable[[wire.Object], wire.Object], chat: Chat, count_fault: Callable[[str], None]
    ) -> None:
        self._answer = answer
        self._limits = chat.limits
        self._usage = chat.usage
        self._journal = chat.journal
        self._count_fault = count_fault
        self._connections = 0
        self._usage.reads("control_connections", lambda: self._connections)

    async def run(self, listener: socket.socket) -> None:
        """Serve whoever comes, until cancelled."""
        async with trio.open_nursery() as connections:
            while True:
                await trio.lowlevel.wait_readable(listener)
                try:
                    sock, _ = listener.accept()
                except BlockingIOError:
                    continue
                except OSError as error:  # no file left, most likely
                    self._usage.hit("accept_pause")
                    self._journal.note(f"the control socket cannot accept: {error.strerror}", level=logging.ERROR)
                    await trio.sleep(self._limits.accept_pause)
                    continue
                sock.setblocking(False)
                if self._connections < self._limits.control_connections:
                    self._connections += 1
                    self._usage.saw("control_connections", self._connections)
                    connections.start_soon(self._serve, sock)
                else:
                    self._turn_away(sock)

    def _turn_away(self, sock: socket.socket) -> None:
        self._usage.hit("control_connections")
        most = self._limits.control_connections
        open_are = count(most, "connection to the control socket is open", "connections to the control socket are open")
        sentence = f"{open_are}, the most that may be (control-connections)"
        with sock, suppress(OSError):
            sock.send(wire.write_error(sentence))

    async def _serve(self, sock: socket.socket) -> None:
        try:
            with sock, suppress(OSError):  # whoever asked has gone
                await self._converse(sock)
        except Exception:  # noqa: BLE001  whatever it is, it ends this connection only
            self._count_fault("a connection to the control socket")
        finally:
            self._connections -= 1

    async def _converse(self, sock: socket.socket) -> None:
        received = bytearray()
        while await self._receive_line(sock, received):
            line, _, rest = received.partition(b"\n")
            if len(line) > self._limits.control_line:
                self._usage.hit("control_line")
                sentence = f"a request has at most {self._limits.control_line} bytes (control-line)"
                await self._send(sock, wire.write_error(sentence))
                return
            received = rest
            try:
                answer = wire.write_result(self._answer(wire.read_request(bytes(line))))
            except wire.RefusedError as refused:
                answer = wire.write_error(str(refused))
            except Exception:  # noqa: BLE001  whatever it is, it ends this connection only
                self._count_fault("a request to the control socket was not answered")
                await self._send(sock, wire.write_error(FAULT))
                return
            # At once, as what was asked for may end the server.
            await self._send(sock, answer)

    async def _receive_line(self, sock: socket.socket, received: bytearray) -> bool:
        """Read until there is a line, or more than may be of one. Whether there is; the end of input ends a line."""
        await trio.lowlevel.checkpoint()  # who asks much at once is not to keep others waiting
        while b"\n" not in received and len(received) <= self._limits.control_line:
            try:
                data = sock.recv(min(READ_BYTES, self._limits.control_line + 1 - len(received)))
            except BlockingIOError:
                await trio.lowlevel.wait_readable(sock)
                continue
            if not data:
                return bool(received)
            received += data
        return True

    async def _send(self, sock: socket.socket, answer: bytes) -> None:
        """Raises TimeoutError if it is not taken in time."""
        rest = memoryview(answer)
        with trio.move_on_after(self._limits.control_timeout):
            while rest:
                try:
                    rest = rest[sock.send(rest) :]
                except BlockingIOError:
                    await trio.lowlevel.wait_writable(sock)
        if rest:
            self._usage.hit("control_timeout")
            raise TimeoutError
