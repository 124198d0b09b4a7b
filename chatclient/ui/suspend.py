"""Ctrl-Z, and SIGTSTP from outside: the terminal is the shell's until `fg`."""

import os
import signal

from prompt_toolkit.application import Application, run_in_terminal
from prompt_toolkit.application.current import set_app


def suspend(application: Application[None]) -> None:
    with set_app(application):
        run_in_terminal(_stop)


def _stop() -> None:
    """Stop the whole process group, as the terminal would have. Returns when it goes on."""
    handler = signal.signal(signal.SIGTSTP, signal.SIG_DFL)
    try:
        os.kill(0, signal.SIGTSTP)
    finally:
        signal.signal(signal.SIGTSTP, handler)
