"""Why: a noisy machine drifts, so servers take turns within a round: what disturbs, disturbs them all."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from chatd.ops.swarm import SwarmError

from .cap import told_at_the_cap
from .peers import Peer
from .phases import Load, Plan
from .running import DISTURBED, CannotMeasureError, processors, running

SPARE = 100  # clients that fit besides those of the plan: some count a connection longer than it lasts


@dataclass
class Result:
    """What is known of one server."""

    peer: Peer
    version: str
    clients: int  # of the room: less than asked for where it cannot have as many
    idle: int
    turns: list[dict[str, float]] = field(default_factory=list)
    told: Counter[str] = field(default_factory=Counter)  # what those read who came when it was full
    faults: dict[int, str] = field(default_factory=dict)  # by turn: messages that were lost, doubled or misordered
    trouble: str = ""  # why it could not be measured

    @property
    def disturbed(self) -> bool:
        """Whether others took CPU in any of its turns."""
        return any(turn["others"] > DISTURBED for turn in self.turns)


class Contest:
    """All servers, in turns. `results` grows meanwhile."""

    def __init__(self, peers: Sequence[Peer], plan: Plan, progress: Callable[[str], None]) -> None:
        self._plan = plan
        self._progress = progress
        plans = {peer.name: plan.fitted(peer.most) for peer in peers}
        self.results = [
            Result(peer, peer.version(), plans[peer.name].clients, plans[peer.name].idle) for peer in peers
        ]

    def run(self, turns: int) -> None:
        """All of it."""
        with processors() as self._cpus:
            for result in self.results:
                self._attempt(result, f"{result.peer.title}: at the cap", self._fill)
            for turn in range(1, turns + 1):
                for result in self.results:
                    self._attempt(result, f"turn {turn} of {turns}, {result.peer.title}", self._take_turn)

    def _attempt(self, result: Result, where: str, what: "Callable[[Result, Callable[[str], None]], None]") -> None:
        if result.trouble:
            return
        self._progress(where)
        try:
            what(result, lambda how_far: self._progress(f"{where}: {how_far}"))
        except (CannotMeasureError, SwarmError) as error:
            result.trouble = str(error)

    def _fill(self, result: Result, _: Callable[[str], None]) -> None:
        with running(result.peer, self._plan.cap, self._cpus) as server:
            result.told = told_at_the_cap(result.peer, server, self._plan)

    def _take_turn(self, result: Result, progress: Callable[[str], None]) -> None:
        plan = self._plan.fitted(result.peer.most)
        with running(result.peer, max(plan.clients, plan.idle) + SPARE, self._cpus) as server:
            load = Load(result.peer, server, plan, progress)
            try:
                load.measure()
            except SwarmError as error:
                raise CannotMeasureError(f"{error}; {server.last_words()}") from None
        if load.books.faults:
            result.faults[len(result.turns) + 1] = load.books.faults
        others = max(cost.disturbance for cost in load.costs.values())
        result.turns.append({**load.figures, "others": others})
