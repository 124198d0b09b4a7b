"""The way in and out, without a socket: seats, the line, and what those in it are told."""

import pytest
from chat_harness import LOBBY, SERVER, Person, World, commands

from chatd import door, gate
from chatd.protocol import irc
from chatd.protocol.farewell import Reason


def full(seats: int = 1, places: int = 3, **bounds: float) -> tuple[World, list[Person]]:
    """All seats are taken, by irc clients that are in the default room."""
    world = World((), bounds, max_clients=seats, queue=places)
    return world, [world.irc(f"seat{number}", LOBBY) for number in range(1, seats + 1)]


# The line.


def test_who_waits_is_registered_at_once_and_told_its_place() -> None:
    world, _ = full()
    ann = world.arrives()
    heard = ann.says("NICK ann", "USER ann 0 * :Ann")
    assert commands(heard)[0] == "001"
    assert commands(heard)[-2:] == ["422", "NOTICE"]
    assert heard[-1] == f":{SERVER} NOTICE ann :You are 1st of 1 in line. Stay connected."
    assert ann.is_waiting


def test_a_program_is_told_in_a_note_that_it_can_read() -> None:
    world, _ = full()
    ann = world.arrives()
    heard = ann.says("CAP REQ :standard-replies", "NICK ann", "USER ann 0 * :Ann", "CAP END")
    assert heard[-1].startswith(f":{SERVER} NOTE * QUEUED 1 1 * :")
    assert heard[-2] == f":{SERVER} NOTE * OCCUPANCY 1 1 0 :1 of 1 seats are taken, 0 waiting." or (
        heard[-2].startswith(f":{SERVER} NOTE * OCCUPANCY 1 1 1 :")
    )


def test_a_person_in_line_is_told_so_and_its_line_was_not_delivered() -> None:
    world, (seated,) = full()
    person = world.arrives()
    person.be_plain()
    heard = person.says("hello")
    assert "* Not delivered: hello" in heard
    assert any(line.startswith("* You are 1st of 1 in line") for line in heard)
    assert seated.hears() == []
    person.hears()
    assert person.says("") == ["* You are 1st of 1 in line. Stay connected."]
    assert person.says("/me waves")[0] == "* Not delivered: waves"


ANSWERED_WITH_THE_PLACE = [
    "NOTICE seat1 :hi",
    "PRIVMSG",
    "WHO",
    "WHOIS seat1",
    "NAMES #lobby",
    "LIST",
    "TOPIC #lobby",
    "MODE #lobby",
    "MODE seat1 +i",
    "USER a 0 * :x",
    "ISON seat1",
    "TAGMSG seat1",
    "SAY",
    "SAY hi",
    "VERSION",
    "TIME",
    "NONSENSE",
    "PASS x",
    "",
]


@pytest.mark.parametrize("line", ANSWERED_WITH_THE_PLACE)
def test_who_waits_is_answered_with_its_place(line: str) -> None:
    world, (seated,) = full()
    ann = world.irc("ann")
    assert ann.says(line) == [f":{SERVER} NOTICE ann :You are 1st of 1 in line. Stay connected."]
    assert seated.hears() == []


@pytest.mark.parametrize(
    ("line", "answers"),
    [
        ("PING x", ["PONG"]),
        ("PONG x", []),
        ("MOTD", ["422"]),
        ("LUSERS", ["251", "252", "253", "254", "255", "265", "266"]),
        ("CAP LS", ["CAP"]),
        ("CAP REQ :server-time", ["CAP"]),
        ("NICK eve", ["NICK"]),
        ("NICK seat1", ["433"]),
        ("NICK 9", ["432"]),
        ("PRIVMSG seat1 :hi", ["NOTICE", "NOTICE"]),
        ("MODE ann +i", ["MODE"]),
        ("MODE ann", ["221"]),
        ("AWAY :x", ["306"]),
        ("JOIN #a", []),
        ("JOIN a", ["403"]),
        ("JOIN", ["461"]),
        ("JOIN 0", []),
        ("JOIN :", []),
        ("PART #a", []),
        ("PART", ["461"]),
        ("QUIT", []),
    ],
)
def test_who_waits_may_do_what_needs_no_seat(line: str, answers: list[str]) -> None:
    world, _ = full()
    assert commands(world.irc("ann").says(line)) == answers


def test_what_is_said_in_line_is_told_not_to_be_delivered() -> None:
    world, _ = full()
    place, said = world.irc("ann").says("PRIVMSG seat1 :can you hear me?")
    assert said == f":{SERVER} NOTICE ann :Not delivered: can you hear me?"
    assert place == f":{SERVER} NOTICE ann :You are 1st of 1 in line. Stay connected."


def test_what_is_set_in_line_holds_when_the_seat_comes() -> None:
    world, (seated,) = full()
    seated.says("CAP REQ :extended-monitor away-notify", "MONITOR + ann")
    ann = world.irc("ann")
    ann.says("MODE ann +i", "AWAY :tea")
    assert "1 users and 0 invisible" in seated.says("LUSERS")[0]
    assert world.chat.invisible == 0
    seated.says("QUIT")
    assert commands(ann.hears()) == ["NOTICE"]
    assert ann.says("MODE ann") == [f":{SERVER} 221 ann +i"]
    assert "0 users and 1 invisible" in ann.says("LUSERS")[0]
    assert commands(ann.says("WHOIS ann"))[-4:] == ["312", "301", "317", "318"]
    ann.says("QUIT")
    assert world.chat.invisible == 0


def test_who_goes_away_in_line_is_not_seen_to() -> None:
    world, (seated,) = full()
    seated.says("CAP REQ :extended-monitor away-notify", "MONITOR + ann")
    world.irc("ann").says("AWAY :tea", "AWAY")
    assert seated.hears() == []


def test_who_waits_is_invisible_but_holds_its_name() -> None:
    world, (seated,) = full()
    world.irc("ann")
    assert commands(seated.says("PRIVMSG ann :hi")) == ["401"]
    assert commands(seated.says("WHOIS ann")) == ["401", "318"]
    assert commands(seated.says("NICK ann")) == ["433"]
    assert "ann" not in str(seated.says("WHO *")).replace("seat1", "")
    assert seated.says("ISON ann") == [f":{SERVER} 303 seat1 :"]
    assert "There are 1 users" in seated.says("LUSERS")[0]
    assert commands(seated.says(f"MODE {LOBBY}"))[0] == "324"


def test_its_joins_are_held_and_edited_until_its_seat_comes() -> None:
    world, (seated,) = full()
    ann = world.irc("ann")
    assert ann.says("JOIN #a,#b,#c k1", "PART #b", "JOIN #A k2") == []
    assert ann.says("JOIN #d", "PART #nothing") == []
    seated.leaves()
    heard = ann.hears()
    assert heard[0] == f":{SERVER} NOTICE ann :Your seat is free: welcome."
    joined = [irc.parse(line).params[0] for line in heard if irc.parse(line).command == "JOIN"]
    assert [name.lower() for name in joined] == ["#a", "#c", "#d"]
    assert ann.client.held == {}


def test_to_join_nothing_empties_what_is_held() -> None:
    world, (seated,) = full()
    ann = world.irc("ann")
    ann.says("JOIN #a,#b", "JOIN 0", "JOIN #c")
    seated.leaves()
    assert [room.name for room in ann.client.rooms.values()] == ["#c"]


def test_what_is_held_is_bounded_like_the_rooms_of_a_member() -> None:
    world, (seated,) = full(rooms_per_client=2)
    ann = world.irc("ann")
    assert ann.says("JOIN #a,#b") == []
    (line,) = ann.says("JOIN #c")
    assert irc.parse(line).command == "405"
    assert "(rooms-per-client)" in line
    assert ann.says("JOIN #A") == [], "one that is held already"
    assert commands(ann.says("JOIN " + ",".join(f"#{number}" for number in range(60)))).count("403") == 0
    assert len(ann.client.held) == 2
    seated.leaves()
    assert len(ann.client.rooms) == 2


@pytest.mark.parametrize("letter", ["k", "é"])
def test_a_key_that_is_held_is_the_whole_key(letter: str) -> None:
    world, (one, two) = full(seats=2)
    key = letter * world.chat.limits.key_length
    one.says("JOIN #a", f"MODE #a +k {key}")
    ann = world.irc("ann")
    ann.says(f"JOIN #a {key}")
    two.leaves()
    assert [room.name for room in ann.client.rooms.values()] == ["#a"]


def test_a_held_join_that_cannot_be_is_told_when_the_seat_comes() -> None:
    world, (one, two) = full(seats=2)
    one.says("JOIN #a", "MODE #a +k key")
    ann = world.irc("ann")
    ann.says("JOIN #a wrong")
    two.leaves()
    assert commands(ann.hears()) == ["NOTICE", "475"]


def test_a_seat_that_is_freed_goes_to_the_head_of_the_line_in_the_same_breath() -> None:
    world, (seated,) = full()
    ann, bob = world.irc("ann"), world.irc("bob")
    seated.says("QUIT")
    assert ann.is_seated
    assert bob.is_waiting
    late = world.irc("late")
    assert late.is_waiting
    ann.leaves()
    assert bob.is_seated


def test_a_plain_client_in_line_comes_in_by_itself() -> None:
    world, (seated,) = full()
    person = world.plain("ann")
    watching = world.irc("bob")
    seated.leaves()
    assert person.hears()[0].startswith("* Welcome, ann: nobody else is in #lobby.")
    assert person.client in world.chat.default_room.members
    assert watching.hears() == []


def test_who_leaves_the_line_is_out_of_it_and_its_name_is_free() -> None:
    world, (seated,) = full()
    ann, bob = world.irc("ann"), world.irc("bob")
    ann.leaves()
    ann.leaves()
    assert world.chat.pool.waiting == 1
    assert bob.says("NICK ann") == [":bob!bob@127.0.0.1 NICK :ann"]
    assert seated.hears() == [], "nobody saw it come, so nobody sees it go"
    assert world.chat.pool.statistics.gave_up == 1


def test_a_sweep_tells_those_whose_place_has_changed_and_nobody_else() -> None:
    world, (seated,) = full()
    ann, bob, cid = world.irc("ann"), world.irc("bob"), world.irc("cid")
    door.sweep(world.chat)
    assert [person.hears() for person in (ann, bob, cid)] == [[], [], []]
    bob.leaves()
    door.sweep(world.chat)
    assert ann.hears() == []
    assert cid.hears() == [f":{SERVER} NOTICE cid :You are 2nd of 2 in line. Stay connected."]
    door.sweep(world.chat)
    assert cid.hears() == []
    assert seated.hears() == []


def test_a_sweep_tells_programs_of_the_occupancy_once_for_each_change() -> None:
    world = World(max_clients=3)
    ann, bob = world.irc("ann", caps="standard-replies"), world.irc("bob")
    door.sweep(world.chat)
    (line,) = ann.hears()
    assert line.startswith(f":{SERVER} NOTE * OCCUPANCY 2 3 0 :")
    door.sweep(world.chat)
    assert ann.hears() == []
    bob.leaves()
    door.sweep(world.chat)
    assert ann.hears()[0].startswith(f":{SERVER} NOTE * OCCUPANCY 1 3 0 :")
    assert bob.hears() == []


def test_an_expected_wait_is_told_once_it_is_known() -> None:
    world, _ = full(places=50)
    for number in range(5):
        world.irc(f"next{number}")
        world.now += 20
        door.leave(world.chat, next(iter(world.chat.seated())), "")
    ann = world.irc("ann")
    assert ann.says("WHO") == [f":{SERVER} NOTICE ann :You are 1st of 1 in line, about 20 s. Stay connected."]


def test_who_has_waited_too_long_is_sent_away_with_the_limit() -> None:
    world, (seated,) = full(queue_timeout=300)
    ann = world.irc("ann")
    world.now += 100
    bob = world.irc("bob")
    world.now += 200
    door.expire(world.chat)
    assert ann.farewell is not None
    assert ann.farewell.reason is Reason.QUEUE_TIMEOUT
    assert "5 min" in ann.farewell.sentence
    assert "(queue-timeout)" in ann.farewell.sentence
    assert bob.farewell is None
    ann.leaves()
    seated.leaves()
    assert bob.is_seated
    assert world.chat.pool.statistics.timed_out == 1


# Draining.


def test_draining_sends_the_line_away_and_hands_no_seat_on() -> None:
    world, (seated,) = full()
    ann = world.irc("ann")
    door.drain(world.chat)
    assert ann.farewell is not None
    assert ann.farewell[:2] == (gate.DRAINING, Reason.DRAINING)
    ann.leaves()
    seated.leaves()
    assert not ann.is_seated
    assert world.chat.pool.in_use == world.chat.pool.waiting == 0


def test_when_all_leave_they_are_not_told_of_each_other() -> None:
    world, (one, two) = full(seats=2)
    world.hush()
    door.drain(world.chat)
    one.leaves()
    assert two.hears() == []


def test_leaving_twice_is_leaving_once() -> None:
    world, (seated,) = full()
    seated.leaves()
    door.leave(world.chat, seated.client, "again")
    statistics = world.chat.pool.statistics
    assert (statistics.left, world.chat.pool.in_use) == (1, 0)


def test_one_who_leaves_in_its_handshake_frees_its_name_only() -> None:
    world = World()
    ann = world.arrives()
    ann.says("NICK ann")
    ann.leaves()
    assert commands(world.arrives().says("NICK ann")) == []
    assert world.chat.pool.statistics.arrived == 0
