"""The rows of "Rooms and texts" that bound what is remembered of people: masks, invitations, friends, who was here."""

import pytest
import trio.testing
from support import running

Clock = trio.testing.MockClock


@pytest.mark.bound("room_masks")
async def test_past_the_last_mask_none_is_added(autojump_clock: Clock) -> None:
    async with running(room_masks=2) as house:
        ann, bob = await house.seated("ann", "JOIN #a", "MODE #a +be x y"), await house.seated("bob")
        await ann.until(" MODE #a +be x!*@* y!*@*")
        assert (house.hits("room_masks"), house.in_use("room_masks")) == (0, 2)
        await ann.settle()
        await ann.send("MODE #a +b bob")
        assert await ann.settle() == [":chatd.local 478 ann #a b :A room has 2 masks at most (room-masks)"]
        assert (house.hits("room_masks"), house.peak("room_masks")) == (1, 2)
        await bob.send("JOIN #a")
        await bob.until(" 366 bob #a ")
        await ann.send("MODE #a -e+b y bob", "KICK #a bob")
        await bob.until(" KICK #a bob ")
        await bob.send("JOIN #a")
        await bob.until(" 474 bob #a ")


@pytest.mark.bound("mask_length")
async def test_a_mask_that_is_too_long_is_not_added(autojump_clock: Clock) -> None:
    async with running(mask_length=9) as house:
        ann = await house.seated("ann", "JOIN #a")
        await ann.until(" 366 ann #a ")
        await ann.send("MODE #a +b ééx")
        rule = "A mask is nick!user@host, at most 9 bytes (mask-length)"
        await ann.until(" MODE #a +b ééx!*@*")
        assert house.hits("mask_length") == 0
        await ann.send("MODE #a +b ééé")
        assert await ann.settle() == [f":chatd.local 696 ann #a b ééé!*@* :{rule}"]
        assert house.hits("mask_length") == 1


@pytest.mark.bound("invitations")
async def test_the_oldest_invitation_is_forgotten(autojump_clock: Clock) -> None:
    async with running(invitations=2) as house:
        ann, bob = await house.seated("ann", "JOIN #a,#b,#c"), await house.seated("bob")
        await ann.until(" 366 ann #c ")
        await ann.send("MODE #a +i", "MODE #b +i", "INVITE bob #a", "INVITE bob #b")
        await ann.until(" 341 ann bob #b")
        assert (house.hits("invitations"), house.in_use("invitations")) == (0, 2)
        await ann.send("INVITE bob #c")
        await ann.settle()
        assert (house.hits("invitations"), house.in_use("invitations")) == (1, 2)
        await bob.send("INVITE", "JOIN #a", "JOIN #b")
        lines = await bob.until(" 366 bob #b ")
        assert [line for line in lines if " 336 " in line] == [":chatd.local 336 bob #b", ":chatd.local 336 bob #c"]
        assert any(" 473 bob #a " in line for line in lines)
        assert house.in_use("invitations") == 1


@pytest.mark.bound("monitors")
async def test_past_the_last_name_none_is_added(autojump_clock: Clock) -> None:
    async with running(monitors=2) as house:
        ann = await house.seated("ann", "MONITOR + bob,cid,BOB")
        assert await ann.find(" 731 ") == ":chatd.local 731 ann :BOB,cid"
        assert (house.hits("monitors"), house.in_use("monitors")) == (0, 2)
        await ann.send("MONITOR + cid,dan,eve")
        assert await ann.settle() == [
            ":chatd.local 734 ann 2 dan,eve :Monitor list is full",
            ":chatd.local 731 ann :cid",
        ]
        assert (house.hits("monitors"), house.peak("monitors")) == (1, 2)
        dan = await house.seated("dan")
        await dan.settle()
        assert not [line for line in await ann.settle() if " 730 " in line]
        await ann.send("MONITOR C")
        await ann.settle()
        assert house.in_use("monitors") == 0


@pytest.mark.bound("chathistory")
async def test_an_answer_of_history_ends_at_its_bound(autojump_clock: Clock) -> None:
    async with running(chathistory=2) as house:
        ann = await house.seated("ann", *[f"PRIVMSG #lobby :{number}" for number in range(4)])
        await ann.send("CAP REQ :draft/chathistory", "CHATHISTORY LATEST #lobby * 2")
        assert [line[-1] for line in await ann.settle() if " PRIVMSG " in line] == ["2", "3"]
        assert house.hits("chathistory") == 0
        await ann.send("CHATHISTORY LATEST #lobby * 3")
        assert [line[-1] for line in await ann.settle() if " PRIVMSG " in line] == ["2", "3"]
        assert house.hits("chathistory") == 1


@pytest.mark.bound("departed")
async def test_who_left_first_is_forgotten(autojump_clock: Clock) -> None:
    async with running(departed=2) as house:
        ann, bob = await house.seated("ann"), await house.seated("bob", "NICK eve", "NICK bob")
        await bob.until(" NICK :bob")
        assert (house.hits("departed"), house.in_use("departed")) == (0, 2)
        await bob.send("QUIT")
        await bob.rest()
        assert (house.hits("departed"), house.in_use("departed")) == (1, 2)
        await ann.settle()
        await ann.send("WHOWAS bob")
        assert [line.split()[1] for line in await ann.settle()] == ["314", "312", "369"]
        await ann.send("WHOWAS eve")
        assert " 314 ann eve " in await ann.line()
