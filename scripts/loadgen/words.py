"""Why: a terminal, a page and a threshold say the same figure in the same words.

What is told in whole sentences is here too: what happened, and what to doubt about it.
"""

from collections.abc import Collection, Iterator, Mapping

from .document import Fate, Result, Times
from .ledger import Kind

INTERRUPTED = "Interrupted: this is what was known by then, and nothing follows from it."
MARKS = {True: "holds", False: "BROKEN", None: "not tested"}
# From there on the generator's own lateness is worth a warning: a good part of what was measured, and more than what a
# clock of whole milliseconds costs (epoll_wait(2)).
GOOD_PART, UNNOTICED = 0.1, 0.002  # s
MEBIBYTE = 1024 * 1024


def duration(seconds: float) -> str:
    """A time as a person says it, to three digits or so."""
    if seconds >= 1:
        return f"{seconds:,.2f} s"
    return f"{seconds * 1e3:.1f} ms" if seconds >= 1e-3 else f"{seconds * 1e3:.2f} ms"


def size(count: float) -> str:
    """So many bytes."""
    return f"{count / MEBIBYTE:,.1f} MiB"


def plain(text: str) -> str:
    """A server's words, fit for every terminal and every font."""
    return "".join(character if " " <= character <= "~" else "?" for character in text)


def kind_of(fate: Fate) -> Kind:
    """What became of them, in words."""
    return Kind[fate["kind"].upper()]


def count_of(fates: Collection[Fate], *kinds: Kind) -> int:
    """How many attempts are of these kinds, whatever the reason."""
    return sum(fate["count"] for fate in fates if kind_of(fate) in kinds)


def reasons(stages: Mapping[str, list[Fate]], kind: Kind) -> Iterator[tuple[str, list[int]]]:
    """Each reason of a kind, and how many met it in each stage."""
    met = [
        {fate["reason"]: fate["count"] for fate in fates if kind_of(fate) is kind and fate["reason"]}
        for fates in stages.values()
    ]
    for reason in sorted(set().union(*met)):
        yield reason, [counts.get(reason, 0) for counts in met]


def title(result: Result) -> str:
    """What was done, in a few words."""
    return f"{result['scenario']}: {result['counts']['clients']:,} clients at {result['target']}"


def number(value: int | None) -> str:
    """A count, if it is known."""
    return "unknown" if value is None else f"{value:,}"


def most_seated(result: Result) -> str:
    """How many there were at once, and how many there may be."""
    counts, limit = result["counts"], result["limits"]["max_clients"]
    told = f"{counts['peak_seated']:,}"
    if counts["peak_for_certain"] < counts["peak_seated"]:
        told += f", {counts['peak_for_certain']:,} of them for certain"
    return f"{told}; {'the server tells no limit' if limit is None else f'the limit is {limit:,}'}"


def times_of(result: Result) -> dict[str, Times]:
    """What was measured in seconds, by its name."""
    found = {
        "deliveries": result["latency_s"],
        "answers": result["answers_s"],
        "sent late by": result["lateness_s"],
        "connected late by": result["arrival_lateness_s"],
    }
    return {name: times for name, times in found.items() if times is not None}


# -- sentences --------------------------------------------------------------------------------------------------------


def headline(result: Result) -> str:
    """What happened, in a sentence or two: first what the scenario is about."""
    if result["ended"] == "interrupted":
        return INTERRUPTED
    match result["scenario"]:
        case "herd":
            about = _returned(result)
        case "chat" | "slow":
            about = _delivered(result)
        case "soak":
            about = _grown(result)
        case _:
            about = ""
    return f"{about} {_attempts(result)}".strip()


def warnings(result: Result) -> list[str]:
    """Why some of the figures say less than they seem to."""
    return [
        *_late(result["latency_s"], result["lateness_s"], "deliveries took", "Messages were sent"),
        *_late(result["answers_s"], result["arrival_lateness_s"], "answers took", "Clients connected"),
    ]


def _late(measured: Times | None, own: Times | None, took: str, done: str) -> list[str]:
    if measured is None or own is None or own["p99"] <= max(GOOD_PART * measured["p99"], UNNOTICED):
        return []
    return [
        f"{done} {duration(own['p99'])} late (p99) by this program itself, which is counted in the "
        f"{duration(measured['p99'])} (p99) that {took}: take these times as an upper bound, which says more of the "
        "generator and its machine than of the server."
    ]


def _attempts(result: Result) -> str:
    """How it stood before they left, and what the line gained by that."""
    *earlier, last = result["stages"].values()
    stood = earlier[-1] if earlier else last
    waited = count_of(stood, Kind.WAITING)
    told = [(count_of(stood, Kind.SEATED, Kind.QUEUED_SEATED), "seated"), (waited, "waiting")]
    told += [
        (count, words)
        for kind, words in ((Kind.QUEUED_TIMED_OUT, "timed out in line"), (Kind.CLOSED, "closed with a reason"))
        if (count := count_of(stood, kind))
    ]
    told.append((count_of(stood, Kind.REFUSED), "refused with a reason"))
    if failed := count_of(stood, Kind.FAILED):
        told.append((failed, "failed to connect"))
    told.append((count_of(stood, Kind.SILENT), "silent"))
    sentence = ", ".join(f"{count:,} {words}" for count, words in told)
    if waited and earlier:
        later = count_of(last, Kind.QUEUED_SEATED) - count_of(stood, Kind.QUEUED_SEATED)
        sentence += f"; when the seated left, {later:,} of the {waited:,} waiting were seated"
    return f"{sentence}."


def _delivered(result: Result) -> str:
    messages, took = result["messages"], result["latency_s"]
    if took is None:
        return "Nothing was delivered."
    if not messages["expected"]:
        return "None of those who were sent messages stayed to the end."
    return (
        f"{messages['received']:,} of {messages['expected']:,} deliveries arrived, half of them within "
        f"{duration(took['p50'])}, 99 of 100 within {duration(took['p99'])}."
    )


def _returned(result: Result) -> str:
    returned = result["returned"] or {}
    told = []
    if (taken := returned.get("seats_taken")) is not None:
        told.append(f"all seats were taken again after {duration(taken)}")
    if (answered := returned.get("all_answered")) is not None:
        told.append(f"everybody was answered after {duration(answered)}")
    if not told:
        return "The seats were not taken again in time."
    return f"When all came back at once, {', and '.join(told)}."


def _grown(result: Result) -> str:
    memory = [count for count in result["timeline"]["memory"] if count is not None]
    if not memory:
        return ""
    passed = result["timeline"]["at"][-1]
    return f"In {duration(passed)} the server's memory went from {size(memory[0])} to {size(memory[-1])}."
