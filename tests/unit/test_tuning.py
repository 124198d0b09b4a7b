"""Values that change while the server runs: what is set by hand stands above all, and nothing is changed by halves."""

from collections.abc import Callable
from pathlib import Path

import pytest
from chat_harness import LOBBY
from desk_harness import FILES, Notes, Operator, notes

from chatd.limits import Limits, bounds

__all__ = ["notes"]  # a fixture

Write = Callable[[str], str]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write the configuration file; its path."""

    def file(content: str) -> str:
        path = tmp_path / "chatd.toml"
        path.write_text(content)
        return str(path)

    return file


# By hand.


def test_raising_the_cap_seats_the_line_in_its_order_and_tells_everybody(notes: Notes) -> None:
    operator = Operator(max_clients=1, queue=9)
    people = [operator.world.irc(nick, LOBBY) for nick in ("ann", "bob", "cid", "dan")]
    done = operator.asks("set", name="max-clients", value="3")
    assert [person.is_seated for person in people] == [True, True, True, False]
    assert (done["done"], done["old"], done["new"]) == ("max-clients: 1 client -> 3 clients", 1, 3)
    assert done["follows"] == ["2 were seated from the line"]
    assert any(" 005 ann CHATD.MAXCLIENTS=3 :" in line for line in people[0].hears())
    assert notes.last() == ("set", {"name": "max-clients", "old": 1, "new": 3})
    assert operator.limit("max-clients")["from"] == "chatctl"


def test_lowering_a_bound_sends_nobody_away_and_says_so() -> None:
    operator = Operator(max_clients=4, queue=4)
    people = [operator.world.irc(f"p{number}") for number in range(7)]
    done = operator.asks("set", name="max-clients", value="2")
    assert "max-clients: 4 are in use and stay; the bound counts from the next one on" in done["follows"]
    assert operator.asks("set", name="queue", value=1)["follows"] == [
        "queue: 3 are in use and stay; the bound counts from the next one on"
    ]
    assert all(person.farewell is None for person in people)
    people[0].leaves()
    people[1].leaves()
    assert not people[4].is_seated
    people[2].leaves()
    assert people[4].is_seated


def test_what_follows_from_the_cap_is_told() -> None:
    operator = Operator(max_clients=10)
    assert "max-per-host is now 50" in operator.asks("set", name="max-clients", value="100")["follows"]
    operator.asks("set", name="max-per-host", value="7")
    assert operator.asks("set", name="max-clients", value="200")["follows"] == []


def test_a_bound_may_be_switched_off_by_choice() -> None:
    operator = Operator(max_clients=1, queue=9)
    bob = [operator.world.irc(nick) for nick in ("ann", "bob")][1]
    done = operator.asks("set", name="max-clients", value="none")
    assert (done["done"], done["new"], bob.is_seated) == ("max-clients: 1 client -> none, by choice", "none", True)


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("max-client", "5", "there is no bound max-client; did you mean max-clients?"),
        ("motd", "x", "there is no bound motd"),
        ("queue", "many", "queue: 'many' is not a whole number of places, or 'none'"),
        ("queue", "-1", "queue: -1 is too small: at least 0 places"),
        ("queue", 2.5, "queue: '2.5' is not a whole number of places, or 'none'"),
        ("linger", "nan", "linger: nan is too small"),
        ("send-buffer", "8192", "send-buffer needs a restart: write it into the file or onto the command line"),
        ("max-clients", str(FILES), f"--max-clients {FILES} is too large: "),
        ("handshakes", "1990", "do not fit into the 2,000 open files"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_changed(name: str, value: str | float, sentence: str) -> None:
    operator = Operator()
    assert sentence in operator.is_refused("set", name=name, value=value)
    assert operator.server.applied == 0


def test_what_was_set_is_reset(notes: Notes) -> None:
    operator = Operator(queue=9)
    operator.asks("set", name="queue", value="3")
    done = operator.asks("reset", name="--queue")
    assert (done["old"], done["new"], operator.limit("queue")["from"]) == (3, 9, "default")
    assert notes.last() == ("reset", {"name": "queue", "old": 3, "new": 9})
    assert operator.asks("reset", name="queue")["done"] == "queue: 9 places -> 9 places"
    operator.asks("set", name="max-per-host", value="3")
    operator.asks("set", name="max-clients", value="10")
    assert operator.asks("reset", name="max-per-host")["new"] == 5  # half of max-clients again


def test_every_bound_that_may_change_can_be_set_to_its_default() -> None:
    operator = Operator()
    for bound in bounds():
        if bound.live and bound.default is not None:
            value = bound.show(bound.default).split()[0].replace(",", "")
            assert operator.asks("set", name=bound.key, value=value)["follows"] == []
    assert operator.chat.limits == Limits()


# From the file.


def test_a_reload_takes_what_is_new_keeps_what_was_set_and_tells_what_needs_a_restart(
    write: Write, notes: Notes, tmp_path: Path
) -> None:
    file = write("[limits]\nmax-clients = 1\nqueue = 9\n[server]\nport = 1\n")
    operator = Operator(file)
    bob = [operator.world.irc(nick) for nick in ("ann", "bob")][1]
    operator.asks("set", name="queue", value="5")
    motd, password = tmp_path / "motd", tmp_path / "password"
    motd.write_text("one\ntwo\n")
    password.write_text("sesame\n")
    password.chmod(0o600)
    write(
        "[limits]\nmax-clients = 2\nqueue = 7\nlinger = 1.5\nsend-buffer = 8192\n[server]\nport = 2\n"
        f"motd = '{motd}'\npassword-file = '{password}'\nexempt = ['192.0.2.0/24']\n"
    )
    report = operator.asks("reload")
    assert report["changed"] == [
        {"name": "max-clients", "old": "1 client", "new": "2 clients"},
        {"name": "linger", "old": "2 s", "new": "1.5 s"},
        {"name": "motd", "old": "0 lines", "new": "2 lines"},
        {"name": "password-file", "old": "none", "new": "set"},
        {"name": "exempt", "old": "none", "new": "192.0.2.0/24"},
    ]
    assert (report["kept"], report["restart"]) == (["queue"], ["send-buffer", "port"])
    assert report["follows"] == ["1 was seated from the line"]
    assert bob.is_seated
    limits, settings = operator.chat.limits, operator.chat.settings
    assert (limits.max_clients, limits.queue, limits.linger, limits.send_buffer) == (2, 5, 1.5, 65536)
    assert (settings.motd, settings.password, str(settings.exempt[0])) == (["one", "two"], b"sesame", "192.0.2.0/24")
    assert operator.limit("max-clients")["from"] == f"{file} [limits] max-clients"
    assert (operator.limit("queue")["from"], operator.limit("send-buffer")["from"]) == ("chatctl", "default")
    event, fields = notes.last()
    assert event == "reload"
    assert fields["changed"].startswith("max-clients 1 client -> 2 clients, linger 2 s -> 1.5 s, ")
    assert (fields["kept"], fields["restart"]) == ("queue", "send-buffer, port")
    assert "sesame" not in str(fields) + str(report)
    assert operator.asks("reset", name="queue")["new"] == 7


def test_a_reload_without_news_changes_nothing_and_says_so(write: Write) -> None:
    operator = Operator(write("[limits]\nqueue = 9\n"))
    report = operator.asks("reload")
    assert [report[name] for name in ("changed", "kept", "restart", "follows")] == [[], [], [], []]


def test_a_line_that_is_gone_from_the_file_gives_the_default_back(write: Write) -> None:
    operator = Operator(write("[limits]\nqueue = 9\n"))
    write("")
    assert operator.asks("reload")["changed"] == [{"name": "queue", "old": "9 places", "new": "50 places"}]
    assert operator.limit("queue")["from"] == "default"


def test_flags_stand_above_the_file_and_the_operator_above_both(write: Write) -> None:
    operator = Operator(write("[limits]\nqueue = 9\n"), {"queue": "8"})
    assert operator.limit("queue")["from"] == "argument --queue"
    write("[limits]\nqueue = 7\n")
    assert operator.asks("reload")["changed"] == []
    operator.asks("set", name="queue", value="5")
    assert operator.asks("reload")["kept"] == ["queue"]
    assert operator.asks("reset", name="queue")["new"] == 8


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("[limits]\nqueue = 7\nlinger = 'soon'\n", "linger: 'soon' is not a number of s"),
        ("[limits]\nqueue = 7\nlingre = 1\n", "there is no key 'lingre'; did you mean 'linger'?"),
        ("[limits\n", "is not TOML"),
        ("[limits]\nqueue = 7\nmax-clients = 5000\n", "--max-clients 5000 is too large"),
        ("[limits]\nqueue = 7\n[server]\nmotd = '/nowhere/motd'\n", "cannot read /nowhere/motd"),
    ],
)
def test_a_file_in_which_anything_is_wrong_changes_nothing_at_all(
    write: Write, notes: Notes, content: str, sentence: str
) -> None:
    operator = Operator(write("[limits]\nqueue = 9\n"))
    write(content)
    said = operator.is_refused("reload")
    assert said.startswith("nothing was changed: ")
    assert sentence in said
    event, fields = notes.last()
    assert (event, fields["cause"]) == ("reload", "refused")
    assert sentence in fields["why"]
    assert operator.server.applied == 0


def test_a_reload_must_fit_together_with_what_was_set_by_hand(write: Write) -> None:
    operator = Operator(write("[limits]\nmax-clients = 1000\n"))
    operator.asks("set", name="queue", value="500")
    write("[limits]\nmax-clients = 1500\n")
    assert "do not fit" in operator.is_refused("reload")
    operator.asks("reset", name="queue")
    assert operator.asks("reload")["changed"][0]["new"] == "1,500 clients"
