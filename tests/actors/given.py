"""Given: a job and a hand-over that tests talk to, and what they answer, ready to be looked at.

The drivers hold the state between messages, keep the clock, and remember which timers are set and
which calls are under way. They decide nothing: every answer comes from the pure `decide`.
"""

from __future__ import annotations

from typing import TypeVar

from actors import handover, router_job
from actors.calls import Call, CancelJob, QueryJob, StartJob
from actors.effects import ClearTimer, Do, Effect, SetTimer
from actors.handover import Handover
from actors.ids import (
    CONVERSATION,
    HANDOVER,
    ROUTER_JOB,
    ActorId,
    EffectId,
    MessageId,
    actor_id,
    effect_id,
)
from actors.messages import (
    CallRejected,
    CallUnknown,
    CancelAnswered,
    CancelRequested,
    Envelope,
    HandoverRequested,
    JobNotFound,
    JobRequested,
    Message,
    ProviderReported,
    RetryRequested,
    Road,
    TimerFired,
)
from actors.outcomes import EXPIRED, TIMEOUT
from actors.policies import HandoverPolicy, JobPolicy
from actors.router_job import Phase, RouterJob
from actors.values import CancelResult, Device, Fault, JobFault, JobState
from tests.actors.heard import Heard

NOW_MS = 1_767_225_600_000
CONVERSATION_ID = actor_id(CONVERSATION, "seed")
JOB_ID = actor_id(ROUTER_JOB, CONVERSATION_ID, "m1")
HANDOVER_ID = actor_id(HANDOVER, CONVERSATION_ID, "m2")
DEVICE = Device("dev_42", "A-1001", "the router in the hall")

JOB_AT_REST = frozenset({Phase.FAILED, Phase.SUCCEEDED, Phase.CANCELLED, Phase.LEFT})

Kind = TypeVar("Kind")


class _Driver:
    """What drivers share: the clock, the timers that are set, the calls under way."""

    actor: ActorId

    def __init__(self) -> None:
        self.now_ms = NOW_MS
        self.due: dict[str, SetTimer] = {}
        self.under_way: dict[EffectId, Call] = {}
        self.heard_after_s = 0.0
        """How long messages lie in the inbox before they are heard."""
        self._count = 0

    def _envelope(self, body: Message) -> Envelope:
        self._count += 1
        if isinstance(body, TimerFired):
            timer = self.due.get(body.name)
            if timer is not None and timer.generation == body.generation:
                del self.due[body.name]
        accepted_ms = self.now_ms - round(self.heard_after_s * 1000)
        return Envelope(MessageId(f"m{self._count}"), accepted_ms, body)

    def _keep(self, cause: MessageId, effects: tuple[Effect, ...]) -> Heard:
        for index, effect in enumerate(effects):
            match effect:
                case SetTimer(name):
                    self.due[name] = effect
                case ClearTimer(name):
                    self.due.pop(name)
                case Do(call):
                    self.under_way[effect_id(self.actor, cause, index)] = call
                case _:
                    pass
        return Heard(effects)

    def hear(self, body: Message) -> Heard:
        """Hear a message."""
        raise NotImplementedError

    def wait(self, seconds: float) -> None:
        """Let time pass; timers that fall due do not fire by themselves."""
        self.now_ms += round(seconds * 1000)

    def fire(self, name: str) -> Heard:
        """Let the time pass until a timer is due, and let it fire."""
        timer = self.due[name]
        self.now_ms = max(self.now_ms, timer.due_ms)
        return self.hear(TimerFired(name, timer.generation, timer.due_ms))

    def fire_next(self) -> Heard:
        """Let the timer fire that is due first."""
        return self.fire(min(self.due.values(), key=lambda timer: (timer.due_ms, timer.name)).name)

    def seconds_until(self, name: str) -> float:
        """How long until a timer is due."""
        return (self.due[name].due_ms - self.now_ms) / 1000

    def open_call(self, kind: type[Kind]) -> tuple[EffectId, Kind]:
        """The newest call of a type that was not answered."""
        for effect, call in reversed(self.under_way.items()):
            if isinstance(call, kind):
                return effect, call
        raise AssertionError(f"no {kind.__name__} is under way")

    def reject(self, kind: type[Call], code: str = EXPIRED) -> Heard:
        """The newest call of a type surely did not happen."""
        effect, call = self.open_call(kind)
        del self.under_way[effect]
        return self.hear(CallRejected(effect, call, Fault(code, "detail")))

    def under_way_of(self, kind: type[Kind]) -> list[Kind]:
        """The calls of a type that were not answered."""
        return [call for call in self.under_way.values() if isinstance(call, kind)]

    def answered(self, kind: type[Call], answer: Message) -> Heard:
        """The newest call of a type is answered."""
        effect, _ = self.open_call(kind)
        del self.under_way[effect]
        return self.hear(answer)

    def reject_newest(self) -> Heard:
        """Whichever call is newest surely did not happen."""
        effect, call = self.under_way.popitem()
        return self.hear(CallRejected(effect, call, Fault(EXPIRED)))

    def lose(self, kind: type[Call]) -> Heard:
        """The answer to the newest call of a type is lost."""
        effect, call = self.open_call(kind)
        del self.under_way[effect]
        return self.hear(CallUnknown(effect, call, Fault(TIMEOUT)))


class Job(_Driver):
    """A router job that was just requested."""

    actor = JOB_ID

    def __init__(self, policy: JobPolicy | None = None, heard_after_s: float = 0) -> None:
        super().__init__()
        self.heard_after_s = heard_after_s
        self.policy = policy or JobPolicy()
        self._state: RouterJob | None = None
        self.history: list[tuple[Message, RouterJob | None, Heard]] = []
        """Each message with the state that it found and what it caused."""
        self.begun = self.hear(
            JobRequested(CONVERSATION_ID, "router.restart", DEVICE, "main", self.policy)
        )

    @property
    def state(self) -> RouterJob:
        """What the job knows."""
        assert self._state is not None
        return self._state

    @property
    def phase(self) -> Phase:
        """Where it stands."""
        return self.state.phase

    def hear(self, body: Message) -> Heard:
        """Hear a message, as the shell would let it."""
        envelope = self._envelope(body)
        before = self._state
        decision = router_job.decide(self.actor, before, envelope, self.now_ms)
        assert decision is not None
        self._state = decision.state
        heard = self._keep(envelope.id, decision.effects)
        self.history.append((body, before, heard))
        return heard

    # --- the provider -----------------------------------------------------------------------

    def report(
        self,
        state: JobState,
        road: Road = Road.CALLBACK,
        *,
        attempt: int | None = None,
        job: str | None = None,
        step: str | None = None,
        seq: int | None = None,
        percent: int | None = None,
        fault: JobFault | None = None,
        retry_after_s: float | None = None,
    ) -> Heard:
        """The provider says how an attempt stands; the present one if not told otherwise."""
        if road is Road.QUERY:
            self._answered(QueryJob)
        if road is Road.START:
            self._answered(StartJob)
        return self.hear(
            ProviderReported(
                attempt=self.state.attempt if attempt is None else attempt,
                state=state,
                road=road,
                provider_job=job,
                step=step,
                seq=seq,
                percent=percent,
                fault=fault,
                retry_after_s=retry_after_s,
            )
        )

    def accept(self, job: str = "p1", seq: int | None = None) -> Heard:
        """The provider takes the start."""
        return self.report(JobState.QUEUED, Road.START, job=job, seq=seq)

    def found(self, state: JobState, *, seq: int | None = None) -> Heard:
        """A look finds the present attempt in this state."""
        return self.report(state, Road.QUERY, seq=seq)

    def not_found(self) -> Heard:
        """A look finds no such attempt."""
        self._answered(QueryJob)
        return self.hear(JobNotFound(self.state.attempt))

    def cancel_answered(self, result: CancelResult) -> Heard:
        """The provider answers our cancel."""
        self._answered(CancelJob)
        return self.hear(CancelAnswered(self.state.attempt, result))

    def fail(self, *, retryable: bool | None = None) -> Heard:
        """The provider says that the present attempt failed."""
        return self.report(JobState.FAILED, fault=JobFault("9002", "internal error", retryable))

    def _answered(self, kind: type[Call]) -> None:
        for effect, call in self.under_way.items():
            if isinstance(call, kind):
                del self.under_way[effect]
                return

    # --- the customer -----------------------------------------------------------------------

    def press_retry(self, attempt: int | None = None) -> Heard:
        """The customer presses "try again"."""
        return self.hear(RetryRequested(self.state.attempt if attempt is None else attempt))

    def press_cancel(self, attempt: int | None = None) -> Heard:
        """The customer presses "cancel", or "leave it" on a failure menu."""
        return self.hear(CancelRequested(self.state.attempt if attempt is None else attempt))


def running(policy: JobPolicy | None = None) -> Job:
    """A job that the provider has taken and works on."""
    job = Job(policy)
    job.accept()
    return job


def looking(policy: JobPolicy | None = None) -> Job:
    """A job whose start got lost on the way."""
    job = Job(policy)
    job.lose(StartJob)
    return job


def tidying(policy: JobPolicy | None = None) -> Job:
    """A job that timed out and is being taken back."""
    job = running(policy)
    job.fire("deadline")
    job.found(JobState.RUNNING)
    return job


def timed_out(policy: JobPolicy | None = None) -> Job:
    """A job that timed out and was taken back: the customer decides."""
    job = tidying(policy)
    job.cancel_answered(CancelResult.CANCELLED)
    return job


def failed(policy: JobPolicy | None = None) -> Job:
    """A job of which the provider says that it failed: the customer decides."""
    job = running(policy)
    job.fail()
    return job


def checking(policy: JobPolicy | None = None) -> Job:
    """A failed job whose retry was asked for; the look is on its way."""
    job = failed(policy)
    job.press_retry()
    return job


def second_attempt(policy: JobPolicy | None = None) -> Job:
    """A job that failed once and is tried again."""
    job = checking(policy)
    job.found(JobState.FAILED)
    return job


class Chat(_Driver):
    """A hand-over that was just requested."""

    actor = HANDOVER_ID

    def __init__(
        self, policy: HandoverPolicy | None = None, words: str | None = "it is broken"
    ) -> None:
        super().__init__()
        self.policy = policy or HandoverPolicy()
        self._state: Handover | None = None
        self.begun = self.hear(
            HandoverRequested(
                CONVERSATION_ID, "Ana", "summary", words, {"rb_language": "es"}, self.policy
            )
        )

    @property
    def state(self) -> Handover:
        """What the hand-over knows."""
        assert self._state is not None
        return self._state

    @property
    def phase(self) -> handover.Phase:
        """Where it stands."""
        return self.state.phase

    def hear(self, body: Message) -> Heard:
        """Hear a message, as the shell would let it."""
        envelope = self._envelope(body)
        decision = handover.decide(self.actor, self._state, envelope, self.now_ms)
        assert decision is not None
        self._state = decision.state
        return self._keep(envelope.id, decision.effects)
