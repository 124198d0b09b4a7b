"""Why: figures need a sentence beside them for whoever has never heard of what they are about.

While an act runs, the narrator says one at a time, in the order of events and long enough to be read. At the end two
sentences say what was seen: made of the figures, also where those are not what one would expect.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from loadgen.words import duration

from chatd.ops import memory

from .act import Act, percentile

READ = 4.0  # s that a sentence stays at least
NEAR = 0.5  # s; a member notices that
WORSE = 4.0  # times as slow, or as large, is no chance
UNMEASURABLE = 1e-6  # s
DISTURBED = 0.1  # of an act; from there on without a CPU is worth a word


@dataclass(frozen=True)
class Event:
    """Something to tell once it holds."""

    holds: Callable[[Act], bool]
    text: Callable[[Act], str]


BOUNDED = (
    Event(
        lambda act: True,
        lambda act: f"A chat server with {act.bounds.seats:,} seats opens, and some {act.clients:,} clients come.",
    ),
    Event(
        lambda act: act.crowd.waiting > 0 or act.crowd.moved_up > 0,
        lambda act: "The seats are taken: newcomers now wait in line, and are told their place.",
    ),
    Event(
        lambda act: act.crowd.sent_away > 0,
        lambda act: "The line is full: the rest is told so, and when to come back.",
    ),
    Event(
        lambda act: act.crowd.moved_up > 2,
        lambda act: "When a member leaves, the head of the line gets the seat, in the same moment.",
    ),
    Event(
        lambda act: act.crowd.came > act.clients / 2,
        lambda act: "Those inside notice nothing of all this: the room is as fast as it was.",
    ),
    Event(
        lambda act: act.crowd.came > act.clients * 0.8,
        lambda act: "Each of the thousands at the door got a seat, a place or a reason.",
    ),
)
UNBOUNDED = (
    Event(lambda act: True, lambda act: "The same server without bounds, and the same crowd: everybody gets in."),
    Event(
        lambda act: act.inside > act.clients / 10,
        lambda act: "All talk to all here: twice as many members are four times as much work.",
    ),
    Event(
        lambda act: percentile(act.lately(2.0), 50) > NEAR,
        lambda act: "The room gets slow for everybody: nobody was told no, so all of them pay.",
    ),
    Event(
        lambda act: act.memory_peak > WORSE * act.looks[0].memory,
        lambda act: "What is not read yet piles up: nothing says how much memory is too much.",
    ),
)


class Narrator:
    """Says which sentence stands below the picture."""

    def __init__(self, events: tuple[Event, ...]) -> None:
        self._events = events
        self._told = 0
        self._since = 0.0

    def tell(self, act: Act) -> str:
        """The sentence for now. To be asked again and again."""
        if act.now - self._since >= READ:
            # One that does not come true, or comes true later than the next one, is left out.
            for later in range(self._told + 1, len(self._events)):
                if self._events[later].holds(act):
                    self._told, self._since = later, act.now
                    break
        return self._events[self._told].text(act)


def sentences(bounded: Act, unbounded: Act) -> tuple[str, str]:
    """What was seen."""
    slower = unbounded.took(99) / (bounded.took(99) or UNMEASURABLE)
    larger = unbounded.memory_peak / (bounded.memory_peak or 1)
    carried = not unbounded.ended and slower < WORSE and larger < WORSE
    first = (
        f"With its bounds the server had {bounded.most_inside:,} inside at once and told {bounded.crowd.sent_away:,} "
        f"of {bounded.crowd.came:,} why they may not stay{_unanswered(bounded)}; {_cost(bounded)}, {_end(bounded)}."
    )
    second = (
        f"Without them it had {unbounded.most_inside:,} inside at once{_unanswered(unbounded)}; "
        f"{_cost(unbounded, slower, larger)}, {_end(unbounded)}"
    )
    if carried:
        second += ": this machine carries that crowd without bounds, so try a larger one (--clients)"
    return first, f"{second}."


def doubt(acts: Sequence[Act]) -> str:
    """A sentence where the figures are not the server's alone; mostly empty."""
    disturbed = [
        f"{act.kept_waiting:.1f} of {act.now:.0f} s {act.name}"
        for act in acts
        if act.kept_waiting > DISTURBED * act.now
    ]
    if not disturbed:
        return ""
    how_long = " and ".join(disturbed)
    return f"The crowd and other programs kept the server from its CPU for {how_long}: it would do better alone."


def _cost(act: Act, slower: float | None = None, larger: float | None = None) -> str:
    as_long = f" ({_times(slower)} as long)" if slower else ""
    as_much = f" ({_times(larger)} as much)" if larger else ""
    return (
        f"99 of 100 messages took at most {duration(act.took(99))}{as_long}, "
        f"and its memory was {memory.shown(act.memory_peak)} at most{as_much}"
    )


def _unanswered(act: Act) -> str:
    return f", and left {act.unanswered:,} without an answer" if act.unanswered else ""


def _end(act: Act) -> str:
    return f"until the demo ended it after {act.now:.0f} s because {act.ended}" if act.ended else f"in {act.now:.0f} s"


def _times(factor: float) -> str:
    return f"{factor:,.0f} times" if factor >= 10 else f"{factor:.1f} times"
