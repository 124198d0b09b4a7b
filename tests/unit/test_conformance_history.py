"""What was said before, as clients ask for it (IRCv3 draft/chathistory, batch).

In #a ann has said 0 to 9, a hundredth of a second apart. Whatever names a place, the same lines are around it.
"""

import pytest
from chat_harness import MSGID, SERVER, Person, World, commands

from chatd.commands import welcome
from chatd.protocol import irc
from chatd.protocol.event import server_time

BEGAN = 1_700_000_000.0
CAPS = "batch draft/chathistory message-tags server-time"
FUTURE = server_time(BEGAN + 9)


def reference(nth: int, kind: str) -> str:
    return f"msgid={MSGID}{nth}" if kind == "msgid" else f"timestamp={server_time(BEGAN + nth / 100)}"


@pytest.fixture
def world() -> World:
    world = World()
    ann = world.irc("ann", "#a")
    for number in range(10):
        world.wall = BEGAN + number / 100
        ann.says(f"PRIVMSG #a :{number}")
    return world


def asks(person: Person, line: str) -> str:
    """What was said in the one batch that answers, in one word."""
    begin, *lines, end = [irc.parse(said) for said in person.says(f"CHATHISTORY {line}")]
    batch = begin.params[0].removeprefix("+")
    assert (begin.command, begin.params[1:]) == ("BATCH", ["chathistory", "#a"])
    assert (end.command, end.params) == ("BATCH", [f"-{batch}"])
    for message in lines:
        nth = int(message.params[1])
        tags = {"batch": batch, "msgid": f"{MSGID}{nth}", "time": server_time(BEGAN + nth / 100)}
        assert (message.tags, message.source, message.params[0]) == (tags, "ann!ann@127.0.0.1", "#a")
    return "".join(message.params[1] for message in lines)


# What is asked with which places, and what is shown.
ASKED = [
    ("LATEST #a {4} 20", "56789"), ("LATEST #a {4} 2", "89"), ("LATEST #a {9} 5", ""),
    ("BEFORE #a {6} 20", "012345"), ("BEFORE #a {6} 2", "45"), ("BEFORE #a {0} 2", ""),
    ("AFTER #a {3} 20", "456789"), ("AFTER #a {3} 3", "456"), ("AFTER #a {9} 3", ""),
    ("BETWEEN #a {0} {9} 20", "12345678"), ("BETWEEN #a {9} {0} 20", "12345678"),
    ("BETWEEN #a {0} {9} 3", "123"), ("BETWEEN #a {9} {0} 3", "678"), ("BETWEEN #a {4} {4} 3", ""),
    ("AROUND #a {7} 1", "7"), ("AROUND #a {7} 3", "678"), ("AROUND #a {0} 4", "0123"), ("around #A {9} 4", "789"),
]  # fmt: skip


@pytest.mark.parametrize("kind", ["msgid", "timestamp"])
@pytest.mark.parametrize(("line", "shown"), ASKED)
def test_what_was_said_around_a_place(world: World, line: str, shown: str, kind: str) -> None:
    person = world.irc("bob", "#a", caps=CAPS)
    assert asks(person, line.format(*[reference(nth, kind) for nth in range(10)])) == shown


def test_the_last_is_shown_and_no_more_than_isupport_says(world: World) -> None:
    person = world.irc("bob", "#a", caps=CAPS)
    assert asks(person, "LATEST #a * 1") == "9"
    world.apply(chathistory=4)
    told = dict(token.partition("=")[::2] for token in welcome.isupport(world.chat))
    assert commands(person.hears()) == ["005"]
    assert [asks(person, f"LATEST #a * {count}") for count in (told["CHATHISTORY"], 0, 99)] == ["6789"] * 3
    assert set(told["MSGREFTYPES"].split(",")) == {"msgid", "timestamp"}


@pytest.mark.parametrize(
    "line",
    [
        "NONSENSE #a * 5", "LATEST", "LATEST #a", "LATEST #a *", "LATEST #a * x", "LATEST #a * * 5", "AFTER #a * 5",
        "AFTER #a msgid=XYZ 5", "AFTER #a timestamp=yesterday 5", "AFTER #a id=1 5", "BETWEEN #a msgid=1 5",
        "TARGETS msgid=1 msgid=2 5", "TARGETS * * 5", "LATEST #a msgid=" + "f" * 17 + " 5", "LATEST #a * -1",
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused(world: World, line: str) -> None:
    person = world.irc("bob", "#a", caps=CAPS.replace("server-time", ""))
    sentence = "HELP CHATHISTORY tells what it wants"
    wanted = line.split()[0]
    assert person.says(f"CHATHISTORY {line}") == [f":{SERVER} FAIL CHATHISTORY INVALID_PARAMS {wanted} :{sentence}"]


@pytest.mark.parametrize("target", ["#a", "#none"])
def test_only_who_is_inside_reads_it(world: World, target: str) -> None:
    person = world.irc("bob", "#b", caps="draft/chathistory")
    sentence = "You are not in a room of that name"
    told = person.says(f"CHATHISTORY LATEST {target} * 5")
    assert told == [f":{SERVER} FAIL CHATHISTORY INVALID_TARGET LATEST {target} :{sentence}"]


def test_between_two_people_nothing_is_kept_and_that_is_no_error(world: World) -> None:
    person = world.irc("bob", "#b", caps="draft/chathistory batch")
    world.irc("eve").says("PRIVMSG bob :psst")
    person.hears()
    begin, end = person.says("CHATHISTORY LATEST eve * 5")
    batch = end.rpartition("-")[2]
    assert begin == f":{SERVER} BATCH +{batch} chathistory eve"


def test_who_has_not_asked_for_it_has_no_such_command(world: World) -> None:
    assert commands(world.irc("bob", "#a", caps="batch").says("CHATHISTORY LATEST #a * 5")) == ["421"]


def test_a_place_that_is_forgotten_is_still_a_place() -> None:
    world = World(history_lines=3)
    ann = world.irc("ann", "#a", caps=CAPS)
    for number in range(6):
        world.wall = BEGAN + number / 100
        ann.says(f"PRIVMSG #a :{number}")
    for kind in ("msgid", "timestamp"):
        assert asks(ann, f"AFTER #a {reference(1, kind)} 9") == "345"
        assert asks(ann, f"BEFORE #a {reference(1, kind)} 9") == ""


def test_who_can_ask_is_shown_nothing_unasked_and_others_read_a_batch(world: World) -> None:
    assert commands(world.irc("bob", caps=CAPS).says("JOIN #a")) == ["JOIN", "353", "366"]
    heard = world.irc("cid", caps="batch server-time").says("JOIN #a")
    assert commands(heard) == ["JOIN", "353", "366", "BATCH", *["PRIVMSG"] * 10, "BATCH"]
    assert all(line.startswith("@batch=") for line in heard[4:-1])
    assert commands(world.irc("dan", caps="server-time").says("JOIN #a"))[3:] == ["PRIVMSG"] * 10


def test_rooms_in_which_something_was_said(world: World) -> None:
    person = world.irc("bob", "#a,#b,#c", caps="batch draft/chathistory")
    world.wall += 1
    person.says("PRIVMSG #b :hi")
    since, first, then = f"timestamp={server_time(BEGAN)}", server_time(BEGAN + 0.09), server_time(BEGAN + 1.09)
    shown = [f"CHATHISTORY TARGETS #a {first}", f"CHATHISTORY TARGETS #b {then}"]
    for line, expected in {
        f"{since} timestamp={FUTURE} 5": shown,
        f"timestamp={FUTURE} {since} 5": shown,
        f"{since} timestamp={FUTURE} 1": shown[:1],
        f"timestamp={FUTURE} {since} 1": shown[1:],
        f"{since} timestamp={then} 5": shown[:1],
    }.items():
        begin, *lines, end = person.says(f"CHATHISTORY TARGETS {line}")
        batch = irc.parse(begin).params[0].removeprefix("+")
        assert (begin, end) == (f":{SERVER} BATCH +{batch} draft/chathistory-targets", f":{SERVER} BATCH -{batch}")
        assert lines == [f"@batch={batch} :{SERVER} {each}" for each in expected]


def test_a_labelled_question_is_answered_by_a_batch_within_a_batch(world: World) -> None:
    person = world.irc("bob", "#a", caps="batch labeled-response draft/chathistory")
    begin, inner, *lines, end, last = person.says("@label=x CHATHISTORY LATEST #a * 2")
    outside, inside = (irc.parse(line).params[0].removeprefix("+") for line in (begin, inner))
    assert begin == f"@label=x :{SERVER} BATCH +{outside} labeled-response"
    assert inner == f"@batch={outside} :{SERVER} BATCH +{inside} chathistory #a"
    assert lines == [f"@batch={inside} :ann!ann@127.0.0.1 PRIVMSG #a :{number}" for number in (8, 9)]
    assert (end, last) == (f"@batch={outside} :{SERVER} BATCH -{inside}", f":{SERVER} BATCH -{outside}")


def test_what_fits_is_shown_from_the_right_end() -> None:
    world = World(outbox_pause=300)
    ann = world.irc("ann", "#a", caps="draft/chathistory")
    ann.says(*[f"PRIVMSG #a :{number} {'x' * 90}" for number in range(9)])
    shown = {line.split()[0]: [said.partition(" :")[2][0] for said in ann.says(f"CHATHISTORY {line}")] for line in (
        "LATEST #a * 9", f"AFTER #a msgid={MSGID}1 9",
    )}  # fmt: skip
    assert shown == {"LATEST": ["7", "8"], "AFTER": ["2", "3"]}
