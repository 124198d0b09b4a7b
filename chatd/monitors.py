"""Who wants to know when somebody of a name is here, and here no more (IRCv3 monitor). Synchronous, no I/O."""

from .client import Client, notify
from .pairs import Pairs
from .protocol import irc, replies
from .protocol.event import Event
from .protocol.replies import Numeric


class Monitors(Pairs[Client, str]):
    """Clients with the names, as `irc.fold` has them."""

    __slots__ = ()

    def came(self, client: Client) -> None:
        """Others can see the client under its name from now on."""
        self._tell(replies.RPL_MONONLINE, client, client.source)

    def went(self, client: Client) -> None:
        """Nobody is here any more under the name that the client has."""
        self._tell(replies.RPL_MONOFFLINE, client, client.nick)

    def _tell(self, numeric: Numeric, client: Client, shown: str) -> None:
        # To `*`, so that it is one line for all of them.
        event = Event(client.origin.name, numeric.code, ("*",), shown, client.origin.wall())
        notify((each for each in self.with_(irc.fold(client.nick)) if each is not client), event)
