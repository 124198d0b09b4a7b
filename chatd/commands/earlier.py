"""What was said in a room before: shown to who comes in, and to who asks (CHATHISTORY, IRCv3 draft/chathistory)."""

import re
from collections.abc import Callable
from typing import NamedTuple

from ..chat import Chat
from ..client import Client
from ..history import Mark
from ..protocol import irc, replies
from ..protocol.capabilities import BATCH, CHATHISTORY, SERVER_TIME
from ..protocol.event import server_time, to_the_minute
from ..protocol.irc import Message
from ..room import Room
from .registry import IRC

REFERENCES = "msgid,timestamp"  # by which a message is named (ISUPPORT MSGREFTYPES)
_REFERENCE = re.compile(r"msgid=(?P<id>[0-9a-f]{1,16})|timestamp=(?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)")

Span = tuple[int, int]  # where what a reference names begins and ends
# From where to where it goes, and whether its end counts for more than its beginning.
Choice = tuple[int, int, bool]


def _between(one: Span, other: Span, limit: int) -> Choice:
    if one <= other:
        return one[1], min(other[0], one[1] + limit), False
    return max(other[1], one[0] - limit), one[0], True


def _around(centre: int, limit: int) -> Choice:
    start = max(0, centre - limit // 2)
    return start, start + limit, True


# What is chosen of so many lines by where the references are, at most `limit`; BETWEEN has two of them, the others one.
CHOICES: dict[str, Callable[[list[Span], int, int], Choice]] = {
    "LATEST": lambda spans, size, limit: (max(spans[0][1], size - limit), size, True),
    "BEFORE": lambda spans, size, limit: (max(0, spans[0][0] - limit), spans[0][0], True),
    "AFTER": lambda spans, size, limit: (spans[0][1], spans[0][1] + limit, False),
    "AROUND": lambda spans, size, limit: _around(spans[0][0], limit),
    "BETWEEN": lambda spans, size, limit: _between(spans[0], spans[1], limit),
}
TARGETS = "TARGETS"  # asks for rooms in which something was said between two times
WITH_TWO = ("BETWEEN", TARGETS)


@IRC.command(
    "CHATHISTORY", "LATEST|BEFORE|AFTER|AROUND <room> <place> <limit> | BETWEEN <room> <place> <place> <limit>"
    " | TARGETS <place> <place> <limit>", bounds=("chathistory", "outbox_pause"),
    source="IRCv3 draft/chathistory",
)  # fmt: skip
def chathistory(chat: Chat, client: Client, message: Message) -> None:
    """Read what was said before; a place is msgid=<id>, timestamp=<time> or, for LATEST, *."""
    if CHATHISTORY not in client.caps:
        client.reply(replies.ERR_UNKNOWNCOMMAND, "CHATHISTORY", text=f"Unknown command without {CHATHISTORY}")
        return
    query = _read(message.params)
    if query is None:
        asked = message.params[0] if message.params else "*"
        client.fail("CHATHISTORY", "INVALID_PARAMS", "HELP CHATHISTORY tells what it wants", asked)
        return
    if query.limit > chat.limits.chathistory:
        chat.usage.hit("chathistory")
    limit = min(query.limit or chat.limits.chathistory, chat.limits.chathistory)
    if query.wanted == TARGETS:
        _tell_targets(client, query.marks, limit)
    elif not query.name.startswith("#"):
        _tell_lines(client, b"", "chathistory", irc.word(query.name))  # between two people nothing is kept
    elif (room := client.rooms.get(irc.fold(query.name))) is None:
        client.fail("CHATHISTORY", "INVALID_TARGET", "You are not in a room of that name", query.wanted, query.name)
    else:
        spans = [room.history.span(mark) for mark in query.marks]
        chosen = CHOICES[query.wanted](spans, len(room.history), limit)
        lines = room.history.replay(room.name, client.form, int(chat.limits.pause), *chosen)
        _tell_lines(client, lines, "chathistory", room.name)


class Query(NamedTuple):
    """What a client wants to read: which lines of the room of that name, by these references, and how many at most."""

    wanted: str
    name: str
    marks: list[Mark]
    limit: int  # 0 for as many as one may have


def _read(words: list[str]) -> Query | None:
    """What a client asks for; None if that cannot be understood."""
    wanted = words[0].upper() if words else ""
    first = 1 if wanted == TARGETS else 2  # of its references, behind which the limit stands
    several = 2 if wanted in WITH_TWO else 1
    if wanted not in (*CHOICES, TARGETS) or len(words) != first + several + 1 or not words[-1].isdigit():
        return None
    marks = [mark for word in words[first:-1] if (mark := _mark(word, wanted)) is not None]
    return Query(wanted, words[1], marks, irc.count(words[-1])) if len(marks) == several else None


def _mark(word: str, wanted: str) -> Mark | None:
    """What a reference says; None if it says nothing."""
    if word == "*" and wanted == "LATEST":
        return 0  # before everything
    found = _REFERENCE.fullmatch(word)
    if found is None or (found["id"] and wanted == TARGETS):
        return None
    return int(found["id"], 16) if found["id"] else found["time"]


def _tell_lines(client: Client, lines: bytes, *kind: str) -> None:
    """Show them, as a batch of that kind to who reads batches."""
    client.answers += lines.count(b"\n")
    if BATCH not in client.caps:
        client.outbox.put(lines)
        return
    batch = client.new_id()
    client.send("BATCH", f"+{batch}", *kind)
    client.outbox.put(irc.in_batch(lines, batch))
    client.send("BATCH", f"-{batch}")


def _tell_targets(client: Client, marks: list[Mark], limit: int) -> None:
    """In which of its rooms something was said between two times, the one where that is longest ago first."""
    first, last = map(str, marks)
    found = [(server_time(room.history.last), room.name) for room in client.rooms.values() if room.history]
    found = sorted(each for each in found if min(first, last) < each[0] < max(first, last))
    chosen = found[:limit] if first <= last else found[-limit:]
    lines = b"".join(client.line("CHATHISTORY", TARGETS, name, when) for when, name in chosen)
    _tell_lines(client, lines, "draft/chathistory-targets")


def tell_history(chat: Chat, client: Client, room: Room[Client]) -> None:
    """Show who comes in what was said last. A client that cannot see when that was would take it for new, one that can
    ask for it is to ask (IRCv3 server-time, draft/chathistory), and a bot would do again what it was once asked to."""
    may_see = client.is_plain or (SERVER_TIME in client.caps and CHATHISTORY not in client.caps and not client.is_bot)
    if not room.history or not may_see:
        return
    # No more than one is to have read before one's next line, however many rooms one enters at once.
    lines = room.history.lines(room.name, client.form, int(chat.limits.pause) - len(client.outbox))
    if lines and client.is_plain:
        client.tell(f"Earlier in {room.name}:")
        _tell_with_times(chat, client, lines)
        client.tell("Now:")
    elif lines:
        _tell_lines(client, b"".join(line for _, line in lines), "chathistory", room.name)


def _tell_with_times(chat: Chat, client: Client, lines: list[tuple[float, bytes]]) -> None:
    """To who has no clock for them: the time before what is long ago, and after each pause."""
    longest, now = chat.limits.time_after, chat.origin.wall()
    before = now if now - lines[0][0] < longest else -longest
    for when, line in lines:
        if when - before >= longest:
            client.tell(to_the_minute(when))
        client.outbox.put(line)
        before = when
    client.answers += len(lines)
