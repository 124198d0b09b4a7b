"""The screen, painted into memory: what stands where, what keys do, how it ends."""

from collections.abc import Iterator
from typing import Any

import pytest
import trio
from client_terminal import NOW, Terminal, hosted, terminal

from chatclient.endings import Ending
from chatclient.exits import Exit
from chatclient.limits import Limits
from chatclient.model import Stage
from chatclient.ui import guest

WIDE = "wide 漢字 and e\u0301 "


@pytest.fixture
def shown() -> Iterator[Terminal]:
    with terminal() as made:
        yield made


@hosted
async def test_the_room(shown: Terminal) -> None:
    async with trio.open_nursery() as nursery:
        await shown.run(nursery)
        shown.receive(":bob!b@h TOPIC #lobby :All about limits")
        shown.receive(":bob!b@h PRIVMSG #lobby :hello")
        shown.receive(":s NOTE * OCCUPANCY 97 100 4 :x")
        text = shown.text().splitlines()
        assert text[0] == " #lobby  All about limits"
        assert "bob: hello" in "\n".join(text)
        assert text[1].endswith("│ 2 here")
        assert text[2].endswith("│ @alice")
        assert text[3].endswith("│ bob")
        assert " alice · connected · 97/100 seats" in text[-2]
        assert text[-1] == ">"
        nursery.cancel_scope.cancel()


@hosted
async def test_a_narrow_screen_leaves_the_members_out() -> None:
    with terminal(columns=40) as shown:
        async with trio.open_nursery() as nursery:
            await shown.run(nursery)
            assert "│" not in shown.text()
            nursery.cancel_scope.cancel()


@pytest.mark.parametrize(("columns", "rows"), [(1, 1), (3, 2), (10, 4), (20, 3), (300, 90)])
@hosted
async def test_any_size_is_painted(columns: int, rows: int) -> None:
    with terminal(columns, rows) as shown:
        async with trio.open_nursery() as nursery:
            await shown.run(nursery)
            shown.receive(f":bob!b@h PRIVMSG #lobby :{WIDE * 20}")
            shown.text()
            shown.receive(":s NOTE * QUEUED 1 5 40 :x")
            shown.text()
            shown.client.detach(Ending(Exit.REFUSED, "Full " * 50, "SERVER_FULL", 37.0), 37.0, 1)
            shown.text()
            nursery.cancel_scope.cancel()


@hosted
async def test_incoming_text_leaves_alone_what_is_typed(shown: Terminal) -> None:
    async with trio.open_nursery() as nursery:
        await shown.run(nursery)
        await shown.press("half a sen")
        for number in range(100):
            shown.receive(f":bob!b@h PRIVMSG #lobby :{number}")
        assert shown.text().splitlines()[-1] == "> half a sen"
        await shown.press("tence\r")
        assert await shown.connection.outgoing.take() == b"PRIVMSG #lobby :half a sentence\r\n"
        assert shown.text().splitlines()[-1] == ">"
        nursery.cancel_scope.cancel()


@hosted
async def test_waiting_shows_place_length_expected_wait_and_time_waited(shown: Terminal) -> None:
    async with trio.open_nursery() as nursery:
        await shown.run(nursery)
        shown.receive(":s NOTE * QUEUED 4 12 * :x", NOW - 100)
        assert "Expected wait  unknown" in shown.text()
        shown.receive(":s NOTE * QUEUED 3 12 50 :x", NOW - 10)
        text = shown.text()
        for part in ("3rd of 12 in line", "Expected wait  about 40 s", "Waited so far  1:40", "waiting in line"):
            assert part in text
        await shown.press("hello\r")
        assert "You are still in line: what you typed is kept." in shown.text()
        assert shown.text().splitlines()[-1] == "> hello"
        shown.receive(":s NOTE * SEATED :Welcome")
        assert "3rd of 12" not in shown.text()
        assert shown.text().splitlines()[-1] == "> hello"
        nursery.cancel_scope.cancel()


@hosted
async def test_refused_shows_reason_limit_advice_countdown_and_keys(shown: Terminal) -> None:
    async with trio.open_nursery() as nursery:
        await shown.run(nursery)
        await shown.press("kept")
        ending = Ending(Exit.REFUSED, "All 100 seats are taken", "SERVER_FULL", 37.0)
        shown.client.detach(ending, 0, 1)
        shown.model.disconnected(ending, NOW - 10, 40.0, 1, 0)
        text = shown.text()
        for part in (
            "host:6667 did not let us in",
            "All 100 seats are taken",
            "SERVER_FULL: the number of seats (--max-clients)",
            "try again in 37 s",
            "in 0:30",
            "F5 tries now",
            "Ctrl-C leaves",
            "> kept",
        ):
            assert part in text
        await shown.press("\r")
        assert not shown.client.try_now.is_set()
        assert "> kept" in shown.text()
        await shown.press("\x1b[15~")
        assert shown.client.try_now.is_set()
        nursery.cancel_scope.cancel()


@hosted
async def test_enter_with_nothing_typed_tries_now(shown: Terminal) -> None:
    async with trio.open_nursery() as nursery:
        await shown.run(nursery)
        shown.client.detach(Ending(Exit.LOST, "gone"), 30.0, 1)
        await shown.press("\r")
        assert shown.client.try_now.is_set()
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize("keys", ["\x03", "\x04", "/quit\r"])
@hosted
async def test_leaving(keys: str, shown: Terminal) -> None:
    async with trio.open_nursery() as nursery:
        await shown.run(nursery)
        await shown.press(keys)
        assert shown.client.leaving.is_set()
        assert shown.model.stage is Stage.LEAVING
        nursery.cancel_scope.cancel()


@hosted
async def test_completion_of_commands_and_names(shown: Terminal) -> None:
    async with trio.open_nursery() as nursery:
        await shown.run(nursery)
        await shown.press("/to\t")
        assert shown.screen.input.text == "/topic "
        await shown.press("\x15bo\t")
        assert shown.screen.input.text == "bob: "
        await shown.press("and al\t")
        assert shown.screen.input.text == "bob: and alice "
        await shown.press("#l\t")
        assert shown.screen.input.text == "bob: and alice #lobby"
        await shown.press("\x15/n\t")
        assert "/names" in shown.text()
        nursery.cancel_scope.cancel()


@hosted
async def test_history(shown: Terminal) -> None:
    async with trio.open_nursery() as nursery:
        await shown.run(nursery)
        await shown.press("one\r")
        await shown.press("two\r")
        shown.text()  # painting the empty input is what loads the history
        await shown.press("\x1b[A\x1b[A")
        assert shown.screen.input.text == "one"
        nursery.cancel_scope.cancel()


@hosted
async def test_scrolling_stands_still_while_lines_come(shown: Terminal) -> None:
    async with trio.open_nursery() as nursery:
        await shown.run(nursery)
        for number in range(100):
            shown.receive(f":bob!b@h PRIVMSG #lobby :line {number}.")
        assert "line 99." in shown.text()
        await shown.press("\x1b[5~\x1b[5~")
        before = shown.text()
        assert "line 99." not in before
        for number in range(50):
            shown.receive(f":bob!b@h PRIVMSG #lobby :more {number}.")
        after = shown.text()
        assert after.splitlines()[:-2] == before.splitlines()[:-2]
        assert "newer, PgDn" in after
        await shown.press("\x1b[6~" * 20)
        assert "more 49." in shown.text()
        await shown.press("\x1b[5~" * 100)
        assert "alice came in" in shown.text().splitlines()[1]
        nursery.cancel_scope.cancel()


@hosted
async def test_pages(shown: Terminal) -> None:
    async with trio.open_nursery() as nursery:
        await shown.run(nursery)
        shown.receive(":bob!b@h PRIVMSG alice :psst")
        assert "3 bob(1)" in shown.text()
        await shown.press("\x0e")
        assert shown.text().splitlines()[0] == " bob"
        await shown.press("\x1b1")
        assert shown.text().splitlines()[0] == " host:6667"
        await shown.press("\x10\x10")
        assert shown.text().splitlines()[0] == " #lobby"
        nursery.cancel_scope.cancel()


@hosted
async def test_a_paste_of_lines_is_sent_by_enter_as_messages(shown: Terminal) -> None:
    async with trio.open_nursery() as nursery:
        await shown.run(nursery)
        await shown.press("\x1b[200~one\r\ntwo\x1b[201~")
        assert "2 lines: Enter sends each as a message." in shown.text()
        await shown.press("\r")
        assert await shown.connection.outgoing.take() == b"PRIVMSG #lobby :one\r\nPRIVMSG #lobby :two\r\n"
        nursery.cancel_scope.cancel()


@hosted
async def test_the_input_is_bounded() -> None:
    with terminal(limits=Limits(input_characters=10)) as shown:
        async with trio.open_nursery() as nursery:
            await shown.run(nursery)
            await shown.press("x" * 50)
            assert shown.screen.input.text == "x" * 10
            assert "The input holds 10 characters" in shown.text()
            nursery.cancel_scope.cancel()


@hosted
async def test_an_error_in_the_screen_is_raised_and_ends_it(shown: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    def explode(*_: Any) -> None:
        raise ValueError("boom")

    monkeypatch.setattr("chatclient.ui.screen.enter", explode)
    shown.keys.send_text("x\r")
    with trio.fail_after(10), pytest.raises(ValueError, match="boom"):
        await guest.run_application(shown.screen.application)
    assert not shown.screen.application.is_running


@hosted
async def test_cancelling_ends_it(shown: Terminal) -> None:
    with trio.fail_after(10):
        async with trio.open_nursery() as nursery:
            await shown.run(nursery)
            nursery.cancel_scope.cancel()
    assert not shown.screen.application.is_running


@hosted
async def test_a_terminal_that_goes_away_is_an_end(shown: Terminal) -> None:
    shown.keys.close()
    with trio.fail_after(10), pytest.raises(EOFError):
        await guest.run_application(shown.screen.application)
