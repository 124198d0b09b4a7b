"""The command line: flags for every bound and every setting, and errors as one sentence and an exit code."""

import argparse
import gc
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn

import trio

from . import __version__, process
from .bounds import NONE
from .config import CHOICES, CONFIG_VARIABLE, ConfigError, Configuration, Sources, unknown_variables
from .limits import Limits
from .ops import advising, listing, memory
from .ops.files import DoesNotFitError, abandon_stdout, check_fit, fit, raise_file_limit
from .ops.probe import ProbeError
from .server import listen

EXIT_OK, EXIT_CANNOT_START, EXIT_USAGE = 0, 1, 2
EXIT_INTERRUPTED = 130  # 128 + SIGINT, as shells have it

USAGE = "chatd [--config FILE] [--host HOST] [--port PORT] [--max-clients N] [--queue N] [other flags, see below]"

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
  chatd --limits                       every bound, its value, where that came from, and
                                       how much memory they allow
  chatd --advise                       how many clients this machine carries: it measures
                                       what one costs, in some seconds, and shows the sum
  chatctl status                       see how full a running one is; chatctl --help

Every flag may be written into a file for --config instead, which is read again at
SIGHUP, or into the environment; what stands first in this list counts:
  --max-clients 200                    on the command line
  CHATD_MAX_CLIENTS=200                in the environment
  [limits]                             in the file, which is TOML;
  max-clients = 200                    --host, --motd and the like stand in [server]

exit codes:
  0  stopped by SIGTERM or SIGINT (a first one tells everybody; a second one ends at once)
  1  could not start: the port is taken or not permitted, or the bounds need more open
     files than the process may have; or --advise could not measure
  2  the command line, the environment or the file is wrong, or a file that they name
     cannot be read
"""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """One sentence. The usage, with all its flags, would hide it."""
        self.exit(EXIT_USAGE, f"{self.prog}: error: {message} (chatd --help shows all flags)\n")


class _HelpFormatter(argparse.RawDescriptionHelpFormatter):
    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=30)


def parser() -> argparse.ArgumentParser:
    """All flags. What is written is parsed later, like what stands in the file and in the environment."""
    parser = _Parser(
        "chatd",
        usage=USAGE,
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=_HelpFormatter,
        allow_abbrev=False,
        argument_default=argparse.SUPPRESS,
    )
    parser.add_argument("--version", action="version", version=f"chatd {__version__}")
    parser.add_argument("--config", metavar="FILE", help=f"read settings and bounds from there (or {CONFIG_VARIABLE})")
    parser.add_argument("--limits", action="store_true", help="show every bound, and the memory they allow; then end")
    parser.add_argument("--fit", action="store_true", help="lower --max-clients to what fits into the open files")
    advice = parser.add_argument_group("advice: how many clients this machine carries")
    advice.add_argument("--advise", action="store_true", help="measure what one costs, show the sum, then end")
    for option in advising.OPTIONS:
        advice.add_argument(option.flag, metavar=option.metavar, help=option.help)
    where = parser.add_argument_group("where it listens, what it is called, who may come in")
    for choice in CHOICES:
        where.add_argument(choice.flag, metavar=choice.metavar, help=choice.help)
    for title, rows in listing.sections():
        group = parser.add_argument_group(f"bounds: {title[0].lower()}{title[1:]}")
        for bound in rows:
            none = f" '{NONE}' for no bound." if bound.may_be_none else ""
            text = f"{bound.why} {bound.at}{none} (default: {bound.shown_default})".replace("%", "%%")
            group.add_argument(bound.flag, metavar=bound.unit.upper(), help=text)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the server. Returns the exit code."""
    flags = parser()
    options = vars(flags.parse_args(argv))
    sources = Sources(options, os.environ, options.get("config", os.environ.get(CONFIG_VARIABLE)))
    try:
        configuration = sources.load()
    except ConfigError as error:
        flags.error(str(error))
    for sentence in unknown_variables(os.environ):
        _warn(sentence)
    for option in advising.OPTIONS:
        if option.name in options and "advise" not in options:
            flags.error(f"argument {option.flag}: it is asked of --advise, and that is not given")
    if "limits" in options:
        return _show_limits(configuration)
    if "advise" in options:
        return _advise(configuration.limits, options, flags)
    return _run(configuration, sources, "fit" in options)


def _show_limits(configuration: Configuration) -> int:
    with _to_stdout():
        listing.show(configuration.limits, configuration.origins, memory.in_use(), sys.stdout)
    return EXIT_OK


def _advise(limits: Limits, options: dict[str, Any], flags: argparse.ArgumentParser) -> int:
    beside = {"advise", "max_clients", *(option.name for option in advising.OPTIONS)}
    command = ["chatd"]
    for name, value in options.items():
        if name not in beside:
            command += [f"--{name.replace('_', '-')}", *([value] if isinstance(value, str) else [])]
    try:
        wished = advising.wishes(options, limits)
        with _to_stdout():
            advising.run(limits, wished, command, sys.stdout)
    except advising.WrongError as error:
        flags.error(str(error))
    except ProbeError as error:
        return _cannot_start(str(error))
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    return EXIT_OK


@contextmanager
def _to_stdout() -> Iterator[None]:
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:  # whoever reads has seen enough
        abandon_stdout()


def _run(configuration: Configuration, sources: Sources, lower: bool) -> int:
    limits, settings = configuration.limits, configuration.settings
    files = raise_file_limit()

    def load_again() -> Configuration:
        again = sources.load()
        if lower:
            fit(again.limits, files)
        return again

    try:
        _fit(limits, files, lower)
        listeners = listen(settings, limits)
    except DoesNotFitError as error:
        return _cannot_start(str(error))
    except OSError as error:
        return _cannot_start(f"cannot listen on {settings.host}, port {settings.port}: {error.strerror}")
    gc.collect()
    gc.freeze()  # what there is now stays; a full collection then looks at clients only
    try:
        trio.run(process.serve, configuration, load_again, listeners)
    except process.CannotStartError as error:
        return _cannot_start(str(error))
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    return EXIT_OK


def _fit(limits: Limits, files: int, lower: bool) -> None:
    """Raises DoesNotFitError."""
    if lower and (lowered := fit(limits, files)):
        _warn(lowered)
    check_fit(limits, files)
    for sentence in memory.warnings(limits, memory.in_use()):
        _warn(sentence)


def _warn(sentence: str) -> None:
    print(f"chatd: {sentence}", file=sys.stderr)


def _cannot_start(why: str) -> int:
    _warn(why)
    return EXIT_CANNOT_START
