"""Posting webhooks as fast as one process can: HTTP/1.1 over kept connections, and no more.

What lives here: a client that costs little, so that what is measured is the daemon. What must not:
what is posted.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import trio


class Poster:
    """A few kept connections to one address; a post waits until one is free."""

    def __init__(self, host: str, port: int, connections: int) -> None:
        self._host = host
        self._port = port
        self._put, self._get = trio.open_memory_channel[trio.SocketStream | None](connections)
        for _ in range(connections):
            self._put.send_nowait(None)

    async def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> int:
        """The status of the answer; 0 where there was none."""
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        head = f"POST {path} HTTP/1.1\r\nhost: {self._host}\r\ncontent-length: {len(body)}\r\n"
        request = f"{head}{lines}\r\n".encode() + body
        stream = await self._get.receive()
        kept: trio.SocketStream | None = None
        try:
            # A kept connection may have been closed meanwhile: once more on a fresh one.
            for _ in range(2):
                if stream is None:
                    stream = await self._connect()
                status, stays = await _exchange(stream, request)
                if status and stays:
                    kept = stream
                    return status
                await trio.aclose_forcefully(stream)
                stream = None
                if status:
                    return status
            return 0
        finally:
            if kept is None and stream is not None:
                stream.socket.close()  # also where the caller was cancelled in the middle
            self._put.send_nowait(kept)

    async def _connect(self) -> trio.SocketStream:
        return await trio.open_tcp_stream(self._host, self._port)

    async def aclose(self) -> None:
        """Close what is kept."""
        while True:
            try:
                stream = self._get.receive_nowait()
            except trio.WouldBlock:
                return
            if stream is not None:
                await trio.aclose_forcefully(stream)


async def _exchange(stream: trio.SocketStream, request: bytes) -> tuple[int, bool]:
    """The status (0: none), and whether the connection stays."""
    answer = b""
    try:
        await stream.send_all(request)
        while (end := answer.find(b"\r\n\r\n")) < 0:
            received = await stream.receive_some(4096)
            if not received:
                return 0, False
            answer += received
        head = answer[:end].lower()
        _, found, rest = head.partition(b"content-length:")
        missing = end + 4 - len(answer) + (int(rest.partition(b"\r\n")[0]) if found else 0)
        while missing > 0:
            received = await stream.receive_some(4096)
            if not received:
                return 0, False
            missing -= len(received)
    except (trio.BrokenResourceError, OSError):
        return 0, False
    return int(answer[9:12]), b"connection: close" not in head


@asynccontextmanager
async def open_poster(url: str, connections: int) -> AsyncIterator[Poster]:
    """A poster to `http://host:port`."""
    host, _, port = url.removeprefix("http://").partition(":")
    poster = Poster(host, int(port), connections)
    try:
        yield poster
    finally:
        await poster.aclose()
