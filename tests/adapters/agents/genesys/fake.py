"""A Genesys Cloud that says what a test tells it to, over real HTTP on loopback.

What lives here: the fake and settings that point to it. What must not: checks. Each endpoint has a
list of answers to give first; then it answers as the real one does when all is well.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import hypercorn
import hypercorn.trio
import trio
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from actors.calls import Call, CloseDesk, OpenDesk, QueryDesk, ReportLine, SendToDesk
from actors.ids import HANDOVER, actor_id
from actors.outcomes import Outcome, Rejected, Transient
from adapters.agents.genesys.outbound import GenesysSender
from adapters.agents.genesys.settings import GenesysSettings
from adapters.ports import Attempt
from adapters.secret import Secret

INTEGRATION = "73cb7fb7-c2db-4996-88f3-0a83a4fea1da"
CONVERSATION = "d06cb41e-f938-4dcf-b823-c8af1a39d7e5"
HND = actor_id(HANDOVER, "a test")
NOW = 1_767_323_045_678
ISO_NOW = "2026-01-02T03:04:05.678Z"
WEBHOOK_SECRET = "routerbot-test-secret-0001"


def settings_for(base: str = "https://api.mypurecloud.de", **changes: Any) -> GenesysSettings:
    """Settings with one host for both the API and the login."""
    values: dict[str, Any] = {
        "api_url": base,
        "login_url": base,
        "integration_id": INTEGRATION,
        "queue_id": "q-1",
        "client_id": Secret("client-7"),
        "client_secret": Secret("s3cr3t"),
        "webhook_secret": Secret(WEBHOOK_SECRET),
        "call_deadline_s": 5.0,
    }
    return GenesysSettings(**{**values, **changes})


@dataclass
class Answer:
    """What the fake says once."""

    status: int
    body: Any = b""
    headers: dict[str, str] = field(default_factory=dict)
    delay_s: float = 0.0

    def response(self) -> Response:
        """As HTTP: bytes go out as they are, the rest as JSON."""
        raw = self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()
        return Response(raw, self.status, self.headers)


@dataclass
class Seen:
    """What the fake heard once."""

    what: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    raw: bytes

    @property
    def json(self) -> Any:
        """The body."""
        return json.loads(self.raw)


class FakeGenesys:
    """Endpoints `token`, `message`, `receipt`, `get`, `details`, `patch` and `patch_all`."""

    def __init__(self) -> None:
        self.url = ""
        self.seen: list[Seen] = []
        self.answers: dict[str, list[Answer]] = defaultdict(list)
        self.tokens = 0
        self.lifetime = 86399
        self.participants: Any = []

    def said(self, what: str) -> list[Seen]:
        """What was heard at one endpoint."""
        return [one for one in self.seen if one.what == what]

    async def _serve(self, what: str, request: Request) -> Response:
        self.seen.append(
            Seen(
                what,
                request.scope["raw_path"].decode(),
                dict(request.query_params),
                dict(request.headers),
                await request.body(),
            )
        )
        planned = self.answers[what]
        if planned:
            answer = planned.pop(0)
            await trio.sleep(answer.delay_s)
            return answer.response()
        return Answer(200, self._well(what)).response()

    def _well(self, what: str) -> Any:
        match what:
            case "token":
                self.tokens += 1
                token = f"token-{self.tokens}"
                return {"access_token": token, "token_type": "bearer", "expires_in": self.lifetime}
            case "message":
                return {"id": "g-1", "type": "Text", "conversationId": CONVERSATION}
            case "receipt":
                return {"id": "g-2", "type": "Receipt", "status": "Delivered"}
            case "get":
                return {"id": CONVERSATION, "participants": self.participants}
            case "details":
                return {"id": "g-1", "conversationId": CONVERSATION}
            case _:
                return {}

    def app(self) -> Starlette:
        """The fake as an ASGI application."""
        base = "/api/v2/conversations/messages"

        def route(path: str, what: str, method: str) -> Route:
            return Route(path, partial(self._serve, what), methods=[method])

        return Starlette(
            routes=[
                route("/oauth/token", "token", "POST"),
                route(base + "/{id}/inbound/open/message", "message", "POST"),
                route(base + "/{id}/inbound/open/receipt", "receipt", "POST"),
                route(base + "/{id}/details", "details", "GET"),
                route(base + "/{id}", "get", "GET"),
                route(base + "/{id}", "patch_all", "PATCH"),
                route(base + "/{id}/participants/{who}", "patch", "PATCH"),
            ]
        )


@asynccontextmanager
async def fake_genesys() -> AsyncIterator[FakeGenesys]:
    """A fake that listens on a free port of loopback."""
    fake = FakeGenesys()
    config = hypercorn.Config()
    config.bind = ["127.0.0.1:0"]
    config.errorlog = None
    config.accesslog = None
    config.graceful_timeout = 0.0
    async with trio.open_nursery() as nursery:
        # Two libraries' words for an ASGI application, which no type checker brings together.
        app: Any = fake.app()
        binds = await nursery.start(partial(hypercorn.trio.serve, app, config))
        fake.url = binds[0]
        yield fake
        nursery.cancel_scope.cancel()


def transient(outcome: Outcome) -> Transient:
    """The outcome, which has to be this."""
    assert isinstance(outcome, Transient), outcome
    return outcome


def rejected(outcome: Outcome) -> Rejected:
    """The outcome, which has to be this."""
    assert isinstance(outcome, Rejected), outcome
    return outcome


OPEN = OpenDesk(HND, "Bot: hello\nAna: help", {"job": "failed", "device": "R7"}, "Ana", NOW)
LINE = SendToDesk(HND, "msg_1", "hello?", NOW)
QUERY = QueryDesk(HND, CONVERSATION)
CLOSE = CloseDesk(HND, CONVERSATION)
REPORT = ReportLine(HND, "c327c207", "window_closed")


async def perform(sender: GenesysSender, call: Call, number: int = 1) -> Outcome:
    """One attempt at a call."""
    return await sender.perform(call, Attempt(f"att-{number}", number, NOW, HND, "eff_1"))
