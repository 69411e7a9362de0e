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
_OF_THE_UPGRADE = (b"connection", b"upgrade", b"http2-settings")


class _Unwanted(Exception):
    """Raised through the parser, with the status to answer."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class RequestParser:
    """Bytes in, events out. For one connection; it holds what it was fed, so feed it by pieces."""

    def __init__(self, head_max_bytes: int) -> None:
        """A request line with its headers may have `head_max_bytes`, and as much over as one feed.

        What is longer is NotHttp with status 431, as soon as that is sure.
        """
        self.events: deque[Event] = deque()
        self.begun = False
        """Whether a request has begun whose headers are not whole."""
        self._head_max = head_max_bytes
        self._parser = httptools.HttpRequestParser(self)
        self._fed_before = 0
        """Bytes of the request that has begun, in feeds after the one in which it did."""
        self._broken = False
        self._target = b""
        self._headers: list[tuple[bytes, bytes]] = []
        self._size = 0

    def feed(self, data: bytes) -> None:
        """Take in what came; `events` has what it was. Nothing is taken any more after NotHttp."""
        if self._broken or not data:
            return
        if self.begun:
            self._fed_before += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._stay(data[upgrade.args[0] :])
        except httptools.HttpParserError as error:
            cause = error.__context__
            self._fail(cause.status if isinstance(cause, _Unwanted) else 400)
        else:
            if self.begun and self._fed_before > self._head_max:
                self._fail(431)

    def _stay(self, rest: bytes) -> None:
        """The client offers another protocol, or wants a tunnel; we may go on as if it had not.

        For the parser the request ends with its headers then. But a body may follow: Java's client
        offers HTTP/2 with whatever it posts first. So the request is read again, without the offer.
        """
        self.events.pop()  # its end
        head = self.events[-1]
        if not isinstance(head, Head) or head.method == "CONNECT":
            self.events.append(_END)
            self._broken = True
            return
        self.events.pop()
        self._parser = httptools.HttpRequestParser(self)
        kept = [pair for pair in head.headers if pair[0] not in _OF_THE_UPGRADE]
        self.feed(b"%b %b HTTP/1.1\r\n" % (head.method.encode(), head.target))
        self.feed(b"".join(b"%b: %b\r\n" % pair for pair in kept) + b"\r\n")
        self.feed(rest)

    def _fail(self, status: int) -> None:
        self._broken = True
        self.begun = False
        self.events.append(NotHttp(status))

    # --- what httptools calls -------------------------------------------------------------------

    def on_message_begin(self) -> None:
        """A request begins."""
        self.begun = True
        self._fed_before = self._size = 0
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
            self._headers.append((name.lower(), value))

    def _grow(self, size: int) -> None:
        self._size += size
        if self._size > self._head_max:
            raise _Unwanted(431)

    def on_headers_complete(self) -> None:
        """The headers are whole."""
        self.begun = False
        parser = self._parser
        version = parser.get_http_version()
        if version not in _VERSIONS:
            raise _Unwanted(505)
        hosts = sum(name == b"host" for name, _ in self._headers)
        if hosts > 1 or (hosts == 0 and version == "1.1"):
            raise _Unwanted(400)  # RFC 9112, 3.2
        self.events.append(
            Head(
                parser.get_method().decode("ascii"),
                self._target,
                version,
                self._headers,
                parser.should_keep_alive() and not parser.should_upgrade(),
            )
        )

    def on_body(self, data: bytes) -> None:
        """A piece of the body."""
        self.events.append(Body(data))

    def on_message_complete(self) -> None:
        """The request is whole."""
        self.events.append(_END)
