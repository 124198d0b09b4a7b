"""What a server says at its start of its memory, held against attackers who make it take as much as they can.

All bounds are the default ones, but for the seats and the places in line; and attackers may talk faster, so that the
worst is there sooner.
"""

import re
import resource
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import NamedTuple

import pytest
from attackers import Crowd, Gauge, Kind, Member
from chatd_process import Chatd, chatd

from chatd.limits import Limits
from chatd.protocol.irc import CLIENT_TAG_BYTES, LINE_BYTES

LIMITS = Limits()
ROOMS = LIMITS.max_rooms - 1  # besides the default one
GATHERING = 50  # never-readers in a room: more of them would fill their outboxes by coming and going alone
HISTORY = 12  # lines of each speaker: two or three of them fill what is kept of a room
PATIENCE = 300.0  # seconds
WIDE = "\U0001f600"  # one such character makes Python keep four bytes for each of a text
MIB = 1 << 20
UNITS = {"KiB": 1 << 10, "MiB": MIB, "GiB": 1 << 30}


class Size(NamedTuple):
    """`speakers` flood the never-readers; each flooder is in so many `rooms`, with 25 others or 50. An attack is over
    when it has taken no more memory for `calm` seconds."""

    seats: int
    line: int
    speakers: int
    rooms: int
    calm: float


SMALL = Size(100, 50, speakers=10, rooms=LIMITS.rooms_per_client, calm=2)
LARGE = [
    Size(1000, 500, speakers=20, rooms=5, calm=10),
    Size(10_000, 5000, speakers=60, rooms=1, calm=20),
]


# What attackers say.


def wide(text: object, size: int) -> str:
    """The text, so many bytes long, of which Python makes four times as many."""
    return f"{text}{WIDE}".ljust(size - len(WIDE.encode()) + 1, "x")


def rooms(first: int, count: int, of: int = ROOMS) -> list[str]:
    return [wide(f"#{number % of:03}", LIMITS.room_length) for number in range(first, first + count)]


def lines(*written: str) -> bytes:
    return "".join(f"{line}\r\n" for line in written).encode()


def with_tags(line: str) -> bytes:
    """A line that fills what is read at a time, most of it tags."""
    beside = len(lines(f"@+t= {line}"))
    return lines(f"@+t={wide('', LIMITS.input_bytes - beside)} {line}")


def say(targets: list[str]) -> str:
    return f"PRIVMSG {','.join(targets)} :{wide('', 280)}"


def introduction(number: int) -> list[str]:
    """The longest of everything."""
    return [
        "CAP REQ :message-tags server-time",
        f"NICK {f'n{number:07}'.ljust(LIMITS.nick_length, '_')}",
        f"USER {number:010} 0 * :{wide(number, LIMITS.realname_length)}",
        "CAP END",
        f"AWAY :{wide(number, LIMITS.away_length)}",
    ]


def joins(names: list[str]) -> Iterator[str]:
    """With keys, which are kept with the wishes of those in line."""
    key = wide("", LIMITS.key_length)
    for at in range(0, len(names), 5):
        some = names[at : at + 5]
        yield f"JOIN {','.join(some)} {','.join([key] * len(some))}"


def half_a_line(number: int) -> bytes:
    """Of one who will never introduce himself."""
    return wide("@+t=", CLIENT_TAG_BYTES + LINE_BYTES - 1).encode()


NEVER_INTRODUCED = Kind(half_a_line, reads=False)


def never_reader(gatherings: int) -> Kind:
    def words(number: int) -> bytes:
        return lines(*introduction(number), *joins(rooms(number, 1, of=gatherings)))

    return Kind(words, reads=False)


def wishes(number: int) -> bytes:
    """Of one in line, who is to enter as many rooms as may be."""
    return lines(*introduction(number), *joins(rooms(number, LIMITS.rooms_per_client)))


def speaker(gatherings: int) -> Kind:
    """Fills the histories of the rooms that it is in, and then the outboxes of those who gather."""

    def gathered(number: int) -> list[str]:
        return rooms(number * LIMITS.targets, min(LIMITS.targets, gatherings), of=gatherings)

    def words(number: int) -> bytes:
        here = gathered(number)
        others = rooms(number * LIMITS.rooms_per_client, LIMITS.rooms_per_client - len(here))
        history = [say(others[at : at + LIMITS.targets]) for at in range(0, len(others), LIMITS.targets)] * HISTORY
        return lines(*introduction(number), *joins(here + others), *history)

    return Kind(words, lambda number: with_tags(say(gathered(number))))


def flooder(how_many: int) -> Kind:
    """Tells all in its rooms the longest of lines, and reads nothing: so its own lines wait half-way in as well."""

    def its_rooms(number: int) -> list[str]:
        return rooms(number * how_many, how_many)

    def words(number: int) -> bytes:
        return lines(*introduction(number), *joins(its_rooms(number)))

    return Kind(words, lambda number: with_tags(say(its_rooms(number)[: LIMITS.targets])) * 2, reads=False)


def listener(number: int) -> bytes:
    """One who reads: it sees who is sent away."""
    return lines(*introduction(number), *joins(rooms(number * LIMITS.rooms_per_client, LIMITS.rooms_per_client)))


def nothing_to_anybody(number: int) -> bytes:
    return with_tags(f"PONG :{wide('', 400)}") * 8


# How they attack.


class Siege:
    """A server, the crowd that attacks it, a member who does not, and what is measured."""

    def __init__(self, server: Chatd, size: Size) -> None:
        assert server.process.stdout is not None
        told = re.findall(r"([\d.]+) ([KMG]iB)", server.process.stdout.readline())
        self.process, self.kernel = (float(number) * UNITS[unit] for number, unit in told)
        self.size = size
        self.member = Member(server)
        self.crowd = Crowd(server.port)
        self.gauge = Gauge(server)

    def until(self, holds: Callable[[], bool]) -> None:
        """Let the crowd go on until something is true."""
        began = time.monotonic()
        while not holds():
            assert not self.member.was_closed
            assert time.monotonic() - began < PATIENCE
            self.crowd.step()

    def do_its_worst(self) -> None:
        """Have everybody say its refrain until that takes no more memory."""
        self.crowd.come(NEVER_INTRODUCED, int(LIMITS.handshakes))
        self.crowd.roar()
        self.until(lambda: self.gauge.is_level(self.size.calm))

    def fill(self, kind: Kind, number: int) -> None:
        """Let so many more come, and be answered."""
        self.crowd.come(kind, number)
        self.until(lambda: self.crowd.is_in)


@contextmanager
def siege(size: Size) -> Iterator[Siege]:
    bounds = ("--max-clients", str(size.seats), "--queue", str(size.line), "--message-rate", "100")
    with ExitStack() as stack:
        server = stack.enter_context(chatd(*bounds))
        it = Siege(server, size)
        stack.callback(it.crowd.close)
        for thread in (it.member, it.gauge):
            thread.start()
            stack.callback(thread.stop)
        yield it
        it.gauge.stop()
        it.member.stop()
        it.crowd.close()
        server.process.terminate()
        _, out, _ = server.end()
    took, most = (f"process {sizes.process / MIB:.1f}, kernel {sizes.kernel / MIB:.1f} MiB" for sizes in (it.gauge, it))
    print(f"\n{size.seats} seats, {size.line} places: took {took} of {most}; {it.crowd.evicted} were sent away")
    print(f"a member was answered in {max(it.member.waits):.2f} s at the most\n{out}")
    assert "internal errors: 0" in out
    assert it.process / 3 <= it.gauge.process <= it.process
    assert it.gauge.kernel <= it.kernel


def attack_by_reading_nothing(size: Size) -> None:
    with siege(size) as it:
        gatherings = min(ROOMS, -(-size.seats // GATHERING))
        it.fill(speaker(gatherings), size.speakers)
        it.fill(never_reader(gatherings), size.seats - size.speakers - 1)
        it.fill(Kind(wishes, reads=False), size.line)
        it.do_its_worst()
        it.until(lambda: it.crowd.evicted > 0)


def attack_by_endless_lines(size: Size) -> None:
    with siege(size) as it:
        it.fill(Kind(listener, nothing_to_anybody), -(-ROOMS // LIMITS.rooms_per_client))
        it.fill(flooder(size.rooms), size.seats - 1 - -(-ROOMS // LIMITS.rooms_per_client) + size.line)
        it.do_its_worst()


ATTACKS = [attack_by_reading_nothing, attack_by_endless_lines]


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_server_under_attack_takes_no_more_memory_than_it_said(attack: Callable[[Size], None]) -> None:
    attack(SMALL)


@pytest.mark.soak
@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("size", LARGE, ids=lambda size: str(size.seats))
def test_nor_does_a_large_one(attack: Callable[[Size], None], size: Size) -> None:
    needed = size.seats + size.line + 1000
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < needed:
        pytest.skip(f"{needed} connections need a higher limit of open files than {hard}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    attack(size)
