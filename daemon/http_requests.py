"""HTTP/1.1 requests out of the bytes of one connection.

What lives here: what a request looks like to us, and the parser's words for what is none. What must
not: sockets, deadlines, answers. The grammar is llhttp's (the parser of Node.js), by httptools:
https://github.com/nodejs/llhttp, strict as it comes.
"""

from __future__ import annotations

from collections import deque
from typing import Final

import httptools
from msgspec import Struct
from msgspec.structs import replace


class Head(Struct, frozen=True):
    """A request's line and headers."""

    method: str
    target: bytes
    """As sent: a path with its query, `*`, or a whole address."""
    version: str
    """"1.1" or "1.0"."""
    headers: list[tuple[bytes, bytes]]
    """Names in lower case, in their order."""
    keep_alive: bool
    """Whether the client wants another request on this connection."""


class Body(Struct, frozen=True):
    """A piece of the body of the last request that began; never empty."""

    data: bytes


class End(Struct, frozen=True):
    """The last request that began is whole."""


class NotHttp(Struct, frozen=True):
    """What came is no request. Nothing can be read behind it."""

    status: int


Event = Head | Body | End | NotHttp

_END: Final = End()


_VERSIONS = ("1.1", "1.0")
_LENGTH_DIGITS_MAX = 19


class _Unwanted(Exception):
    """Raised through the parser, with the status to answer."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class RequestParser:
    """Bytes in, events out. For one connection; it holds what it was fed, so feed it by pieces."""

    def __init__(self, head_max_bytes: int) -> None:
        """A request's line and headers, with its trailers, may have `head_max_bytes` in all.

        What is longer is NotHttp with status 431; also what has no end, once so much of it and one
        feed over came.
        """
        self.events: deque[Event] = deque()
        self.begun = False
        """Whether a request has begun whose headers are not whole."""
        self._head_max = head_max_bytes
        self._parser = httptools.HttpRequestParser(self)
        self._untold = 0
        """Bytes that the parser was fed since it has last told us anything: it holds them."""
        self._broken = False
        self._target = b""
        self._headers: list[tuple[bytes, bytes]] = []
        self._size = 0

    def feed(self, data: bytes) -> None:
        """Take in what came; `events` has what it was. Nothing is taken any more after NotHttp."""
        while data and not self._broken:
            self._untold += len(data)
            try:
                self._parser.feed_data(data)
            except httptools.HttpParserUpgrade as upgrade:
                data = self._without_offer(data[upgrade.args[0] :])
                continue
            except httptools.HttpParserError as error:
                cause = error.__context__
                self._fail(cause.status if isinstance(cause, _Unwanted) else 400)
            else:
                if self._untold > self._head_max:
                    self._fail(431)
            return

    def _without_offer(self, rest: bytes) -> bytes:
        """The client offers another protocol, or wants a tunnel; we may go on as if it had not.

        For the parser the request ends with its headers then. But a body may follow: Java's client
        offers HTTP/2 with whatever it posts first. So it is to be read again, without the offer.
        """
        self.events.pop()  # its end
        head = self.events.pop()
        assert isinstance(head, Head)
        if head.method == "CONNECT":
            self.events += (replace(head, keep_alive=False), _END)
            self._broken = True
            return b""
        self._parser = httptools.HttpRequestParser(self)
        kept = [pair for pair in head.headers if pair[0] != b"upgrade"]
        line = b"%b %b HTTP/%b\r\n" % (head.method.encode(), head.target, head.version.encode())
        return line + b"".join(b"%b: %b\r\n" % pair for pair in kept) + b"\r\n" + rest

    def _fail(self, status: int) -> None:
        self._broken = True
        self.begun = False
        self.events.append(NotHttp(status))

    # --- what httptools calls -------------------------------------------------------------------

    def on_message_begin(self) -> None:
        """A request begins."""
        self.begun = True
        self._untold = self._size = 0
        self._target = b""
        self._headers = []

    def on_url(self, part: bytes) -> None:
        """Part of the request's target."""
        self._target += part
        self._grow(len(part))

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header, or a trailer, of which we want none."""
        self._grow(len(name) + len(value) + 4)
        if self.begun:
            # RFC 9110, 5.5: blanks behind a value do not belong to it.
            self._headers.append((name.lower(), value.rstrip(b" \t")))

    def _grow(self, size: int) -> None:
        self._untold = 0
        self._size += size
        if self._size > self._head_max:
            raise _Unwanted(431)

    def on_headers_complete(self) -> None:
        """The headers are whole."""
        self.begun = False
        self._untold = 0
        parser = self._parser
        version = parser.get_http_version()
        if version not in _VERSIONS:
            raise _Unwanted(505)
        self._check_headers(version)
        self.events.append(
            Head(
                parser.get_method().decode("ascii"),
                self._target,
                version,
                self._headers,
                # An old client would have to be told that we keep the connection.
                version == "1.1" and parser.should_keep_alive(),
            )
        )

    def _check_headers(self, version: str) -> None:
        """What the parser lets through and whoever stands in front of us may read otherwise."""
        hosts = 0
        for name, value in self._headers:
            if name == b"host":
                hosts += 1
            elif name == b"transfer-encoding":
                if version != "1.1":
                    raise _Unwanted(400)  # RFC 9112, 6.1
                if value.lower() != b"chunked":
                    raise _Unwanted(501)
            elif name == b"content-length" and len(value) > _LENGTH_DIGITS_MAX:
                raise _Unwanted(400)
        if hosts > 1 or (hosts == 0 and version == "1.1"):
            raise _Unwanted(400)  # RFC 9112, 3.2

    def on_body(self, data: bytes) -> None:
        """A piece of the body."""
        self._untold = 0
        self.events.append(Body(data))

    def on_chunk_header(self) -> None:
        """A chunk begins."""
        self._untold = 0

    def on_message_complete(self) -> None:
        """The request is whole."""
        self._untold = 0
        self.events.append(_END)
