"""The server against clients with bad manners, on real sockets."""

import errno
import os
import resource
import socket
from collections.abc import Iterator, MutableMapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import structlog
import trio
import trio.testing
from starlette.types import Receive, Scope, Send

from daemon.connection import STOP_GRACE_S, Connection, ServerLimits
from daemon.logs import get_logger
from daemon.metrics import Metrics
from daemon.server import BindFailed, serve
from state.store import StoreBroken
from tests.daemon.talk import SHORT_S, answer, get, is_closed, post, serving

LIMITS = ServerLimits(
    header_deadline_s=SHORT_S, idle_s=SHORT_S, write_deadline_s=SHORT_S, drain_s=1.0
)


Logged = list[MutableMapping[str, Any]]


@pytest.fixture
def log() -> Iterator[Logged]:
    with structlog.testing.capture_logs() as captured:
        yield captured


def count(log: Logged, event: str) -> int:
    """Return how many lines tell of `event`."""
    return sum(line["event"] == event for line in log)


async def hello(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer without reading the body."""
    await reply(send, b"hello")


async def reply(send: Send, body: bytes) -> None:
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": 200, "headers": [length]})
    await send({"type": "http.response.body", "body": body})


async def test_requests_on_one_connection() -> None:
    async with serving(hello) as served, await served.connect() as stream:
        for _ in range(3):
            await stream.send_all(get("/"))
            status, headers, body = await answer(stream)
            assert (status, body) == (200, b"hello")
            assert "server" not in headers


async def test_slow_headers() -> None:
    async with serving(hello, LIMITS) as served:
        async with await served.connect() as silent, await served.connect() as slow:
            began = trio.current_time()
            with trio.move_on_after(2):
                for byte in b"GET / HTTP/1.1\r\nHost: " + b"a" * 100:
                    try:
                        await slow.send_all(bytes([byte]))
                    except trio.BrokenResourceError:
                        break
                    await trio.sleep(SHORT_S / 10)
            assert trio.current_time() - began < 5 * SHORT_S
            assert await is_closed(silent)
        async with await served.connect() as half:
            await half.send_all(b"GET / HTTP/1.1\r\nHost: a\r\n")
            status, headers, _ = await answer(half)
            assert (status, headers["connection"]) == (408, "close")
            assert await is_closed(half)


async def test_slow_headers_whose_next_byte_comes_with_the_deadline() -> None:
    class Late(Connection):
        async def receive(self) -> bytes:
            data = await super().receive()
            if self.parser.begun:
                self._between.cancel()  # the byte was there already
            return data

    ours, theirs = trio.socket.socketpair()
    connection = Late(hello, trio.SocketStream(ours), ServerLimits(), get_logger())
    async with trio.SocketStream(theirs) as stream, trio.open_nursery() as nursery:
        nursery.start_soon(connection.run)
        await stream.send_all(b"GET / HTTP/1.1\r\n")
        await trio.testing.wait_all_tasks_blocked(0.01)
        await stream.send_all(b"x")
        with trio.fail_after(1):
            assert (await answer(stream))[0] == 408


async def test_headers_that_begin_behind_another_request_have_their_own_deadline() -> None:
    limits = ServerLimits(header_deadline_s=SHORT_S, idle_s=60, drain_s=1.0)
    async with serving(hello, limits) as served, await served.connect() as stream:
        await stream.send_all(get("/") + b"GET / HTTP/1.1\r\nHost")
        assert (await answer(stream))[0] == 200
        with trio.fail_after(1):
            assert (await answer(stream))[0] == 408


async def test_idle_connections_are_closed() -> None:
    async with serving(hello, LIMITS) as served, await served.connect() as stream:
        await stream.send_all(get("/"))
        assert (await answer(stream))[0] == 200
        assert await is_closed(stream)


async def test_too_many_connections(log: Logged) -> None:
    limits = ServerLimits(connections_max=2, drain_s=1.0)
    async with serving(hello, limits) as served, await served.connect() as two:
        one = await served.connect()
        for stream in (one, two):
            await stream.send_all(get("/"))
            assert (await answer(stream))[0] == 200
        for _ in range(3):
            async with await served.connect() as refused:
                assert await is_closed(refused)
        assert served.count("connections_refused", server="public", reason="connections") == 3
        await one.aclose()
        await trio.testing.wait_all_tasks_blocked(0.02)
        assert (await served.ask(get("/")))[0] == 200
    assert count(log, "http.refusing") == 1
    assert count(log, "http.admitting_again") == 1


async def test_descriptors_are_kept_in_reserve() -> None:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    async with serving(hello, ServerLimits(descriptors_reserve=soft)) as served:
        async with await served.connect() as refused:
            assert await is_closed(refused)
        assert served.count("connections_refused", server="public", reason="descriptors") == 1


async def test_no_descriptors_at_all(log: Logged) -> None:
    async with serving(hello) as served:
        waiting = trio.socket.socket()
        with waiting:
            soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
            lowest_free = os.dup(0)
            os.close(lowest_free)
            resource.setrlimit(resource.RLIMIT_NOFILE, (lowest_free, hard))
            try:
                await waiting.connect(("127.0.0.1", served.port))
                await trio.sleep(0.25)
            finally:
                resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
            # It was taken in as soon as there was a descriptor for it.
            await waiting.send(get("/"))
            assert (await waiting.recv(100)).startswith(b"HTTP/1.1 200")
    assert count(log, "http.no_descriptors") == 1


async def test_an_answer_without_reading_the_body_arrives() -> None:
    """Also where the body never ends, and where it has more bytes than buffers hold."""
    async with serving(hello) as served:
        chunks = b"1\r\nx\r\n" * 100
        head = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        async with await served.connect() as stream:
            await stream.send_all(head + chunks)
            assert (await answer(stream))[0] == 200
            assert await is_closed(stream)
        huge = post("/", b"x" * 3_000_000)
        async with await served.connect() as stream, trio.open_nursery() as nursery:
            nursery.start_soon(stream.send_all, huge)
            await trio.testing.wait_all_tasks_blocked()
            assert (await answer(stream))[0] == 200


async def test_a_client_that_reads_nothing_is_let_go() -> None:
    ended = trio.Event()

    async def big(scope: Scope, receive: Receive, send: Send) -> None:
        await reply(send, b"x" * 30_000_000)
        ended.set()

    async with serving(big, LIMITS) as served, await served.connect() as stream:
        await stream.send_all(get("/"))
        with trio.fail_after(2):
            await ended.wait()


async def test_no_upgrades() -> None:
    async with serving(hello) as served:
        for upgrade in (b"h2c", b"websocket"):
            request = get("/")[:-2] + b"Connection: Upgrade\r\nUpgrade: " + upgrade + b"\r\n\r\n"
            status, headers, _ = await served.ask(request)
            assert status == 200
            assert "upgrade" not in headers
        assert (await served.ask(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"))[0] == 400


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nA: " + b"a" * 100_000, 431),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1" + b"0" * 30 + b"\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: odd\r\n\r\n", 501),
        (b"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
    ],
)
async def test_what_is_no_request(request_bytes: bytes, status: int) -> None:
    async with serving(hello) as served:
        assert (await served.ask(request_bytes))[0] == status
        assert (await served.ask(get("/")))[0] == 200


async def test_a_client_that_leaves_in_the_middle(log: Logged) -> None:
    async with serving(hello) as served:
        for part in (b"", b"GET /", post("/", b"abc")[:-2], get("/")):
            stream = await served.connect()
            await stream.send_all(part)
            stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            stream.socket.close()  # a reset
        assert (await served.ask(get("/")))[0] == 200
    assert [line for line in log if line["log_level"] == "error"] == []


async def test_all_who_wait_for_the_client_hear_that_it_left() -> None:
    heard: list[str] = []

    async def wait_for_its_end(receive: Receive) -> None:
        heard.append((await receive())["type"])

    async def two_wait(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"wait", "more_body": True})
        async with trio.open_nursery() as nursery:
            nursery.start_soon(wait_for_its_end, receive)
            nursery.start_soon(wait_for_its_end, receive)

    async with serving(two_wait) as served, await served.connect() as stream:
        await stream.send_all(get("/"))
        assert await stream.receive_some()
        await trio.testing.wait_all_tasks_blocked(0.02)
        await stream.aclose()
        with trio.fail_after(2):
            while len(heard) < 2:
                await trio.testing.wait_all_tasks_blocked(0.02)
    assert heard == ["http.disconnect"] * 2


async def test_a_half_closed_connection_is_answered() -> None:
    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        await trio.sleep(0.05)
        await reply(send, b"late")

    async with serving(slow) as served, await served.connect() as stream:
        await stream.send_all(get("/"))
        await stream.send_eof()
        assert (await answer(stream))[2] == b"late"


async def test_a_bug_in_the_app_is_loud_and_local(log: Logged) -> None:
    async def bad(scope: Scope, receive: Receive, send: Send) -> None:
        raise LookupError

    async with serving(bad) as served:
        assert (await served.ask(get("/")))[0] == 500
        assert (await served.ask(get("/")))[0] == 500
    assert count(log, "http.app_failed") == 2


async def test_a_broken_store_ends_the_server() -> None:
    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        raise StoreBroken

    with pytest.RaisesGroup(StoreBroken, flatten_subgroups=True):
        async with serving(broken) as served, await served.connect() as stream:
            await stream.send_all(get("/"))
            await trio.sleep_forever()


async def test_stopping_finishes_what_is_under_way() -> None:
    begun = trio.Event()

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        begun.set()
        await trio.sleep(0.1)
        await reply(send, b"done")

    async with serving(slow) as served:
        idle, busy = await served.connect(), await served.connect()
        async with idle, busy:
            await idle.send_all(get("/"))
            assert (await answer(idle))[2] == b"done"
            begun = trio.Event()
            await busy.send_all(get("/"))
            await begun.wait()
            served.stop.set()
            began = trio.current_time()
            assert await is_closed(idle)
            assert trio.current_time() - began < 0.09
            _, headers, body = await answer(busy)
            assert (body, headers["connection"]) == (b"done", "close")
            with pytest.raises(OSError, match="connect"):
                await served.connect()


async def test_whoever_begins_a_request_during_a_stop_gets_no_more_than_its_grace() -> None:
    ours, theirs = trio.socket.socketpair()
    limits = ServerLimits(header_deadline_s=60)
    connection = Connection(hello, trio.SocketStream(ours), limits, get_logger())
    async with trio.SocketStream(theirs) as stream, trio.open_nursery() as nursery:
        nursery.start_soon(connection.run)
        await trio.testing.wait_all_tasks_blocked(0.01)
        connection.stop()
        await stream.send_all(b"G")
        with trio.fail_after(STOP_GRACE_S + 2):
            assert (await answer(stream))[0] == 408


async def test_stopping_does_not_wait_for_ever(log: Logged) -> None:
    async def stuck(scope: Scope, receive: Receive, send: Send) -> None:
        await trio.sleep_forever()

    limits = ServerLimits(drain_s=SHORT_S)
    async with serving(stuck, limits) as served, await served.connect() as stream:
        await stream.send_all(get("/"))
        await trio.testing.wait_all_tasks_blocked(0.02)
        served.stop.set()
        assert await is_closed(stream)
    assert count(log, "http.drain_cut") == 1


async def test_a_socket_that_was_handed_over(nursery: trio.Nursery) -> None:
    with socket.create_server(("127.0.0.1", 0)) as handed:
        port = handed.getsockname()[1]
        fd = handed.detach()
    stop = trio.Event()
    assert await start(nursery, f"fd://{fd}", stop) == port
    async with await trio.open_tcp_stream("127.0.0.1", port) as stream:
        await stream.send_all(get("/"))
        assert (await answer(stream))[0] == 200
    stop.set()


async def test_a_unix_socket(nursery: trio.Nursery, tmp_path: Path) -> None:
    path = tmp_path / "admin.sock"
    with socket.socket(socket.AF_UNIX) as left_behind:
        left_behind.bind(str(path))
    stop = trio.Event()
    assert await start(nursery, path, stop) == 0
    assert path.stat().st_mode & 0o777 == 0o660
    async with await trio.open_unix_socket(str(path)) as stream:
        await stream.send_all(get("/"))
        assert (await answer(stream))[0] == 200
    stop.set()
    await trio.testing.wait_all_tasks_blocked(0.02)
    assert not path.exists()


async def start(nursery: trio.Nursery, bind: str | Path, stop: trio.Event) -> int:
    port: int = await nursery.start(partial(serve_at, bind, stop))
    return port


async def serve_at(
    bind: str | Path,
    stop: trio.Event,
    task_status: trio.TaskStatus[int] = trio.TASK_STATUS_IGNORED,
) -> None:
    await serve(
        hello,
        bind,
        name="test",
        stop=stop,
        limits=LIMITS,
        metrics=Metrics(),
        log=get_logger(),
        task_status=task_status,
    )


async def test_an_address_that_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        bind = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(BindFailed, match=os.strerror(errno.EADDRINUSE)):
            await serve_at(bind, trio.Event())
    with pytest.raises(BindFailed, match="no listening socket"), socket.socket() as plain:
        await serve_at(f"fd://{plain.fileno()}", trio.Event())
    (tmp_path / "file").write_text("keep me")
    with pytest.raises(BindFailed):
        await serve_at(tmp_path / "file", trio.Event())
    assert (tmp_path / "file").read_text() == "keep me"
