"""Why: the demo is started by somebody who knows nothing of what it starts, so it ends by itself and leaves nothing."""

import os
import re
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from subprocess import PIPE

import pytest
import trio

SCRIPTS = Path(__file__).parents[2] / "scripts"
TINY = ("--clients", "20", "--seats", "5")
LONG = 60  # s; nothing here takes as long, but a machine may be busy
MARK = "DEMO_OF_THIS_TEST"


@pytest.fixture
def folder() -> Iterator[Path]:
    """For everything. The path of a socket has to be short, and pytest's own folder may not be."""
    with tempfile.TemporaryDirectory(prefix="demo-") as name:
        yield Path(name)


@asynccontextmanager
async def demo(folder: Path, *words: str, **more: str) -> AsyncIterator[trio.Process]:
    """The program, as scripts/demo starts it. Whatever it starts carries a mark by which it can be found."""
    command = [sys.executable, "-P", "-m", "demo_show", *TINY, *words]
    environment = {**os.environ, "PYTHONPATH": str(SCRIPTS), "TMPDIR": str(folder), MARK: str(folder), **more}
    with trio.fail_after(LONG):
        process = await trio.lowlevel.open_process(command, stdout=PIPE, stderr=PIPE, cwd=folder, env=environment)
        try:
            yield process
        finally:
            process.kill()


async def read(stream: trio.abc.ReceiveStream | None, until: str = "") -> str:
    """What comes, to the end or until `until` is in it."""
    assert stream is not None
    told = ""
    async for piece in stream:
        told += piece.decode()
        if until and until in told:
            break
    return told


def left_behind(folder: Path) -> list[str]:
    """The processes that carry the mark."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if f"{MARK}={folder}".encode() in (process / "environ").read_bytes().split(b"\0"):
                found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:  # it has ended meanwhile, or is not ours
            continue
    return found


async def test_it_shows_both_acts_and_leaves_a_picture_and_nothing_else(folder: Path) -> None:
    async with demo(folder, "--seconds", "1", CHATD_CONFIG="/nowhere", CHATD_HOST="0.0.0.0") as process:
        told = await read(process.stdout)
        assert await process.wait() == 0, told + await read(process.stderr)
        assert left_behind(folder) == []
    told = re.sub(" +\n", "\n", told)
    table, _, sentences = told.partition("With its bounds the server had 5 inside at once and told ")
    assert re.search(r"told why they may not stay +\d+ +0\n +SERVER_FULL +\d+ +0\n", table)
    assert re.search(r"without an answer at the end +0 +0\n", table)
    assert re.search(r"because +the time was over +the time was over\n", table)
    assert "99 of 100 messages took at most" in " ".join(sentences.split())
    assert re.search(r"\nWithout them it had \d+ inside at once; ", sentences)
    assert told.endswith("The picture is in demo.svg.\n")
    assert "\x1b" not in told
    assert os.listdir(folder) == ["demo.svg"]
    picture = (folder / "demo.svg").read_text()
    assert "memory of the server" in picture
    assert "Without them it had" in picture


async def test_ctrl_c_ends_everything(folder: Path) -> None:
    async with demo(folder, "--seconds", "30") as process:
        await read(process.stderr, until="act 1, ")
        assert len(left_behind(folder)) > 3
        with trio.fail_after(LONG):
            process.send_signal(signal.SIGINT)
            told = await read(process.stderr)
            assert await process.wait() == 130
        assert told.endswith("demo: interrupted; everything that it started has ended\n")
        assert left_behind(folder) == []
    assert os.listdir(folder) == []


async def test_a_server_that_does_not_start_is_a_sentence(folder: Path) -> None:
    deep = folder / ("deep" * 30)
    deep.mkdir()
    async with demo(folder, TMPDIR=str(deep)) as process:
        told = await read(process.stderr)
        assert await process.wait() == 2
    assert told.startswith("demo: chatd ended too early: chatd: ")
    assert told.count("\n") == 1
    assert os.listdir(deep) == []
