"""Connections are kept, lent out one to a call, and come back whatever became of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial

import httpx
import pytest
import trio

from actors.outcomes import Transient, Unknown
from adapters import http
from adapters.connections import KeptConnections
from tests.adapters.telco.loopback import closed_port


@dataclass
class Vendor:
    """Keeps connections; answers each request, or holds the answer back while `held`."""

    url: str = ""
    connections: int = 0
    open: int = 0
    requests: int = 0
    closes: bool = False
    held: trio.Event = field(default_factory=trio.Event)
    most_at_once: int = 0
    under_way: int = 0

    async def serve(self, stream: trio.SocketStream) -> None:
        self.connections += 1
        self.open += 1
        try:
            async with stream:
                data = b""
                while more := await stream.receive_some():
                    data += more
                    if data.endswith(b"\r\n\r\n"):
                        data = b""
                        await self._answer(stream)
                        if self.closes:
                            return
        except trio.BrokenResourceError:
            pass  # the caller hung up, as some tests have it
        finally:
            self.open -= 1

    async def _answer(self, stream: trio.SocketStream) -> None:
        self.requests += 1
        self.under_way += 1
        self.most_at_once = max(self.most_at_once, self.under_way)
        await self.held.wait()
        self.under_way -= 1
        await stream.send_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")


@asynccontextmanager
async def vendor() -> AsyncIterator[Vendor]:
    there = Vendor()
    there.held.set()
    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(partial(trio.serve_tcp, there.serve, 0, host="127.0.0.1"))
        there.url = f"http://127.0.0.1:{listeners[0].socket.getsockname()[1]}"
        yield there
        nursery.cancel_scope.cancel()


def connections(most: int) -> KeptConnections:
    return KeptConnections(most, httpx.create_ssl_context(verify=False, trust_env=False))


async def until(done: Callable[[], bool]) -> None:
    """Wait for what happens in a real socket."""
    with trio.fail_after(5):
        while not done():  # noqa: ASYNC110 - there is no event to wait for
            await trio.sleep(0.001)


async def get(
    there: Vendor, lent: KeptConnections, deadline_s: float = 5.0
) -> http.HttpReply | Transient | Unknown:
    return await http.call(lent, "GET", there.url, deadline_s=deadline_s)


async def test_calls_one_after_the_other_share_one_connection() -> None:
    async with vendor() as there, connections(4) as lent:
        for _ in range(5):
            reply = await get(there, lent)
            assert isinstance(reply, http.HttpReply)
            assert reply.body == b"ok"
        assert (there.connections, there.requests) == (1, 5)


async def test_no_more_calls_than_connections_are_under_way() -> None:
    async with vendor() as there, connections(3) as lent, trio.open_nursery() as nursery:
        there.held = trio.Event()
        for _ in range(10):
            nursery.start_soon(get, there, lent)
        await until(lambda: there.under_way == 3)
        there.held.set()
    assert (there.most_at_once, there.connections, there.requests) == (3, 3, 10)


async def test_a_call_that_is_given_up_gives_its_place_back() -> None:
    async with vendor() as there, connections(1) as lent:
        there.held = trio.Event()
        assert isinstance(await get(there, lent, 0.05), Unknown)
        there.held.set()
        assert isinstance(await get(there, lent), http.HttpReply)
        assert there.connections == 2


async def test_an_answer_over_the_limit_gives_its_place_back() -> None:
    async with vendor() as there, connections(1) as lent:
        for _ in range(3):
            reply = await http.call(lent, "GET", there.url, deadline_s=5, answer_max_bytes=1)
            assert isinstance(reply, Unknown)


async def test_a_connection_that_cannot_be_made_gives_its_place_back() -> None:
    address = await closed_port()
    async with connections(1) as lent:
        for _ in range(3):
            assert isinstance(await http.call(lent, "GET", address, deadline_s=5), Transient)


async def test_a_connection_that_the_vendor_closed_is_made_anew() -> None:
    async with vendor() as there, connections(1) as lent:
        there.closes = True
        for _ in range(3):
            assert isinstance(await get(there, lent), http.HttpReply)
            await until(lambda: there.open == 0)
        assert there.connections == 3


@pytest.mark.parametrize("cancelled", [False, True])
async def test_at_the_end_no_connection_stays_open(cancelled: bool) -> None:
    async with vendor() as there:
        with trio.CancelScope() as scope:
            async with connections(2) as lent:
                await get(there, lent)
                if cancelled:
                    scope.cancel()
                await trio.lowlevel.checkpoint()
        await until(lambda: there.open == 0)
