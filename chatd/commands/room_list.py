"""LIST: which rooms there are, all or those that fit (ISUPPORT ELIST=CMNTU)."""

import operator
import re
from collections.abc import Callable

from ..chat import Chat
from ..client import Client
from ..protocol import replies
from ..protocol.irc import Message
from ..room import Room
from .costs import look_at, mask_of, too_many_targets, until_enough
from .registry import IRC

ELIST = "CMNTU"
# modern.ircdocs.horse ELIST: how many members; created, or given its topic, so many minutes ago.
_CONDITION = re.compile(r"(?P<of>[CT]?)(?P<than>[<>])(?P<number>\d{1,9})")
_THAN = {"<": operator.lt, ">": operator.gt}

Filter = Callable[[Room[Client]], bool]


@IRC.command(
    "LIST", "[<room, mask or condition>{,<more>}]",
    bounds=("targets", "looks_per_line", "outbox"), source="RFC 2812 3.2.6, modern.ircdocs.horse LIST",
)  # fmt: skip
def list_(chat: Chat, client: Client, message: Message) -> None:
    """See which rooms there are: all, or #those, #tho*, !#nottho*, >9 people, T<60 minutes since their topic."""
    written = [word for words in message.params[:2] for word in words.split(",") if word]
    if too_many_targets(chat, client, written):
        return
    now = client.origin.wall()
    conditions = [word for word in written if word.startswith("!") or _CONDITION.fullmatch(word)]
    masks = [mask_of(chat, client, word, chat.room_count) for word in written if word not in conditions]
    filters = [_filter(chat, client, word, now) for word in conditions]
    look_at(chat, client, chat.room_count)
    client.reply(replies.RPL_LISTSTART, "Room")
    found = (
        room
        for room in chat.visible_rooms(client)
        if room.members
        and (not masks or any(mask.matches(room.name) for mask in masks))
        and all(fits(room) for fits in filters)
    )
    for room in until_enough(chat, client, "LIST", found):
        client.reply(replies.RPL_LIST, room.name, str(len(room.members)), text=room.topic)
    client.reply(replies.RPL_LISTEND)


def _filter(chat: Chat, client: Client, written: str, now: float) -> Filter:
    found = _CONDITION.fullmatch(written)
    if found is None:
        mask = mask_of(chat, client, written.removeprefix("!"), chat.room_count)
        return lambda room: not mask.matches(room.name)
    than, number = _THAN[found["than"]], int(found["number"])
    match found["of"]:
        case "C":
            return lambda room: than(now - room.created, number * 60)
        case "T":
            return lambda room: bool(room.topic) and than(now - room.topic_when, number * 60)
        case _:
            return lambda room: than(len(room.members), number)
