#!/usr/bin/env python3
"""Why: a picture of the program that nobody took from the program goes stale unseen.

This runs a command in a real terminal (a tmux of its own), waits for what is to be seen and writes the screen as an
SVG that refers to nothing outside itself. `Pane` and `svg_of` are for tests and for scripts that press keys first.
"""

import argparse
import html
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from io import StringIO
from itertools import groupby
from pathlib import Path
from types import TracebackType
from typing import Self

import in_venv

if __name__ == "__main__":
    in_venv.ensure("rich")

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

# rich's own frame of an SVG loads a font from a foreign host. The fonts named here are the usual ones of each system,
# and all but one are 0.602 as wide as high, which ASPECT repeats so that lines drawn with characters have no gaps.
ASPECT = 0.602
CHARACTER_HEIGHT = 20  # what rich writes, not to be chosen
FRAME = """\
<svg role="img" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
    <title>TITLE</title>
    <style>
    .{unique_id}-matrix {{
        font-family: Menlo, "DejaVu Sans Mono", "Liberation Mono", Consolas, ui-monospace, monospace;
        font-size: {char_height}px;
        line-height: {line_height}px;
        font-variant-ligatures: none;
    }}
    .{unique_id}-title {{
        font: bold 18px sans-serif;
    }}
    {styles}
    </style>
    <defs>
    <clipPath id="{unique_id}-clip-terminal">
      <rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" />
    </clipPath>
    {lines}
    </defs>
    {chrome}
    <g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
    {backgrounds}
    <g class="{unique_id}-matrix" xml:space="preserve">
    {matrix}
    </g>
    </g>
</svg>
"""
_WRITTEN = re.compile(r'<text (class="[^"]*") x="([^"]*)" (y="[^"]*") textLength="[^"]*" ([^>]*)>([^<]*)</text>')
LOOK_EVERY = 0.05  # s; tmux has no way of saying that the screen changed


def svg_of(ansi: str, title: str, width: int) -> str:
    """A terminal's text with its colours, `width` columns wide, as an SVG that needs nothing else."""
    console = Console(width=width, record=True, file=StringIO(), force_terminal=True, color_system="truecolor")
    text = Text.from_ansi(ansi, no_wrap=True, overflow="crop")
    console.print(text, crop=True)
    frame = FRAME.replace("TITLE", html.escape(title).replace("{", "{{").replace("}", "}}"))
    svg = console.export_svg(title=title, code_format=frame, font_aspect_ratio=ASPECT)
    return _WRITTEN.sub(_as_wide_as_its_cells, svg)


def _as_wide_as_its_cells(found: re.Match[str]) -> str:
    # rich counts characters where cells are meant, which squeezes a wide one into half of its place and, being spread
    # over its run, shifts the others; so a wide one becomes a run of its own.
    kind, x, y, clip, escaped = found.groups()
    text = html.unescape(escaped)
    if not text.strip():
        return ""
    if cell_len(text) == len(text):
        return found[0]
    start = float(x)
    runs = []
    for wide, group in groupby(text, key=lambda character: cell_len(character) > 1):
        for run in group if wide else ["".join(group)]:
            length = cell_len(run) * CHARACTER_HEIGHT * ASPECT
            runs.append(f'<text {kind} x="{start:g}" {y} textLength="{length:g}" {clip}>{html.escape(run)}</text>')
            start += length
    return "".join(runs)


class Pane:
    """A command in a terminal of its own, from `with` to its end; then terminal and command are gone.

    with Pane(["chatclient", "127.0.0.1:6667"], columns=100, rows=30) as pane:
        pane.wait_for("#lobby")
        pane.send_keys("hello", "Enter")
        print(pane.capture())
    """

    def __init__(
        self,
        command: Sequence[str],
        columns: int = 100,
        rows: int = 30,
        env: Mapping[str, str] | None = None,
    ) -> None:
        self._command = list(command)
        self._size = (columns, rows)
        self._extra = dict(env or {})

    def __enter__(self) -> Self:
        if shutil.which("tmux") is None:
            raise FileNotFoundError("tmux is not installed")
        self._directory = Path(tempfile.mkdtemp(prefix="pane-"))
        self._ended = self._directory / "ended"
        environment = {k: v for k, v in os.environ.items() if k not in ("TMUX", "TMUX_PANE", "NO_COLOR")}
        # What the outer terminal cannot do does not matter: the picture is made of what the inner one was told.
        environment |= {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LC_ALL": "C.UTF-8", **self._extra}
        # The shell stays when the command ends, since the screen would go with it; Ctrl-C is for the command alone.
        keep = 'trap : INT; : >"$0.began"; "$@"; echo $? >"$0.new"; mv "$0.new" "$0"; stty -echo; exec cat >/dev/null'
        words = ["sh", "-c", keep, str(self._ended), *self._command]
        columns, rows = self._size
        try:
            self._tmux(
                "-f", "/dev/null", "start-server", ";",
                "set-option", "-g", "status", "off", ";",
                "set-option", "-g", "default-terminal", "tmux-256color", ";",
                "set-option", "-g", "history-limit", "0", ";",
                "new-session", "-d", "-x", str(columns), "-y", str(rows), f"exec {shlex.join(words)}",
                environment=environment,
            )  # fmt: skip
            self._wait_for_file(self._ended.with_name("ended.began"), 10, "has not started")
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def _end(self) -> None:
        subprocess.run([*self._tmux_words(), "kill-server"], check=False, capture_output=True, timeout=10)
        shutil.rmtree(self._directory, ignore_errors=True)

    def _tmux_words(self) -> list[str]:
        return ["tmux", "-u", "-S", str(self._directory / "socket")]

    def _tmux(self, *words: str, environment: Mapping[str, str] | None = None) -> str:
        done = subprocess.run(
            [*self._tmux_words(), *words], check=False, capture_output=True, text=True, timeout=10, env=environment
        )
        if done.returncode != 0:
            raise OSError(f"tmux: {done.stderr.strip() or 'it failed without a word'}")
        return done.stdout

    def send_keys(self, *keys: str) -> None:
        """Press keys: names as tmux has them (Enter, C-c, Up, PageUp); anything else is typed as it stands."""
        self._tmux("send-keys", "--", *keys)

    def send_text(self, text: str) -> None:
        """Type this text, even where it is the name of a key."""
        self._tmux("send-keys", "-l", "--", text)

    def resize(self, columns: int, rows: int) -> None:
        """Give the terminal another size, as one who drags its corner."""
        self._tmux("resize-window", "-x", str(columns), "-y", str(rows))

    def capture(self, *, colours: bool = False) -> str:
        """The screen as it is now, row by row; as plain text, or with the escape sequences that colour it."""
        if colours:
            return self._tmux("capture-pane", "-p", "-e", "-N")  # -N: coloured blanks at the end are to be seen
        return "\n".join(row.rstrip() for row in self._tmux("capture-pane", "-p").split("\n"))

    @property
    def status(self) -> int | None:
        """What the command ended with; None while it runs."""
        return int(self._ended.read_text()) if self._ended.exists() else None

    def wait_for(self, text: str, timeout: float = 30) -> str:
        """The screen once `text` is on it. TimeoutError, with the screen in it, if that takes too long."""
        deadline = time.monotonic() + timeout
        while True:
            ended = self.status is not None
            screen = self.capture()
            if text in screen:
                return screen
            if ended or time.monotonic() > deadline:
                why = "the command ended" if ended else f"{timeout:g} s passed"
                raise TimeoutError(f"{why} and {text!r} is not on the screen:\n{screen.rstrip()}")
            time.sleep(LOOK_EVERY)

    def wait_for_end(self, timeout: float = 30) -> int:
        """What the command ended with, once it did. TimeoutError, with the screen in it, if that takes too long."""
        self._wait_for_file(self._ended, timeout, "still runs")
        return int(self._ended.read_text())

    def _wait_for_file(self, path: Path, timeout: float, otherwise: str) -> None:
        deadline = time.monotonic() + timeout
        while not path.exists():
            if time.monotonic() > deadline:
                raise TimeoutError(f"{timeout:g} s passed and the command {otherwise}:\n{self.capture().rstrip()}")
            time.sleep(LOOK_EVERY)


def _size(word: str) -> tuple[int, int]:
    found = re.fullmatch(r"(\d{1,3})x(\d{1,3})", word)
    if found is None or not (int(found[1]) and int(found[2])):
        raise argparse.ArgumentTypeError(f"{word!r} is not a size such as 100x30 (columns x rows)")
    return int(found[1]), int(found[2])


def main() -> int:
    parser = argparse.ArgumentParser(
        description="Run a command in a terminal and write its screen as an SVG.",
        epilog="Example: scripts/picture.py limits.svg --title 'chatd --limits' -- .venv/bin/chatd --limits",
    )
    parser.add_argument("out", metavar="OUT.svg", type=Path)
    parser.add_argument("--size", metavar="COLUMNSxROWS", type=_size, default=(100, 30), help="default: 100x30")
    parser.add_argument("--title", help="what stands above it; default: the command")
    parser.add_argument("--until", metavar="TEXT", help="take it when TEXT is on the screen, not when the command ends")
    parser.add_argument("--timeout", metavar="S", type=float, default=120, help="give up after so long; default: 120")
    parser.add_argument("command", metavar="COMMAND", nargs="+", help="after `--`")
    options = parser.parse_args()
    columns, rows = options.size
    try:
        with Pane(options.command, columns, rows) as pane:
            if options.until is None:
                pane.wait_for_end(options.timeout)
            else:
                pane.wait_for(options.until, options.timeout)
            screen = pane.capture(colours=True).rstrip("\n")
            while screen and not Text.from_ansi(screen.rpartition("\n")[2]).plain.strip():
                screen = screen.rpartition("\n")[0]
        options.out.write_text(svg_of(screen, options.title or shlex.join(options.command), columns), encoding="utf-8")
    except (OSError, subprocess.SubprocessError) as error:
        print(f"picture.py: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
