"""Why: whoever has never heard of a bound believes the demo's sentences, so they must be what was measured."""

import re

import pytest
from demo_show.act import Act, Bounds, Crowd
from demo_show.told import BOUNDED, READ, UNBOUNDED, Event, Narrator, doubt, sentences

MIB = 1 << 20
SCREEN = 80


def act_of(
    *times: float, memory: int, inside: int, refused: int = 0, unanswered: int = 0, seconds: float = 25, ended: str = ""
) -> Act:
    """An act that is over, whose messages took these times."""
    crowd = Crowd(
        came=3000, most_seated=inside - 2, refused={"SERVER_FULL": refused} if refused else {}, unanswered=unanswered
    )
    act = Act("an act", Bounds(100, 50), 3000, now=seconds, crowd=crowd, ended=ended)
    act.arrived = [(number / 10, took) for number, took in enumerate(times)]
    act.looked(memory * MIB, 1.0)
    return act


FAST = act_of(*[0.004] * 99, 0.009, memory=30, inside=100, refused=2804)


def test_the_sentences_are_made_of_the_figures() -> None:
    why = "memory reached 400 MiB"
    ran_off = act_of(*[2.0] * 100, memory=400, inside=1853, unanswered=617, seconds=18.2, ended=why)
    assert sentences(FAST, ran_off) == (
        "With its bounds the server had 100 inside at once and told 2,804 of 3,000 why they may not stay; 99 of 100 "
        "messages took at most 4.0 ms, and its memory was 30.0 MiB at most, in 25 s.",
        "Without them it had 1,853 inside at once, and left 617 without an answer; 99 of 100 messages took at most "
        "2.00 s (500 times as long), and its memory was 400.0 MiB at most (13 times as much), until the demo ended it "
        "after 18 s because memory reached 400 MiB.",
    )


def test_a_machine_that_carries_the_crowd_is_said_to_do_so() -> None:
    carried = act_of(*[0.005] * 100, memory=60, inside=2800)
    _, second = sentences(FAST, carried)
    assert "(1.2 times as long)" in second
    assert "(2.0 times as much)" in second
    assert second.endswith("this machine carries that crowd without bounds, so try a larger one (--clients).")


@pytest.mark.parametrize(
    "worse",
    [
        act_of(0.1, memory=30, inside=2800),
        act_of(0.004, memory=390, inside=2800),
        act_of(0.004, memory=30, inside=2800, ended="a message took 10 s"),
    ],
)
def test_one_that_got_worse_in_any_way_did_not_carry_it(worse: Act) -> None:
    assert "carries that crowd" not in sentences(FAST, worse)[1]


def test_an_act_with_bounds_that_went_wrong_is_told_as_well() -> None:
    wrong = act_of(
        11.0, memory=500, inside=100, refused=5, unanswered=3, seconds=4, ended="memory reached 400 MiB"
    )  # fmt: skip
    first, second = sentences(wrong, FAST)
    assert ", and left 3 without an answer;" in first
    assert first.endswith("until the demo ended it after 4 s because memory reached 400 MiB.")
    assert "(0.0 times as long)" in second


def test_a_server_that_had_to_share_its_cpu_is_excused() -> None:
    disturbed = act_of(2.0, memory=100, inside=900, seconds=20)
    disturbed.kept_waiting = 6.04
    assert doubt([FAST, disturbed]) == (
        "The crowd and other programs kept the server from its CPU for 6.0 of 20 s an act: it would do better alone."
    )
    disturbed.kept_waiting = 0.5
    assert doubt([FAST, disturbed]) == ""


def test_a_message_that_has_not_arrived_counts_as_what_it_has_taken() -> None:
    act = act_of(*[0.004] * 50, memory=30, inside=100, seconds=25)
    act.measured({"sent": [[50, 105.0, 0.0]] * 1, "arrived": []}, began=100.0)
    assert act.slowest == 20.0
    assert act.took(50) == 0.004
    assert act.took(99) == 20.0


def test_the_narrator_leaves_each_sentence_time_to_be_read() -> None:
    act = Act("act", Bounds(100, 50), 3000)
    narrator = Narrator(BOUNDED)
    opening = narrator.tell(act)
    assert "100 seats" in opening
    assert "3,000 clients" in opening
    act.crowd = Crowd(came=300, seated=98, waiting=50, refused={"SERVER_FULL": 152})
    act.now = READ - 0.1
    assert narrator.tell(act) == opening
    act.now = READ
    assert narrator.tell(act).startswith("The seats are taken")
    assert narrator.tell(act).startswith("The seats are taken")
    act.now = 2 * READ
    assert narrator.tell(act).startswith("The line is full")
    act.now = 9 * READ
    assert narrator.tell(act).startswith("The line is full")


def test_the_narrator_leaves_out_what_does_not_come_true() -> None:
    act = Act("act", Bounds(None, None), 3000)
    act.looked(30 * MIB, 0.1)
    act.now = READ
    act.looked(200 * MIB, 5.0)
    assert Narrator(UNBOUNDED).tell(act).startswith("What is not read yet piles up")


@pytest.mark.parametrize("event", [*BOUNDED, *UNBOUNDED])
def test_every_sentence_of_the_narrator_fits_into_a_line(event: Event) -> None:
    act = Act("act", Bounds(100, 50), 30_000)
    text = event.text(act)
    assert len(text) < SCREEN - 1
    assert re.fullmatch(r"[A-Z].*[^.]\.", text)
