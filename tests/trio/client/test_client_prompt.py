"""The question for a password on the screen: it is never seen, and nothing brings it back."""

from collections.abc import Iterator

import pytest
import trio
from client_terminal import NOW, Terminal, hosted, terminal

from chatclient.endings import Ending
from chatclient.exits import Exit
from chatclient.limits import Limits
from chatclient.password import PASSWORD_BYTES

SECRET = "open:sesame"
ENDING = Ending(Exit.PASSWORD, "That is not the password", "WRONG_PASSWORD", 2.0)
UP, F5 = "\x1b[A", "\x1b[15~"


def lock(shown: Terminal) -> None:
    """The server wants a password."""
    shown.client.detach(ENDING, float("inf"), 1)


@pytest.fixture
def shown() -> Iterator[Terminal]:
    with terminal() as made:
        yield made


@hosted
async def test_it_is_asked_for_masked_and_given_to_the_next_connection(shown: Terminal) -> None:
    async with trio.open_nursery() as nursery:
        await shown.run(nursery)
        await shown.press("half a sen")
        lock(shown)
        text = shown.text()
        assert text.splitlines()[-1] == "Password:"
        for part in ("host:6667 wants a password", "That is not the password", "not shown", "Escape"):
            assert part in text
        assert "Next try" not in text
        await shown.press(SECRET)
        assert shown.text().splitlines()[-1] == f"Password: {'*' * len(SECRET)}"
        assert SECRET not in shown.text()
        await shown.press("\r")
        assert shown.client.password == SECRET
        assert shown.client.try_now.is_set()
        shown.client.attach(shown.session, shown.connection)
        assert shown.text().splitlines()[-1] == "> half a sen"
        nursery.cancel_scope.cancel()


@hosted
async def test_a_wrong_one_is_said_to_be_wrong(shown: Terminal) -> None:
    async with trio.open_nursery() as nursery:
        await shown.run(nursery)
        lock(shown)
        await shown.press(f"{SECRET}\r")
        lock(shown)
        assert "host:6667 takes another password" in shown.text()
        assert shown.text().splitlines()[-1] == "Password:"
        assert shown.client.password == ""
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize("key", ["\x03", "\x04", "\x1b"])
@hosted
async def test_declining_says_how_to_try_again(key: str, shown: Terminal) -> None:
    async with trio.open_nursery() as nursery:
        await shown.run(nursery)
        lock(shown)
        await shown.press(f"{SECRET}{key}")
        text = shown.text()
        assert text.splitlines()[-1] == ">"
        for part in ("host:6667 wants a password", "not by itself", "F5 tries again", "Ctrl-C leaves"):
            assert part in text
        assert not shown.client.leaving.is_set()
        assert not shown.client.try_now.is_set()
        await shown.press(F5)
        assert shown.client.try_now.is_set()
        lock(shown)
        assert shown.text().splitlines()[-1] == "Password:"
        nursery.cancel_scope.cancel()


@hosted
async def test_no_key_brings_it_back(shown: Terminal) -> None:
    async with trio.open_nursery() as nursery:
        await shown.run(nursery)
        await shown.press("said before\x15")
        lock(shown)
        # Cut out, brought back there, half a word taken by Alt, "accepted", completed, called back: all of it there.
        await shown.press(f"{SECRET}\x15{SECRET}\x17{SECRET}\x1bb\x1bd{SECRET}\x0f{SECRET}\t{UP}{SECRET}\x1b\r")
        shown.client.attach(shown.session, shown.connection)
        for keys in ("", "\x19", "\x1by", UP, UP, "\x1f", "\x1f", "\x1f", "\x12o"):
            await shown.press(keys)
            assert "sesame" not in shown.text()
            assert "open" not in shown.text()
        nursery.cancel_scope.cancel()


@hosted
async def test_the_question_itself_has_no_history(shown: Terminal) -> None:
    async with trio.open_nursery() as nursery:
        await shown.run(nursery)
        lock(shown)
        await shown.press(f"{SECRET}\x0f")  # which in a line editor accepts the line and goes to the next
        shown.text()  # painting the empty line is what would load the history
        await shown.press(f"{UP}\r")
        assert "The password is empty." in shown.text()
        nursery.cancel_scope.cancel()


@hosted
async def test_what_was_cut_out_of_the_input_is_still_there_afterwards(shown: Terminal) -> None:
    async with trio.open_nursery() as nursery:
        await shown.run(nursery)
        await shown.press("kept\x15")
        lock(shown)
        await shown.press(f"\x19{SECRET}\x15\x03\x19")
        assert shown.screen.input.text == "kept"
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("", "The password is empty."),
        ("x" * (PASSWORD_BYTES + 1), f"The password is longer than the {PASSWORD_BYTES} bytes"),
        (f"\x1b[200~{'x' * 50_000}\x1b[201~", f"The password is longer than the {PASSWORD_BYTES} bytes"),
        ("\x1b[200~two\nlines\x1b[201~", "The password holds NUL, CR or LF"),
    ],
)
@hosted
async def test_what_cannot_be_sent_is_said(typed: str, told: str, shown: Terminal) -> None:
    async with trio.open_nursery() as nursery:
        await shown.run(nursery)
        lock(shown)
        await shown.press(f"{typed}\r")
        assert told in shown.text()
        assert shown.text().splitlines()[-1][:1] in "P*"
        assert not shown.client.try_now.is_set()
        await shown.press("\x03")
        assert told not in shown.text()
        nursery.cancel_scope.cancel()


@hosted
async def test_a_pasted_line_is_a_password(shown: Terminal) -> None:
    async with trio.open_nursery() as nursery:
        await shown.run(nursery)
        lock(shown)
        await shown.press("\x1b[200~ two  words \r\n\x1b[201~")
        assert "words" not in shown.text()
        await shown.press("\r")
        assert shown.client.password == " two  words "
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize(("columns", "rows"), [(1, 1), (10, 4), (20, 3), (300, 90)])
@hosted
async def test_a_screen_of_any_size_asks(columns: int, rows: int) -> None:
    with terminal(columns, rows, Limits()) as shown:
        async with trio.open_nursery() as nursery:
            await shown.run(nursery)
            lock(shown)
            await shown.press(SECRET * 20)
            assert "sesame" not in shown.text()
            await shown.press("\r")
            assert shown.client.password == SECRET * 20
            nursery.cancel_scope.cancel()


@pytest.mark.parametrize(
    ("reason", "limit", "keys"),
    [
        ("IDLE_RELEASE", "the time without a word while others wait (--idle-release)", "F5 comes back to the line"),
        ("IDLE_TIMEOUT", "the time without a word (--idle-timeout)", "F5 comes back to the line"),
        ("KICKED", "an operator closed the connection", "F5 tries again"),
        ("BANNED", "this address is banned", "F5 tries again"),
    ],
)
@hosted
async def test_an_end_that_was_meant_has_no_countdown(reason: str, limit: str, keys: str, shown: Terminal) -> None:
    async with trio.open_nursery() as nursery:
        await shown.run(nursery)
        shown.client.detach(Ending(Exit.LOST, "You were silent for 10 min", reason), float("inf"), 1)
        text = " ".join(shown.text().replace("│", " ").split())
        for part in ("You were silent for 10 min", f"{reason}: {limit}", "Next try not by itself", keys):
            assert part in text
        assert "━" not in text
        nursery.cancel_scope.cancel()


@hosted
async def test_the_status_bar_follows_the_number_of_seats(shown: Terminal) -> None:
    async with trio.open_nursery() as nursery:
        await shown.run(nursery)
        shown.receive(":s 005 alice CHATD.MAXCLIENTS=100 :are supported")
        shown.receive(":s NOTE * OCCUPANCY 97 100 4 :x", NOW)
        assert "97/100 seats" in shown.text()
        shown.receive(":s 005 alice CHATD.MAXCLIENTS=120 :are supported")
        assert "97/120 seats" in shown.text()
        shown.receive(":s 005 alice CHATD.MAXCLIENTS :are supported")
        assert "97 seats" in shown.text()
        nursery.cancel_scope.cancel()
