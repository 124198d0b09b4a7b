"""The memory that the bounds allow, beside what a server takes whose bounds are all used up."""

import math
import socket
from pathlib import Path

from chatd_process import DEADLINE, Chatd, chatd

from chatd.limits import Limits
from chatd.ops import memory

SEATS, HANDSHAKES, ROOMS = 150, 100, 40
NONE = math.inf
CHOSEN: dict[str, float] = {
    "max_clients": SEATS, "queue": 0, "handshakes": HANDSHAKES, "handshake_timeout": NONE, "max_rooms": ROOMS,
    "rooms_per_client": 10, "outboxes": 6 << 20, "message_rate": NONE, "send_buffer": 4096,
}  # fmt: skip
LIMITS = Limits(**CHOSEN)  # type: ignore[arg-type]
FLAGS = [f"--{name.replace('_', '-')}={'none' if value == NONE else value}" for name, value in CHOSEN.items()]
FILLED = {"handshakes", "clients and line", "outboxes", "refusals", "rooms", "history"}  # of the parts of the sum
UNFINISHED = b"@" + b"t" * (memory.UNFINISHED - 2)  # a line as long as may be, but for its end


def resident(pid: int) -> int:
    """What the process has for itself, in bytes."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return 1024 * sum(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Private_"))


def deaf(server: Chatd) -> socket.socket:
    """A client to which the kernel gives little before it reads, and which will not."""
    sock = socket.socket()
    server.sockets.append(sock)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    sock.settimeout(DEADLINE)
    sock.connect(("127.0.0.1", server.port))
    return sock


def enter(server: Chatd, number: int) -> socket.socket:
    """A client with the longest of everything, in as many rooms as it may be in."""
    sock = deaf(server)
    nick = f"n{number:03d}".ljust(LIMITS.nick_length, "x")
    rooms = ",".join(f"#{(number + room) % (ROOMS - 1):03d}".ljust(LIMITS.room_length, "r") for room in range(9))
    introduction = f"NICK {nick}\r\nUSER {'u' * 10} 0 * :{'r' * LIMITS.realname_length}\r\nJOIN #lobby,{rooms}\r\n"
    sock.sendall(f"{introduction}AWAY :{'a' * LIMITS.away_length}\r\nPING entered\r\n".encode())
    return sock


def until_it_has_heard(sock: socket.socket, token: bytes) -> None:
    heard = b""
    while token not in heard:
        received = sock.recv(1 << 16)
        assert received, heard[-500:]
        heard = heard[-100:] + received


def test_a_server_that_is_full_of_everything_takes_no_more_than_was_reckoned() -> None:
    with chatd(*FLAGS) as server:
        talker = server.irc("talker")
        base = resident(server.process.pid)
        for number in range(SEATS - 1):
            sock = enter(server, number)
            until_it_has_heard(sock, b" :entered\r\n")
            sock.sendall(UNFINISHED)
        for _ in range(HANDSHAKES):
            deaf(server).sendall(b"NICK x\r\n" + UNFINISHED)
        most = 0
        for number in range(40):  # more is said than may be owed: many are given up, and the others are owed more
            talker.sendall(b"PRIVMSG #lobby :%s\r\n" % (b"z" * 400) * 15 + b"PING %d\r\n" % number)
            until_it_has_heard(talker, b" :%d\r\n" % number)
            most = max(most, resident(server.process.pid) - base)
    reckoned = sum(part.size for part in memory.process_parts(LIMITS, 0) if part.name in FILLED)
    assert reckoned / 2 < most <= reckoned
