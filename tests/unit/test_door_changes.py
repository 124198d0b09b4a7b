"""Bounds that change while people are here: felt at once where it lets somebody in, and sending nobody away."""

import pytest
from chat_harness import LOBBY, SERVER, Person, World, commands
from hypothesis import given
from hypothesis import strategies as st
from properties import tries

from chatd import door
from chatd.protocol import irc
from chatd.protocol.farewell import Reason

NO_BOUND = float("inf")


def full(seats: int, waiting: int, **bounds: float) -> tuple[World, list[Person], list[Person]]:
    world = World((), bounds, max_clients=seats, queue=waiting)
    people = [world.irc(f"n{number}", LOBBY) for number in range(seats + waiting)]
    world.hush()
    return world, people[:seats], people[seats:]


def tokens(lines: list[str]) -> list[str]:
    """The tokens of RPL_ISUPPORT that somebody was told."""
    return [token for line in lines if irc.parse(line).command == "005" for token in irc.parse(line).params[1:-1]]


# Seats and places.


@pytest.mark.parametrize("seats", [3, NO_BOUND])
def test_more_seats_are_for_those_who_wait_in_their_order(seats: float) -> None:
    world, _, line = full(1, 3)
    world.apply(max_clients=seats)
    assert [person.is_seated for person in line] == [True, True, seats == NO_BOUND]
    assert line[0].hears()[0] == f":{SERVER} NOTICE n1 :Your seat is free: welcome."
    assert line[0].client in world.chat.default_room.members, "its JOIN was held"


def test_fewer_seats_take_nobodys() -> None:
    world, seated, line = full(3, 2)
    world.apply(max_clients=1)
    assert all(person.is_seated for person in seated)
    seated[0].leaves()
    seated[1].leaves()
    assert line[0].is_waiting
    seated[2].leaves()
    assert line[0].is_seated


def test_a_shorter_line_sends_nobody_out_of_it() -> None:
    world, _, line = full(1, 3)
    world.apply(queue=0, queue_timeout=5.0)
    door.expire(world.chat)
    assert all(person.is_waiting for person in line)
    late = world.irc("late")
    assert late.farewell is not None
    assert late.farewell.reason is Reason.SERVER_FULL


def test_advice_follows_its_bound() -> None:
    world, _, _ = full(1, 0)
    world.apply(least_retry=500.0)
    late = world.irc("late")
    assert late.farewell is not None
    assert 500 <= (late.farewell.retry_after or 0) <= 1000


BOUNDS = st.fixed_dictionaries(
    {},
    optional={
        "max_clients": st.integers(0, 6) | st.just(NO_BOUND),
        "queue": st.integers(0, 6) | st.just(NO_BOUND),
        "queue_timeout": st.sampled_from([1.0, 50.0, NO_BOUND]),
        "idle_timeout": st.sampled_from([1.0, 50.0, NO_BOUND]),
        "idle_release": st.sampled_from([1.0, 50.0, NO_BOUND]),
        "max_per_host": st.integers(0, 3),
        "rooms_per_client": st.just(1),
        "max_rooms": st.just(1),
        "members_per_room": st.just(1),
    },
)


@tries(150)
@given(st.lists(BOUNDS, min_size=1, max_size=4))
def test_whatever_is_changed_nobody_is_sent_away_at_once(changes: list[dict[str, float]]) -> None:
    world = World(max_clients=3, queue=3, queue_timeout=NO_BOUND, max_per_host=9)
    people = [world.irc(f"n{number}", LOBBY, host="192.0.2.1") for number in range(6)]
    world.now += 1000
    for changed in changes:
        before = [person.is_seated for person in people]
        world.apply(**changed)
        door.expire(world.chat)
        assert all(person.is_seated for person, was in zip(people, before, strict=True) if was)
        assert all(person.is_seated or person.is_waiting for person in people)
        assert world.chat.pool.in_use >= min(6, world.limits.max_clients)


# What clients are told of it.


def test_clients_are_told_what_has_changed_and_nothing_else() -> None:
    world, (seated,), (waiting,) = full(1, 1)
    person, half = world.plain("bob"), world.arrives()
    half.says("NICK half")
    assert tokens(world.irc("new").hears()) == []
    world.hush()
    world.apply(topic_length=99, nick_length=20)
    for client in (seated, waiting):
        (line,) = client.hears()
        assert commands([line]) == ["005"]
        assert tokens([line]) == ["NICKLEN=20", "TOPICLEN=99"]
    assert person.hears() == []
    assert half.hears() == []
    world.apply(topic_length=99)
    assert seated.hears() == [], "that is no news"


@pytest.mark.parametrize(("seats", "token"), [(7, "CHATD.MAXCLIENTS=7"), (NO_BOUND, "CHATD.MAXCLIENTS")])
def test_the_cap_is_told_when_it_changes_and_to_newcomers(seats: float, token: str) -> None:
    world, (seated,), _ = full(1, 0)
    world.apply(max_clients=seats)
    assert tokens(seated.hears()) == [token]
    new = world.arrives()
    assert token in tokens(new.says("NICK new", "USER new 0 * :x"))


def test_what_was_changed_before_anybody_came_is_told_once() -> None:
    world = World()
    world.apply(topic_length=99)
    ann = world.arrives()
    assert tokens(ann.says("NICK ann", "USER ann 0 * :x")).count("TOPICLEN=99") == 1


# How many are told at a time.


def test_of_a_long_line_so_many_are_told_at_a_time_the_nearest_first() -> None:
    world, (seated,), line = full(1, 8, place_notices=3, place_interval=1.0)
    seated.leaves()
    world.hush()
    told = []
    for more in (False, False, True):
        assert door.sweep(world.chat) is more
        told.append([place for place, person in enumerate(line[1:], 1) if person.hears()])
    assert told == [[1, 2, 3], [4, 5, 6], [7]]
    assert world.chat.usage.hits["place_notices"] == 2


def test_notices_of_occupancy_are_of_the_same_number() -> None:
    world = World(max_clients=9, place_notices=2, place_interval=1.0)
    people = [world.irc(f"n{number}", caps="standard-replies") for number in range(5)]
    people.pop().leaves()  # for the one who came before it all is as it was
    for more, told in ((False, 1 + 2), (True, 1 + 3)):
        assert door.sweep(world.chat) is more
        assert sum(person.client.told_occupancy == world.chat.occupancy() for person in people) == told


def test_a_longer_interval_has_room_for_more() -> None:
    world, (seated,), line = full(1, 8, place_notices=2, place_interval=3.0)
    seated.leaves()
    world.hush()
    assert not door.sweep(world.chat)
    assert [bool(person.hears()) for person in line[1:]] == [True] * 6 + [False]
