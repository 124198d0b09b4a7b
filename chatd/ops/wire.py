"""The grammar of the control socket: one line of JSON each way. Both ends read and write it with this.

    {"v": 1, "verb": "kick", "who": "ann"}
    {"v": 1, "ok": true, "result": {...}}
    {"v": 1, "ok": false, "error": "there is no client ann"}

Lines are ASCII: what a client of the chat has written cannot act on the terminal of one who looks at them.
"""

import json
import math
from typing import Any, NoReturn

from ..bounds import NONE

VERSION = 1
EXAMPLE = '{"v": 1, "verb": "status"}'

Object = dict[str, Any]


class RefusedError(Exception):
    """What was asked for is not done. The message is a sentence for whoever asked."""


class ForeignError(Exception):
    """A line that is no answer of this grammar and version."""


def write_request(request: Object) -> bytes:
    return _line({"v": VERSION, **request})


def write_result(result: Object) -> bytes:
    return _line({"v": VERSION, "ok": True, "result": result})


def write_error(sentence: str) -> bytes:
    return _line({"v": VERSION, "ok": False, "error": sentence})


def read_request(line: bytes) -> Object:
    """A request without its version. Raises RefusedError for what is none."""
    try:
        request = _parse(line)
    except ValueError:
        raise RefusedError(f"a request is a JSON object on one line, such as {EXAMPLE}") from None
    version = request.pop("v", None)
    if type(version) is not int or version != VERSION:
        raise RefusedError(f"this server speaks version {VERSION} of the protocol; a request has \"v\": {VERSION}")
    return request


def read_answer(line: bytes) -> Object:
    """The result that a line holds. Raises RefusedError with the server's sentence, ForeignError for another line."""
    try:
        answer = _parse(line)
    except ValueError:
        raise ForeignError("it is no JSON object on one line") from None
    match answer:
        case {"v": 1, "ok": True, "result": dict() as result}:
            return result
        case {"v": 1, "ok": False, "error": str() as sentence}:
            raise RefusedError(sentence)
    raise ForeignError(f"it is not of version {VERSION} of the protocol")


def number(value: float | None) -> float | str | None:
    """A number as the grammar has it, which knows no infinity: what has no bound is written as in `set`."""
    return NONE if value is not None and math.isinf(value) else value


def _parse(line: bytes) -> Object:
    """The object that a line holds. Raises ValueError."""
    try:
        found = json.loads(line.decode(), parse_constant=_no_number)
    except RecursionError:
        raise ValueError("too deep") from None
    if not isinstance(found, dict):
        raise ValueError("no object")
    return found


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number of JSON")


def _line(content: Object) -> bytes:
    return json.dumps(content, allow_nan=False).encode() + b"\n"
