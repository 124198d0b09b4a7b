"""A real terminal for the tests of the screen: the one that the pictures are taken in."""

import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "scripts"))


@pytest.fixture
def tmux() -> None:
    """For tests that need it."""
    if shutil.which("tmux") is None:
        pytest.skip("tmux is not installed")
