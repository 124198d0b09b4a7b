"""Why: a crowd of thousands is late itself, so how long a message takes is measured by two members who do nothing else,
in a process of their own.

They take turns: one speaks at a moment that was fixed before, the other sees it arrive. What counts is the time from
that moment on, so a server that is behind cannot slow down the asking. One line of JSON on standard output tells what
is new, four times a second:

    sent      [number, moment, seconds that this process was late] of each message
    arrived   [number, seconds since its moment] of each
"""

import json
import re
import select
import socket
import sys
import time
from contextlib import suppress
from typing import NoReturn

from chatd.protocol import irc

ROOM = "#lobby"
EACH = 0.1  # s between two messages; so one member speaks five times a second, which no bound slows down
TELL_EVERY = 0.25  # s
RECEIVE_BYTES = 1 << 18
INSIDE = b" 366 "  # RFC 2812: the end of the list of names that answers a JOIN
HEARD = re.compile(rb":measure[12]![^ \n]* PRIVMSG [^ \n]+ :number (\d+) ")


class Member:
    """One of the two."""

    def __init__(self, address: tuple[str, int], nick: str) -> None:
        self.socket = socket.create_connection(address)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        hello = irc.write("NICK", [nick]) + irc.write("USER", ["demo", "0", "*"], "demo")
        self._owed = hello + irc.write("JOIN", [ROOM])
        self._rest = b""
        self._send()
        while INSIDE not in self.read():
            pass
        self.socket.setblocking(False)

    def say(self, text: str) -> None:
        """To the room, without waiting for a server that does not read."""
        self._owed += irc.write("PRIVMSG", [ROOM], text)
        self._send()

    def read(self) -> bytes:
        """Whole lines of what has come. EOFError once the server has hung up."""
        received = self.socket.recv(RECEIVE_BYTES)
        if not received:
            raise EOFError(self._rest.decode(errors="replace").strip() or "it hung up without a word")
        lines, newline, self._rest = (self._rest + received).rpartition(b"\n")
        return lines + newline

    def _send(self) -> None:
        with suppress(BlockingIOError):
            self._owed = self._owed[self.socket.send(self._owed) :]


def measure(members: list[Member]) -> NoReturn:
    """Until the server hangs up, which raises EOFError or OSError."""
    moments: dict[int, float] = {}  # of the messages that are on their way
    sent: list[tuple[int, float, float]] = []
    arrived: list[tuple[int, float]] = []
    number = 0
    due = tell_at = time.monotonic()
    readers = {member.socket: member for member in members}
    while True:
        ready, _, _ = select.select(readers, [], [], max(0.0, min(due, tell_at) - time.monotonic()))
        for each in ready:
            found = HEARD.findall(readers[each].read())
            now = time.monotonic()
            arrived += [(int(which), now - moments.pop(int(which))) for which in found]
        if time.monotonic() >= due:
            moments[number] = due
            sent.append((number, due, time.monotonic() - due))
            members[number % 2].say(f"number {number} to measure how long it takes")
            number, due = number + 1, due + EACH
        if time.monotonic() >= tell_at:
            print(json.dumps({"sent": sent, "arrived": arrived}), flush=True)
            sent, arrived = [], []
            tell_at = time.monotonic() + TELL_EVERY


def main() -> None:
    address = (sys.argv[1], int(sys.argv[2]))
    try:
        members = [Member(address, "measure1"), Member(address, "measure2")]
        print(json.dumps({"sent": [], "arrived": []}), flush=True)  # they are inside
        measure(members)
    except (EOFError, OSError) as error:
        sys.exit(f"the members who measure lost the server: {error}")


if __name__ == "__main__":
    main()
