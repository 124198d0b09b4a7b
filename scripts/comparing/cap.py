"""Why: what a server says when it is full is half of this comparison, so those who come then write down what they read.

Each connects, says hello and asks for the room at once, as real clients do: a server that closes without having read
that destroys its own words by a reset.
"""

import contextlib
import re
import socket
import time
from collections import Counter
from collections.abc import Iterable

from loadgen.words import plain

from chatd.ops.swarm import Swarm

from .dialects import Dialect, name
from .peers import Peer
from .phases import Plan
from .running import Server

RECEIVE_BYTES = 65536
LONGEST = 200  # characters of a server's words
LET_IN = "let in: no cap"
_WITH_A_DIGIT = re.compile(r"\w*\d\w*")


def told_at_the_cap(peer: Peer, server: Server, plan: Plan) -> Counter[str]:
    """Fill it, send more, and count what those read."""
    dialect = peer.dialect
    told = []
    with Swarm(server.address) as swarm, contextlib.ExitStack() as all_of_them:
        swarm.enter(plan.cap, dialect.hello, dialect.inside, at_a_time=peer.at_a_time)
        late = [
            all_of_them.enter_context(socket.create_connection(server.address, plan.until_told))
            for _ in range(plan.past_cap)
        ]
        for number, connection in enumerate(late, plan.cap):
            with contextlib.suppress(OSError):  # it may be closed already; what it has said is still to be read
                connection.sendall(dialect.hello(number) + dialect.join)
        deadline = time.monotonic() + plan.until_told
        for number, connection in enumerate(late, plan.cap):
            heard, end = _hear(connection, deadline, dialect)
            told.append(_in_words(heard.replace(name(number).encode(), b"you"), end, dialect))
    return alike(told)


def alike(told: Iterable[str]) -> Counter[str]:
    """How often each was told; the first one stands for all that differ only by names and numbers."""
    first: dict[str, str] = {}
    return Counter(first.setdefault(_WITH_A_DIGIT.sub("#", words), words) for words in told)


def _hear(connection: socket.socket, deadline: float, dialect: Dialect) -> tuple[bytes, str]:
    """All that it says until then, and how it ended."""
    heard = b""
    while not _is_in(heard, dialect):
        connection.settimeout(max(0.0, deadline - time.monotonic()))  # 0: what is there already
        try:
            received = connection.recv(RECEIVE_BYTES)
        except (TimeoutError, BlockingIOError):
            break
        except OSError:
            return heard, "reset"
        if not received:
            return heard, "closed"
        heard += received
    return heard, "waits"


def _is_in(heard: bytes, dialect: Dialect) -> bool:
    return (dialect.joined or dialect.inside) in heard


def _in_words(heard: bytes, end: str, dialect: Dialect) -> str:
    if _is_in(heard, dialect):
        return LET_IN
    last = heard.decode(errors="replace").strip().rpartition("\n")[2].strip()
    if not last:
        return f"nothing ({end})"
    return f"“{_shortened(last)}”" + (", and stays connected" if end == "waits" else "")


def _shortened(words: str) -> str:
    """A server's words, fit for a terminal and a table."""
    safe = plain(words)
    return safe if len(safe) <= LONGEST else f"{safe[: LONGEST - 1]}…"
