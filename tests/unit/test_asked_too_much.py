"""Who asks for much, or may not be heard: what an attacker tried, and how it ends."""

import pytest
from chat_harness import LOBBY, SERVER, Unread, World, commands
from desk_harness import Operator

from chatd.protocol import irc


@pytest.mark.parametrize(
    ("line", "ends"),
    [
        ("MOTD", ["416", "376"]), ("INVITE", ["416", "337"]), ("MONITOR L", ["416", "733"]),
        ("MODE #a b", ["416", "368"]),
    ],
)
def test_an_answer_of_any_kind_ends_before_its_reader_is_closed_for_it(line: str, ends: list[str]) -> None:
    world = World(
        motd=tuple(["x" * 200] * 20), outbox=1_000, room_masks=60, invitations=60, monitors=60, mode_changes=60,
        targets=60, rooms_per_client=60, max_rooms=99,
    )  # fmt: skip
    ann, bob = world.irc("ann", "#a"), world.irc("bob")
    for number in range(50):
        ann.says(f"MODE #a +b mask{number}", f"JOIN #room{number}", f"INVITE bob #room{number}")
        for person in (ann, bob):
            person.says(f"MONITOR + somebody-of-a-long-name{number}")
    for person in (ann, bob):
        person.hears()
    asks = bob if line == "INVITE" else ann
    asks.wire = asks.client.outbox = Unread()
    assert commands(asks.says(line))[-2:] == ends
    assert asks.farewell is None


def test_who_is_banned_is_not_heard_by_other_means() -> None:
    world = World()
    ann, bob = world.irc("ann", "#a"), world.irc("bob", "#a")
    cid = world.irc("cid")
    ann.says("MODE #a -t+b bob")
    ann.hears()
    bob.hears()
    assert commands(bob.says("NICK loud", "TOPIC #a :loud", "INVITE cid #a")) == ["435", "404", "404"]
    assert cid.hears() == []
    assert ann.hears() == []
    bob.says("PART #a :loud")
    assert ann.hears() == [":bob!bob@127.0.0.1 PART #a"]
    assert commands(bob.says("NICK quiet")) == ["NICK"]


def test_who_may_not_speak_takes_leave_without_words() -> None:
    world = World()
    ann, bob = world.irc("ann", "#a"), world.irc("bob", "#a")
    ann.says("MODE #a +m")
    ann.hears()
    bob.says("PART #a :loud")
    assert ann.hears() == [":bob!bob@127.0.0.1 PART #a"]


def test_a_key_that_is_too_long_is_not_cut_into_one_that_fits() -> None:
    world = World(max_clients=2)
    ann, seated = world.irc("ann", "#a"), world.irc("seated")
    ann.says(f"MODE #a +k {'k' * 23}")
    bob = world.irc("bob")
    bob.says(f"JOIN #a {'k' * 23}wrong")
    seated.says("QUIT")
    assert commands(bob.hears()) == ["NOTICE", "475"]


def test_a_room_s_status_is_named_once_to_its_readers() -> None:
    world = World()
    ann, bob = world.irc("ann", "#a"), world.irc("bob", "#a")
    ann.says("MODE #a +v bob")
    bob.hears()
    ann.says("PRIVMSG @+@@+#a :hi")
    assert bob.hears() == [":ann!ann@127.0.0.1 PRIVMSG +#a :hi"]


def test_history_of_which_nothing_fits_is_not_announced() -> None:
    world = World(outbox_pause=1)
    world.irc("ann", LOBBY).says(f"PRIVMSG {LOBBY} :hi")
    bob = world.irc("bob", caps="server-time batch")
    assert commands(bob.says(f"JOIN {LOBBY}")) == ["JOIN", "353", "366"]


def test_who_could_not_come_in_does_not_see_who_is_there() -> None:
    operator = Operator()
    world = operator.world
    ann = world.irc("ann", LOBBY)
    ann.says("MODE ann +i")
    operator.asks("mode", room=LOBBY, changes=["+i"])
    bob = world.arrives()
    bob.be_plain()
    bob.says("/nick bob")
    assert not any("ann" in line for line in bob.says("/who"))


def test_who_is_in_no_room_is_written_to_all_the_same() -> None:
    operator = Operator()
    world = operator.world
    ann = world.irc("ann")
    operator.asks("mode", room=LOBBY, changes=["+i"])
    bob = world.arrives()
    bob.be_plain()
    bob.says("/nick bob")
    world.wall += 500
    ann.says("PRIVMSG bob :psst")
    time, said = bob.hears()
    assert time.endswith(" UTC")
    assert said == "<ann -> you> psst"


def test_a_room_of_one_s_own_is_enough_to_go_into_another() -> None:
    world = World(rooms_per_client=1)
    bob = world.arrives()
    bob.be_plain()
    bob.says("/nick bob")
    assert bob.says("/join #tea")[0] == "* You are in #tea: nobody else is here."


def test_who_was_away_in_line_is_seen_to_be_when_it_comes() -> None:
    world = World(max_clients=2)
    ann, seated = world.irc("ann", caps="extended-monitor away-notify"), world.irc("seated")
    ann.says("MONITOR + bob")
    world.irc("bob").says("AWAY :tea")
    ann.hears()
    seated.says("QUIT")
    assert ann.hears() == [f":{SERVER} 730 * :bob!bob@127.0.0.1", ":bob!bob@127.0.0.1 AWAY :tea"]


def test_an_error_that_names_targets_keeps_its_sentence() -> None:
    world = World(targets=2)
    ann = world.irc("ann")
    (line,) = ann.says(f"PRIVMSG {','.join(character * 30 for character in '😀😃😄')} :x")
    assert irc.parse(line).params[-1] == "At most 2 targets (targets); nothing was done"
