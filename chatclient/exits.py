"""How the program ends, for the one who started it: each way has a number of its own, listed in docs/client.md."""

from enum import IntEnum


class Exit(IntEnum):
    DONE = 0  # left of one's own will; in a pipe: every line was delivered
    CRASHED = 1  # a fault of this program
    USAGE = 2  # the command line is wrong, what it needs is not installed, input or output cannot be used
    REFUSED = 3  # the server turned us away: full, draining, banned …
    TIMED_OUT = 4  # no answer, or no seat, in time
    CANNOT_CONNECT = 5  # nobody there
    LOST = 6  # the connection ended after it had been made
    REJECTED = 7  # the server is there, but did not let us in the room or took not every line
    PASSWORD = 8  # the server wants a password, or another one


SIGNALLED = 128  # plus the signal's number, as shells have it
