"""How a connection ends: what the server said about it, and what it means to us."""

from dataclasses import dataclass

from chatd.protocol.farewell import parse_farewell

from .exits import Exit
from .limits import Limits
from .safe import show

# Reasons that mean somebody took too long, whoever it was; before a seat they are time-outs rather than refusals.
_TIMEOUTS = frozenset({"QUEUE_TIMEOUT", "HANDSHAKE_TIMEOUT", "PING_TIMEOUT"})
_WRONG_PASSWORD = "WRONG_PASSWORD"
# Somebody decided that we are to be gone, or nobody is at the keyboard: coming back at once would defeat it.
_FINAL = frozenset({"BANNED", "KICKED", "IDLE_TIMEOUT", "IDLE_RELEASE"})


@dataclass(frozen=True, slots=True)
class Ending:
    """`reason` is the server's word for the limit (`SERVER_FULL`), empty if it gave none; `retry_after` its advice."""

    exit: Exit
    sentence: str
    reason: str = ""
    retry_after: float | None = None

    def __str__(self) -> str:
        reason = f" ({self.reason})" if self.reason else ""
        return f"{self.sentence}{reason}{f'; {self.advice}' if self.advice else ''}"

    @property
    def final(self) -> bool:
        """Whether coming back is left to the person."""
        return self.exit is Exit.PASSWORD or self.reason in _FINAL

    @property
    def advice(self) -> str:
        return "" if self.retry_after is None else f"the server advises to try again in {self.retry_after:.0f} s"


def ended_by_server(text: str, seated: bool, limits: Limits) -> Ending:
    """What an ERROR with this text means to one who had a seat, or had none."""
    found = parse_farewell(text)
    if found is None:
        sentence = show(text, limits.text_characters) or "The server closed the connection without a reason"
        wants_password = "password" in text.lower()  # ngIRCd says it in no other way
        return Ending(Exit.LOST if seated else Exit.PASSWORD if wants_password else Exit.REFUSED, sentence)
    if found.reason == _WRONG_PASSWORD:
        how = Exit.PASSWORD
    else:
        how = Exit.LOST if seated else Exit.TIMED_OUT if found.reason in _TIMEOUTS else Exit.REFUSED
    advice = None if found.retry_after is None else min(float(found.retry_after), limits.retry_advice)
    sentence = show(found.sentence, limits.text_characters)
    return Ending(how, sentence, show(found.reason, limits.name_characters), advice)
