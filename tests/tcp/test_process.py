"""chatd as a process: what it prints, how it ends, and what it does when it cannot start."""

import ctypes
import json
import os
import re
import resource
import signal
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from chatd_process import COMMAND, DEADLINE, chatd, read_to_end, read_until

from chatd.limits import Limits


def logged(err: str) -> list[dict[str, object]]:
    """What the server logged, which is all that it may write to stderr once it is ready."""
    return [json.loads(line) for line in err.splitlines()]


def run(*flags: str, before: Callable[[], None] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *flags], capture_output=True, text=True, timeout=DEADLINE, preexec_fn=before, check=False
    )


def test_ready_line_tells_address_and_limits() -> None:
    with chatd("--max-clients", "7", "--queue", "3", "--queue-timeout", "90") as server:
        assert server.ready == f"chatd is ready on 127.0.0.1:{server.port}: 7 seats, 3 places in line (at most 90 s)\n"
        server.irc("ann").close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_drains(number: int) -> None:
    with chatd() as server:
        ann = server.irc("ann")
        server.process.send_signal(number)
        assert b"; DRAINING" in read_to_end(ann)
        ann.close()
        code, out, err = server.end()
        assert code == 0
        assert [entry["event"] for entry in logged(err)] == ["arrived", "entered", "left"]
        assert "1 DRAINING; internal errors: 0" in out


def test_second_signal_ends_at_once() -> None:
    with chatd("--drain-time", "1000", "--linger", "1000") as server:
        ann = server.irc("ann")  # it does not hang up
        server.process.send_signal(signal.SIGTERM)
        read_to_end(ann)
        server.process.send_signal(signal.SIGTERM)
        code, _, err = server.end()
        assert code == 0
        assert logged(err)[-1]["cause"] == "DRAINING"


def test_port_taken() -> None:
    with chatd() as server:
        ended = run("--port", str(server.port))
    assert ended.returncode == 1
    assert ended.stderr == f"chatd: cannot listen on 127.0.0.1, port {server.port}: Address already in use\n"


PR_CAPBSET_DROP, CAP_NET_BIND_SERVICE = 24, 10  # linux/include/uapi/linux/prctl.h, capability.h


def give_up_low_ports() -> None:
    ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, CAP_NET_BIND_SERVICE, 0, 0, 0)  # for root; others may not take them anyway


def test_port_not_permitted() -> None:
    if int(Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text()) <= 80:
        pytest.skip("here everybody may take any port")
    ended = run("--port", "80", before=give_up_low_ports)
    assert ended.returncode == 1
    assert ended.stderr == "chatd: cannot listen on 127.0.0.1, port 80: Permission denied\n"


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        (["--max-clients", "many"], "argument --max-clients: 'many' is not a whole number of clients"),
        (["--max-clients", "-1"], "argument --max-clients: -1 is too small: at least 0 clients"),
        (["--queue-timeout", "0"], "argument --queue-timeout: 0 is too small: at least 0.001 s"),
        (["--port", "70000"], "argument --port: '70000' is not a port: a whole number from 0 to 65535"),
        (["--room", "lobby"], "argument --room: 'lobby' is not a room's name"),
        (["--motd", "/nonexistent"], "argument --motd: cannot read /nonexistent: No such file or directory"),
        (["--max-client", "5"], "unrecognized arguments: --max-client 5"),
    ],
)
def test_wrong_command_line(flags: list[str], sentence: str) -> None:
    ended = run(*flags)
    assert ended.returncode == 2
    assert f"chatd: error: {sentence}" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_help_and_version() -> None:
    shown = run("--help").stdout
    for word in ("--max-clients", "--queue ", "--queue-timeout", "exit codes", "nc localhost", "irssi"):
        assert word in shown
    assert re.fullmatch(r"chatd \d+\.\d+\.\d+\n", run("--version").stdout)


def test_motd(tmp_path: Path) -> None:
    (tmp_path / "motd").write_text("soup is ready\n")
    with chatd("--motd", str(tmp_path / "motd")) as server, server.connect() as sock:
        sock.sendall(b"NICK ann\r\nUSER ann 0 * :x\r\n")
        assert b" 372 ann :- soup is ready\r\n" in read_until(sock, b" 376 ")


def limit_files(soft: int, hard: int) -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_bounds_that_do_not_fit_the_file_limit() -> None:
    ended = run("--max-clients", "1000", "--queue", "50", before=lambda: limit_files(1024, 1024))
    assert ended.returncode == 1
    beside = Limits().files_beside_clients
    fits = 1024 - beside - 50
    assert f"--max-clients 1000 is too large: {fits} would fit" in ended.stderr
    assert "1,024 open files" in ended.stderr
    ended = run("--max-clients", "10", "--queue", "1000", before=lambda: limit_files(1024, 1024))
    assert f"--queue 1000 is too large: {1024 - beside - 10} would fit" in ended.stderr


def test_soft_file_limit_is_raised() -> None:
    with chatd(before=lambda: limit_files(256, 2048)) as server:
        limits = resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE)
        assert limits == (2048, 2048)


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_accept_without_a_file_left_neither_spins_nor_dies() -> None:
    with chatd("--accept-pause", "0.1") as server:
        ann = server.irc("ann")
        used = max(int(name) for name in os.listdir(f"/proc/{server.process.pid}/fd")) + 1
        before = resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (used, before[1]))
        late = server.connect()  # the kernel takes it; the server cannot
        late.sendall(b"NICK late\r\nUSER late 0 * :x\r\nJOIN #lobby\r\n")
        began = cpu_seconds(server.process.pid)
        for _ in range(5):  # half a second of trying
            server.logs_until("cannot accept: Too many open files")
        assert cpu_seconds(server.process.pid) - began < 0.2
        ann.sendall(b"PING there\r\n")
        read_until(ann, b"PONG")
        resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, before)
        read_until(late, b" 366 ")


TCP_REPAIR, TCP_REPAIR_ON = 19, 1  # linux/include/uapi/linux/tcp.h


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a connection vanish (TCP_REPAIR)")
@pytest.mark.parametrize("introduction", [b"NICK ann\r\nUSER ann 0 * :x\r\n", b"/nick ann\n"])
def test_a_peer_that_vanished_loses_its_seat(introduction: bytes) -> None:
    with chatd("--max-clients", "1", "--queue", "1", "--ping-interval", "1", "--ping-timeout", "1") as server:
        ann = server.connect()
        ann.sendall(introduction)
        read_until(ann, b"elcome")
        bob = server.connect()
        bob.sendall(b"NICK bob\r\nUSER bob 0 * :x\r\nJOIN #lobby\r\n")
        read_until(bob, b"in line")
        ann.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, TCP_REPAIR_ON)
        ann.close()  # sends nothing
        answered = b""
        while b" 366 " not in answered:
            received = bob.recv(65536)
            assert received, answered
            answered += received
            if b"PING" in received:
                bob.sendall(b"PONG x\r\n")


def test_output_that_nobody_reads() -> None:
    process = subprocess.Popen([*COMMAND, "--port", "0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()
    process.terminate()
    assert process.stderr is not None
    err = process.stderr.read()
    assert process.wait(DEADLINE) == 0
    assert "Traceback" not in err
    process.stderr.close()
