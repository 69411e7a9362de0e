"""What goes over the wire for what an ASGI app says, on real sockets."""

from __future__ import annotations

import re
from collections.abc import Iterator, MutableMapping
from typing import Any

import pytest
import structlog
import trio
from starlette.types import Message, Receive, Scope, Send

from tests.daemon.talk import Served, answer, get, is_closed, post, serving

Logged = list[MutableMapping[str, Any]]


@pytest.fixture
def log() -> Iterator[Logged]:
    with structlog.testing.capture_logs() as captured:
        yield captured


def start(*headers: tuple[bytes, bytes], status: int = 200) -> Message:
    return {"type": "http.response.start", "status": status, "headers": list(headers)}


def body(data: bytes = b"", *, more: bool = False) -> Message:
    return {"type": "http.response.body", "body": data, "more_body": more}


class Saying:
    """An app that says what it was told to say."""

    def __init__(self, *messages: Message) -> None:
        self._messages = messages
        self.scopes: list[Scope] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scopes.append(scope)
        for message in self._messages:
            await send(message)


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with the request's body."""
    whole = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        whole += message["body"]
        if not message["more_body"]:
            break
    await send(start())
    await send(body(whole))


async def raw(served: Served, request: bytes) -> bytes:
    """Return everything that comes until the connection ends, without the date."""
    async with await served.connect() as stream:
        await stream.send_all(request)
        await stream.send_eof()
        got = b"".join([chunk async for chunk in stream])
        return re.sub(rb"date: [^\r]+ GMT\r\n", b"", got)


async def test_an_answer_in_one_piece_says_how_long_it_is() -> None:
    async with serving(Saying(start((b"X-A", b"1")), body(b"hello"))) as served:
        assert await raw(served, get("/")) == (
            b"HTTP/1.1 200 OK\r\nx-a: 1\r\ncontent-length: 5\r\n\r\nhello"
        )


async def test_every_answer_has_a_date() -> None:
    async with serving(Saying(start(), body())) as served:
        _, headers, _ = await served.ask(get("/"))
        assert re.fullmatch(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT", headers["date"])


async def test_an_answer_in_pieces_goes_out_in_chunks() -> None:
    pieces = Saying(start(), body(b"hel", more=True), body(more=True), body(b"lo"))
    async with serving(pieces) as served:
        assert await raw(served, get("/")) == (
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n"
        )
        assert await raw(served, b"GET / HTTP/1.0\r\n\r\n") == (
            b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nhello"
        )


async def test_an_answer_to_head_and_one_of_a_kind_without_body_have_none() -> None:
    async with serving(Saying(start(), body(b"hello"))) as served:
        assert await raw(served, get("/", "HEAD")) == b"HTTP/1.1 200 OK\r\n\r\n"
    async with serving(Saying(start(status=204), body())) as served:
        assert await raw(served, get("/") * 2) == b"HTTP/1.1 204 No Content\r\n\r\n" * 2


async def test_a_status_without_a_name() -> None:
    async with serving(Saying(start(status=299), body())) as served:
        assert (await served.ask(get("/")))[0] == 299


async def test_requests_that_come_at_once_are_answered_in_their_order() -> None:
    async with serving(echo) as served:
        got = await raw(served, post("/", b"one") + get("/") + post("/", b"two"))
        assert re.findall(rb"\r\n\r\n(.*?)(?:HTTP/1.1|$)", got) == [b"one", b"", b"two"]


async def test_a_body_in_many_pieces() -> None:
    async with serving(echo) as served, await served.connect() as stream:
        whole = bytes(range(256)) * 2000
        await stream.send_all(post("/", whole))
        assert (await answer(stream))[2] == whole


async def test_a_client_that_asks_first_is_told_to_go_on() -> None:
    request = post("/", b"abc", "Expect: 100-continue")
    async with serving(echo) as served, await served.connect() as stream:
        await stream.send_all(request[:-3])
        assert await stream.receive_some() == b"HTTP/1.1 100 Continue\r\n\r\n"
        await stream.send_all(request[-3:])
        assert (await answer(stream))[2] == b"abc"


async def test_a_client_that_asks_first_may_be_refused_at_once() -> None:
    refusing = Saying(start(status=413), body())
    async with serving(refusing) as served, await served.connect() as stream:
        await stream.send_all(post("/", b"abc", "Expect: 100-continue")[:-3])
        status, headers, _ = await answer(stream)
        assert (status, headers["connection"]) == (413, "close")
        assert await is_closed(stream)


async def test_a_client_that_leaves_in_the_middle_of_a_body_is_noticed() -> None:
    heard: list[str] = []

    async def listen(scope: Scope, receive: Receive, send: Send) -> None:
        for _ in range(3):
            heard.append((await receive())["type"])

    async with serving(listen) as served:
        await raw(served, post("/", b"abc")[:-1])
    assert heard == ["http.request", "http.disconnect", "http.disconnect"]


async def test_an_app_may_close_the_connection() -> None:
    async with serving(Saying(start((b"connection", b"close")), body())) as served:
        got = await raw(served, get("/") * 2)
        assert got == b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


async def test_what_an_app_is_told_of_a_request() -> None:
    app = Saying(start(), body())
    async with serving(app) as served:
        await served.ask(get("/a%20b/%C3%A4?q=%31"))
        await served.ask(get("http://h/whole?q"))
        await served.ask(get("*", "OPTIONS"))
    first, whole, star = app.scopes
    assert (first["path"], first["raw_path"]) == ("/a b/ä", b"/a%20b/%C3%A4")
    assert (first["query_string"], first["method"]) == (b"q=%31", "GET")
    assert first["headers"] == [(b"host", b"a")]
    assert first["client"][0] == first["server"][0] == "127.0.0.1"
    assert (whole["path"], whole["query_string"]) == ("/whole", b"q")
    assert star["path"] == "*"


@pytest.mark.parametrize(
    ("messages", "got"),
    [
        ([], b"HTTP/1.1 500 Internal Server Error"),
        ([start()], b"HTTP/1.1 500 Internal Server Error"),
        ([body(b"x")], b"HTTP/1.1 500 Internal Server Error"),
        ([start(), start()], b"HTTP/1.1 500 Internal Server Error"),
        ([start((b"a", b"b\r\nc: d")), body()], b"HTTP/1.1 500 Internal Server Error"),
        ([start((b"content-length", b"2")), body(b"x")], b"HTTP/1.1 500 Internal Server Error"),
        ([start((b"content-length", b"1")), body(b"xx")], b"HTTP/1.1 500 Internal Server Error"),
        ([start((b"content-length", b"9")), body(b"x", more=True)], b"HTTP/1.1 200 OK"),
        ([start(), body(b"x", more=True)], b"HTTP/1.1 200 OK"),
        ([start(), body(b"x"), body(b"y")], b"HTTP/1.1 200 OK"),
    ],
)
async def test_an_app_that_says_nonsense_costs_one_connection(
    log: Logged, messages: list[Message], got: bytes
) -> None:
    async with serving(Saying(*messages)) as served:
        with trio.fail_after(1):
            answered = await raw(served, get("/"))
        assert answered.split(b"\r\n")[0] == got
        assert b"c: d" not in answered
        # What is not whole is not made to look so.
        assert not answered.endswith(b"0\r\n\r\n")
