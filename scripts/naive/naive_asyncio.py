"""A chat on asyncio as one writes it first: each line goes to everybody else. Nothing in it is bounded.

    python naive_asyncio.py PORT

scripts/compare.py measures it: it is what a server costs, and what it tells, before anybody has thought of limits.
"""

import asyncio
import sys


async def main(port: int) -> None:
    everybody: set[asyncio.StreamWriter] = set()

    async def chat(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"welcome\n")
        everybody.add(writer)
        try:
            while line := await reader.readline():
                for other in everybody:
                    if other is not writer:
                        other.write(line)
        finally:
            everybody.discard(writer)
            writer.close()

    async with await asyncio.start_server(chat, "127.0.0.1", port) as server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
