"""The log as lines: text for people, JSON for programs, and a handler that never keeps the server waiting.

The code logs with the standard library's `logging`; a line's fields are its `extra={"fields": {...}}`. Whatever stands
in them, in the event or in a traceback may be a client's, so all of it is neutralised, and what could pass for a
second field is quoted. Nobody may be reading: a line that cannot be written at once is dropped and counted.

structlog, where it is installed, gives text its columns and colours. JSON is the same with it and without it.
"""

import json
import logging
import math
import os
import select
import stat
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import TextIO

from ..protocol.safetext import neutralise

FORMATS = ("auto", "text", "json")  # auto: text on a terminal, JSON for everything else
LINE_BYTES = select.PIPE_BUF - 256  # of a record: with the news of dropped lines before it, a pipe takes it at once
TRACEBACK_LINE = 300  # characters of one line of a traceback; an exception may quote without end
EVENT_WIDTH = 8  # the longest word that the server notes often
_INDENT = "\n    "

log = logging.getLogger("chatd")

Value = str | int | float | None
Fields = dict[str, Value]
Render = Callable[[Fields], str]


def configure(written: str, stream: TextIO | None) -> None:
    """Send what the server logs to the stream, in one of `FORMATS`. None (a process without stderr) drops it."""
    for old in log.handlers[:]:
        log.removeHandler(old)
        old.close()
    log.addHandler(logging.NullHandler() if stream is None else _handler(written, stream))
    log.setLevel(logging.INFO)
    log.propagate = False


def _handler(written: str, stream: TextIO) -> "Handler":
    handler = Handler(stream.fileno())
    is_terminal = stream.isatty()
    if written == "text" or (written == "auto" and is_terminal):
        handler.setFormatter(Formatter(_for_people(coloured=is_terminal and not os.environ.get("NO_COLOR"))))
    else:
        handler.setFormatter(Formatter(_render_json))
    return handler


class Handler(logging.Handler):
    """Writes a record at once or not at all. `dropped` counts those that could not be written, for whatever reason:
    nobody reads, the reader has gone, the disk is full. The next line that can be written tells how many there were."""

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self.dropped = 0
        self._announced = 0
        self._descriptor = _own(descriptor)
        self._writable = select.poll()
        self._writable.register(self._descriptor, select.POLLOUT)
        self._rest = b""  # of lines that were taken in part, which a terminal does; it goes before all others

    def emit(self, record: logging.LogRecord) -> None:
        """Raises nothing: whoever logs may be giving a seat back."""
        try:
            is_written = bool(self._writable.poll(0)) and self._write(self._lines(record))
        except Exception:  # noqa: BLE001
            is_written = False
        if is_written:
            self._announced = self.dropped
        else:
            self.dropped += 1

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
        super().close()

    def _lines(self, record: logging.LogRecord) -> bytes:
        """The record's line, after the news of what was dropped before it."""
        try:
            text = self.format(record)
        except Exception:  # noqa: BLE001  a mistake in what is logged is not to end whoever logs it
            text = self.format(_record(logging.ERROR, f"cannot log {record.msg!r}", exc_info=sys.exc_info()))
        if lost := self.dropped - self._announced:
            text = f"{self.format(_record(logging.WARNING, 'dropped', fields={'lines': lost}))}\n{text}"
        return f"{text}\n".encode()

    def _write(self, lines: bytes) -> bool:
        """Whether the lines were taken, if only in part: then their rest is owed."""
        try:
            taken = os.write(self._descriptor, self._rest + lines)
        except OSError:
            return False
        is_begun = taken > len(self._rest)
        self._rest = (self._rest + lines)[taken:] if is_begun else self._rest[taken:]
        return is_begun


def _record(level: int, event: str, **attributes: object) -> logging.LogRecord:
    """A line of the log's own."""
    return logging.makeLogRecord({"levelname": logging.getLevelName(level), "msg": event, **attributes})


def _own(descriptor: int) -> int:
    """A descriptor of our own for the same file, which is non-blocking without making anybody else's so.

    A terminal calls itself writable and then blocks for want of room for a whole line, and others may fill a pipe
    between the question and the write. A file never blocks, and opened anew it would be written from its beginning.
    """
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        with suppress(OSError):  # a socket, or somebody else's: asking before each write has to do
            return os.open(f"/proc/self/fd/{descriptor}", os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY)
    return os.dup(descriptor)


class Formatter(logging.Formatter):
    """Makes a record one line of at most `LINE_BYTES`; its longest fields are shortened for it."""

    def __init__(self, render: Render) -> None:
        super().__init__()
        self._render = render

    def format(self, record: logging.LogRecord) -> str:
        fields = self._fields(record)
        line = self._render(fields)
        for _ in fields:
            excess = len(line.encode()) - LINE_BYTES
            if excess <= 0:
                break
            longest = max(fields, key=lambda name: len(str(fields[name])))
            text = str(fields[longest])
            most = max(0, len(text) - excess - len("…".encode()))
            fields[longest] = _end_of(text, most) if longest == "traceback" else _beginning_of(text, most)
            line = self._render(fields)
        return line

    def _fields(self, record: logging.LogRecord) -> Fields:
        """In the order in which they are shown: time, level, event, id, the rest, the traceback."""
        time = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        fields: Fields = {
            "time": time.replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "event": _value(record.getMessage()),
        }
        noted: dict[str, object] = getattr(record, "fields", {})
        if "id" in noted:
            fields["id"] = _value(noted["id"])
        fields.update((name, _value(value)) for name, value in noted.items() if name != "id")
        if record.exc_info:
            lines = self.formatException(record.exc_info).split("\n")
            fields["traceback"] = "\n".join(neutralise(_beginning_of(line, TRACEBACK_LINE)) for line in lines)
        return fields


def _value(value: object) -> Value:
    match value:
        case None | int():
            return value
        case float():
            return round(value, 3) if math.isfinite(value) else str(value)  # JSON has no infinity
        case _:
            return neutralise(_beginning_of(str(value), LINE_BYTES))


def _beginning_of(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]}…"


def _end_of(text: str, most: int) -> str:
    return text if len(text) <= most else f"…{text[len(text) - most :]}"


def _render_json(fields: Fields) -> str:
    return json.dumps(fields, ensure_ascii=False)


def _render_text(fields: Fields) -> str:
    """`time level event name=value ...`, as structlog has it, without its colours."""
    noted = dict(fields)
    time, level, event = (noted.pop(name) for name in ("time", "level", "event"))
    values = "".join(f" {name}={_quoted(value)}" for name, value in noted.items())
    return f"{time} {level:<8} {event:<{EVENT_WIDTH}}{values}".rstrip()


def _quoted(value: Value) -> str:
    is_word = isinstance(value, str) and not set(value) & set(" ='\"")
    return str(value) if is_word else repr(value)


def _for_people(coloured: bool) -> Render:
    """How text is rendered here: by structlog if it is installed. A traceback stands below its line, set in, so that
    nothing in it looks like a line of the log."""
    line = _structlog(coloured) or _render_text

    def render(fields: Fields) -> str:
        noted = dict(fields)
        traceback = noted.pop("traceback", None)
        below = f"\n{traceback}".replace("\n", _INDENT) if traceback else ""
        return line(noted) + below

    return render


def _structlog(coloured: bool) -> Render | None:
    try:
        from structlog.dev import ConsoleRenderer  # here, as it costs 7 MB: only whoever wants text pays
    except ImportError:
        return None
    console = ConsoleRenderer(EVENT_WIDTH, colors=coloured, sort_keys=False, timestamp_key="time")
    return lambda fields: console(None, "", fields)
