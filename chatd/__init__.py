"""chatd: a TCP chat server with no implicit limit.

docs/architecture.md tells how it is built. `chatd.pool.ClientPool` is meant for other trio programs too.
"""

__version__ = "0.1.0"
