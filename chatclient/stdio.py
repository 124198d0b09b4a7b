"""Standard input and output in a trio program, for pipes, files and terminals alike.

Their descriptors stay blocking: that mode belongs to everyone who shares them, the shell among them. So we wait until
the kernel says that one is ready and then move no more than it takes without blocking.
"""

import codecs
import os
import select
import sys
from contextlib import suppress

import trio

_READ_BYTES = 65536
_WRITE_BYTES = select.PIPE_BUF  # a pipe that is ready takes as many bytes (pipe(7))


def occupy_standard_descriptors() -> None:
    """Have none of 0, 1 and 2 closed, else the next thing that is opened, a socket say, would take its place."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number


def abandon_broken_output() -> None:
    """Nobody reads what is left to be written, or the window is closed. Else Python would try it again at the end, and
    make that the exit code (120)."""
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


class Input:
    """`async for line in`: without line ends, in pieces of whole characters where it is longer than `longest`."""

    def __init__(self, descriptor: int, longest: int) -> None:
        self._descriptor = descriptor
        self._longest = longest
        self._rest = b""
        self._lines: list[bytes] = []  # last one first
        self._ended = False

    def __aiter__(self) -> "Input":
        return self

    async def __anext__(self) -> bytes:
        while not self._lines:
            if self._ended:
                raise StopAsyncIteration
            self._take(await self._read())
        return self._lines.pop()

    async def _read(self) -> bytes:
        while True:
            try:
                await trio.lowlevel.wait_readable(self._descriptor)
            except PermissionError:  # a file: epoll does not take it, and it is always ready
                await trio.lowlevel.checkpoint()
            try:
                return os.read(self._descriptor, _READ_BYTES)
            except BlockingIOError:  # somebody who shares it made it non-blocking, and was faster
                continue

    def _take(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        if not data:
            self._ended = True
            lines, self._rest = [self._rest] if self._rest else [], b""
        elif len(self._rest) >= self._longest:
            whole = len(self._rest) - _unfinished(self._rest)
            lines.append(self._rest[:whole])
            self._rest = self._rest[whole:]
        self._lines = lines[::-1]


def _unfinished(data: bytes) -> int:
    """Bytes at the end that begin a character of UTF-8."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    decoder.decode(data)
    return len(decoder.getstate()[0])


class Notices:
    """Sentences for a person. Nobody waits until they are read: what is not taken at once is left out and counted."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._left_out = 0

    def __call__(self, text: str) -> None:
        before = f"({self._left_out} sentences were left out here.)\n" if self._left_out else ""
        self._left_out += 1
        with suppress(OSError):  # nobody is there, or another was faster
            _, ready, _ = select.select([], [self._descriptor], [], 0)
            if ready:
                os.write(self._descriptor, f"{before}{text}\n".encode(errors="replace")[:_WRITE_BYTES])
                self._left_out = 0


class Output:
    """Writes all of it, however slow the reader. BrokenPipeError if there is none any more."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    async def write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            try:
                await trio.lowlevel.wait_writable(self._descriptor)
            except PermissionError:
                await trio.lowlevel.checkpoint()
            with suppress(BlockingIOError):
                view = view[os.write(self._descriptor, view[:_WRITE_BYTES]) :]
