"""Ten thousand at the door: what holds for one must hold for a crowd. Takes a minute or two, so only with -m soak."""

import resource
import select
import signal
import socket
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from chatd_process import Chatd, chatd, read_until

from chatd.protocol.farewell import parse_farewell
from chatd.protocol.irc import parse

pytestmark = pytest.mark.soak

CROWD = 10_000
SOURCES = 50  # addresses that it comes from, so that ports do not run short
PATIENCE = 120.0  # seconds


@pytest.fixture(autouse=True)
def files() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < CROWD + 2000:
        pytest.skip(f"{CROWD} connections need a higher limit of open files than {hard}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def resets_sent() -> int:
    """Resets that this machine has sent because input was unread at close, or came after it."""
    names, values = (line.split() for line in Path("/proc/net/netstat").read_text().splitlines()[:2])
    table = dict(zip(names, values, strict=True))
    return int(table["TCPAbortOnClose"]) + int(table["TCPAbortOnData"])


class Visitor:
    """One of a crowd: it says its words as soon as it is connected, and reads to the end."""

    def __init__(self, port: int, number: int) -> None:
        self.sock = socket.socket()
        self.sock.setblocking(False)
        self.sock.bind((f"127.0.0.{1 + number % SOURCES}", 0))
        self.sock.connect_ex(("127.0.0.1", port))
        self.words = f"NICK v{number}\r\nUSER v 0 * :v\r\nJOIN #lobby\r\n".encode()
        self.read = b""
        self.was_reset = False

    def step(self) -> bool:
        """Go on after epoll said so. Whether it is over."""
        try:
            if self.words:
                self.sock.send(self.words)
                self.words = b""
                return False
            received = self.sock.recv(65536)
        except OSError:
            self.was_reset = True
            return True
        self.read += received
        return not received


def send_crowd(port: int, at_once: int, meanwhile: Callable[[], None]) -> list[Visitor]:
    """Let the crowd come, so many at once; `meanwhile` is called now and then."""
    poll = select.epoll()
    here: dict[int, Visitor] = {}
    gone: list[Visitor] = []
    give_up = time.monotonic() + PATIENCE
    while len(gone) < CROWD and time.monotonic() < give_up:
        while len(here) < at_once and len(here) + len(gone) < CROWD:
            visitor = Visitor(port, len(here) + len(gone))
            here[visitor.sock.fileno()] = visitor
            poll.register(visitor.sock, select.EPOLLOUT)
        for fileno, _ in poll.poll(0.1):
            visitor = here[fileno]
            spoke = bool(visitor.words)
            if visitor.step():
                poll.unregister(fileno)
                visitor.sock.close()
                gone.append(here.pop(fileno))
            elif spoke:
                poll.modify(fileno, select.EPOLLIN)
        meanwhile()
    poll.close()
    for visitor in here.values():
        visitor.sock.close()
    return gone


class Latency:
    """How long the server takes to answer a member, sampled now and then."""

    def __init__(self, member: socket.socket) -> None:
        self.member = member
        self.samples: list[float] = []

    def sample(self) -> None:
        began = time.monotonic()
        self.member.sendall(b"PING x\r\n")
        read_until(self.member, b"PONG")
        self.samples.append(time.monotonic() - began)


@pytest.mark.parametrize("at_once", [64, 1000])
def test_every_refused_client_reads_its_reason(at_once: int) -> None:
    with chatd("--max-clients", "1", "--queue", "0", "--message-rate", "none") as server:
        latency = Latency(server.irc("ann"))
        before = resets_sent()
        gone = send_crowd(server.port, at_once, latency.sample)
        resets = resets_sent() - before
    reasons = [parse_farewell(parse(visitor.read.decode().rstrip()).params[-1]) for visitor in gone]
    told = sum(farewell is not None and farewell.reason == "SERVER_FULL" for farewell in reasons)
    print(
        f"\n{len(gone)} refused, {told} read the reason, {sum(v.was_reset for v in gone)} met a reset, {resets} resets "
        f"sent; a member was answered in {statistics.median(latency.samples) * 1e3:.1f} ms (median), "
        f"{max(latency.samples) * 1e3:.1f} ms (most)"
    )
    assert told == CROWD
    assert resets < CROWD / 100
    assert max(latency.samples) < 1


@contextmanager
def silent_crowd(server: Chatd) -> Iterator[None]:
    crowd = []
    for number in range(CROWD):
        sock = socket.socket()
        crowd.append(sock)
        sock.settimeout(PATIENCE)
        sock.bind((f"127.0.0.{1 + number % SOURCES}", 0))
        sock.connect(("127.0.0.1", server.port))
    yield
    for sock in crowd:
        sock.close()


def test_ten_thousand_silent_connections_keep_nobody_out() -> None:
    with chatd("--max-clients", "100", "--queue", "0") as server, silent_crowd(server):
        for number in range(100):
            server.irc(f"speaker{number}")
        late = server.connect()
        late.sendall(b"NICK late\r\n")
        assert b"SERVER_FULL" in read_until(late, b"\r\n")


def test_ten_thousand_clients_are_told_and_gone_within_the_drain_time() -> None:
    with chatd("--max-clients", str(CROWD), "--queue", "0", "--message-rate", "none") as server:
        members = []
        for number in range(CROWD):
            sock = server.connect()
            sock.sendall(f"NICK m{number}\r\nUSER m 0 * :m\r\n".encode())
            members.append(sock)
        for sock in members:
            read_until(sock, b" 422 ")
        began = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        told = 0
        for sock in members:
            told += b"; DRAINING" in read_until(sock, b"\r\n")
            sock.close()
        code, out, _ = server.end()
        seconds = time.monotonic() - began
        print(f"\n{told} told; {seconds:.1f} s from SIGTERM to the end; {out}")
        assert code == 0
        assert told == CROWD
        assert seconds < 5.5
