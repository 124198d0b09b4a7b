"""The conversation with a server, line by line, without a connection."""

import pytest
from client_samples import BOB, ME, receive, session
from hypothesis import given
from hypothesis import strategies as st

from chatclient import events
from chatclient.limits import Limits
from chatclient.session import Session
from chatd.protocol.safetext import neutralise


def begun(random: float = 0.5) -> Session:
    made = Session("alice", {"#lobby": ""}, Limits(), lambda: random)
    made.begin()
    return made


def test_it_introduces_itself() -> None:
    assert begun().take_answers() == [b"CAP LS 302\r\n", b"NICK alice\r\n", b"USER alice 0 * :alice\r\n"]


def test_rooms_are_entered_with_their_keys() -> None:
    one = Session("alice", {"#lobby": "", "#dev": "key"}, Limits(), lambda: 0.5)
    receive(one, ":s 001 alice :Hi", ":s 422 alice :no MOTD")
    assert one.take_answers() == [b"JOIN #lobby\r\n", b"JOIN #dev key\r\n"]


def test_it_asks_only_for_what_it_wants_and_is_offered() -> None:
    one = begun()
    one.take_answers()
    receive(one, ":s CAP * LS * :sasl=PLAIN server-time", ":s CAP * LS :echo-message batch")
    assert one.take_answers() == [b"CAP REQ :server-time echo-message\r\n"]
    receive(one, ":s CAP * ACK :server-time echo-message")
    assert one.take_answers() == [b"CAP END\r\n"]
    assert one.echoes


@pytest.mark.parametrize("reply", [":s CAP * LS :", ":s CAP * LS :sasl", ":s CAP * NAK :server-time"])
def test_a_server_that_offers_nothing_is_not_asked(reply: str) -> None:
    one = begun()
    one.take_answers()
    receive(one, reply)
    assert one.take_answers() == [b"CAP END\r\n"]


def test_it_enters_its_room_after_the_greeting() -> None:
    one = begun()
    one.take_answers()
    assert receive(one, ":s 001 alice :Hi") == [events.Told(at=0.0, text="Hi")]
    found = receive(one, ":s 376 alice :End")
    assert found == [events.Registered(at=0.0, nick="alice")]
    assert one.take_answers() == [b"JOIN #lobby\r\n"]
    assert one.seated


def test_a_taken_nickname_is_varied_and_then_made_up() -> None:
    one = begun()
    one.take_answers()
    for expected in (b"alice_", b"alice__", b"guest5500"):
        assert receive(one, ":s 433 * alice :Nickname is already in use")
        assert one.take_answers() == [b"NICK " + expected + b"\r\n"]


def test_a_nickname_that_is_not_allowed_is_shortened_and_then_made_up() -> None:
    one = Session("bartholomew", {}, Limits(), lambda: 0.5)
    for expected in (b"bartholom", b"guest5500"):
        receive(one, ":s 432 * bartholomew :Erroneous nickname")
        assert one.take_answers() == [b"NICK " + expected + b"\r\n"]


def test_nickname_tries_are_bounded() -> None:
    one = begun()
    for _ in range(Limits().nick_tries + 1):
        receive(one, ":s 433 * alice :taken")
    assert one.error


def test_ping_is_answered_and_pong_is_an_event() -> None:
    one = session()
    assert receive(one, "PING :x y") == []
    assert one.take_answers() == [b"PONG :x y\r\n"]
    assert receive(one, ":s PONG s :token") == [events.Answered(at=0.0, token="token")]


def test_waiting_and_being_seated() -> None:
    one = session("standard-replies")
    assert receive(one, ":s NOTE * QUEUED 3 12 40 :You are 3rd") == [
        events.Queued(at=0.0, place=3, length=12, eta=40.0)
    ]
    assert one.registered
    assert not one.seated
    assert receive(one, ":s NOTE * QUEUED 2 12 * :2nd") == [events.Queued(at=0.0, place=2, length=12, eta=None)]
    assert receive(one, ":s NOTE * SEATED :Welcome") == [events.Seated(at=0.0, text="Welcome")]
    assert one.seated


def test_joining_is_a_seat_too() -> None:
    one = session()
    receive(one, ":s NOTE * QUEUED 1 1 * :x", f"{ME} JOIN #lobby")
    assert one.seated


def test_occupancy_and_cap() -> None:
    one = session()
    assert receive(one, ":s NOTE * OCCUPANCY 97 100 4 :x") == [events.Occupancy(at=0.0, seated=97, cap=100, waiting=4)]
    assert receive(one, ":s 005 alice CHATD.MAXCLIENTS=120 :are supported") == [events.Capacity(at=0.0, cap=120)]
    assert receive(one, ":s 005 alice -CHATD.MAXCLIENTS :are supported") == [events.Capacity(at=0.0, cap=None)]
    assert receive(one, ":s 005 alice CHATD.MAXCLIENTS :are supported") == [events.Capacity(at=0.0, cap=None)]
    assert receive(one, ":s 005 alice NICKLEN=30 :are supported") == []


def test_a_server_cannot_draw_with_the_signs_of_members() -> None:
    one = session()
    receive(one, ":s 005 alice PREFIX=(ov)\u202e\u009b :are supported")
    [_, marked] = receive(one, ":s MODE #lobby +o bob")
    assert marked == events.Marked(at=0.0, room="#lobby", nick="bob", mark="@", given=True)


def test_a_name_with_formatting_is_not_taken_for_the_one_without() -> None:
    one = session()
    [said] = receive(one, ":bob\x02!u@h PRIVMSG alice :hi")
    assert isinstance(said, events.Said)
    assert said.where == "bob␂"
    assert one.command("PRIVMSG", "bob", text="secret") == b"PRIVMSG bob :secret\r\n"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            f"{BOB} PRIVMSG #lobby :hi",
            events.Said(at=0.0, where="#lobby", nick="bob", text="hi", own=False, is_room=True),
        ),
        (
            f"{BOB} PRIVMSG alice :psst",
            events.Said(at=0.0, where="bob", nick="bob", text="psst", own=False, is_room=False),
        ),
        (
            f"{ME} PRIVMSG bob :psst",
            events.Said(at=0.0, where="bob", nick="alice", text="psst", own=True, is_room=False),
        ),
        (
            f"{BOB} PRIVMSG @#lobby :\x01ACTION waves\x01",
            events.Said(at=0.0, where="#lobby", nick="bob", text="waves", own=False, is_room=True, kind="action"),
        ),
        (
            f"{BOB} NOTICE #lobby :hi",
            events.Said(at=0.0, where="#lobby", nick="bob", text="hi", own=False, is_room=True, kind="notice"),
        ),
        (":server NOTICE * :looking up", events.Told(at=0.0, text="looking up")),
        (f"{BOB} PRIVMSG alice :\x01VERSION\x01", events.Told(at=0.0, text="bob sends CTCP VERSION")),
        (f"{BOB} JOIN #lobby", events.Joined(at=0.0, room="#lobby", nick="bob", own=False)),
        (f"{BOB} PART #lobby :bye", events.Parted(at=0.0, room="#lobby", nick="bob", own=False, text="bye")),
        (
            f"{BOB} KICK #lobby alice :out",
            events.Parted(at=0.0, room="#lobby", nick="alice", own=True, text="out", by="bob"),
        ),
        (f"{BOB} INVITE alice #tea", events.Told(at=0.0, text="bob invites you to #tea; /join #tea goes there")),
        (f"{BOB} QUIT :gone", events.Quit(at=0.0, nick="bob", text="gone")),
        (f"{BOB} NICK rob", events.Renamed(at=0.0, nick="bob", new="rob", own=False)),
        (f"{BOB} TOPIC #lobby :new", events.Topic(at=0.0, room="#lobby", text="new", by="bob")),
        (":s 332 alice #lobby :old", events.Topic(at=0.0, room="#lobby", text="old")),
        (":s 372 alice :- motd", events.Told(at=0.0, text="- motd")),
        (":s 404 alice #lobby :no", events.Rejected(at=0.0, what="PRIVMSG", where="#lobby", text="no")),
        (":s 464 alice :wrong", events.Rejected(at=0.0, what="PASS", where="", text="wrong")),
        (":s 471 alice #full :full", events.Rejected(at=0.0, what="JOIN", where="#full", text="full")),
        (":s FAIL JOIN TOO_MANY #x :no", events.Rejected(at=0.0, what="JOIN", where="#x", text="no")),
        (":s FAIL * OUTBOX_FULL :slow", events.Told(at=0.0, text="slow", error=True)),
        (":s 421 alice FOO :Unknown command", events.Told(at=0.0, text="FOO Unknown command", error=True)),
        (
            f"@time=1970-01-01T00:00:07.500Z {BOB} PRIVMSG #lobby :hi",
            events.Said(at=7.5, where="#lobby", nick="bob", text="hi", own=False, is_room=True),
        ),
        (
            f"@time=nonsense {BOB} PRIVMSG #lobby :\x0304,05red\x0f \x02bold\x02",
            events.Said(at=0.0, where="#lobby", nick="bob", text="red bold", own=False, is_room=True),
        ),
    ],
)
def test_what_lines_mean(line: str, expected: events.Event) -> None:
    assert receive(session(), line) == [expected]


def test_names_come_together_and_are_bounded() -> None:
    one = session(limits=Limits(members=3))
    assert receive(one, ":s 353 alice = #lobby :@alice bob", ":s 353 alice = #lobby :+carol dave eve") == []
    assert receive(one, ":s 366 alice #lobby :End") == [
        events.Names(at=0.0, room="#lobby", names=("@alice", "bob", "+carol"), more=2)
    ]


def test_marks_are_read_past_other_modes_that_take_words() -> None:
    one = session()
    receive(one, ":s 005 alice PREFIX=(ov)@+ CHANMODES=b,k,l,imnt :x")
    found = receive(one, f"{BOB} MODE #lobby +lko-v 5 key carol dave")
    assert found[1:] == [
        events.Marked(at=0.0, room="#lobby", nick="carol", mark="@", given=True),
        events.Marked(at=0.0, room="#lobby", nick="dave", mark="+", given=False),
    ]


def test_own_nickname_follows() -> None:
    one = session()
    assert receive(one, f"{ME} NICK alicia") == [events.Renamed(at=0.0, nick="alice", new="alicia", own=True)]
    assert one.nick == "alicia"


def test_a_strange_name_is_answered_as_it_is_on_the_wire() -> None:
    one = session()
    (said,) = receive(one, ":b\u202eob!b@host PRIVMSG alice :hi")
    assert isinstance(said, events.Said)
    assert said.where == "b\ufffdob"
    assert one.command("WHOIS", said.where) == "WHOIS b\u202eob\r\n".encode()


def test_what_is_typed_stays_in_its_line() -> None:
    one = session()
    assert one.command("JOIN", "#a b\r\nQUIT") == b"JOIN #abQUIT\r\n"
    assert one.say("#lobby", "a\r\nQUIT\0") == [("aQUIT", b"PRIVMSG #lobby :aQUIT\r\n")]


@given(st.text(alphabet=st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"]), max_size=3000))
def test_long_messages_are_whole_and_fit(text: str) -> None:
    said = session().say("#lobby", text)
    assert "".join(part for part, _ in said) == text
    for part, line in said:
        assert line == f"PRIVMSG #lobby :{part}\r\n".encode()
        assert len(b":alice!" + b"x" * 76 + b" " + line) <= 512


_COMMANDS = st.sampled_from(
    ["PRIVMSG", "NOTICE", "JOIN", "PART", "KICK", "INVITE", "QUIT", "NICK", "TOPIC", "MODE", "CAP", "ERROR", "PING"]
) | st.sampled_from(
    ["NOTE", "FAIL", "WARN", "001", "005", "332", "331", "353", "366", "376", "401", "403", "421", "433", "432", "999"]
)
_WORDS = st.lists(st.text(max_size=12) | st.sampled_from(["alice", "#lobby", "*", "QUEUED", "LS", "ACK"]), max_size=6)


_LINES = st.builds(lambda command, words: f":x!y@z {command} {' '.join(words)}".encode(), _COMMANDS, _WORDS)


@given(st.lists(st.binary(max_size=60) | _LINES))
def test_whatever_comes_is_read_and_safe_to_show(lines: list[bytes]) -> None:
    one = session()
    for line in lines:
        for event in one.receive(line.replace(b"\n", b""), 0.0):
            for value in event.as_dict().values():
                texts = value if isinstance(value, tuple) else [value]
                assert all(not isinstance(text, str) or text == neutralise(text) for text in texts), event
        assert all(answer.endswith(b"\r\n") and answer.count(b"\n") == 1 for answer in one.take_answers())
