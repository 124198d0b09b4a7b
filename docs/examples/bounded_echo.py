"""An echo server for two clients at a time. Three more wait in line; everybody else is told when to try again."""

import trio

from chatd.pool import ClientPool, Refused, Seated

pool: ClientPool[trio.Event] = ClientPool(max_clients=2, max_waiting=3)


async def serve(stream: trio.SocketStream) -> None:
    seat_came = trio.Event()  # what the pool keeps of this client: a bell for who frees a seat for it
    outcome = pool.enter(seat_came, trio.current_time())
    try:
        if isinstance(outcome, Refused):
            await stream.send_all(f"{outcome.reason}, retry in {outcome.retry_after:.0f} s\n".encode())
        elif isinstance(outcome, Seated) or await wait_in_line(stream, seat_came, outcome.position):
            await stream.send_all(b"Welcome\n")
            async for data in stream:
                await stream.send_all(data)
    except* trio.BrokenResourceError:
        pass  # it has hung up
    finally:
        if not isinstance(outcome, Refused):
            for ticket in pool.leave(outcome.ticket, trio.current_time()):
                ticket.client.set()


async def wait_in_line(stream: trio.SocketStream, seat_came: trio.Event, position: int) -> bool:
    await stream.send_all(f"You are number {position} in line\n".encode())
    async with trio.open_nursery() as line:
        line.start_soon(notice_hang_up, stream, line.cancel_scope)
        await seat_came.wait()
        line.cancel_scope.cancel()
    return seat_came.is_set()


async def notice_hang_up(stream: trio.SocketStream, line: trio.CancelScope) -> None:
    while await stream.receive_some():
        pass  # what is said in line is not echoed
    line.cancel()


if __name__ == "__main__":
    trio.run(trio.serve_tcp, serve, 7007)
