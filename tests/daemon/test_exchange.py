"""What goes over the wire for what an ASGI app says, on real sockets."""

from __future__ import annotations

import re
from collections.abc import Iterator, MutableMapping
from typing import Any

import pytest
import structlog
import trio
import trio.testing
from starlette.types import Message, Receive, Scope, Send

from daemon.connection import ServerLimits
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
        ([start((b"a: b", b"c")), body()], b"HTTP/1.1 500 Internal Server Error"),
        ([start((b"a", b"\0")), body()], b"HTTP/1.1 500 Internal Server Error"),
        ([start((b"content-length", b"0")) for _ in "ab"], b"HTTP/1.1 500 Internal Server Error"),
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
    told = ("http.app_failed", "http.app_left_no_answer")
    assert sum(line["event"] in told for line in log) == 1


async def test_what_is_the_servers_to_say_an_app_does_not_say() -> None:
    headers = [(b"transfer-encoding", b"gzip"), (b"Date", b"today"), (b"connection", b"x, close")]
    async with serving(Saying(start(*headers), body(b"hello"))) as served:
        assert await raw(served, get("/") * 2) == (
            b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello"
        )
    async with serving(Saying(start((b"content-length", b"0"), status=204), body())) as served:
        assert await raw(served, get("/")) == b"HTTP/1.1 204 No Content\r\n\r\n"


async def test_an_answer_that_ends_with_the_connection_and_is_cut_ends_in_a_reset() -> None:
    half = Saying(start(), body(b"half", more=True))
    async with serving(half) as served, await served.connect() as stream:
        await stream.send_all(b"GET / HTTP/1.0\r\n\r\n")
        await trio.testing.wait_all_tasks_blocked(0.02)
        with pytest.raises(trio.BrokenResourceError):
            await _all_of(stream)


async def _all_of(stream: trio.SocketStream) -> None:
    while await stream.receive_some():
        pass


async def test_nonsense_in_the_middle_of_a_body_is_the_clients_fault(log: Logged) -> None:
    head = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    async with serving(echo) as served, await served.connect() as stream:
        await stream.send_all(head + b"3\r\nabc\r\n")
        await trio.testing.wait_all_tasks_blocked(0.02)
        await stream.send_all(b"nonsense\r\n")
        assert (await answer(stream))[0] == 400
    assert [line for line in log if line["log_level"] == "error"] == []


async def test_a_client_that_left_in_the_middle_of_a_body_is_not_answered(log: Logged) -> None:
    async with serving(echo) as served:
        assert await raw(served, post("/", b"abc")[:-1]) == b""
    assert log == []


async def test_many_small_pieces_come_in_one() -> None:
    sizes: list[int] = []

    async def measure(scope: Scope, receive: Receive, send: Send) -> None:
        while (message := await receive())["more_body"]:
            sizes.append(len(message["body"]))
        sizes.append(len(message["body"]))
        await send(start())
        await send(body())

    head = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    async with serving(measure) as served:
        await served.ask(head + b"1\r\na\r\n" * 1000 + b"0\r\n\r\n")
    assert sum(sizes) == 1000
    assert len(sizes) < 10


async def test_two_may_wait_for_the_body() -> None:
    got: list[bytes] = []

    async def two(scope: Scope, receive: Receive, send: Send) -> None:
        async def take() -> None:
            got.append((await receive()).get("body", b""))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(take)
            nursery.start_soon(take)
        await send(start())
        await send(body())

    request = post("/", b"abcdef")
    async with serving(two) as served, await served.connect() as stream:
        for piece in (request[:-6], request[-6:-3], request[-3:]):
            await stream.send_all(piece)
            await trio.testing.wait_all_tasks_blocked(0.02)
        assert (await answer(stream))[0] == 200
    assert got == [b"abc", b"def"]


async def test_an_endless_answer_to_somebody_who_left_stops_nobody_else() -> None:
    async def endless(scope: Scope, receive: Receive, send: Send) -> None:
        await send(start())
        while scope["path"] == "/endless":
            await send(body(b"x", more=True))
        await send(body())

    async with serving(endless, ServerLimits(drain_s=0.1)) as served:
        async with await served.connect() as stream:
            await stream.send_all(get("/endless"))
        for _ in range(3):
            assert (await served.ask(get("/")))[0] == 200


async def test_a_write_that_was_given_up_is_the_connections_last() -> None:
    async def impatient(scope: Scope, receive: Receive, send: Send) -> None:
        with trio.move_on_after(0.05):
            await send(start())
            await send(body(b"x" * 30_000_000))

    async with serving(impatient) as served, await served.connect() as stream:
        await stream.send_all(get("/") * 2)
        await trio.sleep(0.1)
        got = b"".join([chunk async for chunk in stream])
    assert got.count(b"HTTP/1.1") == 1
