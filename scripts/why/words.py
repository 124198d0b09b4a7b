"""The passages of docs/why-limit.md that quote figures: made of what was measured, so that none of them grows old."""

import math
import re
import textwrap
from collections.abc import Callable, Iterator
from typing import Any

from .drawing import NAMES
from .servers import CHATD, NAIVE
from .talk import PATIENCE, knee

IMMEDIATE = 0.1  # s; a message that takes less seems to be there at once
BUSY = 0.6  # of a CPU: from there on nothing is left for what else happens
WIDTH = 120
MARKED = re.compile(
    r"(<!-- made by scripts/why_limit\.py: begin (\w+) -->\n).*?(<!-- made by scripts/why_limit\.py: end -->)",
    re.DOTALL,
)

Data = dict[str, Any]

MACHINE = """
Everything below was measured on one machine with {cores} CPUs (Linux {linux}, Python {python}), with servers and
clients on it together. Your figures will differ; their shape will not.
"""
COSTS = """
So a gigabyte is enough for some {clients} clients of `chatd` that do nothing. That sounds like no limit at all. But
they do not come to do nothing.
"""
TALK = """
Up to {naive} members the simple chat was quick, and `chatd`, which was written for this, up to {chatd}. Good code moves
the cliff; it does not take it away.
"""
SLOW = """
{stalled} members stop reading, and one talks much: {speed} a second. After {seconds:.0f} seconds the chat without a
bound keeps {naive} for them, and goes on. `chatd` keeps {chatd} at the most, closes them after {closed:.1f} seconds,
and has its memory back. The last line that such a reader finds, when it reads again, is
"""
KERNEL = """
The kernel, too, keeps what was sent and not read: here about {each} for each of them (`mem` in `/proc/net/sockstat`,
both ends of the connection).
"""
WAITS = """
{seats} seats; a visitor stays for {stay:g} minutes on average, so {freed:g} seats are freed each minute. {arrivals:g}
people come each minute, for {hours} hours. Then this has become of them:
"""
SAME = "The line without an end has given a seat to {many} people. All that it has made is waiting."
LITTLE = """
Here {places} places ÷ {freed:g} freed seats a minute = {minutes:g} minutes: that is where `--queue {places}` and
`--queue-timeout {timeout:g}` meet.
"""
TASKS = """
The simple chat above is made of such cheap tasks, two for each client. A trio task that does nothing took {task} here.
The whole client took {client} in the process, {kernel} in the kernel and an open file; and the mailbox of each reader
that had stopped grew by {growth} a second.
"""
ARITHMETIC = """\
files    open files − files for other things − places in line
         {files:,} − {beside} − {places} = {seats:,}
memory   free memory ÷ what a client takes, in the process and in the kernel
         1 GB ÷ {client} = {fitting}
CPU      √(the part of a CPU you give ÷ CPU time of a copy × 60 ÷ messages of a member each minute)
         √({busy} ÷ {copy:.1f} µs × 60 ÷ {rate}) = {members}
people   how many can be in one room and still be read
         yours to say"""


def renewed(text: str, data: Data) -> str:
    """The text with its marked passages made anew. Raises KeyError for one that nobody knows how to make."""
    return MARKED.sub(lambda found: f"{found[1]}{PASSAGES[found[2]](data)}\n{found[3]}", text)


def machine(data: Data) -> str:
    return _told(MACHINE, **data["machine"])


def costs(data: Data) -> str:
    rows = [
        (words, _kb(part["per_client"]), _kb(part["kernel_per_client"]), "1")
        for words, part in (
            ("a client of the chat without a bound", data["costs"][NAIVE.name]),
            ("a client of `chatd`", data["costs"][CHATD.name]),
        )
    ]
    table = _table(("", "memory of the process", "memory of the kernel", "open files"), *rows)
    return f"{table}\n\n{_told(COSTS, clients=_about(1e9 / _client(data)))}"


def talk(data: Data) -> str:
    best = {name: knee(data["talk"][name], IMMEDIATE) for name in NAMES}
    head = ("server", "members", "copies a second", "half of all took", "99 of 100 took", "CPU of the server")
    rows = [
        (
            NAMES[name],
            f"{point['members']:,}",
            f"{point['deliveries']:,}",
            _delay(point["p50"]),
            _delay(point["p99"]),
            f"{point['cpu']:.0%}",
        )
        for name in NAMES
        for point in data["talk"][name]
        if point in (data["talk"][name][0], best[name], data["talk"][name][-1])
    ]
    quick = {name: f"{point['members']:,}" for name, point in best.items()}
    return f"{_table(head, *rows)}\n\n{_told(TALK, **quick)}"


def _delay(seconds: float) -> str:
    return f"{PATIENCE:g} s or more" if seconds >= PATIENCE else _seconds(seconds)


def slow(data: Data) -> str:
    part = data["slow"]
    naive, chatd = part[NAIVE.name]["points"][-1], part[CHATD.name]
    story = _told(
        SLOW,
        stalled=part["stalled"],
        speed=_kb(part["bytes_per_second"]),
        seconds=naive["seconds"],
        naive=_mb(naive["memory"]),
        chatd=_mb(max(point["memory"] for point in chatd["points"])),
        closed=chatd["closed"],
    )
    buffers = max(point["kernel"] for point in chatd["points"]) / part["stalled"]
    return f"{story}\n\n{_screen(chatd['last_words'])}\n\n{_told(KERNEL, each=_kb(buffers))}"


def files(data: Data) -> str:
    part = data["files"]
    both = part[NAIVE.name], part[CHATD.name]
    fates = (
        ("are inside", "inside"),
        ("wait in line and know their place", "in line"),
        ("are told no, and why", "refused"),
        ("hear nothing at all", "silence"),
    )

    def row(words: str, shown: Callable[[Data], str]) -> tuple[str, ...]:
        return words, *map(shown, both)

    return _table(
        (f"of {part['come']:,} clients", NAMES[NAIVE.name], "`chatd --fit`"),
        *((words, *(f"{each['fates'].get(fate, 0):,}" for each in both)) for words, fate in fates),
        row("**one more comes**; it is connected after", lambda each: _seconds(each["late_connected"])),
        row("… and answered", _answered),
        row("**five leave**; of those outside come in", lambda each: f"{each['let_in_later']}"),
        row("a message takes, among those inside", lambda each: _seconds(each["message_seconds"])),
        row("lines in the log, each second", lambda each: f"{each['log_lines']:,}"),
        row("CPU of the server", lambda each: f"{each['cpu']:.0%}"),
    )


def _answered(part: Data) -> str:
    took = part["late_seconds"]
    return f"after {_seconds(took)}" if part["late_read"] else f"not within {took:.0f} s"


def exhausted(data: Data) -> str:
    return _screen(data["files"][NAIVE.name]["log"])


def fitted(data: Data) -> str:
    return _screen(data["files"][CHATD.name]["log"])


def refusal(data: Data) -> str:
    return _screen(data["files"][CHATD.name]["late_read"])


def waits(data: Data) -> str:
    part = data["waits"]
    both = part["unbounded"], part["bounded"]
    minutes = f"{part['timeout'] / 60:g} minutes"
    story = _told(
        WAITS,
        seats=part["seats"],
        stay=part["stay"] / 60,
        freed=_freed(part),
        arrivals=part["arrivals"],
        hours=part["hours"],
    )
    fates = (
        ("came", "came"),
        ("got a seat", "seated"),
        ("were told no at once", "refused"),
        (f"were told no after {minutes}", "timed_out"),
        ("still wait", "in_line"),
    )
    table = _table(
        ("", "line without an end", f"{part['places']} places, for {minutes}"),
        *((words, *(f"{each[key]:,}" for each in both)) for words, key in fates),
        ("waited for a seat at most", *(f"{each['longest'] / 60:.0f} minutes" for each in both)),
    )
    many = "exactly as many" if both[0]["seated"] == both[1]["seated"] else "about as many"
    return f"{story}\n\n{table}\n\n{_told(SAME, many=many)}"


def little(data: Data) -> str:
    part = data["waits"]
    freed = _freed(part)
    minutes = part["places"] / freed
    return _told(LITTLE, places=part["places"], freed=freed, minutes=minutes, timeout=part["timeout"])


def tasks(data: Data) -> str:
    client, part = data["costs"][NAIVE.name], data["slow"]
    last = part[NAIVE.name]["points"][-1]
    return _told(
        TASKS,
        task=_kb(data["costs"]["task"]),
        client=_kb(client["per_client"]),
        kernel=_kb(client["kernel_per_client"]),
        growth=_kb(last["memory"] / last["seconds"] / part["stalled"]),
    )


def arithmetic(data: Data) -> str:
    fates, rate = data["files"][CHATD.name]["fates"], data["talk"]["rate"]
    seats, places = fates.get("inside", 0), fates.get("in line", 0)
    points = data["talk"][CHATD.name]
    quick = [point for point in points if point["cpu"] <= BUSY and point["p99"] < IMMEDIATE] or points
    copy = quick[-1]["cpu"] / quick[-1]["deliveries"]
    told = ARITHMETIC.format(
        files=data["files"]["limit"],
        beside=data["files"]["limit"] - seats - places,
        places=places,
        seats=seats,
        client=_kb(_client(data)),
        fitting=_about(1e9 / _client(data)),
        busy=BUSY,
        copy=copy * 1e6,
        rate=rate,
        members=_about(math.sqrt(BUSY / copy * 60 / rate)),
    )
    return _screen(told)


PASSAGES: dict[str, Callable[[Data], str]] = {
    passage.__name__: passage
    for passage in (machine, costs, talk, slow, files, exhausted, fitted, refusal, waits, little, tasks, arithmetic)
}


def _client(data: Data) -> float:
    part = data["costs"][CHATD.name]
    return float(part["per_client"] + part["kernel_per_client"])


def _freed(part: Data) -> float:
    """Seats a minute."""
    return float(part["seats"] / part["stay"] * 60)


def _told(template: str, **values: Any) -> str:
    """A paragraph, in lines of the usual width."""
    return textwrap.fill(template.format(**values).strip(), WIDTH, break_long_words=False, break_on_hyphens=False)


def _screen(text: str) -> str:
    return f"```text\n{text}\n```"


def _table(head: tuple[str, ...], *rows: tuple[str, ...]) -> str:
    def lines() -> Iterator[str]:
        for row in (head, ("---",) * len(head), *rows):
            yield f"| {' | '.join(row)} |"

    return "\n".join(lines())


def _kb(size: float) -> str:
    return f"{size / 1000:.0f} KB" if size >= 20_000 else f"{size / 1000:.1f} KB"


def _mb(size: float) -> str:
    return f"{size / 1e6:.0f} MB" if size >= 20e6 else f"{size / 1e6:.1f} MB"


def _seconds(value: float) -> str:
    if value >= 1:
        return f"{value:.1f} s"
    return f"{value * 1000:.0f} ms" if value >= 0.01 else f"{max(value * 1000, 0.1):.1f} ms"


def _about(count: float) -> str:
    """Two digits of it: more would promise too much."""
    digits = 10 ** max(0, math.floor(math.log10(count)) - 1)
    return f"{int(count / digits) * digits:,}"
