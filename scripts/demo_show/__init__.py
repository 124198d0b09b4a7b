"""Why: what a bound is good for is believed by who has seen the same server with its bounds and without them.

`act` and `told` know neither processes nor clocks: what an act has shown so far, and the words for it. `scene` draws
that while it happens, `result` and `drawing` when it is over. `stage` starts the processes and kills them: the server,
the crowd (`load`) and two members who do nothing but measure (`probe`).
"""
