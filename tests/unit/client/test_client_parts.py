"""The small parts: retrying, endings, splitting, the command line, limits and the shape of the house."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import chatclient
from chatclient import cli, limits
from chatclient.commands import COMMANDS
from chatclient.connection import Address
from chatclient.endings import ended_by_server
from chatclient.exits import Exit
from chatclient.limits import Limits
from chatclient.retry import Backoff
from chatclient.safe import sendable, show
from chatclient.splitting import split
from chatclient.wording import LIMIT_OF
from chatd.limits import Limits as ChatdLimits
from chatd.protocol.farewell import Reason

PACKAGE = Path(chatclient.__file__).parent
MANUAL = PACKAGE.parent / "docs" / "client.md"


def test_tries_are_further_and_further_apart_and_never_before_the_advice() -> None:
    one = Backoff(Limits(), lambda: 0.0)
    assert [round(one.delay(None, 0), 1) for _ in range(4)] == [2.0, 3.2, 5.1, 8.2]
    assert one.delay(500.0, 0) == 500.0
    assert max(one.delay(None, 0) for _ in range(100)) == Limits().retry_longest
    assert one.delay(None, 60.0) == 2.0


def test_advice_grows_too_and_is_jittered() -> None:
    one = Backoff(Limits(), lambda: 1.0)
    assert one.delay(30.0, 0) == pytest.approx(39.0)
    assert one.delay(30.0, 0) == pytest.approx(62.4)


@pytest.mark.parametrize(
    ("text", "seated", "exit_code", "reason", "advice"),
    [
        ("Closing Link: h (All are taken; SERVER_FULL, retry in 37 s)", False, Exit.REFUSED, "SERVER_FULL", 37),
        ("Closing Link: h (You waited; QUEUE_TIMEOUT, retry in 37 s)", False, Exit.TIMED_OUT, "QUEUE_TIMEOUT", 37),
        ("Closing Link: h (It is shutting down; DRAINING)", True, Exit.LOST, "DRAINING", None),
        ("Too many connections", False, Exit.REFUSED, "", None),
        ("", True, Exit.LOST, "", None),
        ("Access denied: Bad password?", False, Exit.PASSWORD, "", None),
        ("bob changed the password", True, Exit.LOST, "", None),
        ("x; SERVER_FULL, retry in 999999999 s)", False, Exit.REFUSED, "SERVER_FULL", 3600),
        ("x; WRONG_PASSWORD, retry in 2 s)", False, Exit.PASSWORD, "WRONG_PASSWORD", 2),
        ("x; IDLE_RELEASE)", True, Exit.LOST, "IDLE_RELEASE", None),
        ("x; A_NEW_REASON, retry in 2 s)", False, Exit.REFUSED, "A_NEW_REASON", 2),
    ],
)
def test_what_an_error_means(text: str, seated: bool, exit_code: Exit, reason: str, advice: float | None) -> None:
    ending = ended_by_server(text, seated, Limits())
    assert (ending.exit, ending.reason, ending.retry_after) == (exit_code, reason, advice)
    assert ending.sentence
    assert "Closing Link" not in ending.sentence


@pytest.mark.parametrize(
    ("reason", "final"),
    [
        ("BANNED", True),
        ("KICKED", True),
        ("WRONG_PASSWORD", True),
        ("IDLE_TIMEOUT", True),
        ("IDLE_RELEASE", True),
        ("TOO_MANY_FROM_HOST", False),
        ("TOO_FAST_FROM_HOST", False),
        ("OUTBOXES_FULL", False),
        ("SERVER_FULL", False),
        ("A_NEW_REASON", False),
    ],
)
@pytest.mark.parametrize("seated", [False, True])
def test_who_was_sent_away_or_is_not_there_does_not_come_back_by_itself(reason: str, final: bool, seated: bool) -> None:
    assert ended_by_server(f"Closing Link: h (x; {reason}, retry in 9 s)", seated, Limits()).final is final


def test_what_chatd_gives_as_a_reason_is_explained_with_the_option_of_that_name() -> None:
    assert set(Reason) - set(LIMIT_OF) <= {Reason.WRONG_PROTOCOL, Reason.INTERNAL_ERROR}  # they have no limit
    options = {name.replace("_", "-") for name in ChatdLimits.__dataclass_fields__}
    assert {option for _, option in LIMIT_OF.values()} <= options | {"", "password-file"}


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])), st.integers(4, 40))
def test_pieces_make_up_the_text(text: str, size: int) -> None:
    pieces = list(split(text, size))
    assert "".join(pieces) == text
    assert all(0 < len(piece.encode()) <= size for piece in pieces)


def test_a_message_breaks_at_a_space_and_not_within_a_letter() -> None:
    assert list(split("hello my world", 10)) == ["hello my ", "world"]
    assert list(split("aaae\N{COMBINING ACUTE ACCENT}", 5)) == ["aaa", "e\N{COMBINING ACUTE ACCENT}"]


def test_show_is_safe_and_short() -> None:
    assert show("\x1b]0;x\x07", 99) == "␛]0;x␇"
    assert show("a" * 50, 10) == "aaaaaaaaa…"
    assert show("\x1b" * 10**6, 10) == "␛␛␛␛␛␛␛␛␛…"


def test_sendable_is_one_line_of_utf8() -> None:
    assert sendable("a\r\n\0b\udcff") == "ab\ufffd"


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("localhost:6667", Address("localhost", 6667)),
        ("localhost", Address("localhost", 6667)),
        ("[::1]:7000", Address("::1", 7000)),
    ],
)
def test_addresses(text: str, address: Address) -> None:
    assert cli.parse([text]).address == address


@pytest.mark.parametrize(
    "argv",
    [[], ["a:b"], ["a:0"], ["a:99999"], ["a:1", "--nick", "1x"], ["a:1", "--room", "#a b"], ["a:1", "--timeout", "0"]],
)
def test_a_wrong_command_line_is_explained(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.parse(argv)
    assert ended.value.code == Exit.USAGE
    assert "usage: chatclient" in capsys.readouterr().err


def test_settings() -> None:
    settings = cli.parse(["h:1", "--nick", "bob", "--room", "dev", "--timeout", "0.5", "--json"])
    assert (settings.nick, settings.room, settings.as_json) == ("bob", "#dev", True)
    assert settings.limits.answer_timeout == settings.limits.connect_timeout == 0.5


def test_default_nickname(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("getpass.getuser", lambda: "Ann O'Nym")
    assert cli.default_nick() == "AnnONym"
    monkeypatch.setattr("getpass.getuser", lambda: "0")
    assert cli.default_nick() == "guest"


def test_a_crash_is_told_in_a_sentence(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(RuntimeError) as caught:
        raise RuntimeError("it \x1b[31m broke")
    assert cli.crashed(ExceptionGroup("tasks", [caught.value])) == Exit.CRASHED
    told = capsys.readouterr().err
    assert "RuntimeError: it ␛[31m broke" in told
    assert "Traceback" not in told
    (details,) = tmp_path.iterdir()
    assert str(details) in told
    assert "Traceback" in details.read_text()
    assert "\x1b" not in details.read_text()


# The shape of the house


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found.update(name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found.add(node.module or "")
    return found


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_every_module_says_why_imports_what_it_may_and_is_short(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text()))
    assert len(path.read_text().splitlines()) <= 300
    for name in imports(path):
        top = name.partition(".")[0]
        assert top != "chatd" or name.startswith("chatd.protocol")
        assert top not in ("rich", "prompt_toolkit") or path.parent.name == "ui"


def test_the_model_knows_no_io() -> None:
    for name in ("model", "conversation", "session", "reading", "features", "events", "endings", "wording"):
        assert imports(PACKAGE / f"{name}.py").isdisjoint({"trio", "socket", "os", "sys", "asyncio"})


def test_a_pipe_needs_neither_rich_nor_prompt_toolkit() -> None:
    program = (
        "import sys; from chatclient.cli import main; code = main(['127.0.0.1:1']);"
        "assert 'chatclient.pipe' in sys.modules and not {'rich', 'prompt_toolkit'} & set(sys.modules); sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", program], input=b"x\n", capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (Exit.CANNOT_CONNECT, b"")
    assert done.stderr == b"Cannot connect to 127.0.0.1:1: Connection refused\n"


def test_the_manual_has_every_limit_command_and_exit_code() -> None:
    manual = MANUAL.read_text()
    for name, default, unit, reason in limits.table():
        assert f"| `{name}` | {default} {unit} | {reason} |" in manual
    for command in COMMANDS.values():
        assert f"| `{command.usage}` | {command.help} |" in manual
    for code in Exit:
        assert f"| {code.value} |" in manual
