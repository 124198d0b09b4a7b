"""Why: the pictures of the documentation are made with it, and tests of what a person sees rest on its Pane."""

import re
import shutil
import signal
from pathlib import Path
from xml.etree import ElementTree

import picture
import pytest
from picture import Pane, svg_of

needs_tmux = pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")


def texts(svg: str) -> list[tuple[str, float]]:
    """What is written in it, and how wide."""
    found = ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")
    return [(item.text or "", float(item.get("textLength", "0"))) for item in found]


def test_it_refers_to_nothing_outside_itself() -> None:
    svg = svg_of("\x1b[31mred\x1b[0m", "a <title> & {braces}", 40)
    assert re.findall(r"[a-z]+://[^\s\"')]*", svg) == ["http://www.w3.org/2000/svg"]
    assert not re.search(r"url\((?!#)", svg)
    title = ElementTree.fromstring(svg).find("{http://www.w3.org/2000/svg}title")
    assert title is not None
    assert title.text == "a <title> & {braces}"


def test_colours_survive() -> None:
    assert "#010203" in svg_of("\x1b[38;2;1;2;3mx\x1b[0m", "t", 10)


def test_a_wide_character_gets_its_two_cells() -> None:
    width = 20 * picture.ASPECT
    assert [(text, round(length / width, 3)) for text, length in texts(svg_of("ab漢c", "t", 10)) if text != "t"] == [
        ("ab", 2.0),
        ("漢", 2.0),
        ("c", 1.0),
    ]


@needs_tmux
def test_keys_go_in_and_the_screen_comes_out() -> None:
    with Pane(["sh", "-c", "read word; printf '\\033[32mgot %s\\033[0m\\n' \"$word\"; read word"], 40, 5) as pane:
        pane.send_text("Enter")  # typed, not pressed
        pane.send_keys("Enter")
        pane.wait_for("got Enter")
        assert "\x1b[32mgot Enter" in pane.capture(colours=True)
        assert pane.status is None


@needs_tmux
def test_a_command_that_ends_leaves_its_screen_and_status() -> None:
    with Pane(["sh", "-c", "echo last words; exit 3"], 40, 5) as pane:
        assert pane.wait_for_end() == 3
        assert "last words" in pane.capture()
        with pytest.raises(TimeoutError, match="the command ended and 'more' is not on the screen"):
            pane.wait_for("more")


@needs_tmux
def test_ctrl_c_reaches_the_command() -> None:
    with Pane(["sh", "-c", 'echo "$WORD"; exec sleep 1000'], 40, 5, env={"WORD": "ready"}) as pane:
        pane.wait_for("ready")
        pane.send_keys("C-c")
        assert pane.wait_for_end() == 128 + signal.SIGINT


@needs_tmux
def test_the_size_is_as_asked_for_and_can_change() -> None:
    show = "trap 'stty size; exit' WINCH; stty size; while :; do read word; done"
    with Pane(["sh", "-c", show], 33, 7) as pane:
        pane.wait_for("7 33")
        pane.resize(50, 9)
        pane.wait_for("9 50")


@needs_tmux
def test_the_script_writes_what_was_on_the_screen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "out.svg"
    words = ["picture.py", str(out), "--size", "30x9", "--", "printf", "one\\n\\ntwo\\n"]
    monkeypatch.setattr("sys.argv", words)
    assert picture.main() == 0
    written = [text for text, _ in texts(out.read_text(encoding="utf-8"))]
    assert "one" in written
    assert "two" in written


@needs_tmux
def test_the_load_script_shows_itself_in_a_terminal() -> None:
    """Nobody listens there, so it says so and leaves the screen as it was."""
    script = Path(picture.__file__).parent / "load.py"
    with Pane([str(script), "127.0.0.1:1", "--clients", "5"], 80, 20) as pane:
        assert pane.wait_for_end() == 2
        assert pane.capture().strip() == "load.py: no server at 127.0.0.1:1: connection refused."
