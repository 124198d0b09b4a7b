"""chatctl: the operator's command line. It says what one wants over the control socket, and shows the answer."""

import argparse
import io
import json
import os
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NoReturn

from .. import __version__
from ..protocol.safetext import neutralise
from . import place, wire
from .asking import BrokenError, Connection, NoServerError, SeveralServersError, the_only_socket
from .files import abandon_stdout

DONE, REFUSED, USAGE, NO_SERVER, BROKEN = range(5)
INTERRUPTED = 130  # 128 + SIGINT, as shells have it
VARIABLE = "CHATCTL_SOCKET"
TIMEOUT = 10.0  # s; an answer takes milliseconds
VIEWS = ("status", "clients", "queue", "rooms", "limits", "bans")
SORTS = ("outbox", "idle", "age", "messages")
COMMON = ("socket", "port", "json", "timeout", "verb", "once")
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_DURATION = re.compile(r"(\d{1,9}(?:\.\d{1,3})?)([smhdw]?)")

DESCRIPTION = """\
Watch and steer a running chatd, also when all of its seats are taken. It is found
by itself if it is the only one of yours on this machine; else name its port, or the
path of its control socket.
"""

EPILOG = """\
examples:
  chatctl status                          how full it is, and who was sent away
  chatctl top                             the same, live; q leaves
  chatctl limits                          every bound, and how near it is
  chatctl set max-clients 200             more seats; the line moves up at once
  chatctl clients --sort outbox           who reads slowly
  chatctl kick ann too much of a good thing
  chatctl ban 192.0.2.0/24 --for 2h --reason "a flood"
  chatctl mode '#lobby' +m                quote names that begin with #
  chatctl --json clients | jq '.clients[].nick'

environment:
  CHATCTL_SOCKET   the path of the socket, where neither --socket nor --port is given
  XDG_RUNTIME_DIR  the directory in which servers are looked for
  NO_COLOR         no colours

exit codes:
  0  done
  1  the server has refused; its sentence says why
  2  the command line is wrong, or several servers are running and none is named
  3  no server listens there
  4  the server broke off, or is silent, or speaks another version of the protocol;
     or its answer could not be written
"""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """One sentence, and where to read more."""
        self.exit(USAGE, f"chatctl: {message} ({self.prog} --help shows how)\n")


def parser() -> argparse.ArgumentParser:
    """All verbs. The names of a verb's arguments are those of the protocol."""
    shared = _Parser(add_help=False, argument_default=argparse.SUPPRESS, allow_abbrev=False)
    which = shared.add_mutually_exclusive_group()
    which.add_argument("--socket", metavar="PATH", type=Path, help=f"the server's control socket (or {VARIABLE})")
    which.add_argument("--port", type=int, help="the port of the server, whose control socket is in the usual place")
    shared.add_argument("--json", action="store_true", help="the answer as JSON on one line, for programs")
    shared.add_argument("--timeout", metavar="S", type=_duration, help=f"to wait for the answer (default: {TIMEOUT:g})")
    main = _Parser(
        "chatctl", usage="chatctl [options] VERB ...", description=DESCRIPTION, epilog=EPILOG, parents=[shared],
        formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False,
    )  # fmt: skip
    main.add_argument("--version", action="version", version=f"chatctl {__version__}")
    verbs = main.add_subparsers(dest="verb", metavar="VERB", title="verbs", required=True, prog="chatctl")

    def verb(name: str, text: str) -> argparse.ArgumentParser:
        return verbs.add_parser(
            name, help=text, description=f"{text[0].upper()}{text[1:]}.", parents=[shared], allow_abbrev=False,
            argument_default=argparse.SUPPRESS,
        )  # fmt: skip

    verb("status", "the server in short")
    top = verb("top", "the same and more, live; q leaves")
    top.add_argument("--once", action="store_true", help="print one picture, of one second, and leave")
    clients = verb("clients", "who is connected")
    clients.add_argument("find", metavar="TEXT", nargs="?", help="those only whose name or address holds it")
    clients.add_argument("--sort", choices=SORTS, help="those first that have most of it (default: age)")
    verb("queue", "who waits, the next one first")
    verb("rooms", "which rooms there are")
    verb("limits", "every bound: its value, how near it is, how often it was met")
    change = verb("set", "change a bound, until it is reset or the server restarts")
    change.add_argument("name", metavar="NAME", help="such as max-clients; `chatctl limits` lists them")
    change.add_argument("value", metavar="VALUE", help="a number, or 'none' for no bound")
    reset = verb("reset", "give a bound the value back that it has without `set`")
    reset.add_argument("name", metavar="NAME")
    kick = verb("kick", "close a client's connection")
    kick.add_argument("who", metavar="NICK|#NUMBER", help="the # of a number may be left out; shells want it quoted")
    kick.add_argument("reason", metavar="REASON", nargs="*")
    ban = verb("ban", "let nobody in from an address or a network, and close those from there")
    ban.add_argument("network", metavar="NETWORK", help="such as 192.0.2.7, 192.0.2.0/24 or 2001:db8::/64")
    ban.add_argument("--for", dest="seconds", metavar="TIME", type=_duration, help="such as 90s, 30m, 2h, 7d")
    ban.add_argument("--reason", metavar="TEXT", help="what those are told whom it concerns")
    unban = verb("unban", "lift a ban")
    unban.add_argument("network", metavar="NETWORK")
    verb("bans", "who is banned")
    say = verb("say", "tell everybody something, from the server")
    say.add_argument("text", metavar="TEXT", nargs="+")
    verb("pause", "seat nobody until `resume`; whoever comes waits in line")
    verb("resume", "end a pause")
    verb("drain", "tell everybody, and end the server")
    verb("reload", "read the configuration file again")
    mode = verb("mode", "change the modes of a room; options of chatctl stand before it")
    mode.add_argument("room", metavar="ROOM", help="quoted: '#lobby'")
    mode.add_argument("changes", metavar="MODES", nargs=argparse.REMAINDER, help="such as +mt, or -l+k WORD")
    return main


def _duration(written: str) -> float:
    found = _DURATION.fullmatch(written)
    if found is None or not float(found[1]):
        raise argparse.ArgumentTypeError(f"{neutralise(written)!r} is no time such as 90s, 30m, 2h or 7d")
    return float(found[1]) * _SECONDS[found[2]]


def main(argv: Sequence[str] | None = None) -> int:
    """Ask, and show the answer. Returns the exit code."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a nickname is not to fail for want of a character
    flags = parser()
    options = vars(flags.parse_args(argv))
    if options.get("changes") == []:
        flags.error("mode needs MODES, such as +mt")
    if sys.stdout is None:
        return _fail(BROKEN, "cannot write the answer: standard output is closed")
    try:
        _run(options)
        sys.stdout.flush()
    except OSError as error:
        abandon_stdout()
        if not isinstance(error, BrokenPipeError):  # then whoever reads has seen enough
            return _fail(BROKEN, f"cannot write the answer: {error.strerror}")
    except KeyboardInterrupt:
        return INTERRUPTED
    except wire.RefusedError as refused:
        return _fail(REFUSED, str(refused))
    except (_UsageError, SeveralServersError) as error:
        return _fail(USAGE, str(error))
    except (NoServerError, place.PlaceError) as error:
        return _fail(NO_SERVER, str(error))
    except BrokenError as error:
        return _fail(BROKEN, str(error))
    return DONE


class _UsageError(Exception):
    pass


def _fail(code: int, sentence: str) -> int:
    sys.stderr.write(f"chatctl: {neutralise(sentence)}\n")
    return code


def _run(options: wire.Object) -> None:
    verb, as_json = options["verb"], "json" in options
    arguments = {name: value for name, value in options.items() if name not in COMMON}
    for name in ("reason", "text"):
        if isinstance(arguments.get(name), list):
            arguments[name] = " ".join(arguments[name])
    arguments = {name: value for name, value in arguments.items() if value != ""}
    if verb == "top":
        _check_top(as_json, "once" in options)
    if not as_json and (verb == "top" or verb in VIEWS):
        _need_rich()
    with Connection(_socket(options), options.get("timeout", TIMEOUT)) as connection:
        if verb == "top":
            from . import top

            (top.once if "once" in options else top.run)(connection)
            return
        result = connection.ask(verb, **arguments)
    if as_json:
        sys.stdout.write(f"{json.dumps(result)}\n")
        return
    try:
        _show(verb, result)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise BrokenError(f"the server's answer is not understood: {error!r}; is it another version's?") from error


def _show(verb: str, result: wire.Object) -> None:
    if verb in VIEWS:
        from . import tables

        tables.show(verb, result, sys.stdout)
    else:
        sys.stdout.writelines(f"{neutralise(line)}\n" for line in _lines(result))


def _socket(options: wire.Object) -> Path:
    if "socket" in options:
        return Path(options["socket"])
    if "port" in options:
        return place.usual_path(options["port"])
    if written := os.environ.get(VARIABLE):
        return Path(written)
    return the_only_socket()


def _check_top(as_json: bool, once: bool) -> None:
    if as_json:
        raise _UsageError("top is for people; programs ask for `status` and `limits`")
    if not once and not (sys.stdin.isatty() and sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"):
        raise _UsageError("top needs a terminal; `chatctl top --once` prints one picture")


def _need_rich() -> None:
    try:
        import rich  # noqa: F401
    except ImportError:
        raise _UsageError("tables need rich (pip install 'chatd[ops]'); --json works without it") from None


def _lines(result: wire.Object) -> Iterator[str]:
    """What was done, and what followed from it."""
    yield result["done"]
    for each in result.get("changed", []):
        yield f"  {each['name']}: {each['old']} -> {each['new']}"
    for what, said in (("kept", "kept, as it was set by hand"), ("restart", "needs a restart")):
        if result.get(what):
            yield f"  {said}: {', '.join(result[what])}"
    for sentence in result.get("follows", []):
        yield f"  {sentence}"


if __name__ == "__main__":
    sys.exit(main())
