"""A job on its way through its plan, and the callbacks that tell of it.

What lives here: the course of jobs on the clock, and CloudEvents signed by Standard Webhooks
(https://cloudevents.io, https://www.standardwebhooks.com). What must not: answering HTTP (`telco`).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from adapters.sandbox.agenda import Agenda
from adapters.sandbox.telco_jobs import REBOOT, JobError, SimulatedJob, Step, rfc3339
from adapters.sandbox.wire import Parcel, RetryRules, Wire

EVENT_TYPE = "net.example.router.job.v1"
SOURCE = "/telco/sim"

_HOUR = 3_600_000
# What Standard Webhooks suggests; 410 means "never again".
STANDARD_WEBHOOKS_RETRIES = RetryRules(
    delays_ms=(
        5_000, 300_000, 1_800_000, 2 * _HOUR, 5 * _HOUR, 10 * _HOUR, 14 * _HOUR, 20 * _HOUR,
        24 * _HOUR,
    ),
    is_final=lambda status: status == 410,
)  # fmt: skip
# A step this long says in its middle that it is still going on.
_LONG_STEP_MS = 60_000


@dataclass(frozen=True)
class Fired:
    """A router really went down and up."""

    job: str
    correlation: str
    device: str
    kind: str
    at_ms: int


class JobRunner:
    """Moves jobs along and tells the daemon."""

    def __init__(self, clock: Agenda, wire: Wire, scale: float) -> None:
        self.scale = scale
        """How long a second of a plan lasts: 0.1 makes jobs ten times as fast."""
        self.accept_ms = 500
        """From the start of a job to its first step."""
        self.callbacks: Literal["on", "off", "duplicated", "reordered"] = "on"
        self.fires: list[Fired] = []
        self.callback_secret = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
        self.courier = wire.carrier(STANDARD_WEBHOOKS_RETRIES, self._headers)
        self._clock = clock
        self._run = wire.new_id()
        self._events = 0
        self._seq = 0

    def changed(self, job: SimulatedJob, state: str, *, tell: bool = True) -> None:
        """`job` is in another state: count the change and tell the daemon of it."""
        job.state = state
        # Counted for all jobs together, as the extension `sequence` is by source; that rises
        # strictly for each job as well, so an event and a look at the job can be compared.
        self._seq += 1
        job.seq = self._seq
        if tell:
            self._tell(job)

    def begin(self, job: SimulatedJob) -> None:
        """Start `job` on its plan."""
        if job.plot.by_hand:
            return
        if job.deadline_ms is not None:
            self._clock.call_at(job.deadline_ms, lambda: self._deadline(job))
        if job.plot.silent:
            if job.plot.succeed_after_ms is not None:
                self._clock.call_later(job.plot.succeed_after_ms, lambda: self._late_success(job))
            else:
                self._clock.call_later(self.accept_ms, lambda: self._run_unheard(job))
            return
        if job.plot.wait_for_device_ms:
            self._later(self.accept_ms, self._wait_for_device, job)
            self._later(self.accept_ms + job.plot.wait_for_device_ms, self._start_step, job, 0)
        else:
            self._later(self.accept_ms, self._start_step, job, 0)

    def say(
        self,
        job: SimulatedJob,
        state: str,
        *,
        step: str | None = None,
        percent: int | None = None,
        error: JobError | None = None,
    ) -> None:
        """Let a job be in this state, and tell the daemon."""
        if step is not None and step != job.step:
            job.step, job.step_state = step, "started"
            job.past_no_return |= any(
                each.id == step and each.point_of_no_return for each in job.steps
            )
            if step == REBOOT:
                self._fire(job)
        job.percent, job.error = percent, error
        self.changed(job, state)

    def _fire(self, job: SimulatedJob) -> None:
        """The router goes down and up."""
        now = self._clock.now_ms()
        self.fires.append(Fired(job.id, job.correlation, job.device, job.kind, now))

    def _later(self, delay_ms: int, what: Any, job: SimulatedJob, *more: Any) -> None:
        """Go on with `job` after a delay, unless it has ended by then."""

        def go_on() -> None:
            if not job.final:
                what(job, *more)

        self._clock.call_later(round(delay_ms * self.scale), go_on)

    def _wait_for_device(self, job: SimulatedJob) -> None:
        self.changed(job, "waiting_device")

    def _start_step(self, job: SimulatedJob, index: int) -> None:
        step = job.steps[index]
        job.past_no_return |= step.point_of_no_return
        if step.id == REBOOT:
            self._fire(job)
        self._note(job, index, "started", 0)
        if step.duration_ms >= _LONG_STEP_MS:
            self._later(step.duration_ms // 2, self._note, job, index, "progress", 50)
        self._later(step.duration_ms, self._end_step, job, index)

    def _end_step(self, job: SimulatedJob, index: int) -> None:
        if job.plot.fail_step == job.steps[index].id:
            job.step_state, job.error = "failed", job.plot.error
            self.changed(job, "failed")
        elif index + 1 < len(job.steps):
            self._note(job, index, "done", 100)
            self._start_step(job, index + 1)
        else:
            job.step_state, job.percent = "done", 100
            self.changed(job, "succeeded")

    def _note(self, job: SimulatedJob, index: int, step_state: str, done: int) -> None:
        job.step, job.step_state = job.steps[index].id, step_state
        job.percent = _percent(job.steps, index, done)
        self.changed(job, "running")

    def _run_unheard(self, job: SimulatedJob) -> None:
        if not job.final:
            job.step, job.step_state = job.steps[0].id, "started"
            self.changed(job, "running", tell=False)

    def _late_success(self, job: SimulatedJob) -> None:
        if job.final:
            return
        self._fire(job)
        job.step, job.step_state, job.percent = job.steps[-1].id, "done", 100
        self.changed(job, "succeeded")

    def _deadline(self, job: SimulatedJob) -> None:
        # A router that is being changed is not let go; and a silent job keeps its silence.
        if not job.final and not job.past_no_return and not job.plot.silent:
            self.changed(job, "timed_out")

    # --- callbacks ----------------------------------------------------------------------------

    def _tell(self, job: SimulatedJob) -> None:
        if self.callbacks == "off" or job.callback is None:
            return
        self._events += 1
        event = {
            "specversion": "1.0",
            "id": f"evt_{self._run}_{self._events}",
            "source": SOURCE,
            "type": f"{EVENT_TYPE}.{'completed' if job.final else 'progress'}",
            "subject": job.id,
            "time": rfc3339(self._clock.now_ms()),
            "sequence": f"{job.seq:010d}",
            "datacontenttype": "application/json",
            "data": {**job.progress(), "correlation": job.correlation},
        }
        if self.callbacks != "reordered":
            self._post(job, event)
            if self.callbacks == "duplicated":
                self._post(job, event)
        elif job.held:
            # Overtaken by the one that came after it.
            self._post(job, event)
            self._post(job, job.held.pop())
        elif job.final:
            self._post(job, event)
        else:
            job.held.append(event)

    def _post(self, job: SimulatedJob, event: dict[str, Any]) -> None:
        if job.callback is not None:
            body = json.dumps(event, ensure_ascii=False).encode()
            now = self._clock.now_ms()
            self.courier.post(Parcel(str(event["id"]), job.callback, body, now))

    def _headers(self, parcel: Parcel) -> Mapping[str, str]:
        # The id stays the same at each attempt; the time is that of the attempt.
        stamp = str(self._clock.now_ms() // 1000)
        key = base64.b64decode(self.callback_secret.removeprefix("whsec_"))
        signed = f"{parcel.id}.{stamp}.".encode() + parcel.body
        signature = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        return {
            "content-type": "application/cloudevents+json",
            "webhook-id": parcel.id,
            "webhook-timestamp": stamp,
            "webhook-signature": f"v1,{signature}",
        }


def _percent(steps: tuple[Step, ...], index: int, done: int) -> int:
    """How much of the whole plan is behind us, `done` percent into one of its steps."""
    whole = sum(step.duration_ms for step in steps)
    before = sum(step.duration_ms for step in steps[:index])
    return (100 * before + done * steps[index].duration_ms) // whole
