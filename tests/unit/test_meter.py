"""What is read of another process from outside is what that process itself knows."""

import os
import subprocess
import sys
import time

import pytest

from chatd.ops import memory
from chatd.ops.meter import Meter, machine


def ended() -> int:
    """The number of a process that is no more."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid


def test_its_clock_is_the_process_clock() -> None:
    meter = Meter(os.getpid())
    before, read = time.process_time(), meter.cpu()
    assert before <= read <= time.process_time()


def test_memory_and_files_are_those_of_the_process() -> None:
    meter = Meter(os.getpid())
    assert meter.memory() == pytest.approx(memory.in_use(), rel=0.1)
    assert meter.resident() == pytest.approx(memory.resident(), rel=0.1)
    files = meter.files()
    with open(os.devnull):
        assert meter.files() == files + 1


def test_a_process_that_has_ended_is_no_zero() -> None:
    meter = Meter(ended())
    for read in (meter.cpu, meter.memory, meter.resident, meter.files):
        with pytest.raises(ProcessLookupError, match="has ended"):
            read()


def test_the_machine_counts_what_its_programs_use() -> None:
    before, stolen = machine()
    began = time.process_time()
    while time.process_time() < began + 0.1:
        pass
    busy, stolen_now = machine()
    assert busy - before >= 0.05  # it counts in hundredths of a second
    assert stolen_now >= stolen
