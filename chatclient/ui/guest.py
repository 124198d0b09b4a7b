"""trio as a guest of the asyncio loop that prompt_toolkit needs: one thread, trio owns every lifetime.

`run` is `trio.run` with an asyncio loop beneath; `run_application` awaits the screen from trio.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import trio
from prompt_toolkit.application import Application

T = TypeVar("T")


def run(main: Callable[..., Awaitable[T]], *args: Any, **options: Any) -> T:
    """Like `trio.run`. The loop lives exactly as long as `main`."""
    everything = trio.CancelScope()
    results: list[T] = []

    async def guest() -> None:
        with everything:
            results.append(await main(*args))

    # Runner.run() would install a handler for SIGINT that cancels the host under a live trio. So the loop is driven
    # by hand; the Runner still closes it.
    with asyncio.Runner() as runner:
        loop = runner.get_loop()
        done: asyncio.Future[Any] = loop.create_future()

        async def host() -> None:
            trio.lowlevel.start_guest_run(
                guest,
                run_sync_soon_threadsafe=loop.call_soon_threadsafe,
                run_sync_soon_not_threadsafe=loop.call_soon,
                done_callback=done.set_result,
                host_uses_signal_set_wakeup_fd=True,
                **options,
            )
            await asyncio.shield(done)

        try:
            loop.run_until_complete(host())
        except BaseException:
            # Something stopped the loop: a KeyboardInterrupt that escaped from an asyncio task does. trio must run to
            # its end nevertheless, which is also what restores the terminal.
            if not done.done():
                everything.cancel()
                loop.run_until_complete(done)
            raise
        done.result().unwrap()
    return results[0]


async def run_application(application: Application[None]) -> None:
    """Run the screen until it exits or we are cancelled. An error in it is raised here, the terminal restored."""
    loop = asyncio.get_running_loop()
    finished = trio.Event()
    failures: list[BaseException] = []

    def on_error(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        # Key bindings and redraws are callbacks of the loop, so that is where their errors arrive.
        failures.append(context.get("exception") or RuntimeError(context["message"]))
        task.cancel()

    previous = loop.get_exception_handler()
    loop.set_exception_handler(on_error)
    task = loop.create_task(application.run_async(handle_sigint=False, set_exception_handler=False))
    task.add_done_callback(lambda _: finished.set())
    try:
        await finished.wait()
    finally:
        task.cancel()
        with trio.CancelScope(shield=True):
            await finished.wait()
        loop.set_exception_handler(previous)
        if not task.cancelled() and (error := task.exception()) is not None:
            failures.append(error)
    if failures:
        raise failures[0]
