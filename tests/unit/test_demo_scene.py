"""Why: the demo's picture is what a newcomer looks at, on whatever terminal, and it must agree with the acts."""

from io import StringIO
from typing import Literal

import pytest
from demo_show.act import Act, Bounds, Ceilings, Crowd
from demo_show.result import table
from demo_show.scene import Scene
from demo_show.told import BOUNDED, UNBOUNDED, Narrator
from rich.console import Console, RenderableType

MIB = 1 << 20
CEILINGS = Ceilings(25, 400 * MIB)


def bounded() -> Act:
    act = Act("with bounds", Bounds(100, 50), 3000, now=25.0, deliveries=145_227)
    act.crowd = Crowd(2985, 98, 98, 50, 31, {"SERVER_FULL": 2803, "OUTBOX_FULL": 3}, 2, 1)
    for number in range(250):
        act.measured({"sent": [[number, number / 10, 0.0001]], "arrived": [[number, 0.004]]}, began=0.0)
    for second in range(26):
        act.now = float(second)
        act.looked(30 * MIB, 0.11 * second)
    return act


def unbounded() -> Act:
    """One that has run off, and is 12 s old."""
    act = Act("without bounds", Bounds(None, None), 3000, deliveries=12_797_649, owed=44 * MIB)
    act.crowd = Crowd(1440, 1210, 1210, 0, 0, {}, 81, 0)
    for number in range(100):
        act.measured({"sent": [[number, number / 10, 0.0001]], "arrived": [[number, 0.02 * number]]}, began=0.0)
    act.measured({"sent": [[100, 10.0, 0.0001]], "arrived": []}, began=0.0)
    for second in range(13):
        act.now = float(second)
        act.looked((30 + 25 * second) * MIB, 1.0 * second)
    return act


def drawn(what: RenderableType, width: int = 80, *, colours: bool = False) -> list[str]:
    system: Literal["truecolor"] | None = "truecolor" if colours else None
    console = Console(file=StringIO(), width=width, force_terminal=colours, color_system=system)
    with console.capture() as captured:
        console.print(what)
    return [line.rstrip() for line in captured.get().splitlines()]


@pytest.fixture
def scene() -> Scene:
    """In the midst of the second act."""
    scene = Scene(CEILINGS)
    scene.begin(bounded(), Narrator(BOUNDED))
    scene.begin(unbounded(), Narrator(UNBOUNDED))
    return scene


def row(lines: list[str], name: str) -> str:
    return next(line for line in lines if line.strip().startswith(name))


@pytest.mark.parametrize("width", [80, 120, 200])
def test_the_picture_fits_the_terminal(scene: Scene, width: int) -> None:
    lines = drawn(scene.picture(width), width)
    assert len(lines) < 24
    assert max(map(len, lines)) <= width


def test_the_first_act_shows_each_against_its_bound() -> None:
    scene = Scene(CEILINGS)
    scene.begin(bounded(), Narrator(BOUNDED))
    lines = drawn(scene.picture(80))
    assert "ACT 1 of 2" in lines[0]
    assert "100 seats, 50 places in line" in lines[0]
    assert row(lines, "inside").split()[1] == "100"
    assert row(lines, "inside").endswith("█    of 100")
    assert row(lines, "in line").endswith("█    of 50")
    assert "31 went on to a seat" in "\n".join(lines)
    assert row(lines, "told why not").split()[3:] == ["2,806", "SERVER_FULL", "2,803,", "OUTBOX_FULL", "3"]
    assert row(lines, "without an answer").split()[-1] == "3"
    assert row(lines, "CPU").split()[1] == "11%"


def test_the_second_act_stands_below_the_first(scene: Scene) -> None:
    lines = drawn(scene.picture(80))
    assert "ACT 2 of 2" in lines[0]
    latency, memory = [line for line in lines if "without bounds" in line and "ACT" not in line]
    bounded_latency, bounded_memory = [line for line in lines if line.strip().startswith("with bounds")]
    assert latency.split()[2:4] == ["2.00", "s"]  # the one that is still to arrive
    assert bounded_latency.split()[2:4] == ["4.0", "ms"]
    assert memory.split()[2:4] == ["330.0", "MiB"]
    assert bounded_memory.split()[2:4] == ["30.0", "MiB"]
    assert "▇" in latency
    assert set(bounded_latency.split()[4]) == {"▂"}
    assert "▇" in memory
    assert set(bounded_memory.split()[4]) == {"▁"}
    assert row(lines, "in line").endswith("of any number")


def test_one_who_wants_no_colours_gets_none(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[32m" in "".join(drawn(scene.picture(80), colours=True))
    monkeypatch.setenv("NO_COLOR", "1")
    assert "[32m" not in "".join(drawn(scene.picture(80), colours=True))


def test_without_a_terminal_a_line_says_it(scene: Scene) -> None:
    assert scene.line() == (
        "act 2, 12 s: 1,440 came, 1,212 inside, 0 in line, 0 told why not, 81 without an answer; "
        "a message takes 2.00 s, memory 330.0 MiB"
    )


def test_the_table_has_both_acts_side_by_side() -> None:
    acts = [bounded(), unbounded()]
    acts[1].ended = "memory reached 400.0 MiB"
    lines = drawn(table(acts))
    assert max(map(len, lines)) <= 80
    assert row(lines, "inside at once").split()[-2:] == ["100", "1,212"]
    assert row(lines, "told why").split()[-2:] == ["2,806", "0"]
    assert row(lines, "OUTBOX_FULL").split()[-2:] == ["3", "0"]
    assert row(lines, "without an answer").split()[-2:] == ["3", "81"]
    assert row(lines, "p99").split()[-4:] == ["4.0", "ms", "1.98", "s"]
    assert row(lines, "still on their way").split()[-6:] == ["0", "of", "250", "1", "of", "101"]
    assert row(lines, "CPU").split()[-6:] == ["2.8", "s,", "11%", "12.0", "s,", "100%"]
    assert " ".join(row(lines, "because").split()) == "because the time was over memory reached 400.0 MiB"


@pytest.mark.parametrize(
    ("memory", "waited", "ended"),
    [(30, 1.0, ""), (400, 1.0, "memory reached 400.0 MiB"), (30, 5.0, "a message took 5 s")],
)
def test_a_ceiling_ends_an_act(memory: int, waited: float, ended: str) -> None:
    act = Act("act", Bounds(None, None), 3000, now=20.0)
    act.looked(memory * MIB, 1.0)
    act.measured({"sent": [[0, 20.0 - waited, 0.0]], "arrived": []}, began=0.0)
    assert CEILINGS.met(act) == ended
