"""A rich renderable as prompt_toolkit's fragments.

Through segments, never through a string of escape sequences: such a string would have to be parsed, and would let
through what others wrote into it. Control segments are dropped.
"""

import io

from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.styles import ANSI_COLOR_NAMES
from rich.color import Color
from rich.console import Console, RenderableType
from rich.style import Style

_ATTRIBUTES = ("bold", "italic", "underline", "strike", "reverse", "dim")


class Canvas:
    def __init__(self) -> None:
        self._console = Console(
            file=io.StringIO(), force_terminal=True, color_system="standard", legacy_windows=False, markup=False,
            highlight=False, emoji=False,
        )  # fmt: skip

    def rows(self, renderable: RenderableType, width: int) -> list[StyleAndTextTuples]:
        options = self._console.options.update(width=max(1, width))
        lines = self._console.render_lines(renderable, options, pad=False)
        return [[(_style(segment.style), segment.text) for segment in line if not segment.control] for line in lines]


def _style(style: Style | None) -> str:
    if style is None:
        return ""
    words = [name for name in _ATTRIBUTES if getattr(style, name)]
    grounds = (("fg", style.color), ("bg", style.bgcolor))
    words += [f"{ground}:{_colour(colour)}" for ground, colour in grounds if colour is not None]
    return " ".join(words)


def _colour(colour: Color) -> str:
    if colour.is_default:
        return "default"
    if colour.number is not None and colour.number < len(ANSI_COLOR_NAMES) - 1:
        return ANSI_COLOR_NAMES[colour.number + 1]  # of the terminal's own palette; the first name is the default
    return f"#{''.join(f'{part:02x}' for part in colour.get_truecolor())}"
