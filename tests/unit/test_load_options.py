"""Why: a load script that can be aimed at a stranger by a slip of the finger is a weapon; a clear refusal is not."""

import os
import random
import resource
from pathlib import Path

import pytest
from loadgen.crowd import plan, run_name
from loadgen.machine import Sources, TooFewFilesError, make_room_for
from loadgen.options import NotThisHostError, parse, resolve
from loadgen.scenarios import SCENARIOS, Arrivals, Scenario


def test_what_is_left_out_has_a_default() -> None:
    options = parse(["127.0.0.1:6667"])
    assert (options.host, options.port, str(options.scenario)) == ("127.0.0.1", 6667, "ramp")
    assert (options.clients, options.rate, options.hold, options.messages) == (1000, 500, 2, 0)
    assert (options.procs, options.duration, options.slow, options.fail_if) == (1, None, 0, [])
    assert options.target == "127.0.0.1:6667"


def test_all_of_them(tmp_path: Path) -> None:
    words = "[::1]:7000 slow --clients 3,000 --rate 50/s --duration 1.5min --messages 10 --each 6/min --slow 12.5%"
    common = f"--room #x --seed 7 --patience 0.5 --procs 2 --pid {os.getpid()} --fail-if p99>20ms --fail-if silent>0"
    files = ["--json", str(tmp_path / "result.json"), "--html", str(tmp_path / "result.html")]
    options = parse([*words.split(), *common.split(), *files])
    assert (options.host, options.target, options.clients) == ("::1", "[::1]:7000", 3000)
    assert (options.rate, options.duration, options.messages) == (50.0, 90.0, 10)
    assert (options.each, options.slow, options.message_rate) == (6.0, 0.125, None)
    assert (options.room, options.seed, options.patience, options.procs) == ("#x", 7, 0.5, 2)
    assert (options.pid, [each.text for each in options.fail_if]) == (os.getpid(), ["p99>20ms", "silent>0"])
    assert (options.json, options.html) == (tmp_path / "result.json", tmp_path / "result.html")
    assert not list(tmp_path.iterdir())  # that they can be written to is tried, and leaves no trace


def test_by_chance_come_as_many_as_the_rate_says() -> None:
    assert parse(["h:1", "churn", "--rate", "5/s", "--duration", "2min"]).clients == 600


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=str)
def test_every_scenario_has_a_plan_that_its_seed_repeats(scenario: Scenario) -> None:
    options = parse(["h:1", str(scenario), "--seed", "1"])
    plans = [plan(options, random.Random(seed)) for seed in (1, 1, 2)]
    assert plans[0] == plans[1]
    assert (plans[0] == plans[2]) == (scenario.arrivals is not Arrivals.BY_CHANCE)
    assert [arrival.number for arrival in plans[0]] == list(range(options.clients))
    moments = [arrival.at for arrival in plans[0]]
    assert moments == sorted(moments)
    assert run_name(random.Random(1)) != run_name(random.Random(2))
    slow = sum(not arrival.reads for arrival in plans[0])
    assert slow == int(options.clients * options.slow)


def test_the_help_tells_every_scenario_and_what_it_shows(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse(["--help"])
    told = " ".join(capsys.readouterr().out.split())
    for scenario in SCENARIOS.values():
        assert f" {scenario.name} {scenario.what} shows {scenario.lesson}" in told


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
        ("h:1 nope", "there is no scenario 'nope'; there are ramp, storm"),
        ("h:1 --stay 3", "ramp has no use for --stay, which is for churn and soak"),
        ("h:1 storm --rate 3", "storm has no use for --rate"),
        ("h:1 herd --messages 3", "herd has no use for --messages"),
        ("h:1 chat --each 3 --message-rate 3", "give one of them"),
        ("h:1 chat --duration 0", "more than 0"),
        ("h:1 chat --duration 1week", "'1week' is not a number"),
        ("h:1 slow --slow 101%", "at most 100%"),
        ("h:1 --procs 0", "at least 1"),
        ("h:1 --procs 1000", "at most 64"),
        ("h:1 --pid 999999999", "there is no process 999999999 of yours"),
        ("h:1 --fail-if p99", "'p99' is not a metric"),
        ("h:1 --html /nowhere/result.html", "cannot write to /nowhere/result.html"),
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
