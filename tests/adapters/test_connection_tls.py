"""TLS to a vendor: a certificate that is not right is an error, never a warning."""

from __future__ import annotations

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


async def ask(url: str, times: int = 1) -> http.HttpReply | Transient | Unknown:
    context = ssl.create_default_context()
    OURS.configure_trust(context)
    async with KeptConnections(2, context) as lent:
        replies = [await http.call(lent, "GET", url, deadline_s=5) for _ in range(times)]
    return replies[-1]


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
