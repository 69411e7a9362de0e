"""One request and its answer, as ASGI has it.

What lives here: the two callables an ASGI app is given, and how an answer is framed. What must not:
sockets and deadlines (`connection`), the grammar of requests (`http_requests`).

An answer's head waits for the first piece of its body, as ASGI allows, and goes out with it.
"""

from __future__ import annotations

import math
from email.utils import formatdate
from http import HTTPStatus
from typing import Protocol
from urllib.parse import unquote_to_bytes, urlsplit

import trio
from starlette.types import Message, Scope

from adapters.http_grammar import header_line
from daemon.http_requests import Body, End, Head, NotHttp, RequestParser

_LINES = {int(one): f"HTTP/1.1 {one.value} {one.phrase}\r\n".encode() for one in HTTPStatus}
_BODILESS = (204, 304)
_OURS = (b"connection", b"date", b"transfer-encoding")
"""Headers that are the server's to write."""
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"

Address = tuple[str, int] | None


class Peer(Protocol):
    """The connection, as an exchange needs it."""

    parser: RequestParser

    async def receive(self) -> bytes:
        """What comes next, or nothing where nothing will."""

    async def write(self, data: bytes) -> None:
        """Send. What cannot be sent any more is lost in silence: who asked for it has left."""

    @property
    def stopping(self) -> bool:
        """Whether this answer shall be the connection's last."""


class AppFault(Exception):
    """The app's answer is none that can be sent."""


def scope_of(head: Head, client: Address, server: Address) -> Scope:
    """What ASGI tells an app of a request."""
    path, query = _split(head.target)
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": head.version,
        "method": head.method,
        "scheme": "http",
        "path": unquote_to_bytes(path).decode("utf-8", "replace"),
        "raw_path": path,
        "query_string": query,
        "root_path": "",
        "headers": head.headers,
        "client": client,
        "server": server,
    }


def _split(target: bytes) -> tuple[bytes, bytes]:
    if target.startswith(b"/"):
        path, _, query = target.partition(b"?")
        return path, query
    try:
        whole = urlsplit(target)
    except ValueError:
        return target, b""
    return whole.path or b"/", whole.query


class Exchange:
    """The two ends of one request: `receive` and `send` for the app, the rest for who runs it."""

    def __init__(self, peer: Peer, head: Head) -> None:
        self._peer = peer
        self._head = head
        self.whole = False
        """Whether the request's end was seen."""
        self.cut = False
        """Whether the answer ends in the middle, and nothing in it says so."""
        self.unanswered = False
        """Whether the app had nothing to say, or half of it, to a client that waits."""
        self._gone = False
        self._nonsense: int | None = None
        """The status for what came in the middle of the body."""
        self._waits_for_continue = head.version == "1.1" and any(
            name == b"expect" and value.lower() == b"100-continue" for name, value in head.headers
        )
        self._start: Message | None = None
        self._begun = False
        self._over = trio.Event()
        """Set when the answer is whole."""
        self._has_body = True
        self._chunked = False
        self._left = math.inf
        """Bytes of the answer's body that its head has promised and that are still to come."""
        self._closes = False
        self._reading = trio.Lock()

    # --- for the app ----------------------------------------------------------------------------

    async def receive(self) -> Message:
        """The next piece of the request; then, that the client has left or has all it wanted."""
        if self.whole:
            return await self._departure()
        events = self._peer.parser.events
        while not events:
            if self._gone:
                return {"type": "http.disconnect"}
            await self._read()
        pieces: list[bytes] = []
        while events and isinstance(event := events[0], Body):
            pieces.append(event.data)
            events.popleft()
        if events and isinstance(event := events[0], NotHttp):
            self._gone, self._nonsense = True, event.status
            return {"type": "http.disconnect"}
        self._see_end()
        return {"type": "http.request", "body": b"".join(pieces), "more_body": not self.whole}

    def _see_end(self) -> None:
        events = self._peer.parser.events
        if events and isinstance(events[0], End):
            events.popleft()
            self.whole = True

    async def _read(self) -> None:
        async with self._reading:
            if self._peer.parser.events or self._gone:
                return  # another task of the app's has read meanwhile
            if self._waits_for_continue:
                self._waits_for_continue = False
                if not self._begun:
                    await self._peer.write(_CONTINUE)
            data = await self._peer.receive()
            self._gone = not data
            self._peer.parser.feed(data)

    async def _departure(self) -> Message:
        while not (self._gone or self._over.is_set()):
            if self._peer.parser.events:
                # The client is ahead of us; while it is, it cannot be seen to leave.
                await self._over.wait()
            else:
                await self._read()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """Part of the answer. Blocks while the client is slow to take it. Raises AppFault.

        A checkpoint where more follows: who answers without end must not stop everybody else.
        """
        if message["type"] == "http.response.start":
            if self._start is not None:
                raise AppFault("the answer begins twice")
            self._start = message
            return
        if self._start is None or self._over.is_set():
            raise AppFault("a body without a head, or behind the end")
        body: bytes = message.get("body", b"")
        more: bool = message.get("more_body", False)
        parts = [] if self._begun else self._begin(self._start, body, more)
        if self._has_body:
            self._frame(parts, body, more)
        if not more:
            self._over.set()
        self._begun = True
        await self._peer.write(b"".join(parts))
        if more:
            await trio.lowlevel.checkpoint()

    # --- the answer's bytes ---------------------------------------------------------------------

    def _begin(self, start: Message, body: bytes, more: bool) -> list[bytes]:
        status: int = start["status"]
        lines = [_LINES.get(status) or b"HTTP/1.1 %d \r\n" % status]
        self._has_body = self._head.method != "HEAD" and status not in _BODILESS
        measured = False
        for name, value in start.get("headers", ()):
            name = name.lower()
            if name in _OURS or (name == b"content-length" and status == 204):  # RFC 9110, 8.6
                self._closes = self._closes or (name == b"connection" and b"close" in value.lower())
                continue
            if name == b"content-length":
                if measured:
                    raise AppFault("two lengths")
                measured = True
                self._left = int(value)
            try:
                lines.append(header_line(name, value))
            except ValueError as error:
                raise AppFault(str(error)) from None
        if not measured and self._has_body:
            lines.append(self._measure(body, more))
        if not self.reusable:
            lines.append(b"connection: close\r\n")
        lines.append(_date())
        return lines

    def _measure(self, body: bytes, more: bool) -> bytes:
        """A line that says how long the body is, or how its end is told."""
        if not more:
            return b"content-length: %d\r\n" % len(body)
        if self._head.version == "1.1":
            self._chunked = True
            return b"transfer-encoding: chunked\r\n"
        self._closes = True
        return b""

    def _frame(self, parts: list[bytes], body: bytes, more: bool) -> None:
        self._left -= len(body)
        if self._left < 0 or (not more and 0 < self._left < math.inf):
            raise AppFault("the answer is longer or shorter than its head says")
        if not self._chunked:
            parts.append(body)
            return
        if body:
            parts.append(b"%x\r\n%b\r\n" % (len(body), body))
        if not more:
            parts.append(b"0\r\n\r\n")

    # --- for the caller -------------------------------------------------------------------------

    @property
    def reusable(self) -> bool:
        """Whether another request may follow, once this one is answered."""
        if self._closes or self._gone or self._peer.stopping or not self._head.keep_alive:
            return False
        return self.whole or isinstance(self._last_known(), End)

    def _last_known(self) -> object:
        """The event behind what of the body has come and was not wanted."""
        return next((one for one in self._peer.parser.events if not isinstance(one, Body)), None)

    async def finish(self) -> None:
        """The app has returned or failed: answer where it has not, and throw away what has come of
        the request and was not wanted."""
        if self._begun and not self._over.is_set():
            self.unanswered = self._closes = True
            self.cut = self._has_body and not self._chunked and self._left == math.inf
            self._over.set()
        elif not self._begun:
            await self._answer_instead()
        if self.reusable:
            while not self.whole:
                self._see_end()
                if not self.whole:
                    self._peer.parser.events.popleft()

    async def _answer_instead(self) -> None:
        self._closes = True
        if self._nonsense is None and self._gone:
            return
        self.unanswered = self._nonsense is None
        status = self._nonsense or 500
        self._start = {"type": "http.response.start", "status": status}
        self._left = math.inf
        await self.send({"type": "http.response.body"})


class _DateLine:
    """The header `Date` behind the others, made anew once a second."""

    def __init__(self) -> None:
        self._until = -math.inf
        self._line = b""

    def __call__(self) -> bytes:
        now = trio.current_time()
        if not self._until - 1 <= now < self._until:
            self._until = now + 1
            self._line = f"date: {formatdate(usegmt=True)}\r\n\r\n".encode()
        return self._line


_date = _DateLine()
