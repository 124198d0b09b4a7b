"""Looking around as any IRC client does: LIST, NAMES, WHO, TOPIC. Each case names its source.

ann is operator of #a, which is two hours old and has had a topic for 30 minutes; bob is in it and has made #b ten
minutes ago; cid is in no room.
"""

import pytest
from chat_harness import World
from conformance import Case, case, play

START, END = "cid < :$ 321 cid Room :Users  Name", "cid < :$ 323 cid :End of LIST"
A, B = "cid < :$ 322 cid #a 2 :tea", "cid < :$ 322 cid #b 1 :"

LIST = [
    case(f"RFC 2812 3.2.6: {asked}", f"cid: LIST {asked}".rstrip(), START, *found, END, "cid <")
    for asked, found in (
        ("", [A, B]), ("#a", [A]), ("#A,#b", [A, B]), ("#none", []), ("#lobby", []),
    )
] + [
    case(f"modern ELIST: {asked}", f"cid: LIST {asked}", START, *found, END, "cid <")
    for asked, found in (
        ("#*", [A, B]), ("*b", [B]), ("#?,x*", [A, B]), ("!#a", [B]), ("!*", []), ("!#x*", [A, B]),
        (">0", [A, B]), (">1", [A]), ("<2", [B]), ("<1", []), (">0,<2", [B]), ("#b,>1", []), ("#a >1", [A]),
        ("C>60", [A]), ("C<60", [B]), ("C>0", [A, B]), ("C<0", []),
        ("T<60", [A]), ("T<20", []), ("T>20", [A]), ("T>60", []), ("<x", []), (">", []), ("C<", []),
    )
] + [
    case("RFC 2812 3.2.6", "ann: MODE #a +s", "cid: LIST", START, B, END, "ann: LIST", "ann ? MODE 321 322 322 323"),
    case("modern TARGMAX", "cid: LIST a,b,c,d,e", "cid ? 407"),
]  # fmt: skip

NAMES = [
    case("RFC 2812 3.2.5", "cid: NAMES #a", "cid < :$ 353 cid = #a :@ann bob",
         "cid < :$ 366 cid #a :End of NAMES list"),
    case("RFC 2812 3.2.5", "ann: MODE #a +s", "ann: NAMES #a", "ann ~ 353 ann @ #a :@ann bob"),
    case("RFC 2812 3.2.5", "cid: NAMES #a,#b", "cid < :$ 353 cid = #a :@ann bob", "cid < :$ 353 cid = #b :@bob",
         "cid < :$ 366 cid #a,#b :End of NAMES list"),
    case("modern NAMES", "cid: NAMES invalid", "cid < :$ 366 cid invalid :End of NAMES list"),
    case("modern NAMES", "cid: NAMES", "cid < :$ 366 cid * :End of NAMES list"),
    case("modern +i", "bob: MODE bob +i", "cid: NAMES #a", "cid ~ = #a :@ann", "ann: NAMES #a", "ann ~ :@ann bob"),
]  # fmt: skip

WHO = [
    case("RFC 2812 3.6.1", "cid: WHO #A", "cid < :$ 352 cid #a ann 127.0.0.1 $ ann H@ :0 Ann Real",
         "cid < :$ 352 cid #a bob 127.0.0.1 $ bob H :0 Bob Real", "cid < :$ 315 cid #A :End of WHO list"),
    case("RFC 2812 3.6.1", "cid: WHO B?B", "cid < :$ 352 cid * bob 127.0.0.1 $ bob H :0 Bob Real",
         "cid < :$ 315 cid B?B :End of WHO list"),
    case("RFC 2812 3.6.1", "bob: AWAY :x", "cid: WHO bob", "cid ~ bob G :0 Bob Real"),
    case("RFC 2812 3.6.1", "cid: WHO * o", "cid < :$ 315 cid * :End of WHO list"),
    case("RFC 2812 3.6.1", "cid: WHO nobody", "cid < :$ 315 cid nobody :End of WHO list"),
    case("modern +i", "bob: MODE bob +i", "cid: WHO bo*", "cid ? 315", "cid: WHO bob", "cid ? 352 315",
         "ann: WHO bo*", "ann ? 352 315"),
]  # fmt: skip

TOPIC = [
    case("RFC 2812 3.2.4", "bob: TOPIC #a", "bob < :$ 332 bob #a :tea",
         "bob < :$ 333 bob #a ann!ann@127.0.0.1 1700005400"),
    case("RFC 2812 3.2.4", "bob: TOPIC #b", "bob < :$ 331 bob #b :No topic is set"),
    case("RFC 2812 3.2.4", "bob: TOPIC #a :x", "bob < :$ 482 bob #a :You're not room operator", "ann <"),
    case("RFC 2812 3.2.4", "ann: MODE #a +v bob", "bob: TOPIC #a :x", "bob ? MODE 482"),
    case("RFC 2812 3.2.4", "ann: TOPIC #a :", "bob ~ TOPIC #a :", "cid: JOIN #a", "cid ? JOIN 353 366"),
    case("RFC 2812 3.2.1", "cid: JOIN #a", "cid ? JOIN 332 333 353 366"),
    case("modern TOPIC", "cid: TOPIC #none", "cid < :$ 403 cid #none :No such room"),
    case("modern TOPIC", "cid: TOPIC #a", "cid < :$ 442 cid #a :You're not in that room"),
]  # fmt: skip


@pytest.mark.parametrize("each", LIST + NAMES + WHO + TOPIC, ids=repr)
def test_looking_around_is_answered_as_its_source_says(each: Case) -> None:
    world = World()
    ann, bob, cid = world.irc("ann", "#a"), world.irc("bob", "#a"), world.irc("cid")
    world.wall += 90 * 60
    ann.says("TOPIC #a :tea")
    world.wall += 20 * 60
    bob.says("JOIN #b")
    world.wall += 10 * 60
    world.hush()
    play(world, {"ann": ann, "bob": bob, "cid": cid}, each.steps)
