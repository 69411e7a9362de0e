"""A stand-in for the daemon: takes webhooks, keeps them, and answers as it is told.

What lives here: `StandIn` and the world it lives in. What must not: any check of what came in.
"""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import trio
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from adapters.sandbox.clock import Activity, SimClock
from adapters.sandbox.server import LoopbackServer
from adapters.sandbox.world import SandboxWorld, open_world

START_MS = 1_800_000_000_000


class Hook:
    """One webhook as it came in."""

    def __init__(self, path: str, headers: dict[str, str], body: bytes, at_ms: int) -> None:
        self.path = path
        self.headers = headers
        self.body = body
        self.at_ms = at_ms

    @property
    def json(self) -> Any:
        """The body, decoded."""
        return json.loads(self.body)


class StandIn:
    """The daemon, as far as the simulators can tell."""

    def __init__(self, clock: SimClock) -> None:
        self.hooks: list[Hook] = []
        self.answer: Callable[[Hook], int] = lambda _hook: 200
        self.verify_token = ""
        self._clock = clock
        routes = [
            Route("/webhooks/whatsapp", self._handshake, methods=["GET"]),
            Route("/{path:path}", self._take, methods=["POST"]),
        ]
        self.server = LoopbackServer(Starlette(routes=routes), Activity())

    def of(self, vendor: str) -> list[Hook]:
        """The webhooks that came to this vendor's address."""
        return [hook for hook in self.hooks if hook.path.startswith(f"/webhooks/{vendor}")]

    async def _take(self, request: Request) -> Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        body = await request.body()
        hook = Hook(request.url.path, headers, body, self._clock.now_ms())
        self.hooks.append(hook)
        return Response(status_code=self.answer(hook))

    async def _handshake(self, request: Request) -> Response:
        query = request.query_params
        if query.get("hub.verify_token") != self.verify_token:
            return Response(status_code=403)
        return PlainTextResponse(query["hub.challenge"])


class Scene:
    """A world with its stand-in and a client."""

    def __init__(self, world: SandboxWorld, daemon: StandIn, client: httpx.AsyncClient) -> None:
        self.world = world
        self.daemon = daemon
        self.client = client
        self.clock = world.clock

    async def send(self, body: object, *, token: str | None = None) -> httpx.Response:
        """Post a message to the Cloud API as the daemon would."""
        whatsapp = self.world.whatsapp
        return await self.client.post(
            f"{whatsapp.server.url}/v25.0/{whatsapp.phone_number_id}/messages",
            json=body,
            headers={"Authorization": f"Bearer {token or whatsapp.access_token}"},
        )

    async def start(
        self, correlation: str = "job_a.1", *, key: str | None = None, **more: object
    ) -> httpx.Response:
        """Start a job as the daemon would."""
        body = {
            "kind": "router.restart",
            "device": "r-1",
            "correlation": correlation,
            "callback": f"{self.daemon.server.url}/webhooks/telco/main",
        }
        return await self.client.post(
            f"{self.world.telco.server.url}/jobs",
            json={**body, **more},
            headers={"Idempotency-Key": key or correlation},
        )


@asynccontextmanager
async def open_scene() -> AsyncIterator[Scene]:
    """A frozen world, the stand-in daemon, and a client that gives up after two seconds."""
    clock = SimClock.frozen_at(START_MS)
    async with trio.open_nursery() as nursery, open_world(clock) as world:
        daemon = StandIn(clock)
        await nursery.start(daemon.server.run)
        world.daemon_listens_at(daemon.server.port)
        async with httpx.AsyncClient(trust_env=False, timeout=2) as client:
            yield Scene(world, daemon, client)
        nursery.cancel_scope.cancel()
