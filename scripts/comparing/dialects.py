"""Why: the servers speak three languages, and all that the load has to know of them fits into this table."""

from collections.abc import Callable
from dataclasses import dataclass

ROOM = "#hall"


@dataclass(frozen=True)
class Dialect:
    """How to be a client of a kind of server."""

    hello: Callable[[int], bytes]  # what client number so-and-so says first
    inside: bytes  # what it reads once it is let in
    join: bytes  # asks for the room; empty where there are no rooms
    joined: bytes  # what it reads once it is in the room
    announcement: bytes  # stands in the line by which members are told who came; empty where nobody is told
    speakers_join: bool  # one has to be in the room to speak there
    say: Callable[[str], bytes]


def name(number: int) -> str:
    """A nickname, as short as ngircd wants them."""
    return f"c{number:06d}"


def _irc_hello(number: int) -> bytes:
    return f"NICK {name(number)}\r\nUSER c 0 * :c\r\n".encode()


def _resp(*words: str) -> bytes:
    """A command of Redis: how many words, then each with its length."""
    parts = [f"*{len(words)}\r\n".encode()]
    for word in words:
        data = word.encode()
        parts.append(b"$%d\r\n%b\r\n" % (len(data), data))
    return b"".join(parts)


IRC = Dialect(
    hello=_irc_hello,
    inside=b" 001 ",
    join=f"JOIN {ROOM}\r\n".encode(),
    joined=b" 366 ",
    announcement=b" JOIN ",
    speakers_join=True,
    say=lambda text: f"PRIVMSG {ROOM} :{text}\r\n".encode(),
)
REDIS = Dialect(
    hello=lambda number: _resp("PING"),
    inside=b"+PONG\r\n",
    join=_resp("SUBSCRIBE", ROOM),
    joined=b"subscribe",
    announcement=b"",
    speakers_join=False,  # who has subscribed may not publish
    say=lambda text: _resp("PUBLISH", ROOM, text),
)
LINES = Dialect(
    hello=lambda number: b"",
    inside=b"welcome\n",
    join=b"",
    joined=b"",
    announcement=b"",
    speakers_join=False,
    say=lambda text: f"{text}\n".encode(),
)
