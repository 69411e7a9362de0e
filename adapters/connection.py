"""One connection to a vendor: HTTP/1.1 by httptools, on a trio stream.

What lives here: connecting, one exchange at a time, and whether another may follow. What must not:
which connection a call gets (`connections`), deadlines and limits (`http`), a vendor's word.

httpx's own transport does the same by httpcore, which serves several runtimes and several tasks a
connection: every call passes its locks and layers, each of them a round of the scheduler. Here one
task owns one connection, which makes a call cost a third (docs/performance.md).
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator

import httpx
import trio

from adapters.http_grammar import header_line, request_line
from adapters.http_responses import NoResponse, ResponseHead, ResponseParser
from adapters.sockets import read_when_there_is, write_now

_READ_BYTES = 65_536
_GONE = (trio.BrokenResourceError, trio.ClosedResourceError)


class VendorConnection:
    """A connection that is open; `connect` makes one. Cancelling a call leaves it unusable."""

    def __init__(self, stream: trio.abc.Stream, socket: trio.socket.SocketType) -> None:
        self._stream = stream
        self._socket = socket
        self._parser = ResponseParser()

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
        return self._parser.ended and self._parser.reusable

    @property
    def silent(self) -> bool:
        """Whether there is nothing to read; between exchanges that could only be a farewell, or
        words that nobody has asked for."""
        if isinstance(self._stream, trio.SSLStream) and self._stream._incoming.pending:
            return False  # it came with the last answer; trio keeps it to itself, a test watches it
        return not self._socket.is_readable()

    async def begin(self, method: str, request: bytes) -> ResponseHead:
        """Send a request that is whole, of a method; the head of its response.

        `read_body` must follow before another request. Raises httpx.WriteError, httpx.ReadError
        and httpx.RemoteProtocolError.
        """
        parser = self._parser
        parser.expect(method)
        try:
            await self._send(request)
        except _GONE as error:
            raise httpx.WriteError("the connection broke") from error
        while parser.head is None:
            await self._read()
        return parser.head

    async def read_body(self) -> AsyncIterator[bytes]:
        """The body of the response, in pieces; afterwards the connection is ready for more."""
        parser = self._parser
        while True:
            while parser.body:
                yield parser.body.popleft()
            if parser.ended:
                return
            await self._read()

    async def _send(self, data: bytes) -> None:
        if isinstance(self._stream, trio.SocketStream):
            # Hardly ever is there no room for it: no need to ask the scheduler.
            data = data[write_now(self._socket, data) :]
        if data:
            await self._stream.send_all(data)

    async def _read(self) -> None:
        try:
            if isinstance(self._stream, trio.SocketStream):
                data = await read_when_there_is(self._socket, _READ_BYTES)
            else:
                data = bytes(await self._stream.receive_some(_READ_BYTES))
            self._parser.feed(data)
        except NoResponse as error:
            raise httpx.RemoteProtocolError(str(error)) from error
        except _GONE as error:
            raise httpx.ReadError("the connection broke") from error

    def close(self) -> None:
        """Close at once, without a farewell. Never blocks."""
        self._socket.close()


async def _secured(
    stream: trio.SocketStream, context: ssl.SSLContext, host: str
) -> trio.SSLStream[trio.SocketStream]:
    secured = trio.SSLStream(stream, context, server_hostname=host, https_compatible=True)
    await secured.do_handshake()
    return secured


def written(request: httpx.Request) -> bytes:
    """A request as bytes, its body included.

    In one piece: a head that travels alone costs the vendor a read of its own. Raises
    httpx.LocalProtocolError where it could be taken for another.
    """
    try:
        parts = [request_line(request.method.encode("ascii"), request.url.raw_path)]
        parts += [header_line(name, value) for name, value in request.headers.raw]
    except ValueError as error:  # UnicodeError is one
        raise httpx.LocalProtocolError(str(error)) from None
    return b"".join([*parts, b"\r\n", request.content])
