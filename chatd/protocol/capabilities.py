"""What a client may have the server add to IRC: IRCv3 capabilities, a row each.

Those that alter the lines that many read are bits of a reader's form (`event`); all others matter only to whoever asks
with a command, or when something rare happens, and are looked up then. None has a value in `CAP LS 302`.
"""

from typing import NamedTuple

from .event import Form

AWAY_NOTIFY = "away-notify"
BATCH = "batch"
CAP_NOTIFY = "cap-notify"
CHATHISTORY = "draft/chathistory"
ECHO_MESSAGE = "echo-message"
EXTENDED_JOIN = "extended-join"
EXTENDED_MONITOR = "extended-monitor"
INVITE_NOTIFY = "invite-notify"
LABELED_RESPONSE = "labeled-response"
MESSAGE_TAGS = "message-tags"
MULTI_PREFIX = "multi-prefix"
SERVER_TIME = "server-time"
SETNAME = "setname"
STANDARD_REPLIES = "standard-replies"
USERHOST_IN_NAMES = "userhost-in-names"


class Capability(NamedTuple):
    """`summary`: what one reads with it. `alters`: of lines that many read. `page`: of its specification, if it is not
    called so."""

    summary: str
    alters: Form = Form.IRC
    page: str = ""


CAPABILITIES = {
    AWAY_NOTIFY: Capability("who of one's rooms goes away, and comes back"),
    BATCH: Capability("which lines belong together"),
    CAP_NOTIFY: Capability("what is offered no more, or now; here that never changes", page="capability-negotiation"),
    CHATHISTORY: Capability("what was said before, when one asks, instead of unasked", page="chathistory"),
    ECHO_MESSAGE: Capability("what one says oneself, as others read it"),
    EXTENDED_JOIN: Capability("the real name of who comes in", Form.EXTENDED_JOIN),
    EXTENDED_MONITOR: Capability("of who is monitored, too, what away-notify and setname tell of one's rooms"),
    INVITE_NOTIFY: Capability("whom others invite"),
    LABELED_RESPONSE: Capability("which line of one's own is answered; needs batch"),
    MESSAGE_TAGS: Capability("all tags there are, msgid among them; and one may send some", Form.MESSAGE_TAGS),
    MULTI_PREFIX: Capability("all flags of a member, not the highest only"),
    SERVER_TIME: Capability("when it was", Form.SERVER_TIME),
    SETNAME: Capability("who takes another real name"),
    STANDARD_REPLIES: Capability("one's place in line, and why one is closed, as a program reads it"),
    USERHOST_IN_NAMES: Capability("where they are who are in a room"),
}


def form_of(caps: frozenset[str]) -> int:
    """How lines are written for an IRC client that has switched these on."""
    return sum(CAPABILITIES[name].alters for name in caps)
