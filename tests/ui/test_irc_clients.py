"""WeeChat and irssi against a real server: a day in a room, and a house that is full."""

import time
from pathlib import Path

import pytest
from chatd_process import chatd, read_until
from irc_clients import MISSING, Irssi, complaints, weechat

pytestmark = pytest.mark.skipif(bool(MISSING), reason=", ".join(f"{program} is not installed" for program in MISSING))
FULL = "The only seat is taken (max-clients), and the only place in line is taken (queue); SERVER_FULL, retry in "


def test_a_day_in_a_room(tmp_path: Path) -> None:
    with chatd() as server, weechat(tmp_path / "weechat", server.port, "wee") as wee:
        wee.wait_for("wee (wee) (wee@127.0.0.1) has joined #tea")
        with Irssi(tmp_path / "irssi", server.port, "iris") as iris:
            wee.wait_for("iris (iris) (iris@127.0.0.1) has joined #tea")
            iris.wait_for("Total of 2 nicks")
            wee.tell("/names")
            wee.wait_for("Nicks #tea: [@wee iris]")
            wee.tell("/topic limits are kind")
            iris.wait_for("wee changed the topic of #tea to: limits are kind")

            wee.tell("grüße, 你好 🍵")
            iris.wait_for("<@wee> grüße, 你好 🍵")
            iris.tell("/me gießt Tee ein")
            wee.wait_for(" *\tiris gießt Tee ein")
            wee.tell("/msg iris psst")
            iris.wait_for("[wee(wee@127.0.0.1)] psst")
            iris.tell("/msg wee how naïve")
            wee.wait_for("iris\thow naïve")

            wee.tell("/nick weewee")
            iris.wait_for("wee is now known as weewee")
            wee.tell("/away the kettle boils")
            wee.wait_for("You have been marked as being away")
            iris.tell("/whois weewee")
            whois = iris.wait_for("End of WHOIS")
            for part in ("ircname  : wee", "channels : @#tea", "away     : the kettle boils"):
                assert part in whois
            iris.tell("/list")
            assert "#tea 2 limits are kind" in iris.wait_for("End of LIST")

            wee.tell("/ban *!*@192.0.2.1")
            iris.wait_for("mode/#tea [+b *!*@192.0.2.1] by weewee")
            wee.tell("/ban")
            wee.wait_for("[#tea] [1] *!*@192.0.2.1 banned by weewee")
            wee.tell("/op iris")
            iris.wait_for("mode/#tea [+o iris] by weewee")
            wee.tell("/kick iris the pot is empty")
            iris.wait_for("iris was kicked from #tea by weewee [the pot is empty]")
            wee.tell("/invite iris")
            iris.wait_for("weewee invites you to #tea")
            iris.tell("/join #tea")
            iris.tell("with cups")
            wee.wait_for("iris\twith cups")
            assert complaints(iris.capture()) == []
            iris.tell("/quit so long")
            assert iris.wait_for_end() == 0
        wee.wait_for("iris (iris@127.0.0.1) has quit (Quit: so long)")
        assert complaints(wee.capture()) == []
        wee.tell("/quit")
        assert wee.wait_for_end() == 0


def test_one_waits_in_line_and_the_next_is_refused_and_comes_back(tmp_path: Path) -> None:
    with chatd("--max-clients", "1", "--queue", "1") as server:
        member = server.irc("member")
        with weechat(tmp_path / "weechat", server.port, "wee") as wee:
            wee.wait_for("chatd.local: You are 1st of 1 in line. Stay connected.")
            with Irssi(tmp_path / "irssi", server.port, "iris") as iris:
                iris.wait_for(f"ERROR Closing Link: 127.0.0.1 ({FULL}")
                iris.wait_for("Connection lost to 127.0.0.1")
                iris.tell("/server")  # lists those that it will try again
                assert "banned" not in iris.wait_for("left before reconnecting").lower()
                assert "has joined" not in wee.capture()

                member.close()
                wee.wait_for("chatd.local: Your seat is free: welcome.")
                wee.wait_for("has joined #tea")
                iris.tell("/reconnect all")
                iris.wait_for("You are 1st of 1 in line. Stay connected.")
                iris.wait_for("Mode change [+i] for user iris")  # which irssi asks for at once
                iris.tell("/msg wee can you hear me?")
                iris.wait_for("Not delivered: can you hear me?")
                wee.tell("/quit")
                iris.wait_for("Your seat is free: welcome.")
                assert complaints(iris.wait_for("has joined #tea")) == complaints(wee.capture()) == []


@pytest.mark.soak
def test_who_is_refused_comes_back_by_itself(tmp_path: Path) -> None:
    with chatd("--max-clients", "2", "--queue", "0", "--least-retry", "1") as server:
        members = [server.irc(nick) for nick in ("one", "two")]
        with (
            weechat(tmp_path / "weechat", server.port, "wee", stock=True) as wee,
            Irssi(tmp_path / "irssi", server.port, "iris", settings='server_reconnect_time = "10s";') as iris,
        ):
            wee.wait_for("SERVER_FULL")
            iris.wait_for("SERVER_FULL")
            for member in members:
                member.close()
            # WeeChat 3.8 enters no room if its first try has failed, whatever the server.
            for client, inside in ((wee, "Welcome to chatd.local"), (iris, "has joined #tea")):
                assert "banned" not in client.wait_for(inside, 60).lower()


@pytest.mark.soak
def test_both_wait_for_minutes_and_come_in_by_themselves(tmp_path: Path) -> None:
    # Members that say nothing leave after that, which is longer than any client lives that does not answer pings.
    with chatd("--max-clients", "2", "--queue", "2", "--idle-timeout", "190") as server:
        for nick in ("one", "two"):
            member = server.connect()  # a plain client, so that none of its pings needs an answer
            member.sendall(f"/nick {nick}\n".encode())
            read_until(member, b"Welcome")
        began = time.monotonic()
        with (
            weechat(tmp_path / "weechat", server.port, "wee", stock=True) as wee,
            Irssi(tmp_path / "irssi", server.port, "iris", stock=True) as iris,
        ):
            for client in (wee, iris):
                client.wait_for("in line")
            for client in (wee, iris):
                client.wait_for("Your seat is free: welcome.", 240)
                shown = client.wait_for("has joined #tea")
                assert time.monotonic() - began > 180
                assert complaints(shown) == []
                assert shown.count("Welcome to chatd.local") == 1
