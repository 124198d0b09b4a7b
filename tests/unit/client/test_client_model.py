"""What the screen would show, without one."""

from hypothesis import given
from hypothesis import strategies as st

from chatclient import events
from chatclient.conversation import Kind, Members, Pending
from chatclient.endings import Ending
from chatclient.exits import Exit
from chatclient.limits import Limits
from chatclient.model import Model, Stage, Wait


def model(limits: Limits | None = None) -> Model:
    made = Model("host:6667", "alice", limits or Limits())
    made.apply(events.Registered(at=0, nick="alice"), 0)
    return made


def in_lobby(limits: Limits | None = None) -> Model:
    made = model(limits)
    made.apply(events.Joined(at=0, room="#lobby", nick="alice", own=True), 0)
    made.apply(events.Names(at=0, room="#lobby", names=("alice", "@bob")), 0)
    return made


def texts(of: Model) -> list[str]:
    return [line.text for line in of.current.lines]


def said(text: str, nick: str = "bob", where: str = "#lobby", own: bool = False) -> events.Said:
    return events.Said(at=0, where=where, nick=nick, text=text, own=own, is_room=where.startswith("#"))


def test_the_room_is_shown_once_joined() -> None:
    one = in_lobby()
    assert one.stage is Stage.ONLINE
    assert one.current.title == "#lobby"
    assert one.current.members.shown(9) == ["@bob", "alice"]
    one.apply(said("hi"), 0)
    assert texts(one) == ["alice came in", "hi"]


def test_waiting_keeps_when_it_began() -> None:
    one = model()
    one.apply(events.Queued(at=0, place=3, length=3, eta=None), 10.0)
    one.apply(events.Queued(at=0, place=2, length=5, eta=40.0), 20.0)
    assert one.stage is Stage.WAITING
    assert one.wait is not None
    assert one.wait == Wait(place=2, length=5, eta=40.0, noted=20.0, first=3, since=10.0)
    one.apply(events.Seated(at=0, text="Welcome"), 30.0)
    assert one.stage.value == "connected"
    assert one.wait is None


def test_being_told_the_place_before_the_end_of_the_greeting() -> None:
    one = Model("host:6667", "alice", Limits())
    one.apply(events.Queued(at=0, place=1, length=1, eta=None), 0)
    one.apply(events.Registered(at=0, nick="alice"), 0)
    assert one.stage is Stage.WAITING


def test_occupancy_is_what_is_known_of_it() -> None:
    one = model()
    one.apply(events.Capacity(at=0, cap=100), 0)
    assert (one.seated, one.cap) == (None, 100)
    one.apply(events.Occupancy(at=0, seated=97, cap=100, waiting=0), 0)
    assert (one.seated, one.cap) == (97, 100)
    one.apply(events.Capacity(at=0, cap=None), 0)
    assert (one.seated, one.cap) == (97, None)


def test_what_was_not_confirmed_when_the_connection_ends_is_said() -> None:
    one = in_lobby()
    one.current.pending.extend([Pending("first", False), Pending("second", False)])
    one.apply(said("first", nick="alice", own=True), 0)
    one.disconnected(Ending(Exit.LOST, "gone"), 5.0, 30.0, 1, 0)
    assert texts(one)[-2:] == ["gone", "Not confirmed: second"]
    assert one.stage is Stage.OFFLINE
    assert one.offline is not None
    assert one.offline.until == 35.0
    assert one.rooms == {"#lobby": ""}


def test_a_rejected_message_is_shown_as_not_delivered() -> None:
    one = in_lobby()
    one.current.pending.append(Pending("x", False))
    one.apply(events.Rejected(at=0, what="PRIVMSG", where="#lobby", text="no"), 0)
    assert texts(one)[-2:] == ["Not delivered: x", "#lobby: no"]


def test_a_room_that_is_refused_is_not_joined_again() -> None:
    one = in_lobby()
    one.apply(events.Rejected(at=0, what="JOIN", where="#lobby", text="banned"), 0)
    assert one.rooms == {}


def test_people_have_pages_and_unread_lines_are_counted() -> None:
    one = in_lobby()
    one.apply(said("psst", where="bob"), 0)
    assert texts(one) == ["alice came in"]
    found = one.find("BOB")
    assert found is not None
    assert found.unread == 1
    one.turn(1)
    assert one.current is found
    assert found.unread == 0


def test_leaving_is_told_where_they_were() -> None:
    one = in_lobby()
    one.apply(events.Joined(at=0, room="#dev", nick="alice", own=True), 0)
    one.apply(events.Quit(at=0, nick="bob", text=""), 0)
    assert texts(one)[-1] == "bob left"
    dev = one.find("#dev")
    assert dev is not None
    assert [line.text for line in dev.lines] == ["alice came in"]


def test_names_follow_changes() -> None:
    one = in_lobby()
    one.apply(events.Renamed(at=0, nick="alice", new="al", own=True), 0)
    one.apply(events.Marked(at=0, room="#lobby", nick="al", mark="+", given=True), 0)
    one.apply(events.Marked(at=0, room="#lobby", nick="bob", mark="@", given=False), 0)
    assert (one.nick, one.wanted_nick) == ("al", "alice")
    assert one.current.members.shown(9) == ["+al", "bob"]
    one.apply(events.Parted(at=0, room="#lobby", nick="al", own=True, by="bob"), 0)
    assert not one.current.joined
    assert len(one.current.members) == 0


def test_the_first_list_of_names_is_no_news_and_a_later_one_is() -> None:
    one = in_lobby()
    one.apply(events.Names(at=0, room="#lobby", names=("alice",)), 0)
    assert texts(one)[-1] == "1 here: alice"


def test_events_of_rooms_that_we_are_not_in_change_nothing() -> None:
    one = in_lobby()
    for event in (
        events.Joined(at=0, room="#x", nick="bob", own=False),
        events.Parted(at=0, room="#x", nick="bob", own=False),
        events.Topic(at=0, room="#x", text="t"),
        events.Names(at=0, room="#x", names=("a",)),
        events.Marked(at=0, room="#x", nick="a", mark="@", given=True),
    ):
        one.apply(event, 0)
    assert len(one.conversations) == 2


def test_nothing_grows_without_bound() -> None:
    limits = Limits(conversations=3, scrollback_lines=5, members=4)
    one = in_lobby(limits)
    for number in range(50):
        one.apply(said(f"{number}"), 0)
        one.apply(said("x", nick=f"n{number}", where=f"n{number}"), 0)
        one.apply(events.Joined(at=0, room="#lobby", nick=f"n{number}", own=False), 0)
    assert len(one.conversations) == 4
    assert all(len(each.lines) <= 5 for each in one.conversations)
    assert len(one.current.members.nicks()) == 4
    assert len(one.current.members) == 52
    assert one.page.lines[-1].text == "(to n49) x"


def test_members_past_the_bound_are_counted() -> None:
    some = Members(2)
    some.replace(["@b", "a"], 3, "@+")
    some.add("c")
    assert len(some) == 6
    some.remove("unknown")
    assert len(some) == 5
    assert some.nicks() == ["b", "a"]


@given(st.lists(st.tuples(st.sampled_from(["add", "remove", "rename", "mark", "replace", "clear"]), st.text("aAbB"))))
def test_members_are_always_in_order(steps: list[tuple[str, str]]) -> None:
    some = Members(3)
    for step, name in steps:
        match step:
            case "add":
                some.add(name)
            case "remove":
                some.remove(name)
            case "rename":
                some.rename(name, name + "b")
            case "mark":
                some.mark(name, "@", True)
            case "replace":
                some.replace([name, "@x"], 1, "@")
            case "clear":
                some.clear()
        assert len(some.nicks()) == len(some.shown(9)) <= min(3, len(some))
        assert sorted(some.nicks(), key=str.lower) == sorted(set(some.nicks()), key=str.lower)


def test_errors_are_seen_where_the_person_looks() -> None:
    one = in_lobby()
    one.apply(events.Told(at=0, text="No such nick", error=True), 0)
    assert one.current.lines[-1].kind is Kind.ERROR
    assert one.page.lines[-1].text == "No such nick"


def test_closing_a_page_shows_another() -> None:
    one = in_lobby()
    one.close(one.current)
    assert one.current is one.page
