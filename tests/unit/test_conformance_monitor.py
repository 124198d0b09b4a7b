"""Knowing who comes and goes without asking again (IRCv3 monitor), and asking for no more than one wants (WHOX).

Each case names its source. ann is operator of #a, where bob is, too; dan and eve are in no room, and read
who is away; eve of those, too, whom she monitors.
"""

import pytest
from chat_harness import SERVER, World, commands
from conformance import Case, case, play

from chatd.commands import welcome

MONITOR = [
    case("IRCv3 monitor", "ann: MONITOR + bob,Cid", "ann < :$ 730 ann :bob!bob@127.0.0.1", "ann < :$ 731 ann :Cid",
         "ann: MONITOR L", "ann < :$ 732 ann :bob,cid", "ann < :$ 733 ann :End of MONITOR list", "ann: MONITOR S",
         "ann < :$ 730 ann :bob!bob@127.0.0.1", "ann < :$ 731 ann :cid"),
    case("IRCv3 monitor", "ann: MONITOR + bob", "ann ? 730", "bob: QUIT", "ann ? 731 QUIT"),
    case("IRCv3 monitor", "dan: MONITOR + bob", "dan ? 730", "bob: QUIT", "dan < :$ 731 * :bob", "dan <"),
    case("IRCv3 monitor", "dan: MONITOR + qux", "dan ? 731", "bob: NICK qux", "dan < :$ 730 * :qux!bob@127.0.0.1",
         "bob: NICK QUX", "dan <", "bob: NICK bob", "dan < :$ 731 * :QUX", "dan <"),
    case("IRCv3 monitor", "dan: MONITOR + new", "dan < :$ 731 dan :new", "new: NICK new", "dan <",
         "new: USER new 0 * :New", "dan < :$ 730 * :new!new@127.0.0.1", "dan <"),
    case("IRCv3 monitor", "ann: MONITOR + cid", "dan: MONITOR + cid", "ann dan ? 731", "dan: MONITOR - CID", "dan <",
         "bob: NICK cid", "ann ? 730 NICK", "dan <"),
    case("IRCv3 monitor", "dan: MONITOR + bob", "dan: MONITOR + bob", "dan ? 730 730", "dan: MONITOR L",
         "dan ~ 732 dan :bob"),
    case("IRCv3 monitor", "dan: MONITOR + bob", "dan ? 730", "dan: MONITOR c", "dan: MONITOR l",
         "dan < :$ 733 dan :End of MONITOR list", "bob: QUIT", "dan <"),
    case("IRCv3 monitor", "dan: MONITOR + *!bob@127.0.0.1,,", "dan <", "dan: MONITOR L", "dan ? 733"),
    case("IRCv3 monitor", "dan: MONITOR", "dan ? 461", "dan: MONITOR +", "dan: MONITOR - bob", "dan: MONITOR x",
         "dan <"),
    case("IRCv3 extended-monitor", "eve: MONITOR + bob", "eve ? 730", "bob: AWAY :tea",
         "eve < :bob!bob@127.0.0.1 AWAY :tea", "bob: SETNAME :Bob B", "eve < :bob!bob@127.0.0.1 SETNAME :Bob B",
         "bob: AWAY", "eve < :bob!bob@127.0.0.1 AWAY", "eve <"),
    case("IRCv3 extended-monitor: once", "eve: MONITOR + bob,eve", "eve: JOIN #a", "eve ~ 366", "bob: AWAY :tea",
         "eve < :bob!bob@127.0.0.1 AWAY :tea", "eve <", "eve: AWAY :tea", "eve ? 306"),
    case("IRCv3 extended-monitor: who asked", "dan: MONITOR + bob", "dan ? 730", "bob: AWAY :tea", "dan <"),
    case("IRCv3 monitor", "dan: MONITOR + dan", "dan ~ 730", "dan: NICK fox", "dan ? NICK"),
]  # fmt: skip

WHOX = [
    case("IRCv3 WHOX", "bob: WHO ann %tcuihsnfdlaor,123",
         f"bob < :$ 354 bob 123 * ann 127.0.0.1 127.0.0.1 {SERVER} ann H 0 0 0 n/a :Ann Real", "bob ? 315"),
    case("IRCv3 WHOX", "bob: WHO ann %roaldfnshiuct,123",
         f"bob < :$ 354 bob 123 * ann 127.0.0.1 127.0.0.1 {SERVER} ann H 0 0 0 n/a :Ann Real", "bob ? 315"),
    case("IRCv3 WHOX", "ann: AWAY :x", "ann ? 306", "dan: WHO #a %cnf", "dan < :$ 354 dan #a ann G@",
         "dan < :$ 354 dan #a bob H", "dan < :$ 315 dan #a :End of WHO list"),
    case("IRCv3 WHOX", "bob: WHO ann %tn,4242", "bob < :$ 354 bob 424 ann", "bob ? 315", "bob: WHO ann %tn",
         "bob < :$ 354 bob 0 ann", "bob ? 315"),
    case("IRCv3 WHOX", "bob: WHO ann %xyn", "bob < :$ 354 bob ann", "bob ? 315", "bob: WHO * o%n", "bob ? 315"),
    case("IRCv3 WHOX", "bob: WHO nobody %n", "bob < :$ 315 bob nobody :End of WHO list"),
]  # fmt: skip


@pytest.mark.parametrize("each", MONITOR + WHOX, ids=repr)
def test_one_knows_who_is_here(each: Case) -> None:
    world = World()
    people = {"ann": world.irc("ann", "#a"), "bob": world.irc("bob", "#a"), "dan": world.irc("dan", caps="away-notify")}
    people["eve"] = world.irc("eve", caps="extended-monitor away-notify setname")
    people["new"] = world.arrives()
    world.hush()
    play(world, people, each.steps)


def test_who_waits_is_not_here_until_it_is_seated() -> None:
    world = World(max_clients=2, queue=1)
    ann, bob = world.irc("ann"), world.irc("bob")
    ann.says("MONITOR + cid")
    cid = world.irc("cid")
    assert ann.hears() == []
    bob.leaves()
    assert ann.hears() == [f":{SERVER} 730 * :cid!cid@127.0.0.1"]
    cid.leaves()
    assert ann.hears() == [f":{SERVER} 731 * :cid"]


def test_who_has_left_waits_for_nobody() -> None:
    world = World()
    world.irc("ann").says("MONITOR + bob", "QUIT")
    assert world.chat.monitors.most == 0
    assert commands(world.irc("bob").says("MONITOR L")) == ["733"]


def test_many_names_are_told_on_as_many_lines_as_they_take() -> None:
    world = World(monitors=100)
    names = [f"{'n' * 28}{number:02}" for number in range(100)]
    ann = world.irc("ann")
    for start in range(0, 100, 10):
        ann.says(f"MONITOR + {','.join(names[start : start + 10])}")
    *lines, _ = ann.says("MONITOR L")
    assert [name for line in lines for name in line.rpartition(":")[2].split(",")] == names
    assert f"MONITOR={len(names)}" in welcome.isupport(world.chat)
    assert commands(ann.says("MONITOR + another")) == ["734"]
