"""Who comes from where: so many of one host, so fast, and nobody of those who are banned."""

from ipaddress import ip_network

import pytest
from chat_harness import Person, World

from chatd import door, gate
from chatd.client import Standing
from chatd.hosts import Ban, Networks, host_of
from chatd.protocol.farewell import Farewell, Reason

HOME = "192.0.2.7"
ELSEWHERE = "198.51.100.1"
LONG_AGO, NEVER = 1.0, None


def told(person: Person) -> Farewell:
    """What one that comes in is told at the door."""
    person.meets()
    assert person.farewell is not None
    assert person.client.standing is Standing.GONE
    return person.farewell


def here(world: World, address: str) -> int:
    return world.chat.hosts.clients(host_of(address))


# How many.


def test_of_one_host_there_are_so_many_and_the_next_one_is_told() -> None:
    world = World(max_per_host=2)
    world.irc("ann", host=HOME)
    world.irc("bob", host=HOME)
    farewell = told(world.arrives(HOME))
    assert farewell.reason is Reason.TOO_MANY_FROM_HOST
    assert farewell.sentence.startswith("2 clients are here from 192.0.2.7, the most that may")
    assert farewell.sentence.endswith("(max-per-host)")
    assert farewell.retry_after is not None
    assert world.chat.usage.hits["max_per_host"] == 1
    assert world.irc("cid", host=ELSEWHERE).is_seated


def test_by_default_half_of_all_seats_are_for_one_host() -> None:
    world = World(max_clients=6)
    for number in range(3):
        assert world.irc(f"ann{number}", host=HOME).is_seated
    assert told(world.arrives(HOME)).reason is Reason.TOO_MANY_FROM_HOST
    world.apply(max_clients=8)
    assert world.irc("bob", host=HOME).is_seated


def test_of_version_6_a_host_is_64_bits() -> None:
    world = World(max_per_host=2)
    world.irc("ann", host="2001:db8:0:1::1")
    world.irc("bob", host="2001:db8:0:1:ffff::2")
    farewell = told(world.arrives("2001:db8:0:1::3"))
    assert "are here from 2001:db8:0:1::/64, " in farewell.sentence
    assert world.irc("cid", host="2001:db8:0:2::1").is_seated


def test_handshakes_and_the_line_count_as_seats_do() -> None:
    world = World(max_clients=1, queue=1, max_per_host=3)
    people = [world.irc("ann", host=HOME), world.irc("bob", host=HOME), world.arrives(HOME)]
    assert [person.client.standing for person in people] == [Standing.SEATED, Standing.WAITING, Standing.HANDSHAKE]
    assert told(world.arrives(HOME)).reason is Reason.TOO_MANY_FROM_HOST
    for gone, person in enumerate(people, 1):
        person.leaves()
        person.leaves()
        assert here(world, HOME) == 3 - gone, "each gives its place back once"


def test_who_was_refused_never_counted() -> None:
    world = World(max_per_host=1)
    ann = world.irc("ann", host=HOME)
    for _ in range(5):
        late = world.arrives(HOME)
        assert late.client.network is None
        told(late)
        assert here(world, HOME) == 1
    ann.leaves()
    assert here(world, HOME) == 0
    assert world.chat.usage.in_use(world.bound("max_per_host")) == 0
    assert world.chat.usage.peak(world.bound("max_per_host")) == 1


def test_who_is_exempt_is_not_counted_and_not_paced() -> None:
    world = World(max_per_host=1, host_burst=1)
    world.chat.exempt = Networks([ip_network("192.0.2.0/24")])
    for number in range(9):
        assert world.irc(f"ann{number}", host=HOME).is_seated
    assert here(world, HOME) == 0
    assert world.irc("bob", host=ELSEWHERE).is_seated
    assert told(world.arrives(ELSEWHERE)).reason is Reason.TOO_MANY_FROM_HOST


def test_it_may_be_without_a_bound() -> None:
    world = World(max_per_host=float("inf"), host_rate=float("inf"), max_clients=float("inf"))
    assert all(world.irc(f"ann{number}", host=HOME).is_seated for number in range(120))


# How fast.


def test_of_one_host_so_many_come_at_once_and_then_as_fast_as_the_rate() -> None:
    world = World(host_rate=0.1, host_burst=3)
    for _ in range(3):
        world.irc("ann", host=HOME).leaves()
    farewell = told(world.arrives(HOME))
    assert farewell.reason is Reason.TOO_FAST_FROM_HOST
    rate = "0.1/s (host-rate), 3 at once (host-burst)"
    assert farewell.sentence == f"192.0.2.7 connects faster than {rate}"
    assert world.chat.usage.hits["host_rate"] == 1
    assert world.irc("bob", host=ELSEWHERE).is_seated
    assert farewell.retry_after is not None
    world.now += farewell.retry_after
    assert world.irc("ann", host=HOME).is_seated, "to wait as long as advised is enough"


def test_who_does_not_listen_is_advised_to_wait_longer() -> None:
    world = World(host_rate=0.1, host_burst=1)
    world.irc("ann", host=HOME)
    advice = [told(world.arrives(HOME)).retry_after for _ in range(9)]
    assert advice == [20, 30, 40, 50, 50, 50, 50, 50, 50]


# Who is banned.


def ban(world: World, network: str, until: float | None = NEVER, reason: str = "") -> None:
    world.chat.bans.add(Ban(ip_network(network), reason, until))


@pytest.mark.parametrize("address", [HOME, "2001:db8::1", "127.0.0.1"])
def test_who_is_banned_is_told_so_wherever_it_is(address: str) -> None:
    world = World()
    ban(world, str(host_of(address)), reason="Spam")
    farewell = told(world.arrives(address))
    assert farewell.reason is Reason.BANNED
    assert farewell.sentence.startswith(gate.named(host_of(address)))
    assert farewell.sentence.endswith(" is banned: Spam")
    assert here(world, address) == 0


def test_a_ban_with_an_end_says_how_long_and_ends() -> None:
    world = World()
    ban(world, "192.0.2.0/24", until=world.wall + 7200)
    assert told(world.arrives(HOME)).sentence == "192.0.2.0/24 is banned for 2 h"
    world.wall += 7200
    assert world.irc("ann", host=HOME).is_seated
    assert len(world.chat.bans) == 0


def test_an_irc_client_that_is_banned_is_told_what_it_understands() -> None:
    world = World()
    ban(world, HOME)
    ann = world.arrives(HOME)
    farewell = told(ann)
    ann.client.say_farewell(farewell)
    numeric, error = ann.hears()
    assert " 465 " in numeric
    assert error.startswith("ERROR :Closing Link: 192.0.2.7 (192.0.2.7 is banned; BANNED")


# Which reason, when two hold.

ORDER = [
    Reason.DRAINING,
    Reason.BANNED,
    Reason.TOO_MANY_FROM_HOST,
    Reason.TOO_FAST_FROM_HOST,
    Reason.PAUSED,
    Reason.SERVER_FULL,
]


@pytest.mark.parametrize("first", range(len(ORDER)), ids=ORDER)
def test_of_all_reasons_that_hold_the_one_that_stands_first_is_given(first: int) -> None:
    world = World(max_clients=2, queue=0, host_burst=1, host_rate=0.001, max_per_host=1)
    ann = world.irc("ann", host=HOME)
    world.irc("bob")
    hold = {
        Reason.DRAINING: lambda: door.drain(world.chat),
        Reason.BANNED: lambda: ban(world, HOME),
        Reason.PAUSED: world.chat.pool.pause,
    }
    for reason in ORDER[first:]:
        hold.get(reason, lambda: None)()
    if Reason.TOO_MANY_FROM_HOST not in ORDER[first:]:
        world.limits.max_per_host = 9
    address = HOME if Reason.TOO_FAST_FROM_HOST in ORDER[first:] else ELSEWHERE
    assert told(world.arrives(address)).reason is ORDER[first]
    assert ann.is_seated
    assert list(Reason)[: len(ORDER)] == ORDER


@pytest.mark.parametrize("first", [Reason.BANNED, Reason.TOO_MANY_FROM_HOST, Reason.TOO_FAST_FROM_HOST])
def test_who_is_not_wanted_is_told_as_soon_as_it_is_known_how(first: Reason) -> None:
    """Also when there is room, and though it came before the reason was gone."""
    world = World(host_burst=1, host_rate=0.001, max_per_host=1 if first is Reason.TOO_MANY_FROM_HOST else 9)
    ann = world.irc("ann", host=HOME)
    if first is Reason.BANNED:
        ban(world, HOME, until=world.wall + 60)
    late = world.arrives(HOME)
    assert late.farewell is None
    ann.leaves()
    world.now += 3600
    assert told(late).reason is first
