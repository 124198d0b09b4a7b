"""Every bound of the server, in one table: what it is, why, what happens at it, and what its victim reads.

This is the one place. Flags, keys of the configuration file, environment variables, `--limits`, docs/limits.md, the
operator's `set` and the metrics are made from it, and whatever enforces a bound reads it from a `Limits`, which may
change while the server runs. What a specification fixes is no choice of ours and stays in `protocol/`.
"""

import math
from dataclasses import dataclass, fields

from .bounds import Bound, row

UNBOUNDED = math.inf


@dataclass(slots=True)
class Limits:
    """The bounds that are in force. All times are in seconds."""

    # The cap and the line.
    max_clients: float = row(
        100, "clients", "Seats. PostgreSQL has as many; and it is a room in which one still can talk.",
        "The next one waits in line; when that is full too, it is refused.", "SERVER_FULL", none=True)
    queue: float = row(
        50, "places", "The waiting line; 0 refuses at once. Half as many as there are seats, so that waiting pays.",
        "The next one is refused.", "SERVER_FULL", none=True)
    queue_timeout: float = row(
        300.0, "s", "The longest wait in line. After that, to be told no is kinder.",
        "The one who waited so long is sent away.", "QUEUE_TIMEOUT", none=True)
    place_interval: float = row(
        10.0, "s", "Between two notices of place and of occupancy: news, not chatter.",
        "A change of place is told later.", most=86400)
    place_notices: int = row(
        1000, "notices/s", "Of place and of occupancy: a line of thousands is told a little later, nearest first.",
        "Who stands further back is told in a later round.", least=1)
    least_retry: float = row(
        30.0, "s", "The least advice when to try again. A full house empties slowly.",
        "Who is refused is advised to wait so long at least.", most=86400)

    # Where they come from. A host is an IPv4 address or an IPv6 /64; loopback counts once any listener is not on it.
    max_per_host: float | None = row(
        None, "clients", "Handshakes, places and seats of one host: nobody takes all seats alone.",
        "The next one from there is refused.", "TOO_MANY_FROM_HOST", none=True, rule="half of max-clients")
    host_rate: float = row(
        1.0, "connections/s", "New connections of one host, in the long run. A person reconnects once in a while.",
        "A faster one is refused, and may come back later each time.", "TOO_FAST_FROM_HOST", none=True)
    host_burst: int = row(
        60, "connections", "New connections of one host at once: an office behind one address, after a restart.",
        "From then on host-rate counts.", "TOO_FAST_FROM_HOST", least=1)
    hosts_remembered: int = row(
        10000, "hosts", "Whose rate is remembered when they are gone; 7.5 MB at the most.",
        "The one that left first is forgotten.", least=1, ring=True)
    bans: int = row(
        1000, "bans", "More than anybody keeps by hand; a longer list belongs into a firewall.",
        "The operator is told to lift one first.")
    password_delay: float = row(
        2.0, "s", "Before a wrong password is answered: guessing becomes slow, a typing error stays bearable.",
        "The answer waits.", "WRONG_PASSWORD", most=60)
    password_cost: int = row(
        10, "connections", "That a wrong password counts as for host-rate: five tries at once, then five a minute.",
        "Its host is refused for a while.", "TOO_FAST_FROM_HOST", least=1)

    # Connections that hold no seat. Together, and with the listeners, they need less than 400 files.
    handshakes: float = row(
        160, "connections", "That have not introduced themselves. They cost a file each and owe nobody anything.",
        "One that may not come in anyway is closed, else the oldest that has been silent.", "TOO_MANY_HANDSHAKES",
        least=1, none=True)
    handshake_timeout: float = row(
        30.0, "s", "To introduce oneself: time to read the greeting and to type a name.",
        "The connection is closed.", "HANDSHAKE_TIMEOUT", none=True)
    greet_after: float = row(
        1.0, "s", "Of silence before a greeting. A program speaks at once, a person waits.",
        "The greeting is shown; a full house says so instead.")
    farewells: float = row(
        120, "connections", "Refusals in progress: they were told why and have not hung up yet.",
        "The oldest is cut; its reason has been sent.", least=1, none=True)
    linger: float = row(
        2.0, "s", "To hang up after being told why. A close before that could destroy the reason on its way.",
        "The connection is cut.", none=True)
    spare_files: int = row(
        36, "files", "Listeners, epoll, log and the like: what the process itself has open.",
        "Counted when the bounds are fitted to the files that the process may have.", least=10)

    # Finding out who is gone, and who only sits.
    ping_interval: float = row(
        90.0, "s", "Of silence before a ping. Routers forget a silent connection after 2 min.",
        "An IRC client is pinged; the kernel probes all others.", none=True)
    ping_timeout: float = row(
        60.0, "s", "To answer a ping, while the server reads from the client.",
        "The client is closed.", "PING_TIMEOUT", none=True)
    look_interval: float = row(
        1.0, "s", "Between two looks whether a client that is slowed down has left.",
        "One who has left is found.", most=60)
    idle_timeout: float = row(
        UNBOUNDED, "s", "To say nothing. Off: a chat has listeners.",
        "The member is closed, whether or not others wait.", "IDLE_TIMEOUT", none=True)
    idle_release: float = row(
        UNBOUNDED, "s", "To say nothing while others wait. Off: a seat is kept until it is given up.",
        "The member who was silent longest is closed, and may join the line.", "IDLE_RELEASE", none=True)

    # What one client may do.
    message_rate: float = row(
        10.0, "lines/s", "From one client, in the long run. Nobody types faster; a pasted page still comes through.",
        "The client is read more slowly; nothing is lost, nobody else notices.", none=True)
    message_burst: int = row(
        40, "lines", "From one client at once: what a program sends as it registers and joins its rooms.",
        "From then on message-rate counts.", least=1)
    answers_per_line: int = row(
        20, "lines", "Of an answer, such as WHO's or LIST's, that count as one line more for message-rate.",
        "The client's next line is read later.", least=1)
    looks_per_line: int = row(
        400, "looks", "At a client, room or name, for WHO, LIST, MONITOR or ISON, that count as one line more, too.",
        "The client's next line is read later.", least=1)
    input_bytes: int = row(
        4096, "bytes", "Read from one client at a time; so much of its input is kept besides an unfinished line.",
        "The rest stays with the kernel, whose buffer slows the sender.", least=512, most=1 << 20)
    plain_line: int = row(
        300, "bytes", "A plain client's line. With the longest names it fits an IRC line.",
        "The line is not delivered, and its sender told.", "a sentence", least=1, most=315)
    endless_line: int = row(
        65536, "bytes", "A line longer than this will never end.",
        "The client is closed.", "LINE_TOO_LONG", least=8192)
    outbox: float = row(
        262144, "bytes", "Owed to one slow reader: minutes of chat. InspIRCd, too, gives 256 KiB.",
        "A long answer ends before; the client is closed, nobody else waits for it.", "OUTBOX_FULL", least=8192,
        none=True)
    outbox_pause: int = row(
        65536, "bytes", "Owed to a client before its own next line waits until it has read them.",
        "The client is read more slowly: who asks for much is slowed, not closed.", least=1)
    outboxes: float = row(
        33554432, "bytes", "Owed to all clients together: 128 full outboxes. Redis evicts clients by such a sum.",
        "The client that is owed most is closed, then the next.", "OUTBOXES_FULL", least=65536, none=True)
    send_buffer: float = row(
        65536, "bytes", "The kernel's, for what a client has not read. Unset, it grows to megabytes.",
        "The client's outbox fills.", least=4096, none=True, live=False)
    receive_buffer: float = row(
        32768, "bytes", "The kernel's, for what the server has not read. Unset, it grows to megabytes.",
        "TCP slows the sender.", least=4096, none=True, live=False)
    rooms_per_client: int = row(
        20, "rooms", "That one client is in; as many JOINs are kept for one in line.",
        "The room is not entered.", "405", least=1)
    targets: int = row(
        4, "targets", "Of one PRIVMSG, KICK or NAMES: one line is not to become a flood.",
        "Nothing is sent.", "407", least=1)
    mode_changes: int = row(
        6, "changes", "Of one MODE, so that it can be told in one line.",
        "The others are not made.", least=1, most=6)
    who_replies: int = row(
        1000, "lines", "In answer to one WHO: more than anybody reads.",
        "The answer ends there and says so.", "416", least=1)
    chathistory: int = row(
        100, "lines", "In answer to one CHATHISTORY: a few screens.",
        "The answer ends there; the client asks for the next ones.", least=1)
    monitors: int = row(
        30, "names", "That one client is told of when they come and go (MONITOR): more friends than most have.",
        "The name is not added.", "734", least=1)

    # Rooms and texts. The most that each may be keeps a line with the longest names within IRC's 512 bytes.
    max_rooms: int = row(
        200, "rooms", "In all, the default one included: two for each client.",
        "No new room is made.", "403", least=1)
    members_per_room: float = row(
        UNBOUNDED, "members", "Of any room; its operator may set less (mode l). Off: the seats bound it.",
        "The room is not entered.", "471", least=1, none=True, whole=True)
    history_lines: int = row(
        50, "lines", "Of a room that are shown to who comes in: a screen.",
        "The oldest is forgotten.", ring=True)
    history_bytes: int = row(
        32768, "bytes", "That a room's history may take, each line with what its object costs.",
        "The oldest are forgotten.", ring=True)
    time_after: float = row(
        300.0, "s", "Of silence, after which people with nc are to know when it is that somebody speaks.",
        "Plain clients read the time before the message; IRC clients have clocks.", none=True)
    room_masks: int = row(
        30, "masks", "In a room's lists of bans, exceptions and invitations together. As of old.",
        "The mask is not added.", "478", least=1)
    mask_length: int = row(
        90, "bytes", "Of one mask in such a list: the longest name of a client, and some more.",
        "The mask is not added.", "696", least=5, most=190)
    invitations: int = row(
        20, "invitations", "That one client has and has not followed: as many as it may be in rooms.",
        "The oldest is forgotten.", least=1, ring=True)
    departed: int = row(
        500, "people", "Who have left, or taken another name, and are remembered for WHOWAS.",
        "The one who left first is forgotten.", ring=True)
    nick_length: int = row(
        30, "characters", "A nickname. What most networks allow.",
        "The name is not taken.", "432", least=9, most=50)
    user_length: int = row(
        10, "characters", "A user name, as of old.",
        "The rest is cut off.", least=1, most=20)
    room_length: int = row(
        50, "bytes", "A room's name (RFC 2812 1.3).",
        "The room is not entered.", "403", least=2, most=64)
    key_length: int = row(
        23, "characters", "A room's key, as of old.",
        "The key is not set.", "696", least=1, most=50)
    topic_length: int = row(
        300, "bytes", "A topic.",
        "The rest is cut off; everybody reads what was kept.", least=1, most=315)
    away_length: int = row(
        200, "bytes", "An away message.",
        "The rest is cut off.", least=1, most=315)
    kick_length: int = row(
        200, "bytes", "The reason given to who is thrown out.",
        "The rest is cut off.", least=1, most=260)
    realname_length: int = row(
        120, "bytes", "A real name. WHO shows it beside all other names of a client.",
        "The rest is cut off.", least=1, most=130)
    reason_length: int = row(
        200, "bytes", "The reason given with PART and QUIT.",
        "The rest is cut off.", least=1, most=315)
    motd_lines: int = row(
        100, "lines", "The message of the day, which every arrival is sent: a screen or two.",
        "The file is not taken, and the sentence names it.", "a sentence", least=1, most=10000, live=False)
    motd_line: int = row(
        300, "bytes", "One line of the message of the day.",
        "The file is not taken, and the sentence names the line.", "a sentence", least=1, most=375, live=False)

    # The process.
    accepts_per_tick: int = row(
        64, "connections", "Accepted before others have their turn: fair in a storm.",
        "The next ones are accepted in the next tick.", least=1)
    backlog: int = row(
        4096, "connections", "That the kernel keeps for a moment, until they are accepted.",
        "The kernel lets the next one knock again after a second.", least=1)
    accept_pause: float = row(
        0.5, "s", "Before accepting again when the process has no file left.",
        "Arrivals wait in the backlog.", most=60)
    drain_time: float = row(
        5.0, "s", "For goodbyes when the server is told to stop.",
        "Who has not hung up is cut.", "DRAINING", none=True)
    log_lines: float = row(
        10.0, "lines/s", "Of the log, for one cause. A storm is to be one line and a number.",
        "The others are counted and summed up in one line.", none=True)

    # The operator.
    control_connections: int = row(
        8, "connections", "To the control socket: a few terminals and scripts.",
        "The next one is told so.", "a sentence", least=1)
    control_line: int = row(
        65536, "bytes", "A request to the control socket.",
        "The request is not read, and the connection closed.", "a sentence", least=1024, most=1 << 24)
    control_items: int = row(
        1000, "items", "Clients, places, rooms or bans in one answer to the operator.",
        "The answer ends there and says how many there are.", least=1)
    control_timeout: float = row(
        60.0, "s", "To ask for something, and to take the answer; a script that has forgotten to hang up goes then.",
        "The connection is closed.", none=True)
    metrics_connections: int = row(
        8, "connections", "To the metrics: a Prometheus or two, and somebody who looks.",
        "The next one is told so.", "503", least=1)
    metrics_timeout: float = row(
        10.0, "s", "To ask for the metrics, and to take them.",
        "The connection is closed.", "408", none=True)

    @property
    def per_host(self) -> float:
        """How many clients of one host there may be."""
        if self.max_per_host is not None:
            return self.max_per_host
        return self.max_clients if math.isinf(self.max_clients) else max(1, int(self.max_clients) // 2)

    @property
    def pause(self) -> float:
        """Bytes owed to a client before it is read from no more: well below what it may be owed."""
        return min(self.outbox_pause, self.outbox / 2)

    @property
    def full_answer(self) -> float:
        """Bytes owed to a client at which a long answer to it ends, so that what else its line brings has room."""
        return self.outbox * 3 / 4

    @property
    def files_beside_clients(self) -> int:
        """Files that are needed besides one for each seat and each place in line, as far as that has a bound."""
        of_operator = self.control_connections + self.metrics_connections
        of_clients = sum(int(each) for each in (self.handshakes, self.farewells) if not math.isinf(each))
        return of_clients + self.accepts_per_tick + of_operator + self.spare_files

    def value(self, bound: Bound) -> float:
        """What is in force, also where it follows from another bound."""
        value: float | None = getattr(self, bound.name)
        return self.per_host if value is None else value


# The sections of the table, by the name of their first row.
SECTIONS = {
    "max_clients": "The cap and the line",
    "max_per_host": "Where clients come from",
    "handshakes": "Connections that hold no seat",
    "ping_interval": "Who is gone, and who only sits",
    "message_rate": "What one client may do",
    "max_rooms": "Rooms and texts",
    "accepts_per_tick": "The process",
    "control_connections": "The operator",
}


def bounds() -> list[Bound]:
    """All bounds, in the order of the table above."""
    return [Bound(name=field.name, default=field.default, **field.metadata) for field in fields(Limits)]  # type: ignore[arg-type]
