"""Where values come from: command line, environment, file, default. They become Limits and Settings, each once.

What stands first in that order counts. The origin of each value is kept, so that `--limits` can show it, and so that
re-reading the file changes what came from there and nothing else.
"""

import difflib
import os
import re
import stat
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from .bounds import NONE, Bound
from .hosts import Network, network
from .limits import Limits, bounds
from .ops.log import FORMATS
from .protocol import irc
from .settings import Settings

CONFIG_VARIABLE = "CHATD_CONFIG"
PASSWORD_BYTES = 290  # a PASS line (RFC 2812 2.3) has room for more, a plain client's line has not
MOST_WRITTEN = 10**20  # of a number in a file; beyond it Python may refuse to write it out
FILE_BYTES = 1 << 20  # of a configuration file; one that sets everything has 10 KB


class ConfigError(ValueError):
    """Something that was written is wrong; the message says where, what, and what would be right."""


class Choice(NamedTuple):
    """A setting: `parse` makes its value of what was written, and raises ValueError with a sentence."""

    name: str
    metavar: str
    help: str
    parse: Callable[[Limits, str], Any]
    live: bool = False
    field: str = ""  # of Settings, where it is called otherwise

    @property
    def key(self) -> str:
        return self.name.replace("_", "-")

    @property
    def flag(self) -> str:
        return "--" + self.key

    @property
    def variable(self) -> str:
        return "CHATD_" + self.name.upper()


def _host(limits: Limits, written: str) -> str:
    if not written:
        raise ValueError("an empty string is no address; 0.0.0.0 and :: listen on all")
    return written


def _port(limits: Limits, written: str) -> int:
    if not (written.isascii() and written.isdigit() and len(written) <= 5 and int(written) <= 65535):
        raise ValueError(f"{written!r} is not a port: a whole number from 0 to 65535")
    return int(written)


def _server_name(limits: Limits, written: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9.-]{0,62}", written):  # RFC 2812 1.1
        raise ValueError(f"{written!r} is not a name of letters, digits, dots and hyphens, at most 63")
    return written


def _room(limits: Limits, written: str) -> str:
    if not irc.is_room_name(written, limits.room_length):
        rule = f"# and a name, at most {limits.room_length} bytes, no space and no comma"
        raise ValueError(f"{written!r} is not a room's name: {rule}")
    return written


def _motd(limits: Limits, path: str) -> list[str]:
    most = limits.motd_lines * (limits.motd_line + 2)
    data = _read(path, most + 1)
    try:  # what was cut off here, maybe inside a character, is over one of the bounds anyway
        lines = data.decode("utf-8-sig", "ignore" if len(data) > most else "strict").splitlines()
    except UnicodeDecodeError:
        raise ValueError(f"{path} is not UTF-8 text") from None
    if len(lines) > limits.motd_lines:
        raise ValueError(f"{path} has more than {limits.motd_lines} lines (--motd-lines)")
    for number, line in enumerate(lines, 1):
        if len(line.encode()) > limits.motd_line:
            raise ValueError(f"line {number} of {path} is over {limits.motd_line} bytes (--motd-line)")
    return lines


def _password(limits: Limits, path: str) -> bytes:
    first, _, rest = _read(path, PASSWORD_BYTES + 3).partition(b"\n")
    password = first.removesuffix(b"\r")
    if not password:
        raise ValueError(f"{path} has no password in its first line")
    most = min(PASSWORD_BYTES, limits.plain_line - len("/pass "))
    if rest.strip() or len(password) > most:
        raise ValueError(f"{path} is to hold one line, the password, of at most {most} bytes (plain-line)")
    try:
        text = password.decode()
    except UnicodeDecodeError:
        raise ValueError(f"{path} is not UTF-8 text") from None
    if not text.isprintable() or text != text.strip():
        why = "a control character, or a space at an end"
        raise ValueError(f"{path} holds a password that not every client can send: {why}")
    if os.stat(path).st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise ValueError(f"{path} may be read by others than its owner; chmod 600 it")
    return password


def _exempt(limits: Limits, written: str) -> tuple[Network, ...]:
    return tuple(network(word.strip()) for word in written.split(",") if word.strip())


def _control(limits: Limits, written: str) -> str:
    return "" if written == NONE else os.path.expanduser(written)


def _metrics(limits: Limits, written: str) -> tuple[str, int] | None:
    if written == NONE:
        return None
    host, colon, port = written.rpartition(":")
    if not (colon and host):
        raise ValueError(f"{written!r} is no address and port, such as 127.0.0.1:9667")
    return host.removeprefix("[").removesuffix("]"), _port(limits, port)


def _log_format(limits: Limits, written: str) -> str:
    if written not in FORMATS:
        raise ValueError(f"{written!r} is not one of {', '.join(FORMATS)}")
    return written


def _read(path: str, most: int) -> bytes:
    try:
        if not Path(path).is_file():  # a device or a pipe may never end
            os.stat(path)
            raise ValueError(f"{path} is not a file")
        with open(path, "rb") as file:
            return file.read(most)
    except OSError as error:
        raise ValueError(f"cannot read {path}: {error.strerror}") from None


EXEMPT_HELP = "hosts that are not limited: 10.0.0.0/8,2001:db8::/32; loopback is not, if nothing else is listened on"

CHOICES = (
    Choice("host", "HOST", "address to listen on; default 127.0.0.1", _host),
    Choice("port", "PORT", "0 picks one; default 6667", _port),
    Choice("server_name", "NAME", "default chatd.local", _server_name),
    Choice("room", "ROOM", "the room that is always there; default #lobby", _room),
    Choice("motd", "FILE", "what everybody reads on arrival (UTF-8)", _motd, live=True),
    Choice("password_file", "FILE", "its line is the password of this chat (chmod 600)", _password, True, "password"),
    Choice("exempt", "NETWORKS", EXEMPT_HELP, _exempt, live=True),
    Choice("control", "PATH", f"socket for chatctl, '{NONE}' for none (usual: in XDG_RUNTIME_DIR)", _control),
    Choice("metrics", "HOST:PORT", "serve Prometheus metrics there (extra: ops)", _metrics),
    Choice("log_format", "FORMAT", "auto (text on a terminal, else JSON), text or json", _log_format),
)


@dataclass(slots=True)
class Configuration:
    """What holds. `origins` tells of each key where its value came from."""

    limits: Limits
    settings: Settings
    origins: dict[str, str]


class Written(NamedTuple):
    text: str
    where: str


class Sources(NamedTuple):
    """What was written, by key: on the command line, in the environment, in the file of that name."""

    flags: Mapping[str, str]
    environment: Mapping[str, str]
    file: str | None

    def load(self) -> Configuration:
        """Read the file, if there is one, and put everything together. Raises ConfigError."""
        limits = Limits()
        origins: dict[str, str] = {}
        in_file = _read_file(self.file) if self.file else {"limits": {}, "server": {}}
        for bound in bounds():
            if found := self._written(bound, in_file["limits"], "limits"):
                setattr(limits, bound.name, _parsed(found.where, bound.parse, found.text))
                origins[bound.key] = found.where
        settings = Settings()
        for choice in CHOICES:
            if found := self._written(choice, in_file["server"], "server"):
                value = _parsed(found.where, partial(choice.parse, limits), found.text)
                setattr(settings, choice.field or choice.name, value)
                origins[choice.key] = found.where
        return Configuration(limits, settings, origins)

    def _written(self, one: Bound | Choice, in_file: Mapping[str, str], section: str) -> Written | None:
        """What was written for it and counts."""
        for text, where in (
            (self.flags.get(one.name), f"argument {one.flag}"),
            (self.environment.get(one.variable), f"environment {one.variable}"),
            (in_file.get(one.key), f"{self.file} [{section}] {one.key}"),
        ):
            if text is not None:
                return Written(text, where)
        return None


def _parsed(where: str, parse: Callable[[str], Any], text: str) -> Any:
    try:
        return parse(text)
    except ValueError as error:
        raise ConfigError(f"{where}: {error}") from None


def _read_file(path: str) -> dict[str, dict[str, str]]:
    try:
        data = _read(path, FILE_BYTES + 1)
    except ValueError as error:
        raise ConfigError(str(error)) from None
    if len(data) > FILE_BYTES:
        raise ConfigError(f"{path} has more than {FILE_BYTES:,} bytes")
    try:
        content = tomllib.loads(data.decode())
    except UnicodeDecodeError:
        raise ConfigError(f"{path} is not UTF-8 text") from None
    except (ValueError, RecursionError) as error:  # also for thousands of digits, and of brackets
        raise ConfigError(f"{path} is not TOML: {error}") from None
    known = {"limits": [bound.key for bound in bounds()], "server": [choice.key for choice in CHOICES]}
    written: dict[str, dict[str, str]] = {section: {} for section in known}
    for section, entries in content.items():
        if section not in known:
            raise ConfigError(f"{path}: {_unknown(section, 'section', known)}; there are [limits] and [server]")
        if not isinstance(entries, dict):
            raise ConfigError(f"{path}: {section} is a section, written [{section}], and not a value")
        for key, value in entries.items():
            if key not in known[section]:
                raise ConfigError(f"{path} [{section}]: {_unknown(key, 'key', known[section])}")
            written[section][key] = _as_written(value, f"{path} [{section}] {key}")
    return written


def _as_written(value: object, where: str) -> str:
    if isinstance(value, int) and abs(value) > MOST_WRITTEN:
        raise ConfigError(f"{where}: the number is too large")
    if isinstance(value, list) and where.endswith(" exempt") and all(isinstance(item, str) for item in value):
        return ",".join(value)
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        return str(value)
    raise ConfigError(f"{where}: {value!r} is no number and no string")


def _unknown(word: str, what: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(word, list(known), 1)
    return f"there is no {what} {word!r}" + (f"; did you mean {close[0]!r}?" if close else "")


def unknown_variables(environment: Mapping[str, str]) -> list[str]:
    """A sentence for each variable that looks like ours and is not. They may be another program's, so no error."""
    known = {bound.variable for bound in bounds()} | {choice.variable for choice in CHOICES} | {CONFIG_VARIABLE}
    return [
        f"environment: {_unknown(name, 'variable', known)}"
        for name in sorted(environment)
        if name.startswith("CHATD_") and name not in known
    ]


def changes(old: Configuration, new: Configuration) -> tuple[list[str], list[str]]:
    """The keys of settings that differ: those that can change while the server runs, and those that cannot."""
    live: list[str] = []
    fixed: list[str] = []
    for choice in CHOICES:
        name = choice.field or choice.name
        if getattr(old.settings, name) != getattr(new.settings, name):
            (live if choice.live else fixed).append(choice.key)
    return live, fixed
