"""The server's password: where it comes from, and that it goes out whole and first."""

import os
from pathlib import Path

import pytest

from chatclient import cli
from chatclient.exits import Exit
from chatclient.limits import Limits
from chatclient.password import PASSWORD_BYTES, check_password, read_password
from chatclient.session import Session
from chatd.protocol.irc import LINE_BYTES, parse


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "password"


@pytest.mark.parametrize(
    ("written", "password"),
    [
        (b"secret", "secret"),
        (b"secret\nand notes\0 of any kind\xff\n", "secret"),
        (b"secret\r\n", "secret"),
        (b":two  words \n", ":two  words "),
        ("Schlüssel\n".encode(), "Schlüssel"),
        (b"x" * PASSWORD_BYTES + b"\r\n", "x" * PASSWORD_BYTES),
    ],
)
def test_the_first_line_of_the_file_is_the_password(written: bytes, password: str, path: Path) -> None:
    path.write_bytes(written)
    assert read_password(str(path)) == password


@pytest.mark.parametrize(
    ("written", "why"),
    [
        (b"", "is empty"),
        (b"\nsecret\n", "is empty"),
        (b"\r\n", "is empty"),
        (b"\xff\xfe\n", "is not UTF-8"),
        (b"x" * (PASSWORD_BYTES + 1) + b"\n", f"is longer than the {PASSWORD_BYTES} bytes"),
        (b"x" * 10**6, f"is longer than the {PASSWORD_BYTES} bytes"),
        (b"a\0b\n", "holds NUL, CR or LF"),
        (b"a\rb\n", "holds NUL, CR or LF"),
    ],
)
def test_a_file_without_a_usable_password_is_explained(written: bytes, why: str, path: Path) -> None:
    path.write_bytes(written)
    with pytest.raises(ValueError, match=f"/password: The password {why}.* Its first line should be the password"):
        read_password(str(path))


def test_a_file_that_cannot_be_read_is_a_wrong_command_line(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, why in ((path, "No such file or directory"), (path.parent, "Is a directory")):
        with pytest.raises(SystemExit) as ended:
            cli.parse(["h:1", "--password-file", str(name)])
        assert ended.value.code == Exit.USAGE
        assert f"{name} cannot be read: {why}" in capsys.readouterr().err


def test_of_a_pipe_no_more_than_the_line_is_read() -> None:
    reading, writing = os.pipe()
    os.write(writing, b"secret\nthe first message\n")
    assert read_password(f"/dev/fd/{reading}") == "secret"
    assert os.read(reading, 100) == b"the first message\n"
    os.close(reading)
    os.close(writing)


def test_settings_do_not_show_the_password(path: Path) -> None:
    path.write_text("secret\n")
    settings = cli.parse(["h:1", "--password-file", str(path)])
    assert settings.password == "secret"
    assert "secret" not in repr(settings)
    assert cli.parse(["h:1"]).password == ""


def test_nothing_but_a_file_is_offered(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.parse(["h:1", "--password", "secret"])
    assert "--password-file: secret cannot be read" in capsys.readouterr().err


@pytest.mark.parametrize("password", ["secret", ":secret", "two  words ", " ", ":", "é" * (PASSWORD_BYTES // 2)])
def test_the_password_is_sent_before_all_else_and_whole(password: str) -> None:
    one = Session("alice", {}, Limits(), lambda: 0.5, check_password(password.encode()))
    one.begin()
    first, second, *_ = one.take_answers()
    assert len(first) <= LINE_BYTES
    assert parse(first.decode().removesuffix("\r\n")).params == [password]
    assert first.startswith(b"PASS :")
    assert second.startswith(b"CAP")
    assert one.has_password
