"""What clients may ask, and the answers: names, people, talk, and what the server says of itself.

Numerics are those of RFC 2812 section 5 and modern.ircdocs.horse. Rooms and modes have a module of their own.
"""

import pytest
from chat_harness import LOBBY, MSGID, SERVER, Person, World, commands

from chatd.commands import IRC, PLAIN, info
from chatd.commands.room_modes import ROOM_MODES
from chatd.protocol import irc
from chatd.protocol.farewell import Farewell
from chatd.room import PREFIXES

# The table of commands.


def test_every_command_says_what_it_does_and_where_that_is_written() -> None:
    for table in (IRC, PLAIN):
        for name, command in table.items():
            assert command.name == name == name.upper()
            assert command.summary.endswith(".")
            sources = ("RFC ", "IRCv3 ", "modern.ircdocs.horse ") if table is IRC else ("",)
            assert command.source.startswith(sources)
            assert command.needs <= max(1, len(command.grammar.split()))


def test_who_waits_may_ask_only_for_what_needs_no_seat() -> None:
    of_irc = {name for name, command in IRC.items() if any(s.name == "WAITING" for s in command.allowed)}
    assert of_irc == {"CAP", "NICK", "PING", "PONG", "QUIT", "MOTD", "LUSERS", "JOIN", "PART", "MODE", "AWAY"}
    of_plain = {name for name, command in PLAIN.items() if any(s.name == "WAITING" for s in command.allowed)}
    assert of_plain == {"NICK", "HELP", "QUIT"}


def test_who_has_not_registered_may_ask_only_for_what_registers() -> None:
    allowed = {name for name, command in IRC.items() if any(s.name == "HANDSHAKE" for s in command.allowed)}
    assert allowed == {"CAP", "PASS", "NICK", "USER", "PING", "PONG", "QUIT"}


NEEDS = [("JOIN", 1), ("PART", 1), ("TOPIC", 1), ("MODE", 1), ("USERHOST", 1), ("ISON", 1), ("PING", 1), ("CAP", 1)]


@pytest.mark.parametrize(("command", "needs"), NEEDS)
def test_without_its_parameters_a_command_says_so(command: str, needs: int) -> None:
    ann = World().irc("ann")
    assert ann.says(command) == [f":{SERVER} 461 ann {command} :Not enough parameters"]


# Every command, with what it is answered: the numerics or commands of the lines, in order. ann is in #room with bob,
# and is its operator; cid is not in it.
CASES = [
    ("PING x", ["PONG"]),
    ("PING :x y", ["PONG"]),
    ("PONG x", []),
    ("NICK", ["431"]),
    ("NICK :", ["431"]),
    ("NICK 9lives", ["432"]),
    ("NICK " + "a" * 31, ["432"]),
    ("NICK a>b", ["432"]),
    ("NICK #room", ["432"]),
    ("NICK bob", ["433"]),
    ("NICK BOB", ["433"]),
    ("NICK ann", []),
    ("NICK Ann", ["NICK"]),
    ("NICK eve", ["NICK"]),
    ("USER x 0 * :x", ["462"]),
    ("USER", ["461"]),
    ("PASS x", ["462"]),
    ("CAP LS 302", ["CAP"]),
    ("CAP LIST", ["CAP"]),
    ("CAP END", []),
    ("CAP NOW", ["410"]),
    ("CAP :", ["410"]),
    ("LUSERS", ["251", "252", "253", "254", "255", "265", "266"]),
    ("MOTD", ["422"]),
    ("VERSION", ["351", "005", "005", "005"]),
    ("TIME", ["391"]),
    ("WHO #room", ["352", "352", "315"]),
    ("WHO #none", ["315"]),
    ("WHO", ["352", "352", "352", "315"]),
    ("WHO b*", ["352", "315"]),
    ("WHO :", ["315"]),
    ("WHOIS", ["431"]),
    ("WHOIS :", ["431"]),
    ("WHOIS bob", ["311", "319", "312", "317", "318"]),
    ("WHOIS BOB BOB", ["311", "319", "312", "317", "318"]),
    ("WHOIS cid", ["311", "319", "312", "317", "318"]),
    ("WHOIS nobody", ["401", "318"]),
    ("WHOIS #room", ["401", "318"]),
    ("USERHOST ann nobody bob", ["302"]),
    ("ISON nobody", ["303"]),
    ("PRIVMSG", ["411"]),
    ("PRIVMSG bob", ["412"]),
    ("PRIVMSG bob :", ["412"]),
    ("PRIVMSG bob :hi", []),
    ("PRIVMSG nobody :hi", ["401"]),
    ("PRIVMSG , :hi", ["401"]),
    ("PRIVMSG #none :hi", ["403"]),
    ("PRIVMSG a,b,c,d,e :hi", ["407"]),
    ("PRIVMSG #room :hi", []),
    ("PRIVMSG : :hi", ["412"]),
    ("NOTICE", []),
    ("NOTICE bob", []),
    ("NOTICE nobody :hi", []),
    ("NOTICE #none :hi", []),
    ("NOTICE a,b,c,d,e :hi", []),
    ("TAGMSG bob", ["421"]),
    ("AWAY", ["305"]),
    ("AWAY :", ["305"]),
    ("AWAY :tea", ["306"]),
    ("JOIN #new", ["JOIN", "353", "366"]),
    ("JOIN #room", []),
    ("JOIN room", ["403"]),
    ("JOIN #", ["403"]),
    ("JOIN #a\x07b", ["403"]),
    ("JOIN #" + "a" * 50, ["403"]),
    ("JOIN :", []),
    ("JOIN ,,,", []),
    ("JOIN #new,#new", ["JOIN", "353", "366"]),
    ("JOIN 0", ["PART"]),
    ("PART #room", ["PART"]),
    ("PART #ROOM :bye bye", ["PART"]),
    ("PART #none", ["403"]),
    ("PART #others", ["442"]),
    ("PART ,", ["403"]),
    ("PART #room,#none", ["PART", "403"]),
    ("NAMES #room", ["353", "366"]),
    ("NAMES #none", ["366"]),
    ("NAMES", ["366"]),
    ("TOPIC #room", ["331"]),
    ("TOPIC #room :tea", ["TOPIC"]),
    ("TOPIC #room :", []),
    ("TOPIC #room :tea", ["TOPIC"]),
    ("TOPIC #none", ["403"]),
    ("TOPIC #others", ["442"]),
    ("TOPIC #others :tea", ["442"]),
    ("LIST", ["321", "322", "322", "323"]),
    ("LIST #room,#others", ["321", "322", "322", "323"]),
    ("LIST #room", ["321", "322", "323"]),
    ("LIST #none", ["321", "323"]),
    ("MODE #room", ["324", "329"]),
    ("MODE #none", ["403"]),
    ("MODE #room +b", ["368"]),
    ("MODE #room b", ["368"]),
    ("MODE #room +m", ["MODE"]),
    ("MODE #room +n", []),
    ("MODE #room :", []),
    ("MODE #room +", []),
    ("MODE #room +x", ["472"]),
    ("MODE #room +k", ["461"]),
    ("MODE #room +k :a b", ["696"]),
    ("MODE #room +k ::x", ["696"]),
    ("MODE #room +k a,b", ["696"]),
    ("MODE #room +k " + "k" * 24, ["696"]),
    ("MODE #room +k key", ["MODE"]),
    ("MODE #room -k", []),
    ("MODE #room +l", ["461"]),
    ("MODE #room +l 0", ["696"]),
    ("MODE #room +l -1", ["696"]),
    ("MODE #room +l ٣", ["696"]),
    ("MODE #room +l 9999999999", ["696"]),
    ("MODE #room +l 5", ["MODE"]),
    ("MODE #room +o", ["461"]),
    ("MODE #room +o :", ["401"]),
    ("MODE #room +o nobody", ["401"]),
    ("MODE #room +v cid", ["441"]),
    ("MODE #room +v bob", ["MODE"]),
    ("MODE #others +t", ["482"]),
    ("MODE #lobby +t", ["482"]),
    ("MODE ann", ["221"]),
    ("MODE ANN +i", ["MODE"]),
    ("MODE ann -i", []),
    ("MODE ann +io", ["MODE", "501"]),
    ("MODE bob +i", ["502"]),
    ("MODE :", ["401"]),
    ("NONSENSE", ["421"]),
    ("SAY hi", ["421"]),
    (":bob!b@h PING x", ["PONG"]),
    (":bob", ["421"]),
    ("@a=1;+b PING x", ["PONG"]),
]


@pytest.mark.parametrize(("line", "answers"), CASES, ids=[line[:40] for line, _ in CASES])
def test_a_line_is_answered_with(line: str, answers: list[str]) -> None:
    world = World()
    ann = world.irc("ann", "#room")
    world.irc("bob", "#room")
    world.irc("cid", "#others")
    world.hush()
    assert commands(ann.says(line)) == answers


# Registration.


def test_who_has_said_nick_and_user_is_welcomed() -> None:
    ann = World().arrives()
    assert ann.says("NICK ann") == []
    heard = ann.says("USER ann 0 * :Ann Example")
    assert commands(heard) == [
        "001",
        "002",
        "003",
        "004",
        "005",
        "005",
        "005",
        "251",
        "252",
        "253",
        "254",
        "255",
        "265",
        "266",
        "422",
    ]
    assert all(irc.parse(line).params[0] == "ann" for line in heard)
    assert all(irc.parse(line).source == SERVER for line in heard)
    assert ann.is_seated


def test_the_order_of_nick_and_user_does_not_matter() -> None:
    ann = World().arrives()
    assert ann.says("USER ann 0 * :Ann", "PASS secret") == []
    assert commands(ann.says("NICK ann"))[0] == "001"


def test_negotiation_holds_the_registration_until_it_ends() -> None:
    ann = World().arrives()
    heard = ann.says("CAP LS 302", "NICK ann", "USER ann 0 * :Ann", "CAP REQ :server-time")
    assert commands(heard) == ["CAP", "CAP"]
    assert not ann.is_seated
    heard = ann.says("CAP END")
    assert irc.parse(heard[0]).command == "001"
    assert all(line.startswith("@time=") for line in heard)


def test_a_client_that_asks_for_what_there_is_not_gets_nothing_of_it() -> None:
    ann = World().arrives()
    (line,) = ann.says("CAP REQ :server-time no-such-thing")
    assert line == f":{SERVER} CAP * NAK :server-time no-such-thing"
    assert ann.says("CAP LIST") == [f":{SERVER} CAP * LIST :"]
    assert ann.says("CAP REQ :multi-prefix echo-message") == [f":{SERVER} CAP * ACK :multi-prefix echo-message"]
    assert ann.says("CAP REQ :-multi-prefix") == [f":{SERVER} CAP * ACK :-multi-prefix"]
    assert ann.client.caps == {"echo-message"}


@pytest.mark.parametrize("line", ["JOIN #a", "PRIVMSG bob :hi", "WHO", "NONSENSE", "JOIN :", "MODE ann", ""])
def test_before_registration_nothing_else_is_done(line: str) -> None:
    world = World()
    world.irc("bob")
    ann = world.arrives()
    assert commands(ann.says(line)) == ["451"]
    assert ann.says("PING x") == [f":{SERVER} PONG {SERVER} :x"]


def test_a_name_is_held_from_the_moment_it_is_asked_for() -> None:
    world = World()
    first, second = world.arrives(), world.arrives()
    first.says("NICK Ann")
    (line,) = second.says("NICK ann")
    assert line == f":{SERVER} 433 * ann :Nickname is already in use"
    first.leaves()
    assert second.says("NICK ann") == []


def test_a_name_that_was_given_up_is_free_and_only_that() -> None:
    world = World()
    ann, bob = world.irc("ann"), world.irc("bob")
    ann.says("NICK eve")
    assert commands(bob.says("NICK ann")) == ["NICK"]
    assert world.chat.find("EVE") is ann.client
    assert world.chat.find("ann") is bob.client
    assert world.chat.find("bob") is None
    ann.leaves()
    assert world.chat.find("ann") is bob.client


def test_ones_own_name_in_another_case_is_ones_own() -> None:
    world = World()
    ann = world.irc("ann")
    assert ann.says("NICK ANN") == [":ann!ann@127.0.0.1 NICK :ANN"]
    assert world.chat.find("ann") is ann.client
    assert [client.nick for client in world.chat.registered()] == ["ANN"]


def test_neighbours_are_told_of_a_new_name_once_and_others_are_not() -> None:
    world = World()
    ann, bob, cid = world.irc("ann", "#a", "#b"), world.irc("bob", "#a", "#b"), world.irc("cid", "#c")
    world.hush()
    ann.says("NICK eve")
    assert bob.hears() == [":ann!ann@127.0.0.1 NICK :eve"]
    assert cid.hears() == []


@pytest.mark.parametrize("written", ["bad user!", "a@b", "x:y", "é", "x" * 50, "~"])
def test_a_user_name_cannot_forge_a_source(written: str) -> None:
    world = World()
    ann = world.arrives()
    ann.says("NICK ann", f"USER {written} 0 * :x")
    nick, _, rest = ann.client.source.partition("!")
    user, _, host = rest.partition("@")
    assert (nick, host) == ("ann", "127.0.0.1")
    assert user
    assert len(user) <= world.chat.limits.user_length
    assert not set(user) & set(" !@:")


def test_to_quit_is_to_be_closed_with_ones_own_words() -> None:
    world = World()
    ann, bob = world.irc("ann", "#a"), world.irc("bob", "#a")
    world.hush()
    ann.says("QUIT :gone: fishing")
    assert ann.farewell == Farewell("Quit: gone: fishing")
    assert bob.hears() == [":ann!ann@127.0.0.1 QUIT :Quit: gone: fishing"]
    assert world.chat.find("ann") is None


def test_a_reason_is_cut_at_its_limit() -> None:
    ann = World(reason_length=10).irc("ann")
    ann.says("QUIT :" + "é" * 100)
    assert ann.farewell == Farewell("Quit: ééééé")


# Talking.


def test_a_message_reaches_the_room_once_and_not_its_sender() -> None:
    world = World()
    ann, bob, cid = world.irc("ann", "#a"), world.irc("bob", "#a"), world.irc("cid")
    world.hush()
    assert ann.says("PRIVMSG #A : hi: there ") == []
    assert bob.hears() == [":ann!ann@127.0.0.1 PRIVMSG #a : hi: there "]
    assert cid.hears() == []


def test_a_message_to_one_person_reaches_that_one_alone() -> None:
    world = World()
    ann, bob, cid = (world.irc(nick, "#a") for nick in ("ann", "bob", "cid"))
    world.hush()
    ann.says("PRIVMSG BOB :hi")
    assert bob.hears() == [":ann!ann@127.0.0.1 PRIVMSG bob :hi"]
    assert cid.hears() == []


def test_several_targets_are_each_told() -> None:
    world = World()
    ann, bob, cid = world.irc("ann"), world.irc("bob"), world.irc("cid")
    assert commands(ann.says("NOTICE bob,cid,nobody :hi")) == []
    assert (len(bob.hears()), len(cid.hears())) == (1, 1)


def test_too_many_targets_are_told_the_limit_and_nothing_is_sent() -> None:
    world = World(targets=2)
    ann, bob = world.irc("ann"), world.irc("bob")
    (line,) = ann.says("PRIVMSG bob,ann,nobody :hi")
    assert irc.parse(line).command == "407"
    assert "2 targets" in line
    assert "(targets)" in line
    assert bob.hears() == []


def test_a_target_that_is_named_twice_is_told_once() -> None:
    world = World(targets=2)
    ann, bob = world.irc("ann", "#a"), world.irc("bob", "#a")
    world.hush()
    assert ann.says("PRIVMSG bob,BOB,#a,Bob,#A :hi") == []
    assert commands(bob.hears()) == ["PRIVMSG", "PRIVMSG"]


def test_one_is_echoed_who_asked_for_it() -> None:
    world = World()
    ann, bob = world.irc("ann", "#a", caps="echo-message"), world.irc("bob", "#a")
    world.hush()
    assert ann.says("PRIVMSG #a :hi") == [":ann!ann@127.0.0.1 PRIVMSG #a :hi"] == bob.hears()
    assert ann.says("PRIVMSG bob :hi") == [":ann!ann@127.0.0.1 PRIVMSG bob :hi"] == bob.hears()
    assert commands(ann.says("PRIVMSG nobody :hi")) == ["401"]


def test_tags_reach_those_who_asked_for_them_and_only_those_of_clients() -> None:
    world = World()
    ann = world.irc("ann", "#a", caps="message-tags")
    bob, cid = world.irc("bob", "#a", caps="message-tags"), world.irc("cid", "#a")
    world.hush()
    ann.says("@+reply=a\\sb;time=2000-01-01T00:00:00.000Z;label=1 PRIVMSG #a :hi")
    assert bob.hears() == [f"@msgid={MSGID}0;+reply=a\\sb :ann!ann@127.0.0.1 PRIVMSG #a :hi"]
    assert cid.hears() == [":ann!ann@127.0.0.1 PRIVMSG #a :hi"]
    assert ann.says("@+typing=active TAGMSG #a") == []
    assert bob.hears() == [f"@msgid={MSGID}1;+typing=active :ann!ann@127.0.0.1 TAGMSG #a"]
    assert cid.hears() == []
    assert commands(ann.says("TAGMSG")) == ["461"]


def test_who_is_away_says_so_to_messages_and_not_to_notices() -> None:
    world = World()
    ann, bob = world.irc("ann"), world.irc("bob")
    assert commands(bob.says("AWAY :tea time")) == ["306"]
    assert ann.says("PRIVMSG bob :hi") == [f":{SERVER} 301 ann bob :tea time"]
    assert ann.says("NOTICE bob :hi") == []
    assert commands(bob.says("AWAY"))[-1] == "305"
    assert ann.says("PRIVMSG bob :hi") == []


def test_a_long_text_is_cut_and_no_line_passes_512_bytes() -> None:
    world = World()
    ann, bob = world.irc("a" * 30, "#a", host="0:1111:2222:3333:4444:5555:6666:7777"), world.irc("bob", "#a")
    world.hush()
    ann.says("PRIVMSG #a :" + "😀" * 124)
    (line,) = bob.hears()  # the harness checks its length
    assert len(line.encode()) > 500


@pytest.mark.parametrize(
    "name", ["JOIN", "PART", "TOPIC", "PRIVMSG", "NAMES", "WHO", "WHOIS", "MODE", "NICK", "NONSENSE"]
)
def test_an_error_about_the_longest_parameter_is_still_a_line(name: str) -> None:
    ann = World().irc("ann")
    for parameter in ("#" + "x" * 490, "x" * 490, "😀" * 120, ":" + ":" * 400, "\x01" * 400):
        ann.says(f"{name} {parameter} y")
        ann.says(f"{name} {parameter}")


# People.


def test_who_sees_whom() -> None:
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


def test_userhost_and_ison() -> None:
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


# What the server says of itself.


def tokens(world: World) -> dict[str, str]:
    pairs = (token.partition("=") for token in info.isupport(world.chat))
    return {name: value for name, _, value in pairs}


def test_isupport_tokens_are_words_that_fit_their_lines() -> None:
    world = World(max_clients=999_999_999, queue=0)
    ann = world.arrives()
    lines = [line for line in ann.says("NICK " + "a" * 30, "USER a 0 * :a") if " 005 " in line]
    told = [token for line in lines for token in irc.parse(line).params[1:-1]]
    assert told == info.isupport(world.chat)
    assert all(len(irc.parse(line).params) <= 15 for line in lines)
    assert all(line.endswith(":are supported by this server") for line in lines)


def test_nicklen_is_true() -> None:
    world = World(nick_length=12)
    longest = int(tokens(world)["NICKLEN"])
    ann = world.irc("ann")
    assert commands(ann.says("NICK " + "n" * longest)) == ["NICK"]
    (line,) = ann.says("NICK " + "m" * (longest + 1))
    assert irc.parse(line).command == "432"
    assert "at most 12" in line


@pytest.mark.parametrize(
    ("token", "line", "field"),
    [("TOPICLEN", "TOPIC #a :{}", "topic"), ("AWAYLEN", "AWAY :{}", "away"), ("USERLEN", "", "user")],
)
def test_the_lengths_of_texts_are_true(token: str, line: str, field: str) -> None:
    world = World()
    longest = int(tokens(world)[token])
    ann = world.irc("ann", "#a")
    if line:
        ann.says(line.format("x" * (longest + 50)))
    else:
        ann = world.arrives()
        ann.says("NICK eve", f"USER {'x' * (longest + 50)} 0 * :x")
    room = world.chat.room("#a")
    assert room is not None
    kept = getattr(room if field == "topic" else ann.client, field)
    assert kept == "x" * longest


def test_channellen_chantypes_and_chanlimit_are_true() -> None:
    world = World(rooms_per_client=3, room_length=12)
    ann = world.irc("ann")
    longest = int(tokens(world)["CHANNELLEN"])
    assert tokens(world)["CHANTYPES"] == "#"
    assert commands(ann.says("JOIN #" + "x" * (longest - 1)))[0] == "JOIN"
    (line,) = ann.says("JOIN #" + "y" * longest)
    assert irc.parse(line).command == "403"
    assert f"{longest} bytes" in line
    assert commands(ann.says("JOIN &local")) == ["403"]
    types, _, most = tokens(world)["CHANLIMIT"].partition(":")
    assert (types, most) == ("#", "3")
    heard = ann.says("JOIN #2,#3,#4")
    assert commands(heard).count("JOIN") == 2
    assert commands(heard)[-1] == "405"
    assert "3 rooms" in heard[-1]
    assert "(rooms-per-client)" in heard[-1]


def test_keylen_is_true_in_characters() -> None:
    world = World()
    longest = int(tokens(world)["KEYLEN"])
    ann, bob = world.irc("ann", "#a"), world.irc("bob")
    for letter in "ké":
        assert commands(ann.says(f"MODE #a +k {letter * longest}")) == ["MODE"]
        assert commands(bob.says(f"JOIN #a {letter * longest}"))[0] == "JOIN"
        bob.says("PART #a")
        ann.hears()
    (line,) = ann.says("MODE #a +k " + "k" * (longest + 1))
    assert irc.parse(line).command == "696"


def test_targmax_is_true() -> None:
    world = World()
    ann = world.irc("ann", caps="message-tags")
    pairs = dict(pair.split(":") for pair in tokens(world)["TARGMAX"].split(","))
    for name, most in pairs.items():
        if name in ("KICK", "LIST"):
            continue  # in test_conformance_rooms
        nicks = [f"{name.lower()}{number}" for number in range(int(most) + 1)]
        people = [world.irc(nick, f"#{nick}", caps="message-tags") for nick in nicks]
        if name == "NAMES":
            rooms = [f"#{nick}" for nick in nicks]
            assert commands(ann.says(f"NAMES {','.join(rooms[:-1])}")).count("353") == int(most)
            assert commands(ann.says(f"NAMES {','.join(rooms)}")) == ["407"]
            continue
        assert ann.says(f"{name} {','.join(nicks[:-1])} :x") == []
        assert [commands(person.hears()) for person in people] == [[name]] * int(most) + [[]]
        assert commands(ann.says(f"{name} {','.join(nicks)} :x")) == ([] if name == "NOTICE" else ["407"])
        assert not any(person.hears() for person in people)


def test_prefix_chanmodes_and_myinfo_are_true() -> None:
    world = World()
    assert tokens(world)["PREFIX"] == f"({''.join(PREFIXES)}){''.join(PREFIXES.values())}" == "(ov)@+"
    lists, always, when_set, never = tokens(world)["CHANMODES"].split(",")
    assert lists == "beI"
    assert tokens(world)["MAXLIST"] == f"beI:{world.chat.limits.room_masks}"
    assert (tokens(world)["EXCEPTS"], tokens(world)["INVEX"]) == ("e", "I")
    for letter in lists + always + when_set + never:
        assert ROOM_MODES[letter].takes_parameter(True) is (letter not in never)
        assert ROOM_MODES[letter].takes_parameter(False) is (letter in lists + always)
    assert set(ROOM_MODES) == set(lists + always + when_set + never) | set(PREFIXES)
    ann = world.arrives()
    heard = ann.says("NICK ann", "USER a 0 * :a")
    assert irc.parse(heard[3]).params[3:] == ["Bi", "Ibeiklmnostv", "Ibeklov"]


def test_the_cap_and_the_name_are_told() -> None:
    world = World(max_clients=7)
    assert tokens(world)["CHATD.MAXCLIENTS"] == "7"
    assert tokens(world)["NETWORK"] == SERVER
    assert tokens(world)["CASEMAPPING"] == "ascii"
    assert "UTF8ONLY" in tokens(world)


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


def test_the_message_of_the_day() -> None:
    ann = World(motd=("Welcome.", "", "é" * 150)).irc("ann")
    heard = ann.says("MOTD")
    assert commands(heard) == ["375", "372", "372", "372", "376"]
    assert heard[3].endswith("é" * 150)


# What a person with nc types.


def test_a_person_comes_in_with_a_first_line_and_it_is_said() -> None:
    world = World()
    bob = world.irc("bob", LOBBY)
    ann = world.arrives()
    ann.be_plain()
    heard = ann.says("hello")
    assert heard[0].startswith("* Welcome, guest1: one other is in #lobby.")
    assert bob.hears() == [
        ":guest1!plain@127.0.0.1 JOIN #lobby",
        ":guest1!plain@127.0.0.1 PRIVMSG #lobby :hello",
    ]


def test_enter_is_a_guest_and_a_name_can_be_chosen_first() -> None:
    world = World()
    guest = world.plain()
    assert guest.client.nick == "guest1"
    ann = world.plain("ann")
    assert ann.client.nick == "ann"
    ann.says("/nick eve")
    assert guest.hears() == ["* ann is now called eve"]


def test_a_name_that_cannot_be_had_is_no_entrance() -> None:
    world = World()
    world.irc("ann")
    person = world.arrives()
    person.be_plain()
    assert person.says("/nick ann") == ["* ann: Nickname is already in use"]
    (line,) = person.says("/nick two words")
    assert line.startswith("* two words: A nickname is at most 30 ")
    assert world.chat.handshakes == 1
    person.says("/nick eve")
    assert person.is_seated


def test_guests_get_names_that_nobody_has() -> None:
    world = World()
    world.irc("guest1")
    world.irc("Guest2")
    assert world.plain().client.nick == "guest3"


TYPED = [
    ("hi", []),
    ("", []),
    ("//me", []),
    ("/me waves", []),
    ("/me", ["* Write /me <text>"]),
    ("/say", ["* Write /say <text>"]),
    ("/say hi", []),
    ("/msg", ["* Write /msg <nickname> <text>"]),
    ("/msg ann", ["* Write /msg <nickname> <text>"]),
    ("/msg ann hi", []),
    ("/msg nobody hi", ["* nobody: No such nick or room"]),
    ("/nick", ["* Write /nick <nickname>"]),
    ("/nick eve", ["* zoe is now called eve"]),
    ("/nick ann", ["* ann: Nickname is already in use"]),
    ("/who", ["* 2 in #lobby. 2 of 100 seats are taken, 0 waiting.", "* ann zoe"]),
    ("/dance", ["* There is no /dance. /help lists what there is; // says a slash."]),
    ("/", ["* There is no /. /help lists what there is; // says a slash."]),
]


@pytest.mark.parametrize(("line", "answer"), TYPED, ids=[line for line, _ in TYPED])
def test_a_typed_line_is_answered_with(line: str, answer: list[str]) -> None:
    world = World()
    zoe = world.plain("zoe")
    world.irc("ann", LOBBY)
    world.hush()
    assert zoe.says(line) == answer


@pytest.mark.parametrize(
    ("line", "text"),
    [("hi", "hi"), ("//me", "/me"), ("/say hi", "hi"), ("/me waves", "\x01ACTION waves\x01"), ("a : b", "a : b")],
)
def test_what_is_typed_is_said_in_the_default_room(line: str, text: str) -> None:
    world = World()
    zoe, ann = world.plain("zoe"), world.irc("ann", LOBBY)
    zoe.says(line)
    assert ann.hears() == [f":zoe!plain@127.0.0.1 PRIVMSG #lobby :{text}"]


def test_a_word_to_one_person() -> None:
    world = World()
    zoe, ann, bob = world.plain("zoe"), world.plain("ann"), world.irc("bob")
    zoe.hears()
    zoe.says("/msg ann psst", "/msg bob psst")
    assert ann.hears()[-1] == "<zoe -> you> psst"
    assert bob.hears() == [":zoe!plain@127.0.0.1 PRIVMSG bob :psst"]
    bob.says("AWAY :tea")
    assert zoe.says("/msg bob psst") == ["* bob is away: tea"]


def test_help_lists_every_command() -> None:
    heard = "\n".join(World().plain("zoe").says("/help"))
    for name in set(PLAIN) - {"SAY"}:
        assert f"/{name.lower()}" in heard


def test_a_person_who_quits_leaves_with_those_words() -> None:
    world = World()
    zoe, ann = world.plain("zoe"), world.irc("ann", LOBBY)
    zoe.says("/quit bye all")
    assert ann.hears() == [":zoe!plain@127.0.0.1 QUIT :Quit: bye all"]


def leave_before_entering(world: World) -> Person:
    person = world.arrives()
    person.be_plain()
    person.says("/quit")
    return person


def test_one_who_quits_with_the_first_line_was_never_in() -> None:
    world = World()
    bob = world.irc("bob", LOBBY)
    bob.hears()
    person = leave_before_entering(world)
    assert person.farewell is not None
    assert bob.hears() == []
    assert world.chat.pool.statistics.arrived == 1, "bob alone"


@pytest.mark.parametrize("line", ["/say", "/me", "/who", "/msg", "/nonsense", "/"])
def test_almost_any_first_line_of_a_person_brings_it_in(line: str) -> None:
    person = World().arrives()
    person.be_plain()
    person.says(line)
    assert person.is_seated


@pytest.mark.parametrize("line", ["/help", "/nick"])
def test_a_person_may_ask_before_it_comes_in(line: str) -> None:
    person = World().arrives()
    person.be_plain()
    assert person.says(line)
    assert person.client.nick == ""
    person.says("hello")
    assert person.is_seated
