"""Telnet's own bytes, taken out of what a telnet client sends and answered politely: no option is ever agreed to.

Sources: RFC 854 (commands), RFC 855 (options), RFC 1143 (answer only what asks for a change), RFC 860 (timing mark:
after Ctrl-C telnet throws away all output until this one is answered).
"""

IAC, DONT, DO, WONT, WILL, SB, IP, SE = 255, 254, 253, 252, 251, 250, 244, 240
_NEGOTIATION = frozenset({DONT, DO, WONT, WILL})
_REFUSAL = {DO: WONT, WILL: DONT}

_TEXT, _COMMAND, _OPTION, _SUB, _SUB_COMMAND = range(5)


class Telnet:
    """Filters one client's stream. `answer` collects what is to be sent back, `interrupts` counts Ctrl-C."""

    __slots__ = ("_asked", "_state", "answer", "interrupts")

    def __init__(self) -> None:
        self._state = _TEXT
        self._asked = 0
        self.answer = b""
        self.interrupts = 0

    def strip(self, data: bytes) -> bytes:
        """The text in `data`."""
        if self._state == _TEXT and IAC not in data:
            return data
        text = bytearray()
        for byte in data:
            if self._state == _TEXT:
                if byte == IAC:
                    self._state = _COMMAND
                else:
                    text.append(byte)
            elif self._state == _COMMAND:
                self._command(byte, text)
            elif self._state == _OPTION:
                if self._asked in _REFUSAL:
                    self.answer += bytes((IAC, _REFUSAL[self._asked], byte))
                self._state = _TEXT
            elif self._state == _SUB:
                if byte == IAC:
                    self._state = _SUB_COMMAND
            else:
                self._state = _TEXT if byte == SE else _SUB
        return bytes(text)

    def _command(self, byte: int, text: bytearray) -> None:
        self._state = _TEXT
        if byte == IAC:
            text.append(byte)  # doubled, it stands for itself
        elif byte in _NEGOTIATION:
            self._asked = byte
            self._state = _OPTION
        elif byte == SB:
            self._state = _SUB
        elif byte == IP:
            self.interrupts += 1
