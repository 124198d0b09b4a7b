"""Who is here, as clients look for them: WHO, WHOIS, USERHOST, ISON, LUSERS."""

import pytest
from chat_harness import SERVER, World, commands

from chatd.protocol import irc


def test_who_is_invisible_is_seen_by_neighbours_and_who_knows_the_name() -> None:
    world = World()
    ann, bob = world.irc("ann", "#a"), world.irc("bob", "#a")
    cid = world.irc("cid")
    bob.says("MODE bob +i")
    assert "bob" in str(ann.says("WHO *"))
    assert "bob" not in str(cid.says("WHO *"))
    assert "bob" not in str(cid.says("WHO #a"))
    assert "bob" not in str(cid.says("NAMES #a"))
    assert "bob" in str(cid.says("WHOIS bob")), "one who knows the name may ask"
    assert "#a" not in str(cid.says("WHOIS bob"))


def test_a_who_reply_has_its_eight_fields() -> None:
    world = World()
    ann = world.irc("ann", "#a", caps="multi-prefix")
    ann.says("MODE #a +v ann", "AWAY :x")
    assert ann.says("WHO #a")[0] == f":{SERVER} 352 ann #a ann 127.0.0.1 {SERVER} ann G@+ :0 Ann Real"


def test_who_is_bounded_and_says_so() -> None:
    world = World(who_replies=2)
    people = [world.irc(f"ann{number}") for number in range(3)]
    heard = people[0].says("WHO *")
    assert commands(heard) == ["352", "352", "416", "315"]
    assert "who-replies" in heard[2]
    world.irc("zoe", "#z")
    assert commands(people[0].says("WHO #z")) == ["352", "315"]


@pytest.mark.parametrize("mask", ["*", "0", "b?b", "B*", "127.*", "*real", "bob"])
def test_a_mask_fits_name_host_user_and_real_name(mask: str) -> None:
    world = World()
    world.irc("bob")
    assert " bob H :0 Bob Real" in str(world.irc("ann").says(f"WHO {mask}"))


def test_whois_tells_of_a_person() -> None:
    world = World()
    ann, bob = world.irc("ann", "#a"), world.irc("bob", "#a", "#b")
    bob.says("AWAY :tea")
    world.wall += 90
    messages = [irc.parse(line) for line in ann.says("WHOIS bob")]
    by_number = {message.command: message.params for message in messages}
    assert by_number["311"] == ["ann", "bob", "bob", "127.0.0.1", "*", "Bob Real"]
    assert by_number["319"] == ["ann", "bob", "#a @#b"]
    assert by_number["301"] == ["ann", "bob", "tea"]
    assert by_number["317"][2:4] == ["90", "1700000000"]
    assert by_number["318"][:2] == ["ann", "bob"]


def test_a_secret_room_is_in_whois_for_its_members_only() -> None:
    world = World()
    ann, bob, cid = world.irc("ann", "#s"), world.irc("bob", "#s"), world.irc("cid")
    ann.says("MODE #s +s")
    assert "319" not in commands(cid.says("WHOIS bob"))
    assert "319" in commands(bob.says("WHOIS ann"))


def test_userhost_and_ison_name_those_who_are_here() -> None:
    world = World()
    ann, bob = world.irc("ann"), world.irc("bob")
    bob.says("AWAY :x")
    assert ann.says("USERHOST ann bob nobody") == [f":{SERVER} 302 ann :ann=+ann@127.0.0.1 bob=-bob@127.0.0.1"]
    assert ann.says("ISON BOB nobody :ann eve") == [f":{SERVER} 303 ann :bob ann"]


def test_ison_names_nobody_who_was_not_asked_for() -> None:
    """Its answer is longer than its question, and a line that is cut would end in a name that is another's."""
    world = World(max_clients=40)
    ann = world.irc("a" * 30)
    nicks = [f"{chr(ord('b') + number)}{'x' * 28}{number:x}"[:29] for number in range(16)]
    for nick in nicks:
        world.irc(nick)
    found = " ".join(message.params[-1] for message in map(irc.parse, ann.says("ISON " + " ".join(nicks))))
    assert set(found.split()) <= set(nicks)
    spellings = [nicks[0][:place] + nicks[0][place:].upper() for place in range(16)]
    found = " ".join(message.params[-1] for message in map(irc.parse, ann.says("ISON " + " ".join(spellings))))
    assert set(found.split()) <= set(nicks)


def test_lusers_counts_everybody_once() -> None:
    world = World(max_clients=2)
    ann, bob = world.irc("ann", "#a"), world.irc("bob")
    bob.says("MODE bob +i")
    world.irc("waits")
    world.arrives()
    by_number = {message.command: message.params[1:] for message in map(irc.parse, ann.says("LUSERS"))}
    assert by_number["251"] == ["There are 1 users and 1 invisible on 1 servers"]
    assert by_number["253"][0] == "1"
    assert by_number["254"][0] == "1"  # nobody is in the default room
    assert by_number["265"][:2] == ["2", "2"]
