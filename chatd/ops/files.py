"""Open files: the bound that the machine sets. It is met at start, with a sentence, and not by EMFILE at night."""

import math
import resource

from ..limits import Limits


class DoesNotFitError(Exception):
    """The bounds want more files than the process may have. The message says which is too large, and what fits."""


def raise_file_limit() -> int:
    """Raise the soft limit of open files to the hard one, and return it."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def open_files() -> int:
    """How many files this process may have open."""
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def check_fit(limits: Limits, files: int) -> None:
    """Raise DoesNotFitError unless everybody whom the bounds let in can have a file. What has no bound, by choice, is
    no matter of arithmetic."""
    beside = limits.files_beside_clients
    room = files - beside
    if limits.max_clients + limits.queue <= room or math.isinf(limits.max_clients + limits.queue + beside):
        return
    need = f"{limits.max_clients:,} seats, {limits.queue:,} places in line and {beside:,} files beside them"
    need = f"{need} do not fit into the {files:,} open files that this process may have (ulimit -Hn)"
    if room <= 0:
        advice = "--handshakes, --farewells, --accepts-per-tick and --spare-files are these files, and too many of them"
    elif limits.queue < room:
        advice = f"--max-clients {limits.max_clients} is too large: {room - limits.queue} would fit (--fit takes that)"
    elif limits.max_clients < room:
        advice = f"--queue {limits.queue} is too large: {room - limits.max_clients} would fit"
    else:
        advice = f"--max-clients and --queue together are too large: {room} would fit"
    raise DoesNotFitError(f"{need}; {advice}")


def fit(limits: Limits, files: int) -> str:
    """Lower the cap to what fits. A sentence that says so; empty if nothing had to be lowered. Raises DoesNotFitError
    where no cap would fit."""
    room = files - limits.files_beside_clients - limits.queue
    if limits.max_clients <= room or math.isinf(room):
        return ""
    asked = "none" if math.isinf(limits.max_clients) else f"{limits.max_clients:,}"
    limits.max_clients = max(1, int(room))
    check_fit(limits, files)  # where not even one fits
    return f"max-clients is {limits.max_clients:,} and not {asked}: more do not fit into {files:,} open files (--fit)"
