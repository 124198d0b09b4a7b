"""An advice as people read it: what was measured, how many each resource carries, the arithmetic with its figures."""

import io
import math
import shlex
from collections.abc import Iterator, Sequence
from textwrap import wrap
from typing import NamedTuple, TextIO

from . import memory
from .advice import CPU, FILES, KERNEL, LINE_BYTES, MEMORY, RESERVE, TOO_MANY, Advice, Share
from .probe import Found

COLUMNS = 80
DISTURBED = 0.1  # CPUs of others; from here on figures are not to be trusted
REMEDIES = {
    CPU: "more --latency, people who say less, or several servers",
    MEMORY: "more --memory, or lower --outboxes, --rooms-per-client or --input-bytes",
    KERNEL: "less --memory for the process, or lower --send-buffer, --receive-buffer or --backlog",
    FILES: "a higher limit (ulimit -Hn; LimitNOFILE= of systemd), or lower --queue or --handshakes",
}
NOT_KNOWN = (
    "Not measured: the network, and what stands before the server (TLS, proxies). Left out: the pings of silent "
    "clients, thousandths of a CPU; and arrivals: who enters a room of N is told to N, so a crowd that comes at once "
    "makes talk wait. In several rooms the same clients cost less than in one."
)
Rows = Sequence[tuple[str, ...]]


class Report(NamedTuple):
    """All that there is to tell. `command` starts the server, but for its cap, which is now `asked`."""

    found: Found
    advice: Advice
    shares: dict[str, Share]
    command: list[str]
    asked: int

    def lines(self, out: TextIO) -> Iterator[str]:
        """The report, in 80 columns."""
        clients = self.advice.max_clients
        yield from self._measured(out)
        if clients:
            yield from self._arithmetic(clients)
            now = f"; the bounds now have {self.asked:,}" if self.asked else ""
            yield from _paragraph("", f"So many in the room, and what follows (* is the advice{now}):")
            yield from table(out, _SIZES, self._sizes(clients))
        yield from _paragraph("", "What carries how many clients: (granted − taken before the first) / for each")
        yield from table(out, ("", "carries", "which is"), list(self._resources()))
        yield from _paragraph("", *self._verdict(clients), "", NOT_KNOWN)

    def _measured(self, out: TextIO) -> Iterator[str]:
        found, costs = self.found, self.found.costs
        how = f"in {found.seconds:.0f} s, on a chatd of one's own with {found.clients:,} clients"
        buffers = memory.shown(self.shares[KERNEL].each)
        yield from _paragraph(f"What a client costs here, measured {how}:")
        yield from table(out, ("", "costs", "which is"), (
            ("memory", _kilo(costs.client), "of the process, for a silent client"),
            ("", _kilo(costs.kernel), f"of the kernel's buffers, which may fill to {buffers}"),
            ("files", f"{costs.files:.2g}", "open"),
            ("message", _micro(costs.message), "of CPU, to read it"),
            ("send", _micro(costs.send), "to hand one reader all that it is owed"),
            ("line", _micro(costs.line), "for one more message in that send"),
        ))  # fmt: skip
        if max(found.foreign, found.stolen) >= DISTURBED:
            others = f"other programs used {percent(found.foreign)} of a CPU"
            host = f"this machine's host took {percent(found.stolen)}"
            yield from _paragraph("", f"! Disturbed: {others}, {host}. Measure again when it is quiet.")

    def _resources(self) -> Iterator[tuple[str, ...]]:
        advice = self.advice
        for name, carried in advice.carried.items():
            clients = f"{carried:,}" if carried < TOO_MANY else "no end"
            if name == CPU:
                within = f"99 of 100 within {milliseconds(advice.wish.latency)}"
                yield name, clients, f"{within}, with {percent(1 - RESERVE)} of a CPU"
            else:
                show = _count if name == FILES else memory.shown
                granted, fixed, each = map(show, self.shares[name])
                yield name, clients, f"({granted} − {fixed}) / {each}"
        if not advice.max_clients:
            return
        megabits = advice.talk.deliveries(advice.max_clients) * LINE_BYTES * 8 / 1e6
        sent = f"at {advice.max_clients:,} it is sent {megabits:,.0f} Mbit/s"
        yield "network", "unknown", f"{sent}, {LINE_BYTES} bytes a line"

    def _arithmetic(self, clients: int) -> Iterator[str]:
        talk, wish = self.advice.talk, self.advice.wish
        costs, n = talk.costs, f"{clients:,}"
        messages, unsaved = talk.messages(clients), talk.unsaved(clients)
        send, line = _micro(costs.send), _micro(costs.line)
        said = "message" if wish.per_minute == 1 else "messages"
        yield from _paragraph(
            "", f"The arithmetic, for {n} in one room who say {wish.per_minute:g} {said} a minute each:", ""
        )
        yield from _item("messages", f"{n} × {wish.per_minute:g} / 60 = {messages:,.1f} a second")
        more = "Twice the people are four times that"
        deliveries = f"{messages:,.1f} × {clients - 1:,} = {talk.deliveries(clients):,.0f} a second"
        yield from _item("deliveries", f"{deliveries}. {more}.")
        alone = f"{messages:,.1f} × ({_micro(costs.message)} + {n} × ({send} + {line}))"
        yield from _item("one by one", f"{alone} = {talk.one_by_one(clients):.2f} CPUs. This grows as N².")
        yield from _item(
            "together", "What comes while a round of sends is under way goes out in the next one, all of it in one "
            f"send per reader. What that cannot save is {messages:,.1f} × ({_micro(costs.message)} + {n} × {line}) "
            f"= {unsaved:.2f} CPUs; at 1 the backlog would grow without end.",
        )  # fmt: skip
        if talk.one_by_one(clients) > 1:
            yield from _item("busy", "So it sends all the time, 100 % of a CPU, and still keeps up.")
            how = f"{n} × {send} / (1 − {unsaved:.2f})"
        else:
            how = f"{_micro(costs.message)} + {n} × ({send} + {line})"
        yield from _item("a round", f"{how} = {milliseconds(talk.round(clients))}")
        rounds = f"99 of 100 within {talk.rounds(clients):.1f} rounds = {milliseconds(talk.latency(clients))}"
        yield from _item(
            "waiting", f"for the end of the round under way, for one's own, and by chance for one more: {rounds}"
        )
        slower = talk._replace(costs=costs.slower(1 - RESERVE)).latency(clients)
        accepted = f"{milliseconds(slower)}, of {milliseconds(wish.latency)} that are accepted"
        yield from _item("reserve", f"With {percent(1 - RESERVE)} of a CPU it would be {accepted}.")

    def _sizes(self, clients: int) -> Rows:
        sizes = {clients // 4, clients // 2, clients, clients * 3 // 2, clients * 2, self.asked}
        return [self._size(each, "*" if each == clients else "") for each in sorted(sizes) if each > 1]

    def _size(self, clients: int, mark: str) -> tuple[str, ...]:
        talk, most = self.advice.talk, memory.shown(self.shares[MEMORY].taken(clients))
        return (
            f"{mark}{clients:,}", f"{talk.messages(clients):,.1f}", f"{talk.deliveries(clients):,.0f}",
            percent(talk.cpu(clients)), milliseconds(talk.latency(clients)), most,
        )  # fmt: skip

    def _verdict(self, clients: int) -> Iterator[str]:
        advice, binding = self.advice, self.advice.binding
        remedy = f"To carry more: {REMEDIES[binding]}."
        if not clients:
            yield f"The bounds let in nobody: {binding} carries {advice.carried[binding]:,}. {remedy}"
            return
        yield f"What binds is the {binding}. Start it with"
        yield f"  {shlex.join([*self.command, '--max-clients', str(clients)])}"
        following = f"Next would bind the {advice.next_binding}, at {advice.carried[advice.next_binding]:,}."
        yield f"{remedy} {following} With {2 * clients:,}, twice as many, {self._at_twice(2 * clients)}."

    def _at_twice(self, clients: int) -> str:
        latency, share = self.advice.talk.latency(clients), self.shares[MEMORY]
        if math.isinf(latency):
            return "the CPU could not keep up: the backlog would grow without end"
        seen = f"99 of 100 would wait up to {milliseconds(latency)}"
        if share.taken(clients) > share.granted:
            return f"{seen}, and memory could grow to {memory.shown(share.taken(clients))}"
        return seen


_SIZES = ("members", "messages/s", "deliveries/s", "CPU", "99 of 100", "memory at most")


def table(out: TextIO, heads: tuple[str, ...], rows: Rows) -> list[str]:
    """A table as text, by rich if it is there. What has no head over its first column has words there and in the last
    one; all else are numbers."""
    words = set() if heads[0] else {0, len(heads) - 1}
    try:
        from rich import box
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text
    except ImportError:  # rich is an extra
        widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
        return [
            "  ".join(
                cell.ljust(width) if at in words else cell.rjust(width)
                for at, (cell, width) in enumerate(zip(row, widths, strict=True))
            ).rstrip()
            for row in (heads, *rows)
        ]
    drawn = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for at, head in enumerate(heads):
        drawn.add_column(head, justify="left" if at in words else "right")
    for row in rows:
        drawn.add_row(*(Text(cell, "bold" if row[0].startswith("*") else "") for cell in row))
    console = Console(file=io.StringIO(), width=COLUMNS, highlight=False, force_terminal=out.isatty() or None)
    with console.capture() as written:
        console.print(drawn)
    return [line.rstrip() for line in written.get().rstrip().splitlines()]


def _paragraph(*texts: str) -> Iterator[str]:
    """Each broken into lines. What is indented is a command and stays whole, with air around it."""
    for text in texts:
        if text.startswith(" "):
            yield from ("", text, "")
        else:
            yield from wrap(text, COLUMNS) or [""]


def _item(name: str, text: str) -> Iterator[str]:
    return iter(wrap(text, COLUMNS, initial_indent=f"  {name:<12}", subsequent_indent=" " * 14))


def _count(number: float) -> str:
    return f"{number:,.3g}" if number < 100 else f"{number:,.0f}"


def _kilo(size: float) -> str:
    return f"{size / 1024:.1f} KiB"


def _micro(seconds: float) -> str:
    value = seconds * 1e6
    return f"{value:.2f} µs" if value < 10 else f"{value:,.0f} µs"


def milliseconds(seconds: float) -> str:
    if math.isinf(seconds):
        return "for ever"
    value = seconds * 1e3
    return f"{value:,.3g} ms" if value < 1000 else f"{seconds:,.3g} s"


def percent(share: float) -> str:
    return f"{share * 100:.0f} %"
