"""The metrics of a running server, over HTTP: its state, its numbers, and what happens when they cannot be read."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio
import trio.testing
from metrics_site import Site
from support import UNDER_WAY, Running, running

from chatd.ops.metrics import Metrics


@asynccontextmanager
async def measured(house: Running) -> AsyncIterator[Site]:
    """The metrics of a running server."""
    parts = house.server.house
    metrics = Metrics(house.chat, parts.flusher)
    site = Site(parts.limits, house.chat.usage, metrics.routes, parts.count_fault)
    async with site.open():
        yield site


async def test_a_running_server_tells_its_state(autojump_clock: trio.testing.MockClock) -> None:
    async with running(max_clients=1) as house, measured(house) as site:
        reader = await site.connect()

        async def health() -> tuple[int, str]:
            heard = await reader.asks("/healthz")
            return heard.status, heard.body

        assert await health() == (200, "ready\n")
        await house.seated("ann")
        assert await health() == (200, "full\n")
        house.chat.pool.pause()
        assert await health() == (200, "paused\n")
        house.server.drain()
        await trio.testing.wait_all_tasks_blocked(UNDER_WAY)
        assert await health() == (503, "draining\n")


async def test_a_running_server_tells_its_numbers() -> None:
    async with running() as house, measured(house) as site:
        await house.seated("ann")
        heard = await (await site.connect()).asks("/metrics")
        assert heard.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
        assert 'chatd_clients{standing="seated"} 1.0\n' in heard.body
        assert 'chatd_limit_in_use{limit="metrics-connections"} 1.0\n' in heard.body


async def test_a_fault_is_logged_with_its_cause(caplog: pytest.LogCaptureFixture) -> None:
    async with running() as house, measured(house) as site:
        del house.chat.pool.statistics.waits  # so that it cannot be read
        reader = await site.connect()
        with caplog.at_level(logging.ERROR, "chatd"):
            assert (await reader.asks("/metrics")).status == 500
        assert "internal error: a request for the metrics" in caplog.text
        assert "AttributeError" in caplog.text
        assert house.chat.faults == 1
        assert (await (await site.connect()).asks("/healthz")).status == 200
