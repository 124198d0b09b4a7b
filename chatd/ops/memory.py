"""How much memory the bounds allow: arithmetic, so that it is known before the first client comes.

Two figures. The process's own is what its bounds add up to; the kernel's is what it may keep in socket buffers. The
sizes of objects are measured ones, rounded up (CPython 3.11, 64 bit); a test fills a server and compares.
"""

import ctypes
import math
import os
import resource
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from ..limits import Limits
from ..protocol.irc import CLIENT_TAG_BYTES, LINE_BYTES

SESSION = 6500  # bytes: a task, its socket's objects, the client; 5.7 KB when idle
TEXT = 60  # of a text besides its characters
ROOM_ENTRY = 300  # that a client is in a room, or wants to be: entries of two dicts, and the names of a wish
ROOM = 1500  # an empty room
MASK, MASK_BYTE = 800, 20  # in a list of a room, and for each byte of it: its pattern is compiled
INVITATION = 130
MONITORED = 400  # a name that a client is told of
FORMER = 380  # one who has left
HOST = 750  # a host that is remembered
BAN = 950
CONTROL_ITEM = 1200  # an entry of an answer to the operator, as bytes
CONTROL_MAKING = 2000  # and while the answer is made, of which there is one at a time
METRICS = 120_000  # the answer to one scrape
GROWTH = 1.25  # of an outbox, which grows ahead of what it holds; 1.18 measured
_M_MMAP_THRESHOLD = -3  # malloc.h
MMAP_FROM = 16384  # bytes; from this size on a buffer has pages of its own
UNFINISHED = CLIENT_TAG_BYTES + LINE_BYTES  # the most that is kept of a line without its end


class Part(NamedTuple):
    """One term of the sum: what it is for, and the arithmetic in words."""

    name: str
    size: float
    how: str


def process_parts(limits: Limits, base: int) -> Iterator[Part]:
    """What the process may need, in bytes. `base` is what it has without clients."""
    texts = limits.nick_length + limits.user_length + limits.realname_length + limits.away_length
    session = SESSION + texts + 4 * TEXT + limits.rooms_per_client * ROOM_ENTRY
    session += limits.invitations * INVITATION + limits.monitors * MONITORED
    reading = limits.input_bytes + UNFINISHED
    inside = limits.max_clients + limits.queue
    yield Part("base", base, "the process without clients")
    yield Part(
        "handshakes", limits.handshakes * (SESSION + reading),
        f"{_count(limits.handshakes)} × ({SESSION:,} session + {reading:,} input)",
    )  # fmt: skip
    yield Part(
        "clients and line", inside * (session + reading),
        f"({_count(limits.max_clients)} + {_count(limits.queue)}) × ({session:,} session + {reading:,} input)",
    )  # fmt: skip
    apart = sockets(limits) * limits.outbox if sockets(limits) else 0
    together = limits.outboxes
    lesser = f"the lesser of {_count(sockets(limits))} × {_count(limits.outbox)} and {_count(together)}"
    yield Part("outboxes", min(apart, together) * GROWTH, f"{lesser}, and a quarter for growing")
    refusal = SESSION + UNFINISHED
    yield Part("refusals", limits.farewells * refusal, f"{_count(limits.farewells)} × {refusal:,}")
    room = ROOM + limits.topic_length + limits.room_length
    yield Part("rooms", limits.max_rooms * room, f"{limits.max_rooms:,} × {room:,}")
    mask = MASK + MASK_BYTE * limits.mask_length
    masks = limits.max_rooms * limits.room_masks
    yield Part("lists of rooms", masks * mask, f"{limits.max_rooms:,} × {limits.room_masks:,} × {mask:,}")
    former = FORMER + limits.nick_length + limits.user_length + limits.realname_length
    yield Part("who has left", limits.departed * former, f"{limits.departed:,} × {former:,}")
    yield Part("history", limits.max_rooms * limits.history_bytes, f"{limits.max_rooms:,} × {limits.history_bytes:,}")
    where = limits.hosts_remembered * HOST + limits.bans * BAN
    yield Part("hosts and bans", where, f"{limits.hosts_remembered:,} × {HOST} + {limits.bans:,} × {BAN}")
    answer = limits.control_line + limits.control_items * CONTROL_ITEM
    making = limits.control_items * CONTROL_MAKING
    yield Part(
        "operator", limits.control_connections * answer + making + limits.metrics_connections * METRICS,
        f"{limits.control_connections} × {answer:,} + {making:,} + {limits.metrics_connections} × {METRICS:,}",
    )  # fmt: skip


def kernel_part(limits: Limits) -> Part:
    """What the kernel may keep for the sockets of clients, in bytes."""
    most = sockets(limits)
    sent, received = buffers(limits)
    knocking = min(limits.backlog, int(Path("/proc/sys/net/core/somaxconn").read_text()))
    how = f"{_count(most)} sockets × ({sent:,.0f} to send + {received:,.0f} received) + {knocking:,} × {received:,.0f} "
    return Part("kernel", most * (sent + received) + knocking * received, f"{how}in the backlog")


def sockets(limits: Limits) -> float:
    """How many connections there may be at once, refusals in progress included."""
    return limits.max_clients + limits.queue + limits.handshakes + limits.farewells


def _count(value: float) -> str:
    return "no bound" if math.isinf(value) else f"{value:,.0f}"


def buffers(limits: Limits) -> tuple[float, float]:
    """The buffers that a socket really gets, in bytes: the kernel doubles what it is asked for (socket(7))."""
    with socket.socket() as probe:
        sizes = []
        for option, asked, table in (
            (socket.SO_SNDBUF, limits.send_buffer, "tcp_wmem"),
            (socket.SO_RCVBUF, limits.receive_buffer, "tcp_rmem"),
        ):
            if math.isinf(asked):
                sizes.append(float(Path("/proc/sys/net/ipv4", table).read_text().split()[2]))
            else:
                probe.setsockopt(socket.SOL_SOCKET, option, int(asked))
                sizes.append(probe.getsockopt(socket.SOL_SOCKET, option))
    return sizes[0], sizes[1]


def process_bytes(limits: Limits, base: int) -> float:
    """The first figure."""
    return sum(part.size for part in process_parts(limits, base))


def in_use() -> int:
    """What this process has now, in bytes (PSS: its share of what is shared)."""
    with suppress(OSError):
        for line in Path("/proc/self/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def resident() -> int:
    """What this process has now with all that is shared, in bytes (RSS; proc(5), statm)."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def return_freed() -> None:
    """Have the C library give large buffers back as they are freed. In its heap, outboxes that grow side by side leave
    holes of twice their size (mallopt(3); glibc only)."""
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, MMAP_FROM)


def available() -> tuple[float, str]:
    """The least of what there is and what the process may have, in bytes, and what sets it."""
    found: list[tuple[float, str]] = [
        (os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"), "this machine has"),
    ]
    soft, _ = resource.getrlimit(resource.RLIMIT_AS)
    if soft != resource.RLIM_INFINITY:
        found.append((soft, "RLIMIT_AS allows"))
    for path in _cgroup_files():
        with suppress(OSError, ValueError):  # absent, or the word "max"
            found.append((int(path.read_text()), f"{path} allows"))
    return min(found)


def _cgroup_files() -> Iterator[Path]:
    """cgroup v2's bound on memory for this process's group and all above it."""
    with suppress(OSError):
        for line in Path("/proc/self/cgroup").read_text().splitlines():
            if line.startswith("0::"):
                group = Path("/sys/fs/cgroup") / line[3:].strip("/")
                for each in (group, *group.parents):
                    if each.is_relative_to("/sys/fs/cgroup"):
                        yield each / "memory.max"


def shown(size: float) -> str:
    """A size as people say it."""
    if math.isinf(size):
        return "no bound"
    for unit, factor in (("GiB", 1 << 30), ("MiB", 1 << 20)):
        if size >= factor:
            return f"{size / factor:.1f} {unit}"
    return f"{size / 1024:.0f} KiB"


def warnings(limits: Limits, base: int) -> Iterator[str]:
    """A sentence for everything that the machine will not give."""
    need, (most, whose) = process_bytes(limits, base) + kernel_part(limits).size, available()
    if need > most:
        allowed = "leave memory unbounded" if math.isinf(need) else f"allow {shown(need)} of memory"
        what = f"The bounds {allowed}, and {whose} {shown(most)}"
        unbounded = [bound for bound, value in _unbounded(limits) if math.isinf(value)]
        advice = f"bound {', '.join(unbounded)}" if unbounded else "lower max-clients, send-buffer or receive-buffer"
        yield f"{what}; {advice}"
    with suppress(OSError, ValueError):
        somaxconn = int(Path("/proc/sys/net/core/somaxconn").read_text())
        if limits.backlog > somaxconn:
            yield f"--backlog {limits.backlog} is more than the kernel keeps, {somaxconn} (net.core.somaxconn)"


def _unbounded(limits: Limits) -> Iterator[tuple[str, float]]:
    yield from (
        ("max-clients", limits.max_clients), ("queue", limits.queue), ("handshakes", limits.handshakes),
        ("farewells", limits.farewells), ("outboxes or outbox", min(limits.outbox, limits.outboxes)),
    )  # fmt: skip
