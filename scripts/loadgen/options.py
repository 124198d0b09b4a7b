"""Why: what a run was asked to do is read and checked in one place, and kept beside its result."""

import argparse
import ipaddress
import random
import re
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from chatd.protocol import irc

Address = tuple[socket.AddressFamily, tuple[str, int]]

DESCRIPTION = """\
Connect thousands of clients to a chat server and account for every one.

They all come at once; each says hello and joins one room. What the server does
with each is noted: seated, put in the waiting line, refused with a reason, or
left without one. Then some chat (with --messages), all stay for a while, and
the seated leave in waves, so that the line moves up and its order shows.

At the end there is a table in which every attempt is in exactly one row, and a
list of what must hold whatever the load. The server should have no other
clients meanwhile. In a terminal one sees it happen; elsewhere a line every few
seconds goes to standard error.
"""

EPILOG = """\
examples:
  scripts/load.py 127.0.0.1:6667 --clients 3000
  scripts/load.py 127.0.0.1:6667 --clients 200 --messages 1000 --json result.json
  scripts/load.py 127.0.0.1:6667 --clients 3000 --rate 100/s --hold 30

exit codes:
  0    all of this holds: every attempt is in one row; no more were seated than
       the limit that the server tells; nobody was left without a reason;
       everybody got a connection; seats went to the line in order; every
       message arrived at everybody, once and in order
  1    something of it does not hold; the list says what
  2    the arguments are wrong, or it could not run: no server there, or too few
       open files allowed
  130  interrupted; the table shows what was known by then

Latency counts from the moment at which a message was to be sent, and includes
what this program takes to read thousands of copies of it.
"""


class Parser(argparse.ArgumentParser):
    """One that answers a mistake with a sentence instead of everything there is to know."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}. --help tells how to use it.\n")


@dataclass(frozen=True)
class Options:
    """What a run was asked to do."""

    host: str
    port: int
    clients: int
    rate: float | None  # connections begun a second; None: as fast as they are answered
    concurrency: int
    hold: float
    messages: int
    message_rate: float | None  # None: as many as this process can count without being late
    room: str
    patience: float
    seed: int
    json: Path | None
    foreign_host: bool

    @property
    def target(self) -> str:
        """Where it goes, as one would type it."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class NotThisHostError(Exception):
    """The target is not to be aimed at, or is no host; the text says why."""


def resolve(options: Options) -> list[Address]:
    """The addresses to try, each of them this machine's own unless that is waived."""
    try:
        found = socket.getaddrinfo(options.host, options.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise NotThisHostError(f"there is no host {options.host!r}") from None
    addresses: list[Address] = [(family, (str(where[0]), options.port)) for family, _, _, _, where in found]
    for _, (address, _) in addresses:
        if not (options.foreign_host or ipaddress.ip_address(address.partition("%")[0]).is_loopback):
            raise NotThisHostError(
                f"{options.host} is not this machine, and a load test of somebody else's server is an attack on it: "
                "if it is yours, say so with --i-own-this-host"
            )
    return addresses


def parse(arguments: Sequence[str] | None = None) -> Options:
    """Read the command line. Ends the process, with code 2 and a sentence, if it makes no sense."""
    parser = Parser(
        prog="load.py",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("target", metavar="HOST:PORT", type=_target, help="where the server listens")
    parser.add_argument("--clients", metavar="N", type=_count, default=1000, help="how many come; default: 1000")
    parser.add_argument(
        "--rate",
        metavar="N/s",
        type=_rate,
        help="how many connect each second; default: as fast as the server answers",
    )
    parser.add_argument(
        "--concurrency",
        metavar="N",
        type=_count,
        default=200,
        help="how many may be without an answer at a time; default: 200",
    )
    parser.add_argument(
        "--hold",
        metavar="S",
        type=_seconds,
        default=2.0,
        help="how long all stay once everybody has an answer, at least; default: 2",
    )
    parser.add_argument(
        "--messages",
        metavar="N",
        type=_count_or_none,
        default=0,
        help="how many messages the seated send in turn while all stay; default: 0",
    )
    parser.add_argument(
        "--message-rate",
        metavar="N/s",
        type=_rate,
        help="how many of them each second; default: chosen so that this program can count them",
    )
    parser.add_argument("--room", metavar="NAME", type=_room, default="#lobby", help="default: #lobby")
    parser.add_argument(
        "--patience",
        metavar="S",
        type=_patience,
        default=15.0,
        help="how long to wait for an answer before it counts as silence; default: 15",
    )
    parser.add_argument(
        "--seed", metavar="N", type=_count_or_none, help="makes nicknames and the order of senders the same again"
    )
    parser.add_argument("--json", metavar="FILE", type=_writable, help="write the result to FILE as well, as JSON")
    parser.add_argument(
        "--i-own-this-host", action="store_true", help="allow a target that is not this machine's loopback address"
    )
    read = parser.parse_args(arguments)
    host, port = read.target
    return Options(
        host=host,
        port=port,
        clients=read.clients,
        rate=read.rate,
        concurrency=read.concurrency,
        hold=read.hold,
        messages=read.messages,
        message_rate=read.message_rate,
        room=read.room,
        patience=read.patience,
        seed=random.SystemRandom().randrange(1_000_000) if read.seed is None else read.seed,
        json=read.json,
        foreign_host=read.i_own_this_host,
    )


def _target(word: str) -> tuple[str, int]:
    host, colon, port = word.rpartition(":")
    if not (colon and host and port.isascii() and port.isdigit() and 1 <= int(port) <= 65535):
        raise argparse.ArgumentTypeError(f"{word!r} is not HOST:PORT, such as 127.0.0.1:6667 or [::1]:6667")
    return host.removeprefix("[").removesuffix("]"), int(port)


def _count(word: str) -> int:
    number = _count_or_none(word)
    if number == 0:
        raise argparse.ArgumentTypeError("it must be at least 1")
    return number


def _count_or_none(word: str) -> int:
    digits = word.replace("_", "").replace(",", "")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 9):
        raise argparse.ArgumentTypeError(f"{word!r} is not a whole number")
    return int(digits)


def _decimal(word: str) -> float:
    if re.fullmatch(r"\d{1,9}(\.\d{1,9})?", word) is None:
        raise argparse.ArgumentTypeError(f"{word!r} is not a number")
    return float(word)


def _rate(word: str) -> float:
    rate = _decimal(word.removesuffix("/s"))
    if rate == 0:
        raise argparse.ArgumentTypeError("it must be more than 0")
    return rate


def _seconds(word: str) -> float:
    return _decimal(word.removesuffix("s"))


def _patience(word: str) -> float:
    seconds = _seconds(word)
    if seconds == 0:
        raise argparse.ArgumentTypeError("it must be more than 0")
    return seconds


def _room(word: str) -> str:
    if not irc.is_room_name(word, 50):
        raise argparse.ArgumentTypeError(f"{word!r} is not a room's name, such as #lobby")
    return word


def _writable(word: str) -> Path:
    # Found out now, since after minutes of load the result would be lost.
    path = Path(word)
    is_new = not path.exists()
    try:
        path.open("a", encoding="utf-8").close()
        if is_new:
            path.unlink()
    except OSError as error:
        raise argparse.ArgumentTypeError(f"cannot write to {word}: {error.strerror}") from None
    return path
