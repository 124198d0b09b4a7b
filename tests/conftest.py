"""What tests share as fixtures: a place of the run's own for control sockets, and a real terminal."""

import shutil
import tempfile
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True, scope="session")
def _buffered_output() -> Iterator[None]:
    """Programs that a test starts write as a user's do, whatever this run was started with."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("PYTHONUNBUFFERED", raising=False)
        yield


@pytest.fixture(autouse=True, scope="session")
def _runtime_folder() -> Iterator[None]:
    """A chatd that a test starts has its control socket there."""
    with tempfile.TemporaryDirectory(prefix="chatd-") as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", folder)
        yield


@pytest.fixture
def tmux() -> None:
    """For tests that need it."""
    if shutil.which("tmux") is None:
        pytest.skip("tmux is not installed")
