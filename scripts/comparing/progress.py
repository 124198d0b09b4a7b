"""Why: a comparison takes minutes, and one wants to see that it is alive and where it is."""

import shutil
import sys
import time
from types import TracebackType
from typing import Self, TextIO

REDRAW = 0.1  # s
LINE_EVERY = 2.0  # s


class Progress:
    """Where it is: in a terminal one line that changes, elsewhere a line now and then. Used as a context."""

    def __init__(self, stream: TextIO = sys.stderr) -> None:
        self._stream = stream
        self._live = stream.isatty()
        self._began = time.monotonic()
        self._told = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live:
            self._stream.write("\r\x1b[K")
            self._stream.flush()

    def __call__(self, where: str) -> None:
        now = time.monotonic()
        if now < self._told + (REDRAW if self._live else LINE_EVERY):
            return
        self._told = now
        text = f"{now - self._began:.0f} s, {where}"
        fitting = text[: shutil.get_terminal_size().columns - 1]
        self._stream.write(f"\r{fitting}\x1b[K" if self._live else f"compare.py: {text}\n")
        self._stream.flush()
