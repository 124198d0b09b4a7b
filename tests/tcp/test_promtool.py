"""What Prometheus's own tool says of the metrics of a running server, of the alert rules and of the dashboard."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
import trio
from support import running

from chatd.ops.metrics import Metrics

PROMTOOL = shutil.which("promtool")
DOCS = Path(__file__).parents[2] / "docs/prometheus"
DEADLINE = 60  # s, for what takes a fraction of one

pytestmark = pytest.mark.skipif(PROMTOOL is None, reason="promtool, which comes with Prometheus, is not installed")


def promtool(*words: str, given: bytes = b"") -> None:
    """Run it; it has to have nothing to say against what it is given."""
    assert PROMTOOL is not None
    done = subprocess.run([PROMTOOL, *words], input=given, capture_output=True, timeout=DEADLINE, cwd=DOCS)
    said = done.stdout + done.stderr
    assert done.returncode == 0, said.decode()
    assert b"rror" not in said
    if words[:2] == ("check", "metrics"):
        assert said == b"", said.decode()


async def test_the_metrics_follow_the_conventions() -> None:
    async with running(max_clients=1, queue=1) as house:
        ann = await house.seated("ann", "PRIVMSG #lobby :hello")
        await house.waiting("bob")
        await (await house.irc("cat")).rest()
        await ann.settle()
        rendered = Metrics(house.chat, house.server.house.flusher).render()
    assert b'chatd_closed_total{reason="SERVER_FULL"} 1.0\n' in rendered
    await trio.to_thread.run_sync(lambda: promtool("check", "metrics", given=rendered))


def test_the_check_finds_what_is_wrong() -> None:
    with pytest.raises(AssertionError, match="counter metrics should have"):
        promtool("check", "metrics", given=b"# HELP wrong What.\n# TYPE wrong counter\nwrong 1\n")


def test_the_alert_rules_are_right() -> None:
    promtool("check", "rules", "chatd-alerts.yml")


def test_the_alerts_fire_when_they_should() -> None:
    promtool("test", "rules", "chatd-alerts.test.yml")


def test_the_queries_of_the_dashboard_are_right(tmp_path: Path) -> None:
    panels = json.loads((DOCS / "chatd-dashboard.json").read_text())["panels"]
    queries = [target["expr"] for panel in panels for target in panel["targets"]]
    variables = {"$__rate_interval": "5m", "$instance": ".*"}
    for variable, value in variables.items():
        queries = [query.replace(variable, value) for query in queries]
    rules = [{"record": f"query_{number}", "expr": query} for number, query in enumerate(queries)]
    written = tmp_path / "queries.yml"
    written.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))  # JSON is YAML
    promtool("check", "rules", str(written))
