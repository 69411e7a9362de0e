"""One HTTP/1.1 connection: request after request, each wait with a deadline.

What lives here: reading, writing and closing one socket within bounds, and running the ASGI app
for what comes in. What must not: listening and caps (`server`), the grammar of requests
(`http_requests`), how an answer is framed (`exchange`), what is answered.

One task does it all: while the app runs, nothing is read but what it asks for. So a client that is
ahead of us waits in its own system's buffers, and a small answer is one write.
"""

from __future__ import annotations

import math
import socket
import struct
from collections.abc import Callable
from typing import Any

import trio
from msgspec import Struct
from starlette.types import ASGIApp
from structlog.typing import FilteringBoundLogger

from adapters.sockets import read_when_there_is, write_now
from daemon.exchange import Address, Exchange, scope_of
from daemon.http_requests import Head, NotHttp, RequestParser
from state.store import StoreBroken

READ_MAX_BYTES = 65_536
LINGER_S = 1.0
"""How long to read on after an answer to a request that was not read whole: without it the
client's system would throw the answer away."""
STOP_GRACE_S = 1.0
"""How long a connection may take, once the server stops, to bring the request it has begun."""

_GONE = (trio.BrokenResourceError, trio.ClosedResourceError, trio.TooSlowError)
_REFUSALS = {
    400: b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n",
    408: b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n",
    431: b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\n"
    b"content-length: 0\r\n\r\n",
    501: b"HTTP/1.1 501 Not Implemented\r\nconnection: close\r\ncontent-length: 0\r\n\r\n",
    505: b"HTTP/1.1 505 HTTP Version Not Supported\r\nconnection: close\r\n"
    b"content-length: 0\r\n\r\n",
}


_RESET = struct.pack("ii", 1, 0)
"""For a close that tells the client that what it got is not whole."""


def store_is_broken(error: BaseException) -> bool:
    """Whether the process must end: nothing is known until the store's file is read again."""
    if isinstance(error, BaseExceptionGroup):
        return error.subgroup(StoreBroken) is not None
    return isinstance(error, StoreBroken)


class ServerLimits(Struct, frozen=True, kw_only=True):
    """Bounds of one server."""

    connections_max: int = 512
    descriptors_reserve: int = 64
    """Descriptors of the process that connections leave free, for files and calls out."""
    header_deadline_s: float = 10.0
    """From the first byte of a request (or the connection's begin) to the end of its headers."""
    idle_s: float = 30.0
    """Between two requests."""
    write_deadline_s: float = 30.0
    """For a client to take what is written to it."""
    header_max_bytes: int = 16_384
    backlog: int = 512
    drain_s: float = 30.0
    """For requests under way when the server stops."""


class Connection:
    """Serves one accepted connection until it ends."""

    def __init__(
        self,
        app: ASGIApp,
        stream: trio.SocketStream,
        limits: ServerLimits,
        log: FilteringBoundLogger,
    ) -> None:
        self.parser = RequestParser(limits.header_max_bytes)
        self.stopping = False
        """Whether the server stops: the answer under way is the last."""
        self._app = app
        self._stream = stream
        self._limits = limits
        self._log = log
        self._between = trio.CancelScope()
        """Its deadline is that of the next request's headers; there is none while the app runs."""
        self._in_request = False
        self._requests = 0
        self._broken = False
        self._client = _address(stream.socket.getpeername)
        self._server = _address(stream.socket.getsockname)

    async def run(self) -> None:
        """Serve; returns when the connection is closed. Raises for bugs and StoreBroken only."""
        try:
            with self._between:
                await self._serve()
            # Also where it came with the last byte, and nothing had to be cancelled.
            if self._between.cancel_called and self.parser.begun:
                await self.write(_REFUSALS[408])
        finally:
            with trio.CancelScope(shield=True):
                await self._stream.aclose()

    def stop(self) -> None:
        """Finish the request under way, or that which has begun to come; no checkpoint."""
        self.stopping = True
        if not self._in_request:
            grace_s = 0.0 if self._requests and not self.parser.begun else STOP_GRACE_S
            deadline = trio.current_time() + grace_s
            self._between.deadline = min(self._between.deadline, deadline)

    async def _serve(self) -> None:
        """Answer what comes, for as long as it can be understood and the client wants it."""
        self._wait(self._limits.header_deadline_s)
        while True:
            head = await self._next_head()
            if head is None:
                return
            self._in_request = True
            self._between.deadline = math.inf
            if not await self._answer(head):
                return
            self._in_request = False
            self._requests += 1
            # The next request may have begun behind this one.
            limits = self._limits
            self._wait(limits.header_deadline_s if self.parser.begun else limits.idle_s)

    async def _next_head(self) -> Head | NotHttp | None:
        """The next request, once its headers are whole; None where none comes."""
        parser = self.parser
        while not parser.events:
            begun = parser.begun
            data = await self.receive()
            if not data or self._between.cancel_called:
                return None  # too late by a hair: begin nothing that could not be finished
            parser.feed(data)
            if parser.begun and not begun:
                self._wait(self._limits.header_deadline_s)
        head = parser.events.popleft()
        if parser.events and isinstance(parser.events[0], NotHttp):
            head = parser.events.popleft()
        assert isinstance(head, Head | NotHttp)
        return head

    async def _answer(self, head: Head | NotHttp) -> bool:
        """Answer it; whether another request may follow."""
        if isinstance(head, NotHttp):
            await self.write(_REFUSALS[head.status])
            await self._linger()
            return False
        exchange = Exchange(self, head)
        scope = scope_of(head, self._client, self._server)
        try:
            await self._app(scope, exchange.receive, exchange.send)
        except Exception as error:
            if store_is_broken(error):
                raise
            self._log.exception("http.app_failed", path=scope["path"])
            await exchange.finish()
        else:
            await exchange.finish()
            if exchange.unanswered:
                self._log.error("http.app_left_no_answer", path=scope["path"])
        if exchange.cut:
            self._stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        elif not exchange.whole:
            await self._linger()
        return exchange.reusable and not self._broken

    async def _linger(self) -> None:
        """Let the client read the answer before its connection ends: read on, and forget it."""
        if self._broken:
            return
        with trio.move_on_after(LINGER_S):
            try:
                await self._stream.send_eof()
            except _GONE:
                return
            while await self.receive():
                pass

    # --- the socket -----------------------------------------------------------------------------

    async def receive(self) -> bytes:
        """What comes next; nothing where nothing will. Waits until the deadline."""
        try:
            return await read_when_there_is(self._stream.socket, READ_MAX_BYTES)
        except _GONE:
            self._broken = True
            return b""

    async def write(self, data: bytes) -> None:
        """Send it; what the client does not take in time is lost, and the connection with it."""
        if self._broken:
            return
        try:
            written = write_now(self._stream.socket, data)
            if written < len(data):
                self._broken = True  # unless all of it gets out
                with trio.fail_after(self._limits.write_deadline_s):
                    await self._stream.send_all(data[written:])
                self._broken = False
        except _GONE:
            self._broken = True

    def _wait(self, seconds: float) -> None:
        deadline = trio.current_time() + seconds
        if self.stopping:
            deadline = min(deadline, self._between.deadline)
        self._between.deadline = deadline


def _address(ask: Callable[[], Any]) -> Address:
    """Where a connection comes from or goes to; None for a unix socket or one that is gone."""
    try:
        found = ask()
    except OSError:
        return None
    return (found[0], found[1]) if isinstance(found, tuple) else None
