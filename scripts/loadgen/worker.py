"""Why: what one process can read is bounded by its one CPU, so that the clients live in as many as are asked for.

A worker does what the parent tells it on standard input, reports on standard output, and ends when its input does: no
worker outlives its parent, however that ends. It decides nothing of the course of events.
"""

import contextlib
import gc
import itertools
import os
import random
import signal
import socket
from collections.abc import AsyncIterator, Iterable
from functools import partial
from typing import Any

import trio

from .chatter import Chatter
from .client import Client, Common, Reaction, Stage
from .crowd import nick, run_name
from .deliveries import MICROSECONDS
from .histogram import Histogram
from .links import Link, Links, words_of
from .pieces import Pieces
from .timers import Timers
from .wire import Arrival, Begin, Clock, Event, Report, Times, What, line_of, read_lines

REPORT_EVERY = 0.005  # s: a wave waits for it, and for no more
LOOK_AT_DEADLINES = 20  # reports
FIRST_PAUSE = 1.0  # s, before one who was given no advice tries again; doubled each time
LONGEST_PAUSE = 60.0
ANSWERS = {What.QUEUED, What.SEATED, What.REFUSED}
ENDS = {What.REFUSED, What.SILENT, What.FAILED}


class Worker:
    """The clients of one process."""

    def __init__(self, begin: Begin, nursery: trio.Nursery) -> None:
        self._finished = False
        self._nursery = nursery
        self._clock = Clock(begin["began"])
        self._tick = begin["tick"]
        self._ticks = 0  # told
        self._chance = random.Random(f"{begin['seed']} {begin['worker']}")
        self._token = begin["token"]
        self._common = Common(
            begin["room"], begin["patience"], Pieces(self._token), lambda number: nick(run_name(self._chance), number)
        )
        self._events: list[Event] = []
        self._chatter = Chatter(begin["worker"], self._token, self._chance, self._clock, self._events.append)
        self._timers = Timers(self._clock)
        self._links = Links(self._clock, self._happened, self._common.mail.settle)
        self._of_number: dict[int, Link] = {}
        self._unanswered: dict[int, int] = {}  # clients, and when each was to come
        self._tries: dict[int, int] = {}
        self._come_back = False  # also after a refusal or a loss
        self._answers = Histogram()
        self._arrival_lateness = Histogram()
        nursery.start_soon(self._timers.run)
        nursery.start_soon(self._links.serve)

    # -- orders -------------------------------------------------------------------------------------------------------

    def obey(self, order: dict[str, Any]) -> None:
        """Do what the parent says."""
        match order["do"]:
            case "aim":
                self._links.aim((socket.AddressFamily(order["family"]), (order["host"], order["port"])))
            case "come":
                for words in order["clients"]:
                    arrival = Arrival(*words)
                    self._timers.add(arrival.at, partial(self._come, arrival))
            case "rate":
                self._chatter.set_rate(order["rate"])
            case "chat":
                # A full collection over all clients takes milliseconds, which would count as the server's.
                gc.collect()
                gc.freeze()
                self._nursery.start_soon(self._chatter.run, self._links, order["messages"], order["share"])
            case "hush":
                self._chatter.hush()
            case "read":
                self._read_again()
            case "come back":
                self._come_back = True
            case "hang up":
                self._hang_up()
            case "stay":
                self._come_back = False
                self._timers.clear()
            case "leave":
                self._leave(order["clients"])
            case "end":
                self._finished = True

    def _come(self, arrival: Arrival, intended: int) -> None:
        now = self._clock.now()
        number = arrival.number
        self._arrival_lateness.add((now - intended) / MICROSECONDS)
        self._unanswered[number] = intended
        self._events.append(Event(now, What.TRIED, number))
        client = Client(arrival, nick(self._token, number), self._common, now)
        try:
            self._of_number[number] = self._links.open(client)
        except OSError as error:
            for event in client.ended(words_of(error), now).events:
                self._note(client, event)

    def _read_again(self) -> None:
        for link in self._links:
            if not link.client.reading:
                self._happened(link, link.client.read_again(self._clock.now()))

    def _leave(self, numbers: Iterable[int]) -> None:
        for number in numbers:
            link = self._of_number.get(number)
            if link is not None and link.client.stage in (Stage.WAITING, Stage.SEATED):
                self._happened(link, link.client.leave(self._clock.now()))

    def _hang_up(self) -> None:
        self._timers.clear()
        for link in self._links:
            for event in link.client.leave(self._clock.now()).events:
                self._note(link.client, event)
            self._links.close(link)

    # -- what comes of it ---------------------------------------------------------------------------------------------

    def _happened(self, link: Link, reaction: Reaction) -> None:
        for event in reaction.events:
            self._note(link.client, event)
            if event.what is What.SEATED and link.client.reading:
                self._chatter.speakers[link] = None
        self._links.send(link, reaction.send)
        if reaction.hang_up:
            self._links.close(link)
            self._forget(link)
        elif reaction.listen:
            self._links.listen_for(link)

    def _forget(self, link: Link) -> None:
        """In a long run many come; the same one may be here again already, with another link."""
        self._chatter.speakers.pop(link, None)
        number = link.client.arrival.number
        if self._of_number.get(number) is link:
            del self._of_number[number]

    def _note(self, client: Client, event: Event) -> None:
        self._events.append(event)
        number = event.number
        if event.what in ANSWERS:
            intended = self._unanswered.pop(number, None)
            if intended is not None:
                self._answers.add((event.at - intended) / MICROSECONDS)
        if event.what is What.SEATED:
            self._tries.pop(number, None)
            if client.arrival.stay is not None:
                self._timers.add(event.at + client.arrival.stay, lambda _: self._leave([number]))
        elif event.what in ENDS and self._come_back:
            self._come_later(client, event.at)

    def _come_later(self, client: Client, now: int) -> None:
        number = client.arrival.number
        tries = self._tries[number] = self._tries.get(number, 0) + 1
        pause = client.retry_after
        if pause is None:
            pause = min(FIRST_PAUSE * 2 ** (tries - 1), LONGEST_PAUSE)
        self._timers.add(now + int(pause * MICROSECONDS), partial(self._come, client.arrival))

    # -- reports ------------------------------------------------------------------------------------------------------

    async def report(self, stream: trio.abc.SendStream) -> None:
        """Tell the parent, again and again, until all is told."""
        for turn in itertools.count(1):
            await trio.sleep(REPORT_EVERY)
            if turn % LOOK_AT_DEADLINES == 0:
                self._look_at_deadlines()
            finished = self._finished
            await stream.send_all(line_of(self._written(finished)))
            if finished:
                return

    def _look_at_deadlines(self) -> None:
        now = self._clock.now()
        for link in self._links:
            deadline = link.client.deadline
            if deadline is not None and deadline < now:
                self._happened(link, link.client.overdue(now))

    def _written(self, finished: bool) -> Report:
        upto = self._clock.now() - 1  # what happens within this very microsecond comes next time
        ticks = upto // self._tick
        times: Times | None = None
        if ticks > self._ticks or finished:
            self._ticks = ticks
            times = self._times()
        events = self._events[:]
        self._events.clear()
        mail, unread = self._common.mail, self._common.unread_mail
        return {
            "upto": upto,
            "events": events,
            "received": mail.received,
            "duplicates": mail.duplicates + unread.duplicates,
            "disordered": mail.disordered + unread.disordered,
            "open": len(self._links),
            "times": times,
        }

    def _times(self) -> Times:
        """What was measured since the last time; it is measured anew from now on."""
        return {
            "latency": self._common.mail.latency.taken(),
            "lateness": self._chatter.lateness.taken(),
            "answers": self._answers.taken(),
            "arrival_lateness": self._arrival_lateness.taken(),
        }


async def run() -> None:
    """Work until the parent says that it is enough, or is gone."""
    orders = read_lines(trio.lowlevel.FdStream(os.dup(0)))
    reports = trio.lowlevel.FdStream(os.dup(1))
    begin = await anext(orders, None)
    if begin is None:
        return
    async with trio.open_nursery() as nursery:
        worker = Worker(begin, nursery)
        nursery.start_soon(_obey, worker, orders, nursery.cancel_scope)
        with contextlib.suppress(trio.BrokenResourceError):
            await worker.report(reports)
        nursery.cancel_scope.cancel()


async def _obey(worker: Worker, orders: AsyncIterator[Any], everything: trio.CancelScope) -> None:
    async for order in orders:
        worker.obey(order)
    everything.cancel()


def main() -> None:
    """For a process of its own. Ctrl-C in a terminal reaches it too, but it is the parent who says when to end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    trio.run(run)


if __name__ == "__main__":
    main()
