"""Simulated systems over real HTTP on loopback: their doors, and what becomes of each answer.

What lives here: from an HTTP request to what a `System` is asked, and back; closing a connection
unanswered, and never answering. What must not: what a system answers, or listening (`server`).
"""

from __future__ import annotations

import uuid
from urllib.parse import parse_qsl, unquote

import trio
from starlette.types import Receive, Scope, Send

from adapters.sandbox.clock import Activity, SimClock
from adapters.sandbox.courier import Courier
from adapters.sandbox.exchange import Asked, Dropped, Hung, Reply, System
from adapters.sandbox.server import SCOPE_KEY, Connection, LoopbackServer
from adapters.sandbox.wire import Headers, RetryRules


class HttpWire:
    """One vendor on loopback. A `Wire`; `open_world` runs what it holds."""

    def __init__(self, clock: SimClock, port: int = 0) -> None:
        self._clock = clock
        self._port = port
        self._activity = Activity(clock.activity)
        self.servers: list[LoopbackServer] = []
        self.couriers: list[Courier] = []

    def door(self, system: System) -> LoopbackServer:
        """A server on a port of its own."""
        server = LoopbackServer(SystemApp(system, self._clock), self._activity, self._port)
        self.servers.append(server)
        return server

    def carrier(self, rules: RetryRules, headers: Headers) -> Courier:
        """A courier that posts over HTTP."""
        courier = Courier(self._clock, self._activity, rules, headers)
        self.couriers.append(courier)
        return courier

    def new_id(self) -> str:
        """By chance."""
        return uuid.uuid4().hex


class SystemApp:
    """A system as an ASGI application."""

    def __init__(self, system: System, clock: SimClock) -> None:
        self._system = system
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or leave it unanswered."""
        connection: Connection = scope[SCOPE_KEY]
        # Whole before anything is done with it: closing in its middle would be a reset.
        body = await _body(receive)
        if body is None:
            return
        if self._system.slow_ms:
            # Waiting for the time to pass is not being under way: somebody must move it.
            with connection.activity.paused():
                await self._clock.sleep_until(self._clock.now_ms() + self._system.slow_ms)
        match self._system.ask(_asked(scope, body)):
            case Reply() as reply:
                await _send(reply, send)
            case Dropped():
                await connection.close()
            case Hung(until_ms):
                await self._hang(connection, receive, until_ms)

    async def _hang(self, connection: Connection, receive: Receive, until_ms: int | None) -> None:
        """Wait, not counted as under way: whether this ends is up to the caller."""

        async def hang_up(scope: trio.CancelScope, until_ms: int) -> None:
            await self._clock.sleep_until(until_ms)
            scope.cancel()

        with connection.activity.paused():
            async with trio.open_nursery() as nursery:
                if until_ms is not None:
                    nursery.start_soon(hang_up, nursery.cancel_scope, until_ms)
                while (await receive())["type"] != "http.disconnect":
                    pass
                nursery.cancel_scope.cancel()
        await connection.close()


async def _body(receive: Receive) -> bytes | None:
    """The whole body; None where the client went away before it was whole."""
    chunks: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        chunks.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(chunks)


def _asked(scope: Scope, body: bytes) -> Asked:
    query = scope.get("query_string", b"").decode("latin-1")
    headers = {
        name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]
    }
    path = unquote(scope["raw_path"].decode("latin-1"))
    pairs = dict(parse_qsl(query, keep_blank_values=True))
    return Asked(scope["method"], path, pairs, headers, body)


async def _send(reply: Reply, send: Send) -> None:
    headers = [(name.lower().encode(), value.encode()) for name, value in reply.headers.items()]
    if reply.status != 204:
        headers.append((b"content-length", str(len(reply.content)).encode()))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.content})
