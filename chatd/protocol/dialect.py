"""How a client speaks. One port serves all: the first line decides, once.

`irc` if it is a command that IRC clients begin with, in upper case and with parameters of the right shape, so that a
person who types "NICK is my name" is a person. Requests of other protocols are recognised to be sent away with a
sentence instead of being posted to the room. Anything else is `plain`.
"""

import re
from enum import Enum


class Dialect(Enum):
    IRC = "irc"
    PLAIN = "plain"
    HTTP = "HTTP"
    SSH = "SSH"
    TLS = "TLS"

    @property
    def foreign(self) -> bool:
        """Whether it is another protocol altogether."""
        return self not in (Dialect.IRC, Dialect.PLAIN)


# RFC 1459 4.1 and IRCv3 capability negotiation; `JOIN :` is irssi's probe, sent before it registers. A password may
# hold spaces, and is not to be taken for something said; nor is that of a web gateway (IRCv3 WebIRC), which is unknown.
_IRC = re.compile(
    rb"CAP [A-Z]+(?: .*)?|NICK :?[^ ]+|USER [^ ]+ [^ ]+ [^ ]+ (?::.*|[^ ]+)|PASS .+|PING :?[^ ]+"
    rb"|QUIT(?: :.*)?|JOIN :|WEBIRC .+",
    re.DOTALL,
)
_HTTP = re.compile(rb"[A-Z]+ (?:/[^ ]*|\*|[^ ]+:[^ ]*) HTTP/\d", re.DOTALL)  # RFC 9112 section 3
_SSH = b"SSH-"  # RFC 4253 section 4.2
TLS_HELLO = b"\x16\x03"  # RFC 8446 section 5.1: a record of type handshake, version 3.x


def decide(first_line: bytes) -> Dialect:
    """The dialect of a client whose first line this is (line end, or nothing, behind it)."""
    if first_line.startswith(TLS_HELLO):
        return Dialect.TLS
    line = first_line.rstrip(b"\r\n ")
    if _IRC.fullmatch(line):
        return Dialect.IRC
    if _HTTP.match(line):
        return Dialect.HTTP
    if line.startswith(_SSH):
        return Dialect.SSH
    return Dialect.PLAIN
