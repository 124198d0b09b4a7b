"""Why: a script that one has just cloned runs on whatever python3 is there, and must then help itself or say how."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[2] / "scripts"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The scripts, without a .venv."""
    scripts = tmp_path / "scripts"
    scripts.mkdir()
    for name in ("load.py", "picture.py", "in_venv.py"):
        shutil.copy(SCRIPTS / name, scripts)
    return tmp_path


def start_bare(script: Path) -> "subprocess.CompletedProcess[str]":
    """Start a script with a Python that has no packages."""
    return subprocess.run(
        [sys.executable, "-S", str(script), "--help"], capture_output=True, text=True, timeout=30, check=False
    )  # fmt: skip


@pytest.mark.parametrize("name", ["load.py", "picture.py"])
def test_without_the_packages_it_says_what_to_do(checkout: Path, name: str) -> None:
    done = start_bare(checkout / "scripts" / name)
    assert done.returncode == 2
    assert done.stderr.startswith(f"{name}: this needs the Python packages ")
    assert "start scripts/run or scripts/test once" in done.stderr
    assert done.stderr.count("\n") == 1


def test_it_moves_into_the_venv_of_its_checkout(checkout: Path) -> None:
    python = checkout / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text('#!/bin/sh\necho "moved: $*"\n')
    python.chmod(0o755)
    done = start_bare(checkout / "scripts" / "load.py")
    assert done.stdout == f"moved: {checkout / 'scripts' / 'load.py'} --help\n"


def test_a_venv_that_lacks_them_too_is_no_endless_chain(checkout: Path) -> None:
    (checkout / ".venv" / "bin").mkdir(parents=True)
    python = checkout / ".venv" / "bin" / "python"
    # What sys.prefix is comes from the pyvenv.cfg beside the program's directory.
    python.symlink_to(Path(sys.executable).resolve())
    (checkout / ".venv" / "pyvenv.cfg").write_text(f"home = {Path(sys.executable).resolve().parent}\n")
    done = start_bare(checkout / "scripts" / "load.py")
    assert done.returncode == 2
    assert "start scripts/run" in done.stderr
