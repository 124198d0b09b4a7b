"""What a person with nc can do, so that it is at home too: rooms one at a time, topics, who is here (docs/protocol.md).

zoe types; ann, with an IRC client, is in the first room and operator of #tea.
"""

import pytest
from chat_harness import LOBBY, Person, World
from conformance import Case, case, play

CASES = [
    case(
        "/join", "zoe: /join #tea", "zoe < * You are in #tea: one other is here.", "zoe < * The topic is: leaves",
        "ann < :zoe!plain@127.0.0.1 JOIN #tea", f"ann < :zoe!plain@127.0.0.1 PART {LOBBY}",
        "zoe: hello", "ann < :zoe!plain@127.0.0.1 PRIVMSG #tea :hello", "ann: PRIVMSG #lobby :x", "zoe <",
        "ann: PRIVMSG #tea :y", "zoe < <ann> y",
    ),
    case("/join without #", "zoe: /join new", "zoe < * You are in #new: nobody else is here.", "zoe: /topic new leaves",
         "zoe < * zoe set the topic: new leaves", "zoe: /topic", "zoe < * #new: new leaves"),
    case("/join again", "zoe: /join #lobby", "zoe < * You are in #lobby: one other is here.", "ann <"),
    case("/join what one may not", "ann: MODE #tea +k x", "zoe: /join #tea", "zoe < * #tea: Cannot join room (+k)",
         "zoe: still here", f"ann ~ PRIVMSG {LOBBY} :still here"),
    case("/join", "zoe: /join", "zoe < * Write /join <room>", "zoe: /join two words",
         "zoe ~ * #two words: A room's name"),
    case("/leave", "zoe: /join #tea", "zoe: /leave", "zoe ~ * You are in #lobby: one other is here.",
         "ann ? JOIN PART JOIN PART"),
    case("/leave", "zoe: /leave", "zoe < * You are in #lobby: one other is here."),
    case("/rooms", "zoe: /rooms", "zoe < * #lobby (2)", "zoe < * #tea (1) leaves"),
    case("/rooms", "ann: MODE #tea +s", "zoe: /rooms", "zoe < * #lobby (2)", "zoe <"),
    case("/topic", "zoe: /topic", "zoe < * #lobby: No topic is set", "zoe: /topic at 12:00",
         "zoe < * zoe set the topic: at 12:00", f"ann < :zoe!plain@127.0.0.1 TOPIC {LOBBY} :at 12:00"),
    case("/who", "zoe: /join #tea", "zoe: /who", "zoe ~ * @ann zoe"),
    case("/me", "zoe: /join #tea", "zoe: /me waves", "ann ~ PRIVMSG #tea :\x01ACTION waves\x01"),
    case("/help", "zoe: /join #tea", "zoe: /help", "zoe ~ everybody in #tea reads"),
    case("KICK", "zoe: /join #tea", "ann: KICK #tea zoe :out",
         "zoe < * You are in #tea: one other is here.", "zoe < * The topic is: leaves",
         "zoe < * ann threw zoe out (out)", "zoe < * You are back in #lobby.",
         "zoe: hi",
         f"ann ~ PRIVMSG {LOBBY} :hi"),
    case("INVITE", "ann: MODE #tea +i", "ann: INVITE zoe #tea", "zoe < * ann invites you to #tea", "zoe: /join tea",
         "zoe ~ * You are in #tea"),
]  # fmt: skip


def people(world: World) -> dict[str, Person]:
    ann, zoe = world.irc("ann", LOBBY, "#tea"), world.plain("zoe")
    ann.says("TOPIC #tea :leaves")
    world.hush()
    return {"ann": ann, "zoe": zoe}


@pytest.mark.parametrize("each", CASES, ids=repr)
def test_a_person_reads_what_comes_of_what_is_typed(each: Case) -> None:
    world = World()
    play(world, people(world), each.steps)


def test_a_first_line_may_say_where_to_go() -> None:
    world = World()
    zoe = people(world)["zoe"]
    new = world.arrives()
    new.meets(is_plain=True)
    heard = new.says("/join #tea")
    assert heard[-2:] == ["* You are in #tea: one other is here.", "* The topic is: leaves"]
    assert zoe.hears() == ["* guest1 came in", "* guest1 left"]


def test_what_was_said_is_shown_to_who_goes_there() -> None:
    world = World()
    everybody = people(world)
    everybody["ann"].says("PRIVMSG #tea :earlier")
    assert everybody["zoe"].says("/join #tea")[:3] == ["* Earlier in #tea:", "<ann> earlier", "* Now:"]
