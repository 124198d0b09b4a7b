"""Who says nothing: sent away after so long, or when others wait for a seat; as many as wait, longest silent first."""

import pytest
from chat_harness import LOBBY, Person, World
from hypothesis import given
from hypothesis import strategies as st
from properties import tries

from chatd import door
from chatd.client import Standing
from chatd.protocol.farewell import Reason

NEVER = float("inf")


def full(seats: int, **bounds: float) -> tuple[World, list[Person]]:
    """All seats are taken; who has the first of them came first, ten seconds before the next."""
    world = World((), {"queue_timeout": NEVER, **bounds}, max_clients=seats, queue=9)
    people = []
    for number in range(seats):
        people.append(world.irc(f"seat{number}", LOBBY))
        world.now += 10
    return world, people


def passes(world: World, seconds: float) -> None:
    world.now += seconds
    world.wall += seconds
    door.expire(world.chat)


def reasons(people: list[Person]) -> list[Reason | None]:
    return [person.farewell and person.farewell.reason for person in people]


RELEASED = Reason.IDLE_RELEASE

# While others wait.


def test_who_was_silent_longest_gives_the_seat_to_who_waits() -> None:
    world, people = full(3, idle_release=100.0)
    people[0].says(f"PRIVMSG {LOBBY} :I am here")
    dan = world.irc("dan")
    passes(world, 80)
    assert reasons(people) == [None, RELEASED, None]
    assert dan.is_seated, "at once"
    assert people[1].client.standing is Standing.GONE
    assert world.chat.usage.hits["idle_release"] == 1
    farewell = people[1].farewell
    assert farewell is not None
    assert farewell.sentence == (
        "Others wait, and you were silent longest, over 2 min (idle-release); you may wait in line for a seat"
    )


def test_as_many_are_released_as_wait_and_no_more() -> None:
    world, people = full(5, idle_release=100.0)
    line = [world.irc("dan"), world.irc("eve")]
    passes(world, 1000)
    assert reasons(people) == [RELEASED, RELEASED, None, None, None]
    assert all(person.is_seated for person in line)
    passes(world, 50)
    assert reasons(people) == [RELEASED, RELEASED, None, None, None]
    world.irc("fay")
    passes(world, 0)
    assert reasons(people) == [RELEASED, RELEASED, RELEASED, None, None]


def test_who_was_not_silent_for_so_long_keeps_the_seat() -> None:
    world, people = full(2, idle_release=100.0)
    dan = world.irc("dan")
    passes(world, 79)
    assert reasons(people) == [None, None]
    assert dan.is_waiting
    passes(world, 1)
    assert reasons(people) == [RELEASED, None]


def test_who_has_just_come_in_has_all_the_time() -> None:
    world, people = full(1, idle_release=100.0)
    dan, eve = world.irc("dan"), world.irc("eve")
    passes(world, 100)
    assert (dan.is_seated, eve.is_waiting) == (True, True)
    passes(world, 99)
    assert dan.is_seated
    passes(world, 1)
    assert (reasons([*people, dan]), eve.is_seated) == ([RELEASED, RELEASED], True)


@pytest.mark.parametrize("line", ["PRIVMSG #lobby :x", "PRIVMSG seat1 :x", "NOTICE #lobby :x"])
def test_to_say_something_is_to_be_there(line: str) -> None:
    world, people = full(2, idle_release=100.0)
    people[0].says(line)
    world.irc("dan")
    passes(world, 90)
    assert reasons(people) == [None, RELEASED]


@pytest.mark.parametrize("line", ["PING x", "PONG x", "WHO *", "JOIN #a", "AWAY :x", "NICK eve", "TOPIC #lobby"])
def test_what_programs_do_by_themselves_is_not_to_say_something(line: str) -> None:
    world, people = full(2, idle_release=100.0)
    people[0].says(line)
    world.irc("dan")
    passes(world, 90)
    assert reasons(people) == [RELEASED, None]


def test_nobody_is_released_while_nobody_waits() -> None:
    world, people = full(3, idle_release=100.0)
    passes(world, 10_000)
    assert reasons(people) == [None, None, None]
    assert door.next_expiry(world.chat) == NEVER


def test_nobody_is_released_for_a_seat_that_nobody_would_get() -> None:
    world, people = full(3, idle_release=100.0)
    world.chat.pool.pause()
    dan = world.irc("dan")
    passes(world, 1000)
    assert reasons(people) == [None, None, None], "paused"
    door.seat(world.chat, world.chat.pool.resume(world.now))
    world.apply(max_clients=2)
    passes(world, 1000)
    assert reasons(people) == [None, None, None], "one of these seats goes to nobody"
    people[2].leaves()
    assert dan.is_waiting
    passes(world, 0)
    assert reasons(people) == [RELEASED, None, None]
    assert dan.is_seated


def test_the_next_one_in_line_is_seated_when_the_other_has_hung_up() -> None:
    world, people = full(1, idle_release=100.0)
    dan, eve = world.irc("dan"), world.irc("eve")
    dan.leaves()
    passes(world, 200)
    assert reasons(people) == [RELEASED]
    assert eve.is_seated


def test_by_default_a_seat_is_kept_until_it_is_given_up() -> None:
    world, people = full(2)
    world.irc("dan")
    passes(world, 10**9)
    assert reasons(people) == [None, None]
    assert door.next_expiry(world.chat) == NEVER


def test_whoever_waits_for_the_next_expiry_is_woken_when_there_is_one() -> None:
    """Also where nobody has joined the line just then."""
    world, people = full(2, idle_release=100.0)
    woken = []
    world.chat.idlers.wake = lambda: woken.append(door.next_expiry(world.chat))
    world.chat.pool.pause()
    world.irc("dan")
    assert door.next_expiry(world.chat) == NEVER
    woken.clear()
    door.seat(world.chat, world.chat.pool.resume(world.now))
    assert woken[-1] == 1_100.0
    world.apply(max_clients=1)
    assert door.next_expiry(world.chat) == NEVER
    woken.clear()
    people[1].leaves()
    assert woken[-1] == 1_100.0


# Whether or not others wait.


def test_who_says_nothing_for_so_long_is_sent_away() -> None:
    world, people = full(2, idle_timeout=100.0)
    people[0].says(f"PRIVMSG {LOBBY} :I am here")
    assert door.next_expiry(world.chat) == 1_110.0
    passes(world, 90)
    assert reasons(people) == [None, Reason.IDLE_TIMEOUT]
    assert people[1].farewell is not None
    assert people[1].farewell.sentence == "You have said nothing for 2 min (idle-timeout)"
    assert world.chat.usage.hits["idle_timeout"] == 1


def test_who_waits_may_be_silent() -> None:
    world, people = full(1, idle_timeout=100.0)
    dan = world.irc("dan")
    people[0].says(f"PRIVMSG {LOBBY} :x")
    passes(world, 99)
    people[0].says(f"PRIVMSG {LOBBY} :x")
    passes(world, 99)
    assert reasons([*people, dan]) == [None, None]


def test_a_person_with_a_plain_terminal_is_no_exception() -> None:
    world = World(idle_timeout=100.0)
    ann, bob = world.plain("ann"), world.plain("bob")
    passes(world, 60)
    ann.says("hello")
    bob.says("/who", "")
    passes(world, 40)
    assert reasons([ann, bob]) == [None, Reason.IDLE_TIMEOUT]


@pytest.mark.parametrize("bound", ["idle_timeout", "idle_release"])
def test_to_switch_it_on_ends_nobodys_stay_at_once(bound: str) -> None:
    world, people = full(2)
    world.irc("dan")
    passes(world, 200)
    world.apply(**{bound: 100.0})
    passes(world, 99)
    assert reasons(people) == [None, None]
    people[0].says(f"PRIVMSG {LOBBY} :x")
    passes(world, 1)
    assert [reason is None for reason in reasons(people)] == [True, False]


STEPS = st.lists(
    st.tuples(st.sampled_from(["speak", "speak", "come", "hang up", "pass", "pass"]), st.integers(0, 9)), max_size=40
)


@tries(150)
@given(STEPS, st.integers(1, 4), st.sampled_from([5.0, 20.0, NEVER]))
def test_seats_go_from_the_longest_silent_to_those_who_wait(
    steps: list[tuple[str, int]], seats: int, release: float
) -> None:
    """The model: who sits and when it last spoke, the longest silent first, and who waits."""
    world = World(max_clients=seats, queue=4, queue_timeout=NEVER, idle_release=release)
    sitting: dict[Person, float] = {}
    line: list[Person] = []
    for number, (step, value) in enumerate(steps):
        if step == "speak" and sitting:
            person = list(sitting)[value % len(sitting)]
            person.says(f"PRIVMSG {LOBBY} :x")
            del sitting[person]  # of two that spoke in the same moment this is the later one
            sitting[person] = world.now
        elif step == "come" and len(line) < 4:
            line.append(world.irc(f"n{number}"))
        elif step == "hang up" and (sitting or line):
            person = [*sitting, *line][value % (len(sitting) + len(line))]
            person.leaves()
            sitting.pop(person, None)
            line = [other for other in line if other is not person]
        else:
            world.now += value
            while line and sitting and next(iter(sitting.values())) + release <= world.now:
                del sitting[next(iter(sitting))]
                sitting[line.pop(0)] = world.now
            door.expire(world.chat)
        while line and len(sitting) < seats:
            sitting[line.pop(0)] = world.now
        assert {person for person in sitting if person.is_seated} == set(sitting)
        assert all(person.is_waiting for person in line)
        assert world.chat.pool.in_use == len(sitting)
        assert list(world.chat.idlers) == list(world.chat.silent)
        assert set(world.chat.idlers) == {person.client for person in sitting}
