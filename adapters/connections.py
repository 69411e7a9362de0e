"""Kept connections to one vendor, as an httpx transport.

What lives here: lending connections out, one to each call. What must not: what is asked or answered
(`http`), or how many calls there may be (the daemon bounds those).

httpx's client is left out for what it would have to be kept from: redirects, cookies, proxies of
the environment. Its pool looks at all of its connections, with a system call each, for every call
that begins or ends; here the connection that was used last is lent out first, and no other is
looked at.
"""

from __future__ import annotations

import ssl
from collections import deque
from collections.abc import AsyncIterator
from types import TracebackType

import httpx
import trio

from adapters.connection import VendorConnection, written

CONNECT_S = 5.0
IDLE_S = 5.0
"""How long a connection is kept that nobody uses; vendors hang up after some longer time."""


class KeptConnections(httpx.AsyncBaseTransport):
    """At most `connections_max` connections, most often to one origin; a call beyond them waits."""

    def __init__(self, connections_max: int, context: ssl.SSLContext) -> None:
        """`context`: whom to trust; may be shared."""
        self._context = context
        self._free = trio.Semaphore(connections_max, max_value=connections_max)
        self._idle: deque[tuple[float, str, VendorConnection]] = deque()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Begin a call; its connection comes back when the response is read or closed.

        Blocks for a free connection, for `CONNECT_S` at most for a new one, and for the head of the
        response as long as the caller lets it. Raises httpx's errors.
        """
        data = written(request)
        try:
            self._free.acquire_nowait()  # most often there is one; waiting costs a round
        except trio.WouldBlock:
            await self._free.acquire()
        connection: VendorConnection | None = None
        try:
            origin = f"{request.url.scheme}://{request.url.netloc.decode()}"
            connection = self._kept(origin)
            if connection is None:
                connection = await VendorConnection.connect(request.url, self._context, CONNECT_S)
            head = await connection.begin(request.method, data)
        except BaseException:
            if connection is not None:
                connection.close()
            self._free.release()
            raise
        return httpx.Response(
            head.status,
            headers=head.headers,
            stream=_Lent(connection, origin, self),
        )

    def _kept(self, origin: str) -> VendorConnection | None:
        """The connection that was used last, where it still is of use."""
        expired = trio.current_time() - IDLE_S
        while self._idle and self._idle[0][0] < expired:
            self._idle.popleft()[2].close()
        while self._idle:
            _, where, connection = self._idle.pop()
            if where == origin and connection.silent:
                return connection
            connection.close()
        return None

    def take_back(self, connection: VendorConnection, origin: str) -> None:
        """A call is over. Never blocks."""
        if connection.idle:
            self._idle.append((trio.current_time(), origin, connection))
        else:
            connection.close()
        self._free.release()

    async def aclose(self) -> None:
        """Close all connections that nobody uses."""
        while self._idle:
            self._idle.pop()[2].close()
        await trio.lowlevel.checkpoint()

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        """Close them, also where everything was cancelled."""
        with trio.CancelScope(shield=True):
            await self.aclose()


class _Lent(httpx.AsyncByteStream):
    """The body of a response, with the connection that it comes over."""

    def __init__(self, connection: VendorConnection, origin: str, owner: KeptConnections) -> None:
        self._connection = connection
        self._origin = origin
        self._owner: KeptConnections | None = owner

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._connection.read_body()

    async def aclose(self) -> None:
        owner, self._owner = self._owner, None
        if owner is not None:
            owner.take_back(self._connection, self._origin)
