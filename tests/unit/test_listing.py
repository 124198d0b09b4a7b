"""The tables of bounds that people read are the table: in the documentation, on a screen, in a pipe."""

import io
import subprocess
import sys
from pathlib import Path

import pytest
from tables import TABLES, renewed

from chatd.limits import Limits, bounds
from chatd.ops import listing

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("name", TABLES)
def test_the_documentation_has_the_table_as_it_is(name: str) -> None:
    text = (ROOT / name).read_text()
    assert renewed(text, TABLES[name]()) == text, "start scripts/tables.py"


def test_a_drift_is_found() -> None:
    text = (ROOT / "docs" / "limits.md").read_text()
    assert renewed(text.replace("`max-clients` | 100", "`max-clients` | 99"), listing.markdown()) == text
    with pytest.raises(ValueError, match="marks"):
        renewed("no marks", "")


def test_every_bound_stands_in_one_section() -> None:
    assert [bound for _, rows in listing.sections() for bound in rows] == bounds()


def test_the_main_rows_are_rows() -> None:
    assert set(listing.MAIN) <= {bound.name for bound in bounds()}


def shown(limits: Limits, origins: dict[str, str]) -> str:
    out = io.StringIO()
    listing.show(limits, origins, 10 << 20, out)
    return out.getvalue()


@pytest.mark.parametrize("with_rich", [True, False])
def test_every_bound_is_shown_with_its_value_and_its_origin(with_rich: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not with_rich:
        monkeypatch.delattr("chatd.ops.richlisting", raising=False)
        monkeypatch.setitem(sys.modules, "chatd.ops.richlisting", None)
    text = shown(Limits(queue=float("inf"), max_clients=7), {"max-clients": "argument --max-clients"})
    for bound in bounds():
        assert bound.key in text
    assert "none, by choice" in text
    assert "7 clients" in text
    assert "--max-clients" in text
    assert "half of" in text
    assert "no bound of the process" in " ".join(text.split())


def test_the_process_shows_it_and_ends_also_when_nobody_reads_on() -> None:
    command = [sys.executable, "-m", "chatd", "--limits", "--handshakes", "12"]
    whole = subprocess.run(command, capture_output=True, text=True, check=True, timeout=20)
    assert "12 connections" in whole.stdout
    assert "memory: at most" in whole.stdout.splitlines()[-1]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(20) == 0
