"""The control socket from outside: who may open it, what hostile and slow ones get, and that it works when full."""

import json
import os
import stat
from pathlib import Path

import pytest
import trio
import trio.testing
from operated import operated

from chatd.desk import Desk
from chatd.ops import wire

Clock = trio.testing.MockClock


def refusal(line: bytes) -> str:
    answer = json.loads(line)
    assert answer.keys() == {"v", "ok", "error"}
    assert (answer["v"], answer["ok"]) == (1, False)
    return str(answer["error"])


async def test_it_works_when_seats_and_line_are_full_and_seats_the_line(tmp_path: Path, autojump_clock: Clock) -> None:
    async with operated(tmp_path / "control.sock", max_clients=1, queue=1, place_interval=1000) as house:
        await house.running.seated("ann")
        bob = await house.running.irc("bob", "JOIN #lobby")
        await bob.until("in line")
        late = await house.running.irc("late")
        assert (await late.rest())[-1].endswith(")")
        operator = await house.connect()
        shown = await operator.asks("status")
        assert (shown["seats"], shown["line"]["in_use"]) == ({"in_use": 1, "bound": 1}, 1)
        assert shown["closed"] == {"SERVER_FULL": 1}
        done = await operator.asks("set", name="max-clients", value="2")
        assert done["follows"][0] == "1 was seated from the line"
        assert (await bob.until(" 366 "))[0].endswith("Your seat is free: welcome.")
        assert trio.current_time() < 1  # at once, whatever the interval of notices is


async def test_who_is_kicked_or_banned_reads_why_and_is_gone(tmp_path: Path, autojump_clock: Clock) -> None:
    async with operated(tmp_path / "control.sock") as house:
        ann, bob = await house.running.seated("ann"), await house.running.seated("bob")
        operator = await house.connect()
        await operator.asks("kick", who="ann", reason="soup")
        assert (await ann.rest())[-1] == (
            "ERROR :Closing Link: 127.0.0.1 (The operator has closed your connection: soup; KICKED)"
        )
        assert await bob.find(" QUIT ") == ":ann!ann@127.0.0.1 QUIT :KICKED"
        await operator.asks("ban", network="127.0.0.0/8", seconds=60)
        assert (await bob.rest())[-1].endswith("(127.0.0.0/8 is banned for 60 s; BANNED, retry in 60 s)")
        cid = await house.running.irc("cid")
        assert "; BANNED" in (await cid.rest())[-1]
        await operator.asks("unban", network="127.0.0.0/8")
        await house.running.seated("cid")


async def test_the_drain_is_answered_before_it_ends_the_server(tmp_path: Path, autojump_clock: Clock) -> None:
    async with operated(tmp_path / "control.sock") as house:
        operator = await house.connect()
        assert "the server drains" in (await operator.asks("drain"))["done"]


async def test_several_requests_on_one_connection_are_answered_in_their_order(
    tmp_path: Path, autojump_clock: Clock
) -> None:
    async with operated(tmp_path / "control.sock") as house:
        operator = await house.connect()
        lines = [{"verb": "bans"}, {"verb": "nonsense"}, {"verb": "queue"}]
        first = await operator.sends(b"".join(map(wire.write_request, lines)))
        assert wire.read_answer(first) == {"total": 0, "bans": []}
        assert refusal(await operator.line()).startswith("there is no verb 'nonsense'")
        assert wire.read_answer(await operator.line()) == {"total": 0, "queue": []}


async def test_a_request_may_end_with_the_input(tmp_path: Path, autojump_clock: Clock) -> None:
    async with operated(tmp_path / "control.sock") as house:
        operator = await house.connect()
        await operator.stream.send_all(b'{"v":1,"verb":"bans"}')
        await operator.stream.send_eof()
        assert wire.read_answer(await operator.line()) == {"total": 0, "bans": []}
        assert await operator.is_closed()


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (b"", "a request is a JSON object on one line, such as"),
        (b"status", "a request is a JSON object"),
        (b"GET / HTTP/1.1\r", "a request is a JSON object"),
        (b"[1, 2]", "a request is a JSON object"),
        (b'"status"', "a request is a JSON object"),
        (b"\xff\xfe{}", "a request is a JSON object"),
        ('{"v":1,"verb":"status"}'.encode("utf-16"), "a request is a JSON object"),
        (b"[" * 30_000, "a request is a JSON object"),
        (b'{"a":' * 10_000, "a request is a JSON object"),
        (b'{"v": NaN}', "a request is a JSON object"),
        (b'{"v": 1' + b"0" * 5000 + b"}", "a request is a JSON object"),
        (b"\0" * 100, "a request is a JSON object"),
        (b"{}", "this server speaks version 1"),
        (b'{"v": 2, "verb": "status"}', "this server speaks version 1"),
        (b'{"v": true, "verb": "status"}', "this server speaks version 1"),
        (b'{"v": "1", "verb": "status"}', "this server speaks version 1"),
        (b'{"v": 1}', "a request needs a 'verb'"),
        (b'{"v": 1, "verb": null}', "a request needs a 'verb'"),
        (b'{"v": 1, "verb": "say", "text": "\\ud800"}', "say: text is to be one line of text"),
        (b'{"v": 1, "verb": "say", "text": "a\\r\\nERROR :b"}', "say: text is to be one line of text"),
        (b'{"v": 1, "verb": "set", "name": "queue", "value": 1e999}', "is not a whole number"),
        (b'{"v": 1, "verb": "ban", "network": "10.0.0.1", "seconds": 1e999}', "ban: seconds is to be a number"),
    ],
    ids=lambda value: value[:24] if isinstance(value, str) else "",
)
async def test_a_line_that_is_no_request_gets_a_sentence_and_the_next_one_its_answer(
    tmp_path: Path, autojump_clock: Clock, line: bytes, sentence: str
) -> None:
    async with operated(tmp_path / "control.sock") as house:
        ann = await house.running.seated("ann")
        operator = await house.connect()
        assert sentence in refusal(await operator.sends(line + b"\n"))
        assert (await operator.asks("bans"))["total"] == 0
        assert await ann.settle() == []
        assert house.running.chat.faults == 0


async def test_who_asks_much_at_once_keeps_nobody_waiting(tmp_path: Path, autojump_clock: Clock) -> None:
    async with operated(tmp_path / "control.sock") as house:
        greedy, other = await house.connect(), await house.connect()
        house.desk = asked = Listening(house.desk)
        await greedy.stream.send_all(wire.write_request({"verb": "bans"}) * 1000)
        await other.asks("queue")
        for _ in range(1000):
            await greedy.line()
        assert (len(asked.verbs), asked.verbs.count("queue")) == (1001, 1)
        assert asked.verbs.index("queue") < 100


class Listening(Desk):
    """A desk of which one knows what it was asked."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.verbs: list[str] = []

    def answer(self, request: wire.Object) -> wire.Object:
        self.verbs.append(request["verb"])
        return self._desk.answer(request)


async def test_those_whom_a_resume_leaves_in_line_are_told_their_new_place(
    tmp_path: Path, autojump_clock: Clock
) -> None:
    async with operated(tmp_path / "control.sock", max_clients=2, queue=3, place_interval=5) as house:
        operator = await house.connect()
        await operator.asks("pause")
        ann, bob, cid = [await house.running.waiting(nick) for nick in ("ann", "bob", "cid")]
        await trio.sleep(20)
        assert (await operator.asks("resume"))["seated"] == 2
        await ann.until("Your seat is free")
        await bob.until("Your seat is free")
        assert "You are 1st of 1 in line" in await cid.find("You are 1st")


async def test_an_error_of_the_servers_own_ends_one_connection_and_is_counted(
    tmp_path: Path, autojump_clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    async with operated(tmp_path / "control.sock") as house:
        other = await house.connect()
        right, house.desk = house.desk, Broken()  # type: ignore[assignment]
        for number, verb in enumerate(("raise", "return"), 1):
            operator = await house.connect()
            line = await operator.sends(wire.write_request({"verb": verb}) * 2)
            assert refusal(line) == "the server has made an error, which is logged; this connection ends"
            assert await operator.is_closed()
            assert house.running.chat.faults == number
        house.desk = right
        assert (await other.asks("status"))["faults"] == 2
        await (await house.running.seated("ann")).settle()
        assert "ZeroDivisionError" in caplog.text


class Broken:
    """A desk with a mistake in it."""

    def answer(self, request: wire.Object) -> wire.Object:
        return {"it": float("inf") if request["verb"] == "return" else 1 / 0}


# The socket itself.


async def test_nobody_else_may_open_it_and_it_is_gone_at_the_end(tmp_path: Path, autojump_clock: Clock) -> None:
    before = os.umask(0)
    try:
        async with operated(tmp_path / "control.sock") as house:
            found = house.path.stat()
            assert stat.S_ISSOCK(found.st_mode)
            assert stat.S_IMODE(found.st_mode) == 0o600
            await (await house.connect()).asks("bans")
    finally:
        os.umask(before)
    assert not house.path.exists()
