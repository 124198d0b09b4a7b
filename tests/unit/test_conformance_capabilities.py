"""What clients have the server add to IRC, each capability by its specification (IRCv3). Each case names its source.

ann and bob are in #a, of which ann is operator; both have all capabilities but those that add tags. cid, in #a too,
has none, and dan is in no room and has none.
"""

import pytest
from chat_harness import World
from conformance import Case, case, play

from chatd.protocol import irc
from chatd.protocol.capabilities import CAPABILITIES, form_of
from chatd.protocol.event import Form

ANN, BOB, DAN = (f":{nick}!{nick}@127.0.0.1" for nick in ("ann", "bob", "dan"))

NEGOTIATION = [
    case("IRCv3 capability negotiation", "new: CAP LS", f"new < :$ CAP * LS :{' '.join(CAPABILITIES)}", "new: CAP LIST",
         "new < :$ CAP * LIST :"),
    case("IRCv3 cap-notify", "new: CAP LS 302", "new ? CAP", "new: CAP LIST", "new < :$ CAP * LIST :cap-notify",
         "new: CAP REQ :-cap-notify", "new < :$ CAP * NAK :-cap-notify", "new: CAP LIST",
         "new < :$ CAP * LIST :cap-notify"),
    case("IRCv3 cap-notify", "new: CAP LS 301", "new ? CAP", "new: CAP REQ :cap-notify", "new ? CAP",
         "new: CAP REQ :-cap-notify", "new < :$ CAP * ACK :-cap-notify"),
    case("senpai, whose name is taken", "new: CAP LS 302", "new: NICK ann", "new: USER n 0 * :N", "new: CAP END",
         "new ? CAP 433", "new: CAP REQ :setname", "new: NICK ann_", "new ~ 001 ann_"),
    case("RFC 1459 2.3", f"new: CAP REQ :{'batch ' * 82}no", f"new < :$ CAP * NAK :{'batch ' * 80}batch",
         "new < :$ CAP * NAK :batch no"),
    case("IRCv3 cap-notify", "new: CAP LS 301", "new ? CAP", "new: CAP LIST", "new < :$ CAP * LIST :"),
    case("IRCv3 capability negotiation", "new: CAP REQ :setname nothing", "new < :$ CAP * NAK :setname nothing",
         "new: CAP LIST", "new < :$ CAP * LIST :"),
    case("IRCv3 capability negotiation", "new: CAP REQ :setname -batter", "new < :$ CAP * NAK :setname -batter"),
    case("IRCv3 capability negotiation", "new: CAP REQ :setname", "new: CAP REQ :-setname away-notify",
         "new ? CAP CAP", "new: CAP LIST", "new < :$ CAP * LIST :away-notify"),
]  # fmt: skip

NOTICED = [
    case("IRCv3 away-notify", "bob: AWAY :tea", "bob ? 306", f"ann < {BOB} AWAY :tea", "cid <", "bob: AWAY :soup",
         f"ann < {BOB} AWAY :soup", "bob: AWAY :soup", "ann <", "bob: AWAY", f"ann < {BOB} AWAY", "bob: AWAY", "ann <"),
    case("IRCv3 away-notify", "dan: AWAY :tea", "dan: JOIN #a", f"ann < {DAN} JOIN #a * :Dan Real",
         f"ann < {DAN} AWAY :tea", "ann <", f"cid < {DAN} JOIN #a", "cid <"),
    case("IRCv3 extended-join", "dan: JOIN #a", f"ann bob < {DAN} JOIN #a * :Dan Real", f"cid < {DAN} JOIN #a",
         f"dan < {DAN} JOIN #a"),
    case("IRCv3 extended-join", "bob: JOIN #b", f"bob < {BOB} JOIN #b * :Bob Real"),
    case("IRCv3 setname", "bob: SETNAME :Bob II", f"ann bob < {BOB} SETNAME :Bob II", "cid <", "cid: WHOIS bob",
         "cid ~ 311 cid bob bob 127.0.0.1 * :Bob II"),
    case("IRCv3 setname", "bob: SETNAME :", "bob < :$ FAIL SETNAME INVALID_REALNAME :A real name is not empty",
         "ann <", "bob: SETNAME", "bob < :$ 461 bob SETNAME :Not enough parameters"),
    case("IRCv3 setname", "cid: SETNAME :C", "cid <", "ann ? SETNAME"),
    case("IRCv3 invite-notify", "ann: INVITE dan #a", "ann ? 341", f"dan bob < {ANN} INVITE dan #a", "cid <"),
    case("IRCv3 userhost-in-names", "ann: NAMES #a",
         "ann < :$ 353 ann = #a :@ann!ann@127.0.0.1 bob!bob@127.0.0.1 cid!cid@127.0.0.1", "ann ? 366"),
    case("IRCv3 multi-prefix", "ann: MODE #a +v ann", "ann bob cid ? MODE", "bob: NAMES #a", "bob ~ :@+ann!ann@",
         "cid: NAMES #a", "cid ~ :@ann bob cid"),
    case("IRCv3 multi-prefix", "ann: MODE #a +v ann", "bob: WHO #a", "bob ~ ann H@+ :0", "bob: WHOIS ann",
         "bob ~ :@+#a"),
    case("IRCv3 echo-message", "ann: PRIVMSG #a :hi", f"ann bob cid < {ANN} PRIVMSG #a :hi", "ann: NOTICE dan :ho",
         f"ann dan < {ANN} NOTICE dan :ho"),
    case("IRCv3 echo-message", "ann: PRIVMSG nobody :hi", "ann ? 401", "ann: PRIVMSG dan,bob :hi",
         "ann ? PRIVMSG PRIVMSG"),
]  # fmt: skip

WITHOUT_TAGS = " ".join(name for name, known in CAPABILITIES.items() if known.alters in (Form.IRC, Form.EXTENDED_JOIN))


@pytest.mark.parametrize("each", NEGOTIATION + NOTICED, ids=repr)
def test_who_has_asked_for_it_is_given_it(each: Case) -> None:
    world = World()
    people = {nick: world.irc(nick, "#a", caps=WITHOUT_TAGS) for nick in ("ann", "bob")}
    people |= {"cid": world.irc("cid", "#a"), "dan": world.irc("dan"), "new": world.arrives()}
    world.hush()
    play(world, people, each.steps)


def test_all_of_them_fit_on_one_line() -> None:
    assert len(f":{'s' * 63} CAP {'n' * 50} LS :{' '.join(CAPABILITIES)}".encode()) <= irc.TEXT_BYTES


def test_a_form_is_the_sum_of_what_is_altered() -> None:
    assert form_of(frozenset()) == Form.IRC
    assert form_of(frozenset(CAPABILITIES)) == Form.SERVER_TIME | Form.MESSAGE_TAGS | Form.EXTENDED_JOIN


def test_a_plain_reader_is_told_of_none_of_it() -> None:
    world = World()
    person, ann = world.plain("eve"), world.irc("ann", caps=WITHOUT_TAGS)
    ann.says("AWAY :tea", "JOIN #lobby", "AWAY :soup", "SETNAME :A")
    assert person.hears() == ["* ann came in"]
