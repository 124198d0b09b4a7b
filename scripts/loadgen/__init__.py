"""Why: the load generator needs a crowd, bookkeeping, a display and a report, which are apart so that each can grow.

A run is steered by one process and its clients live in others:

    cli ─► fleet ─► course        what happens when, by the rows of `scenarios`
             │  └─► crew          the workers, as the parent sees them; `wire` is what is said between them
             │
             └◄─ worker           a process: `links` (sockets), `client` (one client, without I/O), `pieces` (what is
                                  received, read once), `timers`, `chatter`

`ledger`, `deliveries`, `histogram`, `returning` and `verdict` know neither sockets nor clocks, so what the figures mean
is tested without a network; `display`, `result`, `report` and `page` only read what the others wrote.
"""
