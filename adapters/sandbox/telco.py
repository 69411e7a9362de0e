"""The simulated provider: its job interface over HTTP, and the switches that make it misbehave.

What lives here: start, query and cancel of the job contract that routerbot offers to providers.
What must not: how a job goes on and is told of (`telco_runner`), or what it consists of
(`telco_jobs`).
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from adapters.sandbox.clock import Activity, SimClock
from adapters.sandbox.courier import Courier
from adapters.sandbox.faults import Handler, Trouble, Troubles
from adapters.sandbox.server import LoopbackServer
from adapters.sandbox.telco_jobs import PLANS, JobError, Plot, SimulatedJob, ms_of_rfc3339
from adapters.sandbox.telco_runner import Fired, JobRunner

WEBHOOK_PATH = "/webhooks/telco/main"
_ASK_AGAIN_S = "5"


@dataclass(frozen=True)
class Started:
    """One real start of a job; a repeat that was recognised as such is none."""

    job: str
    correlation: str
    key: str | None
    device: str
    kind: str
    at_ms: int


class _Invalid(Exception):
    """The body of a start cannot be used."""


class SimulatedTelco:
    """One provider's system, with as many routers as anybody names."""

    def __init__(self, clock: SimClock, *, port: int = 0, scale: float = 1.0) -> None:
        self.jobs: dict[str, SimulatedJob] = {}
        self.starts: list[Started] = []
        """Every real start. However often the daemon dies: at most one a correlation."""
        self.honours_keys = True
        """Whether an `Idempotency-Key` that was seen before starts nothing."""
        self.unknown_devices: set[str] = set()
        self.on_start = Troubles(clock)
        self.on_query = Troubles(clock)
        self.on_cancel = Troubles(clock)
        self._clock = clock
        self._activity = Activity(clock.activity)
        self.runner = JobRunner(clock, self._activity, scale)
        self._plots: dict[str | None, deque[Plot]] = {}
        """By device; those of None befall whichever job starts next."""
        self._by_key: dict[str, tuple[bytes, SimulatedJob]] = {}
        self._run = secrets.token_hex(4)
        self.server = LoopbackServer(self._app(), self._activity, port)

    # --- for the player -----------------------------------------------------------------------

    @property
    def quiet(self) -> bool:
        """Whether no request and no callback is under way here."""
        return self._activity.quiet

    @property
    def courier(self) -> Courier:
        """What carries the callbacks."""
        return self.runner.courier

    @property
    def fires(self) -> list[Fired]:
        """When which router really restarted."""
        return self.runner.fires

    @property
    def callback_secret(self) -> str:
        """The secret that signs callbacks, `whsec_...`."""
        return self.runner.callback_secret

    def callbacks(self, how: Literal["on", "off", "duplicated", "reordered"]) -> None:
        """How callbacks are posted from now on; reordered: each second one before the first."""
        self.runner.callbacks = how

    def plot_next(self, plot: Plot, device: str | None = None) -> None:
        """What is in store for the next job that starts: of this router, where one is named."""
        self._plots.setdefault(device, deque()).append(plot)

    def fail_next(
        self, step: str, code: str = "9002", message: str = "", *, retryable: bool = True
    ) -> None:
        """Let the next job that starts fail at the end of `step`."""
        self.plot_next(Plot(step, JobError(code, message or f"{step} failed", retryable)))

    def silent_next(self) -> None:
        """Accept the next job, let it run for ever and never say a word of it."""
        self.plot_next(Plot(silent=True))

    def late_success_after(self, ms: int) -> None:
        """Accept the next job in silence; `ms` after its start it succeeds after all."""
        self.plot_next(Plot(silent=True, succeed_after_ms=ms))

    def wait_for_device_next(self, ms: int) -> None:
        """Let the next job wait so long for its router to be reachable."""
        self.plot_next(Plot(wait_for_device_ms=ms))

    def refuse_next(self, status: int, n: int = 1, *, retry_after_s: int | None = None) -> None:
        """Refuse the next `n` starts; nothing is started."""
        self.on_start.refuse(_refusal(status, retry_after_s), n)

    def hang_next_start(self, n: int = 1, *, carried_out: bool = False) -> None:
        """Never answer the next `n` starts; `carried_out`: the job runs all the same."""
        self.on_start.hang(n, carried_out=carried_out)

    def drop_start_answer(self, n: int = 1) -> None:
        """Start the next `n` jobs, but close the connection without saying so."""
        self.on_start.drop(n, carried_out=True)

    def down(self, status: int | None = None, *, retry_after_s: int | None = None) -> None:
        """Be down: refuse connections, or answer everything with `status` (such as 503).

        Jobs that run go on, and callbacks are still posted: only the way in is closed.
        """
        if status is None:
            self.server.down()
            return
        for troubles in (self.on_start, self.on_query, self.on_cancel):
            troubles.standing = Trouble(False, _refusal(status, retry_after_s))

    def up(self) -> None:
        """Be up again."""
        self.server.up()
        for troubles in (self.on_start, self.on_query, self.on_cancel):
            troubles.standing = None

    def job_of(self, correlation: str) -> SimulatedJob | None:
        """The first job that was started under this correlation."""
        return next((j for j in self.jobs.values() if j.correlation == correlation), None)

    # --- the wire -----------------------------------------------------------------------------

    def _app(self) -> Starlette:
        def route(path: str, method: str, troubles: Troubles, handler: Handler) -> Route:
            return Route(path, troubles.around(handler), methods=[method])

        return Starlette(
            routes=[
                route("/jobs", "POST", self.on_start, self._start),
                route("/jobs", "GET", self.on_query, self._find),
                route("/jobs/{id}", "GET", self.on_query, self._show),
                route("/jobs/{id}/cancel", "POST", self.on_cancel, self._cancel),
            ]
        )

    async def _start(self, request: Request) -> Response:
        raw = await request.body()
        key = request.headers.get("idempotency-key")
        digest = hashlib.sha256(raw).digest()
        if key is not None and self.honours_keys and key in self._by_key:
            known, job = self._by_key[key]
            if known == digest:
                return _job_answer(job, 202)
            return _error(422, "key_reused", "this Idempotency-Key came with another body")
        try:
            job = self._new_job(raw)
        except _Invalid as error:
            return _error(422, "invalid", str(error))
        if job.device in self.unknown_devices:
            return _error(404, "no_such_device", "there is no such router")
        running = next(
            (j for j in self.jobs.values() if j.device == job.device and not j.final), None
        )
        if running is not None:
            return _job_answer(running, 409)
        plots = self._plots.get(job.device) or self._plots.get(None)
        if plots:
            job.plot = plots.popleft()
        self.jobs[job.id] = job
        if key is not None:
            self._by_key[key] = (digest, job)
        now = self._clock.now_ms()
        self.starts.append(Started(job.id, job.correlation, key, job.device, job.kind, now))
        self.runner.changed(job, "queued", tell=False)
        self.runner.begin(job)
        return _job_answer(job, 202)

    async def _show(self, request: Request) -> Response:
        job = self.jobs.get(request.path_params["id"])
        return _job_answer(job, 200) if job else _error(404, "no_such_job", "there is no such job")

    async def _find(self, request: Request) -> Response:
        correlation = request.query_params.get("correlation")
        found = [job for job in self.jobs.values() if job.correlation == correlation]
        return JSONResponse({"jobs": [job.document() for job in found]})

    async def _cancel(self, request: Request) -> Response:
        job = self.jobs.get(request.path_params["id"])
        if job is None:
            return _error(404, "no_such_job", "there is no such job")
        if job.state == "cancelled":
            return _job_answer(job, 200)
        unstoppable = job.past_no_return or job.plot.succeed_after_ms is not None
        if job.final or unstoppable:
            return _job_answer(job, 409)
        self.runner.changed(job, "cancelled")
        return _job_answer(job, 200)

    def _new_job(self, raw: bytes) -> SimulatedJob:
        body = _object(raw)
        kind = _text(body, "kind")
        if kind not in PLANS:
            raise _Invalid(f"no such kind of job; there are: {', '.join(PLANS)}")
        callback = body.get("callback")
        if callback is not None:
            callback = _text(body, "callback")
            # A sandbox talks to nobody outside.
            if urlsplit(callback).hostname not in ("127.0.0.1", "localhost"):
                raise _Invalid("callback: only loopback addresses")
        deadline = body.get("deadline")
        try:
            deadline_ms = None if deadline is None else ms_of_rfc3339(_text(body, "deadline"))
        except ValueError:
            raise _Invalid("deadline: not a time with its zone") from None
        return SimulatedJob(
            id=f"job_{self._run}_{len(self.jobs) + 1}",
            kind=kind,
            device=_text(body, "device"),
            correlation=_text(body, "correlation"),
            callback=callback or WEBHOOK_PATH,
            started_ms=self._clock.now_ms(),
            deadline_ms=deadline_ms,
            steps=PLANS[kind],
            plot=Plot(),
        )


def _job_answer(job: SimulatedJob, status: int) -> Response:
    headers = {"Location": f"/jobs/{job.id}"}
    if not job.final:
        headers["Retry-After"] = _ASK_AGAIN_S
    return JSONResponse(job.document(), status, headers)


def _error(status: int, code: str, message: str) -> Response:
    return JSONResponse({"error": {"code": code, "message": message}}, status)


def _refusal(status: int, retry_after_s: int | None) -> Callable[[], Response]:
    headers = {} if retry_after_s is None else {"Retry-After": str(retry_after_s)}
    body = {"error": {"code": "refused", "message": "refused by the sandbox"}}
    return lambda: JSONResponse(body, status, headers)


def _object(raw: bytes) -> dict[str, Any]:
    try:
        body = json.loads(raw)
    except ValueError:
        raise _Invalid("the body is not JSON") from None
    if not isinstance(body, dict):
        raise _Invalid("the body is not an object")
    return body


def _text(body: dict[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise _Invalid(f"{name}: a text is needed")
    return value
