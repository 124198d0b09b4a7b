"""Where clients come from: how many there are of each host, how fast it makes connections, and who is banned.

A host is an IPv4 address, or an IPv6 /64, which is what one customer gets (RFC 6177). Synchronous; the clock is
passed in. Memory is bounded: of hosts without clients the last ones are remembered, for the sake of their rate.
"""

import re
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from .limits import Limits
from .pace import Pace
from .usage import Usage

Network = IPv4Network | IPv6Network

LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1"))
PREFIX6 = 64  # bits of an IPv6 address that name its host
GROWTH = 4  # times the time for a whole burst: how far the advice to a host grows that does not listen


def host_of(address: str) -> Network:
    """The host that an address belongs to. Raises ValueError for what is no address."""
    ip = _address(address)
    return ip_network((ip, PREFIX6) if isinstance(ip, IPv6Address) else ip, strict=False)


def _address(written: str) -> IPv4Address | IPv6Address:
    """Without its scope, which is of this machine and no part of who it is; an IPv4 address that is written as one of
    IPv6 is one of IPv4 (RFC 4291 2.5.5.2)."""
    ip = ip_address(written.partition("%")[0])
    return ip.ipv4_mapped or ip if isinstance(ip, IPv6Address) else ip


def is_loopback(address: str) -> bool:
    return _address(address).is_loopback


def network(written: str) -> Network:
    """An address or a network, as somebody wrote it. Raises ValueError with a sentence."""
    try:
        made = ip_network(re.sub("%[^/]*", "", written), strict=False)
    except ValueError:
        raise ValueError(f"{written!r} is no address or network, such as 192.0.2.7 or 2001:db8::/64") from None
    mapped = made.network_address.ipv4_mapped if isinstance(made, IPv6Network) and made.prefixlen >= 96 else None
    return made if mapped is None else ip_network((mapped, made.prefixlen - 96))


class Networks:
    """A set of networks, in which an address is found by one look per length of prefix."""

    def __init__(self, networks: Iterable[Network] = ()) -> None:
        self._by_length: dict[tuple[int, int], set[int]] = {}
        for each in networks:
            self.add(each)

    def add(self, new: Network) -> None:
        self._by_length.setdefault((new.version, new.prefixlen), set()).add(int(new.network_address))

    def remove(self, old: Network) -> None:
        same = self._by_length[old.version, old.prefixlen]
        same.remove(int(old.network_address))
        if not same:
            del self._by_length[old.version, old.prefixlen]

    def find(self, address: str) -> Network | None:
        """The widest of the networks that hold the address."""
        if not self._by_length:
            return None
        ip = _address(address)
        number = int(ip)
        for version, length in sorted(self._by_length):
            host_bits = ip.max_prefixlen - length
            if version == ip.version and number >> host_bits << host_bits in self._by_length[version, length]:
                return ip_network((ip, length), strict=False)
        return None


@dataclass(frozen=True, slots=True)
class Ban:
    """`until` is Unix time, None for ever."""

    network: Network
    reason: str
    until: float | None


class Bans:
    """Networks from which nobody is let in. The clock is Unix time: an operator thinks in dates."""

    def __init__(self) -> None:
        self._bans: dict[Network, Ban] = {}
        self._networks = Networks()

    def __len__(self) -> int:
        return len(self._bans)

    def add(self, ban: Ban) -> None:
        self._bans.pop(ban.network, None)  # one that is made anew is the last one
        self._bans[ban.network] = ban
        self._networks.add(ban.network)

    def lift(self, banned: Network) -> bool:
        """Whether there was such a ban."""
        if self._bans.pop(banned, None) is None:
            return False
        self._networks.remove(banned)
        return True

    def find(self, address: str, now: float) -> Ban | None:
        """The ban that an address falls under; one that is over is lifted."""
        while (found := self._networks.find(address)) is not None:
            ban = self._bans[found]
            if ban.until is None or now < ban.until:
                return ban
            self.lift(found)
        return None

    def all(self, now: float) -> list[Ban]:
        """Those that hold, the last one first."""
        for ban in [ban for ban in self._bans.values() if ban.until is not None and ban.until <= now]:
            self.lift(ban.network)
        return list(reversed(self._bans.values()))


class _Host:
    __slots__ = ("clients", "pace")

    def __init__(self) -> None:
        self.clients = 0
        self.pace = Pace()


class Hosts:
    """Counts the clients of each host, and paces its new connections."""

    def __init__(self, limits: Limits, usage: Usage) -> None:
        self._limits = limits
        self._usage = usage
        self._present: dict[Network, _Host] = {}
        self._gone: OrderedDict[Network, _Host] = OrderedDict()  # the one that left first at the head

    def clients(self, host: Network) -> int:
        """How many clients of that host are here."""
        return self._present[host].clients if host in self._present else 0

    @property
    def most(self) -> int:
        """The clients of the host that has the most."""
        return max((host.clients for host in self._present.values()), default=0)

    @property
    def remembered(self) -> int:
        """Hosts without clients whose rate still counts."""
        return len(self._gone)

    def spend(self, host: Network, now: float, cost: float = 1.0) -> float:
        """A connection is made, or what counts as `cost` of them. Seconds until the host may make another one; 0 if
        this one is in order. Each further try makes them more."""
        found = self._present.get(host)
        if found is None:
            self._keep(host, found := self._recall(host))
        rate = self._limits.host_rate
        wait = found.pace.spend(now, rate, self._limits.host_burst, cost, GROWTH)
        return wait + cost / rate if wait else 0.0  # the next one has its cost too

    def enter(self, host: Network) -> int:
        """A client of that host is here. How many there are now."""
        found = self._present.get(host)
        if found is None:
            found = self._present[host] = self._recall(host)
        found.clients += 1
        return found.clients

    def leave(self, host: Network) -> None:
        """A client of that host is gone."""
        found = self._present[host]
        found.clients -= 1
        if not found.clients:
            self._keep(host, self._present.pop(host))

    def _recall(self, host: Network) -> _Host:
        return self._gone.pop(host) if host in self._gone else _Host()

    def _keep(self, host: Network, found: _Host) -> None:
        self._gone[host] = found
        while len(self._gone) > self._limits.hosts_remembered:
            self._gone.popitem(last=False)
            self._usage.hit("hosts_remembered")
