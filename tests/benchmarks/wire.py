"""HTTP/1.1 as cheaply as one process can speak it, for both sides of a benchmark.

What lives here: kept connections that post, and a server that answers, on bare asyncio protocols.
The daemon is what is measured, and it has one core of two: whatever its counterpart spends is
missing there. What must not: what is posted or answered.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

HOST = "127.0.0.1"

Answer = tuple[int, bytes]
Answerer = Callable[[str, Mapping[str, str], bytes], Answer]
"""Target, headers (names in lower case) and body of a request, to status and JSON body."""

_END = b"\r\n\r\n"


class _Assembly:
    """Messages out of a stream of bytes; each has a head and a body of the length it names."""

    def __init__(self) -> None:
        self._waiting = b""

    def feed(self, data: bytes) -> list[tuple[bytes, bytes]]:
        """Heads and bodies that are whole by now."""
        self._waiting += data
        whole: list[tuple[bytes, bytes]] = []
        while (end := self._waiting.find(_END)) >= 0:
            head = self._waiting[:end]
            size = content_length(head)
            if len(self._waiting) < end + 4 + size:
                break
            whole.append((head, self._waiting[end + 4 : end + 4 + size]))
            self._waiting = self._waiting[end + 4 + size :]
        return whole


def content_length(head: bytes) -> int:
    """The length of the body that the head of a message names."""
    _, found, rest = head.lower().partition(b"content-length:")
    return int(rest.partition(b"\r\n")[0]) if found else 0


# --- posting ------------------------------------------------------------------------------------


class Poster:
    """One kept connection to a server on this machine; one post at a time."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._link: _Link | None = None

    async def post(self, request: bytes) -> int:
        """The status that a whole request is answered with."""
        if self._link is None or not self._link.stays:
            # A server keeps a connection for so many requests only.
            loop = asyncio.get_running_loop()
            _, self._link = await loop.create_connection(_Link, HOST, self._port)
        return await self._link.post(request)

    def close(self) -> None:
        """Hang up."""
        if self._link is not None:
            self._link.close()


class _Link(asyncio.Protocol):
    def __init__(self) -> None:
        self.stays = True
        self._assembly = _Assembly()
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[int] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        for head, _ in self._assembly.feed(data):
            self.stays = b"connection: close" not in head.lower()
            if self._answer is not None:
                self._answer.set_result(int(head[9:12]))
                self._answer = None

    def connection_lost(self, exc: Exception | None) -> None:
        self.stays = False
        if self._answer is not None:
            self._answer.set_exception(exc or ConnectionResetError("closed by the server"))

    async def post(self, request: bytes) -> int:
        assert self._transport is not None
        answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._answer = answer
        self._transport.write(request)
        return await answer

    def close(self) -> None:
        self.stays = False
        if self._transport is not None:
            self._transport.close()


def request(target: str, body: bytes, headers: Mapping[str, str]) -> bytes:
    """A whole POST."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    head = f"POST {target} HTTP/1.1\r\nhost: {HOST}\r\ncontent-length: {len(body)}\r\n"
    return f"{head}content-type: application/json\r\n{lines}\r\n".encode() + body


# --- answering ----------------------------------------------------------------------------------


class _Server(asyncio.Protocol):
    """Answers each request at once."""

    def __init__(self, answer: Answerer) -> None:
        self._answer = answer
        self._assembly = _Assembly()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        for head, body in self._assembly.feed(data):
            first, *lines = head.decode("latin-1").split("\r\n")
            headers = {}
            for line in lines:
                name, _, value = line.partition(":")
                headers[name.lower()] = value.strip()
            status, content = self._answer(first.split(" ")[1], headers, body)
            answer = (
                f"HTTP/1.1 {status} OK\r\ncontent-type: application/json\r\n"
                f"content-length: {len(content)}\r\n\r\n"
            )
            assert self._transport is not None
            self._transport.write(answer.encode() + content)


async def listen(answer: Answerer, port: int = 0) -> tuple[asyncio.Server, int]:
    """A server on a port (0: any free one), and the port."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Server(answer), HOST, port)
    found: int = server.sockets[0].getsockname()[1]
    return server, found
