"""The command line: argv becomes Limits and Settings, and errors become a sentence and an exit code."""

import argparse
import gc
import logging
import math
import os
import re
import socket
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

import trio

from . import __version__
from .limits import NONE, Bound, Limits, bounds
from .ops.files import DoesNotFitError, check_fit, raise_file_limit
from .protocol import irc
from .protocol.waiting import count, duration
from .server import Server, listen
from .settings import Settings

EXIT_OK, EXIT_CANNOT_START, EXIT_USAGE = 0, 1, 2
EXIT_INTERRUPTED = 130  # 128 + SIGINT, as shells have it

USAGE = "chatd [--host HOST] [--port PORT] [--max-clients N] [--queue N] [other flags, see below]"

DESCRIPTION = """\
A bounded chat server. It takes at most --max-clients clients; up to --queue more
wait in line for a seat, and are told their place; whoever comes then is told why
not, and when to try again. Nobody is left without an answer.
"""

EPILOG = """\
join it:
  chatclient localhost:6667            or any IRC client:
  irssi -c localhost -p 6667           then /join #lobby
  nc localhost 6667                    just type

examples:
  chatd                                100 seats, 50 places in line, on 127.0.0.1:6667
  chatd --host 0.0.0.0 --queue 0       open to the network; refuse at once when full
  chatd --port 0                       pick a free port, and say which

exit codes:
  0  stopped by SIGTERM or SIGINT (a first one tells everybody; a second one ends at once)
  1  could not start: the port is taken or not permitted, or the bounds need more open
     files than the process may have
  2  the command line is wrong, or a file that it names cannot be read
"""

MAIN_BOUNDS = ("max_clients", "queue", "queue_timeout")


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """One sentence. The usage, with all its flags, would hide it."""
        self.exit(EXIT_USAGE, f"{self.prog}: error: {message} (chatd --help shows all flags)\n")


class _HelpFormatter(argparse.RawDescriptionHelpFormatter):
    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=30)


def parser() -> argparse.ArgumentParser:
    """All flags. Those of bounds are made from the table in `limits`."""
    parser = _Parser(
        "chatd", usage=USAGE, description=DESCRIPTION, epilog=EPILOG, formatter_class=_HelpFormatter, allow_abbrev=False
    )
    parser.add_argument("--version", action="version", version=f"chatd {__version__}")
    where = parser.add_argument_group("where it listens, what it is called")
    default = Settings()
    where.add_argument("--host", type=_host, default=default.host, help="address to listen on (default: %(default)s)")
    where.add_argument("--port", type=_port, default=default.port, help="0 picks one (default: %(default)s)")
    where.add_argument(
        "--server-name", type=_server_name, default=default.server_name, metavar="NAME", help="(default: %(default)s)"
    )
    where.add_argument("--room", default=default.room, help="the room that is always there (default: %(default)s)")
    where.add_argument("--motd", metavar="FILE", help="what everybody reads on arrival (UTF-8)")
    cap = parser.add_argument_group("how many it takes")
    more = parser.add_argument_group(
        "the other bounds", f"Everything has one, and here it is. '{NONE}' switches off a time or a rate, by choice."
    )
    for bound in bounds():
        group = cap if bound.name in MAIN_BOUNDS else more
        group.add_argument(
            bound.flag,
            type=_bound_type(bound),
            default=bound.default,
            metavar=bound.unit.upper(),
            help=f"{bound.why} (default: {bound.default:g})".replace("%", "%%"),
        )
    return parser


def _bound_type(bound: Bound) -> Callable[[str], float]:
    def parse(written: str) -> float:
        try:
            return bound.parse(written)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return parse


def _host(written: str) -> str:
    if not written:
        raise argparse.ArgumentTypeError("an empty string is no address; 0.0.0.0 and :: listen on all")
    return written


def _port(written: str) -> int:
    if not (written.isascii() and written.isdigit() and int(written) <= 65535):
        raise argparse.ArgumentTypeError(f"{written!r} is not a port: a whole number from 0 to 65535")
    return int(written)


def _server_name(written: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9.-]{0,62}", written):  # RFC 2812 1.1
        raise argparse.ArgumentTypeError(f"{written!r} is not a name of letters, digits, dots and hyphens, at most 63")
    return written


def settings_of(options: argparse.Namespace, limits: Limits) -> Settings:
    """What the options say that is no bound. Raises ValueError with a sentence for the person who wrote them."""
    if not irc.is_room_name(options.room, limits.room_length):
        rule = f"# and a name, at most {limits.room_length} bytes, no space and no comma"
        raise ValueError(f"argument --room: {options.room!r} is not a room's name: {rule}")
    motd = _read_motd(options.motd, limits) if options.motd else []
    return Settings(options.host, options.port, options.server_name, options.room, motd)


def _read_motd(path: str, limits: Limits) -> list[str]:
    try:
        if not Path(path).is_file():  # a device or a pipe may never end
            os.stat(path)
            raise ValueError(f"argument --motd: {path} is not a file")
        with open(path, "rb") as file:
            data = file.read(limits.motd_lines * (limits.motd_line + 2) + 1)
        lines = data.decode("utf-8-sig").splitlines()
    except OSError as error:
        raise ValueError(f"argument --motd: cannot read {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ValueError(f"argument --motd: {path} is not UTF-8 text") from None
    if len(lines) > limits.motd_lines:
        raise ValueError(f"argument --motd: {path} has more than {limits.motd_lines} lines (--motd-lines)")
    for number, line in enumerate(lines, 1):
        if len(line.encode()) > limits.motd_line:
            raise ValueError(f"argument --motd: line {number} of {path} is over {limits.motd_line} bytes (--motd-line)")
    return lines


def main(argv: Sequence[str] | None = None) -> int:
    """Run the server. Returns the exit code."""
    flags = parser()
    options = flags.parse_args(argv)
    limits = Limits(**{bound.name: getattr(options, bound.name) for bound in bounds()})
    try:
        settings = settings_of(options, limits)
    except ValueError as error:
        flags.error(str(error))
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.INFO, stream=sys.stderr)
    try:
        check_fit(limits, raise_file_limit())
        listeners = listen(settings, limits)
    except DoesNotFitError as error:
        return _cannot_start(str(error))
    except OSError as error:
        return _cannot_start(f"cannot listen on {settings.host}, port {settings.port}: {error.strerror}")
    try:
        trio.run(_serve, settings, limits, listeners)
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    return EXIT_OK


def _cannot_start(why: str) -> int:
    print(f"chatd: {why}", file=sys.stderr)
    return EXIT_CANNOT_START


async def _serve(settings: Settings, limits: Limits, listeners: list[socket.socket]) -> None:
    server = Server(settings, limits, listeners)
    gc.collect()
    gc.freeze()  # what there is now stays; a full collection then looks at clients only
    async with trio.open_nursery() as signals:
        await signals.start(server.stop_on_signals)
        async with trio.open_nursery() as serving:
            await serving.start(server.run)
            _say(f"chatd is ready on {', '.join(map(_address, listeners))}: {_bounds_in_short(limits)}")
        signals.cancel_scope.cancel()
    _say(f"chatd has stopped: {_what_happened(server)}")


def _say(line: str) -> None:
    """A line for whoever started the server, who may have gone."""
    try:
        print(line, flush=True)
    except OSError:
        logging.getLogger("chatd").info(line)


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _bounds_in_short(limits: Limits) -> str:
    seats = count(limits.max_clients, "seat", "seats")
    if not limits.queue:
        return f"{seats}, no waiting line"
    wait = "no timeout" if math.isinf(limits.queue_timeout) else f"at most {duration(limits.queue_timeout)}"
    return f"{seats}, {count(limits.queue, 'place', 'places')} in line ({wait})"


def _what_happened(server: Server) -> str:
    chat = server.house.chat
    statistics = chat.pool.statistics
    closed = ", ".join(f"{times:,} {reason}" for reason, times in chat.closed.most_common()) or "none"
    return (
        f"{statistics.admitted:,} seated, at most {statistics.peak_in_use:,} at once; "
        f"{statistics.queued:,} waited, at most {statistics.peak_waiting:,} at once; "
        f"sent away: {closed}; internal errors: {server.house.faults}"
    )
