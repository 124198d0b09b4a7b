"""The asking end of the control socket: one connection, and one question after the other.

It knows neither trio nor rich, so that a command is answered before one notices that it was started.
"""

import errno
import socket
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from . import place, wire

ANSWER_BYTES = 1 << 26  # far more than `control-items` bring; one that is longer will never end
_PIECE = 1 << 16


class NoServerError(Exception):
    """Nobody listens. The message says where, and what to do."""


class SeveralServersError(Exception):
    """One has to say which is meant."""


class BrokenError(Exception):
    """The server has broken off, is silent, or speaks otherwise."""


def the_only_socket() -> Path:
    """Where the only server of this user listens. Raises NoServerError, SeveralServersError or PlaceError."""
    ports = place.live_ports()
    if not ports:
        where = place.usual_directory()
        raise NoServerError(f"no chatd listens in {where}; start one, or name its socket (--socket PATH)")
    if len(ports) > 1:
        shown = ", ".join(map(str, ports))
        raise SeveralServersError(f"several servers are running, on the ports {shown}; say which (--port PORT)")
    return place.usual_path(ports[0])


class Connection:
    """Raises NoServerError when made, BrokenError whenever the server does not keep to the protocol. `timeout` is what
    it may take to answer, in seconds."""

    def __init__(self, path: Path, timeout: float) -> None:
        self._timeout = timeout
        self._received = bytearray()
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(timeout)
        try:
            self._socket.connect(str(path))
        except OSError as error:
            self._socket.close()
            raise NoServerError(_why_not(path, error)) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    def ask(self, verb: str, **arguments: object) -> wire.Object:
        """What the server answers. Raises RefusedError with its sentence."""
        try:
            with suppress(BrokenPipeError, ConnectionResetError):  # it may have said why before it hung up
                self._socket.sendall(wire.write_request({"verb": verb, **arguments}))
            return wire.read_answer(self._receive_line())
        except TimeoutError:
            raise BrokenError(f"the server has not answered within {self._timeout:g} s") from None
        except OSError as error:
            raise BrokenError(f"the connection to the server has broken: {error.strerror}") from None
        except wire.ForeignError as error:
            raise BrokenError(f"the server's answer is not understood: {error}") from None

    def _receive_line(self) -> bytes:
        looked = 0
        while (end := self._received.find(b"\n", looked)) < 0:
            looked = len(self._received)
            if looked > ANSWER_BYTES:
                raise BrokenError(f"the server's answer has passed {ANSWER_BYTES:,} bytes without an end")
            data = self._socket.recv(_PIECE)
            if not data:
                raise BrokenError("the server has closed the connection without an answer")
            self._received += data
        line = bytes(self._received[:end])
        del self._received[: end + 1]
        return line


def _why_not(path: Path, error: OSError) -> str:
    match error.errno:
        case errno.ENOENT:
            return f"there is no socket {path}; is chatd running, and has it another one (--port, --socket)?"
        case errno.ECONNREFUSED:
            return f"nobody listens on {path}: its server is gone; start chatd again"
        case errno.EACCES:
            return f"{path} is not yours to open; become the user that runs chatd"
    return f"cannot connect to {path}: {error.strerror or error}"
