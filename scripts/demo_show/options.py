"""Why: what is asked for, and what the machine has for it, are looked at before anything starts."""

import argparse
import re
import resource
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from loadgen import arguments as argument
from loadgen.machine import SPARE_FILES, TooFewFilesError, make_room_for
from loadgen.options import Parser

from chatd.limits import Limits
from chatd.ops import memory

from .act import PROBES, SLOWEST, Bounds, Ceilings

MIB = 1 << 20
BESIDE = 624 * MIB  # of memory: the crowd, and what the kernel keeps for its sockets
STAYS = 3.0  # acts that a client stays for, on average, so that the line moves
LONGER = 5.0  # s that they would go on coming: once the last one has come, the crowd leaves
SPEAKS = "40/min"
SLOW = "3%"
# All that may be none and is met by a crowd. The kernel's buffers stay as they are: without their bounds the kernel
# would keep what slow readers are owed, and the server's own memory would show less of it.
UNBOUNDED = ("max-clients", "queue", "queue-timeout", "max-per-host", "host-rate", "handshakes", "handshake-timeout",
             "farewells", "message-rate", "outbox", "outboxes", "members-per-room")  # fmt: skip

DESCRIPTION = f"""\
See what bounds are for: one server, one crowd, twice. About a minute.

Act 1  a chat server with its bounds: some seats, half as many places in line,
       and no more memory than that needs. Thousands of clients come, all into
       one room. You see the seats fill, the line move, the rest being told why
       not and when to come back, and the room stay fast.
Act 2  the same server, the same crowd, and every bound that the crowd meets set
       to "none". You see what happens then, until the demo ends it.

At the end there are both in one table, a picture of them (SVG), and what was
seen in two sentences, made of what was measured.

Two members who do nothing else measure how long a message takes, in a process of
their own; they sit in the room before anybody else. {SLOW} of the crowd stop
reading once they are inside, as some do in every network.
Everything happens on this machine, over its loopback address, and nothing is
left when it ends. Ctrl-C ends it at any moment.
"""

EPILOG = f"""\
what ends an act, whichever comes first:
  the memory of the server's process reaches --memory-ceiling
  a message takes {SLOWEST:g} s
  --seconds are over

bounds that act 2 sets to none:
  {", ".join(UNBOUNDED[:6])},
  {", ".join(UNBOUNDED[6:])}

exit codes:
  0    it has run
  2    the arguments are wrong, or it could not run; a sentence says why
  130  interrupted
"""


@dataclass(frozen=True)
class Options:
    """What the demo was asked to do."""

    clients: int
    seats: int
    memory_ceiling: int  # bytes
    seconds: float  # of an act
    svg: Path
    seed: int

    @property
    def bounds(self) -> tuple[Bounds, Bounds]:
        """Those of the two acts."""
        return Bounds(self.seats, self.seats // 2), Bounds(None, None)

    @property
    def ceilings(self) -> Ceilings:
        return Ceilings(self.seconds, self.memory_ceiling)

    def server_words(self, bounds: Bounds) -> list[str]:
        """For the command line of chatd."""
        if bounds.seats is None:
            return [word for bound in UNBOUNDED for word in (f"--{bound}", "none")]
        return ["--max-clients", str(bounds.seats), "--queue", str(bounds.places)]

    @property
    def load_words(self) -> list[str]:
        """For the command line of the load script, without its target: the same in both acts."""
        words = {
            "--rate": f"{self.clients / self.seconds:.3f}/s", "--duration": f"{self.seconds + LONGER:g}s",
            "--stay": f"{self.seconds * STAYS:g}s", "--each": SPEAKS, "--slow": SLOW, "--seed": self.seed,
        }  # fmt: skip
        return ["soak", *(str(word) for pair in words.items() for word in pair)]


class CannotRunError(Exception):
    """The machine has not what it needs. The text says what is missing."""


def fitted(options: Options) -> tuple[Options, str]:
    """What the machine has room for, and a sentence if that is less than was asked for. Raises CannotRunError."""
    free, need = _free_memory(), options.memory_ceiling + BESIDE
    if free < need:
        raise CannotRunError(
            f"{memory.shown(free)} of memory are free, and it needs {memory.shown(need)}, most of it for the server "
            "without bounds: end something, or lower --memory-ceiling"
        )
    beside, planned = PROBES + Limits().files_beside_clients, 1 + LONGER / options.seconds
    try:
        make_room_for(int(options.clients * planned) + beside)  # the children inherit it
    except TooFewFilesError:
        files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    else:
        return options, ""
    room = int((files - beside - SPARE_FILES) / planned)
    if room <= options.seats * 2:
        raise CannotRunError(
            f"a process may have {files:,} open files here, too few for a crowd and its server: "
            "raise that with 'ulimit -Hn' as root"
        )
    return replace(options, clients=room), (
        f"{room:,} clients come and not {options.clients:,}, as a process may have {files:,} open files here"
    )


def _free_memory() -> float:
    """What this process and its children may still take: what the machine has, and what they are allowed."""
    found = re.search(r"MemAvailable: +(\d+) kB", Path("/proc/meminfo").read_text())
    allowed, _ = memory.available()
    return min(allowed, int(found[1]) * 1024) if found else allowed


def parse(arguments: Sequence[str] | None = None) -> Options:
    """Read the command line. Ends the process, with code 2 and a sentence, if it makes no sense."""
    parser = Parser(
        prog="demo",
        usage="scripts/demo [--clients N] [--seats N] [--seconds S] [--memory-ceiling MIB] [--svg FILE] [--seed N]",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "--clients", metavar="N", type=_at_least(10), default=3000,
        help="how many come in an act, about; they come by chance, as people do; default: 3000",
    )  # fmt: skip
    parser.add_argument(
        "--seats", metavar="N", type=_at_least(PROBES + 2), default=100,
        help="of the server in act 1, two of them for those who measure; half as many places in line; default: 100",
    )  # fmt: skip
    parser.add_argument(
        "--seconds", metavar="S", type=_at_least(1), default=25,
        help="how long an act takes at the most; default: 25",
    )  # fmt: skip
    parser.add_argument(
        "--memory-ceiling", metavar="MIB", type=_at_least(50), default=256,
        help="MiB of the server's process at which an act is ended; default: 256",
    )  # fmt: skip
    parser.add_argument(
        "--svg", metavar="FILE", type=argument.writable, default="demo.svg",
        help="where the picture goes; default: demo.svg",
    )  # fmt: skip
    parser.add_argument(
        "--seed", metavar="N", type=_at_least(0), default=1,
        help="who comes when, who reads slowly, who speaks when: the same again for the same number; default: 1",
    )  # fmt: skip
    read = parser.parse_args(arguments)
    if read.clients <= read.seats * 2:
        parser.error(f"--clients {read.clients} do not fill --seats {read.seats} and the line: take more")
    return Options(
        clients=read.clients,
        seats=read.seats,
        memory_ceiling=read.memory_ceiling * MIB,
        seconds=read.seconds,
        svg=read.svg,
        seed=read.seed,
    )


def _at_least(least: int) -> Callable[[str], int]:
    def number(word: str) -> int:
        digits = word.replace("_", "").replace(",", "")
        if not (digits.isascii() and digits.isdigit() and least <= int(digits) < 10**9):
            raise argparse.ArgumentTypeError(f"{word!r} is not a whole number from {least} on")
        return int(digits)

    return number
