"""An echo server for two clients at a time. Three more wait in line; everybody else is told when to try again."""

import contextlib

import trio

from chatd.pool import ClientPool, Refused, Waiting

pool: ClientPool[trio.Event] = ClientPool(max_clients=2, max_waiting=3)


async def serve(stream: trio.SocketStream) -> None:
    seat_came = trio.Event()  # what the pool keeps of this client: a bell for who frees a seat for it
    outcome = pool.enter(seat_came, trio.current_time())
    with contextlib.suppress(trio.BrokenResourceError):  # whoever it is has hung up
        if isinstance(outcome, Refused):
            await stream.send_all(f"{outcome.reason}, retry in {outcome.retry_after:.0f} s\n".encode())
            return
        try:
            if isinstance(outcome, Waiting):
                await stream.send_all(f"You are number {outcome.position} in line\n".encode())
                await seat_came.wait()
            await stream.send_all(b"Welcome\n")
            async for data in stream:
                await stream.send_all(data)
        finally:
            for ticket in pool.leave(outcome.ticket, trio.current_time()):
                ticket.client.set()


if __name__ == "__main__":
    trio.run(trio.serve_tcp, serve, 7007)
