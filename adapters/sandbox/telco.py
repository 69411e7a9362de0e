"""The simulated provider: its job interface, and the switches that make it misbehave.

What lives here: start, query and cancel of the job contract that routerbot offers to providers.
What must not: how a job goes on and is told of (`telco_runner`), or what it consists of
(`telco_jobs`).
"""

from __future__ import annotations

import hashlib
import json
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from adapters.sandbox.agenda import Agenda
from adapters.sandbox.exchange import Asked, Handler, Reply, Route, System, reply
from adapters.sandbox.telco_jobs import (
    PLANS,
    STATES,
    JobError,
    Plot,
    SimulatedJob,
    ms_of_rfc3339,
)
from adapters.sandbox.telco_runner import Fired, JobRunner
from adapters.sandbox.troubles import Trouble, Troubles
from adapters.sandbox.wire import Carrier, Wire

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


class SimulatedTelco(System):
    """One provider's system, with as many routers as anybody names."""

    def __init__(self, clock: Agenda, wire: Wire, *, scale: float = 1.0) -> None:
        super().__init__("provider")
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
        self.runner = JobRunner(clock, wire, scale)
        self._plots: dict[str | None, deque[Plot]] = {}
        """By device; those of None befall whichever job starts next."""
        self._by_hand = False
        self._by_key: dict[str, tuple[bytes, SimulatedJob]] = {}
        self._run = wire.new_id()
        self.routes = self._interface()
        self.server = wire.door(self)

    # --- for the player -----------------------------------------------------------------------

    @property
    def courier(self) -> Carrier:
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

    def by_hand(self) -> None:
        """From here on jobs do only what `say` says."""
        self._by_hand = True

    def say(
        self,
        state: str,
        *,
        step: str | None = None,
        percent: int | None = None,
        error: JobError | None = None,
    ) -> None:
        """Let the last job be in this state, and tell the daemon; LookupError without a job."""
        if state not in STATES:
            raise ValueError(f"a job is not {state!r}; it may be {', '.join(STATES)}")
        if not self.jobs:
            raise LookupError("no job was started")
        job = list(self.jobs.values())[-1]
        self.runner.say(job, state, step=step, percent=percent, error=error)

    def too_late_to_cancel(self) -> None:
        """The last job cannot be cancelled any more; LookupError without a job."""
        if not self.jobs:
            raise LookupError("no job was started")
        list(self.jobs.values())[-1].past_no_return = True

    def refuse_next(self, status: int, n: int = 1, *, retry_after_s: float | None = None) -> None:
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

    def _interface(self) -> tuple[Route, ...]:
        def route(method: str, path: str, troubles: Troubles, handler: Handler) -> Route:
            return Route(method, path, troubles.around(handler))

        return (
            route("POST", "/jobs", self.on_start, self._start),
            route("GET", "/jobs", self.on_query, self._find),
            route("GET", "/jobs/{id}", self.on_query, self._show),
            route("POST", "/jobs/{id}/cancel", self.on_cancel, self._cancel),
        )

    def _start(self, asked: Asked) -> Reply:
        raw, key = asked.body, asked.headers.get("idempotency-key")
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
        if self._by_hand:
            job.plot = Plot(by_hand=True)
        elif plots:
            job.plot = plots.popleft()
        self.jobs[job.id] = job
        if key is not None:
            self._by_key[key] = (digest, job)
        now = self._clock.now_ms()
        self.starts.append(Started(job.id, job.correlation, key, job.device, job.kind, now))
        self.runner.changed(job, "queued", tell=False)
        self.runner.begin(job)
        return _job_answer(job, 202)

    def _show(self, asked: Asked) -> Reply:
        job = self.jobs.get(asked.parts["id"])
        return _job_answer(job, 200) if job else _error(404, "no_such_job", "there is no such job")

    def _find(self, asked: Asked) -> Reply:
        correlation = asked.query.get("correlation")
        found = [job for job in self.jobs.values() if job.correlation == correlation]
        return reply(200, {"jobs": [job.document() for job in found]})

    def _cancel(self, asked: Asked) -> Reply:
        job = self.jobs.get(asked.parts["id"])
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
        if kind not in PLANS and not self._by_hand:
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
            steps=PLANS.get(kind, ()),
            plot=Plot(),
        )


def _job_answer(job: SimulatedJob, status: int) -> Reply:
    headers = {"location": f"/jobs/{job.id}"}
    if not job.final:
        headers["retry-after"] = _ASK_AGAIN_S
    return reply(status, job.document(), headers)


def _error(status: int, code: str, message: str) -> Reply:
    return reply(status, {"error": {"code": code, "message": message}})


def _refusal(status: int, retry_after_s: float | None) -> Callable[[], Reply]:
    headers = {} if retry_after_s is None else {"retry-after": f"{retry_after_s:g}"}
    body = {"error": {"code": "refused", "message": "refused by the sandbox"}}
    return lambda: reply(status, body, headers)


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
