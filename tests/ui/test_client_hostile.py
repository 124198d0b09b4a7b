"""Eleven kinds of attack down every path by which a server's text reaches the screen, read back as raw bytes."""

import select
import signal
import subprocess

import pytest
from client_programs import CLIENT, PATIENCE, RawTerminal, one_sided

# What is sent, and what must never reach the terminal as it is.
ATTACKS = {
    "title": ("\x1b]0;PWNED\x07", "\x1b]0;PWNED"),
    "clipboard": ("\x1b]52;c;cHduZWQ=\x07", "\x1b]52"),
    "C1 CSI": ("\x9b2J", "\x9b"),
    "hidden": ("\x01\x1b]0;PWNED\x07\x02tail", "\x01"),
    "bell": ("\x07", "\x07"),
    "carriage return": ("safe\rfake", "safe\rfake"),
    "right to left": ("\u202egnp", "\u202e"),
    "zero width": ("a\u200bb", "\u200b"),
    "colour": ("\x1b[31mred", "\x1b[31mred"),
    "tags": ("\U000e0041\U000e0042", "\U000e0041"),
    "backspace": ("a\x08b", "a\x08b"),
}
TEXT = "".join(sent for sent, _ in ATTACKS.values())
WORD = TEXT.replace(" ", "")

# Every way in. {n} is a mark to find it by; {t} the attack, {w} the attack as one word.
PATHS = [
    ":bob!b@h PRIVMSG #lobby :{n} {t}",
    ":bob!b@h PRIVMSG #lobby :\x01ACTION {n} {t}\x01",
    ":bob!b@h NOTICE #lobby :{n} {t}",
    ":{n}{w}!b@h PRIVMSG #lobby :hi",
    ":bob!b@h PRIVMSG alice :\x01{n}{w}\x01",
    "@time={w};x={w} :bob!b@h PRIVMSG #lobby :{n}",
    ":{n}{w}!b@h JOIN #lobby",
    ":{n}{w}!b@h PART #lobby :{t}",
    ":bob!b@h PART #lobby :{n} {t}",
    ":bob!b@h TOPIC #lobby :{n} {t}",
    ":s 332 alice #lobby :{n} {t}",
    ":bob!b@h KICK #lobby {n}{w} :{t}",
    ":bob!b@h MODE #lobby +o {n}{w}",
    ":s 353 alice = #lobby :alice bob {n}{w}",
    ":s 366 alice #lobby :end",
    ":bob!b@h QUIT :{n} {t}",
    ":p13{w}!b@h NICK {n}{w}",
    ":s 404 alice #lobby :{n} {t}",
    ":s 401 alice {n}{w} :{t}",
    ":s 999 alice {n} {w} :{t}",
    ":s 433 alice {n}{w} :{t}",
    ":s 005 alice {n}{w}={w} CHATD.MAXCLIENTS={w} PREFIX=(o){w} :{t}",
    ":s FAIL PRIVMSG {w} #lobby :{n} {t}",
    ":s FAIL {w} {w} {w} :{n} {t}",
    ":s WARN * {w} :{n} {t}",
    ":s NOTE * {w} :{n} {t}",
    ":s NOTE * OCCUPANCY 3 4 5 :{t}",
    ":s NOTICE alice :{n} {t}",
    ":bob!b@h PRIVMSG alice :{n} {t}",
    ":{n}{w}!b@h PRIVMSG alice :{t}",
    ":alice!a@h JOIN #{n}{w}",
    ":alice!a@h NICK alice{n}{w}",
]
SILENT = {14, 21, 26}  # what is not shown at all


def lines() -> bytes:
    written = [path.format(n=f"p{number:02d}", t=TEXT, w=WORD) for number, path in enumerate(PATHS)]
    return "".join(f"{line}\r\n" for line in written).encode()


def check(raw: bytes) -> None:
    for kind, (_, core) in ATTACKS.items():
        assert core.encode() not in raw, kind


def test_on_the_screen() -> None:
    with one_sided(lines()) as address, RawTerminal([*CLIENT, address, "--nick", "alice"], 200, 300) as terminal:
        terminal.wait_for("3/4 seats")
        for keys, word in (("/msg \t", "JJJJ"), ("\x15p\t", "KKKK"), ("\x15#\t", "VVVV")):  # names are completed
            terminal.type(keys)
            terminal.type(f"\x15/{word}\r\x15")
            terminal.wait_for(word)
        for number in range(1, 7):  # every page
            terminal.type(f"\x1b{number}/{'ABCDEFG'[number] * 4}\r\x15\x0c")  # Ctrl-L paints all of it
            terminal.wait_for("ABCDEFG"[number] * 4)
        terminal.type("\x15/help\r/WWWW\r")
        terminal.wait_for("WWWW")
        terminal.type("\x03")
        assert terminal.wait_for_end() == 0
        check(terminal.raw)
        for number in set(range(len(PATHS))) - SILENT:
            assert f"p{number:02d}".encode() in terminal.raw, PATHS[number]


@pytest.mark.parametrize(
    ("last", "shown"),
    [
        (":s NOTE * QUEUED 1 2 3 :{t}", "1st of 2 in line"),
        ("ERROR :Closing Link: h ({t}; SERVER_FULL, retry in 37 s)", "SERVER_FULL"),
        ("ERROR :{t}", "is gone"),
        ("ERROR :x; {w}", "is gone"),
    ],
)
def test_on_the_panels(last: str, shown: str) -> None:
    said = f"{last.format(t=TEXT, w=WORD)}\r\n".encode()
    with one_sided(said) as address, RawTerminal([*CLIENT, address, "--nick", "alice"]) as terminal:
        terminal.wait_for(shown)
        terminal.type("\x03")
        assert terminal.wait_for_end() == 0
        check(terminal.raw)


@pytest.mark.parametrize("option", [[], ["--json"]])
def test_in_a_pipe(option: list[str]) -> None:
    said = lines() + f"ERROR :{TEXT}\r\n".encode()
    with one_sided(said) as address:
        command = [*CLIENT, address, "--nick", "alice", *option]
        done = subprocess.run(command, input=b"hello\n", capture_output=True, timeout=20, check=False)
    assert done.returncode == 6
    assert b"p00" in done.stdout
    check(done.stdout)
    check(done.stderr)


def test_complaints_that_nobody_reads() -> None:
    said = b":s FAIL * X :" + b"complaint " * 50 + b"\r\n"
    with one_sided(said * 2000, b":bob!b@h PRIVMSG #lobby :after\r\n") as address:
        command, end = [*CLIENT, address, "--nick", "alice"], subprocess.PIPE
        with subprocess.Popen(command, stdin=end, stdout=end, stderr=end) as process:
            assert process.stdout is not None
            try:
                ready, _, _ = select.select([process.stdout], [], [], PATIENCE)
                assert ready
                assert process.stdout.readline() == b"<bob> after\n"
                process.terminate()
                assert process.wait(PATIENCE) == 128 + signal.SIGTERM
            finally:
                process.kill()


def test_of_the_command_line() -> None:
    done = subprocess.run([*CLIENT, f"h:{TEXT.replace(chr(0), '')}"], capture_output=True, timeout=20, check=False)
    assert done.returncode == 2
    check(done.stderr)
