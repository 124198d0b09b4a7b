"""Why: each scenario is worth its time only if what it is there to show is seen in it, and is exact."""

import pytest
import trio
from crooked_server import CrookedServer
from load_runs import broken, chatd, fates, fleet_at, listening

from chatd.protocol import irc
from chatd.protocol.farewell import Farewell, Reason


async def test_two_processes_keep_one_set_of_books() -> None:
    server = CrookedServer(seats=7, line=4)
    async with listening(server.welcome) as target:
        fleet = await fleet_at(
            target, "storm", "--clients", "20", "--hold", "0", "--messages", "31", "--message-rate", "1000",
            "--procs", "2",
        )  # fmt: skip
    assert broken(fleet) == []
    assert fleet.ledger.peak == 7
    assert fates(fleet, "after all left") == {"seated": 7, "queued_seated": 4, "refused SERVER_FULL": 9}
    # Six readers for each message, whoever sent it, in whichever process they are.
    assert (fleet.sent, fleet.expected, fleet.received) == (31, 31 * 6, 31 * 6)
    assert (fleet.latency.count, fleet.lateness.count, fleet.answers.count) == (31 * 6, 31, 20)


async def test_in_a_storm_everybody_is_to_come_at_the_beginning() -> None:
    async with chatd("--max-clients", "20", "--queue", "10") as target:
        fleet = await fleet_at(target, "storm", "--clients", "300", "--hold", "0")
    assert broken(fleet) == []
    assert fates(fleet, "at the end of the hold") == {"seated": 20, "waiting": 10, "refused SERVER_FULL": 270}
    # Nobody can be the three hundredth without having waited for the others, and that is counted.
    assert fleet.answers.longest > fleet.arrival_lateness.longest > 0


async def test_churn_brings_as_many_as_the_rate_says_and_the_seats_go_round() -> None:
    async with chatd("--max-clients", "10", "--queue", "100") as target:
        fleet = await fleet_at(
            target, "churn", "--rate", "400", "--stay", "0.04", "--duration", "0.3", "--procs", "2", "--seed", "1"
        )  # fmt: skip
    assert broken(fleet) == []
    assert len(fleet.ledger.attempts) == 120
    found = fates(fleet, "after all left")
    assert found["seated"] + found.get("queued_seated", 0) == 120
    assert fleet.ledger.peak <= 10
    assert fleet.seconds["churning"] >= 0.25


async def test_in_a_chat_each_says_so_many_a_minute_for_the_duration() -> None:
    server = CrookedServer(seats=4, line=0)
    async with listening(server.welcome) as target:
        fleet = await fleet_at(
            target, "chat", "--clients", "4", "--rate", "1000", "--duration", "0.2", "--each", "1200/min"
        )  # fmt: skip
    assert broken(fleet) == []
    # 4 members, 20 a second each; what was due before the end is said, late or not.
    assert 10 <= fleet.sent <= fleet.seconds["chatting"] * 80 + 1
    assert fleet.received == fleet.expected == fleet.sent * 3


async def test_who_stops_reading_is_closed_and_everybody_else_gets_everything() -> None:
    bounds = ("--outbox", "8192", "--outbox-pause", "4000", "--send-buffer", "4096", "--message-rate", "none")
    async with chatd(*bounds) as target:
        fleet = await fleet_at(
            target, "slow", "--clients", "10", "--rate", "1000", "--duration", "10", "--messages", "600",
            "--message-rate", "1000", "--slow", "20%",
        )  # fmt: skip
    assert broken(fleet) == []
    found = fates(fleet, "after all left")
    assert found.pop("seated") == 8
    assert sum(found.values()) == 2
    assert all(fate.startswith("closed") for fate in found)
    assert fleet.received == fleet.expected == 600 * 7


async def test_who_stops_reading_and_owes_little_is_kept() -> None:
    async with chatd() as target:
        fleet = await fleet_at(
            target, "slow", "--clients", "10", "--rate", "1000", "--messages", "20", "--message-rate", "500",
            "--slow", "20%",
        )  # fmt: skip
    assert broken(fleet) == []
    assert fates(fleet, "after all left") == {"seated": 10}
    assert fleet.received == fleet.expected == 20 * 7


async def test_a_herd_is_seated_again() -> None:
    async with chatd("--max-clients", "20", "--queue", "30") as target:
        fleet = await fleet_at(target, "herd", "--clients", "40", "--rate", "1000", "--hold", "0", "--procs", "2")
    assert broken(fleet) == []
    found = fates(fleet, "after the return")
    # Whom the server meets before it knows that the others have hung up gets into the line first.
    assert (found.get("seated", 0) + found.get("queued_seated", 0), found["waiting"]) == (20, 20)
    assert fleet.returned is not None
    assert 0 < fleet.returned["seats_taken"] < 30
    assert 0 < fleet.returned["all_answered"] < 30
    assert fleet.answers.count == 80


async def test_who_is_refused_comes_back_when_the_server_says() -> None:
    visits: list[float] = []

    async def welcome(stream: trio.SocketStream) -> None:
        nick = (await stream.receive_some()).split(b"NICK ")[1].split()[0].decode()
        visits.append(trio.current_time())
        if len(visits) == 2:  # the return
            farewell = Farewell("Not yet", Reason.SERVER_FULL, 1)
            await stream.send_all(irc.write("ERROR", text=f"Closing Link: x ({farewell.text})"))
            return
        await stream.send_all(irc.write("366", [nick, "#lobby"], "End", source="s"))
        await stream.receive_some()

    async with listening(welcome) as target:
        fleet = await fleet_at(target, "herd", "--clients", "1", "--hold", "0")
    assert broken(fleet) == []
    assert visits[2] - visits[1] >= 0.99
    assert fleet.ledger.refusals == {"SERVER_FULL": 1}
    assert fates(fleet, "after the return") == {"seated": 1}
    assert fleet.returned is not None
    assert fleet.returned["seats_taken"] >= 0.99
    assert fleet.returned["all_answered"] < fleet.returned["seats_taken"]


@pytest.mark.parametrize(
    "last_words", [b"", b"ERROR :Closing Link: x (Good-bye; DRAINING, retry in 0 s)\r\n"], ids=["lost", "told"]
)
async def test_a_herd_that_the_server_throws_out_comes_back_by_itself(last_words: bytes) -> None:
    inside: list[trio.SocketStream] = []
    is_restarted = False

    async def welcome(stream: trio.SocketStream) -> None:
        nonlocal is_restarted
        nick = (await stream.receive_some()).split(b"NICK ")[1].split()[0].decode()
        await stream.send_all(irc.write("366", [nick, "#lobby"], "End", source="s"))
        inside.append(stream)
        if len(inside) == 2 and not is_restarted:
            is_restarted = True
            await trio.sleep(0.1)  # until it has been seen that both are in
            for each in inside:
                await each.send_all(last_words)
                await each.send_eof()
        await stream.receive_some()

    async with listening(welcome) as target:
        fleet = await fleet_at(target, "herd", "--clients", "2", "--rate", "1000", "--hold", "30")
    assert broken(fleet) == []
    assert fates(fleet, "after the return") == {"seated": 2}
    assert fleet.returned is not None
    assert set(fleet.returned) == {"seats_taken", "all_answered"}
    assert fleet.seconds["staying"] < 20


async def test_a_soak_is_all_of_it_at_once() -> None:
    async with chatd("--max-clients", "10", "--queue", "100") as target:
        fleet = await fleet_at(
            target, "soak", "--rate", "150", "--stay", "0.1", "--duration", "0.4", "--message-rate", "100",
            "--procs", "2",
        )  # fmt: skip
    assert broken(fleet) == []
    assert sum(fates(fleet, "after all left").values()) == 60
    assert fleet.sent > 10
    assert fleet.missing == fleet.duplicates == fleet.disordered == 0


async def test_who_comes_later_speaks_as_often_as_was_asked() -> None:
    """The pause of the one who was there first, a second, is not everybody's."""
    async with chatd("--max-clients", "50") as target:
        fleet = await fleet_at(target, "soak", "--rate", "50", "--stay", "5", "--duration", "0.8", "--each", "60/min")
    assert fleet.sent > 5
