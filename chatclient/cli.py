"""argv into settings; a terminal gets the screen, anything else the pipe. Every way to end has an exit code."""

import argparse
import dataclasses
import getpass
import os
import random
import re
import signal
import sys
import tempfile
import traceback
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import trio

from chatd.protocol.irc import is_nickname, is_room_name
from chatd.protocol.safetext import neutralise

from .connection import Address
from .exits import SIGNALLED, Exit
from .limits import Limits
from .password import read_password
from .safe import show
from .stdio import Input, Notices, Output, abandon_broken_output, occupy_standard_descriptors

DEFAULT_ROOM = "#lobby"
DEFAULT_PORT = 6667  # IRC's, by custom; also chatd's
_LONGEST_ADDRESS_PART = 253  # RFC 1035: of a host's name
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True, slots=True)
class Settings:
    address: Address
    nick: str
    room: str
    as_json: bool
    limits: Limits
    password: str = field(repr=False)


def main(argv: Sequence[str] | None = None) -> int:
    occupy_standard_descriptors()
    try:
        settings = parse(argv)
        return _on_screen(settings) if is_terminal() and not settings.as_json else _in_pipe(settings)
    except KeyboardInterrupt:
        return SIGNALLED + signal.SIGINT
    except Exception as error:  # noqa: BLE001  a person gets a sentence, and the details where they can be sent from
        return crashed(error)
    finally:
        abandon_broken_output()


def is_terminal() -> bool:
    return os.isatty(0) and os.isatty(1) and os.environ.get("TERM", "dumb") != "dumb"


def parse(argv: Sequence[str] | None) -> Settings:
    parser = argparse.ArgumentParser(
        prog="chatclient",
        description="Chat in a terminal; in a pipe, send the lines of standard input and print what others say.",
        epilog="Exit codes: 0 done, 2 usage, 3 refused, 4 timed out, 5 cannot connect, 6 connection lost, "
        "7 not all was delivered, 8 the server wants a password, or another one.",
    )
    parser.add_argument("address", metavar="HOST:PORT", type=_address, help="where the server is")
    parser.add_argument("--nick", type=_nick, help="the nickname to ask for (default: the name of your account)")
    parser.add_argument("--room", type=_room, default=DEFAULT_ROOM, help="the room to enter (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="one event a line, instead of text; never the screen")
    parser.add_argument("--timeout", type=_seconds, help="seconds to wait for a connection, or for an answer")
    parser.add_argument(
        "--password-file",
        metavar="FILE",
        type=_password,
        help="its first line is the server's password, which the screen asks for where it is missing or wrong",
    )
    options = parser.parse_args(argv)
    limits = Limits()
    if options.timeout is not None:
        limits = dataclasses.replace(limits, connect_timeout=options.timeout, answer_timeout=options.timeout)
    nick = options.nick or default_nick()
    return Settings(options.address, nick, options.room, options.json, limits, options.password_file or "")


def default_nick() -> str:
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # no such account
        name = ""
    name = re.sub(r"[^A-Za-z0-9_-]", "", name)[:16]
    return name if is_nickname(name, 16) else "guest"


def crashed(error: BaseException) -> int:
    """Say what happened, in one sentence, and where the rest is."""
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    what = show("".join(traceback.format_exception_only(error)).strip(), 300)
    say(f"chatclient crashed, which is a fault of its own: {what}")
    try:
        with tempfile.NamedTemporaryFile("w", prefix="chatclient-crash-", suffix=".txt", delete=False) as details:
            for line in "".join(traceback.format_exception(error)).splitlines():
                details.write(f"{neutralise(line)}\n")
        say(f"Details are in {details.name}")
    except OSError as trouble:
        say(f"The details could not be written: {trouble.strerror}")
    return Exit.CRASHED


def say(text: str) -> None:
    """A sentence for the person, wherever standard output goes."""
    with suppress(OSError):  # nobody is there to read it
        if sys.stderr is not None:
            sys.stderr.write(f"{text}\n")
            sys.stderr.flush()


def _on_screen(settings: Settings) -> int:
    try:
        from .ui.app import run
    except ModuleNotFoundError as missing:
        if (missing.name or "").partition(".")[0] not in ("prompt_toolkit", "rich"):
            raise
        say(f"The screen needs {missing.name}, which is not installed: pip install 'chatd[client]'")
        return Exit.USAGE
    return run(settings.address, settings.nick, settings.room, settings.limits, settings.password)


def _in_pipe(settings: Settings) -> int:
    from .pipe import Pipe
    from .session import Session

    async def run() -> int:
        session = Session(settings.nick, {settings.room: ""}, settings.limits, random.random, settings.password)
        pipe = Pipe(settings.address, session, settings.room, settings.limits, settings.as_json, Notices(2))
        code = 0
        async with trio.open_nursery() as nursery:

            async def watch_signals() -> None:
                nonlocal code
                with trio.open_signal_receiver(*_SIGNALS) as signals:
                    async for number in signals:
                        code = SIGNALLED + number
                        nursery.cancel_scope.cancel()

            nursery.start_soon(watch_signals)
            source, sink = Input(0, settings.limits.pipe_line_bytes), Output(1)
            code = await pipe.run(source, sink)
            nursery.cancel_scope.cancel()
        return code

    return trio.run(run)


def _address(text: str) -> Address:
    found = re.fullmatch(r"(?:\[([^\]]+)\]|([^:\s]+))(?::(\d{1,5}))?", text)
    if found is None:
        raise argparse.ArgumentTypeError(f"{show(text, 80)!r} is not HOST:PORT")
    host, port = found[1] or found[2], int(found[3] or DEFAULT_PORT)
    if not 0 < port < 65536 or len(host) > _LONGEST_ADDRESS_PART:
        raise argparse.ArgumentTypeError(f"{show(text, 80)!r}: a port is a number from 1 to 65535")
    return Address(host, port)


def _nick(text: str) -> str:
    if not is_nickname(text, 64):
        raise argparse.ArgumentTypeError(f"{show(text, 80)!r} is no nickname: letters and digits, a letter first")
    return text


def _room(text: str) -> str:
    name = text if text[:1] in tuple("#&") else f"#{text}"
    if not is_room_name(f"#{name[1:]}", 64):
        raise argparse.ArgumentTypeError(f"{show(text, 80)!r} is no name of a room: # and no space or comma")
    return name


def _password(path: str) -> str:
    try:
        return read_password(path)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < 1e6:
        raise argparse.ArgumentTypeError(f"{show(text, 80)!r} is no number of seconds above 0")
    return seconds
