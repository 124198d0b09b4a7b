"""What was said before one came in: told from what is said now, shown once, and never acted upon."""

from client_samples import BOB, ME, receive, session

from chatclient import events
from chatclient.conversation import Line
from chatclient.limits import Limits
from chatclient.model import Model
from chatclient.session import Session


def stamp(second: float) -> str:
    return f"@time=2026-03-14T12:26:{second:06.3f}Z "


def came_in(second: float = 30) -> Session:
    one = session("server-time", "echo-message")
    receive(one, f"{stamp(second)}{ME} JOIN #lobby", ":s 353 alice = #lobby :alice bob", ":s 366 alice #lobby :End")
    return one


def is_earlier(one: Session, line: str) -> bool:
    (said,) = receive(one, line)
    assert isinstance(said, events.Said)
    return said.earlier


def test_what_is_older_than_ones_own_join_is_earlier_by_the_servers_clock() -> None:
    one = came_in(30)
    for line, earlier in (
        (f"{stamp(29.999)}{BOB} PRIVMSG #lobby :hi", True),
        (f"{stamp(1)}{BOB} NOTICE #LOBBY :hi", True),
        (f"{stamp(1)}{BOB} PRIVMSG #lobby :\x01ACTION waves\x01", True),
        (f"{stamp(1)}{ME} PRIVMSG #lobby :mine, of another day", True),
        (f"{stamp(30)}{BOB} PRIVMSG #lobby :hi", False),
        (f"{stamp(31)}{BOB} PRIVMSG #lobby :hi", False),
        (f"{BOB} PRIVMSG #lobby :hi", False),
        (f"@time=nonsense {BOB} PRIVMSG #lobby :hi", False),
        (f"{stamp(1)}{BOB} PRIVMSG #elsewhere :hi", False),
        (f"{stamp(1)}{BOB} PRIVMSG alice :hi", False),
    ):
        assert is_earlier(one, line) is earlier, line


def test_a_join_without_a_time_makes_nothing_earlier() -> None:
    one = session("server-time")
    receive(one, f"{ME} JOIN #lobby")
    assert not is_earlier(one, f"{stamp(1)}{BOB} PRIVMSG #lobby :hi")


def test_the_join_of_another_changes_nothing() -> None:
    one = came_in(30)
    receive(one, f"{stamp(40)}{BOB} JOIN #lobby")
    assert not is_earlier(one, f"{stamp(35)}{BOB} PRIVMSG #lobby :hi")


def test_each_time_one_comes_in_counts_anew() -> None:
    for leaving in (f"{ME} PART #lobby", f"{BOB} KICK #lobby alice :out"):
        one = came_in(30)
        receive(one, leaving)
        assert not is_earlier(one, f"{stamp(1)}{BOB} PRIVMSG #lobby :hi")
        receive(one, f"{stamp(50)}{ME} JOIN #lobby")
        assert is_earlier(one, f"{stamp(49)}{BOB} PRIVMSG #lobby :hi")


def test_rooms_that_one_is_put_into_without_end_are_not_all_remembered() -> None:
    one = session("server-time", limits=Limits(conversations=2))
    receive(one, *(f"{stamp(30)}{ME} JOIN #r{number}" for number in range(9)))
    assert [is_earlier(one, f"{stamp(1)}{BOB} PRIVMSG #r{number} :x") for number in (0, 1, 2, 8)] == [
        True, True, False, False
    ]  # fmt: skip


class Desk:
    """A model, and the sessions that come one after the other."""

    def __init__(self) -> None:
        self.model = Model("host:6667", "alice", Limits())

    def come_in(self, second: float, *lines: str) -> None:
        self.take(came_in(second), f"{stamp(second)}{ME} JOIN #lobby", *lines)

    def take(self, one: Session, *lines: str) -> None:
        for event in receive(one, *lines):
            self.model.apply(event, 0)

    def said(self) -> list[tuple[str, bool]]:
        return [(line.text, line.earlier) for line in self.lines if line.nick]

    @property
    def lines(self) -> list[Line]:
        room = self.model.find("#lobby")
        assert room is not None
        return list(room.lines)


def test_earlier_lines_stand_under_a_heading_with_their_own_time() -> None:
    desk = Desk()
    desk.come_in(
        30,
        f"@time=2026-03-12T12:00:00.000Z {BOB} PRIVMSG #lobby :two days before",
        f"{stamp(1)}{BOB} PRIVMSG #lobby :one",
        f"{stamp(1)}{BOB} NOTICE #lobby :two",
        f"{stamp(31)}{BOB} PRIVMSG #lobby :now",
    )
    assert [line.text for line in desk.lines] == [
        "alice came in",
        "Earlier, on 2026-03-12:",
        "two days before",
        "Earlier, on 2026-03-14:",
        "one",
        "two",
        "now",
    ]
    assert [line.earlier for line in desk.lines] == [False, *[True] * 5, False]
    assert desk.lines[-2].at - desk.lines[2].at == 2 * 86400 + 26 * 60 + 1


def test_what_has_been_shown_is_not_shown_again_after_a_reconnection() -> None:
    desk = Desk()
    told = [f"{stamp(second)}{BOB} PRIVMSG #lobby :{second}" for second in (1, 1, 2)]
    live = [f"{stamp(35)}{BOB} PRIVMSG #lobby :35", f"{stamp(36)}{ME} PRIVMSG #lobby :36"]
    missed = f"{stamp(40)}{BOB} PRIVMSG #lobby :40"
    desk.come_in(30, *told, *live)
    desk.come_in(50, *told, *live, missed, f"{stamp(51)}{BOB} PRIVMSG #lobby :51")
    assert desk.said() == [
        ("1", True), ("1", True), ("2", True), ("35", False), ("36", False), ("40", True), ("51", False)
    ]  # fmt: skip
    desk.come_in(55, *told, *live, missed)
    assert len(desk.said()) == 7


def test_earlier_lines_are_not_unread_and_confirm_nothing() -> None:
    desk = Desk()
    one = came_in(30)
    desk.take(one, f"{stamp(30)}{ME} JOIN #lobby")
    room = desk.model.current
    desk.model.show(desk.model.page)
    desk.take(one, f"{stamp(1)}{BOB} PRIVMSG #lobby :alice, hello", f"{stamp(2)}{ME} PRIVMSG #lobby :of another day")
    assert room.unread == 0
    desk.take(one, f"{stamp(31)}{BOB} PRIVMSG #lobby :alice, hello")
    assert room.unread == 1


def test_a_clock_of_ours_that_is_ahead_hides_nothing() -> None:
    desk = Desk()
    desk.come_in(30)
    room = desk.model.current
    desk.model.put(room, "#lobby", Line(4e9, desk.lines[0].kind, "alice", "mine, without an echo", own=True))
    desk.come_in(50, f"{stamp(40)}{BOB} PRIVMSG #lobby :missed")
    assert desk.said()[-1] == ("missed", True)
