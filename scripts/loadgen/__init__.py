"""Why: the load generator needs bookkeeping, clients, a display and a report, which are apart so that each can grow.

`ledger`, `deliveries`, `histogram` and `verdict` know neither sockets nor clocks, so what the figures mean is tested
without a network; `client` and `crowd` do the talking; `display` and `report` only read what the others wrote.
"""
