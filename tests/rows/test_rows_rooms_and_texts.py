"""The rows of "Rooms and texts", pushed from outside: how many rooms and members, what is kept, how long a text is."""

import math
import re
import subprocess
from pathlib import Path

import pytest
import trio.testing
from chatd_process import COMMAND, DEADLINE
from support import BOUNDS, HOST, Peer, farewell_of, running, serving

from chatd.config import Sources
from chatd.protocol.farewell import Reason
from chatd.settings import Settings

Clock = trio.testing.MockClock


def texts(lines: list[str]) -> list[str]:
    """What was said in those of the lines that are messages."""
    return [line.partition(" PRIVMSG #lobby :")[2] for line in lines if " PRIVMSG " in line]


@pytest.mark.bound("max_rooms")
async def test_past_the_last_room_no_new_one_is_made(autojump_clock: Clock) -> None:
    async with running(max_rooms=3) as house:
        ann, bob = await house.seated("ann", "JOIN #a,#b"), await house.seated("bob")
        await ann.until(" 366 ann #b ")
        assert (house.hits("max_rooms"), house.in_use("max_rooms")) == (0, 3)
        await bob.send("JOIN #c,#a")
        refused, *_, end = await bob.until(" 366 ")
        assert refused == ":chatd.local 403 bob #c :There are 3 rooms already, the most that may be (max-rooms)"
        assert " bob #a " in end, "into one that is there he comes"
        assert (house.hits("max_rooms"), house.peak("max_rooms")) == (1, 3)
        await ann.send("PART #b")
        await ann.settle()
        await bob.send("JOIN #c")
        await bob.until(" 366 bob #c ")
        assert house.hits("max_rooms") == 1


@pytest.mark.bound("members_per_room")
async def test_a_full_room_is_not_entered(autojump_clock: Clock) -> None:
    async with running(members_per_room=2) as house:
        ann, bob = await house.seated("ann"), await house.seated("bob")
        assert (house.hits("members_per_room"), house.in_use("members_per_room")) == (0, 2)
        cid = await house.irc("cid", "JOIN #lobby", "JOIN #other")
        *_, refused = await cid.until(" 471 ")
        assert refused == ":chatd.local 471 cid #lobby :A room has 2 members at most (members-per-room)"
        await cid.until(" 366 cid #other ")
        assert (house.hits("members_per_room"), house.peak("members_per_room")) == (1, 2)
        assert not any("cid" in line for line in await ann.settle())
        await bob.send("PART #lobby")
        await bob.settle()
        await cid.send("JOIN #lobby")
        await cid.until(" 366 cid #lobby ")


@pytest.mark.bound("members_per_room")
async def test_a_person_whom_the_default_room_is_too_full_for_comes_in_when_it_is_not(autojump_clock: Clock) -> None:
    async with running(members_per_room=2) as house:
        ann, bob, cid = await house.seated("ann"), await house.seated("bob"), await house.connect()
        await cid.send("/nick cid", "hello?")
        await cid.until("* #lobby: A room has 2 members at most (members-per-room)")
        assert await cid.find("Not delivered") == "* Not delivered: hello?"
        await bob.send("QUIT")
        await bob.rest()
        await cid.send("now?")
        assert (await ann.until(":now?"))[-2:] == [
            ":cid!plain@127.0.0.1 JOIN #lobby",
            ":cid!plain@127.0.0.1 PRIVMSG #lobby :now?",
        ]


@pytest.mark.bound("history_lines")
async def test_who_comes_in_is_shown_the_last_lines_and_no_more(autojump_clock: Clock) -> None:
    async with running(history_lines=3) as house:
        ann = await house.seated("ann", *[f"PRIVMSG #lobby :{number}" for number in range(3)])
        await ann.settle()
        assert (house.hits("history_lines"), house.in_use("history_lines")) == (0, 3)
        await ann.send("PRIVMSG #lobby :3", "PRIVMSG #lobby :4")
        await ann.settle()
        assert (house.hits("history_lines"), house.in_use("history_lines")) == (2, 3)
        bob = await house.seated("bob", caps="server-time")
        assert texts(await bob.settle()) == ["2", "3", "4"]
        cid = await house.connect()
        await cid.send("/nick cid")
        await cid.until("Earlier in #lobby:")
        assert [await cid.line() for _ in range(4)] == ["<ann> 2", "<ann> 3", "<ann> 4", "* Now:"]


@pytest.mark.bound("history_lines")
async def test_without_lines_nothing_is_kept(autojump_clock: Clock) -> None:
    async with running(history_lines=0) as house:
        ann = await house.seated("ann", "PRIVMSG #lobby :gone")
        await ann.settle()
        bob = await house.seated("bob", caps="server-time")
        assert texts(await bob.settle()) == []
        assert house.in_use("history_lines") == house.in_use("history_bytes") == 0


@pytest.mark.bound("history_bytes")
@pytest.mark.parametrize("letter", ["x", "é", "語", "🙂"])
async def test_a_history_takes_no_more_memory_than_it_may(letter: str, autojump_clock: Clock) -> None:
    async with running(history_bytes=5000, message_rate=1000) as house:
        ann = await house.seated("ann", f"PRIVMSG #lobby :0 {letter * 100}")
        await ann.settle()
        line = house.in_use("history_bytes") or 0
        assert line > 100 * len(letter.encode())
        assert house.hits("history_bytes") == 0
        await ann.send(*[f"PRIVMSG #lobby :{number} {letter * 100}" for number in range(1, 20)])
        await ann.settle()
        assert 5000 - 2 * line < (house.in_use("history_bytes") or 0) <= 5000
        kept = 20 - house.hits("history_bytes")
        assert kept >= 5
        bob = await house.seated("bob", caps="server-time")
        assert [text.split()[0] for text in texts(await bob.settle())] == [str(each) for each in range(20 - kept, 20)]


@pytest.mark.bound("nick_length")
async def test_a_name_that_is_too_long_is_not_taken(autojump_clock: Clock) -> None:
    async with running(nick_length=9) as house:
        ann, bob = await house.seated("ann"), await house.connect()
        rule = "A nickname is at most 9 letters, digits or []\\`_^{|}-; no digit, - first (nick-length)"
        await bob.send("NICK bartholomy", "NICK bartholom", "USER bob 0 * :Bob", "JOIN #lobby")
        assert await bob.line() == f":chatd.local 432 * bartholomy :{rule}"
        await bob.until(" 366 bartholom ")
        assert house.hits("nick_length") == 1
        await bob.send("NICK bartholomew")
        assert await bob.settle() == [f":chatd.local 432 bartholom bartholomew :{rule}"]
        assert house.hits("nick_length") == 2
        await bob.send("NICK 1", "NICK bob")
        assert not any("bartholomew" in line for line in await ann.until(" NICK :bob"))
        assert house.hits("nick_length") == 2, "it was not too long"


@pytest.mark.bound("user_length")
async def test_of_a_user_name_the_rest_is_cut_off(autojump_clock: Clock) -> None:
    async with running(user_length=5) as house:
        ann = await house.seated("ann")
        for nick, user, hits in (("bob", "bobby", 0), ("cid", "bobbys", 1), ("dan", "b!b@b", 1)):
            peer = await house.connect()
            await peer.send(f"NICK {nick}", f"USER {user} 0 * :x", "JOIN #lobby")
            kept = user[:5].replace("!", "").replace("@", "")
            assert await ann.find(" JOIN ") == f":{nick}!{kept}@127.0.0.1 JOIN #lobby"
            assert house.hits("user_length") == hits


@pytest.mark.bound("room_length")
async def test_a_room_of_too_long_a_name_is_not_entered(autojump_clock: Clock) -> None:
    async with running(max_clients=1, queue=1, room_length=7) as house:
        ann, bob = await house.seated("ann"), await house.waiting("bob")
        for peer, nick in ((ann, "ann"), (bob, "bob")):
            await peer.send("JOIN #ééé")
            assert not any(" 403 " in line for line in await peer.settle())
            hits = house.hits("room_length")
            await peer.send("JOIN #éééx")
            rule = "A room's name is # and a word that can be seen, at most 7 bytes (room-length)"
            assert await peer.settle() == [f":chatd.local 403 {nick} #éééx :{rule}"]
            assert house.hits("room_length") == hits + 1
        await ann.send("QUIT")
        await bob.until(" 366 bob #ééé ")


@pytest.mark.bound("key_length")
async def test_a_key_that_is_too_long_is_not_set(autojump_clock: Clock) -> None:
    async with running(key_length=3) as house:
        ann, bob = await house.seated("ann", "JOIN #a"), await house.seated("bob")
        await ann.until(" 366 ann #a ")
        await ann.settle()
        await ann.send("MODE #a +k four")
        rule = "A key has no space and no comma, and at most 3 characters (key-length)"
        assert await ann.settle() == [f":chatd.local 696 ann #a k * :{rule}"]
        assert house.hits("key_length") == 1
        await bob.send("JOIN #a", "PART #a")
        await bob.until(" PART ")
        await ann.send("MODE #a +k key")
        await ann.until(" MODE #a +k key")
        await bob.send("JOIN #a")
        assert " 475 bob #a " in await bob.line()
        await bob.send("JOIN #a key")
        await bob.until(" 366 bob #a ")
        assert house.hits("key_length") == 1


CUT = [  # the row, what one says, what another asks, and what that one then reads before the text
    ("topic_length", "TOPIC #lobby :{text}", "", "TOPIC #lobby :"),
    ("reason_length", "PART #lobby :{text}", "", "PART #lobby :"),
    ("reason_length", "QUIT :{text}", "", "QUIT :Quit: "),
    ("away_length", "AWAY :{text}", "PRIVMSG {nick} :are you there?", "301 bob {nick} :"),
    ("realname_length", "USER {nick} 0 * :{text}", "WHOIS {nick}", "311 bob {nick} {nick} 127.0.0.1 * :"),
]


@pytest.mark.bound("topic_length")
@pytest.mark.bound("reason_length")
@pytest.mark.bound("away_length")
@pytest.mark.bound("realname_length")
@pytest.mark.parametrize(("name", "says", "asks", "before"), CUT, ids=[says.split()[0] for _, says, _, _ in CUT])
async def test_of_a_long_text_the_rest_is_cut_off_and_everybody_reads_what_was_kept(
    name: str, says: str, asks: str, before: str, autojump_clock: Clock
) -> None:
    async with running(**{name: 9}) as house:
        bob = await house.seated("bob")
        for nick, text, kept, hits in (("ann", "ééééx", "ééééx", 0), ("cid", "ééééé", "éééé", 1)):
            peer = await house.connect()
            said = says.format(nick=nick, text=text)
            introduction = [f"NICK {nick}", said, f"USER {nick} 0 * :x", "JOIN #lobby"]
            if not said.startswith("USER"):
                introduction.append(introduction.pop(1))
            await peer.send(*introduction)
            await bob.until(f":{nick}!{nick}@127.0.0.1 JOIN ")
            if asks:
                await peer.settle()
                await bob.send(asks.format(nick=nick))
            line = await bob.find(f" {before.format(nick=nick)}")
            assert line.partition(f" {before.format(nick=nick)}")[2] == kept
            assert house.hits(name) == hits


@pytest.mark.bound("kick_length")
async def test_of_the_reason_for_a_kick_the_rest_is_cut_off(autojump_clock: Clock) -> None:
    async with running(kick_length=9) as house:
        ann, bob, cid = await house.seated("ann"), await house.seated("bob"), await house.seated("cid")
        for nick, peer, reason, kept, hits in (("bob", bob, "ééééx", "ééééx", 0), ("cid", cid, "ééééé", "éééé", 1)):
            house.ask("kick", who=nick, reason=reason)
            farewell = farewell_of(await peer.rest())
            assert farewell.reason == Reason.KICKED
            assert farewell.sentence == f"The operator has closed your connection: {kept}"
            assert house.hits("kick_length") == hits
        assert [line for line in await ann.settle() if " QUIT " in line] == [
            ":bob!bob@127.0.0.1 QUIT :KICKED",
            ":cid!cid@127.0.0.1 QUIT :KICKED",
        ]


async def longest(peer: Peer, part: str, text: str) -> None:
    """The next line with that part ends with all of the text, and is an IRC line."""
    line = await peer.find(part)
    assert line.endswith(text)
    assert len(line.encode()) <= 510


@pytest.mark.bound("nick_length")
@pytest.mark.bound("user_length")
@pytest.mark.bound("room_length")
@pytest.mark.bound("topic_length")
@pytest.mark.bound("away_length")
@pytest.mark.bound("realname_length")
@pytest.mark.bound("reason_length")
@pytest.mark.bound("kick_length")
@pytest.mark.bound("plain_line")
@pytest.mark.bound("motd_line")
async def test_with_the_most_that_each_may_be_no_text_is_cut(autojump_clock: Clock) -> None:
    most = {name: int(bound.most) for name, bound in BOUNDS.items() if name.endswith("_length")}
    most.update({name: int(BOUNDS[name].most) for name in ("plain_line", "motd_line")})
    texts = {name: name.ljust(size, "x") for name, size in most.items()}
    room, nick, reader = "#".ljust(most["room_length"], "r"), "n" * most["nick_length"], "b" * most["nick_length"]
    settings = Settings(HOST, 0, server_name="s" * 63, room=room, motd=[texts["motd_line"]])
    async with serving(settings, **most) as house:
        bob = await house.irc(reader)
        await longest(bob, " 372 ", texts["motd_line"])
        await bob.send(f"JOIN {room}")
        await bob.until(" 366 ")
        ann = await house.connect()
        await ann.send(f"NICK {nick}", f"USER {'u' * most['user_length']} 0 * :{texts['realname_length']}")
        await ann.until(" 376 ")
        client = house.chat.find(nick)
        assert client is not None
        client.host = "2001:db8:1111:2222:3333:4444:5555:6666".ljust(39, "7")
        await ann.send(f"JOIN {room}", f"TOPIC {room} :{texts['topic_length']}", f"AWAY :{texts['away_length']}")
        await longest(bob, " TOPIC ", texts["topic_length"])
        await ann.until(" 306 ")
        await bob.send(f"WHO {room}", f"PRIVMSG {nick} :there?", f"WHOIS {nick}", f"TOPIC {room}")
        await longest(bob, f" {nick} G :0 ", texts["realname_length"])
        await longest(bob, " 301 ", texts["away_length"])
        await longest(bob, " 311 ", texts["realname_length"])
        await longest(bob, " 332 ", texts["topic_length"])
        await ann.send(f"PART {room} :{texts['reason_length']}", f"JOIN {room}", f"QUIT :{texts['reason_length']}")
        await longest(bob, " PART ", texts["reason_length"])
        await longest(bob, " QUIT ", texts["reason_length"])
        cid = await house.connect()
        await cid.send(f"/nick {nick}", texts["plain_line"])
        await longest(bob, " PRIVMSG ", texts["plain_line"])
        house.ask("kick", who=reader, reason=texts["kick_length"])
        *_, last = await bob.rest()
        assert len(last.encode()) <= 510
        assert farewell_of([last]).sentence.endswith(texts["kick_length"])


@pytest.mark.bound("motd_lines")
@pytest.mark.bound("motd_line")
def test_a_message_of_the_day_that_is_too_long_is_not_taken(tmp_path: Path) -> None:
    file = tmp_path / "motd"
    for text, sentence in (
        ("one\ntwo\nthree\n", f"{file} has more than 2 lines (--motd-lines)"),
        ("one\n" + "é" * 100, f"line 2 of {file} is over 10 bytes (--motd-line)"),
    ):
        file.write_text(text)
        flags = ["--motd", str(file), "--motd-lines", "2", "--motd-line", "10"]
        ended = subprocess.run([*COMMAND, *flags], capture_output=True, text=True, timeout=DEADLINE, check=False)
        assert ended.returncode == 2
        assert f"argument --motd: {sentence}" in ended.stderr


@pytest.mark.bound("motd_lines")
@pytest.mark.bound("motd_line")
async def test_a_message_of_the_day_that_fits_is_shown_whole(tmp_path: Path, autojump_clock: Clock) -> None:
    file = tmp_path / "motd"
    file.write_text("one\n" + "é" * 5)
    flags = {"port": "0", "motd": str(file), "motd_lines": "2", "motd_line": "10"}
    async with serving(Sources(flags, {}, None).load().settings) as house:
        ann = await house.irc("ann")
        shown = [line for line in await ann.until(" 376 ") if " 372 " in line]
        assert shown == [":chatd.local 372 ann :- one", ":chatd.local 372 ann :- ééééé"]


@pytest.mark.bound("time_after")
async def test_after_a_pause_a_person_with_nc_reads_when_it_is(autojump_clock: Clock) -> None:
    async with running(time_after=0) as house:
        ann, bob, cid = await house.seated("ann"), await house.connect(), await house.seated("cid")
        await bob.send("/nick bob")
        await bob.find("Welcome")
        await ann.send("PRIVMSG #lobby :hello")
        told = await bob.until("<ann> hello")
        assert re.fullmatch(r"\* \d{4}-\d\d-\d\d \d\d:\d\d UTC", told[-2])
        assert house.hits("time_after") == 1
        assert not any("UTC" in line for line in await cid.settle())
        house.chat.limits.time_after = math.inf
        house.server.apply()
        await ann.send("PRIVMSG #lobby :again")
        assert len(await bob.until("<ann> again")) == 1
        assert house.hits("time_after") == 1
