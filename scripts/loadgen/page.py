"""Why: a result that is to be shown, kept or sent to somebody is one file that opens everywhere and tells it all.

It needs no script and no network, and what a server said stands in it as words, whatever it was.
"""

import importlib.util
from collections.abc import Iterable, Iterator
from html import escape
from pathlib import Path

from chatd.protocol.safetext import neutralise

from . import words
from .document import QUANTILES, Result
from .ledger import Kind

TITLES = {
    "occupancy": "Seats and the line",
    "latency": "Times, as the run went on",
    "spread": "Times, how they spread",
    "refusals": "Who was not let in, or sent away",
    "process": "What it cost the server",
}
# Nothing is fetched and nothing runs, whatever the words of a server may look like.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
STYLE = """\
:root { color-scheme: light dark; --ground: #f5f6f8; --card: #fff; --ink: #1d2733; --soft: #5b6773; --line: #dfe3e8;
  --good: #1d7a46; --bad: #b3261e; --warn: #b07a14; --warn-ground: #fff4dc; --bad-ground: #fde9e7 }
@media (prefers-color-scheme: dark) { :root { --ground: #14181d; --card: #1d232a; --ink: #e4e9ee; --soft: #9aa6b2;
  --line: #343d47; --good: #62c98f; --bad: #ff8a80; --warn: #f2c46b; --warn-ground: #332a17; --bad-ground: #3a1f1d } }
body { margin: 0 auto; padding: 1.2rem 1rem 3rem; max-width: 56rem; background: var(--ground); color: var(--ink);
  font: 1rem/1.5 system-ui, sans-serif }
h1 { font-size: 1.5rem; line-height: 1.25; margin: .5rem 0; overflow-wrap: anywhere }
h2 { font-size: 1.15rem; margin: 2rem 0 .5rem }
p { margin: .5rem 0 }
.soft, figcaption { color: var(--soft); font-size: .9rem; overflow-wrap: anywhere }
.lead { font-size: 1.1rem }
.good { color: var(--good) } .bad { color: var(--bad); font-weight: bold }
.note { padding: .6rem .9rem; border-left: 4px solid var(--warn); background: var(--warn-ground) }
.note.bad { border-color: var(--bad); background: var(--bad-ground); font-weight: normal; color: var(--ink) }
figure { margin: 0 }
.plot { background: #fff; border: 1px solid var(--line); border-radius: 8px; padding: .5rem; overflow-x: auto }
.plot svg { display: block; width: 100%; min-width: 32rem; height: auto }
figcaption { margin-top: .4rem }
.table { overflow-x: auto; background: var(--card); border: 1px solid var(--line); border-radius: 8px }
table { border-collapse: collapse; width: 100% }
th, td { padding: .35rem .8rem; text-align: left; vertical-align: top; border-top: 1px solid var(--line) }
tr:first-child > * { border-top: 0 }
thead th { color: var(--soft); font-weight: 600; font-size: .9rem }
tbody th { font-weight: normal }
.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums }
.reason > :first-child { padding-left: 2.2rem }
.reason { color: var(--soft) }
"""


class MissingPlotsError(Exception):
    """The page cannot be made here; the text says what to install."""


def check_plots() -> None:
    """To be asked before a run, whose page would be lost after it. Raises MissingPlotsError."""
    if importlib.util.find_spec("matplotlib") is None:
        raise MissingPlotsError("the page has plots, which need matplotlib: pip install 'chatd[plots]' installs it")


def write_page(result: Result, path: Path) -> None:
    """Write it as one file. Raises MissingPlotsError and OSError."""
    path.write_text(page(result), encoding="utf-8")


def page(result: Result) -> str:
    """The page, whole. Raises MissingPlotsError."""
    check_plots()
    title = _safe(words.title(result))
    return f"""\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="data:,">
<style>
{STYLE}</style>
</head>
<body>
<header>
<h1>{title}</h1>
{_lines(_opening(result))}
</header>
<main>
{_lines(_sections(result))}
</main>
</body>
</html>
"""


def _opening(result: Result) -> Iterator[str]:
    """What happened, and what to think of it."""
    if result["ended"] == "finished":
        broken = sum(invariant["holds"] is False for invariant in result["invariants"])
        if broken:
            yield f'<p class="bad">{broken} of {len(result["invariants"])} invariants do not hold.</p>'
        else:
            yield '<p class="good">Everything that was tested holds.</p>'
    yield f'<p class="lead">{_safe(result["headline"])}</p>'
    for failure in result["failures"]:
        yield f'<p class="note bad">{_safe(f"Failed: {failure}")}</p>'
    for warning in result["warnings"]:
        yield f'<p class="note">{_safe(warning)}</p>'
    took = ", ".join(f"{phase} {seconds:.1f} s" for phase, seconds in result["seconds"].items())
    server = result["server"] or "does not tell what it is"
    told = f"Began {result['began']}; {took}. The server: {server}."
    yield f'<p class="soft">{_safe(told)}</p>'


def _sections(result: Result) -> Iterator[str]:
    from .drawings import drawings  # takes matplotlib, which is not there for everybody, and half a second

    if result["invariants"]:
        yield _section("What must hold, whatever the load", _invariants(result))
    for drawing in drawings(result):
        image = drawing.svg.replace("<svg ", f'<svg role="img" aria-label="{_safe(drawing.told)}" ', 1)
        yield (
            f'<section id="{drawing.name}"><h2>{TITLES[drawing.name]}</h2>\n<figure><div class="plot">'
            f"{image}</div>\n<figcaption>{_safe(drawing.told)}</figcaption></figure></section>"
        )
    if measured := words.times_of(result):
        rows = (
            [name, *(words.duration(times[quantile]) for quantile in QUANTILES), f"{times['count']:,}"]
            for name, times in measured.items()
        )
        yield _section("Times in figures", _table(["", *QUANTILES, "of"], map(_row, rows)))
    yield _section("What became of everybody", _attempts(result))
    yield _section("Expected and seen", _expected(result))
    options = [[name, _value(value)] for name, value in (result["options"] | {"seed": result["seed"]}).items()]
    yield _section("What was asked for", _table([], (_row(row, numbers=False) for row in options)))
    yield _section("Where, and with what", _table([], (_row(row, numbers=False) for row in _surroundings(result))))


def _attempts(result: Result) -> str:
    stages = result["stages"]

    def rows() -> Iterator[str]:
        for kind in Kind:
            counts = [words.count_of(fates, kind) for fates in stages.values()]
            if any(counts):
                yield _row([str(kind), *(f"{count:,}" for count in counts)])
            for reason, found in words.reasons(stages, kind):
                yield _row([reason, *(f"{count:,}" for count in found)], "reason")
        yield _row(["sum", *(f"{words.count_of(fates, *Kind):,}" for fates in stages.values())])

    return _table(["", *stages], rows())


def _invariants(result: Result) -> str:
    styles = {True: "good", False: "bad", None: "soft"}
    return _table(
        [],
        (
            f'<tr><td class="{styles[found["holds"]]}">{words.MARKS[found["holds"]]}</td>'
            f'<th scope="row">{_safe(found["name"])}</th><td>{_safe(found["detail"])}</td></tr>'
            for found in result["invariants"]
        ),
    )


def _expected(result: Result) -> str:
    return _table(
        ["", "expected", "seen"],
        (
            _row([row["what"], words.number(row["expected"]), f"{row['seen']:,}"], "bad" * (row["agree"] is False))
            for row in result["expected_against_seen"]
        ),
    )


def _surroundings(result: Result) -> Iterator[list[str]]:
    machine = result["machine"]
    memory = "" if machine["memory"] is None else f", {words.size(machine['memory'])} of memory"
    yield ["machine", f"{machine['processor']}, {machine['processors']} to be used{memory}, {machine['kernel']}"]
    yield ["open files allowed", words.number(result["limits"]["open_files"])]
    yield ["versions", ", ".join(f"{name} {version}" for name, version in result["versions"].items())]


def _value(value: object) -> str:
    match value:
        case None:
            return "not set"
        case bool():
            return "yes" if value else "no"
        case list():
            return ", ".join(map(str, value)) or "none"
        case _:
            return str(value)


# -- pieces of HTML ---------------------------------------------------------------------------------------------------


def _safe(text: str) -> str:
    """Anybody's words, which can be nothing else in a page than words."""
    return escape(neutralise(text))


def _lines(pieces: Iterable[str]) -> str:
    return "\n".join(pieces)


def _section(title: str, content: str) -> str:
    return f"<section><h2>{title}</h2>\n{content}</section>"


def _table(head: Iterable[str], rows: Iterable[str]) -> str:
    names = "".join(f'<th scope="col"{" class=number" * bool(name)}>{_safe(name)}</th>' for name in head)
    above = f"<thead><tr>{names}</tr></thead>" if names else ""
    return f'<div class="table"><table>{above}<tbody>\n{_lines(rows)}\n</tbody></table></div>'


def _row(cells: Iterable[str], style: str = "", *, numbers: bool = True) -> str:
    first, *others = map(_safe, cells)
    rest = "".join(f"<td{' class=number' * numbers}>{cell}</td>" for cell in others)
    mark = f" class={style}" if style else ""
    return f'<tr{mark}><th scope="row">{first}</th>{rest}</tr>'
