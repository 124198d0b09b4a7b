"""Telnet's own bytes, taken out of what a telnet client sends and answered politely: no option is ever agreed to.

Sources: RFC 854 (commands), RFC 855 (options), RFC 1143 (answer only what asks for a change), RFC 860 (timing mark:
after Ctrl-C telnet throws away all output until this one is answered).
"""

IAC, DONT, DO, WONT, WILL, SB, IP, SE = 255, 254, 253, 252, 251, 250, 244, 240
_NEGOTIATION = frozenset({DONT, DO, WONT, WILL})
_REFUSAL = {DO: WONT, WILL: DONT}

_TEXT, _COMMAND, _OPTION, _SUB, _SUB_COMMAND = range(5)


class Telnet:
    """Filters one client's stream. `answer` collects what is to be sent back."""

    __slots__ = ("_asked", "_state", "answer")

    def __init__(self) -> None:
        self._state = _TEXT
        self._asked = 0
        self.answer = b""

    def strip(self, data: bytes) -> list[bytes]:
        """The text in `data`, in pieces: between each two of them there was a Ctrl-C."""
        if self._state == _TEXT and IAC not in data:
            return [data]
        pieces = [b""]
        text = bytearray()
        at, end = 0, len(data)
        while at < end:
            if self._state in (_TEXT, _SUB):  # up to the next command, at once
                command = data.find(IAC, at)
                stop = end if command < 0 else command
                if self._state == _TEXT:
                    text += data[at:stop]
                if command >= 0:
                    self._state = _COMMAND if self._state == _TEXT else _SUB_COMMAND
                at = stop + 1
                continue
            byte = data[at]
            at += 1
            if self._state == _COMMAND:
                if byte == IP:
                    pieces[-1] = bytes(text)
                    pieces.append(b"")
                    text.clear()
                self._command(byte, text)
            elif self._state == _OPTION:
                if self._asked in _REFUSAL:
                    self.answer += bytes((IAC, _REFUSAL[self._asked], byte))
                self._state = _TEXT
            else:
                self._state = _TEXT if byte == SE else _SUB
        pieces[-1] = bytes(text)
        return pieces

    def _command(self, byte: int, text: bytearray) -> None:
        self._state = _TEXT
        if byte == IAC:
            text.append(byte)  # doubled, it stands for itself
        elif byte in _NEGOTIATION:
            self._asked = byte
            self._state = _OPTION
        elif byte == SB:
            self._state = _SUB
