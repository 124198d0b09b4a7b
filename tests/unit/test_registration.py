"""How a client of IRC comes in, what it is called, and how it goes."""

import pytest
from chat_harness import SERVER, World, commands

from chatd.protocol import irc
from chatd.protocol.farewell import Farewell

WELCOME = "001 002 003 004 005 005 005 251 252 253 254 255 265 266 422"


def test_who_has_said_nick_and_user_is_welcomed() -> None:
    ann = World().arrives()
    assert ann.says("NICK ann") == []
    heard = ann.says("USER ann 0 * :Ann Example")
    assert commands(heard) == WELCOME.split()
    assert all(irc.parse(line).params[0] == "ann" for line in heard)
    assert all(irc.parse(line).source == SERVER for line in heard)
    assert ann.is_seated


def test_the_order_of_nick_and_user_does_not_matter() -> None:
    ann = World().arrives()
    assert ann.says("USER ann 0 * :Ann", "PASS secret") == []
    assert commands(ann.says("NICK ann"))[0] == "001"


def test_negotiation_holds_the_registration_until_it_ends() -> None:
    ann = World().arrives()
    heard = ann.says("CAP LS 302", "NICK ann", "USER ann 0 * :Ann", "CAP REQ :server-time")
    assert commands(heard) == ["CAP", "CAP"]
    assert not ann.is_seated
    heard = ann.says("CAP END")
    assert irc.parse(heard[0]).command == "001"
    assert all(line.startswith("@time=") for line in heard)


def test_a_client_that_asks_for_what_there_is_not_gets_nothing_of_it() -> None:
    ann = World().arrives()
    (line,) = ann.says("CAP REQ :server-time no-such-thing")
    assert line == f":{SERVER} CAP * NAK :server-time no-such-thing"
    assert ann.says("CAP LIST") == [f":{SERVER} CAP * LIST :"]
    assert ann.says("CAP REQ :multi-prefix echo-message") == [f":{SERVER} CAP * ACK :multi-prefix echo-message"]
    assert ann.says("CAP REQ :-multi-prefix") == [f":{SERVER} CAP * ACK :-multi-prefix"]
    assert ann.client.caps == {"echo-message"}


@pytest.mark.parametrize("line", ["JOIN #a", "PRIVMSG bob :hi", "WHO", "NONSENSE", "JOIN :", "MODE ann", ""])
def test_before_registration_nothing_else_is_done(line: str) -> None:
    world = World()
    world.irc("bob")
    ann = world.arrives()
    assert commands(ann.says(line)) == ["451"]
    assert ann.says("PING x") == [f":{SERVER} PONG {SERVER} :x"]


def test_a_name_is_held_from_the_moment_it_is_asked_for() -> None:
    world = World()
    first, second = world.arrives(), world.arrives()
    first.says("NICK Ann")
    (line,) = second.says("NICK ann")
    assert line == f":{SERVER} 433 * ann :Nickname is already in use"
    first.leaves()
    assert second.says("NICK ann") == []


def test_a_name_that_was_given_up_is_free_and_only_that() -> None:
    world = World()
    ann, bob = world.irc("ann"), world.irc("bob")
    ann.says("NICK eve")
    assert commands(bob.says("NICK ann")) == ["NICK"]
    assert world.chat.find("EVE") is ann.client
    assert world.chat.find("ann") is bob.client
    assert world.chat.find("bob") is None
    ann.leaves()
    assert world.chat.find("ann") is bob.client


def test_ones_own_name_in_another_case_is_ones_own() -> None:
    world = World()
    ann = world.irc("ann")
    assert ann.says("NICK ANN") == [":ann!ann@127.0.0.1 NICK :ANN"]
    assert world.chat.find("ann") is ann.client
    assert [client.nick for client in world.chat.registered()] == ["ANN"]


def test_neighbours_are_told_of_a_new_name_once_and_others_are_not() -> None:
    world = World()
    ann, bob, cid = world.irc("ann", "#a", "#b"), world.irc("bob", "#a", "#b"), world.irc("cid", "#c")
    world.hush()
    ann.says("NICK eve")
    assert bob.hears() == [":ann!ann@127.0.0.1 NICK :eve"]
    assert cid.hears() == []


@pytest.mark.parametrize("written", ["bad user!", "a@b", "x:y", "é", "x" * 50, "~"])
def test_a_user_name_cannot_forge_a_source(written: str) -> None:
    world = World()
    ann = world.arrives()
    ann.says("NICK ann", f"USER {written} 0 * :x")
    nick, _, rest = ann.client.source.partition("!")
    user, _, host = rest.partition("@")
    assert (nick, host) == ("ann", "127.0.0.1")
    assert user
    assert len(user) <= world.chat.limits.user_length
    assert not set(user) & set(" !@:")


def test_to_quit_is_to_be_closed_with_ones_own_words() -> None:
    world = World()
    ann, bob = world.irc("ann", "#a"), world.irc("bob", "#a")
    world.hush()
    ann.says("QUIT :gone: fishing")
    assert ann.farewell == Farewell("Quit: gone: fishing")
    assert bob.hears() == [":ann!ann@127.0.0.1 QUIT :Quit: gone: fishing"]
    assert world.chat.find("ann") is None


def test_a_reason_is_cut_at_its_limit() -> None:
    ann = World(reason_length=10).irc("ann")
    ann.says("QUIT :" + "é" * 100)
    assert ann.farewell == Farewell("Quit: ééééé")


def test_the_message_of_the_day_is_told_line_by_line() -> None:
    ann = World(motd=("Welcome.", "", "é" * 150)).irc("ann")
    heard = ann.says("MOTD")
    assert commands(heard) == ["375", "372", "372", "372", "376"]
    assert heard[3].endswith("é" * 150)
