"""Why: thousands of sockets in one process run into limits of this machine, which must not look like the server's.

There are two: open files, looked at before anything starts, and local ports, of which each source address has its own.
What the server itself takes of this machine is watched here too, where it runs on it.
"""

import resource
import socket
import time
from collections.abc import Iterator

from chatd.ops.meter import Meter

Address = tuple[socket.AddressFamily, tuple[str, int]]

LONG_ENOUGH = 0.1  # s; less says nothing of how busy a process is
SPARE_FILES = 64  # what is open besides the clients' sockets, with room to spare


class TooFewFilesError(Exception):
    """The clients do not fit into this process; the text says how many would."""


def make_room_for(clients: int) -> int:
    """Raise the process's limit on open files as far as `clients` need it. How many files may be open then."""
    needed = clients + SPARE_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return soft
    if hard != resource.RLIM_INFINITY and hard < needed:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (needed, needed))  # the superuser may
        except (OSError, ValueError):
            fitting = max(0, hard - SPARE_FILES)
            raise TooFewFilesError(
                f"{clients:,} clients need {needed:,} open files and this process may have {hard:,}: "
                f"--clients {fitting} would fit, or raise the limit with 'ulimit -Hn {needed}' as root"
            ) from None
        return needed
    resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))
    return needed


class Sources:
    """Local addresses to connect from. One has some 28,000 ports; all of 127.0.0.0/8 is this machine, so there is more.

    `current` is None as long as the system may choose.
    """

    def __init__(self, target: str) -> None:
        # Elsewhere, and with ::1, there is no second address that one could count on.
        self._others: Iterator[str] = iter(
            [f"127.0.0.{last}" for last in range(2, 255)] if target.startswith("127.") else []
        )
        self.current: str | None = None

    def exhausted(self, source: str | None) -> bool:
        """This one has no port left: go to the next. False if there is none."""
        if source == self.current:  # else somebody else has found that out already
            try:
                self.current = next(self._others)
            except StopIteration:
                return False
        return True


class Watch:
    """A process, looked at now and then."""

    def __init__(self, pid: int) -> None:
        self._meter = Meter(pid)
        self._before: tuple[float, float] | None = None  # when it was looked at last, and its CPU time then

    def look(self) -> tuple[int | None, float | None, int | None]:
        """Its memory in bytes, the share of a CPU that it used since the last look, its open files; None once it has
        ended."""
        now = time.monotonic()
        try:
            memory, used, files = self._meter.resident(), self._meter.cpu(), self._meter.files()
        except (ProcessLookupError, PermissionError):
            self._before = None
            return None, None, None
        if self._before is None:
            self._before = now, used
        then, used_then = self._before
        if now - then < LONG_ENOUGH:
            return memory, None, files
        self._before = now, used
        return memory, (used - used_then) / (now - then), files
