"""What typed lines do."""

import pytest
from client_samples import session

from chatclient import events
from chatclient.client import Client, CommandError
from chatclient.commands import COMMANDS, enter
from chatclient.connection import Address, Connection
from chatclient.endings import Ending
from chatclient.exits import Exit
from chatclient.limits import Limits
from chatclient.model import Model, Stage
from chatclient.session import Session

ADDRESS = Address("host", 6667)


class Desk:
    """A client in #lobby, and what it put up for sending."""

    def __init__(self, *caps: str, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self.client = Client(Model("host:6667", "alice", self.limits), self.limits)
        self.session = session(*caps, limits=self.limits)
        self.connection = Connection(ADDRESS, self.session, self.limits)
        self.client.attach(self.session, self.connection)
        self.model = self.client.model
        self.model.apply(events.Registered(at=0, nick="alice"), 0)
        self.model.apply(events.Joined(at=0, room="#lobby", nick="alice", own=True), 0)

    async def enter(self, typed: str) -> bytes:
        enter(self.client, typed)
        idle = self.connection.outgoing.space == self.limits.outgoing_lines
        return b"" if idle else await self.connection.outgoing.take()


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("hello", b"PRIVMSG #lobby :hello\r\n"),
        ("//slash", b"PRIVMSG #lobby :/slash\r\n"),
        ("one\n\n/two\n", b"PRIVMSG #lobby :one\r\nPRIVMSG #lobby :/two\r\n"),
        ("/me waves", b"PRIVMSG #lobby :\x01ACTION waves\x01\r\n"),
        ("/NICK al", b"NICK al\r\n"),
        ("/msg bob hi there", b"PRIVMSG bob :hi there\r\n"),
        ("/join dev key", b"JOIN #dev key\r\n"),
        ("/join #lobby", b""),
        ("/part", b"PART #lobby\r\n"),
        ("/part so long", b"PART #lobby :so long\r\n"),
        ("/topic", b"TOPIC #lobby\r\n"),
        ("/topic a new one", b"TOPIC #lobby :a new one\r\n"),
        (f"/topic {'x' * 300}", b"TOPIC #lobby :" + b"x" * 300 + b"\r\n"),
        ("/names", b"NAMES #lobby\r\n"),
        ("   ", b""),
    ],
)
async def test_typed_and_sent(typed: str, sent: bytes) -> None:
    assert await Desk().enter(typed) == sent


@pytest.mark.parametrize("typed", ["/nonsense", "/nick", "/nick a b", "/me", "/msg bob", "/join", "/join #a,#b"])
async def test_what_cannot_be_done_says_why(typed: str) -> None:
    with pytest.raises(CommandError, match="/"):
        enter(Desk().client, typed)


@pytest.mark.parametrize("typed", ["hello", "/topic", "/names", "/part"])
async def test_on_the_servers_page_there_is_no_room(typed: str) -> None:
    desk = Desk()
    desk.model.show(desk.model.page)
    with pytest.raises(CommandError, match="This page"):
        enter(desk.client, typed)


async def test_every_command_has_help_and_is_shown() -> None:
    desk = Desk()
    await desk.enter("/help")
    shown = "\n".join(line.text for line in desk.model.current.lines)
    for command in COMMANDS.values():
        assert command.help
        assert f"{command.usage} " in shown
    assert {"nick", "me", "msg", "join", "part", "topic", "names", "help", "quit"} <= set(COMMANDS)


async def test_a_message_waits_for_its_echo() -> None:
    desk = Desk("echo-message")
    await desk.enter("hello")
    assert [pending.text for pending in desk.model.current.pending] == ["hello"]
    assert desk.model.current.lines[-1].text == "alice came in"


async def test_without_echo_it_is_shown_at_once() -> None:
    desk = Desk()
    await desk.enter("/me waves\x1b[31m")
    assert desk.model.current.lines[-1].text == "waves␛[31m"


async def test_messages_wait_for_a_seat_and_commands_about_rooms_do_not() -> None:
    desk = Desk()
    desk.session.receive(b":s NOTE * QUEUED 1 1 * :x", 0)
    with pytest.raises(CommandError, match="in line"):
        enter(desk.client, "hello")
    assert await desk.enter("/join #dev") == b"JOIN #dev\r\n"


async def test_nothing_is_sent_without_a_connection() -> None:
    client = Client(Model("host:6667", "alice", Limits()), Limits())
    for typed in ("/nick al", "/join #x", "/msg bob hi"):
        with pytest.raises(CommandError, match="Not connected"):
            enter(client, typed)
    enter(client, "/help")
    enter(client, "/quit")
    assert client.gone.is_set()
    assert client.model.stage is Stage.LEAVING


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        (f"/topic {'x' * 301}", "That is 1 byte too long"),
        (f"/topic {'é' * 151}", "That is 2 bytes too long"),
        (f"/part {'x' * 600}", r"That is \d+ bytes too long"),
    ],
)
async def test_a_text_that_would_be_cut_is_not_sent(typed: str, told: str) -> None:
    desk = Desk()
    desk.session.receive(b":s 005 alice TOPICLEN=300 :are supported", 0)
    with pytest.raises(CommandError, match=f"{told}: what you typed is kept"):
        await desk.enter(typed)
    assert desk.connection.outgoing.unsent == 0
    assert desk.model.rooms == {"#lobby": ""}


async def test_a_topic_has_to_fit_the_line_where_the_server_names_no_length() -> None:
    desk = Desk()
    line = await desk.enter(f"/topic {'x' * desk.session.space('TOPIC', '#lobby')}")
    assert len(b":alice!" + b"x" * 76 + b" " + line) == 512
    with pytest.raises(CommandError, match="1 byte too long"):
        await desk.enter(f"/topic {'x' * (desk.session.space('TOPIC', '#lobby') + 1)}")


async def test_a_room_can_be_left_while_nobody_is_there_to_be_asked() -> None:
    desk = Desk()
    desk.client.detach(Ending(Exit.LOST, "gone"), 30.0, 1)
    await desk.enter("/part")
    assert desk.model.rooms == {}
    assert desk.model.current is desk.model.page
    assert desk.model.hint == "#lobby is not entered again."


async def test_while_a_connection_is_made_a_room_is_not_left_behind_its_back() -> None:
    desk = Desk()
    desk.client.attach(Session("alice", desk.model.rooms, desk.limits, lambda: 0.5), desk.connection)
    with pytest.raises(CommandError, match="Not connected"):
        await desk.enter("/part")
    assert desk.model.rooms == {"#lobby": ""}


async def test_the_key_of_a_room_is_remembered_as_long_as_we_are_in_it() -> None:
    desk = Desk()
    await desk.enter("/join dev key")
    assert desk.model.rooms == {"#lobby": ""}
    desk.model.apply(events.Joined(at=0, room="#dev", nick="alice", own=True), 0)
    assert desk.model.rooms == {"#lobby": "", "#dev": "key"}
    await desk.enter("/part")
    await desk.enter("/join dev")
    desk.model.apply(events.Joined(at=0, room="#dev", nick="alice", own=True), 0)
    assert desk.model.rooms["#dev"] == ""


async def test_a_paste_that_is_too_long_is_kept_whole() -> None:
    desk = Desk(limits=Limits(outgoing_lines=2))
    with pytest.raises(CommandError, match="kept"):
        enter(desk.client, "1\n2\n3")
    assert desk.connection.outgoing.space == 2
