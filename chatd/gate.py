"""Who may come in, and what is said to who may not. Synchronous.

An arrival is looked at as it connects: its host, its bans, how fast it connects. A refusal waits until the dialect is
known, so that it can be read; it names the limit and its value. What gives seats and places is `door`'s.
"""

import hmac
import math

from .chat import Chat
from .client import Client
from .hosts import Ban, Network, host_of
from .pool import Refused
from .protocol.farewell import Farewell, Reason
from .protocol.waiting import count, duration

MOST_ADVICE = 86400  # s; who comes back after a day is as good as new
DRAINING = "This server is shutting down"


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
        refuse(chat, client, refused)
    return refused is not None


def refuse(chat: Chat, client: Client, refused: Refused) -> None:
    if refused.reason is Reason.SERVER_FULL:
        chat.usage.hit("max_clients")
        chat.usage.hit("queue")
    client.close(refusal(chat, refused))


def knows_password(chat: Chat, client: Client) -> bool:
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
