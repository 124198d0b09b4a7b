"""Open files: the bound that the machine sets. It is met at start, with a sentence, and not by EMFILE at night."""

import math
import os
import resource
import sys

from ..limits import Limits
from ..protocol.waiting import count

# The options whose files are needed besides those of clients.
BESIDE = ("--handshakes", "--farewells", "--accepts-per-tick", "--spare-files", "--control-connections",
          "--metrics-connections")  # fmt: skip


class DoesNotFitError(Exception):
    """The bounds want more files than the process may have. The message says which is too large, and what fits."""


def raise_file_limit() -> int:
    """Raise the soft limit of open files to the hard one, and return it."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def abandon_stdout() -> None:
    """Nobody reads it. What is left to be written would be tried again at the end, and that be the exit code (120)."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def open_files() -> int:
    """How many files this process may have open."""
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def check_fit(limits: Limits, files: int) -> None:
    """Raise DoesNotFitError unless everybody whom the bounds let in can have a file. What has no bound, by choice, is
    no matter of arithmetic and left out."""
    seats, places, beside = _finite(limits.max_clients), _finite(limits.queue), limits.files_beside_clients
    room = files - beside
    if seats + places <= room:
        return
    need = f"{count(seats, 'seat', 'seats')}, {count(places, 'place', 'places')} in line"
    need = f"{need} and {beside:,} files beside them do not fit"
    need = f"{need} into the {files:,} open files that this process may have (ulimit -Hn)"
    if room <= 0:
        advice = f"{', '.join(BESIDE)} are these files, and too many of them"
    elif places < room:
        advice = f"--max-clients {seats} is too large: {room - places} would fit (chatd --fit takes that)"
    elif seats < room:
        advice = f"--queue {places} is too large: {room - seats} would fit"
    else:
        advice = f"--max-clients and --queue together are too large: {room} would fit"
    raise DoesNotFitError(f"{need}; {advice}")


def fit(limits: Limits, files: int) -> str:
    """Lower the cap to what fits. A sentence that says so; empty if nothing had to be lowered. Raises DoesNotFitError
    where no cap would fit."""
    room = files - limits.files_beside_clients - _finite(limits.queue)
    if limits.max_clients <= room:
        return ""
    asked = "none" if math.isinf(limits.max_clients) else f"{limits.max_clients:,}"
    limits.max_clients = max(1, int(room))
    check_fit(limits, files)  # where not even one fits
    return f"max-clients is {limits.max_clients:,} and not {asked}: more do not fit into {files:,} open files (--fit)"


def _finite(value: float) -> int:
    return 0 if math.isinf(value) else int(value)
