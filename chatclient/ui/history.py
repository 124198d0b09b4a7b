"""What was typed before, for the arrow keys. Bounded; forgotten when the program ends."""

from collections import deque
from collections.abc import AsyncGenerator, Iterable

from prompt_toolkit.history import History


class InputHistory(History):
    def __init__(self, bound: int) -> None:
        super().__init__()
        self._kept: deque[str] = deque(maxlen=bound)

    def append_string(self, string: str) -> None:
        if not self._kept or self._kept[-1] != string:
            self._kept.append(string)

    def get_strings(self) -> list[str]:
        return list(self._kept)

    async def load(self) -> AsyncGenerator[str, None]:
        for string in reversed(self.get_strings()):
            yield string

    def load_history_strings(self) -> Iterable[str]:
        return reversed(self.get_strings())

    def store_string(self, string: str) -> None:
        """Nothing is stored beyond this run."""
