"""A chat with a password: who knows it comes in, who does not is told so late, and pays for guessing."""

import pytest
from chat_harness import LOBBY, Person, World, commands

from chatd.client import Standing
from chatd.protocol.farewell import Reason

SECRET = "open sesame"
HOME = "192.0.2.7"


def locked(**bounds: float) -> World:
    world = World((), bounds)
    world.chat.settings.password = SECRET.encode()
    return world


def irc(world: World, *first: str, host: str = HOME) -> Person:
    """An IRC client that says this and then introduces itself."""
    person = world.arrives(host)
    person.meets()
    person.says(*first, "NICK ann", "USER ann 0 * :Ann")
    return person


def plain(world: World, *lines: str, host: str = HOME) -> Person:
    person = world.arrives(host)
    person.meets(is_plain=True)
    person.says(*lines)
    return person


def refused(person: Person) -> tuple[Reason | None, str]:
    assert person.farewell is not None
    assert person.client.standing is Standing.GONE
    return person.farewell.reason, person.farewell.sentence


@pytest.mark.parametrize("line", [f"PASS :{SECRET}", f"pass :{SECRET}"])
def test_who_says_it_comes_in(line: str) -> None:
    assert irc(locked(), line).is_seated


def test_the_last_one_that_was_said_counts() -> None:
    assert irc(locked(), "PASS wrong", f"PASS :{SECRET}").is_seated
    assert refused(irc(locked(), f"PASS :{SECRET}", "PASS wrong"))[0] is Reason.WRONG_PASSWORD


@pytest.mark.parametrize("word", ["wrong", "open", "open sesam", "open sesame!", "Open Sesame", "öpen", "\x01"])
def test_who_says_another_is_told_so_late(word: str) -> None:
    world = locked(password_delay=1.5)
    ann = irc(world, f"PASS :{word}")
    assert refused(ann) == (Reason.WRONG_PASSWORD, "The password is wrong")
    assert ann.after == 1.5
    assert world.chat.pool.statistics.arrived == 0, "it never asked for a seat"
    assert world.chat.usage.hits["password_delay"] == 1


@pytest.mark.parametrize("first", [[], ["PASS :"]])
def test_who_says_none_is_told_that_there_is_one(first: list[str]) -> None:
    reason, sentence = refused(irc(locked(), *first))
    assert reason is Reason.WRONG_PASSWORD
    assert sentence == "This chat has a password, and none was given (PASS, or /pass)"


def test_an_irc_client_is_told_with_the_numeric_that_it_understands() -> None:
    ann = irc(locked(), "PASS wrong")
    assert ann.farewell is not None
    ann.client.say_farewell(ann.farewell)
    numeric, error = ann.hears()
    assert commands([numeric]) == ["464"]
    assert error == f"ERROR :Closing Link: {HOME} (The password is wrong; WRONG_PASSWORD)"


def test_where_there_is_none_any_is_as_good() -> None:
    world = World()
    assert irc(world, "PASS whatever", host="127.0.0.1").is_seated
    assert plain(world, "/pass whatever", host="127.0.0.1").is_seated


def test_who_is_in_needs_to_know_no_more_when_it_is_changed() -> None:
    world = World()
    bea = world.irc("bea", LOBBY)
    world.chat.settings.password = b"new"
    assert commands(bea.says("PASS new", "PING x")) == ["462", "PONG"]
    assert bea.is_seated
    assert refused(irc(world, "PASS old"))[0] is Reason.WRONG_PASSWORD
    assert plain(world, "/pass new").is_seated


# What is typed.


def test_a_person_is_asked_for_it_and_nothing_that_was_typed_is_said() -> None:
    world = locked()
    ann = irc(world, f"PASS :{SECRET}")
    ann.says(f"JOIN {LOBBY}")
    person = plain(world)
    asked = "* This chat has a password. Type /pass PASSWORD first."
    assert person.says("hello") == ["* Not delivered: hello", asked]
    assert person.says("") == [asked]
    assert person.says("/me waves") == ["* Not delivered: waves", asked]
    assert person.says("/nick bob") == [asked]
    assert person.client.standing is Standing.HANDSHAKE
    heard = person.says(f"/pass {SECRET}")
    assert heard[0].startswith("* Welcome, bob: ")
    assert commands(ann.hears()) == ["JOIN"]


def test_a_person_may_say_it_first_and_is_a_guest() -> None:
    world = locked()
    assert plain(world, f"/pass {SECRET}").client.nick == "guest1"
    assert refused(plain(world, "/pass wrong")) == (Reason.WRONG_PASSWORD, "The password is wrong")


def test_help_is_for_all_and_says_how() -> None:
    person = plain(locked())
    assert any(line.startswith("* /pass <password>") for line in person.says("/help"))
    assert person.client.standing is Standing.HANDSHAKE


# What guessing costs.


def test_a_host_pays_for_guessing_and_is_soon_too_fast() -> None:
    world = locked(host_rate=1.0, host_burst=60, password_cost=10, max_per_host=100)
    guesses = [refused(irc(world, f"PASS guess{number}"))[0] for number in range(12)]
    right = guesses.count(Reason.WRONG_PASSWORD)
    assert 5 <= right <= 6
    assert guesses == [Reason.WRONG_PASSWORD] * right + [Reason.TOO_FAST_FROM_HOST] * (12 - right)
    assert irc(world, f"PASS :{SECRET}", host="198.51.100.1").is_seated, "another host has not guessed"
    reason, sentence = refused(irc(world, f"PASS :{SECRET}"))
    assert reason is Reason.TOO_FAST_FROM_HOST
    assert "(host-rate)" in sentence


def test_connections_that_were_made_before_do_not_help_to_guess() -> None:
    world = locked(host_rate=1.0, host_burst=60, password_cost=10, max_per_host=100)
    people = [world.arrives(HOME) for _ in range(30)]
    for number, person in enumerate(people):
        person.says(f"PASS guess{number}", f"NICK n{number}", "USER n 0 * :x")
    wrong = [person for person in people if refused(person)[0] is Reason.WRONG_PASSWORD]
    assert len(wrong) <= 6


def test_a_host_that_is_exempt_does_not_pay() -> None:
    world = locked(host_burst=1)
    for _ in range(20):
        assert refused(irc(world, "PASS wrong", host="127.0.0.1"))[0] is Reason.WRONG_PASSWORD
    assert irc(world, f"PASS :{SECRET}", host="127.0.0.1").is_seated
