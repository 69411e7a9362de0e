"""TLS to a vendor: a certificate that is not right is an error, never a warning."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import pytest
import trio
import trustme

from actors.outcomes import Transient, Unknown
from adapters import http
from adapters.connections import KeptConnections

OURS = trustme.CA()


@asynccontextmanager
async def vendor(certificate: trustme.LeafCert) -> AsyncIterator[tuple[str, list[int]]]:
    """A server with this certificate: where it is, and a count of its connections."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    certificate.configure_cert(context)
    connections: list[int] = []

    async def serve(plain: trio.SocketStream) -> None:
        connections.append(1)
        stream = trio.SSLStream(plain, context, server_side=True, https_compatible=True)
        try:
            while await stream.receive_some():
                await stream.send_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        except trio.BrokenResourceError:
            pass  # the caller does not trust us, or hung up without a farewell
        finally:
            await trio.aclose_forcefully(stream)

    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(partial(trio.serve_tcp, serve, 0, host="127.0.0.1"))
        port = listeners[0].socket.getsockname()[1]
        yield f"https://localhost:{port}", connections
        nursery.cancel_scope.cancel()


class Together(trio.abc.Stream):
    """Sends what is written between `hold` and `let_go` in one piece."""

    def __init__(self, stream: trio.SocketStream) -> None:
        self._stream = stream
        self._held: list[bytes] | None = None

    def hold(self) -> None:
        self._held = []

    async def let_go(self) -> None:
        held, self._held = self._held or [], None
        await self._stream.send_all(b"".join(held))

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        if self._held is None:
            await self._stream.send_all(data)
        else:
            self._held.append(bytes(data))
            await trio.lowlevel.checkpoint()

    async def wait_send_all_might_not_block(self) -> None:
        await self._stream.wait_send_all_might_not_block()

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        return await self._stream.receive_some(max_bytes)

    async def aclose(self) -> None:
        await self._stream.aclose()


@pytest.mark.parametrize("behind", ["words", "a farewell"])
async def test_what_came_behind_an_answer_over_tls_answers_nothing_else(behind: str) -> None:
    """In records of their own, but in one segment: the socket has nothing any more to tell."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    OURS.issue_cert("localhost").configure_cert(context)
    asked = 0

    async def serve(plain: trio.SocketStream) -> None:
        nonlocal asked
        together = Together(plain)
        stream = trio.SSLStream(together, context, server_side=True, https_compatible=True)
        with contextlib.suppress(trio.BrokenResourceError):
            while await stream.receive_some():
                asked += 1
                together.hold()
                await stream.send_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n%d" % asked)
                if behind == "words":
                    await stream.send_all(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nodd")
                    await together.let_go()
                else:
                    await _say_goodbye(stream)
                    await together.let_go()
                    break

    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(partial(trio.serve_tcp, serve, 0, host="127.0.0.1"))
        url = f"https://localhost:{listeners[0].socket.getsockname()[1]}"
        replies = await ask_often(url, 3)
        nursery.cancel_scope.cancel()
    assert [reply.body for reply in replies if isinstance(reply, http.HttpReply)] == [
        b"1",
        b"2",
        b"3",
    ]


async def _say_goodbye(stream: trio.SSLStream[Together]) -> None:
    """A close_notify, written but not waited for."""
    with contextlib.suppress(ssl.SSLWantReadError):
        stream._ssl_object.unwrap()
    await stream.transport_stream.send_all(stream._outgoing.read())


async def ask(url: str, times: int = 1) -> http.HttpReply | Transient | Unknown:
    return (await ask_often(url, times))[-1]


async def ask_often(url: str, times: int) -> list[http.HttpReply | Transient | Unknown]:
    context = ssl.create_default_context()
    OURS.configure_trust(context)
    async with KeptConnections(2, context) as lent:
        return [await http.call(lent, "GET", url, deadline_s=5) for _ in range(times)]


async def test_a_vendor_whose_certificate_is_right_is_asked_over_one_kept_connection() -> None:
    async with vendor(OURS.issue_cert("localhost")) as (url, connections):
        reply = await ask(url, times=3)
    assert isinstance(reply, http.HttpReply)
    assert reply.body == b"ok"
    assert len(connections) == 1


@pytest.mark.parametrize(
    ("certificate", "why"),
    [
        pytest.param(trustme.CA().issue_cert("localhost"), "issuer", id="a stranger's"),
        pytest.param(OURS.issue_cert("other.example"), "not valid for 'localhost'", id="another's"),
    ],
)
async def test_a_certificate_that_is_not_right_surely_stops_the_call(
    certificate: trustme.LeafCert, why: str
) -> None:
    async with vendor(certificate) as (url, _):
        outcome = await ask(url)
    assert isinstance(outcome, Transient)
    assert outcome.fault.detail.startswith("ConnectError: certificate: ")
    assert why in outcome.fault.detail


async def test_a_server_that_does_not_speak_tls_surely_got_nothing() -> None:
    async def babble(stream: trio.SocketStream) -> None:
        await stream.receive_some()
        await stream.send_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(partial(trio.serve_tcp, babble, 0, host="127.0.0.1"))
        outcome = await ask(f"https://localhost:{listeners[0].socket.getsockname()[1]}")
        nursery.cancel_scope.cancel()
    assert isinstance(outcome, Transient)
    assert outcome.fault.detail.startswith("ConnectError: TLS: ")
