"""Why: what a crowd does to a server depends on when each comes, speaks and leaves; that course of events is here.

A scenario is a list of steps, each of which is a method. All of them tell the workers what to do, and wait until the
books say that it has happened.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import trio

from .crew import Hand
from .ledger import Kind, Stage
from .returning import Returning
from .scenarios import Step
from .wire import Arrival, Clock

if TYPE_CHECKING:
    from .fleet import Fleet

AT_THE_END = "after all left"  # the table that only a run has that was not interrupted
WAVES = 50  # in so many the line is emptied, so that a short line moves one by one
DELIVERIES_A_SECOND = 10_000  # unless asked for more: what a server has time for beside this program on two CPUs
MESSAGES_A_SECOND = 100  # more than a person could follow anyway
# A server slows down who talks too fast, which would be measured as its latency.
LINES_OF_ONE_A_SECOND = 4
STEER_EVERY = 0.1  # s
A_LOT = 0.5  # of those inside; when so many are lost the server is being restarted
INSIDE = (Stage.SEATED, Stage.WAITING)
QUIET = 0.05  # s, until nobody is on the way from the line to a seat
class Course:
    """The events of one run, in their order."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self._ledger = fleet.ledger
        self._options = fleet.options
        self._clock = Clock(fleet.began)
        self._chatting = False
        self._hold_until = 0.0
        self._seats = 0  # that were taken before all come back
        self._steps: Mapping[Step, Callable[[], Awaitable[None]]] = {
            Step.COME: self._come,
            Step.CHURN: self._churn,
            Step.CHAT: self._chat,
            Step.HOLD: self._hold,
            Step.RETURN: self._return,
            Step.LEAVE: self._leave,
        }

    async def run(self) -> None:
        """All of them, if there is a server."""
        course = self._options.scenario.course
        await self._fleet.bell.until(lambda: all(hand.upto >= 0 for hand in self._fleet.crew))  # they have started
        self._fleet.enter(course[0])
        if not await self._find_server():
            return
        for step in course:
            if step is not Step.CHAT or self._options.messages != 0:
                self._fleet.enter(step)
                await self._steps[step]()

    async def steer(self) -> None:
        """While they chat, let those speak who are there, until cancelled."""
        told: list[float] = []
        while True:
            await trio.sleep(STEER_EVERY)
            if self._chatting and (rates := self._rates()) != told:
                await self._tell_rates(rates)
                told = rates

    # -- coming -------------------------------------------------------------------------------------------------------

    async def _find_server(self) -> bool:
        """The first client comes, to the first address where a server answers it."""
        fleet, first = self._fleet, self._fleet.plan[0]
        for family, (host, port) in fleet.addresses:
            await self._tell_all(do="aim", family=int(family), host=host, port=port)
            self._ledger.tried(0)
            await self._summon([first._replace(at=0)])
            await fleet.bell.until(lambda: self._ledger.attempts[0].stage is not Stage.TRYING)
            row = self._ledger.attempts[0].row
            target = self._options.target
            if row.kind is Kind.FAILED:
                fleet.problem = f"no server at {target}: {row.reason.lower()}"
            elif row.kind is Kind.SILENT:
                fleet.problem = (
                    f"no chat server at {target}: it took the connection, and then: {row.reason.lower()}"
                )  # fmt: skip
            else:
                fleet.problem = ""
                return True
        return False

    async def _come(self) -> None:
        await self._summon(self._fleet.plan[1:])
        # Each has a deadline of its own, so this ends.
        await self._fleet.bell.until(lambda: self._ledger.undecided == 0)
        self._ledger.all_entered()
        self._hold_until = trio.current_time() + self._options.hold

    async def _churn(self) -> None:
        talks = self._options.messages != 0
        if talks:
            await self._open_chat()
        await self._come()
        if talks:
            await self._close_chat()
        self._fleet.stages["when the last had come"] = self._ledger.rows()

    async def _summon(self, arrivals: Sequence[Arrival]) -> None:
        """Let them come, from now on."""
        now = self._clock.now()
        for hand in self._fleet.crew:
            own = [each._replace(at=now + each.at) for each in arrivals if self._hand_of(each.number) is hand]
            await hand.order(do="come", clients=own)

    # -- chatting -----------------------------------------------------------------------------------------------------

    async def _chat(self) -> None:
        await self._open_chat()
        with trio.move_on_after(self._options.duration or math.inf):
            await self._fleet.bell.until(lambda: self._all_is_said() or self._is_deserted())
        await self._close_chat()
        if Step.HOLD not in self._options.scenario.course:
            self._fleet.stages["after the chat"] = self._ledger.rows()

    async def _open_chat(self) -> None:
        await self._tell_rates(self._rates())
        members = self._members()
        for hand, messages in zip(self._fleet.crew, shared(self._options.messages, members), strict=True):
            # So that the workers speak in turn, and not all at the same moment.
            await hand.order(do="chat", messages=messages, share=hand.number / len(self._fleet.crew))
        self._chatting = True

    async def _close_chat(self) -> None:
        fleet = self._fleet
        await self._tell_all(do="hush")
        await fleet.bell.until(self._all_is_said)
        self._chatting = False
        await fleet.bell.until(lambda: not fleet.missing, self._options.patience)
        fleet.chat_is_over = True
        if self._ledger.unread:
            await self._tell_all(do="read")
            await fleet.bell.until(lambda: not self._ledger.unread)  # each has a deadline of its own

    def _all_is_said(self) -> bool:
        return self._fleet.hushed == len(self._fleet.crew)

    def _is_deserted(self) -> bool:
        """Nobody is there to speak, and nobody waits for a seat."""
        return not self._fleet.debts.readers and not self._ledger.waiting

    def _rate(self, members: int) -> float:
        """Messages a second; if nothing else was asked for, so that neither senders nor server have too much to do."""
        if self._options.message_rate is not None:
            return self._options.message_rate
        members = max(1, members)
        if self._options.each is not None:
            return members * self._options.each / 60
        return max(1.0, min(MESSAGES_A_SECOND, members * LINES_OF_ONE_A_SECOND, DELIVERIES_A_SECOND / members))

    def _rates(self) -> list[float]:
        """Of each worker: as many as it has members."""
        members = self._members()
        rate = self._rate(sum(members))
        return [rate * own / sum(members) if own else 0.0 for own in members]

    def _members(self) -> list[int]:
        """How many there are in each worker who read."""
        own = Counter(number % len(self._fleet.crew) for number in self._fleet.debts.readers)
        return [own[hand.number] for hand in self._fleet.crew]

    async def _tell_rates(self, rates: list[float]) -> None:
        for hand, rate in zip(self._fleet.crew, rates, strict=True):
            await hand.order(do="rate", rate=rate)

    # -- staying and returning ----------------------------------------------------------------------------------------

    async def _hold(self) -> None:
        fleet = self._fleet
        self._seats = len(fleet.members)
        if Step.RETURN in self._options.scenario.course:
            fleet.returning = Returning(self._inside(), self._seats)
            await self._tell_all(do="come back")
        with trio.move_on_at(self._hold_until):
            await fleet.bell.until(self._is_server_restarting)
        self._ledger.check_order()
        fleet.stages["at the end of the hold"] = self._ledger.rows()

    async def _return(self) -> None:
        fleet = self._fleet
        if not self._is_server_restarting():
            fleet.returning = Returning(range(len(fleet.plan)), self._seats, self._clock.now())
            await self._tell_all(do="hang up")
            await self._summon([each._replace(at=0) for each in fleet.plan])
        with trio.move_on_after(self._options.duration or math.inf):
            await fleet.bell.until(self._all_are_back)
        await self._tell_all(do="stay")
        await fleet.bell.until(lambda: self._ledger.undecided == 0)  # those who are trying just now
        self._ledger.all_entered()
        fleet.returned = {} if fleet.returning is None else fleet.returning.took
        fleet.stages["after the return"] = self._ledger.rows()

    def _is_server_restarting(self) -> bool:
        returning = self._fleet.returning
        return returning is not None and returning.lost > returning.clients * A_LOT

    def _all_are_back(self) -> bool:
        returning = self._fleet.returning
        inside = self._ledger.seated + self._ledger.waiting
        return returning is not None and "all_answered" in returning.took and inside >= returning.clients

    def _inside(self) -> list[int]:
        return [number for number, attempt in enumerate(self._ledger.attempts) if attempt.stage in INSIDE]

    # -- leaving ------------------------------------------------------------------------------------------------------

    async def _leave(self) -> None:
        """Empty the seats and the line, in waves that are small enough to see in what order the seats were given."""
        fleet, ledger = self._fleet, self._ledger
        await self._tell_all(do="stay")
        await fleet.bell.until(lambda: ledger.undecided == 0)
        if ledger.waiting:
            await trio.sleep(QUIET)
        size = math.ceil(ledger.waiting / WAVES)
        while waiting := ledger.waiting:
            leaving = list(itertools.islice(fleet.members, size))
            if not leaving:
                break
            goal = ledger.count(Kind.QUEUED_SEATED) + min(len(leaving), waiting)
            await self._dismiss(leaving)
            if not await fleet.bell.until(self._seats_given(goal), self._options.patience):
                fleet.unfilled = goal - ledger.count(Kind.QUEUED_SEATED)
                break
            ledger.check_order()
        await self._dismiss(self._inside())
        await fleet.bell.until(lambda: not any(hand.open for hand in fleet.crew), self._options.patience)
        fleet.stages[AT_THE_END] = ledger.rows()

    async def _dismiss(self, numbers: Iterable[int]) -> None:
        for hand in self._fleet.crew:
            await hand.order(do="leave", clients=[each for each in numbers if self._hand_of(each) is hand])

    def _seats_given(self, goal: int) -> Callable[[], bool]:
        ledger = self._ledger
        return lambda: ledger.count(Kind.QUEUED_SEATED) >= goal or not ledger.waiting

    # -- workers ------------------------------------------------------------------------------------------------------

    def _hand_of(self, number: int) -> Hand:
        crew = self._fleet.crew
        return crew[number % len(crew)]

    async def _tell_all(self, **words: Any) -> None:
        for hand in self._fleet.crew:
            await hand.order(**words)


def shared(messages: int | None, members: Sequence[int]) -> list[int | None]:
    """As many for each worker as it has members; they add up."""
    if messages is None:
        return [None] * len(members)
    weights = members if any(members) else [1] * len(members)
    edges = [messages * part // sum(weights) for part in itertools.accumulate(weights, initial=0)]
    return [after - before for before, after in itertools.pairwise(edges)]
