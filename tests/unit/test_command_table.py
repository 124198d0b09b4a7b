"""What stands beside a command is true: the bounds that it can meet, and what a line costs."""

from typing import Any

import pytest
from chat_harness import LOBBY, World

from chatd.commands import IRC
from chatd.limits import bounds

LONG = "x" * 400
# Each of these lines, said by ann, meets that bound, and no other; the bounds are set low.
MEETS = [
    (f"NICK {LONG}", "nick_length", {}),
    ("NICK eve", "departed", {"departed": 0}),
    ("NICK eve", "looks_per_line", {"looks_per_line": 9}),
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
    ("TAGMSG #a,bob", "targets", {"targets": 1}),
    ("NAMES #a,#b", "targets", {"targets": 1}),
    ("LIST #a,#b", "targets", {"targets": 1}),
    ("PRIVMSG #a :x", "history_lines", {"history_lines": 0}),
    ("PRIVMSG #a :x", "history_bytes", {"history_bytes": 1}),
    ("NOTICE #a :x", "history_lines", {"history_lines": 0}),
    ("NOTICE #a :x", "history_bytes", {"history_bytes": 1}),
    (f"JOIN #{LONG}", "room_length", {}),
    ("JOIN #b", "max_rooms", {"max_rooms": 2}),
    ("JOIN #b", "rooms_per_client", {"rooms_per_client": 1}),
    (f"JOIN {LOBBY}", "members_per_room", {"members_per_room": 2}),
    ("MODE #a +ntm", "mode_changes", {"mode_changes": 2}),
    (f"MODE #a +k {LONG}", "key_length", {}),
    (f"MODE #a +b {LONG}", "mask_length", {}),
    ("MODE #a +b bob", "room_masks", {"room_masks": 0}),
    ("MODE ann +iB", "mode_changes", {"mode_changes": 1}),
    ("INVITE cid #a", "invitations", {"invitations": 0}),
    ("MONITOR + a,b", "monitors", {"monitors": 1}),
    ("WHO *", "who_replies", {"who_replies": 2}),
    ("WHO b*", "looks_per_line", {"looks_per_line": 6}),
    ("LIST", "looks_per_line", {"looks_per_line": 2}),
    ("MONITOR + a,b", "looks_per_line", {"looks_per_line": 2}),
    ("ISON a b", "looks_per_line", {"looks_per_line": 2}),
    ("CHATHISTORY LATEST #a * 9", "chathistory", {"chathistory": 8}),
]
# Met by who reads slowly, who waits, or before one is seated: tests of their own have these.
MET_ELSEWHERE = {
    "PASS": {"password_cost", "password_delay"}, "USER": {"realname_length", "user_length"}, "JOIN": {"key_length"},
    "WHOWAS": {"departed"}, "CHATHISTORY": {"outbox_pause"},
}  # fmt: skip


def meet(line: str, settings: dict[str, Any]) -> set[str]:
    world = World(**settings)
    ann = world.irc("ann", "#a", caps="draft/chathistory message-tags")
    world.irc("bob", "#a", LOBBY)
    world.irc("cid", LOBBY)
    if "looks_per_line" in settings:
        ann.says("MODE #a +b nobody")
    before = world.chat.usage.hits.copy()
    ann.says(line)
    return set(world.chat.usage.hits - before)


@pytest.mark.parametrize(("line", "bound", "settings"), MEETS, ids=lambda part: str(part)[:24])
def test_a_command_meets_a_bound_that_stands_beside_it(line: str, bound: str, settings: dict[str, Any]) -> None:
    assert meet(line, settings) == {bound}
    assert bound in IRC[line.split()[0]].bounds


@pytest.mark.parametrize("command", IRC.values(), ids=lambda command: command.name)
def test_no_other_bounds_stand_beside_it(command: Any) -> None:
    met = {bound for line, bound, _ in MEETS if line.split()[0] == command.name}
    assert set(command.bounds) == met | MET_ELSEWHERE.get(command.name, set()) | ({"outbox"} & set(command.bounds))
    assert set(command.bounds) <= {bound.name for bound in bounds()}


@pytest.mark.parametrize(
    ("line", "further"),
    [
        ("PRIVMSG bob :x", 0), ("PRIVMSG bob,cid :a,b,c", 1), ("PRIVMSG bob,cid,#a,#b,#c,#d :x", 3), ("PRIVMSG", 0),
        ("PRIVMSG bob,bob,bob :x", 0), ("JOIN #b,#c k,k", 1), ("PART #a,#b,#c", 2), ("KICK #a bob,cid :x", 1),
        ("WHOIS bob,cid", 0), ("JOIN 0", 1),
    ],
)  # fmt: skip
def test_each_further_target_of_a_line_costs_as_much_as_a_line(line: str, further: int) -> None:
    world = World(targets=4)
    ann = world.irc("ann", "#a", "#z")
    ann.client.further = 0.0
    ann.says(line)
    assert ann.client.further == further


def test_a_person_with_nc_writes_to_one_at_a_time() -> None:
    world = World()
    bob, cid = world.irc("bob"), world.irc("cid")
    ann = world.arrives()
    ann.be_plain()
    ann.says("/nick ann")
    assert ann.says("/msg bob,cid psst") == ["* Write /msg <nickname> <text>"]
    assert bob.hears() == cid.hears() == []
