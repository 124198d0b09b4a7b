"""People as any IRC client expects to find them: who is there, who was, what they have set. Each case names its source.

ann and bob are in #a, of which ann is operator; cid is in no room.
"""

import pytest
from chat_harness import MSGID, SERVER, Unread, World, commands
from conformance import Case, case, play

ANN, BOB = (f":{nick}!{nick}@127.0.0.1" for nick in ("ann", "bob"))


WHOWAS = [
    case("RFC 2812 3.6.3", "ann: WHOWAS bob", "ann < :$ 406 ann bob :There was no such nickname",
         "ann < :$ 369 ann bob :End of WHOWAS"),
    case("RFC 2812 3.6.3", "bob: QUIT", "ann ~ QUIT", "ann: WHOWAS BOB",
         "ann < :$ 314 ann bob bob 127.0.0.1 * :Bob Real",
         f"ann < :{SERVER} 312 ann bob {SERVER} :2023-11-14 22:13:20 UTC", "ann < :$ 369 ann BOB :End of WHOWAS"),
    case("RFC 2812 3.6.3", "bob: NICK eve", "ann ~ NICK", "ann: WHOWAS bob", "ann ? 314 312 369", "ann: WHOWAS eve",
         "ann ? 406 369"),
    case("RFC 2812 3.6.3", "bob: NICK eve", "bob: NICK bob", "bob: NICK eve", "ann ~ eve", "ann: WHOWAS bob",
         "ann ? 314 312 314 312 369", "ann: WHOWAS bob 1", "ann ? 314 312 369", "ann: WHOWAS bob -1",
         "ann ? 314 312 314 312 369", "ann: WHOWAS bob 0", "ann ? 314 312 314 312 369"),
    case("RFC 2812 3.6.3", "bob: NICK Bob", "ann ~ Bob", "ann: WHOWAS bob", "ann ? 406 369"),
    case("RFC 2812 3.6.3", "ann: WHOWAS", "ann < :$ 431 ann :No nickname given"),
]  # fmt: skip

SHORT = [
    case("RFC 2812 4.8", "cid: AWAY :x", "ann: USERHOST bob cid",
         "ann < :$ 302 ann :bob=+bob@127.0.0.1 cid=-cid@127.0.0.1"),
    case("RFC 2812 4.8", "ann: USERHOST a b c d bob cid", "ann < :$ 302 ann :bob=+bob@127.0.0.1"),
    case("RFC 2812 4.9", "ann: ISON bob nobody CID", "ann < :$ 303 ann :bob cid"),
    case("RFC 2812 4.9", "ann: ISON nobody", "ann < :$ 303 ann :"),
    case("RFC 2812 4.1", "ann: AWAY :tea", "ann < :$ 306 ann :You have been marked as being away"),
    case("RFC 2812 4.1", "ann: AWAY :", "ann < :$ 305 ann :You are no longer marked as being away"),
]  # fmt: skip

WHOIS = [
    case("RFC 2812 3.6.2", "ann: WHOIS $ bob", "ann ? 311 319 312 317 318"),
    case("RFC 2812 3.6.2", "ann: WHOIS bob bob", "ann ? 311 319 312 317 318"),
    case("RFC 2812 3.6.2", "ann: WHOIS other.example bob", "ann < :$ 402 ann other.example :No such server"),
    case("RFC 2812 3.6.2", "ann: WHOIS nobody", "ann < :$ 401 ann nobody :No such nick or room",
         "ann < :$ 318 ann nobody :End of WHOIS list"),
    case("IRCv3 bot mode", "bob: MODE bob +B", "cid: WHOIS bob", "cid ~ 335 cid bob :is a bot"),
    case("modern +i", "bob: MODE bob +i", "cid: WHOIS bob", "cid ? 311 312 317 318", "ann: WHOIS bob", "ann ~ 319 ann"),
]  # fmt: skip

USER_MODES = [
    case("RFC 2812 3.1.5", "ann: MODE ann +iB", f"ann < {ANN} MODE ann +iB", "ann: MODE ann", "ann < :$ 221 ann +Bi"),
    case("RFC 2812 3.1.5", "ann: MODE ann +i-i+B", f"ann < {ANN} MODE ann +i-i+B"),
    case("RFC 2812 3.1.5", "ann: MODE ann -B", "ann <"),
    case("RFC 2812 3.1.5", "ann: MODE ann +x", "ann < :$ 501 ann :Unknown MODE flag"),
    case("IRCv3 bot mode", "bob: MODE bob +B", "ann: WHO #a", "ann ~ bob HB :0 Bob Real"),
]

STATUSMSG = [
    case("modern STATUSMSG", "bob: PRIVMSG @#A :for you", f"ann < {BOB} PRIVMSG @#a :for you", "bob <", "dan <"),
    case("modern STATUSMSG", "ann: MODE #a +v bob", "dan: PRIVMSG +#a :x", "ann bob ? MODE PRIVMSG", "dan ? MODE"),
    case("modern STATUSMSG", "ann: MODE #a +v bob", "dan: NOTICE @+#a :x", "bob ? MODE NOTICE"),
    case("modern STATUSMSG", "ann: MODE #a +v bob", "dan: PRIVMSG @#a :x", "bob ? MODE", "ann ? MODE PRIVMSG"),
    case("modern STATUSMSG", "cid: PRIVMSG @#a :x", "cid ? 404", "ann <"),
    case("modern STATUSMSG", "ann: MODE #a -n", "cid: PRIVMSG @#a :x", "cid ~ join it first", "ann ? MODE"),
    case("modern STATUSMSG", "ann: MODE #a +m", "bob: PRIVMSG @#a :x", "bob ? MODE 404", "ann ? MODE"),
    case("modern STATUSMSG", "ann: PRIVMSG @#none :x", "ann < :$ 403 ann #none :No such room"),
    case("modern STATUSMSG", "ann: PRIVMSG @bob :x", "ann < :$ 401 ann @bob :No such nick or room"),
]


@pytest.mark.parametrize("each", WHOWAS + SHORT + WHOIS + USER_MODES + STATUSMSG, ids=repr)
def test_people_are_found_and_told_as_their_source_says(each: Case) -> None:
    world = World()
    seats = (("ann", "#a"), ("bob", "#a"), ("dan", "#a"), ("cid",))
    people = {nick: world.irc(nick, *rooms) for nick, *rooms in seats}
    world.hush()
    play(world, people, each.steps)


def test_what_a_bot_says_is_marked_for_those_who_read_tags() -> None:
    world = World()
    bot, ann, bob = world.irc("bot", "#a"), world.irc("ann", "#a", caps="message-tags"), world.irc("bob", "#a")
    bot.says("MODE bot +B")
    world.hush()
    bot.says("PRIVMSG #a :beep", "PRIVMSG ann :boop")
    assert ann.hears() == [
        f"@msgid={MSGID}{nth};bot :bot!bot@127.0.0.1 PRIVMSG {to}" for nth, to in enumerate(("#a :beep", "ann :boop"))
    ]
    assert bob.hears() == [":bot!bot@127.0.0.1 PRIVMSG #a :beep"]


def test_what_is_said_to_operators_alone_is_echoed_and_not_kept() -> None:
    world = World()
    world.irc("ann", "#a")
    bob = world.irc("bob", "#a", caps="echo-message")
    assert bob.says("PRIVMSG @#a :psst") == [":bob!bob@127.0.0.1 PRIVMSG @#a :psst"]
    assert (world.chat.messages, world.chat.deliveries) == (1, 1)
    cid = world.irc("cid", caps="server-time")
    assert not any("psst" in line for line in cid.says("JOIN #a"))


def test_a_plain_operator_reads_that_it_is_for_operators() -> None:
    world = World()
    ann, zoe = world.irc("ann", "#lobby"), world.plain("zoe")
    world.chat.default_room.set_flag(zoe.client, "o", True)
    ann.says("PRIVMSG @#lobby :psst")
    assert zoe.hears() == ["<ann -> @#lobby> psst"]


def test_who_waited_in_line_was_never_here() -> None:
    world = World(max_clients=1)
    ann, bob = world.irc("ann"), world.irc("bob")
    assert bob.is_waiting
    bob.says("NICK eve")
    bob.leaves()
    assert commands(ann.says("WHOWAS bob")) == commands(ann.says("WHOWAS eve")) == ["406", "369"]


def test_an_answer_of_hundreds_of_former_people_ends_where_it_is_too_much() -> None:
    world = World(outbox=200)
    ann, bob = world.irc("ann"), world.irc("bob")
    bob.says(*["NICK eve", "NICK bob"] * 3)
    ann.wire = ann.client.outbox = Unread()
    assert commands(ann.says("WHOWAS bob")) == ["314", "312", "314", "312", "416", "369"]
    assert world.chat.usage.hits["outbox"] == 1


@pytest.mark.parametrize(
    ("asked", "told"), [("NAMES #a", ["353", "353", "416", "366"]), ("WHO #a", ["352"] * 10 + ["416", "315"])]
)
def test_an_answer_about_hundreds_of_people_ends_where_it_is_too_much(asked: str, told: list[str]) -> None:
    world = World(outbox=1_000, max_clients=200)
    for number in range(100):
        world.irc(f"somebody{number}", "#a")
    ann = world.irc("ann", "#a")
    ann.wire = ann.client.outbox = Unread()
    assert commands(ann.says(asked)) == told
    assert world.chat.usage.hits["outbox"] == 1
