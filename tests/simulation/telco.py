"""The provider: jobs with steps, callbacks, and all that goes wrong with them.

What lives here: the provider's own truth, and the promises about it that can be seen from here
alone: one real job an attempt, and never two attempts at a time. What must not: our view of jobs.
"""

from __future__ import annotations

from collections import Counter

import trio
from msgspec import Struct

from actors import outcomes
from actors.calls import (
    Call,
    CancelJob,
    Promise,
    QueryJob,
    StartJob,
    correlation,
    promise_of,
)
from actors.ids import ActorId, MessageId
from actors.messages import CancelAnswered, JobNotFound, ProviderReported, Road
from actors.outcomes import Delivered, Outcome, Rejected
from actors.values import CancelResult, Fault, JobFault, JobState
from adapters.ports import Attempt, Event, ForActor, ForAlias
from tests.simulation.world import Tried, World

PROVIDER = "main"
_STEPS = ("reach", "reboot", "verify")
_NO_RETURN = 1
"""From this step on a job cannot be taken back."""


class RealJob(Struct):
    """A job as it truly is."""

    id: str
    job: ActorId
    attempt: int
    began_ms: int
    state: JobState = JobState.QUEUED
    step: str | None = None
    seq: int = 1
    fault: JobFault | None = None
    cancelling: bool = False


class Telco:
    """A `Sender` with the provider behind it."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._dice = world.dice("telco")
        self.jobs: list[RealJob] = []
        self._on_the_wire: Counter[str] = Counter()
        """Starts that may still arrive."""
        self._events = 0

    def promise(self, call: Call) -> Promise:
        """A start may be repeated where keys are honoured."""
        if isinstance(call, StartJob) and self._world.plan.keys_honoured:
            return Promise.REPEATABLE
        return promise_of(call)

    async def perform(self, call: Call, attempt: Attempt) -> Outcome:
        """Start, look, or take back."""
        world, plan = self._world, self._world.plan
        now_s = world.now_s()
        down = any(span.begins_s <= now_s < span.ends_s for span in plan.telco_down)
        fate = world.fate(self._dice, plan.telco_trouble, down=down and not world.calm)
        if isinstance(call, StartJob) and fate.acts_after_s is not None:
            self._on_the_wire[correlation(call.job, call.attempt)] += 1
        outcome = await world.call(call, attempt, fate, self._act)
        if not isinstance(call, StartJob) and isinstance(outcome, outcomes.Unknown):
            # As the real adapter: looks and cancels may be repeated at once.
            return outcomes.Transient(outcome.fault)
        return outcome

    def _act(self, tried: Tried) -> Outcome:
        match tried.call:
            case StartJob() as call:
                self._on_the_wire[correlation(call.job, call.attempt)] -= 1
                return self._start(call, tried.number)
            case QueryJob() as call:
                job = self._find(call)
                if job is None:
                    return Delivered(answer=JobNotFound(call.attempt))
                return Delivered(answer=self._report(job, Road.QUERY, call.attempt))
            case CancelJob() as call:
                result = self._cancel(self._find(call))
                self._world.note("telco", f"cancel {call.job}.{call.attempt}: {result.value}")
                return Delivered(answer=CancelAnswered(call.attempt, result))
            case other:
                raise TypeError(type(other).__name__)

    # --- starting -------------------------------------------------------------------------------

    def _start(self, call: StartJob, number: int) -> Outcome:
        world, dice = self._world, self._dice
        key = correlation(call.job, call.attempt)
        same = [job for job in self.jobs if correlation(job.job, job.attempt) == key]
        if same and world.plan.keys_honoured:
            return Delivered(same[0].id, self._report(same[0], Road.START, call.attempt))
        if not world.calm and dice.random() < world.plan.telco_trouble / 3:
            code = dice.choice((outcomes.INVALID, outcomes.LOCKED, outcomes.UNAVAILABLE))
            world.note("telco", f"refuses {key}: {code}")
            return Rejected(Fault(code))
        self._check(call, key, bool(same))
        job = RealJob(f"j{len(self.jobs) + 1}", call.job, call.attempt, world.now_ms())
        self.jobs.append(job)
        world.note("telco", f"starts {job.id} for {key}")
        self._tell(job)
        world.soon(lambda: self._run(job))
        return Delivered(job.id, self._report(job, Road.START, call.attempt))

    def _check(self, call: StartJob, key: str, same: bool) -> None:
        if same:
            self._world.broken(f"{key} was started twice")
        for job in self.jobs:
            if job.job == call.job and job.attempt < call.attempt and not job.state.final:
                self._world.broken(f"{key} was started while {job.id} could run")
        for attempt in range(1, call.attempt):
            if self._on_the_wire[correlation(call.job, attempt)]:
                self._world.broken(f"{key} was started while attempt {attempt} could arrive")

    def _find(self, call: QueryJob | CancelJob) -> RealJob | None:
        for job in self.jobs:
            if call.provider_job is not None:
                if job.id == call.provider_job:
                    return job
            elif (job.job, job.attempt) == (call.job, call.attempt):
                return job
        return None

    # --- running --------------------------------------------------------------------------------

    async def _run(self, job: RealJob) -> None:
        dice = self._dice
        slow = dice.random() < 0.15
        stuck_at = dice.choice((0, 1, 2)) if dice.random() < 0.15 else None
        fails_at = dice.choice((0, 1, 2, 3)) if dice.random() < 0.4 else None
        await trio.sleep(dice.uniform(0.5, 15))
        for number, step in enumerate(_STEPS):
            if job.state.final:
                return
            if fails_at == number:
                self._fail(job)
                return
            self._change(job, JobState.RUNNING, step)
            if stuck_at == number:
                return
            await trio.sleep(dice.uniform(200, 700) if slow else dice.uniform(2, 60))
        if not job.state.final:
            if fails_at == len(_STEPS):
                self._fail(job)
            else:
                self._change(job, JobState.SUCCEEDED, job.step)

    def _fail(self, job: RealJob) -> None:
        job.fault = JobFault("device_unreachable", retryable=self._dice.choice((None, True, False)))
        state = self._dice.choice((JobState.FAILED, JobState.FAILED, JobState.TIMED_OUT))
        self._change(job, state, job.step)

    def _cancel(self, job: RealJob | None) -> CancelResult:
        if job is None:
            return CancelResult.NOT_FOUND
        if job.state.final:
            cancelled = job.state is JobState.CANCELLED
            return CancelResult.CANCELLED if cancelled else CancelResult.TOO_LATE
        if job.state is JobState.QUEUED:
            self._change(job, JobState.CANCELLED, None)
            return CancelResult.CANCELLED
        if job.step is not None and _STEPS.index(job.step) >= _NO_RETURN:
            return CancelResult.TOO_LATE
        if not job.cancelling:
            job.cancelling = True

            async def end() -> None:
                if not job.state.final:
                    self._change(job, JobState.CANCELLED, job.step)

            self._world.soon(end, self._dice.uniform(0.5, 10))
        return CancelResult.CANCELLING

    def _change(self, job: RealJob, state: JobState, step: str | None) -> None:
        job.state, job.step, job.seq = state, step, job.seq + 1
        self._world.note("telco", f"{job.id} is {state.value} {step or ''}".rstrip())
        self._tell(job)

    # --- telling --------------------------------------------------------------------------------

    def _report(self, job: RealJob, road: Road, attempt: int) -> ProviderReported:
        return ProviderReported(
            attempt=attempt,
            state=job.state,
            road=road,
            provider_job=job.id,
            step=job.step,
            seq=job.seq,
            fault=job.fault,
            provider=PROVIDER if road is Road.CALLBACK else None,
        )

    def _tell(self, job: RealJob) -> None:
        """Send a callback; it may come late, twice, or not at all."""
        world, dice = self._world, self._dice
        self._events += 1
        if not world.calm and dice.random() < world.plan.callbacks_lost:
            return
        by_id = world.plan.callbacks_by_id
        event = Event(
            MessageId(f"telco:{PROVIDER}:{self._events}"),
            ForAlias(f"telco:{PROVIDER}:{job.id}", 600) if by_id else ForActor(job.job),
            self._report(job, Road.CALLBACK, 0 if by_id else job.attempt),
        )
        for _ in range(2 if dice.random() < world.plan.webhooks_twice else 1):
            late_s = dice.uniform(0, 1.5) if dice.random() < 0.7 else dice.uniform(1, 60)
            world.soon(lambda: world.bring(event, f"telco:{PROVIDER}"), late_s)
