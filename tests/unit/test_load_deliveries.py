"""Why: "every message arrived" is worth what the books of readers and senders, in several processes, are worth."""

import itertools
import json
import random
from types import SimpleNamespace
from typing import Any

import pytest
from loadgen.deliveries import Debts, Inbox, Mail, Message, Pack, read_text
from loadgen.pieces import Piece, Pieces
from loadgen.wire import Event, What, line_of
from told_runs import silence

from chatd.protocol import irc


def from_one_sender(count: int, *, start: int = 100, step: int = 10) -> list[Message]:
    """So many messages of one sender, sent at 100, 110, 120 …; each was due 5 earlier."""
    sent = [start + number * step for number in range(count)]
    before = [0, *sent]
    return [
        Message(0, number + 1, number, before[number], sent[number] - 5, sent[number]) for number in range(count)
    ]  # fmt: skip


def taken(*packs: list[Message], joined: int = 50) -> tuple[Inbox, Mail]:
    """What a reader's books say after these pieces."""
    mail = Mail()
    inbox = Inbox(joined, mail)
    for pack in packs:
        inbox.take(Pack(pack))
    return inbox, mail


class TestText:
    def test_a_message_survives_its_way(self) -> None:
        message = Message(3, 12, 7, 100, 2000, 2001)
        assert read_text("abc", message.text("abc")) == message

    @pytest.mark.parametrize(
        "text",
        ["", "load other 0 1 0 0 0 1", "load t 0 1 0 0 0", f"load t 0 {'9' * 5000} 0 0 0 1", "load t 0 ² 0 0 0 1"],
    )
    def test_what_others_say_is_none_of_it(self, text: str) -> None:
        assert read_text("t", text) is None


class TestInbox:
    def test_one_by_one_or_in_one_piece_is_the_same(self) -> None:
        messages = from_one_sender(1500)  # more than one segment of the bitset
        for packs in ([messages], [[message] for message in messages]):
            inbox, mail = taken(*packs)
            assert (inbox.received, mail.received, mail.duplicates, mail.disordered) == (1500, 1500, 0, 0)

    @pytest.mark.parametrize("together", [True, False])
    def test_twice(self, together: bool) -> None:
        (message,) = from_one_sender(1)
        _, mail = taken([message, message]) if together else taken([message], [message])
        assert (mail.received, mail.duplicates) == (1, 1)

    @pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
    @pytest.mark.parametrize("together", [True, False])
    def test_every_other_order_of_one_sender_is_found(self, order: tuple[int, ...], together: bool) -> None:
        messages = from_one_sender(3)
        arriving = [messages[number] for number in order]
        _, mail = taken(arriving) if together else taken(*([message] for message in arriving))
        assert mail.received == 3
        assert bool(mail.disordered) == (order != (0, 1, 2))

    def test_senders_do_not_wait_for_each_other(self) -> None:
        first = Message(0, 1, 0, 0, 100, 100)
        of_another = Message(0, 2, 0, 0, 110, 110)
        elsewhere = Message(1, 1, 0, 0, 105, 105)
        _, mail = taken([elsewhere, of_another], [first])
        assert (mail.received, mail.disordered) == (3, 0)

    def test_who_comes_later_may_get_what_was_on_its_way_and_need_not(self) -> None:
        messages = from_one_sender(4)
        inbox, mail = taken(messages[1:], joined=messages[1].sent)
        assert (inbox.received, mail.received, mail.duplicates, mail.disordered) == (2, 2, 0, 0)

    def test_the_sender_gets_none_of_its_own(self) -> None:
        (message,) = from_one_sender(1)
        mail = Mail()
        inbox = Inbox(0, mail)
        inbox.said(message.worker, message.number)
        inbox.take(Pack([message]))
        assert (mail.received, mail.duplicates) == (0, 1)

    def test_latency_counts_from_the_intended_moment(self) -> None:
        (message,) = from_one_sender(1)
        _, mail = taken([message])
        mail.settle(message.due + 2_000_000)
        mail.settle(message.due + 9_000_000)  # once is enough
        assert (mail.latency.count, mail.latency.longest) == (1, 2.0)


class TestDebts:
    def test_due_at_all_who_are_there_but_the_sender(self) -> None:
        debts = Debts()
        for reader in (1, 2, 3):
            debts.joined(reader)
        debts.said(1)
        debts.said(7)  # one that does not read
        assert (debts.sent, debts.expected) == (2, 5)

    def test_to_who_leaves_nothing_is_owed_any_more(self) -> None:
        debts = Debts()
        debts.joined(1)
        debts.joined(2)
        debts.said(1)
        debts.joined(3)
        debts.said(2)
        assert debts.expected == 1 + 2
        assert debts.left(2)
        assert debts.expected == 2  # 1 gets that of 2; 3 gets it too
        assert not debts.left(2)

    def test_it_is_exact_whatever_happens(self) -> None:
        chance = random.Random(3)
        debts = Debts()
        present: dict[int, set[int]] = {}
        for number in range(3000):
            client = chance.randrange(30)
            match chance.randrange(4):
                case 0 if client not in present:
                    debts.joined(client)
                    present[client] = set()
                case 1 if client in present:
                    debts.left(client)
                    del present[client]
                case 2 | 3:
                    debts.said(client)
                    for reader, owed in present.items():
                        if reader != client:
                            owed.add(number)
            assert debts.expected == sum(map(len, present.values()))
        assert debts.expected > 0


class TestPieces:
    def test_the_same_bytes_are_read_once(self) -> None:
        pieces = Pieces("t")
        message = from_one_sender(1)[0]
        line = irc.write("PRIVMSG", ["#lobby"], message.text("t"), source="a!b@c", tags="@time=x ")
        piece = pieces.read(line + irc.write("JOIN", ["#lobby"], source="d!e@f") + irc.write("PING", text="x"))
        assert piece.pack is not None
        assert piece.pack.messages == [message]
        assert piece.words == (irc.Message("PING", ["x"]),)
        assert pieces.read(line).pack is pieces.read(line).pack

    @pytest.mark.parametrize("line", [b"", b"\r", b":x", b"@a", b":s JOIN #lobby", b"PRIVMSG #a :hi", b"\xff"])
    def test_what_does_not_matter_is_nothing(self, line: bytes) -> None:
        assert Pieces("t").read(line + b"\r\n") == Piece(None, ())


def test_a_reader_who_is_seated_as_another_process_sends_is_owed_nothing() -> None:
    """Both are told through pipes, as lines; the reader's own books count only what was sent after it had joined."""
    fleet = silence("chat", "--clients", "2", "--procs", "2")
    hands: list[Any] = [
        SimpleNamespace(number=number, upto=-1, open=1, received=0, duplicates=0, disordered=0) for number in range(2)
    ]
    fleet.crew = hands
    reader, speaker = hands
    for hand, events in (
        (reader, [Event(1, What.TRIED, 0), Event(1000, What.SEATED, 0)]),
        (speaker, [Event(1, What.TRIED, 1), Event(2, What.SEATED, 1), Event(1000, What.SAID, 1)]),
    ):
        hand.upto = 5000
        told = dict.fromkeys(("received", "duplicates", "disordered"), 0) | {"upto": 5000, "open": 1, "times": None}
        fleet._hear(hand, json.loads(line_of(told | {"events": events})))
    assert (fleet.sent, fleet.expected) == (1, 0)
