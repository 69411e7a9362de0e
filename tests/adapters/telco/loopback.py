"""A scripted HTTP server on loopback that may also misbehave: drip, stop half way, say nothing.

What lives here: bytes in, bytes out. What must not: what the bytes mean to an adapter.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial

import httpx
import msgspec
import trio

from adapters.connections import KeptConnections


@dataclass
class Seen:
    """One request as it came in."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


Script = Callable[[trio.SocketStream], Awaitable[None]]


@dataclass
class Server:
    """Answers the n-th request with the n-th script, and later ones with the last."""

    base_url: str
    scripts: list[Script]
    seen: list[Seen] = field(default_factory=list)

    async def handle(self, stream: trio.SocketStream) -> None:
        """Serve one connection, one request."""
        async with stream:
            data = b""
            while b"\r\n\r\n" not in data:
                more = await stream.receive_some()
                if not more:
                    return
                data += more
            head, _, body = data.partition(b"\r\n\r\n")
            first, *lines = head.decode("latin-1").split("\r\n")
            headers = {
                name.lower(): value for name, _, value in (each.partition(": ") for each in lines)
            }
            while len(body) < int(headers.get("content-length", "0")):
                body += await stream.receive_some()
            method, target, _ = first.split(" ")
            script = self.scripts[min(len(self.seen), len(self.scripts) - 1)]
            self.seen.append(Seen(method, target, headers, body))
            # The client may give up, as some tests want it to.
            with suppress(trio.BrokenResourceError, trio.ClosedResourceError):
                await script(stream)


def raw(data: bytes) -> Script:
    """Send these bytes and close."""
    return partial(_send, data)


def says(status: int, body: object = b"", headers: Mapping[str, str] | None = None) -> Script:
    """A whole answer; a body that is not bytes goes as JSON."""
    content = body if isinstance(body, bytes) else msgspec.json.encode(body)
    lines = {"Content-Length": str(len(content)), "Connection": "close", **(headers or {})}
    if not isinstance(body, bytes):
        lines.setdefault("Content-Type", "application/json")
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return raw(f"HTTP/1.1 {status} X\r\n{head}\r\n".encode() + content)


async def silence(stream: trio.SocketStream) -> None:
    """Take the request and never answer."""
    await trio.sleep_forever()


async def drip(stream: trio.SocketStream) -> None:
    """A good head, then one byte every 20 ms: each read is in time, the whole never is."""
    await stream.send_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while True:
        await stream.send_all(b" ")
        await trio.sleep(0.02)


async def hang_up(stream: trio.SocketStream) -> None:
    """Close without a word."""


HALF = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 90\r\n\r\n{"id":"jo'
"""An answer that ends in the middle."""


async def _send(data: bytes, stream: trio.SocketStream) -> None:
    await stream.send_all(data)


@asynccontextmanager
async def serving(*scripts: Script) -> AsyncIterator[Server]:
    """A server on a free port for as long as the block runs."""
    async with trio.open_nursery() as nursery:
        listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
        port = listeners[0].socket.getsockname()[1]
        server = Server(f"http://127.0.0.1:{port}", list(scripts))
        nursery.start_soon(trio.serve_listeners, server.handle, listeners)
        yield server
        nursery.cancel_scope.cancel()


@asynccontextmanager
async def http_client() -> AsyncIterator[httpx.AsyncBaseTransport]:
    """What the daemon calls vendors with."""
    async with KeptConnections(16, ssl.create_default_context()) as transport:
        yield transport


async def closed_port() -> str:
    """An address where nobody listens."""
    listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
    port = listeners[0].socket.getsockname()[1]
    await listeners[0].aclose()
    return f"http://127.0.0.1:{port}"
