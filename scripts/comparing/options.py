"""Why: what a run was asked to do is read and checked in one place."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from loadgen.arguments import count, rate, writable
from loadgen.options import Parser

from .peers import PEERS, Peer
from .phases import Plan

DESCRIPTION = """\
Put the same load on chatd and on other servers, in turn, and set what it costs
beside what they say when they are full.

Each server is started by this script, on 127.0.0.1, with its limits raised, and
is ended afterwards; there is no way to aim at one that runs already, or at
another machine. Eight clients speak in a room and all others read; each delivery
is looked for, once and in order. Servers take turns, so that a machine that
becomes slower meanwhile is so for all, and what other programs took of its CPU
stands beside the figures.
"""

EPILOG = """\
examples:
  scripts/compare.py --list                     which servers are installed here
  scripts/compare.py --quick                    does everything run? some seconds
  scripts/compare.py                            the comparison: some minutes; let the machine rest
  scripts/compare.py --only chatd,ngircd --turns 5
  scripts/compare.py --write-docs               renew the table and the picture of docs/compare.md

exit codes:
  0    measured, and no server lost, doubled or misordered a message
  1    one did; it is named
  2    the arguments are wrong, or a server could not be measured
  130  interrupted; the table shows what was known by then

docs/compare.md tells what each figure is, and how to read it.
"""
CLIENTS, IDLE_TO_CLIENTS, CAP, PAST_CAP = 1000, 3, 10, 10
PATIENCE = 10.0  # s


@dataclass(frozen=True)
class Options:
    """What a run was asked to do."""

    listing: bool
    peers: list[Peer]  # those found
    missing: list[Peer]
    turns: int
    plan: Plan
    json: Path | None
    svg: Path | None
    markdown: bool
    write_docs: bool


def parse(arguments: Sequence[str] | None = None, all_peers: Sequence[Peer] = PEERS) -> Options:
    """Read the command line. Ends the process, with code 2 and a sentence, if it makes no sense."""
    names = ",".join(peer.name for peer in all_peers)
    parser = Parser(
        prog="compare.py",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--list", action="store_true", help="tell which servers were found, and how to get the others; then end")
    add("--only", metavar="NAMES", help=f"of {names}; default: all that are installed")
    add("--clients", metavar="N", type=count, help=f"readers in the room; thrice as many idle; default: {CLIENTS}")
    add("--rate", metavar="N/s", type=rate, default=20.0, help="messages for the CPU and the latency; default: 20")
    add("--turns", metavar="N", type=count, default=3, help="how often each is measured; default: 3")
    add("--quick", action="store_true", help="one short turn with few clients: tells that it runs, not how fast")
    add("--json", metavar="FILE", type=writable, help="write every turn's figures to FILE")
    add("--svg", metavar="FILE", type=writable, help="write the picture to FILE")
    add("--markdown", action="store_true", help="print the table as docs/compare.md holds it")
    add("--write-docs", action="store_true", help="renew the table in docs/compare.md, and its picture")
    read = parser.parse_args(arguments)

    wanted = read.only.split(",") if read.only else [peer.name for peer in all_peers]
    if unknown := sorted(set(wanted) - {peer.name for peer in all_peers}):
        parser.error(f"there is no server {', '.join(unknown)}; there are {names}")
    chosen = [peer for peer in all_peers if peer.name in wanted]
    missing = [peer for peer in chosen if not peer.found()]
    if read.only and missing and not read.list:
        parser.error("; ".join(f"{peer.name} is not installed: {peer.get}" for peer in missing))
    return Options(
        listing=read.list,
        peers=[peer for peer in chosen if peer not in missing],
        missing=missing,
        turns=1 if read.quick else read.turns,
        plan=_plan(read.quick, read.clients, read.rate),
        json=read.json,
        svg=read.svg,
        markdown=read.markdown,
        write_docs=read.write_docs,
    )


def _plan(quick: bool, clients: int | None, messages: float) -> Plan:
    if quick:
        clients, times = clients or 20, {"paced": 0.2, "saturated": 0.1, "quiet": 0.02, "until_told": 0.5}
        messages *= 10
    else:
        clients, times = clients or CLIENTS, {"paced": 5.0, "saturated": 3.0, "quiet": 0.3, "until_told": 3.0}
    idle = clients * IDLE_TO_CLIENTS
    return Plan(clients=clients, idle=idle, rate=messages, cap=CAP, past_cap=PAST_CAP, patience=PATIENCE, **times)
