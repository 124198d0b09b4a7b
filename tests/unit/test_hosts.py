"""Where clients come from: what a host is, which network holds an address, who is banned, how fast a host may be."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from properties import tries

from chatd.hosts import GROWTH, LOOPBACK, Ban, Bans, Hosts, Network, Networks, host_of, is_loopback, network
from chatd.limits import Limits
from chatd.usage import Usage

ANN, BOB = network("192.0.2.1"), network("2001:db8::/64")


# What a host is.


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("192.0.2.7", "192.0.2.7/32"),
        ("::ffff:192.0.2.7", "192.0.2.7/32"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("fe80::1%2", "fe80::/64"),
        ("0::1", "::/64"),
        ("127.0.0.1", "127.0.0.1/32"),
    ],
)
def test_a_host_is_an_address_or_what_one_customer_has(address: str, host: str) -> None:
    assert host_of(address) == ip_network(host)


def test_what_is_no_address_has_no_host() -> None:
    for written in ("localhost", "", "192.0.2", "192.0.2.7/24", "%eth0"):
        with pytest.raises(ValueError, match="not appear to be"):
            host_of(written)


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.9.10", "::1", "0::1"])
def test_loopback_is_known_whatever_it_is_written_as(address: str) -> None:
    assert is_loopback(address)
    assert Networks(LOOPBACK).find(address) is not None


@pytest.mark.parametrize("address", ["128.0.0.1", "10.0.0.1", "::2", "fe80::1%lo", "2001:db8::1"])
def test_the_world_is_not_loopback(address: str) -> None:
    assert not is_loopback(address)
    assert Networks(LOOPBACK).find(address) is None


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("192.0.2.7", "192.0.2.7/32"),
        ("10.1.2.3/8", "10.0.0.0/8"),
        ("2001:db8::1/32", "2001:db8::/32"),
        ("0.0.0.0/0", "0.0.0.0/0"),
        ("fe80::1%eth0", "fe80::1/128"),
        ("fe80::1%eth0/64", "fe80::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7/32"),
        ("::ffff:10.1.2.3/104", "10.0.0.0/8"),
    ],
)
def test_a_network_is_written_as_people_write_it(written: str, meant: str) -> None:
    assert network(written) == ip_network(meant)


@pytest.mark.parametrize("written", ["", "ann", "10.0.0.0/33", "10.0.0/8", "::/129", "1.2.3.4/255.0.0.0.0", "%eth0"])
def test_what_is_no_network_is_answered_with_a_sentence(written: str) -> None:
    with pytest.raises(ValueError, match=r"^'.*' is no address or network, such as 192\.0\.2\.7 or 2001:db8::/64$"):
        network(written)


# Which network holds an address. Addresses and prefixes are few and close together, so that they often do.

ADDRESSES = st.one_of(
    st.integers(0, 15).map(lambda low: str(IPv4Address(0x0A000000 + low))),
    st.integers(0, 15).map(lambda low: f"::ffff:{IPv4Address(0x0A000000 + low)}"),
    st.integers(0, 15).map(lambda low: f"{IPv6Address((0xFE80 << 112) + low)}%eth0"),
)
NETWORKS = st.one_of(
    st.tuples(st.integers(0, 15), st.sampled_from([0, 8, 28, 29, 30, 31, 32])).map(
        lambda made: ip_network((0x0A000000 + made[0], made[1]), strict=False)
    ),
    st.tuples(st.integers(0, 15), st.sampled_from([0, 64, 124, 125, 127, 128])).map(
        lambda made: ip_network(((0xFE80 << 112) + made[0], made[1]), strict=False)
    ),
)


def holders(networks: set[Network], address: str) -> list[Network]:
    """Every one of the networks that holds the address, the widest first: by looking at all of them."""
    ip = ip_address(address.partition("%")[0])
    if isinstance(ip, IPv6Address):
        ip = ip.ipv4_mapped or ip
    return sorted((each for each in networks if ip in each), key=lambda each: each.prefixlen)


@tries(300)
@given(st.lists(st.tuples(st.booleans(), NETWORKS), max_size=12), st.lists(ADDRESSES, min_size=1, max_size=4))
def test_the_widest_network_is_found_as_by_looking_at_all(
    steps: list[tuple[bool, Network]], addresses: list[str]
) -> None:
    networks, model = Networks(), set[Network]()
    for add, each in steps:
        if add:
            networks.add(each)
            model.add(each)
        elif each in model:
            networks.remove(each)
            model.remove(each)
        for address in addresses:
            assert networks.find(address) == next(iter(holders(model, address)), None)


@tries(300)
@given(
    st.lists(st.tuples(NETWORKS, st.sampled_from([None, 5, 10, 20])), max_size=8),
    st.lists(st.tuples(st.integers(0, 25), ADDRESSES), max_size=6),
)
def test_a_ban_holds_until_its_time_and_no_longer(
    made: list[tuple[Network, int | None]], asked: list[tuple[int, str]]
) -> None:
    bans, model = Bans(), dict[Network, int | None]()
    for each, until in made:
        bans.add(Ban(each, "", until))
        model[each] = until
    for now, address in sorted(asked):
        model = {each: until for each, until in model.items() if until is None or now < until}
        found = bans.find(address, now)
        assert (found and found.network) == next(iter(holders(set(model), address)), None)
    assert {ban.network for ban in bans.all(0)} >= set(model)
    assert {ban.network for ban in bans.all(25)} == {each for each, until in model.items() if until is None}
    assert len(bans) == len(bans.all(25))


@pytest.mark.parametrize("address", ["fe80::1%eth0", "::ffff:192.0.2.7", "0::1", "2001:db8::1"])
def test_who_is_banned_by_the_address_that_is_shown_of_him_is_banned(address: str) -> None:
    bans = Bans()
    bans.add(Ban(network(address), "", None))
    assert bans.find(address, 0) is not None


def test_a_ban_can_be_lifted_and_made_anew() -> None:
    bans = Bans()
    bans.add(Ban(ANN, "noise", None))
    bans.add(Ban(BOB, "", 50.0))
    assert [ban.network for ban in bans.all(0)] == [BOB, ANN]
    bans.add(Ban(ANN, "more noise", 20.0))
    assert [ban.reason for ban in bans.all(0)] == ["more noise", ""], "the last one first"
    assert bans.lift(BOB)
    assert not bans.lift(BOB)
    found = bans.find("192.0.2.1", 19.9)
    assert found is not None
    assert found.reason == "more noise"
    assert bans.find("192.0.2.1", 20.0) is None
    assert bans.find("2001:db8::7", 0) is None
    assert len(bans) == 0


# How many, and how fast.


def hosts(**limits: float) -> Hosts:
    return Hosts(Limits(**limits), Usage())  # type: ignore[arg-type]


def test_a_burst_is_in_order_and_then_the_rate_counts() -> None:
    here = hosts(host_rate=0.5, host_burst=3)
    assert [here.spend(ANN, 100.0) for _ in range(3)] == [0.0] * 3
    assert here.spend(BOB, 100.0) == 0.0, "another host has a burst of its own"
    wait = here.spend(ANN, 100.0)
    assert wait == pytest.approx(4.0), "that of the one that was too much, and its own"
    assert here.spend(ANN, 100.0 + wait) == 0.0


def test_who_does_not_listen_is_advised_to_wait_longer_but_not_for_ever() -> None:
    here = hosts(host_rate=1.0, host_burst=10)
    advice = [here.spend(ANN, 0.0) for _ in range(200)][10:]
    assert advice == sorted(advice)
    assert advice[0] == pytest.approx(2.0)
    assert max(advice) <= 10 * GROWTH + 2
    assert here.spend(ANN, max(advice)) == 0.0, "to wait as long as advised is enough"


@tries(200)
@given(
    st.sampled_from([0.5, 1.0, 20.0]),
    st.integers(1, 10),
    st.lists(st.sampled_from([0.0, 0.0, 0.1, 1.0, 30.0]), max_size=80),
)
def test_in_the_long_run_no_host_comes_in_faster_than_its_rate(rate: float, burst: int, pauses: list[float]) -> None:
    here = hosts(host_rate=rate, host_burst=burst)
    now, came = 0.0, []
    for pause in pauses:
        now += pause
        if here.spend(ANN, now) == 0.0:
            came.append(now)
    for first, begin in enumerate(came):
        for last, end in enumerate(came[first:], first):
            assert last - first + 1 <= burst + rate * (end - begin) + 1e-3


def test_without_a_rate_everybody_is_in_order() -> None:
    here = hosts(host_rate=float("inf"), host_burst=1)
    assert [here.spend(ANN, 1.0) for _ in range(50)] == [0.0] * 50


def test_a_wrong_password_costs_as_much_as_the_limits_say() -> None:
    here = hosts(host_rate=1.0, host_burst=60)
    here.enter(ANN)
    assert [here.spend(ANN, 0.0, 10) for _ in range(6)] == [0.0] * 6
    assert here.spend(ANN, 0.0) > 0


def test_of_hosts_without_clients_the_last_are_remembered() -> None:
    here = hosts(hosts_remembered=2, host_burst=1, host_rate=0.001)
    many = [network(f"192.0.2.{number}") for number in range(5)]
    for each in many:
        here.spend(each, 0.0)
    assert here.remembered == 2
    assert [here.spend(each, 0.0) > 0 for each in many[3:]] == [True, True]
    assert here.spend(many[0], 0.0) == 0.0, "it was forgotten"


def test_a_host_with_clients_is_not_forgotten() -> None:
    here = hosts(hosts_remembered=1, host_burst=1, host_rate=0.001)
    here.spend(ANN, 0.0)
    here.enter(ANN)
    for number in range(9):
        here.spend(network(f"192.0.2.{number + 9}"), 0.0)
    assert here.spend(ANN, 0.0) > 0
    here.leave(ANN)
    assert here.spend(ANN, 0.0) > 0, "nor at once when they leave"


def test_who_left_is_remembered_for_its_rate_and_counts_no_more() -> None:
    here = hosts(host_burst=1, host_rate=0.001)
    here.spend(ANN, 0.0)
    here.enter(ANN)
    assert (here.clients(ANN), here.most, here.remembered) == (1, 1, 0)
    here.leave(ANN)
    assert (here.clients(ANN), here.most, here.remembered) == (0, 0, 1)
    assert here.spend(ANN, 0.0) > 0


class HostsMachine(RuleBasedStateMachine):
    """Comes and goes in any order, against a list of who is here."""

    @initialize(remembered=st.integers(1, 3))
    def make(self, remembered: int) -> None:
        self.usage = Usage()
        self.hosts = Hosts(Limits(hosts_remembered=remembered, host_burst=2, host_rate=0.01), self.usage)
        self.remembered = remembered
        self.here: list[Network] = []

    @rule(low=st.integers(1, 6))
    def knock(self, low: int) -> None:
        host = network(f"192.0.2.{low}")
        self.hosts.spend(host, 0.0)
        self.here.append(host)
        assert self.hosts.enter(host) == self.here.count(host)

    @rule(low=st.integers(1, 6), cost=st.sampled_from([1, 10]))
    def spend(self, low: int, cost: int) -> None:
        self.hosts.spend(network(f"192.0.2.{low}"), 0.0, cost)

    @precondition(lambda self: self.here)
    @rule(which=st.integers(0, 10**6))
    def leave(self, which: int) -> None:
        self.hosts.leave(self.here.pop(which % len(self.here)))

    @invariant()
    def it_counts_who_is_here_and_keeps_no_more_of_the_others_than_it_may(self) -> None:
        for low in range(1, 7):
            host = network(f"192.0.2.{low}")
            assert self.hosts.clients(host) == self.here.count(host)
        assert self.hosts.most == max((self.here.count(host) for host in self.here), default=0)
        assert self.hosts.remembered <= self.remembered


TestHostsMachine = HostsMachine.TestCase
TestHostsMachine.settings = tries(100, steps=40)
