"""Commands as an attacker sends them: any, in any order, with any parameters, from people in every standing.

Whatever they send, nothing is raised, every line that anybody is told is lawful (the harness looks at each), and the
chat stays consistent with itself: rooms and members agree, names are held once, seats and places are accounted for.
"""

from ipaddress import ip_network

from chat_harness import LOBBY, Person, World
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from properties import tries

from chatd import door
from chatd.client import Standing
from chatd.commands import IRC, PLAIN
from chatd.hosts import Ban, host_of
from chatd.protocol import irc

WHICH = st.integers(0, 10**6)
NICKS = ["ann", "Ann", "bob", "cid", "guest1", "x" * 30]
ROOMS = [LOBBY, "#a", "#A", "#b", "#" + "r" * 49, "#é", "#\u202ex", "@#a", "+#b"]
ODD = [
    "",
    ":",
    "*",
    ",",
    ",,,",
    "0",
    "+",
    "-",
    "+b",
    "5",
    "key",
    "::x",
    "a b",
    "msgid=60a24181e4000",
    "timestamp=2023-11-14T22:13:20.000Z",
    "\t",
    "\x01",
    "\x01ACTION x\x01",
    "😀" * 60,
]
FORGED = [
    "\r\nQUIT",
    "\nPRIVMSG #a :x",
    "\0",
    "\x1b[2J",
    "* server",
    "<bob> x",
    "\u202e",
    "\ue000",
    "\x85",
    "\x9b1m",
    "@a=1",
    "%tcuihsnfdlaor,1",
]
MODES = st.text(st.sampled_from("+-ovklmnstibeIx"), max_size=14)
WORDS = (
    st.sampled_from(NICKS + ROOMS + ODD)
    | MODES
    | st.lists(st.sampled_from(NICKS + ROOMS + ODD), max_size=6).map(",".join)
)
TEXTS = st.sampled_from(ODD + FORGED) | st.text(max_size=12) | st.just("x" * 600)
COMMANDS = st.sampled_from([*sorted(IRC), *sorted(IRC), "SAY", "NONSENSE", ""])
TAGS = st.sampled_from(["", "", "@label=x ", "@+a=1;b=2 ", "@+a=\\r\\n\\:\\s;batch=1;label=\\r\\n ", ":bob!b@h "])
TYPED = st.sampled_from([*sorted(PLAIN), "nonsense", ""])
CAPS = [
    "", "echo-message", "message-tags server-time", "standard-replies multi-prefix",
    "batch labeled-response draft/chathistory",
]  # fmt: skip
HOSTS = ["127.0.0.1", "192.0.2.1", "2001:db8::1", "2001:db8::2"]  # loopback is exempt, the last two are one host
PASSWORD = b"sesame"
NEVER = float("inf")


class CommandMachine(RuleBasedStateMachine):
    """A small house, so that its bounds are met all the time."""

    @initialize()
    def open_the_house(self) -> None:
        self.world = World(
            max_clients=3, queue=2, rooms_per_client=2, max_rooms=4, who_replies=2, queue_timeout=30.0,
            room_masks=3, invitations=2, monitors=2,
            max_per_host=2, host_burst=9, idle_release=20.0, history_lines=3, history_bytes=1500, members_per_room=2,
        )  # fmt: skip
        self.people: list[Person] = []

    def somebody(self, which: int) -> Person:
        return self.people[which % len(self.people)]

    @rule(nick=st.sampled_from(NICKS), caps=st.sampled_from(CAPS), host=st.sampled_from(HOSTS))
    def an_irc_client_comes(self, nick: str, caps: str, host: str) -> None:
        self.people.append(self.world.irc(nick, caps=caps, host=host))

    @rule(line=TEXTS, host=st.sampled_from(HOSTS))
    def a_person_comes(self, line: str, host: str) -> None:
        person = self.world.arrives(host)
        self.people.append(person)
        person.sends(b"hello\n")
        person.sends(line.encode(errors="replace") + b"\n")

    @rule(host=st.sampled_from(HOSTS))
    def somebody_says_nothing(self, host: str) -> None:
        self.people.append(self.world.arrives(host))

    @precondition(lambda self: self.people)
    @rule(which=WHICH, tags=TAGS, command=COMMANDS, words=st.lists(WORDS, max_size=4), text=st.none() | TEXTS)
    def somebody_sends(self, which: int, tags: str, command: str, words: list[str], text: str | None) -> None:
        line = " ".join([f"{tags}{command}", *words]) + (f" :{text}" if text is not None else "")
        self.somebody(which).sends(line.encode(errors="replace") + b"\r\n")

    @precondition(lambda self: self.people)
    @rule(which=WHICH, command=TYPED, text=TEXTS)
    def somebody_types(self, which: int, command: str, text: str) -> None:
        self.somebody(which).sends(f"/{command.lower()} {text}".encode(errors="replace") + b"\n")

    @precondition(lambda self: self.people)
    @rule(which=WHICH)
    def somebody_leaves(self, which: int) -> None:
        person = self.people.pop(which % len(self.people))
        person.leaves()
        person.leaves()

    @rule(seconds=st.sampled_from([1, 11, 31]))
    def time_passes(self, seconds: int) -> None:
        self.world.now += seconds
        self.world.wall += seconds
        door.expire(self.world.chat)
        self.bury()
        door.sweep(self.world.chat)

    @rule(
        seats=st.integers(0, 4) | st.just(NEVER),
        places=st.integers(0, 3),
        release=st.sampled_from([5.0, 20.0, NEVER]),
        silence=st.sampled_from([15.0, NEVER]),
    )
    def an_operator_changes_bounds(self, seats: float, places: int, release: float, silence: float) -> None:
        before = {person for person in self.people if person.is_seated}
        inside = {person for person in self.people if person.is_seated or person.is_waiting}
        self.world.apply(max_clients=seats, queue=places, idle_release=release, idle_timeout=silence)
        assert all(person.is_seated for person in before)
        assert all(person.is_seated or person.is_waiting for person in inside)

    @rule(pause=st.booleans())
    def an_operator_pauses_or_resumes(self, pause: bool) -> None:
        chat = self.world.chat
        if pause:
            chat.pool.pause()
        else:
            door.seat(chat, chat.pool.resume(chat.clock()))

    @rule(password=st.sampled_from([b"", b"", PASSWORD]))
    def an_operator_sets_the_password(self, password: bytes) -> None:
        self.world.chat.settings.password = password

    @rule(network=st.sampled_from(["192.0.2.0/24", "2001:db8::/64", "127.0.0.1"]), seconds=st.integers(1, 30))
    def an_operator_bans(self, network: str, seconds: int) -> None:
        self.world.chat.bans.add(Ban(ip_network(network), "", self.world.wall + seconds))

    def bury(self) -> None:
        """Those who were closed leave, as their sessions would."""
        for person in self.people:
            if person.farewell is not None:
                person.leaves()

    @invariant()
    def rooms_and_members_agree(self) -> None:
        chat = self.world.chat
        rooms = {id(room): room for person in self.people for room in person.client.rooms.values()}
        for room in rooms.values():
            assert chat.room(room.name) is room
        for person in self.people:
            client = person.client
            assert all(client in room.members for room in client.rooms.values())
            assert len(client.rooms) <= 2
            assert len(client.held) <= 2
            assert len(client.rooms) <= 1 or not client.is_plain, "its lines do not say where they are said"
            if client.standing is not Standing.SEATED:
                assert not client.rooms
        members = {member for room in rooms.values() for member in room.members}
        assert members <= {person.client for person in self.people if person.is_seated}
        assert chat.room(LOBBY) is chat.default_room
        assert chat.room_count <= 4
        assert chat.room_count == len({id(chat.default_room), *rooms})

    @invariant()
    def names_are_held_once(self) -> None:
        held = [irc.fold(person.client.nick) for person in self.people if self.holds_name(person)]
        assert len(held) == len(set(held))
        for person in self.people:
            if person.is_seated:
                assert self.world.chat.find(person.client.nick) is person.client
                assert irc.is_nickname(person.client.nick, 30)
            elif person.is_waiting:
                assert self.world.chat.find(person.client.nick) is None

    @staticmethod
    def holds_name(person: Person) -> bool:
        return bool(person.client.nick) and person.client.standing is not Standing.GONE

    @invariant()
    def seats_and_places_are_accounted_for(self) -> None:
        chat = self.world.chat
        standings = [person.client.standing for person in self.people]
        assert chat.pool.in_use == standings.count(Standing.SEATED)
        assert chat.pool.waiting == standings.count(Standing.WAITING)
        assert chat.handshakes == standings.count(Standing.HANDSHAKE)
        assert len(chat.clients) == len(standings) - standings.count(Standing.GONE)
        assert chat.invisible == sum(person.client.invisible for person in self.people if person.is_seated)
        seen = chat.pool.statistics
        assert seen.queued == chat.pool.waiting + seen.waits.count + seen.timed_out + seen.gave_up + seen.drained

    @invariant()
    def hosts_count_who_is_here(self) -> None:
        """All who came in unrefused and are not gone, exempt ones apart: each gives its place back exactly once."""
        chat = self.world.chat
        here = [person.client for person in self.people if person.client.standing is not Standing.GONE]
        counted = [client.network for client in here if client.network is not None]
        for address in HOSTS:
            host = host_of(address)
            assert chat.hosts.clients(host) == counted.count(host) <= 2
            assert address != "127.0.0.1" or host not in counted

    @invariant()
    def the_seated_are_looked_at_for_their_silence(self) -> None:
        seated = {person.client for person in self.people if person.is_seated}
        assert set(self.world.chat.silent) == set(self.world.chat.idlers) == seated

    @invariant()
    def what_rooms_keep_is_bounded(self) -> None:
        rooms = {id(room): room for person in self.people for room in person.client.rooms.values()}
        for room in (self.world.chat.default_room, *rooms.values()):
            assert len(room.history) <= 3
            assert room.history.bytes <= 1500
            assert len(room.members) <= 2

    @invariant()
    def rooms_remember_those_alone_who_are_here(self) -> None:
        rooms = {id(room): room for person in self.people for room in person.client.rooms.values()}
        assert all(len(room.lists) <= 3 for room in (self.world.chat.default_room, *rooms.values()))
        invitations = self.world.chat.invitations
        assert invitations.ones <= {person.client for person in self.people if person.is_seated}
        monitors = self.world.chat.monitors
        assert monitors.ones <= {person.client for person in self.people if person.is_seated}
        assert monitors.most <= 2
        for client in invitations.ones:
            assert 0 < len(list(invitations.of(client))) <= 2
            assert {id(room) for room in invitations.of(client)} <= rooms.keys()

    @invariant()
    def nobody_is_operator_of_the_default_room(self) -> None:
        assert not any(flags for flags in self.world.chat.default_room.members.values())


TestCommandMachine = CommandMachine.TestCase
TestCommandMachine.settings = tries(100, steps=40)
