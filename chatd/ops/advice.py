"""How many clients a machine carries: the arithmetic, from what one of them costs. It measures nothing; `probe` does.

Everybody is in one room, as that is dearest: N members who each speak r times a second make r·N messages a second, each
with N readers, so the work grows as N². What saves a full room is that messages coalesce: whatever comes while a round
of sends is under way goes out in the next one, in one send per reader.
"""

import math
from typing import NamedTuple

CPU, MEMORY, KERNEL, FILES = "CPU", "memory of process", "memory of kernel", "open files"
RESERVE = 0.4  # of a CPU, kept for whatever else goes on: joins, other programs, a host that is shared
LINE_BYTES = 100  # of a message on the wire, names included: what people write
TOO_MANY = 10**7  # clients; nothing is promised beyond
FINE = 100  # an advice from here on is rounded down


class Costs(NamedTuple):
    """What a client and its messages cost here: seconds of CPU time, bytes."""

    message: float  # to read one and to find its readers, once
    send: float  # one send to one reader, whatever it holds
    line: float  # one more line in that send
    client: float  # memory of the process for a silent client
    kernel: float  # and of the kernel
    files: float  # open files of a client
    base: int  # memory of the process without clients

    def slower(self, share: float) -> "Costs":
        """What it costs where only that share of a CPU is to be had."""
        return self._replace(message=self.message / share, send=self.send / share, line=self.line / share)


class Talk(NamedTuple):
    """A room in which each member speaks so often."""

    costs: Costs
    per_minute: float

    def messages(self, members: int) -> float:
        """A second."""
        return members * self.per_minute / 60

    def deliveries(self, members: int) -> float:
        """A second: nobody is sent what it has said itself."""
        return self.messages(members) * (members - 1)

    def one_by_one(self, members: int) -> float:
        """CPUs that it would take if each message went out by itself: this is what grows as N²."""
        message, send, line, *_ = self.costs
        return self.messages(members) * (message + members * (send + line))

    def unsaved(self, members: int) -> float:
        """CPUs that it takes at the least, however many messages go out together. From 1 on the backlog never ends."""
        return self.messages(members) * (self.costs.message + members * self.costs.line)

    def cpu(self, members: int) -> float:
        """CPUs that it takes at the most: one, as the server is one thread."""
        return min(1.0, self.one_by_one(members))

    def round(self, members: int) -> float:
        """Seconds from reading to the last send: of one message, or of all that come meanwhile if those are more."""
        if self.unsaved(members) >= 1:
            return math.inf
        message, send, line, *_ = self.costs
        alone = message + members * (send + line)
        return max(alone, members * send / (1 - self.unsaved(members)))

    def rounds(self, members: int) -> float:
        """How many rounds 99 of 100 readers wait at the most, from the moment at which a message comes.

        An idle server begins at once: 1. A busy one ends its round first, of which any part may be left: with the
        share ρ of time in which it is busy the 99th percentile is 2 − √(0.02/ρ). If the next messages always wait
        already, chance decides whether they are read before the round goes out or after it, which may cost one more.
        """
        busy = self.one_by_one(members)
        return max(1.0, 2 - math.sqrt(0.02 / busy)) + busy**2 / (1 + busy**2) if busy else 1.0

    def latency(self, members: int) -> float:
        """Seconds within which 99 of 100 readers have a message (p99)."""
        return self.rounds(members) * self.round(members)


class Share(NamedTuple):
    """A resource of which every client takes the same."""

    granted: float
    fixed: float  # of it, before the first client
    each: float

    @property
    def carries(self) -> int:
        return max(0, min(TOO_MANY, int((self.granted - self.fixed) / self.each)))

    def taken(self, clients: int) -> float:
        return self.fixed + clients * self.each


class Wish(NamedTuple):
    """What is to hold: how much each client says, and within how many seconds 99 of 100 readers have it."""

    per_minute: float
    latency: float


class Advice(NamedTuple):
    """How many clients each resource carries, the scarcest first."""

    wish: Wish
    talk: Talk  # with all of a CPU, as it will be seen
    carried: dict[str, int]  # by resource

    @property
    def max_clients(self) -> int:
        return rounded(self.carried[self.binding])

    @property
    def binding(self) -> str:
        return next(iter(self.carried))

    @property
    def next_binding(self) -> str:
        return list(self.carried)[1]


def advise(costs: Costs, wish: Wish, shares: dict[str, Share]) -> Advice:
    """Weigh the CPU against the shares of other resources."""
    carried = {CPU: talkers(Talk(costs.slower(1 - RESERVE), wish.per_minute), wish.latency)}
    carried |= {name: share.carries for name, share in shares.items()}
    return Advice(wish, Talk(costs, wish.per_minute), dict(sorted(carried.items(), key=lambda each: each[1])))


def talkers(talk: Talk, latency: float) -> int:
    """The most members of a room for which that latency holds. As more never wait less, it is found by halves."""
    fewer, more = 0, TOO_MANY + 1
    while more - fewer > 1:
        middle = (fewer + more) // 2
        if talk.latency(middle) <= latency:
            fewer = middle
        else:
            more = middle
    return fewer


def rounded(number: int) -> int:
    """A number that does not claim to be exact: 2,847 is 2,800. At least 95 % of it is left."""
    if number < FINE:
        return number
    step = int(f"1{'0' * (len(str(number)) - 2)}") // 2
    return number // step * step
