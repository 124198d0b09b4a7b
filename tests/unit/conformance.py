"""Cases of how a server behaves, as tables: somebody says lines, and those who are named read these lines.

    case("RFC 2812 3.2.8", "ann: KICK #a bob :bye", "ann bob < :ann!ann@127.0.0.1 KICK #a bob :bye")

A step is `who: line` (said), `who who < line` (all that each of them reads next), `who <` (reads nothing more).
`who ? 474` wants only the numbers or commands of all that is read, and `who ~ part` a line with that part in it,
whatever else is read; both forget all of it.
"""

import re
from typing import NamedTuple

from chat_harness import SERVER, Person, World, commands

STEP = re.compile(r"(?P<who>[a-z ]+?)(?P<kind>:| <| \?| ~)(?: (?P<rest>.*))?", re.DOTALL)
SAID = re.compile("[a-z ]+:")
LONGEST_NAME = 120  # of the test of a case


class Case(NamedTuple):
    """`source` tells where it is written that it is so."""

    source: str
    steps: tuple[str, ...]

    def __repr__(self) -> str:
        """Its source and what is said, by which one case is told from another."""
        said = " | ".join(step for step in self.steps if SAID.match(step))
        return f"{self.source}: {said[:LONGEST_NAME]}"


def case(source: str, *steps: str) -> Case:
    return Case(source, steps)


def play(world: World, people: dict[str, Person], steps: tuple[str, ...]) -> None:
    """Do and check what the steps say. `$` in them is the server's name."""
    unread: dict[str, list[str]] = {name: [] for name in people}
    for step in steps:
        found = STEP.fullmatch(step)
        assert found, step
        names, kind, rest = found["who"].split(), found["kind"].strip(), (found["rest"] or "").replace("$", SERVER)
        if kind == ":":
            for name in names:
                unread[name] += people[name].says(rest)
        for name, person in people.items():
            unread[name] += person.hears()
        for name in names if kind != ":" else ():
            read = unread[name]
            if kind == "<":
                assert read[:1] == ([rest] if rest else []), f"{step}: {name} reads {read}"
                del read[:1]
            elif kind == "?":
                assert commands(read) == rest.split(), f"{step}: {name} reads {read}"
                read.clear()
            else:
                assert any(rest in line for line in read), f"{step}: {name} reads {read}"
                read.clear()
