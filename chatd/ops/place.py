"""Where the control socket is, whether somebody listens there, and making it so that nobody else can open it.

The usual place is a directory of the user's own, with a name for each port, so that `chatctl` finds the server without
being told.
"""

import errno
import os
import re
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

SHARED = Path("/tmp")  # open to all, so what is found in it is not trusted unseen
BACKLOG = 16  # who knocks is let in, or told why not, in the next tick
_NAME = re.compile(r"chatd-(\d{1,5})\.sock")
_PATH_BYTES = 107  # sun_path of unix(7), with its end


class PlaceError(Exception):
    """The socket cannot be there. The message says why, and what to do."""


def usual_path(port: int) -> Path:
    """Where the server on that port has its control socket. Raises PlaceError."""
    return usual_directory() / f"chatd-{port}.sock"


def usual_directory() -> Path:
    """The user's directory for such things (XDG Base Directory Specification). Where the system gives none, it is one
    in /tmp, in which anybody might have put it: PlaceError if it is not private."""
    if runtime := os.environ.get("XDG_RUNTIME_DIR"):
        return Path(runtime)
    own = _own_directory()
    if own.is_symlink() or own.exists():
        _check_private(own)
    return own


def live_ports() -> list[int]:
    """The ports of those servers that listen in the usual place. Raises PlaceError."""
    found = ((_NAME.fullmatch(path.name), path) for path in usual_directory().glob("chatd-*.sock"))
    return sorted(int(name[1]) for name, path in found if name and is_live(path))


def is_live(path: Path) -> bool:
    """Whether somebody listens there."""
    with socket.socket(socket.AF_UNIX) as probe:
        probe.setblocking(False)
        try:
            probe.connect(os.fspath(path))
        except OSError as error:
            return error.errno not in (errno.ECONNREFUSED, errno.ENOENT)  # it may be busy, or another user's
    return True


@contextmanager
def listening(path: Path) -> Iterator[socket.socket]:
    """A socket that listens there, for this user alone; both are gone at the end. Raises PlaceError."""
    if len(os.fsencode(path)) > _PATH_BYTES:
        raise PlaceError(f"{path} is longer than the {_PATH_BYTES} bytes that a socket's path may have")
    if path.parent == _own_directory():
        path.parent.mkdir(mode=0o700, exist_ok=True)
        _check_private(path.parent)
    with socket.socket(socket.AF_UNIX) as listener:
        try:
            _bind(listener, path)
            listener.listen(BACKLOG)
        except OSError as error:
            raise PlaceError(f"cannot make the control socket {path}: {error.strerror}") from None
        listener.setblocking(False)
        made = path.lstat()
        try:
            yield listener
        finally:
            with suppress(OSError):
                if os.path.samestat(path.lstat(), made):
                    path.unlink()


def _bind(listener: socket.socket, path: Path) -> None:
    before = os.umask(0o177)  # so it is never open to others, not even for a moment
    try:
        try:
            listener.bind(os.fspath(path))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            _remove_stale(path)
            listener.bind(os.fspath(path))
    finally:
        os.umask(before)


def _remove_stale(path: Path) -> None:
    """Remove what a server has left that is gone. Raises PlaceError for anything else."""
    if not stat.S_ISSOCK(path.lstat().st_mode):
        raise PlaceError(f"{path} is there and is no socket; remove it, or choose another path with --control")
    if is_live(path):
        raise PlaceError(f"another server listens on the control socket {path}; choose another path with --control")
    path.unlink()


def _own_directory() -> Path:
    return SHARED / f"chatd-{os.geteuid()}"


def _check_private(directory: Path) -> None:
    found = directory.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise PlaceError(f"{directory} belongs to somebody else; have it removed, or set XDG_RUNTIME_DIR")
    if stat.S_IMODE(found.st_mode) & 0o077:
        raise PlaceError(f"{directory} is open to others; chmod 700 it, or set XDG_RUNTIME_DIR")
