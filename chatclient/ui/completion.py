"""Tab: commands after a slash, nicknames and rooms elsewhere. Names are as the model has them, so they are safe."""

from collections.abc import Iterable, Iterator

from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document

from ..commands import COMMANDS
from ..model import Model

_MOST = 100  # offered at a time


class ChatCompleter(Completer):
    def __init__(self, model: Model) -> None:
        self._model = model

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        before = document.text_before_cursor
        word = before.rpartition(" ")[2]
        at_start = word == before
        if at_start and word.startswith("/"):
            for command in COMMANDS.values():
                if command.name.startswith(word[1:].lower()):
                    yield Completion(f"/{command.name} ", -len(word), command.usage, display_meta=command.help)
            return
        ending = ": " if at_start else " "
        for _, name in zip(range(_MOST), self._names(word), strict=False):
            yield Completion(name + ("" if name.startswith("#") else ending), -len(word), name)

    def _names(self, word: str) -> Iterator[str]:
        if word.startswith("#"):
            names = [one.title for one in self._model.conversations if one.is_room]
        else:
            names = self._model.current.members.nicks()
        return (name for name in names if name.lower().startswith(word.lower()))
