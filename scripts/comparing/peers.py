"""Why: which servers there are, how each is found and started, and with its limits raised, stands in one table.

Flood protection, look-ups and limits per host are off everywhere, since the load comes from one host and is meant.
"""

import grp
import os
import platform
import pwd
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from .dialects import IRC, LINES, REDIS, Dialect

NAIVE = Path(__file__).resolve().parent.parent / "naive"
WHERE = os.pathsep.join([os.environ.get("PATH", ""), str(Path(sys.executable).parent), "/usr/sbin", "/usr/local/sbin"])
NOT_ROOT = 65534 if os.geteuid() == 0 else None  # nobody, for the server that will not run as root
PATIENCE = 5  # s; for a program to tell its version


@dataclass(frozen=True)
class Setting:
    """In which a server is started."""

    folder: Path  # its own, to be removed afterwards
    port: int
    cap: int  # so many clients
    program: str

    def write(self, text: str) -> str:
        """A configuration file; its path."""
        path = self.folder / "conf"
        path.write_text(text, encoding="utf-8")
        return str(path)


@dataclass(frozen=True)
class Peer:
    """A server that can be measured."""

    name: str
    title: str  # for people
    dialect: Dialect
    program: str
    get: str  # how to come by it
    command: Callable[[Setting], list[str]]
    versions: Callable[[str], str]
    at_a_time: int = 64  # that many may be on their way in: its backlog, or what it takes at once
    most: int | None = None  # clients that it can have at all
    user: int | None = None  # to be run as

    def found(self) -> str:
        """The path of the program; empty if it is not installed."""
        return shutil.which(self.program, path=WHERE) or ""

    def version(self) -> str:
        """As the program tells it."""
        return self.versions(self.found())


def _told(flag: str, user: int | None = None) -> Callable[[str], str]:
    """The first thing in what the program says that looks like a version."""

    def ask(program: str) -> str:
        try:
            done = subprocess.run(
                [program, flag], capture_output=True, text=True, timeout=PATIENCE, check=False, user=user, group=user
            )
        except (OSError, subprocess.TimeoutExpired):
            return "of unknown version"
        number = re.search(r"\d+(\.\d+)+", done.stdout + done.stderr)
        return number[0] if number else "of unknown version"

    return ask


def _chatd(setting: Setting) -> list[str]:
    limits = ["--max-clients", str(setting.cap), "--queue", "1", "--message-rate", "none"]
    return [setting.program, "-m", "chatd", "--port", str(setting.port), "--control", "none", *limits]


def _naive(name: str) -> Callable[[Setting], list[str]]:
    return lambda setting: [setting.program, str(NAIVE / name), str(setting.port)]


def _ngircd(setting: Setting) -> list[str]:
    user, group = pwd.getpwuid(os.geteuid()).pw_name, grp.getgrgid(os.getegid()).gr_name
    conf = setting.write(
        f"""\
[Global]
Name = irc.compare.local
Info = compare
Listen = 127.0.0.1
Ports = {setting.port}
ServerUID = {user}
ServerGID = {group}
MotdPhrase = hello
PidFile = {setting.folder}/pid
[Limits]
MaxConnections = {setting.cap}
MaxConnectionsIP = 0
MaxPenaltyTime = 0
PingTimeout = 3600
[Options]
DNS = no
Ident = no
PAM = no
"""
    )
    return [setting.program, "--nodaemon", "--config", conf]


def _inspircd(setting: Setting) -> list[str]:
    (setting.folder / "motd").write_text("hello\n")
    conf = setting.write(
        f"""\
<server name="irc.compare.local" description="compare" network="compare" id="00A">
<admin name="x" nick="x" email="x@localhost">
<bind address="127.0.0.1" port="{setting.port}" type="clients">
<connect name="all" allow="*" timeout="60" pingfreq="3600" softsendq="16M" hardsendq="64M" recvq="64K"
 threshold="1000000" commandrate="100000000" fakelag="no" localmax="100000" globalmax="100000" limit="100000"
 resolvehostnames="no" useconnectban="no">
<performance somaxconn="4096" softlimit="{setting.cap}" clonesonconnect="no" quietbursts="yes">
<files motd="{setting.folder}/motd">
<path configdir="{setting.folder}" datadir="{setting.folder}" logdir="{setting.folder}" runtimedir="{setting.folder}">
<pid file="{setting.folder}/pid">
<log method="file" type="* -USERINPUT -USEROUTPUT" level="default" target="{setting.folder}/log">
"""
    )
    as_root = ["--runasroot"] if os.geteuid() == 0 else []
    return [setting.program, "--nofork", "--config", conf, *as_root]


def _hybrid(setting: Setting) -> list[str]:
    conf = setting.write(
        f"""\
serverinfo {{ name = "irc.compare.local"; sid = "0AA"; description = "compare"; network_name = "compare";
 default_max_clients = {setting.cap}; max_nick_length = 15; }};
admin {{ name = "x"; email = "x@localhost"; }};
class {{ name = "users"; ping_time = 1 hour; number_per_ip_local = 100000; number_per_ip_global = 100000;
 max_number = 100000; sendq = 60 megabytes; recvq = 8000 bytes; }};
listen {{ host = "127.0.0.1"; port = {setting.port}; }};
auth {{ user = "*@*"; class = "users"; flags = no_tilde, kline_exempt, xline_exempt, resv_exempt, can_flood; }};
channel {{ max_channels = 25; default_join_flood_count = 0; default_join_flood_time = 0; }};
general {{ disable_auth = yes; throttle_count = 1000000; throttle_time = 1 second; default_floodcount = 0;
 max_accept = 50; anti_nick_flood = no; ping_cookie = no; pace_wait = 0; pace_wait_simple = 0; }};
log {{ use_logging = no; }};
"""
    )
    files = [f"-{name}file={setting.folder}/{name}" for name in ("log", "pid", "kline")]
    words = [word for each in files for word in each.split("=", 1)]
    return [setting.program, "-foreground", "-configfile", conf, *words]


def _miniircd(setting: Setting) -> list[str]:
    as_root = ["--setuid", "root"] if os.geteuid() == 0 else []
    return [setting.program, "--listen", "127.0.0.1", "--ports", str(setting.port), *as_root]


def _redis(setting: Setting) -> list[str]:
    options = {
        "port": setting.port,
        "bind": "127.0.0.1",
        "dir": setting.folder,
        "save": "",
        "appendonly": "no",
        "maxclients": setting.cap,
        "tcp-backlog": 4096,
        "client-output-buffer-limit": "pubsub 0 0 0",
    }
    words = [[f"--{name}", *(str(value).split() or [""])] for name, value in options.items()]
    return [setting.program, *(word for option in words for word in option)]


PEERS = (
    Peer(
        "chatd", "chatd", IRC, sys.executable, "scripts/run", _chatd,
        lambda _: f"{version('chatd')}, trio {version('trio')}, Python {platform.python_version()}",
    ),
    Peer("ngircd", "ngircd", IRC, "ngircd", "apt-get install ngircd", _ngircd, _told("--version"), at_a_time=8),
    Peer(
        "inspircd", "InspIRCd", IRC, "inspircd", "apt-get install inspircd (not beside ircd-hybrid)", _inspircd,
        _told("--version"), at_a_time=1000,
    ),
    Peer(
        "hybrid", "ircd-hybrid", IRC, "ircd-hybrid", "apt-get install ircd-hybrid (not beside inspircd)", _hybrid,
        _told("-version", NOT_ROOT), user=NOT_ROOT,
    ),
    Peer(
        "miniircd", "miniircd", IRC, "miniircd", "pip install miniircd", _miniircd, _told("--version"), at_a_time=4,
        most=900,
    ),
    Peer("redis", "Redis pub/sub", REDIS, "redis-server", "apt-get install redis-server", _redis, _told("--version")),
    Peer(
        "naive-trio", "naive, on trio", LINES, sys.executable, "it is here", _naive("naive_trio.py"),
        lambda _: f"trio {version('trio')}",
    ),
    Peer("naive-asyncio", "naive, on asyncio", LINES, sys.executable, "it is here", _naive("naive_asyncio.py"),
         lambda _: f"Python {platform.python_version()}"),
)  # fmt: skip
