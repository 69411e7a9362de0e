"""One HTTP/1.1 connection: hypercorn's protocol, our deadlines.

What lives here: reading, writing and closing one socket within bounds, and running the ASGI app
for what comes in. What must not: listening and caps (daemon.server), what is answered.

Hypercorn's own connection class is not used, for what it does with hostile clients: it has no
deadline for headers, shields writes to a client that does not read, can block for ever when an app
answers without reading the body, follows upgrades to HTTP/2 and WebSocket, and closes with
unread data in the socket, which destroys the answer on its way.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, cast

import h11
import trio
from hypercorn.config import Config as HypercornConfig
from hypercorn.events import Closed, Event, RawData, Updated
from hypercorn.protocol.h11 import H11Protocol
from hypercorn.trio.worker_context import WorkerContext
from hypercorn.typing import AppWrapper, ConnectionState, TaskGroup
from msgspec import Struct
from starlette.types import ASGIApp, Message
from structlog.typing import FilteringBoundLogger

from state.store import StoreBroken

READ_MAX_BYTES = 65_536
LINGER_S = 1.0
"""How long to read on after an answer to a request that was not read whole: without it the
client's system would throw the answer away."""
STOP_GRACE_S = 1.0
"""How long a connection may take, once the server stops, to bring the request it has begun."""

_LATE = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
_GONE = (trio.BrokenResourceError, trio.ClosedResourceError, trio.TooSlowError)


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
    """Serves one accepted connection until it ends; every wait has a deadline."""

    def __init__(
        self,
        app: ASGIApp,
        stream: trio.SocketStream,
        context: WorkerContext,
        config: HypercornConfig,
        limits: ServerLimits,
        log: FilteringBoundLogger,
    ) -> None:
        self._stream = stream
        self._context = context
        self._limits = limits
        self._app = app
        self._log = log
        self._config = config
        self._writing = trio.Lock()
        # Covers everything that waits for the client; in a request the app is the one who waits.
        self._reading = trio.CancelScope()
        self._in_request = False
        self._began = False  # bytes of a request came in that is not understood yet
        self._requests = 0
        self._closing = False
        self._broken = False

    async def run(self) -> None:
        """Serve; returns when the connection is closed. Raises for bugs and StoreBroken only."""
        try:
            async with trio.open_nursery() as nursery:
                tasks = _Tasks(nursery, self._context, self._log)
                protocol = _Http1(
                    cast(AppWrapper, self._app),
                    self._config,
                    self._context,
                    cast(TaskGroup, tasks),
                    ConnectionState({}),
                    False,
                    _address(self._stream.socket.getpeername),
                    _address(self._stream.socket.getsockname),
                    self._send,
                )
                nursery.start_soon(self._watch_for_stop)
                await self._read(protocol)
                await protocol.handle(Closed())
                await tasks.finished()
                nursery.cancel_scope.cancel()
        finally:
            with trio.CancelScope(shield=True):
                await self._stream.aclose()

    async def _read(self, protocol: H11Protocol) -> None:
        self._wait(self._limits.header_deadline_s)
        with self._reading:
            while data := await self._receive():
                if self._reading.cancel_called:
                    break  # too late by a hair: begin nothing that could not be finished
                if self._closing:
                    continue  # lingering: what still comes is not wanted
                if not self._in_request and not self._began:
                    self._began = True
                    self._wait(self._limits.header_deadline_s)
                await protocol.handle(RawData(data))
            if not self._broken and not self._closing:
                # The client has sent all it will; it may still read the answer.
                await protocol.handle(RawData(b""))
        late = self._reading.cancelled_caught and self._began
        if late and not (self._in_request or self._closing or self._broken):
            await self._write(_LATE)

    async def _receive(self) -> bytes:
        try:
            return bytes(await self._stream.receive_some(READ_MAX_BYTES))
        except _GONE:
            self._broken = True
            return b""

    async def _send(self, event: Event) -> None:
        """What the protocol has to say."""
        if isinstance(event, RawData):
            if event.data:  # an end without a body is no bytes at all
                await self._write(event.data)
        elif isinstance(event, Updated):
            self._in_request = not event.idle
            self._began = False
            if self._in_request:
                self._requests += 1
                self._reading.deadline = math.inf
            else:
                self._wait(self._limits.idle_s)
        elif isinstance(event, Closed) and not self._closing:
            self._closing = True
            self._wait(LINGER_S)
            try:
                await self._stream.send_eof()
            except (*_GONE, trio.BusyResourceError):
                self._give_up()

    async def _write(self, data: bytes) -> None:
        try:
            self._writing.acquire_nowait()  # hardly ever do two write; waiting costs a round
        except trio.WouldBlock:
            await self._writing.acquire()
        try:
            if self._broken:
                return
            with trio.fail_after(self._limits.write_deadline_s):
                await self._stream.send_all(data)
        except _GONE:
            self._give_up()
        finally:
            self._writing.release()

    def _give_up(self) -> None:
        self._broken = True
        self._reading.cancel()

    def _wait(self, seconds: float) -> None:
        self._reading.deadline = trio.current_time() + seconds

    async def _watch_for_stop(self) -> None:
        await self._context.terminated.wait()
        if self._in_request or self._closing:
            return  # the protocol closes after its answer
        grace_s = 0.0 if self._requests and not self._began else STOP_GRACE_S
        self._reading.deadline = min(self._reading.deadline, trio.current_time() + grace_s)


class _Http1(H11Protocol):
    """HTTP/1.1 and nothing that it could be upgraded to."""

    async def _check_protocol(self, event: h11.Request) -> None:
        """Hypercorn would change over to HTTP/2 here."""

    async def _create_stream(self, request: h11.Request) -> None:
        if any(name == b"upgrade" for name, _ in request.headers):
            request = h11.Request(
                method=request.method,
                target=request.target,
                http_version=request.http_version,
                headers=[item for item in request.headers if item[0] != b"upgrade"],
            )
        await super()._create_stream(request)


class _Tasks:
    """Runs the app for each request; what hypercorn calls a task group."""

    def __init__(
        self, nursery: trio.Nursery, context: WorkerContext, log: FilteringBoundLogger
    ) -> None:
        self._nursery = nursery
        self._context = context
        self._log = log
        self._running = 0
        self._idle = trio.Event()
        self._idle.set()

    async def finished(self) -> None:
        """Returns when no app is running."""
        await self._idle.wait()

    async def spawn_app(
        self,
        app: ASGIApp,
        config: HypercornConfig,
        scope: Any,
        send: Callable[[Any], Awaitable[None]],
    ) -> Callable[[Any], Awaitable[None]]:
        """Start the app; what comes in for it is put into what this returns."""
        exchange = _Exchange(config.max_app_queue_size, send, self._context)
        self._running += 1
        self._idle = trio.Event()
        self._nursery.start_soon(self._run, app, scope, exchange)
        return exchange.put

    def spawn(self, func: Callable[..., Awaitable[None]], *args: Any) -> None:
        """Part of the interface that the protocol expects."""
        self._nursery.start_soon(func, *args)

    async def _run(self, app: ASGIApp, scope: Any, exchange: _Exchange) -> None:
        try:
            try:
                await app(scope, exchange.receive, exchange.send)
            except Exception as error:
                if store_is_broken(error):
                    raise
                self._log.exception("http.app_failed", path=scope.get("path"))
            await exchange.finish()
        finally:
            self._running -= 1
            if not self._running:
                self._idle.set()


class _Exchange:
    """One request's messages between protocol and app.

    What is there already is handed over without a checkpoint: whatever comes in has waited for the
    socket, and each round of the scheduler costs as much as the rest of a small request.
    """

    def __init__(
        self, queue_max: int, send: Callable[[Any], Awaitable[None]], context: WorkerContext
    ) -> None:
        self._queue: deque[Message] = deque()
        self._queue_max = queue_max
        self._send = send
        self._context = context
        self._answered = False
        self._gone = False
        self._changed = trio.Event()

    async def put(self, message: Message) -> None:
        """From the protocol. Blocks while the app is slow to read, never once it has answered."""
        if message["type"] == "http.disconnect":
            self._gone = True
        while len(self._queue) >= self._queue_max and not self._answered:
            await self._change()
        if not self._answered:
            self._queue.append(message)
        self._notify()

    async def receive(self) -> Message:
        """The app's next message; after the begin of its answer only that the client left."""
        while not self._queue:
            if self._answered and self._gone:
                return {"type": "http.disconnect"}
            await self._change()
        message = self._queue.popleft()
        self._notify()
        return message

    async def send(self, message: Message) -> None:
        """From the app."""
        if message["type"] == "http.response.start":
            self._answer()
            if self._context.terminated.is_set():
                headers = [*message.get("headers", ()), (b"connection", b"close")]
                message = {**message, "headers": headers}
        await self._send(message)

    async def finish(self) -> None:
        """The app has returned: close what it left open."""
        self._answer()
        await self._send(None)

    def _answer(self) -> None:
        self._answered = True
        self._queue.clear()
        self._notify()

    async def _change(self) -> None:
        if self._changed.is_set():  # else somebody waits for it already, and must not be lost
            self._changed = trio.Event()
        await self._changed.wait()

    def _notify(self) -> None:
        self._changed.set()


def _address(ask: Callable[[], Any]) -> tuple[str, int] | None:
    """Where a connection comes from or goes to; None for a unix socket or one that is gone."""
    try:
        found = ask()
    except OSError:
        return None
    return (found[0], found[1]) if isinstance(found, tuple) else None
