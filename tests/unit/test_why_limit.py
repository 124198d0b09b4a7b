"""Why: who reads an answer for beginners cannot check it, so its figures, commands and pictures are checked here."""

import json
import re
import shlex
import shutil
from pathlib import Path

import pytest
import why_limit
from loadgen import options as load
from why import costs, drawing, waits, words
from why.servers import NAIVE

from chatd import cli
from chatd.ops import ctl

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
TEXT = (DOCS / why_limit.DOCUMENT).read_text(encoding="utf-8")
DATA = json.loads((DOCS / "pictures" / "why.json").read_text(encoding="utf-8"))
SCREENS = [block for kind, block in re.findall(r"```(\w*)\n(.*?)```", TEXT, re.DOTALL) if kind == "sh"]
COMMANDS = sorted(
    {found.strip() for found in re.findall(r"(?:\.venv/bin|scripts)/\w[^#;)`\n]*", "\n".join(SCREENS))}
    | set(re.findall(r"`(\.venv/bin/[^`]*)`", TEXT))
)


def tell(what: str) -> None:
    """Nobody waits."""


@pytest.mark.parametrize("command", COMMANDS)
def test_its_commands_are_real(command: str) -> None:
    program, *arguments = shlex.split(command)
    match program:
        case ".venv/bin/chatd":
            flags = [argument for argument in arguments if argument.startswith("--")]
            assert [flag for flag in flags if flag not in cli.parser()._option_string_actions] == []
        case ".venv/bin/chatctl":
            ctl.parser().parse_args(arguments)
        case "scripts/load.py":
            load.parse(arguments)
        case ".venv/bin/chatclient":
            assert arguments == ["localhost:6667"]
        case _:
            assert (ROOT / program).is_file()


def test_there_are_commands() -> None:
    assert len(COMMANDS) > 20


def test_each_part_has_something_to_try() -> None:
    _title, _short_answer, *parts = re.split(r"^## ", TEXT, flags=re.MULTILINE)
    assert [part.splitlines()[0] for part in parts if "```sh" not in part] == []


def test_its_figures_are_those_that_were_measured() -> None:
    assert words.renewed(TEXT, DATA) == TEXT, "start scripts/why_limit.py --draw"
    assert {name for _, name, _ in words.MARKED.findall(TEXT)} == set(words.PASSAGES)


def test_what_it_refers_to_is_there() -> None:
    links = re.findall(r"\]\((?!http)([^)#]+)", TEXT)
    assert [link for link in links if not (DOCS / link).is_file()] == []
    assert {f"pictures/why-{name}.svg" for name in drawing.PICTURES} <= set(links)


def test_an_endless_line_gives_nobody_more_a_seat() -> None:
    data = waits.measure(tell, quick=True)
    endless, bounded = data["unbounded"], data["bounded"]
    assert endless["came"] == bounded["came"]
    assert endless["seated"] == bounded["seated"]
    assert bounded["longest"] <= data["timeout"] < endless["longest"]
    assert endless["refused"] == endless["timed_out"] == 0 < bounded["refused"]


def test_a_client_costs_memory_and_one_file() -> None:
    data = costs.grown(NAIVE, (0, 30), tell)
    first, last = data["points"]
    assert last["files"] - first["files"] == 30
    assert data["per_client"] > 1000


def test_one_part_is_measured_again_and_the_others_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(why_limit, "raise_file_limit", lambda: why_limit.FILES_NEEDED)  # of the tests, too
    (tmp_path / "pictures").mkdir()
    shutil.copy(DOCS / "pictures" / "why.json", tmp_path / "pictures")
    (tmp_path / why_limit.DOCUMENT).write_text(words.MARKED.sub(r"\1old\n\3", TEXT), encoding="utf-8")
    assert why_limit.main(["--quick", "--only", "waits", "--to", str(tmp_path)]) == why_limit.EXIT_OK
    data = json.loads((tmp_path / "pictures" / "why.json").read_text(encoding="utf-8"))
    assert data["waits"]["hours"] == 1
    assert {name: data[name] for name in why_limit.PARTS if name != "waits"} == {
        name: DATA[name] for name in why_limit.PARTS if name != "waits"
    }
    assert (tmp_path / why_limit.DOCUMENT).read_text(encoding="utf-8") == words.renewed(TEXT, data)
    assert {path.name for path in tmp_path.glob("pictures/*.svg")} == {f"why-{name}.svg" for name in drawing.PICTURES}


def test_too_little_is_not_measured_for_the_documentation(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        why_limit.main(["--quick"])
    assert ended.value.code == why_limit.EXIT_USAGE
    assert "name another folder with --to" in capsys.readouterr().err


def test_without_a_text_to_write_into_it_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert why_limit.main(["--draw", "--to", str(tmp_path)]) == why_limit.EXIT_FAILED
    assert capsys.readouterr().err == f"why_limit.py: there is no why-limit.md in {tmp_path}\n"
