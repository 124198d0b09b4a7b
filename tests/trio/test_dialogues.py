"""The dialogues in tests/dialogues, that they show all there is, and that their runner overlooks nothing."""

import re
from collections.abc import Iterator
from pathlib import Path

import dialogue
import pytest
from dialogue import DialogueError, differences, perform

from chatd.commands import IRC, PLAIN
from chatd.commands.modes import USER_MODES
from chatd.commands.room_modes import ROOM_MODES
from chatd.protocol import irc, plain, replies
from chatd.protocol.capabilities import CAPABILITIES

DIALOGUES = sorted((Path(__file__).parents[1] / "dialogues").glob("*.txt"))
PLAY = [
    "# Two people.",
    "-- ann arrives",
    "ann< (the welcome)",
    "-- bob arrives",
    "bob< (the welcome)",
    "bob> PRIVMSG ann :hello",
    "ann< :bob!bob@127.0.0.1 PRIVMSG ann :hello",
    "",
    "# She answers.",
    "ann> PRIVMSG bob :good morning",
    "bob< :ann!ann@127.0.0.1 PRIVMSG bob :good morning",
    "-- bob closes",
    "",
]
HELLO = PLAY.index("ann< :bob!bob@127.0.0.1 PRIVMSG ann :hello")
# What the program's own tables hold, by kind. Whoever adds to them writes down in a dialogue how it is used.
THERE_IS = {
    "command": set(IRC),
    "plain command": set(PLAIN),
    "numeric": {known.code for known in vars(replies).values() if isinstance(known, replies.Numeric)},
    "capability": set(CAPABILITIES),
    "mode of a room": set(ROOM_MODES),
    "mode of one's own": set(USER_MODES),
}


@pytest.mark.parametrize("path", DIALOGUES, ids=[path.stem for path in DIALOGUES])
def test_the_server_says_what_is_written(path: Path) -> None:
    found = differences(path)
    assert not found, found


@pytest.mark.parametrize("kind", THERE_IS)
def test_all_there_is_occurs_in_a_dialogue(kind: str) -> None:
    shown = {name for path in DIALOGUES for of, name in occurring(path.read_text()) if of == kind}
    missing = THERE_IS[kind] - shown
    assert not missing, f"a {kind} is to occur in tests/dialogues, which shows how it is used"


def occurring(play: str) -> Iterator[tuple[str, str]]:
    """What occurs in a dialogue, with its kind: numerics that are received, and all else that is sent."""
    persons = set(re.findall(r"(?m)^(\w+)< \* ", play))
    for capabilities in re.findall(r"(?m)^-- \w+ arrives with (.*)", play):
        yield from (("capability", name) for name in capabilities.split())
    for who, direction, line in re.findall(r"(?m)^(\w+)([<>]) ?(.*)", play):
        message = irc.parse(line)
        if direction == "<":
            yield "numeric", message.command
        elif who in persons:
            yield "plain command", plain.parse(line).command
        else:
            yield "command", message.command
            yield from _asked(message)


def _asked(message: irc.Message) -> Iterator[tuple[str, str]]:
    match message.command, *message.params:
        case "CAP", "REQ", *names:
            yield from (("capability", name) for name in " ".join(names).split())
        case "MODE", target, changes, *_:
            yield from (("mode of a room" if target[0] == "#" else "mode of one's own", letter) for letter in changes)


def test_it_is_seen_what_occurs() -> None:
    play = """
        -- zoe connects
        zoe> /me waves
        zoe> NICK zoe
        zoe< * Welcome
        -- ann arrives with batch setname
        ann> CAP REQ :server-time
        ann> TOPIC #tea :MODE #tea +i
        ann> mode #tea kv
        ann> @label=1 MODE ann B
        ann< @label=1 :chatd.local 221 ann +B
        ann< :bob!bob@127.0.0.1 PRIVMSG ann 301
    """
    assert set(occurring(re.sub("(?m)^ +", "", play))) == {
        *(("plain command", name) for name in ("ME", "SAY")),
        *(("capability", name) for name in ("batch", "setname", "server-time")),
        *(("command", name) for name in ("CAP", "TOPIC", "MODE")),
        *(("mode of a room", letter) for letter in "kv"),
        ("mode of one's own", "B"),
        *(("numeric", command) for command in ("*", "221", "PRIVMSG")),
    }


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        pytest.param(
            [*PLAY[:HELLO], "ann< :bob!bob@127.0.0.1 PRIVMSG ann :hallo", *PLAY[HELLO + 1 :]],
            ["-ann< :bob!bob@127.0.0.1 PRIVMSG ann :hallo", "+ann< :bob!bob@127.0.0.1 PRIVMSG ann :hello"], id="wrong",
        ),
        pytest.param(
            [*PLAY[:HELLO], *PLAY[HELLO + 1 :]],
            ["+ann< :bob!bob@127.0.0.1 PRIVMSG ann :hello"], id="missing",
        ),
        pytest.param(
            [*PLAY[: HELLO + 1], "bob< :chatd.local NOTICE bob :read", *PLAY[HELLO + 1 :]],
            ["-bob< :chatd.local NOTICE bob :read"], id="extra",
        ),
        pytest.param(
            [*PLAY[:HELLO], "bob< :bob!bob@127.0.0.1 PRIVMSG ann :hello", *PLAY[HELLO + 1 :]],
            ["-bob< :bob!bob@127.0.0.1 PRIVMSG ann :hello", "+ann< :bob!bob@127.0.0.1 PRIVMSG ann :hello"],
            id="of another",
        ),
    ],
)  # fmt: skip
def test_a_line_that_is_not_so_is_shown_and_recorded(tmp_path: Path, written: list[str], shown: list[str]) -> None:
    path = tmp_path / "play.txt"
    path.write_text("\n".join(written))
    found = differences(path)
    assert [line for line in found.split("\n") if line[0] in "+-" and line[:3] not in ("+++", "---")] == shown
    assert path.read_text() == "\n".join(written)
    differences(path, is_recorded=True)
    assert path.read_text() == "\n".join(PLAY)
    assert not differences(path)


def test_what_is_heard_too_early_or_too_late_is_not_so() -> None:
    late = [*PLAY[:HELLO], *PLAY[HELLO + 1 : HELLO + 4], PLAY[HELLO], *PLAY[HELLO + 4 :]]
    assert perform(late) == PLAY


def test_time_passes_deadline_by_deadline() -> None:
    assert perform(["-- ann arrives", "-- 149 seconds pass", "-- 1 second passes"]) == [
        "-- ann arrives",
        "ann< (the welcome)",
        "-- 149 seconds pass",
        "ann< PING :chatd.local",
        "-- 1 second passes",
        "ann< ERROR :Closing Link: 127.0.0.1 (No answer to a ping within 60 s (ping-timeout); PING_TIMEOUT)",
        "ann< (the end)",
    ]


def test_bytes_and_long_lines_are_written_as_placeholders() -> None:
    zoe = ["-- zoe connects", "zoe> /nick zoe", "zoe> {FF}{F4}{FF}{FD}{06}", "zoe> {400 x =}"]
    ann = ["-- ann arrives", "ann> PRIVMSG ann :{01}PING{01}{C3}{A9}", "ann> PRIVMSG ann :{E9}", "ann> PING {99 x a}"]
    assert [line for line in perform(zoe + ann) if "<" in line and "Welcome" not in line] == [
        "zoe< {FF}{FC}{06}* To leave, type /quit.",
        "zoe< * Not delivered: a line has at most 300 bytes (plain-line)",
        "ann< (the welcome)",
        "ann< :ann!ann@127.0.0.1 PRIVMSG ann :{01}PING{01}é",
        "ann< :chatd.local FAIL PRIVMSG INVALID_UTF8 :Not delivered: what you send must be UTF-8",
        "ann< :chatd.local PONG chatd.local :{99 x a}",
    ]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("bob> hello", "bob has not connected"),
        ("-- bob closes", "bob has not connected"),
        ("ann leaves", "none of the forms"),
        ("-- ann leaves", "none of the forms"),
    ],
)
def test_a_line_that_cannot_be_performed_is_named(line: str, why: str) -> None:
    with pytest.raises(DialogueError, match=f"{line}: .*{why}"):
        perform(["-- ann connects", line])


def test_nobody_speaks_after_the_end() -> None:
    with pytest.raises(DialogueError, match="ann> PING x: the connection has ended"):
        perform(["-- ann arrives", "ann> QUIT", "ann> PING x"])


def test_it_is_said_if_the_server_reads_more_slowly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dialogue, "MOMENTS", 3)
    with pytest.raises(DialogueError, match="let some seconds pass"):
        perform(["-- the server has message-burst 5", "-- ann arrives", *["ann> PING x"] * 5])
