"""What a line takes beyond itself: targets, looks at what there is, answers; and where these end.

Who asks for much pays with its own next lines (message-rate), and is never closed by what it is owed for it.
"""

from collections.abc import Collection, Iterable, Iterator
from typing import TypeVar

from ..chat import Chat
from ..client import Client
from ..protocol import irc, replies

ItemT = TypeVar("ItemT")


def look_at(chat: Chat, client: Client, things: int) -> None:
    """Have a client pay for having so many things looked at: clients, rooms or names."""
    if things >= chat.limits.looks_per_line:
        chat.usage.hit("looks_per_line")
    client.further += things / chat.limits.looks_per_line


def mask_of(chat: Chat, client: Client, written: str, things: int) -> irc.Mask:
    """A mask as a client wrote it, to be looked for in so many things: each of its characters is a look at each."""
    look_at(chat, client, things * len(written))
    return irc.Mask(written)


def too_many_targets(chat: Chat, client: Client, targets: Collection[str], silently: bool = False) -> bool:
    """Whether one line names more of them than it may, which it is told."""
    most = chat.limits.targets
    if len(targets) <= most:
        return False
    chat.usage.hit("targets")
    if not silently:
        named = irc.clip(",".join(targets), irc.NAMED_BYTES)
        client.reply(replies.ERR_TOOMANYTARGETS, named, text=f"At most {most} targets (targets); nothing was done")
    return True


def until_enough(chat: Chat, client: Client, what: str, items: Iterable[ItemT]) -> Iterator[ItemT]:
    """Of these, as many as may be answered with."""
    for item in items:
        if is_enough(chat, client, what):
            return
        yield item


def is_enough(chat: Chat, client: Client, what: str) -> bool:
    """Whether an answer is to end here, which it is told: else who asks for much would be closed by what it is owed."""
    if len(client.outbox) <= chat.limits.full_answer:
        return False
    chat.usage.hit("outbox")
    client.reply(replies.ERR_TOOMANYMATCHES, what, text="There are more; ask for less (outbox)")
    return True
