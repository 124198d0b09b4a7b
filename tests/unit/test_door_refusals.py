"""Whom the door refuses, and with which words: what is full, how much there is of it, and when to come again."""

import pytest
from chat_harness import SERVER, Person, World

from chatd import door, gate
from chatd.client import Standing
from chatd.protocol import irc
from chatd.protocol.farewell import Reason, parse_farewell


def full(seats: int, places: int) -> World:
    """All seats are taken; the places in line are not."""
    world = World(max_clients=seats, queue=places)
    for number in range(seats):
        world.irc(f"seat{number}")
    return world


def refused(person: Person) -> tuple[Reason | None, str]:
    assert person.farewell is not None
    return person.farewell.reason, person.farewell.sentence


def test_a_refusal_names_the_limits_and_their_values() -> None:
    world = full(2, 1)
    world.irc("ann")
    late = world.irc("late")
    reason, sentence = refused(late)
    assert reason is Reason.SERVER_FULL
    assert sentence.startswith("All 2 seats are taken")
    assert "the only place in line is taken" in sentence
    assert late.client.standing is Standing.GONE


@pytest.mark.parametrize(
    ("seats", "places", "words"),
    [
        (3, 0, ["All 3 seats are taken", "there is no waiting line"]),
        (1, 0, ["The only seat is taken", "there is no waiting line"]),
        (1, 2, ["The only seat is taken", "all 2 places in line are taken"]),
        (0, 0, ["There are no seats (max-clients 0)", "there is no waiting line"]),
    ],
)
def test_a_refusal_is_a_sentence(seats: int, places: int, words: list[str]) -> None:
    world = full(seats, places)
    for number in range(places):
        world.irc(f"line{number}")
    reason, sentence = refused(world.irc("late"))
    assert reason is Reason.SERVER_FULL
    for word in words:
        assert word in sentence


def test_paused_and_draining_have_reasons_of_their_own() -> None:
    world = World(max_clients=5, queue=0)
    world.chat.pool.pause()
    reason, sentence = refused(world.irc("ann"))
    assert reason is Reason.PAUSED
    assert sentence.startswith("Seats are not given out at the moment")
    door.drain(world.chat)
    assert refused(world.irc("bob")) == (Reason.DRAINING, gate.DRAINING)


def test_advice_is_in_whole_seconds_and_at_least_the_least() -> None:
    world = World(max_clients=0, queue=0, least_retry=30)
    for number in range(20):
        late = world.irc(f"late{number}")
        assert late.farewell is not None
        assert late.farewell.retry_after is not None
        assert 30 <= late.farewell.retry_after <= 60


def test_one_who_has_said_nothing_is_refused_only_if_there_is_no_room() -> None:
    world = World(max_clients=1, queue=0)
    first = world.arrives()
    assert gate.turn_away(world.chat, first.client) is False
    assert first.farewell is None
    world.irc("ann")
    assert gate.turn_away(world.chat, first.client) is True
    assert refused(first)[0] is Reason.SERVER_FULL


@pytest.mark.parametrize("plain", [False, True])
def test_what_is_said_last_can_be_read_by_programs(plain: bool) -> None:
    world = World(max_clients=0, queue=0)
    late = world.arrives()
    if plain:
        late.be_plain()
        late.says("hello")
    else:
        late.says("NICK late", "USER late 0 * :x")
    late.hears()
    assert late.farewell is not None
    late.client.say_farewell(late.farewell)
    (line,) = late.hears()
    text = line.removeprefix("* ") if plain else irc.parse(line).params[0]
    found = parse_farewell(text)
    assert found is not None
    assert tuple(found) == tuple(late.farewell)
    assert line.startswith("* There are no seats" if plain else "ERROR :Closing Link: 127.0.0.1 (There are no seats")


def test_a_program_that_negotiated_it_is_told_twice_so_that_it_understands() -> None:
    world = World(max_clients=0, queue=0)
    late = world.arrives()
    late.says("CAP REQ :standard-replies", "NICK late", "USER late 0 * :x", "CAP END")
    assert late.farewell is not None
    late.client.say_farewell(late.farewell)
    fail, error = late.hears()[-2:]
    assert fail.startswith(f":{SERVER} FAIL * SERVER_FULL :There are no seats")
    assert error.startswith("ERROR :Closing Link: ")


def test_the_refused_hold_no_name() -> None:
    world = World(max_clients=1, queue=0)
    ann = world.irc("ann")
    world.irc("bob")
    assert ann.says("NICK bob") == [":ann!ann@127.0.0.1 NICK :bob"]
