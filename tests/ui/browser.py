"""Why: whether a page is right is known only by a browser, so tests ask Debian's chromium, over a pipe and not a port.

It speaks the DevTools protocol: JSON messages with a NUL after each, on the file descriptors 3 and 4.
"""

import fcntl
import json
import os
import select
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CHROMIUM = shutil.which("chromium")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-pipe",
]
PATIENCE = 40  # s; it takes one or two, but a machine may be busy


@dataclass
class Page:
    """One that has been opened: what it asked for, and what the browser complained of."""

    session: str
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


class Browser:
    """One that runs. Everything it is asked for has to be there within PATIENCE."""

    def __init__(self, to_it: int, from_it: int) -> None:
        self._to_it, self._from_it = to_it, from_it
        self._rest = b""
        self._number = 0
        self._heard: list[dict[str, Any]] = []

    def open(self, address: str) -> Page:
        """A page in a tab of its own, once it is there with all that it asks for."""
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        page = Page(self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"])
        for domain in ("Page", "Network", "Log", "Runtime"):
            self.ask(f"{domain}.enable", page)
        self.ask("Page.navigate", page, url=address)
        while not self._is_loaded(page):
            self._heard.append(self._hear())
        # A request or complaint that follows from loading is there before the answer to this.
        self.evaluate(page, "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        for message in self._heard:
            self._note(page, message)
        return page

    def evaluate(self, page: Page, expression: str) -> Any:
        """The value of a piece of JavaScript, also where the page itself may run none."""
        answer = self.ask("Runtime.evaluate", page, expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def ask(self, method: str, page: Page | None = None, **parameters: Any) -> dict[str, Any]:
        """Have something done; what it answers."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if page is not None:
            message["sessionId"] = page.session
        whole = json.dumps(message).encode() + b"\0"
        while whole:
            whole = whole[os.write(self._to_it, whole) :]
        while True:
            heard = self._hear()
            if heard.get("id") == self._number:
                assert "error" not in heard, heard
                result: dict[str, Any] = heard["result"]
                return result
            self._heard.append(heard)

    def _is_loaded(self, page: Page) -> bool:
        return any(
            heard.get("method") == "Page.loadEventFired" and heard.get("sessionId") == page.session
            for heard in self._heard
        )

    def _note(self, page: Page, message: dict[str, Any]) -> None:
        if message.get("sessionId") != page.session:
            return
        about = message["params"]
        match message["method"]:
            case "Network.requestWillBeSent":
                page.requests.append(about["request"]["url"])
            case "Log.entryAdded" if about["entry"]["level"] in ("warning", "error"):
                page.complaints.append(about["entry"]["text"])
            case "Runtime.exceptionThrown":
                page.complaints.append(about["exceptionDetails"]["text"])
            case "Runtime.consoleAPICalled" if about["type"] in ("warning", "error"):
                page.complaints.append(str(about["args"]))

    def _hear(self) -> dict[str, Any]:
        deadline = time.monotonic() + PATIENCE
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self._from_it], [], [], max(0.0, deadline - time.monotonic()))
            received = os.read(self._from_it, 1 << 20) if ready else b""
            assert received, "chromium has ended" if ready else f"chromium said nothing for {PATIENCE} s"
            self._rest += received
        message, _, self._rest = self._rest.partition(b"\0")
        heard: dict[str, Any] = json.loads(message)
        return heard


@contextmanager
def browser(folder: Path) -> Iterator[Browser]:
    """A chromium that keeps its files there, and is gone afterwards with all of its processes."""
    assert CHROMIUM is not None
    its_in, to_it = os.pipe()
    from_it, its_out = os.pipe()
    silent = os.open(os.devnull, os.O_RDWR)
    # What is to become 3 and 4 must not be overwritten on the way there.
    ends = [fcntl.fcntl(number, fcntl.F_DUPFD_CLOEXEC, 10) for number in (silent, silent, silent, its_in, its_out)]
    process = os.posix_spawn(
        CHROMIUM,
        [CHROMIUM, *FLAGS, f"--user-data-dir={folder}"],
        os.environ,
        file_actions=[(os.POSIX_SPAWN_DUP2, old, new) for new, old in enumerate(ends)],
        setpgroup=0,
    )
    for number in (its_in, its_out, silent, *ends):
        os.close(number)
    try:
        yield Browser(to_it, from_it)
    finally:
        os.killpg(process, signal.SIGKILL)
        os.waitpid(process, 0)
        os.close(to_it)
        os.close(from_it)
