"""A chat on trio as one writes it first: each line goes to everybody else. Nothing in it is bounded.

    python naive_trio.py PORT

scripts/compare.py measures it: it is what a server costs, and what it tells, before anybody has thought of limits.
"""

import math
import sys

import trio


async def main(port: int) -> None:
    everybody: set[trio.MemorySendChannel[bytes]] = set()

    async def write(stream: trio.SocketStream, owed: trio.MemoryReceiveChannel[bytes]) -> None:
        async for line in owed:
            await stream.send_all(line)

    async def chat(stream: trio.SocketStream) -> None:
        mine, owed = trio.open_memory_channel[bytes](math.inf)
        everybody.add(mine)
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(write, stream, owed)
                mine.send_nowait(b"welcome\n")
                rest = b""
                async for received in stream:
                    *lines, rest = (rest + received).split(b"\n")
                    for line in lines:
                        for other in everybody - {mine}:
                            other.send_nowait(line + b"\n")
                nursery.cancel_scope.cancel()
        except* trio.BrokenResourceError:
            pass  # that one has gone
        finally:
            everybody.discard(mine)

    await trio.serve_tcp(chat, port, host="127.0.0.1")


if __name__ == "__main__":
    trio.run(main, int(sys.argv[1]))
