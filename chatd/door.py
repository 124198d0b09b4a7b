"""The way in: seats, the waiting line and refusals, and what is said to those whom they concern. Synchronous.

The pool decides who is seated; here its decisions become standings, sentences and joined rooms. Whatever frees a seat
goes through `leave`, which seats the next in line in the same breath.
"""

import math

from .chat import Chat
from .client import STANDARD_REPLIES, Client, Standing
from .commands import PLAIN, dispatch, info, rooms, typed
from .commands.registry import tell_place
from .pool import Refused, Ticket, Waiting
from .protocol import plain, waiting
from .protocol.event import Event
from .protocol.farewell import Farewell, Reason
from .protocol.irc import Message
from .protocol.waiting import duration

DRAINING = "This server is shutting down"


def turn_away(chat: Chat, client: Client) -> bool:
    """Refuse an arrival that finds seats and line full, before it has introduced itself. Whether it was refused."""
    refused = chat.pool.refuse(chat.clock())
    if refused:
        client.close(refusal(chat, refused))
    return refused is not None


def introduced(client: Client) -> bool:
    """Whether an IRC client has said all that registration wants."""
    return bool(client.nick and client.user) and not client.negotiating


def enter(chat: Chat, client: Client) -> None:
    """Give a client that has introduced itself a seat or a place in line, or refuse it."""
    outcome = chat.pool.enter(client, chat.clock())
    if isinstance(outcome, Refused):
        client.close(refusal(chat, outcome))
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
        tell_place(chat, client)
    else:
        _come_in(chat, client)


def enter_plain(chat: Chat, client: Client, message: Message) -> None:
    """Let a plain client in with the first line that is no question and names it, or says something."""
    command = PLAIN.get(message.command)
    if command is not None and Standing.HANDSHAKE in command.allowed:
        dispatch(chat, client, message)
        if message.command != "NICK" or not client.nick:
            return
    else:
        chat.claim_guest_nick(client)
    client.user = plain.USER
    client.realname = client.nick
    enter(chat, client)
    spoke = message.command != "NICK" and message.params != [""]
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
        if ticket is not None:
            seat(chat, chat.pool.leave(ticket, chat.clock()))


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


def _come_in(chat: Chat, client: Client) -> None:
    if client.is_plain:
        typed.came_in(chat, client)
        rooms.join_room(chat, client, chat.default_room.name)
    held, client.held = client.held, {}
    for name, key in held.values():
        rooms.join_room(chat, client, name, key)


def expire(chat: Chat) -> None:
    """Send those away who have waited too long."""
    most = duration(chat.pool.wait_timeout)
    sentence = f"You have waited {most}, the longest that one may (queue-timeout)"
    for ticket in chat.pool.expire(chat.clock()):
        _send_from_line(chat, ticket, Reason.QUEUE_TIMEOUT, sentence)


def drain(chat: Chat) -> None:
    """Let nobody in any more, and send the line away."""
    for ticket in chat.pool.drain():
        _send_from_line(chat, ticket, Reason.DRAINING, DRAINING)


def _send_from_line(chat: Chat, ticket: Ticket[Client], reason: Reason, sentence: str) -> None:
    ticket.client.ticket = None  # the pool has released it
    ticket.client.close(Farewell(sentence, reason, retry_after(chat)))


def sweep(chat: Chat) -> None:
    """Tell those in line whose place has changed, and programs that ask for it how full the server is."""
    for ticket in chat.pool.line():
        if ticket.client.told_place != chat.pool.position(ticket):
            tell_place(chat, ticket.client)
    occupancy = chat.occupancy()
    event = Event(chat.origin.name, "NOTE", ("*", *occupancy.words()), occupancy.sentence, chat.origin.wall())
    for client in chat.registered():
        if STANDARD_REPLIES in client.caps and client.told_occupancy != occupancy:
            client.told_occupancy = occupancy
            client.outbox.put(event.encode(client.form))


def retry_after(chat: Chat) -> int:
    """Advice when to come back, in seconds."""
    return math.ceil(chat.pool.retry_after(chat.clock()))


def _taken(number: int, one: str, several: str) -> str:
    return f"the only {one} is taken" if number == 1 else f"all {number} {several} are taken"


def refusal(chat: Chat, refused: Refused) -> Farewell:
    """What a refused client is told: which limit, and its value."""
    pool = chat.pool
    seats = _taken(pool.max_clients, "seat", "seats") if pool.max_clients else "there are no seats (max-clients 0)"
    line = "there is no waiting line"
    if pool.max_waiting:
        line = _taken(pool.max_waiting, "place in line", "places in line")
    match refused.reason:
        case Reason.DRAINING:
            sentence = DRAINING
        case Reason.PAUSED:
            sentence = f"Seats are not given out at the moment, and {line}"
        case _:
            sentence = f"{seats[0].upper()}{seats[1:]}, and {line}"
    return Farewell(sentence, refused.reason, math.ceil(refused.retry_after))
