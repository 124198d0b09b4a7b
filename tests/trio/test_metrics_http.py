"""The HTTP server of the metrics: who asks is answered, who is hostile meets a bound, and the others notice nothing."""

import errno
import socket

import pytest
import trio
import trio.testing
from hypothesis import given, settings
from hypothesis import strategies as st
from metrics_site import CONNECTIONS, serving
from support import HOST, UNDER_WAY

from chatd.limits import Limits
from chatd.ops.http import HEAD_BYTES, REFUSALS, listen

Clock = trio.testing.MockClock

GET = b"GET /small HTTP/1.1\r\nHost: here\r\n\r\n"


# Who asks is answered.


async def test_get_is_answered() -> None:
    async with serving() as site:
        heard = await (await site.connect()).asks("/small")
        assert (heard.status, heard.body) == (200, "here you are\n")
        assert heard.headers["content-type"] == "text/plain; charset=utf-8"
        assert heard.headers["content-length"] == str(len(heard.body))
        assert heard.headers["date"].endswith("GMT")


async def test_head_is_answered_without_the_body() -> None:
    async with serving() as site:
        reader = await site.connect()
        await reader.sends(b"HEAD /small HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n")
        head, _, body = (await reader.rest()).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 OK\r\n")
        assert b"\r\ncontent-length: 13\r\n" in head.lower()
        assert body == b""


async def test_a_connection_is_kept_for_the_next_request() -> None:
    async with serving() as site:
        reader = await site.connect()
        for method in ("GET", "HEAD", "GET"):
            assert (await reader.asks(method=method)).status == 200
        assert site.served == 1


async def test_pipelined_requests_are_answered_in_order() -> None:
    async with serving() as site:
        reader = await site.connect()
        await reader.sends(GET * 3 + GET.replace(b"/small", b"/none"))
        heard = await reader.rest()
        assert [line for line in heard.split(b"\r\n") if b"HTTP/1.1" in line] == [
            b"HTTP/1.1 200 OK", *[b"here you are\nHTTP/1.1 200 OK"] * 2, b"here you are\nHTTP/1.1 404 Not Found",
        ]  # fmt: skip


@pytest.mark.parametrize("request_", [b"GET /small HTTP/1.0\r\n\r\n", GET[:-2] + b"Connection: close\r\n\r\n"])
async def test_who_wants_no_more_is_answered_and_closed(request_: bytes) -> None:
    async with serving() as site:
        reader = await site.connect()
        await reader.sends(request_)
        assert (await reader.rest()).endswith(b"\r\n\r\nhere you are\n")


async def test_a_query_is_no_part_of_the_path() -> None:
    async with serving() as site:
        assert (await (await site.connect()).asks("/small?name=value")).status == 200


@pytest.mark.parametrize("target", ["/", "/smal", "/small/", "//small", "/%73mall", "*", "http://here/small"])
async def test_what_there_is_not_is_answered_with_what_there_is(target: str) -> None:
    async with serving() as site:
        reader = await site.connect()
        heard = await reader.asks(target)
        assert heard.status == 404
        assert heard.body == "There is nothing here; look at /small or /large or /broken or /unspeakable.\n"
        assert heard.headers["connection"] == "close"
        assert await reader.rest() == b""


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "BREW", "get"])
async def test_other_methods_are_answered_with_those_there_are(method: str) -> None:
    async with serving() as site:
        heard = await (await site.connect()).asks(method=method)
        assert (heard.status, heard.body) == (405, "This is to be read, with GET or HEAD.\n")
        assert heard.headers["allow"] == "GET, HEAD"


async def test_a_body_that_nobody_wants_does_not_destroy_the_answer() -> None:
    async with serving() as site:
        reader = await site.connect()
        body = b"x" * 200_000
        await reader.sends(b"POST /small HTTP/1.1\r\nHost: here\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        heard = await reader.hears()
        assert (heard.status, heard.headers["connection"]) == (405, "close")


async def test_after_a_body_that_was_not_read_comes_no_other_request() -> None:
    async with serving() as site:
        reader = await site.connect()
        await reader.sends(GET[:-2] + b"Content-Length: 5\r\n\r\n")
        heard = await reader.hears()
        assert (heard.status, heard.headers["connection"]) == (200, "close")
        await reader.sends(b"hello" + GET)
        assert await reader.rest() == b""


async def test_a_mistake_after_head_is_answered_in_full() -> None:
    async with serving() as site:
        reader = await site.connect()
        await reader.asks(method="HEAD")
        await reader.sends(b"hello\n\n")
        assert (await reader.rest()).endswith(b"\r\n\r\nThis is no HTTP request, or a wrong one.\n")


async def test_half_a_connection_is_enough_for_an_answer() -> None:
    async with serving() as site:
        reader = await site.connect()
        await reader.sends(GET)
        await reader.stream.send_eof()
        assert (await reader.rest()).endswith(b"here you are\n")


# Who is one too many.


async def test_who_leaves_makes_room() -> None:
    async with serving(metrics_connections=1) as site:
        first = await site.connect()
        await first.asks()
        await first.stream.send_eof()
        assert await first.rest() == b""
        await first.stream.aclose()
        await site.until_all_have_left()
        assert site.usage.peak(CONNECTIONS) == 1
        assert (await (await site.connect()).asks()).status == 200


async def test_a_raised_bound_is_felt_by_the_next() -> None:
    async with serving(metrics_connections=1) as site:
        await (await site.connect()).asks()
        site.limits.metrics_connections = 2
        assert (await (await site.connect()).asks()).status == 200


async def test_a_silent_crowd_is_bounded_and_keeps_no_reason_from_who_asks(autojump_clock: Clock) -> None:
    async with serving(metrics_connections=1) as site:
        await (await site.connect()).asks()
        crowd = [await site.connect() for _ in range(REFUSALS + 3)]
        assert (await (await site.connect()).asks()).status == 503
        for cut in crowd[:4]:  # those that came first, silently
            assert await cut.rest() == b""
        assert trio.current_time() < 1
        assert (await crowd[-1].asks()).status == 503
        assert site.served == 1


async def test_who_was_refused_and_has_left_counts_no_more() -> None:
    async with serving(metrics_connections=1) as site:
        await (await site.connect()).asks()
        slow = await site.connect()
        for _ in range(REFUSALS + 3):
            quick = await site.connect()
            await quick.asks()
            await quick.stream.aclose()
            await trio.testing.wait_all_tasks_blocked(0.001)
        assert (await slow.asks()).status == 503


# Who is slow.


async def test_a_request_that_never_ends_is_closed_with_a_reason(autojump_clock: Clock) -> None:
    async with serving(metrics_timeout=5) as site:
        reader = await site.connect()
        with trio.move_on_after(4.8):
            for byte in GET * 100:
                await reader.sends(bytes([byte]) if byte != ord("\n") else b"x")
                await trio.sleep(0.5)
        heard = await reader.hears()
        assert (heard.status, heard.body) == (408, "The request was not complete within 5 s (metrics-timeout).\n")
        assert await reader.rest() == b""
        assert trio.current_time() == pytest.approx(5, abs=0.3)
        assert site.usage.hits["metrics_timeout"] == 1


@pytest.mark.parametrize("requests", [0, 2])
async def test_an_idle_connection_is_closed_and_is_no_hit(requests: int, autojump_clock: Clock) -> None:
    async with serving(metrics_timeout=5) as site:
        reader = await site.connect()
        for _ in range(requests):
            await trio.sleep(4)
            await reader.asks()
        began = trio.current_time()
        assert await reader.rest() == b""
        assert trio.current_time() - began == pytest.approx(5, abs=0.1)
        await reader.stream.aclose()
        await site.until_all_have_left()
        assert site.usage.hits == {}


async def test_who_does_not_hang_up_is_cut(autojump_clock: Clock) -> None:
    async with serving(linger=3) as site:
        reader = await site.connect()
        await reader.asks("/none")
        await trio.sleep(2.9)
        assert site.served == 1
        await trio.sleep(0.2)
        assert (site.served, site.usage.hits) == (0, {"linger": 1})


# Who is hostile.

WRONG = {
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "IRC": b"NICK ann\r\nUSER ann 0 * :Ann\r\n\r\n",
    "a word": b"hello\n\n",
    "HTTP/0.9": b"GET /small\r\n\r\n",
    "no host": b"GET /small HTTP/1.1\r\n\r\n",
    "NUL": GET.replace(b"here", b"he\0re"),
    "smuggled": GET[:-2] + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
    "bad chunk": GET[:-2] + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    "ends early": GET[:-2],
}


@pytest.mark.parametrize("sent", WRONG.values(), ids=WRONG)
async def test_what_is_no_request_is_answered_so(sent: bytes) -> None:
    async with serving() as site:
        reader = await site.connect()
        await reader.sends(sent)
        if sent == WRONG["ends early"]:
            await reader.stream.send_eof()
        heard = await reader.hears()
        assert (heard.status, heard.body) == (400, "This is no HTTP request, or a wrong one.\n")
        assert await reader.rest() == b""
        assert (await (await site.connect()).asks()).status == 200


@pytest.mark.parametrize("endless", [b"x", b"Cookie: x\r\n"], ids=["line", "number of lines"])
@pytest.mark.parametrize("begins", [b"GET /", GET[:-2] + b"Cookie: "], ids=["first line", "headers"])
async def test_a_head_without_end_is_not_kept(begins: bytes, endless: bytes) -> None:
    async with serving() as site:
        reader = await site.connect()
        await reader.sends(begins + endless * (2 * HEAD_BYTES // len(endless)))
        heard = await reader.hears()
        assert (heard.status, heard.body) == (431, "The first line and the headers have more than 16384 bytes.\n")
        assert heard.headers["connection"] == "close"


async def test_who_resets_the_connection_harms_nobody() -> None:
    async with serving(metrics_connections=2) as site:
        for sent in (b"", b"GET /sm", GET, GET * 100, GET.replace(b"small", b"large")):
            reader = await site.connect()
            await reader.sends(sent)
            reader.stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            await reader.stream.aclose()
            await trio.testing.wait_all_tasks_blocked(UNDER_WAY)
        assert (await (await site.connect()).asks()).status == 200
        assert (site.served, site.faults) == (1, [])


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(st.binary(max_size=300) | st.sampled_from([GET, *WRONG.values(), b"\r\n"]), max_size=6))
def test_whatever_is_sent_the_connection_ends_and_the_server_does_not(pieces: list[bytes]) -> None:
    async def send_and_ask() -> None:
        async with serving(metrics_connections=1) as site:
            reader = await site.connect()
            for piece in pieces:
                await reader.sends(piece)
            await reader.stream.send_eof()
            await reader.rest()
            await reader.stream.aclose()
            await site.until_all_have_left()
            assert site.faults == []
            assert (await (await site.connect()).asks()).status == 200

    trio.run(send_and_ask)


# What is the server's own fault, or the machine's.


async def test_an_error_of_ours_ends_one_connection_and_is_counted() -> None:
    async with serving() as site:
        healthy, reader = await site.connect(), await site.connect()
        await healthy.asks()
        heard = await reader.asks("/broken")
        assert (heard.status, heard.body) == (500, "The server has made an error, which is logged.\n")
        assert await reader.rest() == b""
        assert site.faults == ["a request for the metrics"]
        assert (await healthy.asks()).status == 200


async def test_an_answer_that_cannot_be_sent_ends_one_connection_and_is_counted() -> None:
    async with serving() as site:
        reader = await site.connect()
        await reader.sends(GET.replace(b"small", b"unspeakable"))
        assert await reader.rest() == b""
        assert site.faults == ["a connection to the metrics"]
        assert (await (await site.connect()).asks()).status == 200


async def test_without_a_file_left_accepting_pauses(autojump_clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    accept = trio.SocketListener.accept
    errors = [OSError(errno.EMFILE, "Too many open files")] * 2

    async def accepts(self: trio.SocketListener) -> trio.SocketStream:
        if errors:
            raise errors.pop()
        return await accept(self)

    monkeypatch.setattr(trio.SocketListener, "accept", accepts)
    async with serving(accept_pause=0.5) as site:
        assert (await (await site.connect()).asks()).status == 200
        assert trio.current_time() == pytest.approx(1, abs=0.1)
        assert site.usage.hits == {"accept_pause": 2}


def test_a_port_that_is_taken_is_an_error_that_can_be_shown() -> None:
    with socket.create_server((HOST, 0)) as taken, pytest.raises(OSError, match="in use"):
        listen(taken.getsockname(), Limits())
    with pytest.raises(socket.gaierror):
        listen(("no host", 1), Limits())


def test_all_addresses_of_a_host_get_the_same_port(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, 0)) for host in (HOST, "127.0.0.2")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    one, other = listen(("somewhere", 0), Limits())
    with one, other:
        assert (one.getsockname()[0], other.getsockname()[0]) == (HOST, "127.0.0.2")
        assert one.getsockname()[1] == other.getsockname()[1] != 0
