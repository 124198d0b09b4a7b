"""Why: after a restart what counts is how long it takes until all have a seat or an answer again."""

from collections.abc import Collection

from .deliveries import MICROSECONDS
from .wire import Event, What


class Returning:
    """These clients come back, from the moment on at which they hung up, or else the first of them was thrown out."""

    def __init__(self, clients: Collection[int], seats: int, began: int | None = None) -> None:
        self.clients = len(clients)
        self.lost = 0  # seats and places, by the server's doing
        self.took: dict[str, float] = {}  # s, of what was reached
        self._began = began
        self._seats = seats  # that were taken before
        self._taken: set[int] = set()  # again, by these
        self._unanswered = set(clients)

    def note(self, event: Event, *, was_inside: bool) -> None:
        """Something happened to a client, which had a seat or a place before that, or had not."""
        number = event.number
        is_loss = was_inside and event.what in (What.REFUSED, What.SILENT)
        self.lost += is_loss
        if self._began is None:
            if not is_loss:
                return
            self._began = event.at
        match event.what:
            case What.SEATED:
                self._taken.add(number)
                self._unanswered.discard(number)
            case What.QUEUED:
                self._unanswered.discard(number)
            case What.REFUSED if not was_inside:
                self._unanswered.discard(number)
            case What.REFUSED | What.SILENT | What.FAILED:  # as long as the server is away
                self._taken.discard(number)
                self._unanswered.add(number)
        took = (event.at - self._began) / MICROSECONDS
        if len(self._taken) >= self._seats:
            self.took.setdefault("seats_taken", took)
        if not self._unanswered:
            self.took.setdefault("all_answered", took)
