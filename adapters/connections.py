"""Kept connections to one vendor, as an httpx transport.

What lives here: lending connections out, one to each call. What must not: what is asked or answered
(`http`), or how many calls there may be (the daemon bounds those).

httpx's client is left out for what it would have to be kept from: redirects, cookies, proxies of
the environment. Its pool looks at all of its connections, with a system call each, for every call
that begins or ends; with sixteen under way that is most of what a call costs. So each connection
here is a pool of its own, and the one that was used last is lent out first.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from types import TracebackType

import httpx
import trio


class KeptConnections(httpx.AsyncBaseTransport):
    """At most `connections_max` connections; a call beyond them waits."""

    def __init__(self, connections_max: int, context: ssl.SSLContext) -> None:
        """`context`: what is trusted; may be shared."""
        self._context = context
        self._free = trio.Semaphore(connections_max, max_value=connections_max)
        self._made: list[httpx.AsyncHTTPTransport] = []
        self._idle: list[httpx.AsyncHTTPTransport] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Begin a call; its connection comes back when the response is closed.

        Blocks for a free connection, then as the request's time-outs say; raises httpx's errors.
        """
        await self._free.acquire()
        transport = self._idle.pop() if self._idle else self._new()
        try:
            response = await transport.handle_async_request(request)
        except BaseException:
            self._take_back(transport)
            raise
        assert isinstance(response.stream, httpx.AsyncByteStream)
        response.stream = _Lent(response.stream, self, transport)
        return response

    def _new(self) -> httpx.AsyncHTTPTransport:
        transport = httpx.AsyncHTTPTransport(
            verify=self._context, trust_env=False, limits=httpx.Limits(max_connections=1)
        )
        self._made.append(transport)
        return transport

    def _take_back(self, transport: httpx.AsyncHTTPTransport) -> None:
        self._idle.append(transport)
        self._free.release()

    async def aclose(self) -> None:
        """Close all connections."""
        for transport in self._made:
            await transport.aclose()

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        """Close all connections, also where everything was cancelled."""
        with trio.CancelScope(shield=True):
            await self.aclose()


class _Lent(httpx.AsyncByteStream):
    """The body of a response, with the connection that it comes over."""

    def __init__(
        self,
        stream: httpx.AsyncByteStream,
        owner: KeptConnections,
        transport: httpx.AsyncHTTPTransport,
    ) -> None:
        self._stream = stream
        self._owner: KeptConnections | None = owner
        self._transport = transport

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._stream:
            yield chunk

    async def aclose(self) -> None:
        owner, self._owner = self._owner, None
        if owner is None:
            return
        try:
            await self._stream.aclose()
        finally:
            owner._take_back(self._transport)
