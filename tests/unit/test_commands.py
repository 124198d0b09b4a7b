"""The table of commands, and every command of IRC by a line that is answered as it should be.

Numerics are those of RFC 2812 section 5 and modern.ircdocs.horse.
"""

import pytest
from chat_harness import SERVER, World, commands
from command_cases import CASES, ann

from chatd.commands import IRC, PLAIN

SOURCES = ("RFC ", "IRCv3 ", "modern.ircdocs.horse ")


def test_every_command_says_what_it_does_and_where_that_is_written() -> None:
    for table in (IRC, PLAIN):
        for name, command in table.items():
            assert command.name == name == name.upper()
            assert command.summary.endswith(".")
            assert command.source.startswith(SOURCES if table is IRC else "")
            assert command.needs <= max(1, len(command.grammar.split()))


def test_who_waits_may_ask_only_for_what_needs_no_seat() -> None:
    of_irc = {name for name, command in IRC.items() if any(s.name == "WAITING" for s in command.allowed)}
    assert of_irc == {"CAP", "NICK", "PING", "PONG", "QUIT", "MOTD", "LUSERS", "JOIN", "PART", "MODE", "AWAY"}
    of_plain = {name for name, command in PLAIN.items() if any(s.name == "WAITING" for s in command.allowed)}
    assert of_plain == {"NICK", "HELP", "QUIT"}


def test_who_has_not_registered_may_ask_only_for_what_registers() -> None:
    allowed = {name for name, command in IRC.items() if any(s.name == "HANDSHAKE" for s in command.allowed)}
    assert allowed == {"CAP", "PASS", "NICK", "USER", "PING", "PONG", "QUIT"}


# Commands whose grammar asks for something, and whose answer to nothing is another than that it is not enough.
WITH_AN_ANSWER_OF_THEIR_OWN = {
    "CHATHISTORY": ["FAIL"], "KILL": ["481"], "NAMES": ["366"], "NICK": ["431"], "NOTICE": [], "PONG": [],
    "PRIVMSG": ["411"], "WALLOPS": ["481"], "WHOWAS": ["431"],
}  # fmt: skip
ASKING = [name for name, command in IRC.items() if command.grammar and not command.grammar.startswith("[")]


@pytest.mark.parametrize("name", ASKING)
def test_with_one_parameter_too_few_a_command_says_so(name: str) -> None:
    person = ann(caps="message-tags draft/chathistory")
    told = person.says(name + " x" * (IRC[name].needs - 1))
    if name in WITH_AN_ANSWER_OF_THEIR_OWN:
        assert commands(told) == WITH_AN_ANSWER_OF_THEIR_OWN[name]
    else:
        assert told == [f":{SERVER} 461 ann {name} :Not enough parameters"]


def test_each_command_has_a_line_here() -> None:
    assert {line.split()[0] for line, _ in CASES} >= set(IRC)


@pytest.mark.parametrize(("line", "answers"), CASES, ids=[line[:40] for line, _ in CASES])
def test_a_line_is_answered_with_these_numerics(line: str, answers: list[str]) -> None:
    assert commands(ann().says(line)) == answers


@pytest.mark.parametrize(
    "name", ["JOIN", "PART", "TOPIC", "PRIVMSG", "NAMES", "WHO", "WHOIS", "MODE", "NICK", "NONSENSE"]
)
def test_an_error_about_the_longest_parameter_is_still_a_line(name: str) -> None:
    person = World().irc("ann")
    for parameter in ("#" + "x" * 490, "x" * 490, "😀" * 120, ":" + ":" * 400, "\x01" * 400):
        person.says(f"{name} {parameter} y")
        person.says(f"{name} {parameter}")
