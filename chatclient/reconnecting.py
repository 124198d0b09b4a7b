"""Connect, and when that fails or ends, wait as advised and try again, until the person leaves."""

import math
from collections.abc import Callable
from itertools import islice

import trio

from .client import Client
from .connection import Address, Connection
from .retry import Backoff
from .session import Session


async def stay_connected(client: Client, address: Address, room: str, random: Callable[[], float]) -> None:
    async with trio.open_nursery() as nursery:

        async def leave_at_once() -> None:
            await client.gone.wait()
            nursery.cancel_scope.cancel()

        nursery.start_soon(leave_at_once)
        backoff = Backoff(client.limits, random)
        while not client.leaving.is_set():
            rooms = client.model.rooms if client.model.entered else {room: ""}
            rooms = dict(islice(rooms.items(), client.limits.rooms))
            session = Session(client.model.wanted_nick, rooms, client.limits, random, client.password)
            connection = Connection(address, session, client.limits)
            client.attach(session, connection)
            began = trio.current_time()
            ending = await connection.run(client.handle)
            if client.leaving.is_set():
                break
            if ending.final:
                backoff = Backoff(client.limits, random)  # what follows is the person's doing, and no failure in a row
                delay = math.inf
            else:
                delay = backoff.delay(ending.retry_after, trio.current_time() - began)
            client.detach(ending, delay, backoff.failures)
            with trio.move_on_after(delay):
                await client.try_now.wait()
        nursery.cancel_scope.cancel()
