"""The server's password: from a file or typed, never an argument, which everybody on the machine could read."""

from chatd.protocol.irc import TEXT_BYTES

from .safe import show

PASSWORD_BYTES = TEXT_BYTES - len("PASS :")


def read_password(path: str) -> str:
    """The first line of the file. Raises ValueError with a sentence that says what is wrong."""
    try:
        with open(path, "rb", buffering=0) as file:  # of a pipe, what follows the line is left to others
            line = file.readline(PASSWORD_BYTES + len("\r\n") + 1)
    except OSError as error:
        raise ValueError(f"{show(path, 80)} cannot be read: {error.strerror}") from None
    try:
        return check_password(line.removesuffix(b"\n").removesuffix(b"\r"))
    except ValueError as error:
        raise ValueError(f"{show(path, 80)}: {error} Its first line should be the password.") from None


def check_password(password: bytes) -> str:
    """The password as text. Raises ValueError with a sentence if it cannot be sent."""
    if not password:
        raise ValueError("The password is empty.")
    if len(password) > PASSWORD_BYTES:
        raise ValueError(f"The password is longer than the {PASSWORD_BYTES} bytes that IRC can carry.")
    if any(byte in password for byte in b"\0\r\n"):
        raise ValueError("The password holds NUL, CR or LF, which IRC cannot carry.")
    try:
        return password.decode()
    except UnicodeDecodeError:
        raise ValueError("The password is not UTF-8.") from None
