"""What a client may have the server add to IRC: IRCv3 capabilities, a row each.

Those that alter the lines that many read are bits of a reader's form (`event`); all others matter only to whoever asks
with a command, or when something rare happens, and are looked up then. None has a value in `CAP LS 302`.
"""

from .event import Form

AWAY_NOTIFY = "away-notify"
BATCH = "batch"
CAP_NOTIFY = "cap-notify"
CHATHISTORY = "draft/chathistory"
ECHO_MESSAGE = "echo-message"
EXTENDED_JOIN = "extended-join"
INVITE_NOTIFY = "invite-notify"
LABELED_RESPONSE = "labeled-response"
MESSAGE_TAGS = "message-tags"
MULTI_PREFIX = "multi-prefix"
SERVER_TIME = "server-time"
SETNAME = "setname"
STANDARD_REPLIES = "standard-replies"
USERHOST_IN_NAMES = "userhost-in-names"

# What each alters of the lines that many read. Their sources are the IRCv3 specifications of their names, and
# "capability negotiation" of cap-notify.
CAPABILITIES = {
    AWAY_NOTIFY: Form.IRC,  # to read who of one's rooms goes away, and comes back
    BATCH: Form.IRC,  # to read which lines belong together
    CAP_NOTIFY: Form.IRC,  # to read what is offered no more, or now; here that never changes
    CHATHISTORY: Form.IRC,  # to ask for what was said before, instead of being shown it
    ECHO_MESSAGE: Form.IRC,  # to read what one says as others read it
    EXTENDED_JOIN: Form.EXTENDED_JOIN,  # to read the real name of who comes in
    INVITE_NOTIFY: Form.IRC,  # to read whom others invite
    LABELED_RESPONSE: Form.IRC,  # to read which line of one's own is answered; needs batch
    MESSAGE_TAGS: Form.MESSAGE_TAGS,  # to read all tags there are, msgid among them, and to pass some on
    MULTI_PREFIX: Form.IRC,  # to read all flags of a member, not the highest only
    SERVER_TIME: Form.SERVER_TIME,  # to read when it was
    SETNAME: Form.IRC,  # to read who takes another real name
    STANDARD_REPLIES: Form.IRC,  # to read one's place in line, and why one is closed, as a program
    USERHOST_IN_NAMES: Form.IRC,  # to read where they are who are in a room
}


def form_of(caps: frozenset[str]) -> int:
    """How lines are written for an IRC client that has switched these on."""
    return sum(CAPABILITIES[name] for name in caps)
