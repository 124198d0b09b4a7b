"""Answers that are labelled (IRCv3 labeled-response, batch). Each case names its source.

ann has labels and echoes, bob labels and tags; both are in #a, of which ann is operator. cid has labels without batch.
"""

import pytest
from chat_harness import MSGID, SERVER, World
from command_cases import CASES, ann
from conformance import Case, case, play

from chatd.protocol import irc

CAPS = {
    "ann": "batch labeled-response echo-message",
    "bob": "batch labeled-response message-tags",
    "cid": "labeled-response",
}
ANN, BOB = (f":{nick}!{nick}@127.0.0.1" for nick in ("ann", "bob"))

LABELLED = [
    case("IRCv3 labeled-response", "ann: @label=x PING me", "ann < @label=x :$ PONG $ :me"),
    case("IRCv3 labeled-response", "ann: @label=x PONG me", "ann < @label=x :$ ACK"),
    case("IRCv3 labeled-response", "ann: @label=x NONSENSE", "ann < @label=x :$ 421 ann NONSENSE :Unknown command"),
    case("IRCv3 labeled-response", "ann: @label=x AWAY :tea",
         "ann < @label=x :$ 306 ann :You have been marked as being away"),
    case("IRCv3 labeled-response", "ann: @label=x PRIVMSG #a :hi", f"ann < @label=x {ANN} PRIVMSG #a :hi",
         f"bob < @msgid={MSGID}0 {ANN} PRIVMSG #a :hi"),
    case("IRCv3 labeled-response", "bob: @label=x;+a=1 NOTICE ann :hi", "bob < @label=x :$ ACK",
         f"ann < {BOB} NOTICE ann :hi"),
    case("IRCv3 labeled-response", "bob: @label=x;+a=1 TAGMSG bob", f"bob < @msgid={MSGID}0;+a=1 {BOB} TAGMSG bob",
         "bob < @label=x :$ ACK"),
    case("IRCv3 labeled-response", "ann: @label=x PRIVMSG ann :hi", f"ann < {ANN} PRIVMSG ann :hi",
         f"ann < @label=x {ANN} PRIVMSG ann :hi"),
    case("IRCv3 labeled-response", "ann: @label=x PRIVMSG bob,cid :hi",
         f"ann < @label=x :$ BATCH +{MSGID}2 labeled-response",
         f"ann < @batch={MSGID}2 {ANN} PRIVMSG bob :hi", f"ann < @batch={MSGID}2 {ANN} PRIVMSG cid :hi",
         f"ann < :$ BATCH -{MSGID}2", "ann <", f"cid < {ANN} PRIVMSG cid :hi"),
    case("IRCv3 labeled-response: one order", "ann: @label=x PRIVMSG #a,ann :hi",
         f"ann < @label=x :$ BATCH +{MSGID}2 labeled-response", f"ann < @batch={MSGID}2 {ANN} PRIVMSG #a :hi",
         f"ann < {ANN} PRIVMSG ann :hi", f"ann < @batch={MSGID}2 {ANN} PRIVMSG ann :hi", f"ann < :$ BATCH -{MSGID}2"),
    case("IRCv3 labeled-response", "bob: @label=x JOIN #b", f"bob < @label=x :$ BATCH +{MSGID}0 labeled-response",
         f"bob < @batch={MSGID}0 {BOB} JOIN #b", f"bob < @batch={MSGID}0 :$ 353 bob = #b :@bob",
         f"bob < @batch={MSGID}0 :$ 366 bob #b :End of NAMES list", f"bob < :$ BATCH -{MSGID}0", "bob: PING me",
         "bob < :$ PONG $ :me"),
    case("IRCv3 labeled-response", r"ann: @label=a\s\:b PONG me", r"ann < @label=a\s\:b :$ ACK"),
    case("IRCv3 labeled-response", f"ann: @label={'x' * 64} PONG me", f"ann < @label={'x' * 64} :$ ACK"),
    case("IRCv3 labeled-response", f"ann: @label={'x' * 65} PONG me", "ann <", "ann: @label= PONG me", "ann <",
         "ann: @label PONG me", "ann <"),
    case("IRCv3 labeled-response", "cid: @label=x PING me", "cid < :$ PONG $ :me"),
    case("IRCv3 labeled-response", "ann: @label=x CAP REQ :server-time",
         "ann < @label=x;time=2023-11-14T22:13:20.000Z :$ CAP ann ACK :server-time"),
]  # fmt: skip


@pytest.mark.parametrize("each", LABELLED, ids=repr)
def test_an_answer_says_what_it_answers(each: Case) -> None:
    world = World()
    people = {nick: world.irc(nick, *(() if nick == "cid" else ("#a",)), caps=caps) for nick, caps in CAPS.items()}
    world.hush()
    play(world, people, each.steps)


# A line with tags has no room for a label before it, and QUIT's answer comes last and without tags.
LINES = [line for line, _ in CASES if not line.startswith(("@", "QUIT"))]


@pytest.mark.parametrize("line", LINES, ids=repr)
def test_a_label_changes_nothing_but_to_mark_the_answer(line: str) -> None:
    plainly, labelled = ann(CAPS["ann"]).says(line), ann(CAPS["ann"]).says(f"@label=x {line}")
    if not plainly:
        assert labelled == [f"@label=x :{SERVER} ACK"]
    elif len(plainly) == 1:
        assert labelled == [f"@label=x {plainly[0]}"]
    else:
        begin, *inside, end = labelled
        batch = irc.parse(begin).params[0].removeprefix("+")
        assert begin == f"@label=x :{SERVER} BATCH +{batch} labeled-response"
        assert inside == [f"@batch={batch} {said}" for said in plainly]
        assert end == f":{SERVER} BATCH -{batch}"
