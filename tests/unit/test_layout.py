"""The shape of the house: imports go downwards only, and what decides knows neither socket nor clock.

A rule that is only written down is broken within a month; these tests read every import of the package.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import chatclient
import chatd

CHATD = Path(chatd.__file__).parent
CHATCLIENT = Path(chatclient.__file__).parent

# The top of the house first. A folder stands for all of its modules, whose imports of each other are its own affair.
ORDER = [
    "__main__",
    "cli",
    "process",
    "server",
    "desk",
    "tuning",
    "config",
    "session",
    "flow",
    "house",
    "connection",
    "watch",
    "door",
    "gate",
    "commands",
    "ops",
    "chat",
    "monitors",
    "client",
    "room",
    "history",
    "masks",
    "pairs",
    "departed",
    "outbox",
    "settings",
    "hosts",
    "pace",
    "deadlines",
    "pool",
    "usage",
    "journal",
    "limits",
    "bounds",
    "protocol",
    "__init__",
]
# What decides: no I/O, and the clock is passed in.
PURE = {
    "door", "gate", "commands", "chat", "monitors", "client", "room", "history", "masks", "pairs", "departed",
    "settings",
    "hosts", "pace", "deadlines", "pool", "usage", "journal", "limits", "bounds", "protocol",
}
IMPURE = {"trio", "socket", "time", "select", "selectors", "asyncio", "threading", "subprocess", "ssl", "os"}
MOST_LINES = 350  # the soft bound is 300; past this a module has two subjects


def imported(source: str, package: tuple[str, ...]) -> Iterator[str]:
    """The full names of all that the source of a module in `package` imports, those that only types need included.

    For `from a import b` both `a` and `a.b` are given, as `b` may be a module.
    """
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            origin = ".".join((*base, *(node.module.split(".") if node.module else ())))
            yield origin
            yield from (f"{origin}.{alias.name}" for alias in node.names)


def layer(module: str) -> str:
    """The entry of ORDER that a module of chatd belongs to: `chatd.commands.talk` is of `commands`."""
    _, _, inside = module.partition(".")
    return inside.partition(".")[0] or "__init__"


def violations(module: str, source: str, is_package: bool = False) -> list[str]:
    """What a module of chatd imports against the rules."""
    here = layer(module)
    if here not in ORDER:
        return [f"{module} has no place in ORDER"]
    package = tuple(module.split(".")) if is_package else tuple(module.split(".")[:-1])
    wrong = []
    for name in imported(source, package):
        top, _, inside = name.partition(".")
        if top == "chatd":
            there = inside.partition(".")[0]
            if there in ORDER and there != here and ORDER.index(there) < ORDER.index(here):
                wrong.append(f"{module} imports {name}, which stands above it")
        elif here in PURE and top in IMPURE:
            wrong.append(f"{module} imports {name}, and is to decide without I/O and clock")
        elif here == "protocol" and top not in sys.stdlib_module_names:
            wrong.append(f"{module} imports {name}, and is to need the standard library only")
    return wrong


def modules(root: Path) -> list[tuple[str, Path]]:
    """Every module below a package's folder: its full name and its file."""
    found = []
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root.parent).with_suffix("").parts
        found.append((".".join(parts[:-1] if parts[-1] == "__init__" else parts), path))
    return found


OF_CHATD = modules(CHATD)


@pytest.mark.parametrize(("module", "path"), OF_CHATD, ids=[module for module, _ in OF_CHATD])
def test_imports_go_downwards_only(module: str, path: Path) -> None:
    assert violations(module, path.read_text(), path.name == "__init__.py") == []


def test_the_order_names_only_what_there_is() -> None:
    assert set(ORDER) == {layer(module) for module, _ in OF_CHATD} | {"__init__"}


@pytest.mark.parametrize(
    ("module", "source", "complaint"),
    [
        ("chatd.pool", "from .outbox import Outbox", "stands above"),
        ("chatd.pool", "from . import room", "stands above"),
        ("chatd.pool", "from chatd.server import Server", "stands above"),
        ("chatd.pool", "import chatd.session", "stands above"),
        ("chatd.protocol.irc", "from ..limits import Limits", "stands above"),
        ("chatd.protocol.irc", "from .. import pool", "stands above"),
        ("chatd.commands.talk", "def f():\n    from ..server import Server", "stands above"),
        ("chatd.commands.talk", "if TYPE_CHECKING:\n    from ..session import Session", "stands above"),
        ("chatd.commands.talk", "from .. import door", "stands above"),
        ("chatd.ops.ctl", "from ..commands import dispatch", "stands above"),
        ("chatd.limits", "import time", "without I/O"),
        ("chatd.door", "import trio", "without I/O"),
        ("chatd.room", "from socket import socket", "without I/O"),
        ("chatd.chat", "import trio.lowlevel", "without I/O"),
        ("chatd.protocol.framing", "import h11", "standard library"),
        ("chatd.protocol.framing", "from prompt_toolkit import Application", "standard library"),
        ("chatd.novelty", "", "no place"),
    ],
)
def test_the_check_finds_what_is_wrong(module: str, source: str, complaint: str) -> None:
    found = violations(module, source)
    assert found, "this source breaks a rule"
    assert complaint in found[0]


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("chatd.server", "import socket\nimport trio\nfrom .session import Session"),
        ("chatd.commands.talk", "from . import rooms\nfrom ..chat import Chat\nfrom .. import __version__"),
        ("chatd.pool", "import random\nfrom .protocol.farewell import Reason"),
        ("chatd.protocol.irc", "import re\nfrom .safetext import neutralise"),
    ],
)
def test_the_check_lets_pass_what_is_right(module: str, source: str) -> None:
    assert violations(module, source) == []


def test_the_client_knows_of_the_server_its_protocol_only() -> None:
    for module, path in modules(CHATCLIENT):
        package = tuple(module.split(".")) if path.name == "__init__.py" else tuple(module.split(".")[:-1])
        of_server = {name for name in imported(path.read_text(), package) if name.partition(".")[0] == "chatd"}
        strangers = {name for name in of_server if not f"{name}.".startswith("chatd.protocol.")}
        assert strangers == set(), module


@pytest.mark.parametrize(("module", "path"), OF_CHATD, ids=[module for module, _ in OF_CHATD])
def test_a_module_says_why_it_exists_and_has_one_subject(module: str, path: Path) -> None:
    source = path.read_text()
    assert ast.get_docstring(ast.parse(source)), f"{module} does not open with why it exists"
    assert source.count("\n") <= MOST_LINES
