"""However it ends, the terminal is as it was: modes, screen, cursor. And what happened is said after that."""

import os
import re
import signal
import sys

import pytest
from client_programs import CLIENT, RawTerminal, one_sided

PATCHED = """
import sys
from chatclient.{module} import {owner}
def explode(*args, **kwargs):
    raise RuntimeError("it broke")
{owner}.{method} = explode
from chatclient.cli import main
sys.exit(main([sys.argv[1], "--nick", "alice"]))
"""


def client(address: str) -> RawTerminal:
    return RawTerminal([*CLIENT, address, "--nick", "alice"])


@pytest.mark.parametrize("keys", ["\x03", "\x04", "/quit\r", "half a line\x03"])
def test_keys_that_leave(keys: str) -> None:
    with one_sided() as address, client(address) as terminal:
        terminal.wait_for("alice came in")
        terminal.type(keys)
        assert terminal.wait_for_end() == 0
        assert terminal.is_as_found()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_signals(number: signal.Signals) -> None:
    with one_sided() as address, client(address) as terminal:
        terminal.wait_for("alice came in")
        terminal.process.send_signal(number)
        assert terminal.wait_for_end() == 128 + number
        assert terminal.is_as_found()
        assert b"Traceback" not in terminal.raw


def test_the_window_is_closed() -> None:
    with one_sided() as address, client(address) as terminal:
        terminal.wait_for("alice came in")
        terminal.hang_up()
        assert terminal.process.wait(10) in (0, 128 + signal.SIGHUP)


@pytest.mark.parametrize(
    ("module", "owner", "method", "typed"),
    [
        ("session", "Session", "receive", ""),  # in the network's half, at once
        ("outgoing", "Outgoing", "put_nowait", "x\r"),  # in the network's half, from a key
        ("model", "Model", "apply", ""),  # between the halves
        ("ui.screen", "Screen", "_status", ""),  # in the screen's half, while painting
        ("ui.screen", "Screen", "_enter", "x\r"),  # in the screen's half, from a key
        ("ui.completion", "ChatCompleter", "get_completions", "\t"),
    ],
)
def test_crashes(module: str, owner: str, method: str, typed: str, tmp_path: "os.PathLike[str]") -> None:
    program = PATCHED.format(module=module, owner=owner, method=method)
    with (
        one_sided() as address,
        RawTerminal([sys.executable, "-c", program, address], TMPDIR=os.fspath(tmp_path)) as terminal,
    ):
        if typed:
            terminal.wait_for("alice came in")
            terminal.type(typed)
        assert terminal.wait_for_end() == 1
        assert terminal.is_as_found()
        after = terminal.raw.rpartition(b"\x1b[?1049l")[2].decode()
        assert "chatclient crashed, which is a fault of its own: RuntimeError: it broke" in after
        assert "Details are in " in after
        assert b"Traceback" not in terminal.raw
        (details,) = os.listdir(tmp_path)
        with open(os.path.join(tmp_path, details)) as file:
            assert "it broke" in file.read()


def test_without_color() -> None:
    with one_sided() as address, RawTerminal([*CLIENT, address, "--nick", "alice"], NO_COLOR="1") as terminal:
        terminal.wait_for("alice came in")
        terminal.type("/nonsense\r")
        terminal.wait_for("There is no")
        assert not re.search(rb"\x1b\[[0-9;]*\b(3[0-8]|4[0-8]|9[0-7])\b[0-9;]*m", terminal.raw)


@pytest.mark.parametrize("missing", ["rich", "prompt_toolkit"])
def test_without_what_the_screen_needs(missing: str) -> None:
    program = f"import sys; sys.modules['{missing}'] = None\nfrom chatclient.cli import main\nsys.exit(main(['h:1']))"
    with RawTerminal([sys.executable, "-c", program]) as terminal:
        assert terminal.wait_for_end() == 2
        assert f"The screen needs {missing}" in terminal.raw.decode()
        assert "pip install 'chatd[client]'" in terminal.raw.decode()
