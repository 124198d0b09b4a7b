"""Attackers of a server's memory: crowds of plain sockets on one epoll, and gauges of what the server takes meanwhile.

They do what anybody can do to a server with its default bounds. Each of them says its words, then its refrain for ever,
and reads or does not; whoever is sent away is replaced by a new one.
"""

import re
import select
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from chatd_process import Chatd, read_until

SOURCES = 50  # addresses that they come from, so that ports do not run short
NEWCOMERS = 500  # at a time: the kernel's backlog is to take them all
TINY = 1  # a receive buffer; the kernel makes the least of it that it has
SEND_BUFFER = 16384  # of an attacker; what the whole crowd has is to fit into the kernel beside the server's
EVICTED = re.compile(rb":n(\d{7})\S* QUIT :OUTBOX")


def nothing(number: int) -> bytes:
    return b""


class Kind(NamedTuple):
    """What an attacker says, by its number: its words as it comes, its refrain for ever once the crowd roars."""

    words: Callable[[int], bytes]
    refrain: Callable[[int], bytes] = nothing
    reads: bool = True


class Attacker:
    def __init__(self, kind: Kind, number: int, port: int) -> None:
        self.kind = kind
        self.number = number
        self.is_met = False  # the server has said something
        self.owed = kind.words(number)
        self.heard = b""  # the last of it
        self.sock = socket.socket()
        self.sock.setblocking(False)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        if not kind.reads:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, TINY)
        self.sock.bind((f"127.0.0.{2 + number % SOURCES}", 0))
        self.sock.connect_ex(("127.0.0.1", port))

    @property
    def interest(self) -> int:
        """The events that epoll is to tell. Who never reads listens for the first word only."""
        hears = select.EPOLLIN if self.kind.reads or not self.is_met else 0
        return select.EPOLLRDHUP | hears | (select.EPOLLOUT if self.owed else 0)

    def speak(self, roars: bool) -> None:
        """Say as much as the kernel takes."""
        with suppress(BlockingIOError):
            while self.owed:
                self.owed = self.owed[self.sock.send(self.owed) :]
                if roars and not self.owed:
                    self.owed = self.kind.refrain(self.number)

    def hear(self) -> bytes:
        """What has come, after the end of what came before; empty at the end."""
        received = self.sock.recv(1 << 18)
        heard = self.heard + received
        self.heard = heard[-300:]
        return heard if received else b""


class Crowd:
    """Attackers, and those who are to replace them."""

    def __init__(self, port: int) -> None:
        self.evicted = 0  # who never read, and was sent away for it
        self._port = port
        self._poll = select.epoll()
        self._here: dict[int, Attacker] = {}  # by file
        self._numbered: dict[int, Attacker] = {}
        self._coming: deque[Kind] = deque()
        self._unmet = 0
        self._last = 0
        self._roars = False

    def come(self, kind: Kind, times: int) -> None:
        self._coming.extend([kind] * times)

    @property
    def is_in(self) -> bool:
        """Whether all have come, and have been answered."""
        return not self._coming and not self._unmet

    def roar(self) -> None:
        """From now on everybody says its refrain."""
        self._roars = True
        for file, attacker in self._here.items():
            attacker.owed = attacker.owed or attacker.kind.refrain(attacker.number)
            self._poll.modify(file, attacker.interest)

    def step(self) -> None:
        """Let some come, and everybody do what it can do now."""
        while self._coming and self._unmet < NEWCOMERS:
            self._last += 1
            attacker = Attacker(self._coming.popleft(), self._last, self._port)
            self._here[attacker.sock.fileno()] = self._numbered[attacker.number] = attacker
            self._poll.register(attacker.sock, attacker.interest)
            self._unmet += 1
        for file, events in self._poll.poll(0.02):
            if file in self._here:  # nobody else's news has replaced it meanwhile
                self._act(self._here[file], events)

    def close(self) -> None:
        for attacker in self._here.values():
            attacker.sock.close()
        self._poll.close()

    def _act(self, attacker: Attacker, events: int) -> None:
        before = attacker.interest
        try:
            if events & select.EPOLLOUT:
                attacker.speak(self._roars)
            if events & select.EPOLLIN and not attacker.is_met:
                attacker.is_met = True
                self._unmet -= 1
            if events & select.EPOLLIN and attacker.kind.reads:
                heard = attacker.hear()
                is_over = not heard
                self._replace_evicted(map(int, EVICTED.findall(heard)))
            else:
                is_over = bool(events & (select.EPOLLRDHUP | select.EPOLLHUP | select.EPOLLERR))
        except OSError:
            is_over = True
        if is_over:
            self._replace(attacker)
        elif attacker.interest != before:
            self._poll.modify(attacker.sock, attacker.interest)

    def _replace_evicted(self, numbers: Iterable[int]) -> None:
        """Those who never read do not see their own end, but others are told."""
        for number in numbers:
            if number in self._numbered:
                self.evicted += 1
                self._replace(self._numbered[number])

    def _replace(self, attacker: Attacker) -> None:
        if self._numbered.pop(attacker.number, None) is None:
            return
        del self._here[attacker.sock.fileno()]
        self._unmet -= not attacker.is_met
        self._poll.unregister(attacker.sock)
        attacker.sock.close()
        self._coming.append(attacker.kind)


class Member(threading.Thread):
    """Somebody who does no harm, and asks all the time whether the server is there."""

    def __init__(self, server: Chatd) -> None:
        super().__init__()
        self.waits = [0.0]  # for the server's answers, in seconds
        self._sock = server.irc("member")
        self._sock.settimeout(None)
        self._has_seen_enough = threading.Event()

    @property
    def was_closed(self) -> bool:
        return not self.is_alive() and not self._has_seen_enough.is_set()

    def run(self) -> None:
        while not self._has_seen_enough.wait(0.1):
            began = time.monotonic()
            try:
                self._sock.sendall(b"PING %d\r\n" % len(self.waits))
                read_until(self._sock, b" PONG chatd.local :%d\r\n" % len(self.waits))
            except (OSError, AssertionError):
                return
            self.waits.append(time.monotonic() - began)

    def stop(self) -> None:
        self._has_seen_enough.set()
        with suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)
        self.join()


class Gauge(threading.Thread):
    """Samples what a server takes: its own memory (PSS), and what the kernel keeps for its connections; in bytes."""

    def __init__(self, server: Chatd) -> None:
        super().__init__()
        self.process = 0  # the most so far
        self.kernel = 0
        self._grown = time.monotonic()
        self._server = server
        self._has_seen_enough = threading.Event()

    def is_level(self, seconds: float) -> bool:
        """Whether the process has not grown for so long."""
        return time.monotonic() - self._grown > seconds

    def run(self) -> None:
        rollup = Path(f"/proc/{self._server.process.pid}/smaps_rollup")
        next_look = 0.0
        while not self._has_seen_enough.wait(0.05):
            found = re.search(r"^Pss: +(\d+) kB", rollup.read_text(), re.MULTILINE)
            assert found
            process = int(found[1]) * 1024
            if process > self.process * 1.01:
                self._grown = time.monotonic()
            self.process = max(process, self.process)
            if time.monotonic() > next_look:
                began = time.monotonic()
                self.kernel = max(self.kernel, socket_memory(self._server.port))
                next_look = time.monotonic() + max(0.2, 5 * (time.monotonic() - began))  # to look takes its time

    def stop(self) -> None:
        self._has_seen_enough.set()
        self.join()


# sock_diag(7), linux/include/uapi/linux/{netlink,sock_diag,inet_diag}.h
NETLINK_SOCK_DIAG, SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST, NLM_F_DUMP, NLMSG_DONE = 4, 20, 0x1, 0x300, 3
INET_DIAG_SKMEMINFO = 7
CONNECTIONS = 0b1011_0011_1110  # states of linux/include/net/tcp_states.h: all but listening, TIME_WAIT and closed
HEADER, ADDRESSED, DESCRIBED = 16, 20, 88  # where, in a message, its content begins, the port stands, attributes begin


def socket_memory(port: int) -> int:
    """What the kernel keeps in the buffers of all connections to that local port, accepted or not."""
    asked = struct.pack("=BBBxI48x", socket.AF_INET, socket.IPPROTO_TCP, 1 << (INET_DIAG_SKMEMINFO - 1), CONNECTIONS)
    flags = NLM_F_REQUEST | NLM_F_DUMP
    kept = 0
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_SOCK_DIAG) as diagnosis:
        diagnosis.send(struct.pack("=IHHII", HEADER + len(asked), SOCK_DIAG_BY_FAMILY, flags, 0, 0) + asked)
        while True:
            answer = diagnosis.recv(1 << 16)
            at = 0
            while at < len(answer):
                length, kind = struct.unpack_from("=IH", answer, at)
                if kind == NLMSG_DONE:
                    return kept
                assert kind == SOCK_DIAG_BY_FAMILY, kind
                if struct.unpack_from("!H", answer, at + ADDRESSED)[0] == port:
                    kept += _buffers(answer[at + DESCRIBED : at + length])
                at += (length + 3) & ~3


def _buffers(attributes: bytes) -> int:
    at = 0
    while at < len(attributes):
        length, kind = struct.unpack_from("=HH", attributes, at)
        if kind == INET_DIAG_SKMEMINFO:
            received, _, _, _, _, to_send = struct.unpack_from("=6I", attributes, at + 4)
            return int(received + to_send)
        at += (length + 3) & ~3
    return 0
