"""A listener whose connections count what goes through the server's end of them, for a test that has the other ends.

What is on its way is in no program's hands, and the kernel tells nobody of it. Where both ends have counted the same,
nothing is on its way.
"""

import socket
from typing import Any


class ServersEnd(socket.socket):
    """The server's end of a connection."""

    sent = received = 0
    is_shut = False

    def send(self, data: Any, flags: int = 0) -> int:
        size = super().send(data, flags)
        self.sent += size
        return size

    def recv(self, size: int, flags: int = 0) -> bytes:
        data = super().recv(size, flags)
        self.received += len(data)
        return data

    def shutdown(self, how: int) -> None:
        self.is_shut = True
        super().shutdown(how)


class Listener(socket.socket):
    """Keeps the server's ends of its connections."""

    def __init__(self, listener: socket.socket) -> None:
        super().__init__(fileno=listener.detach())
        self.setblocking(False)
        self.accepted: list[ServersEnd] = []

    def accept(self) -> tuple[ServersEnd, Any]:
        sock, address = super().accept()
        self.accepted.append(ServersEnd(fileno=sock.detach()))
        return self.accepted[-1], address
