"""The way in: seats, the waiting line and refusals, and what is said to those whom they concern. Synchronous.

The pool decides who is seated; here its decisions become standings, sentences and joined rooms. Whatever frees a seat
goes through `leave`, which seats the next in line in the same breath.
"""

import hmac
import math

from .chat import Chat
from .client import STANDARD_REPLIES, Client, Standing
from .commands import PLAIN, dispatch, info, rooms, typed
from .commands.registry import tell_place
from .hosts import Ban, Network, host_of
from .pool import Refused, State, Ticket, Waiting
from .protocol import plain, waiting
from .protocol.event import Event
from .protocol.farewell import Farewell, Reason
from .protocol.irc import Message
from .protocol.waiting import count, duration

MOST_ADVICE = 86400  # s; who comes back after a day is as good as new
DRAINING = "This server is shutting down"
_INTRODUCTIONS = ("NICK", "PASS")  # of plain clients: they come in with them, and have said nothing


def knock(chat: Chat, client: Client) -> None:
    """Look where an arrival comes from. If it may not come in, it is told so as soon as it is known how."""
    client.unwelcome = _unwelcome(chat, client)
    chat.admit(client)
    if client.network is not None and client.unwelcome is None:
        chat.usage.saw("max_per_host", chat.hosts.enter(client.network))
    else:
        client.network = None
    chat.usage.saw("handshakes", chat.handshakes)


def _unwelcome(chat: Chat, client: Client) -> Farewell | None:
    limits, address = chat.limits, client.host
    if ban := chat.bans.find(address, chat.origin.wall()):
        return banned(ban, chat.origin.wall())
    if chat.exempt.find(address) is not None:
        return None
    host = client.network = host_of(address)
    wait = chat.hosts.spend(host, chat.clock())  # also if it is refused for another reason: the connection was made
    if (here := chat.hosts.clients(host)) >= limits.per_host:
        chat.usage.hit("max_per_host")
        here_are = count(here, "client is", "clients are")
        sentence = f"{here_are} here from {named(host)}, the most that may be (max-per-host)"
        return Farewell(sentence, Reason.TOO_MANY_FROM_HOST, retry_after(chat))
    return _too_fast(chat, host, wait) if wait else None


def banned(ban: Ban, now: float) -> Farewell:
    """What one reads who falls under a ban. `now` is Unix time."""
    left = None if ban.until is None else ban.until - now
    until = "" if left is None else f" for {duration(left)}"
    why = f": {ban.reason}" if ban.reason else ""
    retry_after = None if left is None else math.ceil(left)
    return Farewell(f"{named(ban.network)} is banned{until}{why}", Reason.BANNED, retry_after)


def _too_fast(chat: Chat, host: Network, wait: float) -> Farewell:
    chat.usage.hit("host_rate")
    chat.usage.hit("host_burst")
    rate = f"{chat.limits.host_rate:g}/s (host-rate), {chat.limits.host_burst} at once (host-burst)"
    retry_after = min(math.ceil(wait), MOST_ADVICE)
    return Farewell(f"{named(host)} connects faster than {rate}", Reason.TOO_FAST_FROM_HOST, retry_after)


def turn_away(chat: Chat, client: Client) -> bool:
    """Refuse an arrival that is unwelcome, or finds seats and line full, before it has introduced itself. Whether it
    was refused."""
    if client.unwelcome is not None and not chat.pool.draining:
        client.close(client.unwelcome)
        return True
    refused = chat.pool.refuse(chat.clock())
    if refused:
        _refuse(chat, client, refused)
    return refused is not None


def _refuse(chat: Chat, client: Client, refused: Refused) -> None:
    if refused.reason is Reason.SERVER_FULL:
        chat.usage.hit("max_clients")
        chat.usage.hit("queue")
    client.close(refusal(chat, refused))


def introduced(client: Client) -> bool:
    """Whether an IRC client has said all that registration wants."""
    return bool(client.nick and client.user) and not client.negotiating


def enter(chat: Chat, client: Client) -> None:
    """Give a client that has introduced itself a seat or a place in line, or refuse it."""
    if not _knows_password(chat, client):
        return
    outcome = chat.pool.enter(client, chat.clock())
    if isinstance(outcome, Refused):
        _refuse(chat, client, outcome)
        return
    client.ticket = outcome.ticket
    client.signed_on = client.last_spoke = client.origin.wall()
    waits = isinstance(outcome, Waiting)
    client.standing = Standing.WAITING if waits else Standing.SEATED
    if not client.is_plain:
        info.welcome(chat, client)
        if STANDARD_REPLIES in client.caps:
            client.told_occupancy = chat.occupancy()
            client.tell_note(client.told_occupancy)
    if waits:
        chat.usage.hit("max_clients")
        chat.usage.saw("queue", chat.pool.waiting)
        chat.journal.note("queued", id=client.number, nick=client.nick, place=chat.pool.waiting)
        tell_place(chat, client)
    else:
        _come_in(chat, client)


def _knows_password(chat: Chat, client: Client) -> bool:
    """Whether the client knows the password, if there is one. If not it is sent away, late, and its host pays."""
    if not chat.settings.password:
        return True
    host, now = client.network, chat.clock()
    if host is not None and (wait := chat.hosts.spend(host, now, 0)):  # it has guessed too often already
        client.close(_too_fast(chat, host, wait))
        return False
    if hmac.compare_digest(client.password.encode(), chat.settings.password):
        client.password = ""  # nobody needs it any more
        return True
    chat.usage.hit("password_delay")
    if host is not None:
        chat.usage.hit("password_cost")
        chat.hosts.spend(host, now, chat.limits.password_cost)
    missing = "This chat has a password, and none was given (PASS, or /pass)"
    sentence = "The password is wrong" if client.password else missing
    client.close(Farewell(sentence, Reason.WRONG_PASSWORD), after=chat.limits.password_delay)
    return False


def enter_plain(chat: Chat, client: Client, message: Message) -> None:
    """Let a plain client in with the first line that is no question and names it, or says something."""
    command = PLAIN.get(message.command)
    if command is not None and Standing.HANDSHAKE in command.allowed:
        dispatch(chat, client, message)
        if message.command not in _INTRODUCTIONS or (message.command == "NICK" and not client.nick):
            return
    spoke = message.command not in _INTRODUCTIONS and message.params != [""]
    if chat.settings.password and not client.password:
        typed.ask_password(client, " ".join(message.params) if spoke else "")
        return
    if not client.nick:
        chat.claim_guest_nick(client)
    client.user = plain.USER
    client.realname = client.nick
    enter(chat, client)
    if spoke and client.standing in (Standing.SEATED, Standing.WAITING):
        dispatch(chat, client, message)


def leave(chat: Chat, client: Client, why: str) -> None:
    """Take a client out of everything; whoever gets its seat comes in. Once, however often it is called."""
    if client.standing is Standing.GONE:
        return
    client.standing = Standing.GONE
    ticket, client.ticket = client.ticket, None
    try:
        chat.forget(client, why)
    finally:  # whatever went wrong, the seat comes back
        chat.dismiss(client)
        if ticket is not None:
            now = chat.clock()
            if ticket.state is State.SEATED:
                chat.visits.add(now - client.seated_at)
            seat(chat, chat.pool.leave(ticket, now))


def seat(chat: Chat, tickets: list[Ticket[Client]]) -> None:
    """Let those come in whose seats have come."""
    for ticket in tickets:
        client = ticket.client
        client.standing = Standing.SEATED
        try:
            if not client.is_plain:
                client.tell_note(waiting.Seated())
            _come_in(chat, client)
        except Exception:  # noqa: BLE001  it is this client's, not that of the one who left
            client.fault()
    chat.idlers.wake()  # who still waits may now be owed an idler's seat


def _come_in(chat: Chat, client: Client) -> None:
    client.seated_at = chat.clock()
    chat.waits.add(client.seated_at - client.arrived)
    chat.usage.saw("max_clients", chat.pool.in_use)
    chat.note_presence(client)
    chat.journal.note(
        "entered", id=client.number, nick=client.nick, dialect="plain" if client.is_plain else "irc",
        waited=round(client.seated_at - client.arrived, 3),
    )  # fmt: skip
    if client.is_plain:
        typed.came_in(chat, client)
        rooms.join_room(chat, client, chat.default_room.name)
    held, client.held = client.held, {}
    for name, key in held.values():
        rooms.join_room(chat, client, name, key)


def next_expiry(chat: Chat) -> float:
    """When `expire` will have something to do; infinite if it has nothing to wait for."""
    release = chat.idlers.next if _would_seat_another(chat) else math.inf
    return min(chat.pool.next_expiry, chat.silent.next, release)


def expire(chat: Chat) -> None:
    """Send those away who have waited too long, or have been silent for too long."""
    now = chat.clock()
    most = duration(chat.pool.wait_timeout)
    for ticket in chat.pool.expire(now):
        chat.usage.hit("queue_timeout")
        sentence = f"You have waited {most}, the longest that one may (queue-timeout)"
        _send_from_line(chat, ticket, Reason.QUEUE_TIMEOUT, sentence)
    for client in chat.silent.expire(now):
        chat.idlers.stop(client)
        chat.usage.hit("idle_timeout")
        sentence = f"You have said nothing for {duration(chat.limits.idle_timeout)} (idle-timeout)"
        client.close(Farewell(sentence, Reason.IDLE_TIMEOUT))
    while _would_seat_another(chat) and (idlers := chat.idlers.expire(now, most=1)):
        chat.usage.hit("idle_release")
        sentence = f"Others wait, and you were silent longest, over {duration(chat.limits.idle_release)} (idle-release)"
        farewell = Farewell(f"{sentence}; you may wait in line for a seat", Reason.IDLE_RELEASE)
        idlers[0].close(farewell)
        try:
            leave(chat, idlers[0], Reason.IDLE_RELEASE)  # at once, so that nobody more than needed is closed
        except Exception:  # noqa: BLE001  it is this client's, not the watch's
            idlers[0].fault()


def _would_seat_another(chat: Chat) -> bool:
    """Whether a seat that is given up goes to somebody who waits."""
    pool = chat.pool
    return bool(pool.waiting) and not pool.paused and pool.in_use <= pool.max_clients


def apply(chat: Chat) -> None:
    """Have changed bounds felt: who waits gets a seat that is new, and clients learn of it. Nobody is sent away."""
    limits, now = chat.limits, chat.clock()
    chat.silent.allow(limits.idle_timeout, now)
    chat.idlers.allow(limits.idle_release, now)
    chat.pool.least_retry = limits.least_retry
    bounds = {"max_clients": limits.max_clients, "max_waiting": limits.queue, "wait_timeout": limits.queue_timeout}
    seat(chat, chat.pool.resize(now, **bounds))
    info.tell_changes(chat)


def drain(chat: Chat) -> None:
    """Let nobody in any more, and send the line away."""
    for ticket in chat.pool.drain():
        _send_from_line(chat, ticket, Reason.DRAINING, DRAINING)


def _send_from_line(chat: Chat, ticket: Ticket[Client], reason: Reason, sentence: str) -> None:
    client = ticket.client
    client.ticket = None  # the pool has released it
    try:
        client.close(Farewell(sentence, reason, retry_after(chat)))
        leave(chat, client, reason)  # at once, so that it does not count as one who introduces himself
    except Exception:  # noqa: BLE001  it is this client's, not that of the others in line
        client.fault()


def sweep(chat: Chat) -> bool:
    """Tell those in line whose place has changed, and programs that ask for it how full the server is. Whether that
    was all: there are no more notices at a time than `place_notices` allows."""
    left = max(1, chat.limits.place_notices * chat.limits.place_interval)
    for ticket in chat.pool.line():
        if ticket.client.told_place != chat.pool.position(ticket):
            if left < 1:
                chat.usage.hit("place_notices")
                return False
            left -= 1
            tell_place(chat, ticket.client)
    occupancy = chat.occupancy()
    event = Event(chat.origin.name, "NOTE", ("*", *occupancy.words()), occupancy.sentence, chat.origin.wall())
    for client in chat.registered():
        if STANDARD_REPLIES in client.caps and client.told_occupancy != occupancy:
            if left < 1:
                chat.usage.hit("place_notices")
                return False
            left -= 1
            client.told_occupancy = occupancy
            client.outbox.put(event.encode(client.form))
    return True


def retry_after(chat: Chat) -> int:
    """Advice when to come back, in seconds."""
    return math.ceil(chat.pool.retry_after(chat.clock()))


def _taken(number: float, one: str, several: str) -> str:
    return f"the only {one} is taken" if number == 1 else f"all {number} {several} are taken"


def named(network: Network) -> str:
    """A host as one says it: an address alone needs no prefix length."""
    return str(network.network_address) if network.prefixlen == network.max_prefixlen else str(network)


def refusal(chat: Chat, refused: Refused) -> Farewell:
    """What a refused client is told: which limit, and its value."""
    pool = chat.pool
    seats, line = "there are no seats (max-clients 0)", "there is no waiting line (queue 0)"
    if pool.max_clients:
        seats = f"{_taken(pool.max_clients, 'seat', 'seats')} (max-clients)"
    if pool.max_waiting:
        line = f"{_taken(pool.max_waiting, 'place in line', 'places in line')} (queue)"
    match refused.reason:
        case Reason.DRAINING:
            sentence = DRAINING
        case Reason.PAUSED:
            sentence = f"Seats are not given out at the moment, and {line}"
        case _:
            sentence = f"{seats[0].upper()}{seats[1:]}, and {line}"
    return Farewell(sentence, refused.reason, math.ceil(refused.retry_after))
