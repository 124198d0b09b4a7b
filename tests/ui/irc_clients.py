"""Why: whoever comes with WeeChat or irssi sees what these make of the server's lines, so tests drive both by script.

WeeChat runs without a screen: it is told through its fifo, and what its windows show is read in its own log. irssi runs
in a terminal, with one high window for everything, so that nothing it showed has left the screen.
"""

import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

from picture import LOOK_EVERY, Pane

MISSING = [program for program in ("weechat-headless", "irssi", "tmux") if shutil.which(program) is None]
PATIENCE = 20.0  # s, for what ought to take a fraction of one
ROOM = "#tea"  # which both enter as soon as they may
# When they know not what the server says, or the server not what they say. WeeChat marks what it cannot do with =!=.
COMPLAINT = re.compile(r"=!=|unknown (command|mode|numeric)|not enough parameters|have not registered", re.IGNORECASE)
IRSSI_CONFIG = """
servers = ( {{ address = "127.0.0.1"; port = "{port}"; chatnet = "chatd"; autoconnect = "yes"; }} );
chatnets = {{ chatd = {{ type = "IRC"; {pace} }}; }};
channels = ( {{ name = "{room}"; chatnet = "chatd"; autojoin = "yes"; }} );
settings = {{
  core = {{ nick = "{nick}"; user_name = "{nick}"; real_name = "{nick}"; {settings} }};
  "fe-common/core" = {{ autocreate_windows = "no"; autocreate_own_query = "no"; autocreate_query_level = "NONE"; }};
  "fe-common/irc" = {{ group_multi_mode = "no"; }};
  "fe-text" = {{ paste_verify_line_count = "0"; }};
}};
"""


@dataclass
class WeeChat:
    """One that runs."""

    process: subprocess.Popen[bytes]
    fifo: FileIO
    logs: Path

    def tell(self, words: str) -> None:
        """Type this in the window of the room, which has to be there."""
        self.fifo.write(f"irc.chatd.{ROOM} *{words}\n".encode())

    def capture(self) -> str:
        """All that its windows have shown."""
        return "\n".join(log.read_text("utf-8") for log in sorted(self.logs.glob("*")))

    def wait_for(self, text: str, timeout: float = PATIENCE) -> str:
        """What its windows have shown once `text` was among it."""
        deadline = time.monotonic() + timeout
        while text not in (shown := self.capture()):
            assert self.process.poll() is None, f"WeeChat ended without {text!r}:\n{shown}"
            assert time.monotonic() < deadline, f"{timeout:g} s passed without {text!r}:\n{shown}"
            time.sleep(LOOK_EVERY)
        return shown

    def wait_for_end(self) -> int:
        return self.process.wait(PATIENCE)


@contextmanager
def weechat(folder: Path, port: int, nick: str, *, stock: bool = False) -> Iterator[WeeChat]:
    """One that connects. `stock`: with its own pauses between two lines."""
    pace = [] if stock else [f"/set irc.server_default.anti_flood_prio_{kind} 0" for kind in ("high", "low")]
    orders = [
        "/set logger.file.flush_delay 0",
        *pace,
        f"/server add chatd 127.0.0.1/{port} -nicks={nick} -username={nick} -realname={nick} -autojoin={ROOM}",
        "/connect chatd",
    ]
    process = subprocess.Popen(
        ["weechat-headless", "-d", str(folder), *(word for order in orders for word in ("-r", order))],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"LC_ALL": "C.UTF-8"},
    )
    try:
        path = folder / f"weechat_fifo_{process.pid}"
        deadline = time.monotonic() + PATIENCE
        while not path.exists():
            assert time.monotonic() < deadline, "WeeChat opens no fifo"
            time.sleep(LOOK_EVERY)
        # Open all the time, as WeeChat loses what comes while it opens it anew; and both ways, as that never blocks.
        with path.open("r+b", buffering=0) as fifo:
            yield WeeChat(process, fifo, folder / "logs")
    finally:
        process.kill()
        process.wait(PATIENCE)


class Irssi(Pane):
    """One that connects. `stock`: with its own pauses between two lines; `settings` are of its section `core`."""

    def __init__(self, folder: Path, port: int, nick: str, *, stock: bool = False, settings: str = "") -> None:
        folder.mkdir()
        pace = "" if stock else 'cmdmax = "1000"; cmdspeed = "1";'
        config = IRSSI_CONFIG.format(port=port, nick=nick, room=ROOM, pace=pace, settings=settings)
        (folder / "config").write_text(config)
        super().__init__(["irssi", "--home", str(folder)], columns=250, rows=150)

    def tell(self, words: str) -> None:
        """Type this."""
        self.send_text(words)
        self.send_keys("Enter")


def complaints(shown: str) -> list[str]:
    """The lines in which a client complains."""
    return [line for line in shown.splitlines() if COMPLAINT.search(line)]
