"""A vendor on loopback that answers bytes as told: real HTTP, also broken HTTP."""

from __future__ import annotations

import json
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import trio

TAKEN: dict[str, Any] = {
    "messaging_product": "whatsapp",
    "contacts": [{"input": "+16505551234", "wa_id": "16505551234"}],
    "messages": [{"id": "wamid.HBgLMTY0NjcwNDM1OTUVAgARGBI1RjQyNUE3NEYxMzAzMzQ5MkEA"}],
}


def answer(status: int, body: object = b"", *headers: str) -> bytes:
    """A whole answer; a `body` other than bytes becomes JSON."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    head = [f"HTTP/1.1 {status} -", f"content-length: {len(raw)}", "connection: close", *headers]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + raw


@dataclass
class Seen:
    """A request as it came."""

    line: str
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass
class Vendor:
    """What it answers to every request, and what it has seen."""

    url: str
    reply: bytes = answer(200, TAKEN)
    then_hang: bool = False
    reset: bool = False
    seen: list[Seen] = field(default_factory=list)

    async def serve(self, stream: trio.SocketStream) -> None:
        """Answer one request and close."""
        async with stream:
            data = b""
            while b"\r\n\r\n" not in data:
                data += await stream.receive_some()
            head, _, body = data.partition(b"\r\n\r\n")
            line, *lines = head.decode().split("\r\n")
            headers = {k.lower(): v.strip() for k, _, v in (each.partition(":") for each in lines)}
            while len(body) < int(headers.get("content-length", "0")):
                body += await stream.receive_some()
            self.seen.append(Seen(line, headers, body))
            await stream.send_all(self.reply)
            if self.then_hang:
                await trio.sleep_forever()
            if self.reset:
                # Lingering for no time at all: closing sends a reset.
                linger = struct.pack("ii", 1, 0)
                stream.setsockopt(trio.socket.SOL_SOCKET, trio.socket.SO_LINGER, linger)


@asynccontextmanager
async def vendor() -> AsyncIterator[Vendor]:
    """A vendor that listens until the block ends."""
    (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
    host, port = listener.socket.getsockname()
    there = Vendor(f"http://{host}:{port}")
    async with trio.open_nursery() as nursery:
        nursery.start_soon(partial(trio.serve_listeners, there.serve, [listener]))
        try:
            yield there
        finally:
            nursery.cancel_scope.cancel()
