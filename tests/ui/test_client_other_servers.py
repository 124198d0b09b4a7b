"""chatclient with an IRC server that is not chatd and says nothing of seats."""

import getpass
import grp
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from client_programs import CLIENT, PATIENCE, RawTerminal

CONFIGURATION = """
[Global]
Name = irc.test
Info = test
Listen = 127.0.0.1
Ports = {port}
ServerUID = {user}
ServerGID = {group}
MotdPhrase = hi
{password}
PidFile = {folder}/pid
[Limits]
MaxConnectionsIP = 0
[Options]
DNS = no
Ident = no
PAM = no
"""
NGIRCD = shutil.which("ngircd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


@pytest.fixture
def password() -> str:
    """Of the server; for tests to set."""
    return ""


@pytest.fixture
def ngircd(tmp_path: Path, password: str) -> Iterator[str]:
    if NGIRCD is None:
        pytest.skip("ngircd is not installed")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    group = grp.getgrgid(os.getegid()).gr_name
    tmp_path.chmod(0o755)
    (tmp_path / "conf").write_text(
        CONFIGURATION.format(
            port=port,
            user=getpass.getuser(),
            group=group,
            folder=tmp_path,
            password=f"Password = {password}" if password else "",
        )
    )
    process = subprocess.Popen([NGIRCD, "-n", "-f", tmp_path / "conf"], stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except OSError:
                assert process.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.02)
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(PATIENCE)


def test_ngircd(ngircd: str) -> None:
    with RawTerminal([*CLIENT, ngircd, "--nick", "alice"]) as alice:
        alice.wait_for("alice came in")
        done = subprocess.run([*CLIENT, ngircd, "--nick", "alice"], input=b"hello\n", timeout=PATIENCE, check=False)
        assert done.returncode == 0
        alice.wait_for("alice_")
        alice.wait_for("hello")
        alice.type("/topic news\r")
        alice.wait_for("alice set the topic: news")
        assert b"seats" not in alice.raw
        alice.type("/quit\r")
        assert alice.wait_for_end() == 0
        assert alice.is_as_found()


@pytest.mark.parametrize("password", ["open sesame"])
def test_ngircd_with_a_password(ngircd: str, password: str) -> None:
    with RawTerminal([*CLIENT, ngircd, "--nick", "alice"]) as alice:
        alice.wait_for("wants a password")
        alice.type("wrong\r")
        alice.wait_for("takes another password")
        alice.type(f"{password}\r")
        alice.wait_for("alice came in")
        alice.type("/quit\r")
        assert alice.wait_for_end() == 0
        assert b"sesame" not in alice.raw
