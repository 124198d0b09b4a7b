"""What stands beside a command is true: the bounds that it can meet, and what a line costs."""

from typing import Any

import pytest
from chat_harness import LOBBY, World

from chatd.commands import IRC, PLAIN
from chatd.limits import bounds

LONG = "x" * 400
# Each of these lines, said by ann, meets that bound, and no other; the bounds are set low.
MEETS = [
    (f"NICK {LONG}", "nick_length", {}),
    (f"SETNAME :{LONG}", "realname_length", {}),
    (f"QUIT :{LONG}", "reason_length", {}),
    (f"AWAY :{LONG}", "away_length", {}),
    (f"PART #a :{LONG}", "reason_length", {}),
    ("PART #a,#b,#c", "rooms_per_client", {"rooms_per_client": 2}),
    (f"TOPIC #a :{LONG}", "topic_length", {}),
    (f"KICK #a bob :{LONG}", "kick_length", {}),
    ("KICK #a bob,cid", "targets", {"targets": 1}),
    ("PRIVMSG #a,bob :x", "targets", {"targets": 1}),
    ("NOTICE #a,bob :x", "targets", {"targets": 1}),
    ("NAMES #a,#b", "targets", {"targets": 1}),
    ("LIST #a,#b", "targets", {"targets": 1}),
    ("PRIVMSG #a :x", "history_lines", {"history_lines": 0}),
    ("NOTICE #a :x", "history_bytes", {"history_bytes": 1}),
    (f"JOIN #{LONG}", "room_length", {}),
    ("JOIN #b", "max_rooms", {"max_rooms": 2}),
    ("JOIN #b", "rooms_per_client", {"rooms_per_client": 1}),
    (f"JOIN {LOBBY}", "members_per_room", {"members_per_room": 2}),
    ("MODE #a +ntm", "mode_changes", {"mode_changes": 2}),
    (f"MODE #a +k {LONG}", "key_length", {}),
    (f"MODE #a +b {LONG}", "mask_length", {}),
    ("MODE #a +b bob", "room_masks", {"room_masks": 0}),
    ("INVITE cid #a", "invitations", {"invitations": 0}),
    ("MONITOR + a,b", "monitors", {"monitors": 1}),
    ("WHO *", "who_replies", {"who_replies": 2}),
    ("CHATHISTORY LATEST #a * 9", "chathistory", {"chathistory": 8}),
]
# Met by who reads slowly, or before one is seated: `tests/rows` has these.
MET_ELSEWHERE = {
    "departed", "outbox", "outbox_pause", "password_cost", "password_delay", "plain_line", "user_length",
}  # fmt: skip


def meet(line: str, settings: dict[str, Any]) -> set[str]:
    world = World(**settings)
    ann = world.irc("ann", "#a", caps="draft/chathistory message-tags")
    world.irc("bob", "#a", LOBBY)
    world.irc("cid", LOBBY)
    before = world.chat.usage.hits.copy()
    ann.says(line)
    return set(world.chat.usage.hits - before)


@pytest.mark.parametrize(("line", "bound", "settings"), MEETS, ids=lambda part: str(part)[:24])
def test_a_command_meets_a_bound_that_stands_beside_it(line: str, bound: str, settings: dict[str, Any]) -> None:
    assert meet(line, settings) == {bound}
    assert bound in IRC[line.split()[0]].bounds


def test_every_bound_that_stands_beside_a_command_is_met_by_one() -> None:
    named = {name for table in (IRC, PLAIN) for command in table.values() for name in command.bounds}
    assert named <= {bound for _, bound, _ in MEETS} | MET_ELSEWHERE
    assert {bound.name for bound in bounds()} >= MET_ELSEWHERE


@pytest.mark.parametrize(
    ("line", "further"),
    [
        ("PRIVMSG bob :x", 0), ("PRIVMSG bob,cid :a,b,c", 1), ("PRIVMSG bob,cid,#a,#b,#c,#d :x", 3), ("PRIVMSG", 0),
        ("JOIN #b,#c k,k", 1), ("PART #a,#b,#c", 2), ("KICK #a bob,cid :x", 1), ("WHOIS bob,cid", 0),
    ],
)  # fmt: skip
def test_each_further_target_of_a_line_costs_as_much_as_a_line(line: str, further: int) -> None:
    world = World(targets=4, answers_per_line=1_000)
    ann = world.irc("ann", "#a")
    ann.client.answers = 0
    ann.says(line)
    assert ann.client.answers // 1_000 == further
