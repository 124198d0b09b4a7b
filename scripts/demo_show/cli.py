"""Why: one place turns a command line into two acts, their result and an exit code."""

import signal
import sys
from collections.abc import Sequence

import trio
from rich.console import Console
from rich.text import Text

from .act import Act
from .options import CannotRunError, Options, fitted, parse
from .result import table
from .scene import Scene
from .stage import StageError, play
from .told import BOUNDED, UNBOUNDED, Narrator, doubt, sentences

DONE, COULD_NOT_RUN, INTERRUPTED = 0, 2, 130


class _Show:
    """The demo, from the first server to the last."""

    def __init__(self, options: Options) -> None:
        self.scene = Scene(options.ceilings)
        self.interrupted = False
        self._options = options

    async def run(self, console: Console) -> None:
        """Raises StageError."""
        problem = ""
        async with trio.open_nursery() as nursery:
            await nursery.start(self._end_when_told, nursery.cancel_scope)
            nursery.start_soon(self.scene.show, console)
            try:
                await self._play()
            except* StageError as several:
                problem = str(several.exceptions[0])
            nursery.cancel_scope.cancel()
        if problem and not self.interrupted:
            raise StageError(problem)

    async def _play(self) -> None:
        options = self._options
        names, events = ("with bounds", "without bounds"), (BOUNDED, UNBOUNDED)
        for name, bounds, each in zip(names, options.bounds, events, strict=True):
            act = Act(name, bounds, options.clients)
            self.scene.begin(act, Narrator(each))
            await play(act, options.server_words(bounds), options.load_words, options.ceilings)

    async def _end_when_told(
        self, everything: trio.CancelScope, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> None:
        with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM, signal.SIGHUP) as signals:
            task_status.started()
            async for _ in signals:
                self.interrupted = True
                everything.cancel()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program; its exit code."""
    asked = parse(arguments)
    try:
        options, lowered = fitted(asked)
    except CannotRunError as error:
        return _could_not_run(str(error))
    if lowered:
        print(f"demo: {lowered}", file=sys.stderr)
    console = Console(highlight=False, emoji=False, markup=False)
    show = _Show(options)
    try:
        trio.run(show.run, console)
    except StageError as error:
        return _could_not_run(str(error))
    if show.interrupted:
        print("demo: interrupted; everything that it started has ended", file=sys.stderr)
        return INTERRUPTED
    acts = show.scene.acts
    told = sentences(*acts)
    console.print(table(acts))
    for sentence in filter(None, (*told, doubt(acts))):
        console.print(Text(f"{sentence}\n"))
    from .drawing import draw  # matplotlib takes a while, which nobody is to wait for before the first act

    try:
        draw(acts, told, options.ceilings, options.svg)
    except OSError as error:
        return _could_not_run(f"cannot write to {options.svg}: {error.strerror}")
    console.print(Text(f"The picture is in {options.svg}."))
    return DONE


def _could_not_run(why: str) -> int:
    print(f"demo: {why}.", file=sys.stderr)
    return COULD_NOT_RUN
