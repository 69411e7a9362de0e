"""HTTP/1.1 responses out of the bytes of one connection.

What lives here: where a response begins and ends, and what can be read behind it. What must not:
sockets, requests, deadlines. The grammar is llhttp's (the parser of Node.js), by httptools:
https://github.com/nodejs/llhttp.
"""

from __future__ import annotations

from collections import deque

import httptools
from msgspec import Struct

HEAD_MAX_BYTES = 65_536


class ResponseHead(Struct, frozen=True):
    """A response's status and headers, in their order and as they were sent."""

    status: int
    headers: list[tuple[bytes, bytes]]


class NoResponse(Exception):
    """What came is no HTTP, or no whole response; why, without a word of its content."""


class ResponseParser:
    """Responses to one request after another: `expect` each of them, then feed what comes."""

    def __init__(self) -> None:
        self.head: ResponseHead | None = None
        """Of the response that is expected, once it is whole."""
        self.body: deque[bytes] = deque()
        """What has come of its body and was not taken out."""
        self.ended = True
        """Whether it is whole."""
        self.reusable = True
        """Whether another request may be sent on this connection, once this response has ended."""
        self._parser = httptools.HttpResponseParser(self)
        self._bodiless = False
        self._measured = False
        self._headers: list[tuple[bytes, bytes]] = []
        self._size = 0
        self._untold = 0
        """Bytes that the parser was fed since it has last told us anything: it holds them."""

    def expect(self, method: str) -> None:
        """A request was sent: the next response is its."""
        self.head = None
        self.body.clear()
        self.ended = False
        self._bodiless = method == "HEAD"

    def feed(self, data: bytes) -> None:
        """Take in what came; nothing: the vendor has hung up. Raises NoResponse."""
        if not data:
            self._hear_the_end()
            return
        if self.ended:
            self.reusable = False  # words that nobody has asked for
            return
        self._untold += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            raise NoResponse("the vendor wants to speak another protocol") from None
        except httptools.HttpParserError as error:
            self._fail(error)
        if self._untold > HEAD_MAX_BYTES:
            raise NoResponse("a header or a trailer has no end")

    def _fail(self, error: httptools.HttpParserError) -> None:
        """Nothing can be read any more; which matters where something is missing."""
        self.reusable = False
        if not self.ended:
            raise NoResponse(str(error)) from error

    def _hear_the_end(self) -> None:
        self.reusable = False
        if self.ended:
            return
        if self.head is None or self._measured:
            raise NoResponse("the response ends in the middle")
        self.ended = True

    # --- what httptools calls -------------------------------------------------------------------

    def on_message_begin(self) -> None:
        """A response begins."""
        if self.ended:
            self.reusable = False
        self._headers = []
        self._untold = self._size = 0
        self._measured = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header, or a trailer, of which we want none."""
        self._untold = 0
        self._size += len(name) + len(value) + 4
        if self._size > HEAD_MAX_BYTES:
            raise ValueError("too many headers")
        if self.head is not None:
            return
        self._headers.append((name, value.rstrip(b" \t")))
        if name.lower() in (b"content-length", b"transfer-encoding"):
            self._measured = True

    def on_headers_complete(self) -> None:
        """The headers are whole."""
        self._untold = 0
        status = self._parser.get_status_code()
        if status < 100:
            raise ValueError("no status")
        if self.ended or status < 200:
            return  # of a response that nobody expects, or of words in between
        self.head = ResponseHead(status, self._headers)
        self.reusable = self.reusable and self._parser.should_keep_alive()
        if self._bodiless:
            # The parser does not know what was asked, and waits for a body that does not come.
            self.ended = True
            self.reusable = False

    def on_body(self, data: bytes) -> None:
        """A piece of the body."""
        self._untold = 0
        if not self.ended:
            self.body.append(data)

    def on_chunk_header(self) -> None:
        """A chunk begins."""
        self._untold = 0

    def on_message_complete(self) -> None:
        """The response is whole, or words in between are."""
        if self.head is not None:
            self.ended = True
