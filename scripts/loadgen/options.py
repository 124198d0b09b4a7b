"""Why: what a run was asked to do is read and checked in one place, and kept beside its result."""

import argparse
import ipaddress
import random
import socket
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from . import arguments as argument
from .machine import Address
from .scenarios import SCENARIOS, Arrivals, Scenario
from .threshold import Threshold

DESCRIPTION = """\
Send a crowd of clients at a chat server and account for every one.

When each comes and speaks is decided beforehand and does not depend on how fast
the server answers, and times count from there. What the server does with each is
noted: seated, put in the waiting line, refused with a reason, or left without one.

At the end there is a table in which every attempt is in exactly one row, and a
list of what must hold whatever the load. The server should have no other
clients meanwhile. In a terminal one sees it happen; elsewhere a line every few
seconds goes to standard error.

scenarios:
"""

EPILOG = """\
examples:
  scripts/load.py 127.0.0.1:6667 --clients 3000 --rate 1000/s
  scripts/load.py 127.0.0.1:6667 chat --clients 80 --each 6/min --json result.json
  scripts/load.py 127.0.0.1:6667 storm --clients 5000 --procs 2 --fail-if 'answer.p99>3s'
  scripts/load.py 127.0.0.1:6667 soak --pid $(pgrep -x chatd) --html soak.html

exit codes:
  0    all of this holds: every attempt is in one row; no more were seated than
       the limit that the server tells; nobody was left without a reason;
       everybody got a connection; seats went to the line in order; every
       message arrived at everybody, once and in order; a herd has all of its
       seats again
  1    something of it does not hold; the list says what
  2    the arguments are wrong, or it could not run: no server there, or too few
       open files allowed
  3    all of it holds, but a --fail-if was met
  130  interrupted; the table shows what was known by then

Latency includes what this program takes to read thousands of copies of a message.
"""


class Parser(argparse.ArgumentParser):
    """One that answers a mistake with a sentence instead of everything there is to know."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}. --help tells how to use it.\n")


@dataclass(frozen=True)
class Options:
    """What a run was asked to do. What the scenario does not use is 0, or None."""

    host: str
    port: int
    scenario: Scenario
    clients: int
    rate: float | None  # arrivals a second; None: all at once
    hold: float
    duration: float | None
    stay: float | None
    messages: int | None  # None: as many as there are in the duration
    message_rate: float | None  # None: chosen
    each: float | None  # messages that each member says a minute
    slow: float  # the share of the clients that stop reading
    procs: int
    pid: int | None
    room: str
    patience: float
    seed: int
    json: Path | None
    html: Path | None
    fail_if: list[Threshold]
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
    parser = _parser()
    read = vars(parser.parse_args(arguments))
    scenario: Scenario = read.pop("scenario")
    chosen = {name: read.pop(name) for name in _OF_SCENARIOS}
    for name, value in chosen.items():
        if value is not None and name not in scenario.defaults:
            users = " and ".join(row.name for row in SCENARIOS.values() if name in row.defaults)
            parser.error(f"{scenario} has no use for --{name.replace('_', '-')}, which is for {users}")
    if chosen["each"] is not None and chosen["message_rate"] is not None:
        parser.error("--each and --message-rate both say how many messages there are: give one of them")
    values: dict[str, Any] = {
        name: scenario.defaults.get(name) if value is None else value for name, value in chosen.items()
    }
    if scenario.arrivals is Arrivals.BY_CHANCE:
        values["clients"] = max(1, round(values["rate"] * values["duration"]))
    if "messages" not in scenario.defaults:
        values["messages"] = 0
    values["hold"] = values["hold"] or 0.0
    values["slow"] = values["slow"] or 0.0
    host, port = read.pop("target")
    seed = read.pop("seed")
    seed = random.SystemRandom().randrange(1_000_000) if seed is None else seed
    foreign_host = read.pop("i_own_this_host")
    return Options(
        host=host, port=port, scenario=scenario, seed=seed, foreign_host=foreign_host, **values, **read
    )  # fmt: skip


# The options that not every scenario uses: how each is shown, read and explained.
_OF_SCENARIOS = {
    "clients": ("N", argument.count, "how many come"),
    "rate": ("N/s", argument.rate, "how many come each second"),
    "hold": ("S", argument.seconds, "how long all stay once everybody has an answer, at least"),
    "duration": ("S", argument.some_seconds, "how long it goes on, also as 10min; herd: the longest that it waits"),
    "stay": ("S", argument.some_seconds, "how long a client keeps its seat, on average"),
    "messages": ("N", argument.count_or_none, "stop chatting after so many; 0: do not chat"),
    "message_rate": ("N/s", argument.rate, "how many messages all members together say each second"),
    "each": ("N/min", argument.rate_a_minute, "how many messages each member says a minute"),
    "slow": ("PERCENT", argument.share, "how many of the clients stop reading once they are seated"),
}


def _parser() -> argparse.ArgumentParser:
    told = "\n".join(
        f"  {row.name:<6} {row.what}\n" + textwrap.indent(textwrap.fill(f"shows {row.lesson}", 71), " " * 9)
        for row in SCENARIOS.values()
    )
    parser = Parser(
        prog="load.py",
        description=DESCRIPTION + told,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("target", metavar="HOST:PORT", type=argument.target, help="where the server listens")
    parser.add_argument(
        "scenario", metavar="SCENARIO", nargs="?", type=argument.scenario, default="ramp", help="default: ramp"
    )
    for name, (form, read, meaning) in _OF_SCENARIOS.items():
        parser.add_argument(f"--{name.replace('_', '-')}", metavar=form, type=read, help=meaning + _defaults_of(name))
    parser.add_argument(
        "--procs", metavar="N", type=argument.processes, default=1, help="processes that share the clients; default: 1"
    )
    parser.add_argument(
        "--pid", metavar="PID", type=argument.pid, help="watch memory, CPU and open files of this process as well"
    )
    parser.add_argument("--room", metavar="NAME", type=argument.room, default="#lobby", help="default: #lobby")
    parser.add_argument(
        "--patience",
        metavar="S",
        type=argument.some_seconds,
        default=15.0,
        help="how long to wait for an answer before it counts as silence; default: 15",
    )
    parser.add_argument(
        "--seed",
        metavar="N",
        type=argument.count_or_none,
        help="makes nicknames, moments and the order of senders the same again",
    )
    parser.add_argument("--json", metavar="FILE", type=argument.writable, help="write the result to FILE, as JSON")
    parser.add_argument("--html", metavar="FILE", type=argument.writable, help="write it to FILE, as a page with plots")
    parser.add_argument(
        "--fail-if",
        metavar="WHAT",
        type=argument.threshold,
        action="append",
        default=[],
        help="end with code 3 if this is so, such as 'p99>200ms' or 'refused>5%%'; may be given several times",
    )
    parser.add_argument(
        "--i-own-this-host", action="store_true", help="allow a target that is not this machine's loopback address"
    )
    return parser


def _defaults_of(name: str) -> str:
    found: dict[str, list[str]] = {}
    for row in SCENARIOS.values():
        value = row.defaults.get(name)
        if value is not None:
            shown = f"{value:.0%}" if name == "slow" else f"{value:g}"
            found.setdefault(shown.replace("%", "%%"), []).append(row.name)
    told = ", ".join(f"{value} ({', '.join(rows)})" for value, rows in found.items())
    return f"; default: {told}" if told else ""
