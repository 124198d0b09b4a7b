"""Why: what a crowd does to a server depends on when each comes, speaks and leaves; that course of events is here.

They come (the first alone, to find out whether a server is there), some chat once everybody has an answer, all stay
for a while, and then the seated leave in waves: as many at a time as are then awaited to be seated from the line.
"""

import gc
import math
import random
import time
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum

import trio

from .client import Client, Shared
from .deliveries import Deliveries
from .ledger import Kind, Ledger, Row, Stage
from .machine import Sources
from .options import Address, Options

WAVES = 50  # in so many the line is emptied, so that a short line moves one by one
DELIVERIES_A_SECOND = 10_000  # what this process counts without being late, with a good half of a core to spare
MESSAGES_A_SECOND = 100  # more than a person could follow anyway
# A server slows down who talks too fast, which would be measured as its latency.
LINES_OF_ONE_A_SECOND = 4
NICK_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"
RUN_LETTERS = 3
NUMBER_LETTERS = 4  # with the letter before them 8 characters: 9 is the least that every IRC server grants


class Phase(StrEnum):
    """What the crowd is doing."""

    COMING = "coming"
    CHATTING = "chatting"
    STAYING = "staying"
    LEAVING = "leaving"
    GONE = "gone"


class Crowd:
    """All clients of a run, and what is known of it so far."""

    def __init__(self, options: Options, addresses: list[Address]) -> None:
        self.options = options
        self.ledger = Ledger(options.clients)
        self._random = random.Random(options.seed)
        self._run_name = self._letters(RUN_LETTERS)
        self.deliveries = Deliveries(self._run_name)
        self.phase = Phase.COMING
        self.problem = ""  # why there is nothing to report
        self.interrupted = False
        self.unfilled = 0  # seats given back that did not go to the line in time
        self.after_hold: Mapping[Row, int] | None = None
        self.seconds: dict[str, float] = {}
        self.began = time.monotonic()
        self._addresses = addresses
        self._began_phase = self.began
        self._shared = self._share(addresses[0])
        self._clients: list[Client] = []

    async def run(self) -> None:
        """All of it. When it is cancelled, what was known until then stays."""
        self.began = self._began_phase = time.monotonic()
        try:
            async with trio.open_nursery() as clients:
                if await self._come(clients):
                    await self._stay()
                    await self._leave()
                else:
                    clients.cancel_scope.cancel()
        finally:
            self._enter(Phase.GONE)

    async def _stay(self) -> None:
        self.ledger.all_entered()
        # A full collection over thousands of tasks takes tens of milliseconds, which would count as the server's.
        gc.collect()
        gc.freeze()
        stay_until = trio.current_time() + self.options.hold
        if self.options.messages:
            self._enter(Phase.CHATTING)
            await self._chat()
        self._enter(Phase.STAYING)
        await trio.sleep_until(stay_until)
        self.ledger.check_order()
        self.after_hold = self.ledger.rows()

    def _enter(self, phase: Phase) -> None:
        now = time.monotonic()
        self.seconds[self.phase] = now - self._began_phase
        self.phase, self._began_phase = phase, now

    # -- coming -------------------------------------------------------------------------------------------------------

    async def _come(self, clients: trio.Nursery) -> bool:
        """Bring everybody in, until each has an answer. False if there is no server."""
        places = trio.Semaphore(self.options.concurrency)
        start = trio.current_time()
        for number in range(self.options.clients):
            if self.options.rate is not None:
                await trio.sleep_until(start + number / self.options.rate)
            await places.acquire()
            if number == 0:
                if not await self._try_addresses(clients, places):
                    return False
            else:
                clients.start_soon(self._client(number, places).run)
        # Each has a deadline of its own, so this ends.
        await self._shared.bell.until(lambda: self.ledger.undecided == 0, math.inf)
        return True

    async def _try_addresses(self, clients: trio.Nursery, places: trio.Semaphore) -> bool:
        """The first client comes, to the first address where a server answers it."""
        for address in self._addresses:
            self._shared = self._share(address)
            clients.start_soon(self._client(0, places).run)
            await self._shared.bell.until(lambda: self.ledger.undecided < self.options.clients, math.inf)
            row = self.ledger.attempts[0].row
            if row.kind is Kind.FAILED:
                self.problem = f"no server at {self.options.target}: {row.reason.lower()}"
            elif row.kind is Kind.SILENT:
                how = row.reason.lower()
                self.problem = f"no chat server at {self.options.target}: it took the connection, and then: {how}"
            else:
                self.problem = ""
                return True
            await places.acquire()
            self.ledger.try_again(0)
            self._clients.clear()
        return False

    def _share(self, address: Address) -> Shared:
        return Shared(
            address=address,
            room=self.options.room,
            patience=self.options.patience,
            sources=Sources(address[1][0]),
            ledger=self.ledger,
            deliveries=self.deliveries,
        )

    def _client(self, number: int, places: trio.Semaphore) -> Client:
        waits = True

        def answered() -> None:
            nonlocal waits
            if waits:
                waits = False
                places.release()

        client = Client(number, self._nick(number), self._shared, answered, lambda: self._nick(number, again=True))
        self._clients.append(client)
        return client

    def _nick(self, number: int, *, again: bool = False) -> str:
        run = self._letters(RUN_LETTERS) if again else self._run_name
        letters = ""
        for _ in range(NUMBER_LETTERS):
            number, digit = divmod(number, len(NICK_ALPHABET))
            letters = NICK_ALPHABET[digit] + letters
        return f"l{run}{letters}"

    def _letters(self, count: int) -> str:
        return "".join(self._random.choices(NICK_ALPHABET, k=count))

    # -- chatting -----------------------------------------------------------------------------------------------------

    @property
    def message_rate(self) -> float:
        """Messages a second, so that neither one of the senders nor this process has too much to do."""
        if self.options.message_rate is not None:
            return self.options.message_rate
        members = max(1, len(self._shared.seated))
        return max(1.0, min(MESSAGES_A_SECOND, members * LINES_OF_ONE_A_SECOND, DELIVERIES_A_SECOND / members))

    async def _chat(self) -> None:
        senders = list(self._shared.seated.values())
        self._random.shuffle(senders)
        interval = 1 / self.message_rate
        start = time.monotonic()
        turn = 0
        while senders and self.deliveries.messages < self.options.messages:
            sender = senders[turn % len(senders)]
            if sender.number not in self._shared.seated:
                senders.remove(sender)
                continue
            turn += 1
            due = start + self.deliveries.messages * interval
            await trio.sleep(max(0.0, due - time.monotonic()))
            text = self.deliveries.send(sender.number, due, time.monotonic())
            await sender.say(text)
        await self._shared.bell.until(lambda: not self.deliveries.missing, self.options.patience)

    # -- leaving ------------------------------------------------------------------------------------------------------

    async def _leave(self) -> None:
        """Empty the seats and the line, in waves that are small enough to see in what order the seats were given."""
        self._enter(Phase.LEAVING)
        size = math.ceil(self.ledger.count(Kind.WAITING) / WAVES)
        while waiting := self.ledger.count(Kind.WAITING):
            leaving = list(self._shared.seated.values())[:size]
            if not leaving:
                break
            goal = self.ledger.count(Kind.QUEUED_SEATED) + min(len(leaving), waiting)
            await self._hang_up(leaving)
            if not await self._shared.bell.until(self._seats_given(goal), self.options.patience):
                self.unfilled = goal - self.ledger.count(Kind.QUEUED_SEATED)
                break
            self.ledger.check_order()
        await self._hang_up(self._clients)

    async def _hang_up(self, leaving: Iterable[Client]) -> None:
        for client in leaving:
            if self.ledger.attempts[client.number].stage in (Stage.SEATED, Stage.WAITING):
                with trio.move_on_after(self.options.patience):
                    await client.leave()

    def _seats_given(self, goal: int) -> Callable[[], bool]:
        ledger = self.ledger
        return lambda: ledger.count(Kind.QUEUED_SEATED) >= goal or not ledger.count(Kind.WAITING)
