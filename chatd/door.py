"""The way in: seats and the waiting line, and what is said to those whom they concern. Synchronous.

The pool decides who is seated; here its decisions become standings, sentences and joined rooms. Whatever frees a seat
goes through `leave`, which seats the next in line in the same breath.
"""

import math

from . import gate
from .chat import Chat
from .client import Client, Standing
from .commands import PLAIN, dispatch, rooms, typed, welcome
from .commands.registry import tell_place
from .pool import Refused, State, Ticket, Waiting
from .protocol import plain, waiting
from .protocol.capabilities import AWAY_NOTIFY, STANDARD_REPLIES
from .protocol.event import Event
from .protocol.farewell import Farewell, Reason
from .protocol.irc import Message
from .protocol.waiting import duration

_INTRODUCTIONS = ("NICK", "PASS")  # of plain clients: they come in with them, and have said nothing


def introduced(client: Client) -> bool:
    """Whether an IRC client has said all that registration wants."""
    return bool(client.nick and client.user) and not client.negotiating


def enter(chat: Chat, client: Client) -> None:
    """Give a client that has introduced itself a seat or a place in line, or refuse it."""
    if not gate.knows_password(chat, client):
        return
    outcome = chat.pool.enter(client, chat.clock())
    if isinstance(outcome, Refused):
        gate.refuse(chat, client, outcome)
        return
    client.ticket = outcome.ticket
    client.signed_on = client.last_spoke = client.spoken_at = client.origin.wall()
    waits = isinstance(outcome, Waiting)
    client.standing = Standing.WAITING if waits else Standing.SEATED
    if not client.is_plain:
        welcome.welcome(chat, client)
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
    was_seated = client.standing is Standing.SEATED
    client.standing = Standing.GONE
    ticket, client.ticket = client.ticket, None
    try:
        if was_seated:
            chat.invisible -= client.invisible
            chat.remember(client)
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
    chat.invisible += client.invisible
    chat.monitors.came(client)
    if client.away:
        chat.announce(client, client.event("AWAY", text=client.away), AWAY_NOTIFY)
    chat.waits.add(client.seated_at - client.arrived)
    chat.usage.saw("max_clients", chat.pool.in_use)
    chat.note_presence(client)
    chat.journal.note(
        "entered", id=client.number, nick=client.nick, dialect=client.dialect,
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
    welcome.tell_changes(chat)


def drain(chat: Chat) -> None:
    """Let nobody in any more, and send the line away."""
    for ticket in chat.pool.drain():
        _send_from_line(chat, ticket, Reason.DRAINING, gate.DRAINING)


def _send_from_line(chat: Chat, ticket: Ticket[Client], reason: Reason, sentence: str) -> None:
    client = ticket.client
    client.ticket = None  # the pool has released it
    try:
        client.close(Farewell(sentence, reason, gate.retry_after(chat)))
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
