"""Rooms as any IRC client expects them: who is thrown out, invited, banned. Each case names its source.

ann is operator of #a, bob is in it; cid and dan are in no room.
"""

import pytest
from chat_harness import World
from conformance import Case, case, play

ANN, BOB, CID = (f":{nick}!{nick}@127.0.0.1" for nick in ("ann", "bob", "cid"))

KICK = [
    case("RFC 2812 3.2.8", "ann: KICK #a bob :bye all", f"ann bob < {ANN} KICK #a bob :bye all", "cid <"),
    case("RFC 2812 3.2.8", "ann: KICK #A BOB", f"ann bob < {ANN} KICK #a bob :ann"),
    case("modern KICK", "ann: KICK #a bob :", f"ann bob < {ANN} KICK #a bob :ann"),
    case(
        "RFC 2812 3.2.8",
        "cid dan: JOIN #a", "ann: KICK #a cid,dan,bob :out", "bob ? JOIN JOIN KICK KICK KICK",
        "ann: NAMES #a", "ann ~ :@ann",
    ),
    case(
        "RFC 2812 3.2.8",
        "ann: JOIN #b", "cid: JOIN #b", "cid ? JOIN 353 366", "ann: KICK #a,#b bob,cid :x",
        f"bob < {ANN} KICK #a bob :x", f"cid < {ANN} KICK #b cid :x",
    ),
    case("RFC 2812 3.2.8", "ann: KICK #a", "ann < :$ 461 ann KICK :Not enough parameters"),
    case("RFC 2812 3.2.8", "ann: KICK #a,#b bob", "ann ? 461", "bob <"),
    case("RFC 2812 3.2.8", "ann: KICK #none bob", "ann < :$ 403 ann #none :No such room"),
    case("RFC 2812 3.2.8", "cid: KICK #a bob", "cid < :$ 442 cid #a :You're not in that room", "bob <"),
    case("RFC 2812 3.2.8", "bob: KICK #a ann", "bob < :$ 482 bob #a :You're not room operator", "ann <"),
    case("RFC 2812 3.2.8", "ann: KICK #a cid", "ann < :$ 441 ann cid #a :They aren't in that room"),
    case("modern KICK", "ann: KICK #a nobody", "ann < :$ 401 ann nobody :No such nick or room"),
    case("RFC 2812 3.2.8", "ann: MODE #a +o bob", "bob ? MODE", "bob: KICK #a ann", "ann ? MODE KICK"),
    case("modern KICK", "ann: KICK #a ann,bob", "bob ? KICK", "ann ? KICK 442"),
    case("modern TARGMAX", "ann: KICK #a a,b,c,bob,e", "ann ? 407", "bob <"),
    case("modern KICK", "ann: MODE #a +s", "cid: KICK #a bob", "cid < :$ 403 cid #a :No such room"),
]

INVITE = [
    case(
        "modern INVITE", "ann: INVITE cid #a", "ann < :$ 341 ann cid #a", f"cid < {ANN} INVITE cid #a", "bob dan <"
    ),
    case("modern INVITE", "bob: INVITE CID #A", "bob < :$ 341 bob cid #a", f"cid < {BOB} INVITE cid #a"),
    case("modern INVITE", "ann: INVITE nobody #a", "ann < :$ 401 ann nobody :No such nick or room"),
    case("modern INVITE", "ann: INVITE cid #none", "ann < :$ 403 ann #none :No such room", "cid <"),
    case("modern INVITE", "dan: INVITE cid #a", "dan < :$ 442 dan #a :You're not in that room", "cid <"),
    case("modern INVITE", "ann: INVITE bob #a", "ann < :$ 443 ann bob #a :is already in that room"),
    case("modern INVITE", "ann: MODE #a +i", "bob ? MODE", "bob: INVITE cid #a", "bob ? 482", "cid <"),
    case("modern INVITE", "cid: AWAY :tea", "ann: INVITE cid #a", "ann ? 341 301"),
    case("modern +i", "ann: MODE #a +i", "cid: JOIN #a", "cid < :$ 473 cid #a :Cannot join room (+i)"),
    case("modern +i", "ann: MODE #a +i", "ann: INVITE cid #a", "cid: JOIN #a", "cid ? INVITE JOIN 353 366"),
    case(
        "modern INVITE: it is used up",
        "ann: MODE #a +i", "ann: INVITE cid #a", "cid: JOIN #a", "cid: PART #a", "cid ? INVITE JOIN 353 366 PART",
        "cid: JOIN #a", "cid ? 473",
    ),
    case("modern +l", "ann: MODE #a +l 2", "cid: JOIN #a", "cid ? 471"),
    case("modern +l", "ann: MODE #a +l 2", "ann: INVITE cid #a", "cid: JOIN #a", "cid ? INVITE JOIN 353 366"),
    case("Ergo, ban", "ann: MODE #a +b cid", "ann: INVITE cid #a", "cid: JOIN #a", "cid ? INVITE JOIN 353 366"),
    case(
        "docs/protocol.md: whom no operator has invited stays out",
        "bob: INVITE cid #a", "ann: MODE #a +i", "cid: JOIN #a", "cid ? INVITE 473",
    ),
    case("modern +k", "ann: MODE #a +k key", "ann: INVITE cid #a", "cid: JOIN #a", "cid ? INVITE 475"),
    case("modern INVITE", "cid: INVITE", "cid < :$ 337 cid :End of your invitations"),
    case("modern INVITE", "ann: INVITE cid #a", "cid: INVITE", "cid ? INVITE 336 337", "ann: INVITE", "ann ? 341 337"),
    case("modern INVITE", "ann: INVITE cid #a", "cid: JOIN #a", "cid ~ 366", "cid: INVITE", "cid ? 337"),
    case(
        "docs/protocol.md: another room of that name is another room",
        "ann: INVITE cid #a", "ann bob: PART #a", "dan: JOIN #a", "dan: MODE #a +i", "cid: JOIN #a", "cid ? INVITE 473",
    ),
    case("modern INVITE", "ann: INVITE cid", "ann < :$ 461 ann INVITE :Not enough parameters"),
]

LISTS = [
    case("RFC 2812 3.2.3", "ann: MODE #a +b cid!*@*", f"ann bob < {ANN} MODE #a +b cid!*@*"),
    case("modern +b", "ann: MODE #a +b cid", "ann ~ +b cid!*@*", "ann: MODE #a +b x@h", "ann ~ +b *!x@h"),
    case("modern +b", "ann: MODE #a +b c!x", "ann ~ +b c!x@*", "ann: MODE #a +b @h", "ann ~ +b *!*@h"),
    case("modern +b", "ann: MODE #a +b cid", "cid: JOIN #a", "cid < :$ 474 cid #a :Cannot join room (+b)"),
    case("modern +b", "ann: MODE #a +b CI?!*@127.*", "cid: JOIN #a", "cid ? 474", "dan: JOIN #a", "dan ? JOIN 353 366"),
    case("modern +b", "ann: MODE #a +b CID", "ann: MODE #a -b cid", "ann ~ -b CID!*@*", "cid: JOIN #a", "cid ~ 366"),
    case("RFC 2812 5.1", "ann: MODE #a +b cid", "bob: MODE #a +b",
         f"bob < {ANN} MODE #a +b cid!*@*", "bob < :$ 367 bob #a cid!*@* ann!ann@127.0.0.1 1700000000",
         "bob < :$ 368 bob #a :End of room ban list"),
    case("RFC 2812 3.2.3", "cid: MODE #a b", "cid < :$ 368 cid #a :End of room ban list"),
    case("modern +e", "ann: MODE #a +be ?id cid", "cid: JOIN #a", "cid ~ 366", "dan: JOIN #a", "dan ~ 366"),
    case("modern +e", "ann: MODE #a +be *!*@127.0.0.1 cid", "cid: JOIN #a", "cid ~ 366", "dan: JOIN #a", "dan ? 474"),
    case("modern +e", "ann: MODE #a +e cid", "ann: MODE #a e", "ann ? MODE 348 349"),
    case("modern +I", "ann: MODE #a +iI cid", "cid: JOIN #a", "cid ~ 366", "dan: JOIN #a", "dan ? 473"),
    case("modern +I", "ann: MODE #a +I cid", "ann: MODE #a +I", "ann ? MODE 346 347"),
    case("modern +I", "ann: MODE #a +iIb cid cid", "cid: JOIN #a", "cid ? 474"),
    case("modern MODE: a list that is sensitive", "ann: MODE #a +eIb cid cid cid", "bob ? MODE",
         "bob: MODE #a +eIm", "bob < :$ 482 bob #a :You're not room operator", "bob: MODE #a Ib", "bob ? 482 367 368"),
    case("modern +b", "ann: MODE #a +bbb", "ann ? 368", "ann: MODE #a +beI", "ann ? 368 349 347"),
    case("modern +b", "ann: MODE #a +bb x", "ann ? 367 368 MODE"),
    case("modern +b", "ann: MODE #a +b cid", "ann: MODE #a +b CID!*@*", "ann ? MODE"),
    case("modern PRIVMSG", "ann: MODE #a +b bob", "bob: PRIVMSG #a :hi", "bob ? MODE 404", "ann ? MODE"),
    case("modern PRIVMSG", "ann: MODE #a +b bob", "bob: NOTICE #a :hi", "bob ? MODE", "ann ? MODE"),
    case("modern PRIVMSG", "ann: MODE #a +be bob bob", "bob: PRIVMSG #a :hi", "ann ? MODE PRIVMSG"),
    case("modern +v", "ann: MODE #a +bv bob bob", "bob: PRIVMSG #a :hi", "ann ? MODE PRIVMSG"),
    case("modern PRIVMSG", "ann: MODE #a -n+b cid", "cid: PRIVMSG #a :hi", "cid ~ 404 cid #a", "bob ? MODE"),
    case("modern MODE", "bob: MODE #a +b cid", "bob < :$ 482 bob #a :You're not room operator", "ann <"),
    case("modern MODE", "bob: MODE #a +mb", "bob ? 482 368"),
    case("modern 696", "ann: MODE #a +b :a b", "ann ~ 696 ann #a b a_b!*@* :A mask is nick!user@host"),
    case("modern 696", "ann: MODE #a +b ::x", "ann ? 696"),
    case("modern 696", "ann: MODE #a +k :", "ann ~ 696 ann #a k * :"),
    case("modern 696", "ann: MODE #a +k :two words", "ann ~ 696 ann #a k * :"),
    case("modern 696", "ann: MODE #a +l :", "ann ~ 696 ann #a l * :"),
    case("modern 324", "ann: MODE #a +ib cid", "ann: MODE #a", "ann ? MODE 324 329"),
    case("modern 324", "ann: MODE #a -nt", "ann: MODE #a", "ann ~ 324 ann #a +"),
    case("modern 472", "bob: MODE #a +x", "bob < :$ 472 bob x :is unknown mode char to me"),
    case("modern MODE", "ann: MODE nobody +i", "ann < :$ 401 ann nobody :No such nick or room"),
    case("modern MODE", "ann: MODE bob +i", "ann < :$ 502 ann :Cannot change mode for other users"),
]


@pytest.mark.parametrize("each", KICK + INVITE + LISTS, ids=repr)
def test_a_room_behaves_as_its_source_says(each: Case) -> None:
    world = World()
    people = {nick: world.irc(nick, *rooms) for nick, *rooms in (("ann", "#a"), ("bob", "#a"), ("cid",), ("dan",))}
    world.hush()
    play(world, people, each.steps)


def test_who_leaves_or_comes_back_has_no_invitation() -> None:
    world = World()
    ann, cid = world.irc("ann", "#a"), world.irc("cid")
    ann.says("MODE #a +i", "INVITE cid #a")
    cid.says("QUIT")
    assert "INVITE" not in str(world.chat.invitations.of(cid.client))
    assert world.chat.invitations.most == 0
    cid = world.irc("cid")
    assert " 473 " in cid.says("JOIN #a")[0]


def test_many_masks_are_told_in_lines_that_fit() -> None:
    """The longest that may be, of six changes at once; the harness checks each line."""
    world = World(mask_length=190, nick_length=50, user_length=20, room_length=64)
    room = "#" + "r" * 63
    ann, bob = world.irc("n" * 50, room, host="0:1111:2222:3333:4444:5555:6666:7777"), world.irc("bob", room)
    masks = [f"{number}{'m' * 184}!*@*" for number in range(6)]
    world.hush()
    ann.says(f"MODE {room} +bbb {' '.join(masks[:3])}", f"MODE {room} +eee {' '.join(masks[3:])}")
    assert [word for line in bob.hears() for word in line.split() if "!*@*" in word] == masks
    assert len(bob.says(f"MODE {room} b")) == 4


def test_a_plain_person_reads_who_was_thrown_out_and_who_asks_for_company() -> None:
    world = World()
    ann, bob, zoe = world.irc("ann", "#lobby"), world.irc("bob", "#lobby"), world.plain("zoe")
    ann.says("JOIN #a", "INVITE zoe #a")
    assert zoe.hears() == ["* ann invites you to #a"]
    world.chat.default_room.set_flag(ann.client, "o", True)
    ann.says("KICK #lobby bob :enough")
    assert zoe.hears() == ["* ann threw bob out (enough)"]
    assert bob.hears()[-1].endswith("KICK #lobby bob :enough")
