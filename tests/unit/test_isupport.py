"""What the server says that it can do (RPL_ISUPPORT, RPL_MYINFO) is what it does, token by token.

Some are held against it where their subject is: `HELD` names the test of each.
"""

from collections.abc import Callable

import pytest
import test_conformance_history
import test_conformance_looking
import test_conformance_monitor
import test_conformance_server
import test_rooms_and_modes
from chat_harness import SERVER, World, commands

from chatd.commands import welcome
from chatd.commands.room_modes import ROOM_MODES
from chatd.protocol import irc
from chatd.room import PREFIXES


def tokens(world: World) -> dict[str, str]:
    pairs = (token.partition("=") for token in welcome.isupport(world.chat))
    return {name: value for name, _, value in pairs}


def test_isupport_tokens_are_words_that_fit_their_lines() -> None:
    world = World(max_clients=999_999_999, queue=0)
    ann = world.arrives()
    lines = [line for line in ann.says("NICK " + "a" * 30, "USER a 0 * :a") if " 005 " in line]
    told = [token for line in lines for token in irc.parse(line).params[1:-1]]
    assert told == welcome.isupport(world.chat)
    assert all(len(irc.parse(line).params) <= 15 for line in lines)
    assert all(line.endswith(":are supported by this server") for line in lines)


def test_nicklen_is_true() -> None:
    world = World(nick_length=12)
    longest = int(tokens(world)["NICKLEN"])
    ann = world.irc("ann")
    assert commands(ann.says("NICK " + "n" * longest)) == ["NICK"]
    (line,) = ann.says("NICK " + "m" * (longest + 1))
    assert irc.parse(line).command == "432"
    assert "at most 12" in line


@pytest.mark.parametrize(
    ("token", "line", "field"),
    [
        ("NAMELEN", "SETNAME :{}", "realname"), ("TOPICLEN", "TOPIC #a :{}", "topic"), ("AWAYLEN", "AWAY :{}", "away"),
        ("USERLEN", "", "user"),
    ],
)  # fmt: skip
def test_the_lengths_of_texts_are_true(token: str, line: str, field: str) -> None:
    world = World()
    longest = int(tokens(world)[token])
    ann = world.irc("ann", "#a")
    if line:
        ann.says(line.format("x" * (longest + 50)))
    else:
        ann = world.arrives()
        ann.says("NICK eve", f"USER {'x' * (longest + 50)} 0 * :x")
    room = world.chat.room("#a")
    assert room is not None
    kept = getattr(room if field == "topic" else ann.client, field)
    assert kept == "x" * longest


def test_channellen_chantypes_and_chanlimit_are_true() -> None:
    world = World(rooms_per_client=3, room_length=12)
    ann = world.irc("ann")
    longest = int(tokens(world)["CHANNELLEN"])
    assert tokens(world)["CHANTYPES"] == "#"
    assert commands(ann.says("JOIN #" + "x" * (longest - 1)))[0] == "JOIN"
    (line,) = ann.says("JOIN #" + "y" * longest)
    assert irc.parse(line).command == "403"
    assert f"{longest} bytes" in line
    assert commands(ann.says("JOIN &local")) == ["403"]
    types, _, most = tokens(world)["CHANLIMIT"].partition(":")
    assert (types, most) == ("#", "3")
    heard = ann.says("JOIN #2,#3,#4")
    assert commands(heard).count("JOIN") == 2
    assert commands(heard)[-1] == "405"
    assert "3 rooms" in heard[-1]
    assert "(rooms-per-client)" in heard[-1]


def test_keylen_is_true_in_characters() -> None:
    world = World()
    longest = int(tokens(world)["KEYLEN"])
    ann, bob = world.irc("ann", "#a"), world.irc("bob")
    for letter in "ké":
        assert commands(ann.says(f"MODE #a +k {letter * longest}")) == ["MODE"]
        assert commands(bob.says(f"JOIN #a {letter * longest}"))[0] == "JOIN"
        bob.says("PART #a")
        ann.hears()
    (line,) = ann.says("MODE #a +k " + "k" * (longest + 1))
    assert irc.parse(line).command == "696"


def test_targmax_is_true() -> None:
    world = World()
    ann = world.irc("ann", caps="message-tags")
    pairs = dict(pair.split(":") for pair in tokens(world)["TARGMAX"].split(","))
    for name, most in pairs.items():
        if name in ("KICK", "LIST"):
            continue  # below
        nicks = [f"{name.lower()}{number}" for number in range(int(most) + 1)]
        people = [world.irc(nick, f"#{nick}", caps="message-tags") for nick in nicks]
        if name == "NAMES":
            rooms = [f"#{nick}" for nick in nicks]
            assert commands(ann.says(f"NAMES {','.join(rooms[:-1])}")).count("353") == int(most)
            assert commands(ann.says(f"NAMES {','.join(rooms)}")) == ["407"]
            continue
        assert ann.says(f"{name} {','.join(nicks[:-1])} :x") == []
        assert [commands(person.hears()) for person in people] == [[name]] * int(most) + [[]]
        assert commands(ann.says(f"{name} {','.join(nicks)} :x")) == ([] if name == "NOTICE" else ["407"])
        assert not any(person.hears() for person in people)


def test_prefix_chanmodes_and_myinfo_are_true() -> None:
    world = World()
    assert tokens(world)["PREFIX"] == f"({''.join(PREFIXES)}){''.join(PREFIXES.values())}" == "(ov)@+"
    lists, always, when_set, never = tokens(world)["CHANMODES"].split(",")
    assert lists == "beI"
    assert tokens(world)["MAXLIST"] == f"beI:{world.chat.limits.room_masks}"
    assert (tokens(world)["EXCEPTS"], tokens(world)["INVEX"]) == ("e", "I")
    for letter in lists + always + when_set + never:
        assert ROOM_MODES[letter].takes_parameter(True) is (letter not in never)
        assert ROOM_MODES[letter].takes_parameter(False) is (letter in lists + always)
    assert set(ROOM_MODES) == set(lists + always + when_set + never) | set(PREFIXES)
    ann = world.arrives()
    heard = ann.says("NICK ann", "USER a 0 * :a")
    assert irc.parse(heard[3]).params[3:] == ["Bi", "Ibeiklmnostv", "Ibeklov"]


def test_the_cap_and_the_name_are_told() -> None:
    world = World(max_clients=7)
    assert tokens(world)["CHATD.MAXCLIENTS"] == "7"
    assert tokens(world)["NETWORK"] == SERVER
    assert tokens(world)["CASEMAPPING"] == "ascii"
    assert "UTF8ONLY" in tokens(world)


def test_lists_bots_and_kicks_are_as_isupport_says() -> None:
    world = World(room_masks=3, kick_length=10, targets=2)
    told = tokens(world)
    ann = world.irc("ann", "#a")
    world.irc("bob", "#a")
    letters, _, most = told["MAXLIST"].partition(":")
    assert letters == told["CHANMODES"].partition(",")[0]
    assert {told["EXCEPTS"], told["INVEX"]} < set(letters)
    masks = [f"m{number}" for number in range(int(most) + 1)]
    lines = [f"MODE #a +{letter} {mask}" for letter, mask in zip(f"{letters}b", masks, strict=True)]
    assert commands(ann.says(*lines)) == [*["MODE"] * int(most), "478"]
    assert commands(ann.says(f"MODE ann +{told['BOT']}")) == ["MODE"]
    limits = {name: int(limit) for name, limit in (pair.split(":") for pair in told["TARGMAX"].split(","))}
    assert commands(ann.says("KICK #a " + ",".join("x" * (limits["KICK"] + 1)))) == ["407"]
    assert commands(ann.says("LIST " + ",".join("x" * (limits["LIST"] + 1)))) == ["407"]
    (line,) = ann.says("KICK #a bob :" + "é" * 10)
    assert len(line.partition(" :")[2].encode()) == int(told["KICKLEN"])


def test_what_is_said_to_a_status_of_isupport_reaches_those_who_have_it() -> None:
    world = World()
    ann, bob, cid = (world.irc(nick, "#a") for nick in ("ann", "bob", "cid"))
    assert set(tokens(world)["STATUSMSG"]) == set(PREFIXES.values())
    for letter, status in PREFIXES.items():
        ann.says(f"MODE #a +{letter} bob")
        world.hush()
        lines = [f"NOTICE {status}#a :x", f"PRIVMSG {status}#a :y"]
        assert ann.says(*lines) == []
        assert bob.hears() == [f":ann!ann@127.0.0.1 {line}" for line in lines]
        assert cid.hears() == []
        ann.says(f"MODE #a -{letter} bob")


HELD: dict[str, Callable[..., object]] = {
    "AWAYLEN": test_the_lengths_of_texts_are_true,
    "BOT": test_lists_bots_and_kicks_are_as_isupport_says,
    "CASEMAPPING": test_conformance_server.test_the_server_behaves_as_its_source_says,
    "CHANLIMIT": test_channellen_chantypes_and_chanlimit_are_true,
    "CHANMODES": test_prefix_chanmodes_and_myinfo_are_true,
    "CHANNELLEN": test_channellen_chantypes_and_chanlimit_are_true,
    "CHANTYPES": test_channellen_chantypes_and_chanlimit_are_true,
    "CHATD.MAXCLIENTS": test_the_cap_and_the_name_are_told,
    "CHATHISTORY": test_conformance_history.test_the_last_is_shown_and_no_more_than_isupport_says,
    "ELIST": test_conformance_looking.test_looking_around_is_answered_as_its_source_says,
    "EXCEPTS": test_lists_bots_and_kicks_are_as_isupport_says,
    "INVEX": test_lists_bots_and_kicks_are_as_isupport_says,
    "KEYLEN": test_keylen_is_true_in_characters,
    "KICKLEN": test_lists_bots_and_kicks_are_as_isupport_says,
    "MAXLIST": test_lists_bots_and_kicks_are_as_isupport_says,
    "MODES": test_rooms_and_modes.test_as_many_changes_are_made_as_modes_says,
    "MONITOR": test_conformance_monitor.test_many_names_are_told_on_as_many_lines_as_they_take,
    "MSGREFTYPES": test_conformance_history.test_the_last_is_shown_and_no_more_than_isupport_says,
    "NAMELEN": test_the_lengths_of_texts_are_true,
    "NETWORK": test_the_cap_and_the_name_are_told,
    "NICKLEN": test_nicklen_is_true,
    "PREFIX": test_prefix_chanmodes_and_myinfo_are_true,
    "STATUSMSG": test_what_is_said_to_a_status_of_isupport_reaches_those_who_have_it,
    "TARGMAX": test_targmax_is_true,
    "TOPICLEN": test_the_lengths_of_texts_are_true,
    "USERLEN": test_the_lengths_of_texts_are_true,
    "UTF8ONLY": test_conformance_server.test_what_is_not_utf8_is_refused_with_its_command,
    "WHOX": test_conformance_monitor.test_one_knows_who_is_here,
}


def test_no_token_of_isupport_is_without_its_test() -> None:
    assert set(tokens(World())) == set(HELD)
