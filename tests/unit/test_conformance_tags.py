"""Tags on messages, and what they are bound by (IRCv3). Each case names its source.

ann has all capabilities with tags, bob the tags and no echo, cid the time and dan none of them; all are in #a.
"""

import pytest
from chat_harness import MSGID, World
from conformance import Case, case, play

from chatd.chat import Chat
from chatd.limits import Limits
from chatd.protocol.event import server_time
from chatd.protocol.framing import Flaw
from chatd.protocol.intake import Intake
from chatd.settings import Settings

CAPS = {"ann": "message-tags echo-message", "bob": "message-tags", "cid": "server-time", "dan": ""}
ANN, BOB = (f":{nick}!{nick}@127.0.0.1" for nick in ("ann", "bob"))
TIME = f"@time={server_time(1_700_000_000)}"

TAGGED = [
    case("IRCv3 message-tags", "bob: @+typing=active;fizz=buzz PRIVMSG #a :hi",
         f"ann < @msgid={MSGID}0;+typing=active {BOB} PRIVMSG #a :hi", f"cid < {TIME} {BOB} PRIVMSG #a :hi",
         f"dan < {BOB} PRIVMSG #a :hi", "bob <"),
    case("IRCv3 message-tags", "bob: @+draft/react=\N{PARTY POPPER};+draft/reply=1 TAGMSG #a",
         f"ann < @msgid={MSGID}0;+draft/react=\N{PARTY POPPER};+draft/reply=1 {BOB} TAGMSG #a", "cid <", "dan <"),
    case("IRCv3 message-tags", r"bob: @+a=x\:y\sz\\\q;+b= NOTICE ann :hi",
         rf"ann < @msgid={MSGID}0;+a=x\:y\sz\\q;+b {BOB} NOTICE ann :hi"),
    case("IRCv3 message-tags", "bob: @+a=1;+a=2 TAGMSG ann", f"ann < @msgid={MSGID}0;+a=2 {BOB} TAGMSG ann"),
    case("IRCv3 message-tags", "bob: @+a TAGMSG #a :hidden", f"ann < @msgid={MSGID}0;+a {BOB} TAGMSG #a", "cid <"),
    case("IRCv3 message-tags", "bob: @+a TAGMSG dan", "dan <", "bob <"),
    case("IRCv3 message-tags", "dan: @+a TAGMSG ann", "dan < :$ 421 dan TAGMSG :Unknown command without message-tags",
         "ann <"),
    case("IRCv3 message-tags", "bob: @+a TAGMSG", "bob < :$ 461 bob TAGMSG :Not enough parameters"),
    case("IRCv3 message-tags", "bob: @+a TAGMSG #none", "bob < :$ 403 bob #none :No such room"),
    case("IRCv3 message-tags", "ann: MODE #a +m", "bob: @+a TAGMSG #a", "bob ? MODE 404", "ann ? MODE"),
    case("IRCv3 message-ids", "ann: PRIVMSG #a :hi", f"ann bob < @msgid={MSGID}0 {ANN} PRIVMSG #a :hi",
         "ann: PRIVMSG bob,bob :ho", f"ann bob < @msgid={MSGID}1 {ANN} PRIVMSG bob :ho"),
    case("IRCv3 message-ids", "ann: PRIVMSG #a,bob :hi", f"bob < @msgid={MSGID}0 {ANN} PRIVMSG #a :hi",
         f"bob < @msgid={MSGID}1 {ANN} PRIVMSG bob :hi"),
    case("IRCv3 message-ids", "ann: TOPIC #a :tea", f"bob < {ANN} TOPIC #a :tea"),
]  # fmt: skip


@pytest.mark.parametrize("each", TAGGED, ids=repr)
def test_tags_go_to_those_who_read_them(each: Case) -> None:
    world = World()
    people = {nick: world.irc(nick, "#a", caps=caps) for nick, caps in CAPS.items()}
    world.hush()
    play(world, people, each.steps)


def test_an_id_is_never_used_again_also_after_a_restart() -> None:
    """A server that has said a thousand things in its second is followed by another."""
    chat = World().chat
    used = {next(chat.origin.numbers) for _ in range(1_000)}
    next_start = Chat(Limits(), Settings(), lambda: 0.0, lambda: 1_700_000_001.0)
    assert next(next_start.origin.numbers) > max(used)


@pytest.mark.parametrize(("more", "taken"), [(0, True), (1, False)])
@pytest.mark.parametrize("rest", ["TAGMSG #a", "PRIVMSG #a " + "b" * 499])
def test_tags_have_a_bound_of_their_own(more: int, taken: bool, rest: str) -> None:
    """IRCv3 message tags: 4,094 bytes of a client, and 510 of the rest."""
    intake = Intake(Limits().plain_line, Limits().endless_line)
    list(intake.feed(b"NICK ann\r\n"))
    line = f"@fizz=1;+b={'a' * (4094 - 10 + more)} {rest}"
    assert list(intake.feed(f"{line}\r\n".encode())) == [line if taken else Flaw.TOO_LONG]
    assert list(intake.feed(f"@+a=1 {'b' * (510 + more)}\r\n".encode())) == [
        f"@+a=1 {'b' * 510}" if taken else Flaw.TOO_LONG
    ]
