"""Asks for the server's password: what is typed is not shown, not kept, and nothing calls it back."""

from prompt_toolkit.buffer import Buffer
from prompt_toolkit.history import DummyHistory
from prompt_toolkit.key_binding import KeyBindings
from prompt_toolkit.layout import Window
from prompt_toolkit.layout.controls import BufferControl
from prompt_toolkit.layout.processors import BeforeInput, PasswordProcessor

from ..client import Client
from ..password import PASSWORD_BYTES, check_password


class PasswordPrompt:
    """A row of the screen, in the place of the input."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.buffer = Buffer(multiline=False, history=DummyHistory(), on_text_changed=_bound)
        processors = [PasswordProcessor(), BeforeInput("Password: ")]
        self.window = Window(BufferControl(self.buffer, processors, key_bindings=self._keys()), height=1)

    def _keys(self) -> KeyBindings:
        keys = KeyBindings()
        for key in ("c-c", "c-d", "escape"):
            keys.add(key)(lambda event: self._client.decline())
        keys.add("enter")(lambda event: self._enter())
        keys.add("escape", "enter")(lambda event: self._enter())
        keys.add("tab")(lambda event: None)
        return keys

    def _enter(self) -> None:
        typed = self.buffer.text.removesuffix("\n")  # of a pasted line
        try:
            password = check_password(typed.encode(errors="surrogateescape"))
        except ValueError as error:
            self._client.model.hint = str(error)
            return
        self.buffer.reset()
        self._client.answer(password)


def _bound(buffer: Buffer) -> None:
    if len(buffer.text) > PASSWORD_BYTES + 2:  # enough to be told that it is too long
        buffer.text = buffer.text[: PASSWORD_BYTES + 2]
