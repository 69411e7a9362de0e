"""One connection: what vendors' servers send, in the ways in which they send it."""

from __future__ import annotations

import pytest
import trio

from actors import outcomes
from actors.outcomes import Transient, Unknown
from adapters import http
from tests.adapters.telco.loopback import HALF, Script, hang_up, http_client, raw, serving
from tests.adapters.test_connections import connections


async def answer(script: Script) -> http.HttpReply | Transient | Unknown:
    """What becomes of a call that a server answers like this."""
    async with serving(script) as server, connections(1) as lent:
        return await http.call(lent, "GET", server.base_url, deadline_s=5)


WHOLE = {
    "with its length": b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
    "in chunks": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\nTrailer: yes\r\n\r\n"
    ),
    "to the end of the connection": b"HTTP/1.1 200 OK\r\n\r\nhello",
    "by an old server": b"HTTP/1.0 200 OK\r\n\r\nhello",
    "after a word in between": (
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n"
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
    ),
    "compressed though nobody asked": (
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 25\r\n\r\n"
        b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff\xcbH\xcd\xc9\xc9\x07\x00\x86\xa6\x106\x05\x00"
        b"\x00\x00"
    ),
}


@pytest.mark.parametrize("data", WHOLE.values(), ids=WHOLE)
async def test_an_answer_is_read_whole(data: bytes) -> None:
    reply = await answer(raw(data))
    assert isinstance(reply, http.HttpReply)
    assert (reply.status, reply.body) == (200, b"hello")


@pytest.mark.parametrize("status", [204, 304])
async def test_an_answer_without_a_body_ends_with_its_head(status: int) -> None:
    reply = await answer(raw(f"HTTP/1.1 {status} X\r\nX-Here: yes\r\n\r\n".encode()))
    assert isinstance(reply, http.HttpReply)
    assert (reply.status, reply.body, reply.headers["x-here"]) == (status, b"", "yes")


BROKEN = {
    "the end comes in the middle": HALF,
    "a chunk is cut": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhel",
    "it is not HTTP": b"SSH-2.0-OpenSSH_9.2\r\n",
    "its length is no number": b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n",
    "its head has no end": b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 20_000,
    "it speaks another protocol from here on": (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"
    ),
}


@pytest.mark.parametrize("data", BROKEN.values(), ids=BROKEN)
async def test_a_broken_answer_leaves_it_unknown_what_happened(data: bytes) -> None:
    assert isinstance(await answer(raw(data)), Unknown)


async def test_who_hangs_up_without_a_word_leaves_it_unknown() -> None:
    assert isinstance(await answer(hang_up), Unknown)


async def test_a_request_goes_out_in_one_piece_with_all_that_belongs_to_it() -> None:
    pieces: list[bytes] = []

    async def listen(stream: trio.SocketStream) -> None:
        pieces.append(bytes(await stream.receive_some()))
        await stream.send_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(trio.serve_tcp, listen, 0)
        port = listeners[0].socket.getsockname()[1]
        async with http_client() as transport:
            await http.call(
                transport,
                "POST",
                f"http://127.0.0.1:{port}/a",
                deadline_s=5,
                headers={"x-own": "1"},
                query={"d": "e f"},
                content=b"the body",
            )
        nursery.cancel_scope.cancel()
    [request] = pieces
    head, _, body = request.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    assert first == "POST /a?d=e+f HTTP/1.1"
    assert body == b"the body"
    headers = dict(line.lower().split(": ", 1) for line in lines)
    assert headers == {
        "host": f"127.0.0.1:{port}",
        "accept": "*/*",
        "user-agent": "routerbot",
        "x-own": "1",
        "content-length": "8",
    }


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("GET", {"x-own": "1\r\nx-other: 2"}),
        ("GET", {"x-own": "1\x00"}),
        ("GET", {"x own": "1"}),
        ("GET", {"x-own": "ñ€"}),
        ("GET /other HTTP/1.1\r\nx:", {}),
    ],
)
async def test_what_would_be_another_request_is_not_sent(
    method: str, headers: dict[str, str]
) -> None:
    """A value of a customer's may get into a header."""
    heard: list[bytes] = []

    async def listen(stream: trio.SocketStream) -> None:
        heard.append(bytes(await stream.receive_some()))

    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(trio.serve_tcp, listen, 0)
        port = listeners[0].socket.getsockname()[1]
        async with connections(1) as lent:
            url = f"http://127.0.0.1:{port}/"
            reply = await http.call(lent, method, url, deadline_s=5, headers=headers)
        assert isinstance(reply, Transient)
        assert reply.fault.code == outcomes.INVALID
        nursery.cancel_scope.cancel()
    assert heard in ([], [b""])


async def test_a_head_of_a_response_is_all_there_is_to_one_to_head() -> None:
    data = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"
    async with serving(raw(data)) as server, connections(1) as lent:
        reply = await http.call(lent, "HEAD", server.base_url, deadline_s=5)
    assert isinstance(reply, http.HttpReply)
    assert (reply.status, reply.body, reply.headers["content-length"]) == (200, b"", "5")
