"""The layout and the keys: what stands where, and what a person can press.

- title and topic
- the conversation, or the panel that stands in its place; the members beside it
- a hint about what was typed
- status: who we are, how full the server is, the connection, the pages
- input, or the question for a password
"""

from collections.abc import Callable

from prompt_toolkit.application import Application
from prompt_toolkit.buffer import Buffer, CompletionState
from prompt_toolkit.clipboard import DynamicClipboard, InMemoryClipboard
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.filters import Condition
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.layout import (
    ConditionalContainer,
    Dimension,
    DynamicContainer,
    Float,
    FloatContainer,
    HSplit,
    Layout,
    VSplit,
    Window,
)
from prompt_toolkit.layout.controls import BufferControl, FormattedTextControl
from prompt_toolkit.layout.menus import CompletionsMenu
from prompt_toolkit.layout.processors import BeforeInput
from prompt_toolkit.styles import Style

from ..client import Client, CommandError
from ..commands import enter
from ..model import Stage
from ..wording import occupancy
from .completion import ChatCompleter
from .history import InputHistory
from .panels import Panels
from .prompt import PasswordPrompt
from .scrollback import Scrollback
from .suspend import suspend

_MEMBERS_WIDTH = 18
_MEMBERS_FROM = 60  # columns of the screen; on a narrower one the members are left out
_ESCAPE_TIME = 1.0  # s until an Escape is not the beginning of Escape, Enter; where it declines, nothing is waited for
_STYLE = Style.from_dict(
    {
        "title": "reverse bold",
        "status": "reverse",
        "hint": "ansiyellow",
        "time": "ansibrightblack",
        "info": "ansibrightblack",
        "pending": "ansibrightblack italic",
        "error": "ansired",
        "bar": "ansibrightblack",
        "earlier": "dim",
    }
)


class Screen:
    """`now` is the clock that the model's times are of."""

    def __init__(self, client: Client, now: Callable[[], float]) -> None:
        self._client = client
        self._model = client.model
        self.scrollback = Scrollback(lambda: self._model.current)
        self._completer = ChatCompleter(self._model)
        self.input = Buffer(
            multiline=True,  # for pasted lines; Enter sends them
            history=InputHistory(client.limits.history_lines),
            on_text_changed=self._bound_input,
        )
        self._prompt = PasswordPrompt(client)
        self._asks = Condition(lambda: bool(self._model.question))
        clipboard = InMemoryClipboard()
        self.application: Application[None] = Application(
            layout=Layout(self._layout(now), focused_element=self.input),
            key_bindings=self._keys(),
            style=_STYLE,
            # What is cut out of a password is not to be put back where it is seen.
            clipboard=DynamicClipboard(lambda: None if self._asks() else clipboard),
            full_screen=True,
            min_redraw_interval=client.limits.redraw_interval,
            terminal_size_polling_interval=None,  # SIGWINCH tells; idle means no wake-up
        )

    def redraw(self) -> None:
        app, asks = self.application, self._asks()
        typed_into = self._prompt.buffer if asks else self.input
        if app.layout.current_buffer is not typed_into:
            self._prompt.buffer.reset()
            app.layout.focus(typed_into)
            app.timeoutlen = 0.0 if asks else _ESCAPE_TIME
        app.invalidate()

    # Where what stands

    def _layout(self, now: Callable[[], float]) -> FloatContainer:
        panels = Window(Panels(self._model, now), always_hide_cursor=True)
        members = VSplit(
            [
                Window(width=1, char="│", style="class:bar"),
                Window(FormattedTextControl(self._members), width=_MEMBERS_WIDTH),
            ]
        )
        room = VSplit(
            [Window(self.scrollback), ConditionalContainer(members, Condition(self._has_members))],
        )
        out = (Stage.WAITING, Stage.OFFLINE)
        body = DynamicContainer(lambda: panels if self._model.stage in out else room)
        hint = Window(FormattedTextControl(lambda: [("class:hint", f" {self._model.hint}")]), height=1)
        rows = HSplit(
            [
                Window(FormattedTextControl(self._title), height=1, style="class:title"),
                body,
                ConditionalContainer(hint, Condition(lambda: bool(self._model.hint))),
                Window(FormattedTextControl(self._status), height=1, style="class:status"),
                ConditionalContainer(self._input_window(), ~self._asks, self._prompt.window),
            ]
        )
        menu = Float(CompletionsMenu(max_height=8), xcursor=True, ycursor=True)
        return FloatContainer(rows, floats=[menu])

    def _input_window(self) -> Window:
        most = self._client.limits.input_rows
        return Window(
            BufferControl(self.input, input_processors=[BeforeInput("> ")]),
            height=lambda: Dimension(min=1, max=most),
            wrap_lines=True,
            dont_extend_height=True,
        )

    def _has_members(self) -> bool:
        return self._model.current.is_room and self.application.output.get_size().columns >= _MEMBERS_FROM

    def _members(self) -> StyleAndTextTuples:
        members = self._model.current.members
        rows = self.application.output.get_size().rows
        lines = [f" {len(members)} here", *(f" {name}" for name in members.shown(rows))]
        return [("", "\n".join(lines))]

    def _title(self) -> StyleAndTextTuples:
        current = self._model.current
        topic = f"  {current.topic}" if current.topic else ""
        return [("", f" {current.title}"), ("nobold", topic)]

    def _status(self) -> StyleAndTextTuples:
        model = self._model
        parts = [model.nick, model.stage.value]
        if model.seated is not None or model.cap is not None:
            parts.append(f"{occupancy(model.seated, model.cap)} seats")
        if model.lag is not None:
            parts.append(f"lag {model.lag * 1000:.0f} ms" if model.lag < 1 else f"lag {model.lag:.1f} s")
        if self.scrollback.newer:
            parts.append(f"▼ {self.scrollback.newer} newer, PgDn")
        fragments: StyleAndTextTuples = [("", f" {' · '.join(parts)} ")]
        if len(model.conversations) > 2:
            for number, one in enumerate(model.conversations, 1):
                unread = f"({one.unread})" if one.unread else ""
                style = "bold underline" if one is model.current else ""
                fragments += [("", "  "), (style, f"{number} {one.title}{unread}")]
        return fragments

    # What can be pressed

    def _keys(self) -> KeyBindings:
        keys = KeyBindings()
        add = keys.add
        empty = Condition(lambda: not self.input.text)
        add("enter")(lambda event: self._enter())
        add("escape", "enter")(lambda event: self.input.insert_text("\n"))
        add("c-c")(lambda event: self._client.leave())
        add("<sigint>")(lambda event: self._client.leave())
        add("c-d", filter=empty)(lambda event: self._client.leave())
        add("c-z")(lambda event: suspend(self.application))
        add("f5")(lambda event: self._client.reconnect())
        add("pageup")(lambda event: self._scroll(-1))
        add("pagedown")(lambda event: self._scroll(+1))
        add("tab")(lambda event: self._complete())
        add("c-n")(lambda event: self._turn(+1))
        add("c-p")(lambda event: self._turn(-1))
        for number in range(1, 10):
            add("escape", str(number))(self._show)
        return keys

    def _enter(self) -> None:
        if self.input.complete_state is not None and self.input.complete_state.current_completion is not None:
            self.input.complete_state = None  # the completion is taken; the next Enter sends
            return
        typed = self.input.text
        self._model.hint = ""
        if not typed.strip() and self._model.stage is Stage.OFFLINE:
            self._client.reconnect()
            return
        try:
            enter(self._client, typed)
        except CommandError as error:
            self._model.hint = str(error)
            return
        self.input.reset(append_to_history=bool(typed.strip()))

    def _complete(self) -> None:
        if self.input.complete_state is not None:
            self.input.complete_next()
            return
        document = self.input.document
        # Not Buffer.start_completion, a task of its own: what is typed right behind the Tab must find it done.
        found = list(self._completer.get_completions(document, CompleteEvent(completion_requested=True)))
        if len(found) == 1:
            self.input.apply_completion(found[0])
        elif found:
            self.input.complete_state = CompletionState(document, found)
            self.input.go_to_completion(0)

    def _scroll(self, pages: int) -> None:
        self.scrollback.scroll(pages)

    def _turn(self, step: int) -> None:
        self._model.turn(step)

    def _show(self, event: KeyPressEvent) -> None:
        number = int(event.key_sequence[-1].key)
        if number <= len(self._model.conversations):
            self._model.show(self._model.conversations[number - 1])

    def _bound_input(self, buffer: Buffer) -> None:
        bound = self._client.limits.input_characters
        if len(buffer.text) > bound:
            buffer.text = buffer.text[:bound]
            self._model.hint = f"The input holds {bound} characters; the rest was left out."
        elif "\n" in buffer.text:
            lines = sum(bool(line.strip()) for line in buffer.text.splitlines())
            self._model.hint = f"{lines} lines: Enter sends each as a message."
