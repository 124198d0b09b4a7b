"""What chatctl shows: hostile names do nothing there, markup is text, and everything fits a narrow screen."""

import io
import json
from typing import Any

import pytest
from chat_harness import LOBBY
from desk_harness import Operator
from rich.cells import cell_len
from rich.console import Console

from chatd.ops import tables, top
from chatd.ops.ctl import VIEWS
from chatd.protocol.safetext import neutralise

EVIL = "[red]x\x1b[2J\x07\u202e\x9b31m"


def shown(verb: str, result: dict[str, Any]) -> str:
    out = io.StringIO()
    tables.show(verb, result, out)
    return out.getvalue()


@pytest.fixture
def full() -> Operator:
    """A full house with a line, a room, a ban and one who was sent away."""
    operator = Operator(max_clients=2, queue=2, history_lines=1)
    ann, *_ = [operator.world.irc(nick, LOBBY) for nick in ("ann", "bob", "cid")]
    ann.says("PRIVMSG #lobby :here")
    operator.asks("ban", network="10.0.0.0/8", reason="soup", seconds=7200)
    operator.asks("mode", room=LOBBY, changes=["+kl", "word", "9"])
    return operator


def evil(result: Any) -> Any:
    """The same with hostile text wherever there is text."""
    match result:
        case dict():
            return {name: evil(value) if name not in ("tells", "section") else value for name, value in result.items()}
        case list():
            return [evil(each) for each in result]
        case str():
            return EVIL
    return result


def test_every_view_shows_what_there_is(full: Operator) -> None:
    for verb, parts in {
        "status": ("chatd 0.1.0", "2 of 2", "1 of 2", "nobody"),
        "clients": ("ann", "127.0.0.1", "seated", "waiting"),
        "queue": ("cid", "unknown"),
        "rooms": (LOBBY, "+n, key, at most 9"),
        "bans": ("10.0.0.0/8", "2 h more", "soup"),
        "limits": ("max-clients", "2 clients", "The cap and the line", "(SERVER_FULL)", "default: half of max-clients"),
    }.items():
        written = shown(verb, full.asks(verb))
        assert [part for part in parts if part not in written] == []


def test_what_is_not_there_is_a_sentence() -> None:
    operator = Operator()
    assert shown("clients", operator.asks("clients")) == "Nobody is connected, or nobody who fits.\n"
    assert shown("queue", operator.asks("queue")) == "Nobody waits.\n"
    assert shown("bans", operator.asks("bans")) == "Nobody is banned.\n"


def test_how_many_are_not_shown_is_told() -> None:
    operator = Operator(control_items=1)
    operator.world.irc("ann")
    operator.world.irc("bob")
    assert shown("clients", operator.asks("clients")).endswith("1 of 2 are shown (control-items)\n")


@pytest.mark.parametrize("verb", VIEWS)
def test_hostile_text_stands_there_and_does_nothing(full: Operator, verb: str) -> None:
    written = shown(verb, evil(full.asks(verb)))
    for line in written.splitlines():
        assert neutralise(line) == line
    assert "[red]x" in "".join(written.split())


def test_hostile_text_does_nothing_in_the_live_view(full: Operator) -> None:
    status, limits = full.asks("status"), full.asks("limits")["limits"]
    status["outboxes"]["largest"] = [{"number": 1, "nick": "ann", "bytes": 5}]
    status["closed"] = {EVIL: 3}
    written = frame(top.Sample(evil(status), evil(limits), 1.0), 80, 24)
    for line in written.splitlines():
        assert neutralise(line) == line
    assert "[red]x" in written


@pytest.mark.parametrize("columns", [70, 80, 200])
def test_a_limit_fits_its_screen_and_what_happens_there_too(full: Operator, columns: int) -> None:
    console = Console(file=io.StringIO(), width=columns)
    with console.capture() as written:
        console.print(tables.limits(full.asks("limits")))
    assert max(map(cell_len, written.get().splitlines())) <= columns


def frame(after: top.Sample, columns: int, rows: int, before: top.Sample | None = None) -> str:
    console = Console(file=io.StringIO(), width=columns, height=rows)
    with console.capture() as written:
        console.print(top.frame(before, after, rows))
    return written.get()


@pytest.mark.parametrize(("columns", "rows"), [(80, 24), (100, 30), (200, 60)])
def test_the_live_view_fits_its_screen(full: Operator, columns: int, rows: int) -> None:
    lines = frame(top.Sample(full.asks("status"), full.asks("limits")["limits"], 1.0), columns, rows).splitlines()
    assert len(lines) <= rows
    assert {cell_len(line) for line in lines if line.startswith("╭")} == {columns}
    assert max(map(cell_len, lines)) <= columns
    assert "…" not in "".join(lines)


def test_the_live_view_tells_how_fast_things_happen(full: Operator) -> None:
    before = top.Sample(full.asks("status"), full.asks("limits")["limits"], 10.0)
    after = top.Sample(json.loads(json.dumps(before.status)), before.limits, 12.0)
    after.status["arrivals"] += 3
    after.status["messages"] += 4000
    after.status["closed"] = {"SERVER_FULL": 50}
    written = frame(after, 80, 24, before)
    for part in ("1.5 arrivals/s", "0 seated/s", "2,000 messages/s", "SERVER_FULL"):
        assert part in written
    assert written.partition("SERVER_FULL")[2].split()[:2] == ["50", "25"]
    assert "– arrivals/s" in frame(before, 80, 24)


def test_the_nearest_limits_come_first_and_what_sends_people_away_before_the_rest(full: Operator) -> None:
    written = frame(top.Sample(full.asks("status"), full.asks("limits")["limits"], 1.0), 80, 24)
    nearest = written[written.index("nearest limits") :]
    places = [nearest.index(name) for name in ("max-clients", "queue")]
    assert places == sorted(places)
    assert "history" not in nearest, "to be full is its usual state"


def test_a_house_without_bounds_is_shown_too() -> None:
    operator = Operator(max_clients=float("inf"), queue=float("inf"))
    operator.world.irc("ann")
    assert "1, no bound" in shown("status", operator.asks("status"))
    written = frame(top.Sample(operator.asks("status"), operator.asks("limits")["limits"], 1.0), 80, 24)
    assert "1, no bound" in written
