"""The operator's desk: what each verb does, what it says, what it notes, and what it refuses."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from chat_harness import LOBBY, SERVER
from desk_harness import Notes, Operator, notes

from chatd.desk import VERBS
from chatd.ops.wire import RefusedError
from chatd.protocol.farewell import Reason

ELSEWHERE = "192.0.2.7"
__all__ = ["notes"]  # a fixture


# Requests that are wrong.


@pytest.mark.parametrize(
    ("request_", "sentence"),
    [
        ({}, "a request needs a 'verb'; there are status, clients,"),
        ({"verb": "stauts"}, "there is no verb 'stauts'; there are status,"),
        ({"verb": ["status"]}, "there is no verb"),
        ({"verb": "x" * 5000}, "there is no verb 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…'"),
        ({"verb": "status", "who": "ann"}, "status has no 'who'; it has no arguments"),
        ({"verb": "kick"}, "kick needs 'who', which is missing or empty; it has 'who', 'reason'"),
        ({"verb": "kick", "who": 7}, "kick: who is to be a text"),
        ({"verb": "kick", "who": "  "}, "kick: who is to be a text"),
        ({"verb": "kick", "who": "ann", "reason": None}, "kick: reason is to be a text"),
        ({"verb": "say", "text": "a\r\nQUIT"}, "say: text is to be one line of text, without control characters"),
        ({"verb": "say", "text": "a\x9bb"}, "one line of text"),
        ({"verb": "say", "text": "a\ud800b"}, "one line of text"),
        ({"verb": "say", "text": "a\u2028b"}, "one line of text"),
        ({"verb": "set", "name": "queue", "value": True}, "set: value is to be a text"),
        ({"verb": "set", "name": "queue", "value": [1]}, "set: value is to be a text"),
        ({"verb": "clients", "sort": "beauty"}, "clients: sort is to be one of outbox, idle, age, messages"),
        ({"verb": "clients", "sort": {}}, "clients: sort is to be one of"),
        ({"verb": "ban", "network": "nowhere"}, "ban: network is wrong: 'nowhere' is no address or network"),
        ({"verb": "ban", "network": "10.0.0.1", "seconds": 0}, "ban: seconds is to be a number of seconds"),
        ({"verb": "ban", "network": "10.0.0.1", "seconds": 1e300}, "ban: seconds is to be a number of seconds"),
        ({"verb": "ban", "network": "10.0.0.1", "seconds": True}, "ban: seconds is to be a number of seconds"),
        ({"verb": "mode", "room": LOBBY, "changes": "+m"}, "mode: changes is to be a list of texts"),
        ({"verb": "mode", "room": LOBBY, "changes": []}, "mode: changes is to be a list of texts"),
        ({"verb": "mode", "room": LOBBY, "changes": [1]}, "mode: changes is to be a text"),
    ],
)
def test_a_request_that_is_wrong_is_answered_with_what_is_right(request_: dict[str, Any], sentence: str) -> None:
    with pytest.raises(RefusedError) as refused:
        Operator().desk.answer(request_)
    assert sentence in str(refused.value)


def test_every_verb_says_what_it_does() -> None:
    assert all(verb.summary.endswith(".") for verb in VERBS.values())


def test_the_document_has_every_verb_and_every_field() -> None:
    document = (Path(__file__).parents[2] / "docs" / "operator.md").read_text()
    operator = Operator(max_clients=1)
    for nick in ("ann", "bob"):
        operator.world.irc(nick)
    operator.asks("ban", network=ELSEWHERE)
    words = set(VERBS) | {argument.name for verb in VERBS.values() for argument in verb.arguments}
    for verb in ("status", "clients", "queue", "rooms", "limits", "bans"):
        words |= set(fields(operator.asks(verb)))
    assert sorted(word for word in words if f"`{word}" not in document and f".{word}`" not in document) == []


def fields(result: Any) -> Iterator[str]:
    """The names of all that is in a result."""
    match result:
        case dict():
            yield from result
            for value in result.values():
                yield from fields(value)
        case list():
            for value in result:
                yield from fields(value)


# To see.


def test_status_counts_seats_places_and_those_sent_away() -> None:
    operator = Operator(max_clients=2, queue=1)
    world = operator.world
    for nick in ("ann", "bob", "cid"):
        world.irc(nick, LOBBY)
    late = world.arrives()
    late.says("NICK dan", "USER dan 0 * :Dan")
    world.chat.closed[Reason.SERVER_FULL] += 1  # which a session does
    world.now += 30
    world.wall += 90
    shown = operator.asks("status")
    assert shown["seats"] == {"in_use": 2, "bound": 2}
    (waits,) = shown["line"]["next"]
    assert (shown["line"]["in_use"], waits["place"], waits["nick"], waits["waited"]) == (1, 1, "cid", 30)
    assert waits["expected"] is None
    assert (shown["arrivals"], shown["admitted"], shown["closed"]) == (4, 2, {"SERVER_FULL": 1})
    assert (shown["name"], shown["uptime"], shown["paused"], shown["draining"]) == (SERVER, 90, False, False)
    assert shown["memory"]["rss"] >= shown["memory"]["pss"] > 1_000_000


def test_what_has_no_bound_is_written_as_in_set() -> None:
    operator = Operator(max_clients=float("inf"))
    assert operator.asks("status")["seats"] == {"in_use": 0, "bound": "none"}
    assert operator.limit("max-clients")["value"] == "none"
    assert operator.limit("max-clients")["shown"] == "none, by choice"


def test_clients_are_sorted_and_found() -> None:
    operator = Operator()
    world = operator.world
    ann = world.irc("ann", LOBBY, host=ELSEWHERE)
    world.now, world.wall = world.now + 5, world.wall + 5
    world.irc("Bob")
    world.arrives()
    world.now, world.wall = world.now + 5, world.wall + 5
    ann.says("PRIVMSG #lobby :one", "PRIVMSG #lobby :two")
    ann.client.lines = 5  # which a session counts
    every = operator.asks("clients")
    assert [each["nick"] for each in every["clients"]] == ["ann", "Bob", ""]
    assert every["total"] == 3
    first = every["clients"][0]
    assert (first["number"], first["host"], first["standing"], first["dialect"]) == (1, ELSEWHERE, "seated", "irc")
    assert (first["age"], first["idle"], first["rooms"], first["outbox"]) == (10, 0, 1, 0)
    assert every["clients"][2]["standing"] == "handshake"
    assert [each["nick"] for each in operator.asks("clients", sort="idle")["clients"]] == ["Bob", "", "ann"]
    assert operator.asks("clients", sort="messages")["clients"][0]["nick"] == "ann"
    assert [each["nick"] for each in operator.asks("clients", find="bOB")["clients"]] == ["Bob"]
    assert [each["nick"] for each in operator.asks("clients", find="192.0")["clients"]] == ["ann"]


def test_an_answer_has_no_more_entries_than_it_may_and_tells_how_many_there_are() -> None:
    operator = Operator(max_clients=2, queue=9, control_items=3)
    for number in range(8):
        operator.world.irc(f"c{number}", f"#r{number}")
    for number in range(4):
        operator.asks("ban", network=f"192.0.2.{number}")
    assert operator.chat.usage.hits["control_items"] == 0
    for verb, total in (("clients", 8), ("queue", 6), ("rooms", 3), ("bans", 4)):
        shown = operator.asks(verb)
        assert (shown["total"], len(shown[verb])) == (total, 3)
    assert operator.chat.usage.hits["control_items"] == 3  # the rooms fitted


def test_rooms_tell_their_modes() -> None:
    operator = Operator()
    ann = operator.world.irc("ann", "#den", LOBBY)
    operator.world.irc("bob", "#den")
    ann.says("MODE #den +kl-t word 5", "TOPIC #den :\x1b[31mred")
    den, lobby = operator.asks("rooms")["rooms"]
    assert (den["name"], den["members"], den["modes"], den["key"], den["limit"]) == ("#den", 2, "n", "word", 5)
    assert den["topic"] == "\x1b[31mred"  # it is data
    assert (lobby["name"], lobby["members"], lobby["key"]) == (LOBBY, 1, None)


def test_limits_tell_use_and_origin() -> None:
    operator = Operator(max_clients=3)
    for nick in ("ann", "bob"):
        operator.world.irc(nick).leaves()
    operator.world.irc("cid")
    seats = operator.limit("max-clients")
    assert (seats["value"], seats["in_use"], seats["most"], seats["hits"]) == (3, 1, 1, 0)
    assert (seats["from"], seats["tells"], seats["section"]) == ("default", "SERVER_FULL", "The cap and the line")
    assert seats["at"].startswith("The next one waits in line")
    assert operator.limit("max-per-host")["from"] == "default: half of max-clients"
    assert operator.limit("queue-timeout")["in_use"] is None


# People.


def test_who_is_kicked_reads_why(notes: Notes) -> None:
    operator = Operator(max_clients=1, queue=2)
    ann, bob = operator.world.irc("ann", host=ELSEWHERE), operator.world.irc("bob")
    shy = operator.world.arrives()
    done = operator.asks("kick", who="ANN", reason="too much")
    assert done == {"done": f"#1 ann from {ELSEWHERE} is closed", "number": 1, "nick": "ann", "host": ELSEWHERE}
    assert ann.farewell is not None
    assert ann.farewell.text == "The operator has closed your connection: too much; KICKED"
    assert notes.last() == ("kick", {"id": 1, "nick": "ann", "host": ELSEWHERE, "reason": "too much"})
    operator.asks("kick", who="bob")  # who waits
    assert bob.farewell is not None
    assert bob.farewell.text == "The operator has closed your connection; KICKED"
    assert operator.asks("kick", who="#3")["done"] == "#3 (without a name) from 127.0.0.1 is closed"
    assert shy.farewell is not None


@pytest.mark.parametrize("who", ["nobody", "#9", "9" * 5000, "#", "#ann"])
def test_who_is_not_there_is_not_kicked(who: str) -> None:
    operator = Operator()
    operator.world.irc("ann")
    assert operator.is_refused("kick", who=who).startswith(f"there is no client {who[:40]}")


def test_the_reason_of_a_kick_is_cut_at_its_bound() -> None:
    operator = Operator(kick_length=5)
    ann = operator.world.irc("ann")
    operator.asks("kick", who="ann", reason="abcdefgh")
    assert ann.farewell is not None
    assert ann.farewell.sentence.endswith(": abcde")
    assert operator.chat.usage.hits["kick_length"] == 1


def test_a_ban_closes_those_inside_and_keeps_others_out_until_it_ends(notes: Notes) -> None:
    operator = Operator()
    world = operator.world
    near, far = world.irc("near", host=ELSEWHERE), world.irc("far", host="198.51.100.1")
    mapped = world.irc("mapped", host="::ffff:192.0.2.9")
    done = operator.asks("ban", network="192.0.2.0/24", seconds=7200, reason="a flood")
    assert done == {
        "done": "192.0.2.0/24 is banned for 2 h; 2 connections closed", "network": "192.0.2.0/24", "closed": 2
    }  # fmt: skip
    for one in (near, mapped):
        assert one.farewell is not None
        assert one.farewell.text == "192.0.2.0/24 is banned for 2 h: a flood; BANNED, retry in 7200 s"
    assert far.farewell is None
    event, fields = notes.last()
    assert (event, str(fields["network"]), fields["seconds"], fields["closed"]) == ("ban", "192.0.2.0/24", 7200, 2)
    (shown,) = operator.asks("bans")["bans"]
    until = world.wall + 7200
    assert shown == {"network": "192.0.2.0/24", "reason": "a flood", "until": until, "left": 7200}
    late = world.arrives(ELSEWHERE)
    late.says("NICK late", "USER late 0 * :Late")
    assert late.client.unwelcome is not None
    assert late.client.unwelcome.reason is Reason.BANNED
    world.wall = until
    assert operator.asks("bans") == {"total": 0, "bans": []}
    assert world.arrives(ELSEWHERE).client.unwelcome is None


def test_a_ban_is_lifted(notes: Notes) -> None:
    operator = Operator()
    operator.asks("ban", network="2001:db8::/64")
    assert operator.asks("bans")["bans"][0]["until"] is None
    within = "there is no ban of 2001:db8::1; it is part of 2001:db8::/64, which is banned"
    assert operator.is_refused("unban", network="2001:db8::1") == within
    assert operator.asks("unban", network="2001:db8::/64")["done"] == "2001:db8::/64 is no longer banned"
    assert notes.last()[0] == "unban"
    assert operator.is_refused("unban", network="2001:db8::/64") == "there is no ban of 2001:db8::/64"


def test_there_are_no_more_bans_than_may_be() -> None:
    operator = Operator(bans=2)
    operator.asks("ban", network="10.0.0.1", seconds=60)
    operator.asks("ban", network="10.0.0.2")
    operator.asks("ban", network="10.0.0.2", reason="again is no new one")
    sentence = "there are 2 bans, the most that may be (bans); lift one first"
    assert operator.is_refused("ban", network="10.0.0.3") == sentence
    assert operator.chat.usage.hits["bans"] == 1
    operator.world.wall += 60
    operator.asks("ban", network="10.0.0.3")


def test_the_server_says_something_to_everybody(notes: Notes) -> None:
    operator = Operator(max_clients=2, queue=1)
    ann, bob, cid = operator.world.irc("ann"), operator.world.plain("bob"), operator.world.irc("cid")
    operator.world.arrives()
    assert operator.asks("say", text="we move at 12:00") == {"done": "3 clients told", "told": 3}
    assert ann.hears() == [f":{SERVER} NOTICE ann :we move at 12:00"]
    assert bob.hears() == ["* we move at 12:00"]
    assert cid.hears() == [f":{SERVER} NOTICE cid :we move at 12:00"]
    assert notes.last() == ("say", {"told": 3})  # not what was said: nobody's words are in the log


def test_what_does_not_fit_on_a_line_is_not_said() -> None:
    operator = Operator()
    ann = operator.world.irc("a" * operator.chat.limits.nick_length)
    most = 510 - len(f":{SERVER} NOTICE {ann.client.nick} :")
    operator.asks("say", text="x" * most)
    assert ann.hears()[0].endswith(f" :{'x' * most}")
    said = operator.is_refused("say", text="é" * most)
    assert said == f"this has {2 * most} bytes, and one line to everybody at most {most}"
    assert ann.hears() == []


# Admissions.


def test_while_paused_nobody_is_seated(notes: Notes) -> None:
    operator = Operator(max_clients=2, queue=5)
    operator.world.irc("ann")
    operator.asks("pause")
    assert notes.last()[0] == "pause"
    bob = operator.world.irc("bob")
    assert bob.is_waiting
    assert operator.asks("status")["paused"]
    assert operator.asks("set", name="max-clients", value="3")["follows"][0] == (
        "nobody was seated, as admissions are paused"
    )
    done = operator.asks("resume")
    assert (done["done"], done["seated"], bob.is_seated) == ("seats are given out; 1 was seated", 1, True)
    assert notes.last() == ("resume", {"seated": 1})


def test_a_drain_is_told_once_and_ends_all_changes(notes: Notes) -> None:
    operator = Operator(max_clients=1)
    operator.world.irc("ann")
    bob = operator.world.irc("bob")
    assert "it ends when all have hung up, or in 5 s" in operator.asks("drain")["done"]
    assert notes.last()[0] == "drain"
    assert bob.farewell is not None
    assert bob.farewell.reason is Reason.DRAINING
    assert operator.is_refused("drain") == "the server is draining already; SIGTERM ends it at once"
    applied = operator.server.applied
    for verb, arguments in (
        ("set", {"name": "queue", "value": "7"}), ("reset", {"name": "queue"}), ("reload", {}), ("pause", {}),
        ("resume", {}),
    ):  # fmt: skip
        assert "the server is draining, and nothing is changed any more" in operator.is_refused(verb, **arguments)
    assert operator.server.applied == applied
    assert operator.asks("status")["draining"]


# Rooms.


def test_the_operator_sets_the_modes_of_the_default_room(notes: Notes) -> None:
    operator = Operator()
    ann, bob = operator.world.irc("ann", LOBBY), operator.world.plain("bob")
    operator.world.hush()
    done = operator.asks("mode", room="#LOBBY", changes=["+mt-n+v", "ann"])
    assert done == {"done": "#lobby: +mt-n+v ann was changed", "room": LOBBY, "modes": ["+m", "+t", "-n", "+v"]}
    assert ann.hears() == [f":{SERVER} MODE {LOBBY} +mt-n+v ann"]
    assert bob.hears() == [f"* {SERVER} set +mt-n+v ann"]
    assert notes.last() == ("mode", {"room": LOBBY, "changed": "+mt-n+v ann"})
    assert bob.says("hello") != []  # it is told that it may not
    assert ann.hears() == []
    assert operator.asks("mode", room=LOBBY, changes=["+m"])["done"] == "#lobby: nothing was changed"
    assert ann.hears() == []


def test_the_operator_closes_the_default_room_to_whom_it_bans() -> None:
    operator = Operator()
    operator.asks("mode", room=LOBBY, changes=["+bb", "eve", "*@192.0.2.*"])
    eve, ann = operator.world.irc("eve"), operator.world.irc("ann")
    assert " 474 " in eve.says(f"JOIN {LOBBY}")[0]
    assert ann.says(f"MODE {LOBBY} b")[0] == f":{SERVER} 367 ann {LOBBY} eve!*@* {SERVER} 1700000000"
    assert operator.is_refused("mode", room=LOBBY, changes=["+b"]) == "+b needs a parameter"


@pytest.mark.parametrize(
    ("room", "changes", "sentence"),
    [
        ("#nowhere", ["+m"], "there is no room #nowhere"),
        (LOBBY, ["+mX"], "there is no mode 'X'; there are I, b, e, i, k, l, m, n, o, s, t, v"),
        (LOBBY, ["+mk"], "+k needs a parameter"),
        (LOBBY, ["+mntsmnt"], "these are more than 6 changes at once (mode-changes)"),
        (LOBBY, ["+k", "a b"], "#lobby k *: A key has no space and no comma, and at most 23 characters (key-length); "
                               "nothing was changed"),
        (LOBBY, ["+o", "nobody"], "nobody: No such nick or room; nothing was changed"),
    ],
)  # fmt: skip
def test_modes_that_are_wrong_change_nothing(room: str, changes: list[str], sentence: str) -> None:
    operator = Operator()
    ann = operator.world.irc("ann", LOBBY)
    assert operator.is_refused("mode", room=room, changes=changes) == sentence
    assert ann.hears() == []
    assert operator.chat.default_room.modes == {"n": ""}


def test_what_was_made_before_a_mode_that_is_wrong_is_told() -> None:
    operator = Operator()
    ann = operator.world.irc("ann", LOBBY)
    assert operator.is_refused("mode", room=LOBBY, changes=["+mo", "bob"]).endswith("; +m was changed")
    assert ann.hears() == [f":{SERVER} MODE {LOBBY} +m"]
    said = operator.is_refused("mode", room=LOBBY, changes=["+lot", "no", "bob"])
    assert said == f"{LOBBY} l no: A limit is a number of members; bob: No such nick or room; +t was changed"
