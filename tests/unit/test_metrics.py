"""The numbers for Prometheus: they are those of the server, and what is written of them, and asked for, is there."""

import json
import math
import os
import re
import resource
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from chat_harness import World
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from chatd import __version__
from chatd.limits import bounds
from chatd.ops.metrics import SHARED, STATES, Metrics
from chatd.outbox import Flusher
from chatd.protocol.farewell import Reason

DOCS = Path(__file__).parents[2] / "docs"
RULES = (DOCS / "prometheus/chatd-alerts.yml").read_text()
RULE_TESTS = (DOCS / "prometheus/chatd-alerts.test.yml").read_text()
DASHBOARD = json.loads((DOCS / "prometheus/chatd-dashboard.json").read_text())
PANELS: list[dict[str, Any]] = DASHBOARD["panels"]


class Watched(World):
    """A server without sockets, and its metrics."""

    def __init__(self, **bounds: float) -> None:
        super().__init__(bounds=bounds)
        self.flusher = Flusher(self.chat.limits, self.chat.usage)
        self.metrics = Metrics(self.chat, self.flusher)

    def families(self) -> dict[str, Metric]:
        found = text_string_to_metric_families(self.metrics.render().decode())
        return {family.name: family for family in found}

    def value(self, name: str, **labels: str) -> float | None:
        """What is told of that name and these labels; None if nothing is."""
        for family in self.families().values():
            for sample in family.samples:
                if sample.name == name and labels.items() <= sample.labels.items():
                    return sample.value
        return None

    def labelled(self, name: str, label: str) -> dict[str, float]:
        """The values of all samples of that name, by the label."""
        samples = (sample for family in self.families().values() for sample in family.samples)
        return {sample.labels[label]: sample.value for sample in samples if sample.name == name}


# Limits.


def test_every_limit_has_its_value_and_its_hits() -> None:
    world = Watched()
    keys = [bound.key for bound in bounds()]
    assert list(world.labelled("chatd_limit_value", "limit")) == keys
    assert world.labelled("chatd_limit_hits_total", "limit") == dict.fromkeys(keys, 0)
    assert world.value("chatd_limit_value", limit="outbox", unit="bytes") == world.chat.limits.outbox


def test_a_limit_that_follows_from_another_or_is_none_or_changes_is_told_as_it_is() -> None:
    world = Watched(max_clients=10)
    assert world.value("chatd_limit_value", limit="max-per-host") == 5
    assert world.value("chatd_limit_value", limit="idle-timeout") == math.inf
    world.chat.limits.max_clients = 30
    assert world.value("chatd_limit_value", limit="max-clients") == 30
    assert world.value("chatd_limit_value", limit="max-per-host") == 15


def test_use_is_told_where_something_is_used_up_and_nowhere_else() -> None:
    world = Watched()
    in_use, peaks = (world.labelled(f"chatd_limit_{name}", "limit") for name in ("in_use", "high_water"))
    assert {"max-clients", "queue", "handshakes", "max-rooms", "outboxes", "history-bytes"} <= set(in_use)
    assert set(in_use) <= set(peaks)
    assert not {"queue-timeout", "message-rate", "nick-length", "backlog"} & set(peaks)


def test_use_comes_back_and_its_peak_and_its_hits_stay() -> None:
    world = Watched(max_clients=1, queue=1)
    ann = world.irc("ann", "#tea")
    world.irc("bob")
    assert world.value("chatd_limit_in_use", limit="queue") == 1
    ann.leaves()
    assert world.value("chatd_limit_in_use", limit="queue") == 0
    assert world.value("chatd_limit_high_water", limit="queue") == 1
    assert world.value("chatd_limit_in_use", limit="max-rooms") == 1
    assert world.value("chatd_limit_high_water", limit="max-rooms") == 2
    assert world.value("chatd_limit_hits_total", limit="max-clients") == 1


# Clients.


def test_clients_are_told_by_how_far_they_have_come() -> None:
    world = Watched(max_clients=2, queue=5)
    assert world.labelled("chatd_clients", "standing") == {"handshake": 0, "waiting": 0, "seated": 0}
    for nick in ("ann", "bob", "cat"):
        world.irc(nick)
    world.arrives()
    assert world.labelled("chatd_clients", "standing") == {"handshake": 1, "waiting": 1, "seated": 2}
    assert world.value("chatd_connections_total") == 4


def test_whoever_waits_leaves_the_line_for_one_reason() -> None:
    world = Watched(max_clients=1, queue=9, queue_timeout=60)
    first = world.irc("first")
    seated, gives_up, too_late, sent_away = (world.irc(nick) for nick in ("seated", "givesup", "toolate", "sentaway"))
    first.leaves()
    assert seated.is_seated
    gives_up.leaves()
    world.chat.pool.expire(world.now + 60)
    world.chat.pool.resize(world.now, wait_timeout=math.inf)
    late = [world.irc(f"late{number}") for number in range(2)]
    assert world.value("chatd_queued_total") == 6
    world.chat.pool.drain()
    outcomes = world.labelled("chatd_queue_left_total", "outcome")
    assert outcomes == {"seated": 1, "timed_out": 2, "gave_up": 1, "drained": 2}
    assert sum(outcomes.values()) == world.value("chatd_queued_total")
    assert world.value("chatd_admitted_total") == 2
    assert {too_late.is_seated, sent_away.is_seated, *(each.is_seated for each in late)} == {False}


def test_all_reasons_are_there_before_the_first_is_given() -> None:
    world = Watched()
    assert world.labelled("chatd_closed_total", "reason") == {reason.value: 0 for reason in Reason}
    world.chat.closed[Reason.SERVER_FULL] += 3
    assert world.value("chatd_closed_total", reason="SERVER_FULL") == 3


def test_waits_and_visits_are_histograms() -> None:
    world = Watched(max_clients=1)
    ann = world.irc("ann")
    world.irc("bob")
    world.now += 20
    ann.leaves()
    waits = world.labelled("chatd_wait_seconds_bucket", "le")
    assert {le: waits[le] for le in ("1.0", "10.0", "30.0", "+Inf")} == {"1.0": 1, "10.0": 1, "30.0": 2, "+Inf": 2}
    assert (world.value("chatd_wait_seconds_count"), world.value("chatd_wait_seconds_sum")) == (2, 20)
    assert (world.value("chatd_visit_seconds_count"), world.value("chatd_visit_seconds_sum")) == (1, 20)


# Messages.


def test_rooms_members_and_messages() -> None:
    world = Watched()
    ann = world.irc("ann", "#tea", "#lobby")
    world.irc("bob", "#tea")
    world.irc("cat")
    ann.says("PRIVMSG #tea :hello")
    assert (world.value("chatd_rooms"), world.value("chatd_members")) == (2, 2)
    assert (world.value("chatd_messages_total"), world.value("chatd_deliveries_total")) == (1, world.chat.deliveries)


def test_what_is_owed_and_how_long_it_took() -> None:
    world = Watched()
    world.flusher.owed = 12_345
    world.flusher.fan_out.add(0.002)
    world.chat.faults = 7
    assert world.value("chatd_outboxes_bytes") == world.value("chatd_limit_in_use", limit="outboxes") == 12_345
    assert world.value("chatd_fan_out_seconds_bucket", le="0.003") == 1
    assert world.value("chatd_fan_out_seconds_bucket", le="0.001") == 0
    assert world.value("chatd_faults_total") == 7


# The process.


def test_the_process_tells_what_processes_tell() -> None:
    world = Watched()
    assert world.value("chatd_build_info", version=__version__) == 1
    assert world.value("process_start_time_seconds") == world.wall
    assert 1e7 < (world.value("process_resident_memory_bytes") or 0) < 1e10
    assert 0 < (world.value("process_cpu_seconds_total") or 0) <= time.process_time()
    assert world.value("process_max_fds") == resource.getrlimit(resource.RLIMIT_NOFILE)[0]


@pytest.mark.parametrize("tells_by_size", [True, False], ids=["Linux 6.2", "before"])
def test_open_files_are_counted(tells_by_size: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not tells_by_size:
        monkeypatch.setattr(os, "stat", lambda path: os.stat_result([0] * 10))
    files = len(os.listdir("/proc/self/fd"))  # and the one that is opened to list them
    assert Watched().value("process_open_fds") in (files - 1, files)


# What is served.


def health(world: Watched) -> tuple[int, str]:
    answer = world.metrics.routes["/healthz"]()
    return answer.status, answer.body.decode()


def test_only_a_server_that_takes_nobody_any_more_is_unhealthy() -> None:
    world = Watched(max_clients=1)
    assert health(world) == (200, "ready\n")
    world.irc("ann")
    assert health(world) == (200, "full\n")
    world.chat.pool.pause()
    assert health(world) == (200, "paused\n")
    world.chat.pool.drain()
    assert health(world) == (503, "draining\n")


def test_the_state_is_a_metric_too() -> None:
    world = Watched(max_clients=1)
    for state in STATES:
        if state == "full":
            world.irc("ann")
        elif state == "paused":
            world.chat.pool.pause()
        elif state == "draining":
            world.chat.pool.drain()
        assert world.labelled("chatd_state", "state") == {each: each == state for each in STATES}


def test_who_asks_at_the_same_time_shares_an_answer() -> None:
    world = Watched()
    ask = world.metrics.routes["/metrics"]
    first = ask().body
    world.irc("ann")
    world.now += SHARED / 2
    assert ask().body == first
    world.now += SHARED / 2
    assert b'chatd_clients{standing="seated"} 1.0\n' in ask().body


# What is written of them.


def labels_of(metric: Metric) -> set[str]:
    return {label for sample in metric.samples for label in sample.labels}


def test_the_table_in_the_docs_is_what_there_is() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \|(.*?)\| (.*) \|$", (DOCS / "metrics.md").read_text(), re.MULTILINE)
    told = [
        (
            metric.name + "_total" * (metric.type == "counter"),
            metric.type,
            labels_of(metric),
            metric.documentation,
        )
        for metric in Watched().families().values()
    ]
    written = [(name, kind, set(re.findall(r"`(\w+)`", labels)), what) for name, kind, labels, what in rows]
    assert written == told


def test_the_docs_list_the_alerts_with_their_severities() -> None:
    rows = re.findall(r"^\| `(Chatd\w+)` \| (\w+) \|", (DOCS / "metrics.md").read_text(), re.MULTILINE)
    rules = re.findall(r"- alert: (\w+)\n.*?severity: (\w+)\n", RULES, re.DOTALL)
    assert sorted(rows) == sorted(rules)


def test_every_alert_is_tested_and_says_what_it_is_and_what_to_do() -> None:
    for rule in RULES.split("- alert: ")[1:]:
        assert rule.partition("\n")[0] in RULE_TESTS
        assert 'summary: "{{ $labels.instance }}: ' in rule
        assert re.search(r"description: >-\n +[A-Z]", rule)


def queries() -> Iterator[tuple[str, str]]:
    """Every PromQL text that is shipped, and where it stands."""
    for rule in RULES.split("- alert: ")[1:]:
        name, expression = re.findall(r"(\w+)\n +expr: (?:>-\n)?(.*?)\n +(?:for|labels):", rule, re.DOTALL)[0]
        yield name, expression
    for panel in PANELS:
        yield from ((panel["title"], target["expr"]) for target in panel["targets"])


QUERIES = pytest.mark.parametrize(("where", "query"), list(queries()))


@QUERIES
def test_rules_and_dashboard_ask_only_for_what_there_is(where: str, query: str) -> None:
    samples = [sample for family in Watched().families().values() for sample in family.samples]
    names = set(re.findall(r"\b(?:chatd|process)_\w+", query))
    assert names or where == "ChatdDown", "asks for nothing of ours"
    assert names <= {sample.name for sample in samples}
    for label, values in re.findall(r'\b(limit|reason|state|standing|outcome)[=!]~?"([^"]+)"', query):
        assert set(values.split("|")) <= {sample.labels.get(label) for sample in samples}


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel["title"])
def test_every_panel_shows_what_was_chosen(panel: dict[str, Any]) -> None:
    assert panel["datasource"]["uid"] == "${datasource}"
    for target in panel["targets"]:
        assert target["datasource"]["uid"] == "${datasource}"
        assert 'instance=~"$instance"' in target["expr"]


def test_the_dashboard_can_be_imported() -> None:
    assert DASHBOARD["id"] is None
    assert [(each["name"], each["type"]) for each in DASHBOARD["templating"]["list"]] == [
        ("datasource", "datasource"), ("instance", "query"),
    ]  # fmt: skip
    assert len({panel["id"] for panel in PANELS}) == len(PANELS)
    cells = [
        (x, y)
        for at in (panel["gridPos"] for panel in PANELS)
        for x in range(at["x"], at["x"] + at["w"])
        for y in range(at["y"], at["y"] + at["h"])
    ]
    assert len(set(cells)) == len(cells), "panels overlap"
    assert max(x for x, _ in cells) < 24
