"""Rooms as members and outsiders find them: joining, topics, names, keys, limits, secrets, and who may change what."""

import pytest
from chat_harness import LOBBY, SERVER, Person, World, commands
from hypothesis import given
from hypothesis import strategies as st
from properties import tries

from chatd.commands.room_modes import ROOM_MODES, parse_changes
from chatd.protocol import irc

ANN = ":ann!ann@127.0.0.1"


def three(*rooms: str) -> tuple[World, Person, Person, Person]:
    """ann, who is operator of the rooms; bob, who is in them; cid, who is not."""
    world = World()
    ann, bob, cid = world.irc("ann", *rooms), world.irc("bob", *rooms), world.irc("cid")
    world.hush()
    return world, ann, bob, cid


# Joining and parting.


def test_who_joins_is_told_the_topic_and_who_is_there() -> None:
    _, ann, _, cid = three("#a")
    ann.says("TOPIC #a :tea")
    assert cid.says("JOIN #A") == [
        ":cid!cid@127.0.0.1 JOIN #a",
        f":{SERVER} 332 cid #a :tea",
        f":{SERVER} 333 cid #a ann!ann@127.0.0.1 1700000000",
        f":{SERVER} 353 cid = #a :@ann bob cid",
        f":{SERVER} 366 cid #a :End of NAMES list",
    ]


def test_the_others_see_who_joins_and_who_parts() -> None:
    _, ann, bob, cid = three("#a")
    cid.says("JOIN #a")
    assert ann.hears() == bob.hears() == [":cid!cid@127.0.0.1 JOIN #a"]
    assert cid.says("PART #a :bye all") == [":cid!cid@127.0.0.1 PART #a :bye all"]
    assert ann.hears() == [":cid!cid@127.0.0.1 PART #a :bye all"]


def test_the_creator_is_operator_and_the_next_one_is_not() -> None:
    world, ann, bob, _ = three("#a")
    room = world.chat.room("#a")
    assert room is not None
    assert [room.prefix(person.client) for person in (ann, bob)] == ["@", ""]


def test_nobody_is_operator_of_the_default_room_not_even_its_first_visitor() -> None:
    world = World()
    ann = world.irc("ann", LOBBY)
    assert world.chat.default_room.prefix(ann.client) == ""
    assert commands(ann.says(f"MODE {LOBBY} +s")) == ["482"]
    assert commands(ann.says(f"TOPIC {LOBBY} :hi")) == ["TOPIC"], "so that its topic is everybody's"
    ann.says(f"PART {LOBBY}", f"JOIN {LOBBY}")
    assert world.chat.default_room.prefix(ann.client) == ""


def test_a_room_ends_with_its_last_member_and_the_default_one_never() -> None:
    world, ann, bob, _ = three("#a", LOBBY)
    ann.says("MODE #a +k key", "TOPIC #a :tea")
    ann.says("JOIN 0")
    bob.leaves()
    assert world.chat.room("#a") is None
    assert world.chat.room(LOBBY) is world.chat.default_room
    heard = ann.says("JOIN #a")
    assert commands(heard) == ["JOIN", "353", "366"]
    assert "@ann" in heard[1]


def test_to_join_nothing_is_to_leave_everything() -> None:
    _, ann, bob, _ = three("#a", "#b")
    assert sorted(ann.says("JOIN 0")) == [f"{ANN} PART #a", f"{ANN} PART #b"]
    assert sorted(bob.hears()) == [f"{ANN} PART #a", f"{ANN} PART #b"]


def test_keys_belong_to_the_rooms_at_their_place() -> None:
    world = World()
    ann, bob = world.irc("ann", "#a", "#b", "#c"), world.irc("bob")
    ann.says("MODE #a +k ka", "MODE #c +k kc")
    heard = bob.says("JOIN #a,,#b,#c ka,x,y,kc")
    assert commands(heard).count("JOIN") == 3
    bob.says("JOIN 0")
    heard = bob.says("JOIN #c,#a ka,kc")
    assert commands(heard) == ["475", "475"]


def test_more_keys_than_rooms_do_no_harm() -> None:
    ann = World().irc("ann")
    assert commands(ann.says("JOIN #a k1,k2,k3,k4")) == ["JOIN", "353", "366"]


@pytest.mark.parametrize("count", [20, 21, 60])
def test_a_long_list_is_joined_up_to_the_limit_and_one_is_told(count: int) -> None:
    world = World()
    ann = world.irc("ann")
    heard = commands(ann.says("JOIN " + ",".join(f"#{number}" for number in range(count))))
    assert heard.count("JOIN") == min(count, 20) == len(ann.client.rooms)
    assert ("405" in heard) is (count > 20)
    assert "403" not in heard


def test_there_are_so_many_rooms_and_no_more() -> None:
    world = World(max_rooms=3)
    ann, bob = world.irc("ann", "#a", "#b"), world.irc("bob")
    (line,) = bob.says("JOIN #c")
    assert irc.parse(line).command == "403"
    assert "3 rooms" in line
    assert "(max-rooms)" in line
    assert commands(bob.says("JOIN #a"))[0] == "JOIN"
    ann.says("PART #b")
    assert commands(bob.says("JOIN #c"))[0] == "JOIN"


def test_a_room_that_could_not_be_entered_is_not_made() -> None:
    world = World(rooms_per_client=1)
    ann = world.irc("ann", "#a")
    ann.says("JOIN #b")
    assert world.chat.room("#b") is None
    assert world.chat.room_count == 2


# What is shown.


def test_all_names_are_told_in_lines_that_fit() -> None:
    world = World(max_clients=100)
    nicks = [f"{'n' * 26}{number:04d}" for number in range(60)]
    people = [world.irc(nick, "#" + "r" * 49) for nick in nicks]
    shown: list[str] = []
    for line in people[5].says("NAMES #" + "r" * 49):
        message = irc.parse(line)
        if message.command == "353":
            shown += message.params[-1].split()
    assert [name.lstrip("@") for name in shown] == nicks


def test_multi_prefix_shows_all_prefixes() -> None:
    world = World()
    ann = world.irc("ann", "#a", caps="multi-prefix")
    bob = world.irc("bob", "#a")
    ann.says("MODE #a +v ann")
    assert "@+ann" in ann.says("NAMES #a")[0]
    bob.hears()
    assert "@ann" in bob.says("NAMES #a")[0]


def test_a_secret_room_is_not_there_for_outsiders() -> None:
    _, ann, bob, cid = three("#s")
    ann.says("MODE #s +s", "TOPIC #s :tea")
    bob.hears()
    assert "#s" in str(bob.says("LIST"))
    assert "#s" not in str(cid.says("LIST"))
    assert "#s" not in str(cid.says("LIST #s"))
    for line in ("NAMES #s", "TOPIC #s", "WHO #s", "MODE #s", "PART #s", "PRIVMSG #s :hi", "TOPIC #s :x", "MODE #s +b"):
        secret = cid.says(line)
        missing = cid.says(line.replace("#s", "#x"))
        assert [text.replace("#s", "#x") for text in secret] == missing, line


def test_a_topic_is_set_read_and_removed() -> None:
    _, ann, bob, _ = three("#a")
    assert ann.says("TOPIC #a ::-) tea") == [f"{ANN} TOPIC #a ::-) tea"] == bob.hears()
    assert commands(bob.says("TOPIC #a")) == ["332", "333"]
    assert commands(bob.says("TOPIC #a :coffee")) == ["482"]
    ann.says("MODE #a -t")
    bob.hears()
    assert commands(bob.says("TOPIC #a :coffee")) == ["TOPIC"]
    assert ann.says("TOPIC #a :")[-1] == f"{ANN} TOPIC #a :"
    assert commands(ann.says("TOPIC #a")) == ["331"]


# Modes.


def test_a_change_is_told_once_with_its_parameters_in_order() -> None:
    _, ann, bob, _ = three("#a")
    assert ann.says("MODE #a +mlk-t+v 5 key BOB") == [f"{ANN} MODE #a +mlk-t+v 5 key bob"]
    assert bob.hears() == [f"{ANN} MODE #a +mlk-t+v 5 key bob"]


def test_what_changes_nothing_is_not_told() -> None:
    _, ann, bob, _ = three("#a")
    assert ann.says("MODE #a +nt-mk+o-v x ann bob") == []
    assert bob.hears() == []
    assert ann.says("MODE #a +lk 5 key") == [f"{ANN} MODE #a +lk 5 key"]
    assert ann.says("MODE #a +lk 05 key") == []


def test_a_wrong_change_does_not_stop_the_others() -> None:
    _, ann, bob, _ = three("#a")
    heard = ann.says("MODE #a +xmov nobody bob")
    assert commands(heard) == ["472", "401", "MODE"]
    assert bob.hears() == [f"{ANN} MODE #a +mv bob"]


def test_the_modes_that_are_set_are_told_the_key_to_members_only() -> None:
    _, ann, bob, cid = three("#a")
    ann.says("MODE #a +lk 7 key")
    bob.hears()
    assert bob.says("MODE #a")[0] == f":{SERVER} 324 bob #a +klnt key 7"
    assert cid.says("MODE #a")[0] == f":{SERVER} 324 cid #a +klnt * 7"
    assert bob.says("MODE #a")[1] == f":{SERVER} 329 bob #a 1700000000"


def test_a_key_keeps_out_who_does_not_know_it() -> None:
    _, ann, bob, cid = three("#a")
    ann.says("MODE #a +k Key")
    for line in ("JOIN #a", "JOIN #a key", "JOIN #a :", "JOIN #a Key2"):
        assert commands(cid.says(line)) == ["475"], line
    assert commands(cid.says("JOIN #a Key"))[0] == "JOIN"
    bob.hears()
    ann.says("MODE #a -k wrong")
    assert bob.hears() == [f"{ANN} MODE #a -k *"]
    cid.says("PART #a")
    assert commands(cid.says("JOIN #a"))[0] == "JOIN"


def test_a_full_room_keeps_out_the_next_one() -> None:
    _, ann, _, cid = three("#a")
    ann.says("MODE #a +l 2")
    assert commands(cid.says("JOIN #a")) == ["471"]
    ann.says("MODE #a +l 3")
    assert commands(cid.says("JOIN #a"))[0] == "JOIN"
    ann.says("MODE #a +l 1")
    assert commands(cid.says("PRIVMSG #a :still here")) == ["MODE"], "to lower a limit sends nobody out"
    cid.hears()
    ann.says("MODE #a -l")
    assert cid.hears() == [f"{ANN} MODE #a -l"]


def test_in_a_moderated_room_operators_and_voices_speak() -> None:
    _, ann, bob, _ = three("#a")
    ann.says("MODE #a +m")
    bob.hears()
    (line,) = bob.says("PRIVMSG #a :hi")
    assert irc.parse(line).command == "404"
    assert ann.says("PRIVMSG #a :hi") == []
    ann.says("MODE #a +v bob")
    bob.hears()
    assert bob.says("PRIVMSG #a :hi") == []
    assert bob.says("NOTICE #a :hi") == []


def test_from_outside_one_speaks_where_it_is_allowed() -> None:
    _, ann, bob, cid = three("#a")
    assert commands(cid.says("PRIVMSG #a :hi")) == ["404"]
    assert cid.says("NOTICE #a :hi") == []
    assert bob.hears() == []
    ann.says("MODE #a -n")
    bob.hears()
    assert cid.says("PRIVMSG #a :hi") == []
    assert bob.hears() == [":cid!cid@127.0.0.1 PRIVMSG #a :hi"]


def test_an_operator_makes_another_and_may_step_down() -> None:
    _, ann, bob, cid = three("#a")
    assert commands(bob.says("MODE #a +o bob")) == ["482"]
    assert ann.says("MODE #a +o-o-t bob ann") == [f"{ANN} MODE #a +o-ot bob ann"], "all of the line, as one"
    assert commands(ann.says("MODE #a +m")) == ["482"]
    bob.hears()
    assert commands(bob.says("MODE #a +m")) == ["MODE"]
    assert commands(cid.says("MODE #a +m")) == ["482"], "one who is not even in it"


def test_an_operator_who_comes_back_is_none() -> None:
    _, ann, bob, _ = three("#a")
    ann.says("PART #a", "JOIN #a")
    assert commands(ann.says("MODE #a +m")) == ["482"]
    assert commands(bob.says("MODE #a +m"))[-1] == "482"


def test_a_change_fits_one_line_so_that_all_see_what_was_made() -> None:
    """With the longest names of all: a line that is cut would tell of another change."""
    longest = {"nick_length": 50, "user_length": 20, "room_length": 64, "key_length": 50}
    world = World((), longest, max_clients=30)
    room = "#" + "r" * 63
    host = "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255"
    operator = world.irc("o" * 50, room, host=host)
    nicks = [chr(ord("a") + number) * 50 for number in range(8)]
    people = [world.irc(nick, room) for nick in nicks]
    world.hush()
    told = operator.says(f"MODE {room} +{'v' * 8} {' '.join(nicks)}")
    made = {nick for line in told for nick in irc.parse(line).params[2:]}
    found = world.chat.room(room)
    assert found is not None
    assert made == {person.client.nick for person in people if found.has_flag(person.client, "v")}
    assert made
    told = operator.says(f"MODE {room} {'+t-t' * 100}")
    assert all(len(irc.parse(line).params[1]) < 30 for line in told)


def test_as_many_changes_are_made_as_modes_says() -> None:
    world = World()
    ann = world.irc("ann", "#a")
    most = world.chat.limits.mode_changes
    (line,) = ann.says("MODE #a " + "-t+t" * most)
    assert len(irc.parse(line).params[1].replace("+", "").replace("-", "")) == most


@tries(200)
@given(
    st.text(st.sampled_from("+-ovklmnstbxé"), max_size=12), st.lists(st.sampled_from(["bob", "5", "key"]), max_size=5)
)
def test_letters_and_parameters_are_matched_as_the_table_of_modes_says(letters: str, parameters: list[str]) -> None:
    left = list(parameters)
    on = True
    expected = []
    for letter in letters:
        if letter in "+-":
            on = letter == "+"
            continue
        takes = letter in "ovkb" or (letter == "l" and on)
        expected.append((on, letter, left.pop(0) if takes and left else None))
    made = [(change.on, change.letter, change.parameter) for change in parse_changes([letters, *parameters])]
    assert made == expected
    assert all(ROOM_MODES[letter].takes_parameter(True) for letter in "ovkl")


# Names from all over the world.


@pytest.mark.parametrize("name", ["#é", "#😀", "#日本語", "#a:b", "#a!b@c", "##", "#%s{0}"])
def test_a_room_of_any_name_works(name: str) -> None:
    world = World()
    ann, bob = world.irc("ann"), world.irc("bob")
    assert commands(ann.says(f"JOIN {name}")) == ["JOIN", "353", "366"]
    bob.says(f"JOIN {name}")
    ann.hears()
    assert bob.says(f"PRIVMSG {name} :hi") == []
    assert ann.hears() == [f":bob!bob@127.0.0.1 PRIVMSG {name} :hi"]
    assert commands(ann.says(f"PART {name}")) == ["PART"]


@pytest.mark.parametrize("name", ["#a\u202eb", "#\u2028", "#\ufeff", "#a\u200b"])
def test_a_room_whose_name_would_not_be_seen_as_it_is_cannot_be(name: str) -> None:
    (line,) = World().irc("ann").says(f"JOIN {name}")
    assert irc.parse(line).command == "403"
    assert "can be seen" in line


def test_only_ascii_letters_are_the_same_in_both_cases() -> None:
    world = World()
    ann = world.irc("ann", "#Éa")
    ann.says("JOIN #ÉA")
    assert len(ann.client.rooms) == 1
    ann.says("JOIN #éa")
    assert len(ann.client.rooms) == 2
