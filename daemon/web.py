"""The public door and the operator's: ASGI apps around the receivers.

What lives here: bodies within bounds, commit before answer, what is answered when that cannot be.
What must not: any vendor's word (the receivers know those), sockets, what a commit is.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from urllib.parse import parse_qsl

import trio
from msgspec import Struct
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, Router
from starlette.types import Receive, Scope, Send
from structlog.typing import FilteringBoundLogger

from adapters.ports import Damaged, HttpAnswer, HttpRequest, Receiver, Reception
from daemon.clock import Clock
from daemon.connection import store_is_broken
from daemon.metrics import CONTENT_TYPE, Metrics
from state.rows import Acceptance
from state.store import StoreFull

Accept = Callable[[Reception, str], Awaitable[Acceptance]]
"""Commits what a request of a source meant; raises StoreFull."""

RETRY_AFTER_S = 5
QUERY_FIELDS_MAX = 100
REFUSALS_LOGGED_EVERY_S = 1.0

_CLOSE = ("connection", "close")
_LATER = (("retry-after", str(RETRY_AFTER_S)),)


class WebLimits(Struct, frozen=True, kw_only=True):
    """Bounds of the public door."""

    accept_timeout_ms: int = 5000
    body_deadline_s: float = 30.0
    bodies_in_memory_max_bytes: int = 64 * 1024 * 1024
    """Of all requests together that are being read or committed."""


def public_app(
    receivers: Mapping[str, tuple[str, Receiver]],
    accept: Accept,
    clock: Clock,
    limits: WebLimits,
    metrics: Metrics,
    log: FilteringBoundLogger,
) -> Router:
    """The public addresses: each path with its source's name and receiver; all else is 404.

    A bare router, without the layers of an application: every webhook answers its own errors.
    """
    shared = _Shared(accept, clock, limits, metrics, log)
    return Router(
        [
            Route(path, _Webhook(source, receiver, shared))
            for path, (source, receiver) in receivers.items()
        ],
        redirect_slashes=False,  # a webhook that was redirected would be lost
        default=_Nowhere(log),
    )


def admin_app(
    *,
    live: Callable[[], bool],
    ready: Callable[[], Sequence[str]],
    render_metrics: Callable[[], bytes],
    routes: Sequence[BaseRoute] = (),
) -> Starlette:
    """The operator's addresses. `ready` tells what is missing; nothing missing is ready."""

    async def health_live(_request: Request) -> Response:
        alive = live()
        return _json(200 if alive else 503, {"live": alive})

    async def health_ready(_request: Request) -> Response:
        reasons = list(ready())
        return _json(503 if reasons else 200, {"ready": not reasons, "reasons": reasons})

    async def metrics(_request: Request) -> Response:
        return Response(render_metrics(), headers={"content-type": CONTENT_TYPE})

    app = Starlette(
        routes=[
            Route("/health/live", health_live),
            Route("/health/ready", health_ready),
            Route("/metrics", metrics),
            *routes,
        ]
    )
    app.router.redirect_slashes = False
    return app


def _json(status: int, value: object) -> Response:
    return Response(
        json.dumps(value),
        status,
        {"cache-control": "no-store", "content-type": "application/json"},
    )


class _Refused(Exception):
    """The request is answered before its receiver sees it."""

    def __init__(
        self, status: int, why: str, headers: tuple[tuple[str, str], ...] = (_CLOSE,)
    ) -> None:
        super().__init__(why)
        self.answer = HttpAnswer(status, headers=headers)
        self.why = why


class _Left(Exception):
    """The client went away before its request was whole."""


class _Shared:
    """What all webhook addresses have in common."""

    def __init__(
        self,
        accept: Accept,
        clock: Clock,
        limits: WebLimits,
        metrics: Metrics,
        log: FilteringBoundLogger,
    ) -> None:
        self.accept = accept
        self.clock = clock
        self.limits = limits
        self.metrics = metrics
        self.log = log
        self.bodies_bytes = 0


class _Webhook:
    """One public address."""

    def __init__(self, source: str, receiver: Receiver, shared: _Shared) -> None:
        self._source = source
        self._receiver = receiver
        self._shared = shared
        self._log = shared.log.bind(source=source)
        self._refusals = _Refusals(self._log)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI. Whatever goes wrong, there is an answer, and the server goes on."""
        held = _Held(self._shared)
        try:
            answer = await self._answer(scope, receive, held)
        except _Refused as refused:
            answer = refused.answer
            self._refusals.tell(refused.why, answer.status)
        except _Left:
            self._shared.metrics.webhooks.labels(self._source, "left").inc()
            return
        except Exception as error:
            if store_is_broken(error):
                raise
            # A bug of ours: loud, and the vendor keeps the event and tries again.
            self._log.exception("webhook.failed")
            answer = HttpAnswer(500)
        finally:
            held.release()
        self._shared.metrics.webhooks.labels(self._source, str(answer.status)).inc()
        await _send(answer, send)

    async def _answer(self, scope: Scope, receive: Receive, held: _Held) -> HttpAnswer:
        methods = self._receiver.methods
        method: str = scope["method"]
        # HEAD is a GET whose body the server leaves out.
        if method == "HEAD" and "GET" in methods and "HEAD" not in methods:
            method = "GET"
        if method not in methods:
            allowed = ", ".join(methods)
            raise _Refused(405, "method", (("allow", allowed), _CLOSE))
        headers = _headers(scope)
        understood: Reception | None = None
        # One scope for both waits: a second costs as much as reading a small body.
        with trio.move_on_after(self._shared.limits.body_deadline_s) as patience:
            body = await self._read_body(headers, receive, held)
            began = trio.current_time()
            understood = self._receiver.receive(
                HttpRequest(
                    method=method,
                    path=scope["path"],
                    query=_query(scope),
                    headers=headers,
                    body=body,
                    now_ms=self._shared.clock.now_ms(),
                )
            )
            patience.deadline = began + self._shared.limits.accept_timeout_ms / 1000
            answer = await self._commit(understood, began)
            seconds = trio.current_time() - began
            self._shared.metrics.webhook_seconds.labels(self._source).observe(seconds)
            return answer
        if understood is None:
            raise _Refused(408, "body too slow")
        # It may be committed all the same; then the vendor's next try is a duplicate.
        raise _Refused(503, "commit too slow", _LATER)

    async def _read_body(self, headers: Mapping[str, str], receive: Receive, held: _Held) -> bytes:
        most = self._receiver.body_max_bytes
        if int(headers.get("content-length", "0")) > most:
            raise _Refused(413, "body too large")
        whole = bytearray()
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise _Left
            chunk: bytes = message.get("body", b"")
            if len(whole) + len(chunk) > most:
                raise _Refused(413, "body too large")
            held.take(len(chunk))
            more: bool = message.get("more_body", False)
            if not more and not whole:
                return chunk
            whole += chunk
            if not more:
                return bytes(whole)

    async def _commit(self, understood: Reception, began: float) -> HttpAnswer:
        """The receiver's answer, once what the request meant is durable."""
        metrics = self._shared.metrics
        if understood.ignored:
            metrics.ignored_events.labels(self._source).inc(len(understood.ignored))
            what = sorted({ignored.what for ignored in understood.ignored})
            self._log.info("webhook.ignored", what=what, count=len(understood.ignored))
        if understood.refused is not None:
            self._refusals.tell(understood.refused, understood.answer.status)
            return understood.answer
        if not understood.events and not understood.receipts:
            return understood.answer
        accepted = await self._accept(understood)
        damaged = [event for event in understood.events if isinstance(event, Damaged)]
        for event in damaged:
            metrics.dead_letters.labels("damaged").inc()
            self._log.warning("webhook.damaged", message_id=event.message_id, error=event.error)
        metrics.accepted_events.labels(self._source).inc(accepted.taken)
        metrics.duplicates.labels(self._source).inc(accepted.duplicates)
        self._log.debug(
            "webhook.accepted",
            taken=accepted.taken,
            duplicates=accepted.duplicates,
            parked=accepted.parked,
            refused=accepted.refused,
            receipts=accepted.receipts_known + accepted.receipts_unknown,
            ms=round((trio.current_time() - began) * 1000),
        )
        if accepted.refused > 0 and accepted.taken == 0 and understood.answer_if_refused:
            return understood.answer_if_refused
        return understood.answer

    async def _accept(self, understood: Reception) -> Acceptance:
        try:
            return await self._shared.accept(understood, self._source)
        except StoreFull:
            raise _Refused(503, "store full", _LATER) from None


class _Nowhere:
    """Every other address: 404, told to the operator, who may have given a vendor a wrong one."""

    def __init__(self, log: FilteringBoundLogger) -> None:
        self._refusals = _Refusals(log.bind(source="nowhere"))

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            return
        self._refusals.tell("unknown path", 404)
        await _send(HttpAnswer(404, headers=(_CLOSE,)), send)


class _Refusals:
    """Logs refusals, at most one line a second: whoever forges webhooks must not fill the log."""

    def __init__(self, log: FilteringBoundLogger) -> None:
        self._log = log
        self._unlogged = 0
        self._logged_at = -REFUSALS_LOGGED_EVERY_S

    def tell(self, why: str, status: int) -> None:
        """Log a refusal now, or count it in the next line."""
        self._unlogged += 1
        now = trio.current_time()
        if now - self._logged_at < REFUSALS_LOGGED_EVERY_S:
            return
        self._logged_at = now
        self._log.warning("webhook.refused", reason=why, status=status, count=self._unlogged)
        self._unlogged = 0


class _Held:
    """The part of the memory for bodies that one request holds."""

    def __init__(self, shared: _Shared) -> None:
        self._shared = shared
        self._bytes = 0

    def take(self, size: int) -> None:
        """Take more, or refuse the request."""
        if self._shared.bodies_bytes + size > self._shared.limits.bodies_in_memory_max_bytes:
            raise _Refused(503, "too many bodies at once", (*_LATER, _CLOSE))
        self._shared.bodies_bytes += size
        self._bytes += size

    def release(self) -> None:
        """Give all of it back."""
        self._shared.bodies_bytes -= self._bytes
        self._bytes = 0


def _headers(scope: Scope) -> dict[str, str]:
    joined: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        joined[name] = f"{joined[name]}, {value}" if name in joined else value
    return joined


def _query(scope: Scope) -> tuple[tuple[str, str], ...]:
    text = scope.get("query_string", b"").decode("latin-1")
    if not text:
        return ()
    try:
        return tuple(parse_qsl(text, keep_blank_values=True, max_num_fields=QUERY_FIELDS_MAX))
    except ValueError:
        raise _Refused(400, "too many query fields") from None


async def _send(answer: HttpAnswer, send: Send) -> None:
    headers = [(b"content-length", str(len(answer.body)).encode())]
    if answer.body:
        headers.append((b"content-type", answer.content_type.encode("latin-1")))
    for name, value in answer.headers:
        headers.append((name.encode("latin-1"), value.encode("latin-1")))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})
