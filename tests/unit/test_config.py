"""Where values come from: what counts when several were written, and one sentence for everything that is wrong."""

import math
import os
from collections.abc import Callable, Mapping
from ipaddress import ip_network
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from properties import tries

from chatd.bounds import Bound
from chatd.config import CHOICES, FILE_BYTES, PASSWORD_BYTES, ConfigError, Configuration, Sources, changes
from chatd.config import unknown_variables as unknown
from chatd.limits import Limits, bounds
from chatd.settings import Settings

Write = Callable[[str | bytes], str]
NOTHING: Mapping[str, str] = {}


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a file; its path."""

    def file(content: str | bytes) -> str:
        path = tmp_path / "chatd.toml"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return str(path)

    return file


def load(
    file: str | None = None, environment: Mapping[str, str] = NOTHING, flags: Mapping[str, str] = NOTHING
) -> Configuration:
    return Sources(flags, environment, file).load()


def sentence(
    file: str | None = None, environment: Mapping[str, str] = NOTHING, flags: Mapping[str, str] = NOTHING
) -> str:
    """What is said of sources in which something is wrong: one line, whatever stands in them."""
    with pytest.raises(ConfigError) as caught:
        load(file, environment, flags)
    said = str(caught.value)
    assert said.isprintable()
    return said


# What counts.


def test_without_anything_written_all_is_as_the_defaults_say() -> None:
    found = load()
    assert (found.limits, found.settings, found.origins) == (Limits(), Settings(), {})


def test_what_stands_first_counts_and_each_value_says_where_it_came_from(write: Write) -> None:
    file = write("[limits]\nmax-clients = 3\nqueue = 3\nplain-line = 30\n[server]\nport = 3\nserver-name = 'of.file'\n")
    environment = {"CHATD_MAX_CLIENTS": "2", "CHATD_QUEUE": "2", "CHATD_PORT": "2"}
    found = load(file, environment, {"max_clients": "1", "port": "1"})
    limits = found.limits
    assert (limits.max_clients, limits.queue, limits.plain_line, limits.max_rooms) == (1, 2, 30, 200)
    assert (found.settings.port, found.settings.server_name, found.settings.room) == (1, "of.file", "#lobby")
    assert found.origins == {
        "max-clients": "argument --max-clients",
        "queue": "environment CHATD_QUEUE",
        "plain-line": f"{file} [limits] plain-line",
        "port": "argument --port",
        "server-name": f"{file} [server] server-name",
    }


def test_what_is_overruled_is_not_even_read(write: Write) -> None:
    assert load(write("[limits]\nqueue = 'many'\n"), {"CHATD_QUEUE": "lots"}, {"queue": "7"}).limits.queue == 7


@pytest.mark.parametrize("bound", bounds(), ids=lambda bound: bound.name)
def test_every_bound_can_be_written_in_all_three_places(bound: Bound, write: Write) -> None:
    value = int(bound.least) + 1 if bound.whole else bound.least + 0.5
    for found in (
        load(write(f"[limits]\n{bound.key} = {value}\n")),
        load(write(f"[limits]\n{bound.key} = '{value}'\n")),
        load(environment={bound.variable: str(value)}),
        load(flags={bound.name: str(value)}),
    ):
        assert getattr(found.limits, bound.name) == value
        assert list(found.origins) == [bound.key]
    if bound.may_be_none:
        assert getattr(load(write(f"[limits]\n{bound.key} = 'none'\n")).limits, bound.name) == math.inf


@pytest.mark.parametrize(
    ("written", "settings"),
    [
        ("host = '::'", Settings(host="::")),
        ("port = 0", Settings(port=0)),
        ("port = 65535", Settings(port=65535)),
        ("server-name = 'irc.example.org'", Settings(server_name="irc.example.org")),
        ("room = '#öffentlich'", Settings(room="#öffentlich")),
        ("control = '/run/chatd.sock'", Settings(control="/run/chatd.sock")),
        ("control = 'none'", Settings(control="")),
        ("metrics = '127.0.0.1:9667'", Settings(metrics=("127.0.0.1", 9667))),
        ("metrics = '[::1]:0'", Settings(metrics=("::1", 0))),
        ("metrics = 'none'", Settings()),
        ("log-format = 'json'", Settings(log_format="json")),
        ("exempt = ''", Settings()),
        ("exempt = []", Settings()),
    ],
)
def test_settings_become_what_they_are_used_as(written: str, settings: Settings, write: Write) -> None:
    assert load(write(f"[server]\n{written}\n")).settings == settings


@pytest.mark.parametrize("written", ["'10.1.2.3/8, 2001:db8::1 ,,'", "['10.1.2.3/8', '2001:db8::1']"])
def test_networks_are_a_list_or_words_with_commas(written: str, write: Write) -> None:
    exempt = load(write(f"[server]\nexempt = {written}\n")).settings.exempt
    assert exempt == (ip_network("10.0.0.0/8"), ip_network("2001:db8::1"))


def test_a_path_may_begin_at_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ann")
    assert load(flags={"control": "~/chatd.sock"}).settings.control == "/home/ann/chatd.sock"


def test_a_rule_for_rooms_names_counts_from_the_same_sources() -> None:
    assert "at most 10 bytes" in sentence(flags={"room_length": "10", "room": "#a-long-name"})


# What is wrong.

LIMITS, SERVER = "[limits]", "[server]"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[limits]\nmax-client = 3", "[limits]: there is no key 'max-client'; did you mean 'max-clients'?"),
        ("[limits]\nmax_clients = 3", "[limits]: there is no key 'max_clients'; did you mean 'max-clients'?"),
        ("[limits]\nxyzzy = 3", "[limits]: there is no key 'xyzzy'"),
        ("[server]\nmax-clients = 3", "[server]: there is no key 'max-clients'"),
        ("[server]\npassword = 'x'", "[server]: there is no key 'password'; did you mean 'password-file'?"),
        ("[limit]\nqueue = 3", ": there is no section 'limit'; did you mean 'limits'?"),
        ("queue = 3", ": there is no section 'queue'; there are [limits] and [server]"),
        ("limits = 3", ": limits is a section, written [limits], and not a value"),
        ("[[limits]]\nqueue = 3", ": limits is a section, written [limits], and not a value"),
        ("[limits]\nqueue = 3\nqueue = 3", " is not TOML: "),
        ("max-clients: 3", " is not TOML: "),
        (b"[server]\nroom = '#\xff'", " is not UTF-8 text"),
        ("[limits]\nmax-clients = true", "[limits] max-clients: True is no number and no string"),
        ("[limits]\nmax-clients = {}", "[limits] max-clients: {} is no number and no string"),
        ("[limits]\nmax-clients = 1979-05-27", "[limits] max-clients: "),
        ("[limits]\nmax-clients = [3, 4]", "[limits] max-clients: [3, 4] is no number and no string"),
        ("[server]\nexempt = [10]", "[server] exempt: [10] is no number and no string"),
        ("[limits]\nmax-clients = 5.0", "[limits] max-clients: '5.0' is not a whole number of clients, or 'none'"),
        ("[limits]\nmax-clients = -5", "[limits] max-clients: -5 is too small: at least 0 clients"),
        ("[limits]\nmax-clients = 1e9", "[limits] max-clients: '1000000000.0' is not a whole number"),
        ("[limits]\nqueue-timeout = inf", "[limits] queue-timeout: 'inf' is no bound; write 'none' to have none"),
        ("[limits]\nqueue-timeout = nan", "[limits] queue-timeout: nan is too small: at least 0.001 s"),
        ("[limits]\nmax-rooms = 'none'", "[limits] max-rooms: 'none' is not a whole number of rooms"),
        ("[limits]\ngreet-after = 'none'", "[limits] greet-after: 'none' is not a number of s"),
        ("[server]\nport = 70000", "[server] port: '70000' is not a port: a whole number from 0 to 65535"),
        ("[server]\nport = '٣'", "[server] port: '٣' is not a port"),
        ("[server]\nhost = ''", "[server] host: an empty string is no address; 0.0.0.0 and :: listen on all"),
        ("[server]\nserver-name = 'a b'", "[server] server-name: 'a b' is not a name of letters, digits, dots"),
        ("[server]\nroom = 'lobby'", "[server] room: 'lobby' is not a room's name: # and a name, at most 50 bytes"),
        ("[server]\nexempt = '10.0.0.0/33'", "[server] exempt: '10.0.0.0/33' is no address or network"),
        ("[server]\nmetrics = 9667", "[server] metrics: '9667' is no address and port, such as 127.0.0.1:9667"),
        ("[server]\nmetrics = ':9667'", "[server] metrics: ':9667' is no address and port"),
        ("[server]\nmetrics = 'here:there'", "[server] metrics: 'there' is not a port"),
        ("[server]\nlog-format = 'xml'", "[server] log-format: 'xml' is not one of auto, text, json"),
        ("[server]\nmotd = '/nonexistent'", "[server] motd: cannot read /nonexistent: No such file or directory"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_a_file_is_said_with_its_place(content: str | bytes, said: str, write: Write) -> None:
    file = write(content)
    told = sentence(file)
    assert told.startswith(file)
    assert said in told


@pytest.mark.parametrize(
    ("environment", "flags", "said"),
    [
        ({"CHATD_QUEUE": ""}, {}, "environment CHATD_QUEUE: '' is not a whole number of places, or 'none'"),
        ({"CHATD_PORT": "http"}, {}, "environment CHATD_PORT: 'http' is not a port"),
        ({}, {"queue": "-1"}, "argument --queue: -1 is too small: at least 0 places"),
        ({}, {"motd": "/"}, "argument --motd: / is not a file"),
        ({}, {"motd": "/dev/zero"}, "argument --motd: /dev/zero is not a file"),
        ({}, {"password_file": "/dev/zero"}, "argument --password-file: /dev/zero is not a file"),
        ({}, {"motd": "a\0b"}, "argument --motd: "),
    ],
)
def test_what_is_wrong_elsewhere_is_said_with_its_place(
    environment: dict[str, str], flags: dict[str, str], said: str
) -> None:
    assert sentence(None, environment, flags).startswith(said)


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("/nonexistent", "cannot read /nonexistent: No such file or directory"),
        ("/", "/ is not a file"),
        ("/dev/zero", "/dev/zero is not a file"),
        ("/etc/passwd/x", "cannot read /etc/passwd/x: Not a directory"),
    ],
)
def test_a_file_that_is_none_is_said_so(file: str, said: str) -> None:
    assert sentence(file) == said


def test_a_pipe_that_may_never_end_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert sentence(str(tmp_path / "pipe")).endswith("/pipe is not a file")


def test_a_file_is_read_to_its_end_or_not_at_all(write: Write) -> None:
    last = "\n[limits]\nqueue = 7\n"
    assert load(write("#" * (FILE_BYTES - len(last)) + last)).limits.queue == 7
    assert f"has more than {FILE_BYTES:,} bytes" in sentence(write("#" * FILE_BYTES + last))


@pytest.mark.parametrize(
    "content",
    [
        f"[limits]\nmax-clients = {'9' * 5000}",
        f"[limits]\nmax-clients = '{'9' * 5000}'",
        f"[limits]\nmax-clients = 0x{'f' * 5000}",
        f"[server]\nport = '{'9' * 5000}'",
        f"x = {'[' * 50_000}",
        "[limits]\nmax-clients = ' -5\\n'",
        "[limits]\nmax-clients = ' 99999999999999\\t'",
        "['\\n']",
        "['\\u202e']\nx = 1",
    ],
)
def test_nothing_that_can_be_written_makes_more_than_a_sentence(content: str, write: Write) -> None:
    file = write(content)
    assert file in sentence(file)


KEYS = st.sampled_from([*(bound.key for bound in bounds()), *(choice.key for choice in CHOICES), "none", "max-client"])
VALUES = st.one_of(
    st.sampled_from(["true", "[]", "{}", "'none'", "1979-05-27", "0xff", "1e5", "inf", "-0.0", "''", "[[1]]", "' 5 '"]),
    st.integers().map(str),
    st.floats().map(str),
    st.text(max_size=6).map(repr),
)
LINES = st.one_of(
    st.sampled_from(["[limits]", "[server]", "[[limits]]", "[limits.queue]", "#", "["]),
    st.tuples(KEYS, VALUES).map(" = ".join),
)
FILES = st.binary(max_size=40) | st.lists(LINES, max_size=4).map(lambda lines: "\n".join(lines).encode())


@tries(400)
@example(b"[limits]\nhandshakes = '\\u0085 1'")
@given(FILES)
def test_whatever_bytes_a_file_has_they_are_a_configuration_or_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    file = tmp_path_factory.getbasetemp() / "any.toml"
    file.write_bytes(content)
    said, limits = "", Limits()
    try:
        limits = load(str(file)).limits
    except ConfigError as error:
        said = str(error)
    assert said.isprintable()
    assert not said or str(file) in said
    for bound in bounds():
        value = limits.value(bound)
        assert bound.least <= value <= bound.most or (bound.may_be_none and value == math.inf)


# Files that are named.


def test_a_message_of_the_day_is_its_lines(write: Write) -> None:
    assert load(flags={"motd": write("\ufeffsoup\r\n\nis ready")}).settings.motd == ["soup", "", "is ready"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\xff", " is not UTF-8 text"),
        ("x\n" * 4, " has more than 3 lines (--motd-lines)"),
        ("é\n" * 400, " has more than 3 lines (--motd-lines)"),
        ("ok\n123456789\n", "line 2 of "),
        ("ü" * 40, "line 1 of "),
    ],
)
def test_a_message_of_the_day_that_is_too_much_is_not_taken(content: str | bytes, said: str, write: Write) -> None:
    file = write(content)
    told = sentence(flags={"motd": file, "motd_lines": "3", "motd_line": "8"})
    assert told.startswith("argument --motd: ")
    assert said in told
    assert file in told


def password(file: str, mode: int = 0o600) -> dict[str, str]:
    os.chmod(file, mode)
    return {"password_file": file}


@pytest.mark.parametrize(
    "content",
    [b"secret", b"secret\n", b"secret\r\n", b"two words\n\n", "gehört".encode(), b"x" * PASSWORD_BYTES + b"\r\n"],
)
def test_a_password_is_one_line(content: bytes, write: Write) -> None:
    found = load(flags=password(write(content)))
    assert found.settings.password == content.rstrip()
    assert found.origins == {"password-file": "argument --password-file"}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "has no password in its first line"),
        (b"\n", "has no password in its first line"),
        (b"\nsecret", "has no password in its first line"),
        (b"one\ntwo", "is to hold one line, the password, of at most 290 bytes (plain-line)"),
        (b"x" * (PASSWORD_BYTES + 1), "is to hold one line, the password, of at most 290 bytes (plain-line)"),
        (b"x" * 10_000, "is to hold one line, the password, of at most 290 bytes (plain-line)"),
        (b"nu\0l", "not every client can send"),
        (b"car\rriage", "not every client can send"),
        (b"be\x07ll", "not every client can send"),
        (b"tab\t", "not every client can send"),
        (b"\xff\xfe", "is not UTF-8 text"),
        (b" secret", "not every client can send"),
        (b"secret \n", "not every client can send"),
    ],
)
def test_a_password_that_nobody_could_say_is_not_taken(content: bytes, said: str, write: Write) -> None:
    file = write(content)
    told = sentence(flags=password(file))
    assert said in told
    assert told.startswith(f"argument --password-file: {file}")
    assert "secret" not in told


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o666])
def test_a_password_that_others_may_read_is_not_taken(mode: int, write: Write) -> None:
    file = write("secret")
    told = sentence(flags=password(file, mode))
    assert told.endswith(f"{file} may be read by others than its owner; chmod 600 it")


# What differs.


def test_changes_tell_which_settings_can_be_had_at_once_and_which_cannot(write: Write) -> None:
    before = load()
    file = write("[server]\nroom = '#other'\nport = 1\nexempt = ['10.0.0.0/8']\n[limits]\nqueue = 3\n")
    assert changes(before, load(file)) == (["exempt"], ["port", "room"])
    assert changes(load(file), load(file)) == ([], [])
    assert changes(before, load(flags=password(write("secret")))) == (["password-file"], [])
    assert changes(before, load(flags={"motd": write("soup")})) == (["motd"], [])


def test_a_variable_that_looks_like_ours_is_told_of() -> None:
    assert unknown({"CHATD_QUEUE": "1", "CHATD_PORT": "2", "CHATD_CONFIG": "x", "HOME": "/"}) == []
    assert unknown({"CHATD_MAX_CLIENT": "1", "CHATD_JKLMNBVCXYZZY": ""}) == [
        "environment: there is no variable 'CHATD_JKLMNBVCXYZZY'",
        "environment: there is no variable 'CHATD_MAX_CLIENT'; did you mean 'CHATD_MAX_CLIENTS'?",
    ]
