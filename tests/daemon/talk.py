"""A server on a loopback socket, and raw talk with it: for tests of bad manners."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import trio
from starlette.types import ASGIApp

from daemon.connection import ServerLimits
from daemon.logs import get_logger
from daemon.metrics import Metrics
from daemon.server import serve

SHORT_S = 0.15
"""A deadline under test."""


class Served:
    """A running server."""

    def __init__(self, port: int, metrics: Metrics, stop: trio.Event) -> None:
        self.port = port
        self.metrics = metrics
        self.stop = stop

    async def connect(self) -> trio.SocketStream:
        return await trio.open_tcp_stream("127.0.0.1", self.port)

    async def ask(self, request: bytes) -> tuple[int, dict[str, str], bytes]:
        """Send bytes on a connection of their own; status, headers and body of the answer."""
        async with await self.connect() as stream:
            await stream.send_all(request)
            return await answer(stream)

    def count(self, name: str, **labels: str) -> float:
        return self.metrics.registry.get_sample_value(f"routerbot_{name}_total", labels) or 0.0


@asynccontextmanager
async def serving(
    app: ASGIApp, limits: ServerLimits | None = None, metrics: Metrics | None = None
) -> AsyncIterator[Served]:
    """Serve while the block runs, then stop gracefully; the stop must be a short one."""
    metrics = metrics or Metrics()
    stop = trio.Event()
    limits = limits or ServerLimits(drain_s=1.0)

    async def run(task_status: trio.TaskStatus[int]) -> None:
        await serve(
            app,
            "127.0.0.1:0",
            name="public",
            stop=stop,
            limits=limits,
            metrics=metrics,
            log=get_logger(),
            task_status=task_status,
        )

    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:
            port = await nursery.start(run)
            yield Served(port, metrics, stop)
            stop.set()


async def answer(stream: trio.SocketStream) -> tuple[int, dict[str, str], bytes]:
    """Read one answer (which must say how long it is)."""
    got = b""
    while b"\r\n\r\n" not in got:
        chunk = await stream.receive_some()
        if not chunk:
            raise EOFError(got)
        got += chunk
    head, _, body = got.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines)}
    while len(body) < int(headers.get("content-length", "0")):
        chunk = await stream.receive_some()
        if not chunk:
            raise EOFError(got)
        body += chunk
    return int(first.split()[1]), headers, body


async def is_closed(stream: trio.SocketStream) -> bool:
    """Wait until the other side closes, reading nothing but that."""
    try:
        return await stream.receive_some() == b""
    except trio.BrokenResourceError:
        return True


def post(path: str, body: bytes = b"{}", *headers: str) -> bytes:
    """Return a request with a length."""
    head = "".join(f"{line}\r\n" for line in (f"Content-Length: {len(body)}", *headers))
    return f"POST {path} HTTP/1.1\r\nHost: a\r\n{head}\r\n".encode() + body


def get(path: str, method: str = "GET") -> bytes:
    """Return a request without a body."""
    return f"{method} {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode()
