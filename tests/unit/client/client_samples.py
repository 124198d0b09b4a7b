"""What the tests of the client say over and over."""

from chatclient.events import Event
from chatclient.limits import Limits
from chatclient.session import Session

ME = ":alice!a@host"
BOB = ":bob!b@host"


def session(*caps: str, nick: str = "alice", limits: Limits | None = None) -> Session:
    """One that has registered, with these capabilities, and whose answers were taken."""
    made = Session(nick, {"#lobby": ""}, limits or Limits(), lambda: 0.5)
    made.begin()
    receive(made, f":server 001 {nick} :Welcome")
    if caps:
        receive(made, f":server CAP {nick} ACK :{' '.join(caps)}")
    receive(made, f":server 422 {nick} :No MOTD")
    made.take_answers()
    return made


def receive(to: Session, *lines: str) -> list[Event]:
    return [event for line in lines for event in to.receive(line.encode(), 0.0)]
