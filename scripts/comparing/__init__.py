"""Why: a comparison needs servers, a load, books and a table, which are apart so that each can be checked.

`books`, `figures` and `report` know neither sockets nor clocks, so what the figures mean is tested without a network;
`peers` and `dialects` say all that differs between the servers; `running` starts and ends them; `phases` and `cap`
measure, `contest` takes the turns.
"""
