"""What another process costs the machine: its CPU, its memory, its files, read from outside, so without asking it."""

import os
import time
from pathlib import Path


class Meter:
    """One process of this machine. Each reading raises ProcessLookupError once it has ended."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        # The clock of another process's CPU time, in nanoseconds where /proc counts in hundredths
        # (clock_getcpuclockid(3); linux/include/linux/posix-timers.h has the arithmetic).
        self._clock = (~pid << 3) | 2

    def cpu(self) -> float:
        """CPU time that it has used, in seconds, all of its threads and what the kernel did for it included."""
        try:
            return time.clock_gettime(self._clock)
        except OSError:
            raise ProcessLookupError(f"process {self.pid} has ended") from None

    def memory(self) -> int:
        """Bytes of memory that are its own, and its share of what is shared (PSS)."""
        for line in self._read("smaps_rollup").splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
        raise ProcessLookupError(f"process {self.pid} has no memory left: it has ended")

    def resident(self) -> int:
        """Bytes of memory with all that is shared (RSS): cheap to read, also of a large process."""
        return int(self._read("statm").split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def files(self) -> int:
        """How many files it has open, sockets included."""
        try:
            return len(os.listdir(f"/proc/{self.pid}/fd"))
        except FileNotFoundError:
            raise ProcessLookupError(f"process {self.pid} has ended") from None

    def _read(self, name: str) -> str:
        try:
            return Path(f"/proc/{self.pid}/{name}").read_text()
        except FileNotFoundError:
            raise ProcessLookupError(f"process {self.pid} has ended") from None


def machine() -> tuple[float, float]:
    """CPU time, in seconds, that all programs of this machine have used, and that its host has kept from it for others
    (proc(5), stat)."""
    user, nice, system, _, _, interrupts, soft, stolen, *_ = map(int, Path("/proc/stat").read_text().split()[1:11])
    ticks = os.sysconf("SC_CLK_TCK")
    return (user + nice + system + interrupts + soft) / ticks, stolen / ticks
