"""Why: two acts that are over are compared in one table, which somebody who was not there can read."""

from loadgen.words import duration
from rich import box
from rich.table import Table

from chatd.ops import memory

from .act import Act, percentile


def table(acts: list[Act]) -> Table:
    """Both acts side by side."""
    made = Table(box=box.SIMPLE_HEAD, title="the same server, the same crowd", title_style="bold")
    made.add_column("", no_wrap=True)
    for act in acts:
        made.add_column(act.name, justify="right")
    reasons = list(dict.fromkeys(reason for act in acts for reason in act.crowd.refused))
    rows = {
        "came": [f"{act.crowd.came:,}" for act in acts],
        "   late by, p99": [duration(act.crowd.late) for act in acts],
        "inside at once, at the most": [f"{act.most_inside:,}" for act in acts],
        "in line at the end": [f"{act.crowd.waiting:,}" for act in acts],
        "from the line to a seat": [f"{act.crowd.moved_up:,}" for act in acts],
        "told why they may not stay": [f"{act.crowd.sent_away:,}" for act in acts],
        **{f"   {reason}": [f"{act.crowd.refused.get(reason, 0):,}" for act in acts] for reason in reasons},
        "without an answer at the end": [f"{act.unanswered:,}" for act in acts],
        "inside at the end": [f"{act.crowd.seated:,}" for act in acts],
        "left again": [f"{act.left_again:,}" for act in acts],
        "messages delivered": [f"{act.deliveries:,}" for act in acts],
        "a message took, p50": [duration(act.took(50)) for act in acts],
        "   p99": [duration(act.took(99)) for act in acts],
        "   at the most": [duration(act.slowest) for act in acts],
        "   still on their way": [f"{len(act.under_way):,} of {len(act.voyages):,}" for act in acts],
        "   measured late by, p99": [duration(percentile(act.lateness, 99)) for act in acts],
        "memory, at the most": [memory.shown(act.memory_peak) for act in acts],
        "   owed to who has not read": [memory.shown(act.owed) for act in acts],
        "CPU time, share of one CPU": [f"{act.cpu:.1f} s, {act.cpu / act.now:.0%}" for act in acts],
        "   waited for a CPU": [f"{act.kept_waiting:.1f} s" for act in acts],
        "ended after": [f"{act.now:.1f} s" for act in acts],
        "because": [act.ended or "the time was over" for act in acts],
    }
    for name, cells in rows.items():
        made.add_row(name, *cells)
    return made
