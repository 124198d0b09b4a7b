"""Standard input and output in a trio program, for pipes, files and terminals alike.

Their descriptors stay blocking: that mode belongs to everyone who shares them, the shell among them. So we wait until
the kernel says that one is ready and then move no more than it takes without blocking.
"""

import os
import select
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


class Input:
    """`async for line in`: without line ends, in pieces where a line is longer than `longest` bytes."""

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
            lines.append(self._rest)
            self._rest = b""
        self._lines = lines[::-1]


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
