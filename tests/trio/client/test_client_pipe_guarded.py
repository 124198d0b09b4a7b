"""The pipe where a script could be misled: rooms that tell what was said before, servers that want a password."""

import json

import pytest
from client_fakes import Peer, Run
from trio.testing import MockClock

from chatclient.exits import Exit


def stamp(second: int) -> str:
    return f"@time=2026-03-14T09:26:{second:02d}.000Z "


async def serve_history(peer: Peer) -> None:
    """A room in which alice has said something another day."""
    nick = await peer.greet("server-time", "echo-message")
    await peer.until("JOIN")
    await peer.send(
        f"{stamp(30)}:{nick}!u@h JOIN #lobby",
        f":s 366 {nick} #lobby :End",
        f"{stamp(1)}:bob!b@h PRIVMSG #lobby :alice, stop the machine",
        f"{stamp(2)}:{nick}!u@h PRIVMSG #lobby :it is stopped",
        f"{stamp(31)}:bob!b@h PRIVMSG #lobby :hello",
    )
    await peer.serve(nick)


async def test_what_was_said_earlier_is_not_printed_for_a_script_to_act_upon(autojump_clock: MockClock) -> None:
    run = Run()
    await run(serve_history, b"")
    assert run.out == b"<bob> hello\n"


async def test_json_marks_what_was_said_earlier(autojump_clock: MockClock) -> None:
    run = Run(as_json=True)
    await run(serve_history, b"")
    said = [event for event in map(json.loads, run.out.splitlines()) if event["event"] == "said"]
    assert [(event["text"], event["own"], event["earlier"]) for event in said] == [
        ("alice, stop the machine", False, True),
        ("it is stopped", True, True),
        ("hello", False, False),
    ]
    assert said[1]["at"] - said[0]["at"] == 1


async def test_ones_own_words_of_another_day_confirm_nothing(autojump_clock: MockClock) -> None:
    run = Run()
    assert await run(serve_history, b"it is stopped\n") == Exit.REJECTED  # the server does not echo it
    assert run.notices == ["1 of 1 messages were not delivered: the server gave no reason"]


@pytest.mark.parametrize("reason", ["; WRONG_PASSWORD, retry in 2 s", ""])
@pytest.mark.parametrize("password", ["", "wrong"])
async def test_a_password_that_is_missing_or_wrong(password: str, reason: str, autojump_clock: MockClock) -> None:
    async def script(peer: Peer) -> None:
        await peer.until("USER")
        await peer.send(":s 464 alice :Password incorrect", f"ERROR :Closing Link: h (Not the password{reason})")

    run = Run(as_json=True, password=password)
    assert await run(script, b"hello\n") == Exit.PASSWORD
    wants = "another password than --password-file gives" if password else "a password"
    assert run.notices[-1] == f"The server wants {wants}: write it into a file, and name that with --password-file."
    assert "Password incorrect" in run.notices
    ended = json.loads(run.out.splitlines()[-1])
    assert (ended["exit"], ended["reason"]) == (8, "WRONG_PASSWORD" if reason else "")


async def test_the_password_lets_it_in(autojump_clock: MockClock) -> None:
    async def script(peer: Peer) -> None:
        assert await peer.line() == "PASS ::let me in "
        nick = await peer.greet("echo-message")
        await peer.let_in(nick)
        await peer.serve(nick, echo=True)

    run = Run(password=":let me in ")
    assert await run(script, b"hello\n") == Exit.DONE
    assert run.notices == []
