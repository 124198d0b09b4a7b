"""The numbers of the server, for Prometheus: how near each limit is, who came, who was sent away, how long it took.

They are read when somebody asks. Nothing is counted for their sake that is not counted anyway, so a server that nobody
asks pays nothing. What each of them is called and means stands here; docs/metrics.md repeats it, and a test compares.
"""

import math
import os
import resource
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from itertools import accumulate

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.metrics_core import CounterMetricFamily as Counter
from prometheus_client.metrics_core import GaugeMetricFamily as Gauge
from prometheus_client.metrics_core import HistogramMetricFamily, InfoMetricFamily, Metric

from .. import __version__
from ..chat import Chat
from ..limits import bounds
from ..outbox import Flusher
from ..protocol.farewell import Reason
from ..usage import Histogram
from . import memory
from .http import Answer, Routes

STATES = ("ready", "full", "paused", "draining")
# s that one rendering serves all who ask: at 10,000 clients it takes 10 ms, too long to be had at anybody's will.
SHARED = 0.2


class Metrics:
    """What is served is `routes`. It is a collector, as prometheus_client has it, on a registry of its own."""

    def __init__(self, chat: Chat, flusher: Flusher) -> None:
        self._chat = chat
        self._flusher = flusher
        self._bounds = bounds()
        self._registry = CollectorRegistry()
        self._registry.register(self)
        self._rendered = b""
        self._stale_at = -math.inf
        self.routes: Routes = {"/metrics": self._metrics, "/healthz": self._health}

    @property
    def state(self) -> str:
        """One of STATES. Where two hold, the one that stands later there."""
        pool = self._chat.pool
        if pool.draining:
            return "draining"
        if pool.paused:
            return "paused"
        return "full" if pool.in_use >= pool.max_clients else "ready"

    def render(self) -> bytes:
        """All numbers, in the text format of Prometheus."""
        return generate_latest(self._registry)

    def _metrics(self) -> Answer:
        now = self._chat.clock()
        if now >= self._stale_at:
            self._rendered = self.render()
            self._stale_at = now + SHARED
        return Answer(self._rendered, content_type=CONTENT_TYPE_PLAIN_0_0_4)

    def _health(self) -> Answer:
        """Full or paused, it does what it is there for, and a restart would help nobody. Draining, it takes nobody."""
        state = self.state
        status = HTTPStatus.SERVICE_UNAVAILABLE if state == "draining" else HTTPStatus.OK
        return Answer(f"{state}\n".encode(), status)

    def collect(self) -> Iterator[Metric]:
        yield InfoMetricFamily("chatd_build", "The version that runs.", {"version": __version__})
        states = {state: state == self.state for state in STATES}
        yield _each(Gauge, "chatd_state", "1 for the state that the server is in, 0 for the others.", "state", states)
        yield from self._of_limits()
        yield from self._of_clients()
        yield from self._of_messages()
        yield from self._of_process()

    def _of_limits(self) -> Iterator[Metric]:
        limits, usage = self._chat.limits, self._chat.usage
        values = Gauge("chatd_limit_value", "The limit in force; +Inf for none, by choice.", labels=("limit", "unit"))
        for bound in self._bounds:
            values.add_metric((bound.key, bound.unit), limits.value(bound))
        yield values
        levels = {bound.key: usage.levels(bound) for bound in self._bounds}
        in_use = {key: now for key, (now, _) in levels.items()}
        yield _each(Gauge, "chatd_limit_in_use", "How much of the limit is in use.", "limit", _known(in_use))
        peaks = {key: peak for key, (_, peak) in levels.items()}
        yield _each(Gauge, "chatd_limit_high_water", "The most of it that ever was.", "limit", _known(peaks))
        hits = {bound.key: usage.hits[bound.name] for bound in self._bounds}
        yield _each(Counter, "chatd_limit_hits_total", "How often somebody met the limit.", "limit", hits)

    def _of_clients(self) -> Iterator[Metric]:
        chat, pool = self._chat, self._chat.pool
        now = {"handshake": chat.handshakes, "waiting": pool.waiting, "seated": pool.in_use}
        yield _each(Gauge, "chatd_clients", "Clients: introducing themselves, in line, seated.", "standing", now)
        yield Counter("chatd_connections_total", "Connections that came.", chat.arrivals)
        closed = {str(reason): chat.closed[reason] for reason in Reason}
        yield _each(Counter, "chatd_closed_total", "Connections that the server refused or closed.", "reason", closed)

        statistics = pool.statistics
        left = {
            "seated": statistics.waits.count,
            "timed_out": statistics.timed_out,
            "gave_up": statistics.gave_up,
            "drained": statistics.drained,
        }
        yield Counter("chatd_admitted_total", "Seats given, at once or after a wait.", statistics.admitted)
        yield Counter("chatd_queued_total", "Places in line given.", statistics.queued)
        yield _each(Counter, "chatd_queue_left_total", "Places in line given back, and why.", "outcome", left)
        yield _histogram("chatd_wait_seconds", "From the arrival of a client to its seat.", chat.waits)
        yield _histogram("chatd_visit_seconds", "How long a seat was held.", chat.visits)

    def _of_messages(self) -> Iterator[Metric]:
        chat, flusher = self._chat, self._flusher
        members = sum(1 for client in chat.clients.values() if client.rooms)
        yield Gauge("chatd_rooms", "Rooms that there are.", chat.room_count)
        yield Gauge("chatd_members", "Clients that are in a room.", members)
        yield Counter("chatd_messages_total", "Messages said.", chat.messages)
        yield Counter("chatd_deliveries_total", "Copies of messages, one for each reader.", chat.deliveries)
        yield Gauge("chatd_outboxes_bytes", "What is owed to all clients together.", flusher.owed)
        yield _histogram("chatd_fan_out_seconds", "From a tick's first line to its last send.", flusher.fan_out)
        yield Counter("chatd_faults_total", "Errors of the server's own.", chat.faults)

    def _of_process(self) -> Iterator[Metric]:
        """What any process tells, named as everywhere. prometheus_client's own collector would list all open files,
        30 ms for 10,000; since Linux 6.2 their number is the size of the directory, which before was 0 (proc(5))."""
        used = resource.getrusage(resource.RUSAGE_SELF)
        files = os.stat("/proc/self/fd").st_size or len(os.listdir("/proc/self/fd"))
        most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        yield Gauge("process_start_time_seconds", "When it started, in Unix time.", self._chat.started)
        yield Counter("process_cpu_seconds_total", "CPU time used.", used.ru_utime + used.ru_stime)
        yield Gauge("process_resident_memory_bytes", "Resident memory size.", memory.resident())
        yield Gauge("process_open_fds", "Files that are open.", files)
        yield Gauge("process_max_fds", "Files that may be open.", most)


def _known(values: Mapping[str, float | None]) -> dict[str, float]:
    return {key: value for key, value in values.items() if value is not None}


def _each(kind: type[Gauge | Counter], name: str, what: str, label: str, values: Mapping[str, float]) -> Metric:
    """A metric with a value for each of what its label names."""
    metric = kind(name, what, labels=(label,))
    for key, value in values.items():
        metric.add_metric((key,), value)
    return metric


def _histogram(name: str, what: str, measured: Histogram) -> Metric:
    ends = [*(str(float(bound)) for bound in measured.bounds), "+Inf"]
    return HistogramMetricFamily(name, what, list(zip(ends, accumulate(measured.counts), strict=True)), measured.total)
