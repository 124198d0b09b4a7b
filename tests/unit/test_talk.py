"""What is said, and who reads it: rooms, people, tags, absence."""

from chat_harness import MSGID, SERVER, World, commands

from chatd.protocol import irc


def test_a_message_reaches_the_room_once_and_not_its_sender() -> None:
    world = World()
    ann, bob, cid = world.irc("ann", "#a"), world.irc("bob", "#a"), world.irc("cid")
    world.hush()
    assert ann.says("PRIVMSG #A : hi: there ") == []
    assert bob.hears() == [":ann!ann@127.0.0.1 PRIVMSG #a : hi: there "]
    assert cid.hears() == []


def test_a_message_to_one_person_reaches_that_one_alone() -> None:
    world = World()
    ann, bob, cid = (world.irc(nick, "#a") for nick in ("ann", "bob", "cid"))
    world.hush()
    ann.says("PRIVMSG BOB :hi")
    assert bob.hears() == [":ann!ann@127.0.0.1 PRIVMSG bob :hi"]
    assert cid.hears() == []


def test_several_targets_are_each_told() -> None:
    world = World()
    ann, bob, cid = world.irc("ann"), world.irc("bob"), world.irc("cid")
    assert commands(ann.says("NOTICE bob,cid,nobody :hi")) == []
    assert (len(bob.hears()), len(cid.hears())) == (1, 1)


def test_too_many_targets_are_told_the_limit_and_nothing_is_sent() -> None:
    world = World(targets=2)
    ann, bob = world.irc("ann"), world.irc("bob")
    (line,) = ann.says("PRIVMSG bob,ann,nobody :hi")
    assert irc.parse(line).command == "407"
    assert "2 targets" in line
    assert "(targets)" in line
    assert bob.hears() == []


def test_a_target_that_is_named_twice_is_told_once() -> None:
    world = World(targets=2)
    ann, bob = world.irc("ann", "#a"), world.irc("bob", "#a")
    world.hush()
    assert ann.says("PRIVMSG bob,BOB,#a,Bob,#A :hi") == []
    assert commands(bob.hears()) == ["PRIVMSG", "PRIVMSG"]


def test_one_is_echoed_who_asked_for_it() -> None:
    world = World()
    ann, bob = world.irc("ann", "#a", caps="echo-message"), world.irc("bob", "#a")
    world.hush()
    assert ann.says("PRIVMSG #a :hi") == [":ann!ann@127.0.0.1 PRIVMSG #a :hi"] == bob.hears()
    assert ann.says("PRIVMSG bob :hi") == [":ann!ann@127.0.0.1 PRIVMSG bob :hi"] == bob.hears()
    assert commands(ann.says("PRIVMSG nobody :hi")) == ["401"]


def test_tags_reach_those_who_asked_for_them_and_only_those_of_clients() -> None:
    world = World()
    ann = world.irc("ann", "#a", caps="message-tags")
    bob, cid = world.irc("bob", "#a", caps="message-tags"), world.irc("cid", "#a")
    world.hush()
    ann.says("@+reply=a\\sb;time=2000-01-01T00:00:00.000Z;label=1 PRIVMSG #a :hi")
    assert bob.hears() == [f"@msgid={MSGID}0;+reply=a\\sb :ann!ann@127.0.0.1 PRIVMSG #a :hi"]
    assert cid.hears() == [":ann!ann@127.0.0.1 PRIVMSG #a :hi"]
    assert ann.says("@+typing=active TAGMSG #a") == []
    assert bob.hears() == [f"@msgid={MSGID}1;+typing=active :ann!ann@127.0.0.1 TAGMSG #a"]
    assert cid.hears() == []
    assert commands(ann.says("TAGMSG")) == ["461"]


def test_who_is_away_says_so_to_messages_and_not_to_notices() -> None:
    world = World()
    ann, bob = world.irc("ann"), world.irc("bob")
    assert commands(bob.says("AWAY :tea time")) == ["306"]
    assert ann.says("PRIVMSG bob :hi") == [f":{SERVER} 301 ann bob :tea time"]
    assert ann.says("NOTICE bob :hi") == []
    assert commands(bob.says("AWAY"))[-1] == "305"
    assert ann.says("PRIVMSG bob :hi") == []


def test_a_long_text_is_cut_and_no_line_passes_512_bytes() -> None:
    world = World()
    ann, bob = world.irc("a" * 30, "#a", host="0:1111:2222:3333:4444:5555:6666:7777"), world.irc("bob", "#a")
    world.hush()
    ann.says("PRIVMSG #a :" + "😀" * 124)
    (line,) = bob.hears()  # the harness checks its length
    assert len(line.encode()) > 500
