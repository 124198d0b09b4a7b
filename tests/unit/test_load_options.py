"""Why: a load script that can be aimed at a stranger by a slip of the finger is a weapon; a clear refusal is not."""

import resource
from pathlib import Path

import pytest
from loadgen.machine import Sources, TooFewFilesError, make_room_for
from loadgen.options import NotThisHostError, parse, resolve


def test_what_is_left_out_has_a_default() -> None:
    options = parse(["127.0.0.1:6667"])
    assert (options.host, options.port, options.clients, options.messages) == ("127.0.0.1", 6667, 1000, 0)
    assert options.target == "127.0.0.1:6667"


def test_all_of_them(tmp_path: Path) -> None:
    words = "[::1]:7000 --clients 3,000 --rate 50/s --hold 1.5s --messages 10 --room #x --seed 7 --patience 0.5"
    options = parse([*words.split(), "--json", str(tmp_path / "result.json")])
    assert (options.host, options.target, options.clients) == ("::1", "[::1]:7000", 3000)
    assert (options.rate, options.hold, options.messages, options.room) == (50.0, 1.5, 10, "#x")
    assert (options.seed, options.patience, options.json) == (7, 0.5, tmp_path / "result.json")
    assert not list(tmp_path.iterdir())  # that it can be written to is tried, and leaves no trace


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("", "HOST:PORT"),
        ("localhost", "'localhost' is not HOST:PORT"),
        ("localhost:0", "is not HOST:PORT"),
        ("localhost:65536", "is not HOST:PORT"),
        ("h:1 --clients 0", "at least 1"),
        ("h:1 --clients -5", "--clients"),
        ("h:1 --clients many", "'many' is not a whole number"),
        ("h:1 --rate 0", "more than 0"),
        ("h:1 --rate nan", "'nan' is not a number"),
        ("h:1 --hold inf", "'inf' is not a number"),
        ("h:1 --patience 0", "more than 0"),
        ("h:1 --room lobby", "'lobby' is not a room's name"),
        ("h:1 --json /nowhere/result.json", "cannot write to /nowhere/result.json"),
    ],
)
def test_what_makes_no_sense_is_answered_with_one_sentence(
    words: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(words.split())
    assert ended.value.code == 2
    written = capsys.readouterr().err
    assert told in written
    assert written.count("\n") == 1


@pytest.mark.parametrize("target", ["127.0.0.1:1", "127.200.3.4:1", "[::1]:1", "localhost:1"])
def test_this_machine_is_fine(target: str) -> None:
    assert resolve(parse([target]))


@pytest.mark.parametrize("target", ["192.0.2.1:1", "[2001:db8::1]:1", "0.0.0.0:1"])
def test_any_other_has_to_be_owned(target: str) -> None:
    with pytest.raises(NotThisHostError, match="--i-own-this-host"):
        resolve(parse([target]))
    assert resolve(parse([target, "--i-own-this-host"]))


def test_a_host_that_is_none() -> None:
    with pytest.raises(NotThisHostError, match="no host"):
        resolve(parse(["nowhere.invalid:1"]))


class FakeFileLimit:
    """The limits of a process that may only lower its hard one."""

    def __init__(self, soft: int, hard: int) -> None:
        self.now = (soft, hard)

    def get(self, _: int) -> tuple[int, int]:
        return self.now

    def set(self, _: int, wanted: tuple[int, int]) -> None:
        if wanted[1] > self.now[1]:
            raise ValueError("not allowed to raise maximum limit")
        self.now = wanted


@pytest.fixture
def file_limit(monkeypatch: pytest.MonkeyPatch) -> FakeFileLimit:
    fake = FakeFileLimit(256, 1024)
    monkeypatch.setattr(resource, "getrlimit", fake.get)
    monkeypatch.setattr(resource, "setrlimit", fake.set)
    assert resource.RLIM_INFINITY not in fake.now
    return fake


def test_few_clients_need_nothing_raised(file_limit: FakeFileLimit) -> None:
    assert make_room_for(100) == 256
    assert file_limit.now == (256, 1024)


def test_more_get_the_limit_raised_as_far_as_they_need(file_limit: FakeFileLimit) -> None:
    assert make_room_for(900) == 964
    assert file_limit.now == (964, 1024)


def test_too_many_are_told_how_many_would_fit(file_limit: FakeFileLimit) -> None:
    with pytest.raises(TooFewFilesError, match="--clients 960 would fit") as found:
        make_room_for(3000)
    assert "3,064" in str(found.value)
    assert file_limit.now == (256, 1024)


def test_sources_go_on_when_one_has_no_port_left() -> None:
    sources = Sources("127.0.0.1")
    assert sources.current is None
    assert sources.exhausted(None)
    assert sources.current == "127.0.0.2"
    assert sources.exhausted(None)  # a second client finds out what the first did
    assert sources.current == "127.0.0.2"
    for last in range(2, 254):
        assert sources.exhausted(f"127.0.0.{last}")
    assert sources.current == "127.0.0.254"
    assert not sources.exhausted("127.0.0.254")


def test_there_is_but_one_address_where_the_target_is_not_of_that_net() -> None:
    assert not Sources("::1").exhausted(None)
