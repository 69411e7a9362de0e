"""A real HTTP server on a loopback port: hypercorn's trio connection under a Starlette app.

What lives here: listening, refusing, counting requests, and closing a connection in the middle of
one. What must not: what a vendor answers.

hypercorn's own `serve` has no way to close a connection without an answer, nor to stop listening
and go on later on the same port; so the accept loop is ours and each connection is hypercorn's.
"""

from __future__ import annotations

import contextlib
import logging
import socket
from typing import Any

import trio
from hypercorn.app_wrappers import ASGIWrapper
from hypercorn.config import Config
from hypercorn.trio.tcp_server import TCPServer
from hypercorn.trio.worker_context import WorkerContext
from hypercorn.typing import ConnectionState
from starlette.types import ASGIApp, Receive, Scope, Send

from adapters.sandbox.clock import Activity

HOST = "127.0.0.1"

SCOPE_KEY = "routerbot.sandbox"
"""Where a request's scope holds its `Connection`."""

_BODY_MAX_BYTES = 4 << 20


class Connection:
    """The connection under one request, for answers that no framework can give."""

    def __init__(self, stream: trio.SocketStream | None, activity: Activity) -> None:
        self._stream = stream
        self.activity = activity

    async def close(self) -> None:
        """Close it, answered or not."""
        if self._stream is not None:
            await trio.aclose_forcefully(self._stream)


class LoopbackServer:
    """One simulated system's server. It listens from the moment it is made."""

    def __init__(self, app: ASGIApp, activity: Activity, port: int = 0) -> None:
        self._app = app
        self._activity = activity
        # Bound but never listening: keeps the port ours while the server refuses connections.
        self._reserved = _bound_socket(port)
        self.port: int = self._reserved.getsockname()[1]
        self._streams: dict[Any, trio.SocketStream] = {}
        self._connections: trio.CancelScope | None = None
        self._listener: trio.socket.SocketType | None = None
        self._came_up = trio.Event()
        self.up()

    @property
    def url(self) -> str:
        """Its address, without a slash at the end."""
        return f"http://{HOST}:{self.port}"

    def down(self) -> None:
        """Refuse connections from now on, and cut those that are open."""
        if self._listener is None:
            return
        self._listener.close()
        self._listener = None
        self._came_up = trio.Event()
        # At once, not when their tasks next run: a client must find an idle connection closed
        # before it uses it again, and then be refused a new one.
        for stream in self._streams.values():
            stream.socket.close()
        if self._connections is not None:
            self._connections.cancel()

    def up(self) -> None:
        """Listen (again)."""
        if self._listener is not None:
            return
        listener = _bound_socket(self.port)
        listener.listen(100)
        self._listener = trio.socket.from_stdlib_socket(listener)
        self._came_up.set()

    def close(self) -> None:
        """Let go of the port."""
        self.down()
        self._reserved.close()

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Serve until cancelled."""
        task_status.started()
        try:
            while True:
                await self._came_up.wait()
                async with trio.open_nursery() as connections:
                    self._connections = connections.cancel_scope
                    await self._accept(connections)
                    connections.cancel_scope.cancel()
        finally:
            self.close()

    async def _accept(self, connections: trio.Nursery) -> None:
        """Take connections until the listener is closed."""
        config, context = _quiet_config(), WorkerContext(None)
        while (listener := self._listener) is not None:
            try:
                accepted, _ = await listener.accept()
            except (trio.ClosedResourceError, OSError):
                if self._listener is listener:
                    raise
                return
            stream = trio.SocketStream(accepted)
            connections.start_soon(self._serve_connection, stream, config, context)

    async def _serve_connection(
        self, stream: trio.SocketStream, config: Config, context: WorkerContext
    ) -> None:
        try:
            peer = stream.socket.getpeername()
        except OSError:  # gone before it was served
            await trio.aclose_forcefully(stream)
            return
        self._streams[peer] = stream
        try:
            # hypercorn has types of its own for what Starlette and trio call otherwise.
            app = ASGIWrapper(self._handle)  # type: ignore[arg-type]
            await TCPServer(app, config, context, ConnectionState({}), stream)  # type: ignore[arg-type]
        finally:
            self._streams.pop(peer, None)
            with contextlib.suppress(trio.Cancelled):
                await trio.aclose_forcefully(stream)

    async def _handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        connection = Connection(self._streams.get(scope["client"]), self._activity)
        with self._activity.under_way():
            await self._app({**scope, SCOPE_KEY: connection}, receive, send)


def free_port() -> int:
    """A loopback port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _bound_socket(port: int) -> socket.socket:
    """A socket on the loopback interface; several may share a port while none listens."""
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    bound.bind((HOST, port))
    bound.setblocking(False)
    return bound


def _quiet_config() -> Config:
    config = Config()
    config.accesslog = None
    config.errorlog = logging.getLogger("routerbot.sandbox.server")
    # Longer than any client keeps an idle connection: the server must not close one in the very
    # moment in which a client uses it again, or a test run would fail now and then.
    config.keep_alive_timeout = 3600
    config.keep_alive_max_requests = 1_000_000
    config.wsgi_max_body_size = _BODY_MAX_BYTES
    config.include_server_header = False
    return config
