"""chatd: a TCP chat server with no implicit limit.

The folder reads from top to bottom, and imports go that way only: cli, server, session, door, commands, chat, room,
outbox, pool, limits, protocol. `chatd.pool.ClientPool` is meant for other trio programs too.
"""

__version__ = "0.1.0"
