"""Webhooks on a real socket: bounds, commit before answer, and all the ways to say no."""

import contextlib
import json
from collections.abc import Callable, Iterator, MutableMapping
from typing import Any

import pytest
import structlog
import trio
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router

from actors.ids import MessageId
from adapters.ports import Damaged, HttpAnswer, HttpRequest, Ignored, Reception
from daemon.logs import get_logger
from daemon.metrics import Metrics
from daemon.web import WebLimits, admin_app, public_app
from state.rows import Acceptance
from state.store import StoreBroken, StoreFull
from tests.daemon.talk import SHORT_S, Served, answer, get, is_closed, post, serving

NOW_MS = 1_795_000_000_000
PATH = "/webhooks/test"
TAKEN = Acceptance(taken=1, duplicates=0, parked=0, refused=0, receipts_known=0, receipts_unknown=0)
EVENT = Damaged(MessageId("test:1"), b"?", "odd")
DONE = HttpAnswer(202, b"done", headers=(("x-mark", "1"),))

Logged = list[MutableMapping[str, Any]]


class StoppedClock:
    """Shows one time."""

    changed = trio.Event()

    def now_ms(self) -> int:
        return NOW_MS

    async def sleep_until(self, due_ms: int) -> None:
        await trio.sleep_forever()


class FakeReceiver:
    """Answers as told and remembers what it was given."""

    methods = ("GET", "POST")
    body_max_bytes = 1000

    def __init__(self) -> None:
        self.requests: list[HttpRequest] = []
        self.understands: Callable[[HttpRequest], Reception] = lambda _: Reception(DONE, (EVENT,))

    def receive(self, request: HttpRequest) -> Reception:
        self.requests.append(request)
        return self.understands(request)


class World:
    """The public app with a receiver and a store that do as told."""

    def __init__(self) -> None:
        self.receiver = FakeReceiver()
        self.metrics = Metrics()
        self.committed: list[tuple[str, Reception]] = []
        self.trouble: Exception | None = None
        self.result = TAKEN
        self.slow_s = 0.0

    async def accept(self, understood: Reception, source: str) -> Acceptance:
        await trio.sleep(self.slow_s)
        if self.trouble is not None:
            raise self.trouble
        self.committed.append((source, understood))
        return self.result

    def app(self, memory_max_bytes: int = 1 << 20) -> Router:
        return public_app(
            {PATH: ("test", self.receiver)},
            self.accept,
            StoppedClock(),
            WebLimits(
                accept_timeout_ms=round(SHORT_S * 1000),
                body_deadline_s=SHORT_S,
                bodies_in_memory_max_bytes=memory_max_bytes,
            ),
            self.metrics,
            get_logger(),
        )

    async def ask(self, request: bytes) -> tuple[int, dict[str, str], bytes]:
        async with serving(self.app(), metrics=self.metrics) as served:
            return await served.ask(request)

    def count(self, status: str) -> float:
        labels = {"source": "test", "answer": status}
        return self.metrics.registry.get_sample_value("routerbot_webhooks_total", labels) or 0.0


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def log() -> Iterator[Logged]:
    with structlog.testing.capture_logs() as captured:
        yield captured


def count(log: Logged, event: str) -> int:
    """Return how many lines tell of `event`."""
    return sum(line["event"] == event for line in log)


async def test_the_answer_comes_after_the_commit(world: World, log: Logged) -> None:
    request = post(f"{PATH}?a=1&b=&a=%C3%A1", b"\x00raw", "X-Two: one", "x-two: two")
    status, headers, body = await world.ask(request)
    assert (status, body, headers["x-mark"]) == (202, b"done", "1")
    assert headers["content-type"] == "text/plain"
    (got,) = world.receiver.requests
    assert (got.method, got.path, got.body, got.now_ms) == ("POST", PATH, b"\x00raw", NOW_MS)
    assert got.query == (("a", "1"), ("b", ""), ("a", "á"))
    assert got.headers["x-two"] == "one, two"
    assert [source for source, _ in world.committed] == ["test"]
    assert world.count("202") == 1
    assert count(log, "webhook.damaged") == 1


@pytest.mark.parametrize("trouble", ["full", "slow"])
async def test_what_cannot_be_committed_is_to_be_sent_again(
    world: World, log: Logged, trouble: str
) -> None:
    world.trouble = StoreFull() if trouble == "full" else None
    world.slow_s = 5.0 if trouble == "slow" else 0.0
    status, headers, body = await world.ask(post(PATH))
    assert (status, headers["retry-after"], body) == (503, "5", b"")
    assert world.committed == []
    assert count(log, "webhook.refused") == 1


async def test_what_is_refused_is_not_committed(world: World, log: Logged) -> None:
    world.receiver.understands = lambda _: Reception(
        HttpAnswer(401), (EVENT,), refused="bad signature"
    )
    async with serving(world.app(), metrics=world.metrics) as served:
        for _ in range(5):
            assert (await served.ask(post(PATH)))[0] == 401
    assert world.committed == []
    assert world.count("401") == 5
    # A flood of forgeries does not fill the log.
    (line,) = [line for line in log if line["event"] == "webhook.refused"]
    assert (line["reason"], line["status"], line["source"]) == ("bad signature", 401, "test")


async def test_what_means_nothing_is_not_committed(world: World) -> None:
    world.receiver.understands = lambda _: Reception(DONE, ignored=(Ignored("status.read"),))
    assert (await world.ask(post(PATH)))[0] == 202
    assert world.committed == []


async def test_an_event_for_nobody(world: World) -> None:
    world.receiver.understands = lambda _: Reception(
        DONE, (EVENT,), answer_if_refused=HttpAnswer(404)
    )
    assert (await world.ask(post(PATH)))[0] == 202
    world.result = Acceptance(
        taken=0, duplicates=0, parked=0, refused=1, receipts_known=0, receipts_unknown=0
    )
    assert (await world.ask(post(PATH)))[0] == 404


async def test_a_body_over_the_limit(world: World) -> None:
    async with serving(world.app(), metrics=world.metrics) as served:
        # Told by its length, before a byte of it was sent.
        async with await served.connect() as stream:
            await stream.send_all(post(PATH, b"x" * 1001)[:-1001])
            assert (await answer(stream))[0] == 413
            assert await is_closed(stream)
        head = f"POST {PATH} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
        async with await served.connect() as stream:
            await stream.send_all(head)
            for _ in range(3):
                await stream.send_all(b"190\r\n" + b"x" * 400 + b"\r\n")
            assert (await answer(stream))[0] == 413
            assert await is_closed(stream)
        exactly = post(PATH, b"x" * 1000)
        assert (await served.ask(exactly))[0] == 202
    assert world.count("413") == 2
    assert len(world.receiver.requests) == 1


async def test_a_body_that_drips(world: World) -> None:
    async with serving(world.app()) as served, await served.connect() as stream:
        await stream.send_all(post(PATH, b"x" * 1000)[:-1000])
        began = trio.current_time()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(drip, stream)
            assert (await answer(stream))[0] == 408
            assert trio.current_time() - began < 4 * SHORT_S
            assert await is_closed(stream)
            nursery.cancel_scope.cancel()
    assert world.receiver.requests == []


async def drip(stream: trio.SocketStream) -> None:
    try:
        while True:
            await stream.send_all(b"x")
            await trio.sleep(SHORT_S / 10)
    except (trio.BrokenResourceError, trio.ClosedResourceError):
        pass


async def test_too_many_bodies_at_once(world: World) -> None:
    async with serving(world.app(memory_max_bytes=1500)) as served:
        async with await served.connect() as first:
            await first.send_all(post(PATH, b"x" * 1000)[:-1])
            await trio.testing.wait_all_tasks_blocked(0.02)
            status, headers, _ = await served.ask(post(PATH, b"x" * 1000))
            assert (status, headers["retry-after"]) == (503, "5")
            await first.send_all(b"x")
            assert (await answer(first))[0] == 202
        assert (await served.ask(post(PATH, b"x" * 1000)))[0] == 202


async def test_a_client_that_leaves(world: World) -> None:
    async with serving(world.app(memory_max_bytes=1000)) as served:
        async with await served.connect() as stream:
            await stream.send_all(post(PATH, b"x" * 1000)[:-1])
            await trio.testing.wait_all_tasks_blocked(0.02)
        await trio.testing.wait_all_tasks_blocked(0.02)
        # What it held is given back.
        assert (await served.ask(post(PATH, b"x" * 1000)))[0] == 202
    assert world.count("left") == 1


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (get(PATH), 202),
        (get(PATH, "HEAD"), 202),
        (get(PATH, "PUT"), 405),
        (get(PATH, "OPTIONS"), 405),
        (get(PATH + "/"), 404),
        (get("/"), 404),
        (get(PATH + "?" + "&".join(["a=1"] * 101)), 400),
    ],
)
async def test_methods_and_paths(world: World, request_bytes: bytes, status: int) -> None:
    request_bytes = request_bytes[:-2] + b"Connection: close\r\n\r\n"
    async with serving(world.app()) as served, await served.connect() as stream:
        await stream.send_all(request_bytes)
        got = b"".join([chunk async for chunk in stream]).decode()
        assert got.startswith(f"HTTP/1.1 {status} ")
        assert ("allow: GET, POST" in got) == (status == 405)
        assert got.endswith("done") == request_bytes.startswith(f"GET {PATH} ".encode())


async def test_a_bug_in_a_receiver_is_loud_and_local(world: World, log: Logged) -> None:
    def buggy(request: HttpRequest) -> Reception:
        raise LookupError("oops")

    world.receiver.understands = buggy
    async with serving(world.app(), metrics=world.metrics) as served:
        assert (await served.ask(post(PATH)))[0] == 500
        world.receiver.understands = lambda _: Reception(DONE, (EVENT,))
        world.trouble = RuntimeError()
        assert (await served.ask(post(PATH)))[0] == 500
        world.trouble = None
        assert (await served.ask(post(PATH)))[0] == 202
    assert count(log, "webhook.failed") == 2
    assert world.count("500") == 2


async def test_a_broken_store_is_nobodys_to_swallow(world: World) -> None:
    world.trouble = StoreBroken()
    with pytest.RaisesGroup(StoreBroken, flatten_subgroups=True):
        async with serving(world.app(), metrics=world.metrics) as served:
            with contextlib.suppress(EOFError):  # nobody knows, so nobody answers
                pytest.fail(f"answered {await served.ask(post(PATH))}")


async def test_the_operators_door() -> None:
    missing = ["recovery"]
    metrics = Metrics()
    metrics.turns.labels("conversation", "done").inc()

    async def extra(request: Request) -> Response:
        return Response("extra")

    app = admin_app(
        live=lambda: True,
        ready=lambda: missing,
        render_metrics=metrics.render,
        routes=[Route("/extra", extra)],
    )
    async with serving(app) as served:
        assert await asked(served, "/health/live") == (200, {"live": True})
        assert await asked(served, "/health/ready") == (
            503,
            {"ready": False, "reasons": ["recovery"]},
        )
        missing.clear()
        assert await asked(served, "/health/ready") == (200, {"ready": True, "reasons": []})
        assert (await served.ask(get("/extra")))[2] == b"extra"
        status, headers, body = await served.ask(get("/metrics"))
        assert status == 200
        assert headers["content-type"].startswith("text/plain; version=")
        assert b'routerbot_turns_total{kind="conversation",outcome="done"} 1.0' in body


async def asked(served: Served, path: str) -> tuple[int, object]:
    status, _, body = await served.ask(get(path))
    return status, json.loads(body)
