"""One connection to a vendor: HTTP/1.1 by h11, on a trio stream.

What lives here: connecting, one exchange at a time, and whether another may follow. What must not:
which connection a call gets (`connections`), deadlines and limits (`http`), a vendor's word.

httpx's own transport does the same by httpcore, which serves several runtimes and several tasks a
connection: every call passes its locks and layers, each of them a round of the scheduler. Here one
task owns one connection, which makes a call cost a third (docs/performance.md).
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator

import h11
import httpx
import trio

_READ_BYTES = 65_536
_HEAD_MAX_BYTES = 65_536
_GONE = (trio.BrokenResourceError, trio.ClosedResourceError)


class VendorConnection:
    """A connection that is open; `connect` makes one. Cancelling a call leaves it unusable."""

    def __init__(self, stream: trio.abc.Stream, socket: trio.socket.SocketType) -> None:
        self._stream = stream
        self._socket = socket
        self._protocol = h11.Connection(h11.CLIENT, max_incomplete_event_size=_HEAD_MAX_BYTES)

    @classmethod
    async def connect(
        cls, url: httpx.URL, context: ssl.SSLContext, patience_s: float
    ) -> VendorConnection:
        """Connect, with TLS for https. Raises httpx.ConnectError and httpx.ConnectTimeout."""
        secure = url.scheme == "https"
        port = url.port or (443 if secure else 80)
        stream: trio.SocketStream | None = None
        try:
            with trio.fail_after(patience_s):
                host = url.raw_host.decode("ascii")
                stream = await trio.open_tcp_stream(host, port)
                if not secure:
                    return cls(stream, stream.socket)
                return cls(await _secured(stream, context, host), stream.socket)
        except BaseException as error:
            if stream is not None:
                stream.socket.close()
            if isinstance(error, trio.TooSlowError):
                raise httpx.ConnectTimeout("no connection in time") from error
            if isinstance(error, OSError | ssl.SSLError | trio.BrokenResourceError):
                raise httpx.ConnectError("no connection") from error
            raise

    @property
    def idle(self) -> bool:
        """Whether the last exchange is over and another may follow."""
        return self._protocol.our_state is h11.IDLE

    @property
    def silent(self) -> bool:
        """Whether there is nothing to read; between exchanges that could only be a farewell."""
        return not self._socket.is_readable()

    async def begin(self, request: httpx.Request) -> h11.Response:
        """Send a request whose body is known; the head of its response.

        `read_body` must follow before another request. Raises httpx.WriteError, httpx.ReadError,
        httpx.RemoteProtocolError and httpx.LocalProtocolError.
        """
        body = request.content
        protocol = self._protocol
        try:
            head = h11.Request(
                method=request.method, target=request.url.raw_path, headers=request.headers.raw
            )
            # In one piece: a head that travels alone costs the vendor a read of its own.
            data = b"".join(
                protocol.send(event) or b""
                for event in (head, h11.Data(data=body), h11.EndOfMessage())
            )
        except h11.LocalProtocolError as error:
            raise httpx.LocalProtocolError(str(error)) from error
        try:
            await self._stream.send_all(data)
        except _GONE as error:
            raise httpx.WriteError("the connection broke") from error
        while not isinstance(event := await self._next_event(), h11.Response):
            if not isinstance(event, h11.InformationalResponse):
                raise httpx.RemoteProtocolError("no response")
        return event

    async def read_body(self) -> AsyncIterator[bytes]:
        """The body of the response, in pieces; afterwards the connection is ready for more."""
        while True:
            event = await self._next_event()
            if isinstance(event, h11.Data):
                yield bytes(event.data)
            elif isinstance(event, h11.EndOfMessage):
                break
            else:
                raise httpx.RemoteProtocolError("the response ends in the middle")
        if self._protocol.our_state is h11.DONE and self._protocol.their_state is h11.DONE:
            self._protocol.start_next_cycle()

    async def _next_event(self) -> h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]:
        try:
            while (event := self._protocol.next_event()) is h11.NEED_DATA:
                self._protocol.receive_data(bytes(await self._stream.receive_some(_READ_BYTES)))
        except h11.RemoteProtocolError as error:
            raise httpx.RemoteProtocolError(str(error)) from error
        except _GONE as error:
            raise httpx.ReadError("the connection broke") from error
        return event

    def close(self) -> None:
        """Close at once, without a farewell. Never blocks."""
        self._socket.close()


async def _secured(
    stream: trio.SocketStream, context: ssl.SSLContext, host: str
) -> trio.SSLStream[trio.SocketStream]:
    secured = trio.SSLStream(stream, context, server_hostname=host, https_compatible=True)
    await secured.do_handshake()
    return secured
