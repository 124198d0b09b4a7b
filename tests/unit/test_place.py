"""Where the control socket is: in the usual place, the user's alone, and never in place of something else."""

import os
import socket
import stat
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from chatd.ops import place
from chatd.ops.asking import Connection, NoServerError
from chatd.ops.place import PlaceError, is_live, listening, live_ports, usual_path


@pytest.fixture
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory that the system gives."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return tmp_path


@pytest.fixture
def shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No such directory, and this one in place of /tmp."""
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.setattr(place, "SHARED", tmp_path)
    return tmp_path


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_usual_place_is_the_users_runtime_directory(runtime: Path) -> None:
    assert usual_path(6667) == runtime / "chatd-6667.sock"


def test_without_one_it_is_a_directory_of_the_users_own(shared: Path) -> None:
    path = usual_path(6667)
    assert path == shared / f"chatd-{os.geteuid()}" / "chatd-6667.sock"
    assert not path.parent.exists()  # whoever only looks makes nothing
    before = os.umask(0)
    try:
        with listening(path):
            assert (mode_of(path.parent), mode_of(path)) == (0o700, 0o600)
    finally:
        os.umask(before)
    with listening(usual_path(6668)):
        assert live_ports() == [6668]


def test_a_directory_that_others_may_open_is_refused(shared: Path) -> None:
    own = usual_path(1).parent
    own.mkdir()
    own.chmod(0o750)
    for refused in (lambda: usual_path(1), live_ports):
        with pytest.raises(PlaceError, match=r"is open to others; chmod 700 it, or set XDG_RUNTIME_DIR"):
            refused()
    with pytest.raises(PlaceError, match="is open to others"), listening(own / "chatd-1.sock"):
        pass


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a directory away")
def test_somebody_elses_directory_is_refused(shared: Path) -> None:
    own = usual_path(1).parent
    own.mkdir(mode=0o700)
    os.chown(own, 12345, 12345)
    with pytest.raises(PlaceError, match="belongs to somebody else"):
        usual_path(1)


def test_a_link_or_a_file_in_its_place_is_refused(shared: Path) -> None:
    own = usual_path(1).parent
    own.symlink_to(shared / "nowhere")
    with pytest.raises(PlaceError, match="belongs to somebody else"):
        usual_path(1)
    own.unlink()
    own.write_text("")
    with pytest.raises(PlaceError, match="belongs to somebody else"):
        usual_path(1)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_somebody_else_is_told_that_it_is_not_his_to_open() -> None:
    with TemporaryDirectory() as directory:
        os.chmod(directory, 0o755)
        path = Path(directory, "control.sock")
        with listening(path):
            os.seteuid(12345)
            try:
                with pytest.raises(NoServerError) as refused:
                    Connection(path, 1)
            finally:
                os.seteuid(0)
    assert str(refused.value) == f"{path} is not yours to open; become the user that runs chatd"


def test_live_ports_are_those_on_which_somebody_listens(runtime: Path) -> None:
    (runtime / "chatd-5.sock").write_text("no socket")
    (runtime / "chatd-x.sock").touch()
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(usual_path(7)))
    with listening(usual_path(6670)), listening(usual_path(6669)):
        assert live_ports() == [6669, 6670]
    assert live_ports() == []


def test_one_that_is_too_busy_to_answer_is_live(runtime: Path) -> None:
    with socket.socket(socket.AF_UNIX) as busy, socket.socket(socket.AF_UNIX) as waiting:
        busy.bind(str(usual_path(7)))
        busy.listen(0)
        waiting.connect(str(usual_path(7)))
        assert is_live(usual_path(7))


def test_what_a_dead_server_left_is_replaced(runtime: Path) -> None:
    path = usual_path(7)
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
        dead.listen()
    with listening(path):
        assert is_live(path)
        assert mode_of(path) == 0o600
    assert not path.exists()


def test_a_live_one_is_left_alone(runtime: Path) -> None:
    path = usual_path(7)
    with listening(path):
        with pytest.raises(PlaceError, match="another server listens on the control socket"), listening(path):
            pass
        assert is_live(path)


def test_a_file_that_is_no_socket_is_left_alone(runtime: Path) -> None:
    path = usual_path(7)
    path.write_text("precious")
    with pytest.raises(PlaceError, match="is there and is no socket"), listening(path):
        pass
    assert path.read_text() == "precious"


def test_what_somebody_else_has_put_there_meanwhile_stays(runtime: Path) -> None:
    path = usual_path(7)
    with listening(path):
        path.unlink()
        path.write_text("precious")
    assert path.read_text() == "precious"


def test_a_socket_that_is_gone_already_is_no_matter(runtime: Path) -> None:
    with listening(usual_path(7)):
        usual_path(7).unlink()


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("/nowhere/at/all.sock", "cannot make the control socket /nowhere/at/all.sock: No such file or directory"),
        (f"/tmp/{'x' * 200}.sock", "is longer than the 107 bytes that a socket's path may have"),
    ],
)
def test_a_path_that_cannot_be_is_a_sentence(path: str, sentence: str) -> None:
    with pytest.raises(PlaceError) as refused, listening(Path(path)):
        pass
    assert sentence in str(refused.value)
