"""What holds of a job whatever it hears: it never raises, never hangs, never starts too much."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from actors import outcomes, router_job
from actors.calls import CancelJob, QueryJob, StartJob
from actors.ids import ActorId, MessageId
from actors.messages import (
    CallRejected,
    CallUnknown,
    CancelAnswered,
    CancelRequested,
    CustomerWrote,
    DeskClosed,
    Envelope,
    JobNotFound,
    Message,
    News,
    ProviderReported,
    RetryRequested,
    Road,
    TimerFired,
    Typed,
)
from actors.policies import JobPolicy
from actors.router_job import Phase, RouterJob
from actors.values import CancelResult, Customer, Fault, JobFault, JobState
from tests.actors.given import (
    CONVERSATION_ID,
    JOB_AT_REST,
    NOW_MS,
    Job,
    checking,
    failed,
    looking,
    running,
    second_attempt,
    tidying,
    timed_out,
)
from tests.actors.heard import Heard

POLICIES = st.builds(
    JobPolicy,
    retries_max=st.integers(0, 3),
    lookups=st.integers(1, 3),
    poll_failures_told=st.integers(1, 3),
    tidy_expiry_s=st.sampled_from([0, 60, 1800]),
    deadline_s=st.sampled_from([30, 600]),
)
ATTEMPTS = st.integers(0, 3)
CODES = st.sampled_from([outcomes.INVALID, outcomes.EXPIRED, outcomes.LOCKED, outcomes.WITHDRAWN])
FAULTS = st.builds(JobFault, code=st.just("9002"), retryable=st.sampled_from([None, True, False]))
REPORTS = st.builds(
    ProviderReported,
    attempt=ATTEMPTS,
    state=st.sampled_from(JobState),
    road=st.sampled_from(Road),
    provider_job=st.sampled_from([None, "p1", "p2"]),
    step=st.sampled_from([None, "reach", "reboot"]),
    percent=st.none() | st.integers(0, 100),
    seq=st.none() | st.integers(0, 5),
    fault=st.none() | FAULTS,
    retry_after_s=st.none() | st.floats(0, 1e6),
)
STRAYS = st.one_of(
    REPORTS,
    st.builds(JobNotFound, attempt=ATTEMPTS),
    st.builds(CancelAnswered, attempt=ATTEMPTS, result=st.sampled_from(CancelResult)),
    st.builds(RetryRequested, attempt=ATTEMPTS),
    st.builds(CancelRequested, attempt=ATTEMPTS),
    st.just(DeskClosed()),
    st.just(CustomerWrote(Customer("106", "51999"), Typed("hello"), NOW_MS)),
    st.builds(
        TimerFired,
        name=st.sampled_from(["poll", "deadline", "tidy", "verdict", "look", "tea"]),
        generation=st.integers(0, 9),
        due_ms=st.just(NOW_MS),
    ),
)

Step = Callable[[Job], Heard | None]


def _answer_call(number: int, how: str, code: str) -> Step:
    def step(job: Job) -> Heard | None:
        calls = list(job.under_way.items())
        if not calls:
            return None
        effect, call = calls[number % len(calls)]
        del job.under_way[effect]
        fault = Fault(code)
        attempt = call.attempt if isinstance(call, StartJob | QueryJob | CancelJob) else 0
        if how == "rejected":
            return job.hear(CallRejected(effect, call, fault))
        match call:
            case StartJob() if how == "lost":
                return job.hear(CallUnknown(effect, call, fault))
            case StartJob():
                name = f"p{attempt}"
                report = ProviderReported(attempt, JobState.QUEUED, Road.START, provider_job=name)
                return job.hear(report)
            case QueryJob() if how == "lost":
                return job.hear(JobNotFound(attempt))
            case QueryJob():
                state = JobState.RUNNING if how == "alive" else JobState.FAILED
                return job.hear(ProviderReported(attempt, state, Road.QUERY))
            case _:
                results = {"alive": CancelResult.CANCELLING, "lost": CancelResult.NOT_FOUND}
                result = results.get(how, CancelResult.CANCELLED)
                return job.hear(CancelAnswered(attempt, result))

    return step


def _fire(number: int) -> Step:
    def step(job: Job) -> Heard | None:
        names = sorted(job.due)
        return job.fire(names[number % len(names)]) if names else None

    return step


def _press(press: str) -> Step:
    return lambda job: job.press_retry() if press == "retry" else job.press_cancel()


def _cancel_answered(result: CancelResult) -> Step:
    return lambda job: job.cancel_answered(result)


def _hear(message: Message) -> Step:
    return lambda job: job.hear(message)


def _wait(seconds: int) -> Step:
    def step(job: Job) -> None:
        job.wait(seconds)

    return step


GROUPS: list[st.SearchStrategy[Step]] = [
    st.builds(
        _answer_call,
        st.integers(0, 5),
        st.sampled_from(["rejected", "lost", "alive", "done"]),
        CODES,
    ),
    st.builds(_fire, st.integers(0, 5)),
    st.builds(_press, st.sampled_from(["retry", "retry", "cancel"])),
    st.builds(_cancel_answered, st.sampled_from(CancelResult)),
    st.builds(_wait, st.integers(-30, 100)),
    st.builds(_hear, STRAYS),
]
# Not `one_of`: that would give each stray message as much weight as all calls together.
STEPS = st.sampled_from(GROUPS).flatmap(lambda group: group)
Begin = Callable[[JobPolicy], Job]
BEGINS: st.SearchStrategy[Begin] = st.sampled_from(
    [Job, looking, running, tidying, timed_out, failed, checking, second_attempt]
)
LIVES = st.lists(STEPS, max_size=40)


def waits_for_something(job: Job) -> bool:
    """At rest, or a timer is set, or a call is under way whose answer will come."""
    return job.phase in JOB_AT_REST or bool(job.state.timers) or bool(job.under_way)


@settings(max_examples=300, deadline=None)
@given(begin=BEGINS, policy=POLICIES, life=LIVES)
def test_whatever_it_hears_a_job_always_waits_for_something(
    begin: Begin, policy: JobPolicy, life: list[Step]
) -> None:
    job = begin(policy)
    for step in life:
        step(job)
        assert waits_for_something(job)
        assert set(job.due) == set(job.state.timers)
        assert not (job.phase in JOB_AT_REST and job.due)


@settings(max_examples=300, deadline=None)
@given(begin=BEGINS, policy=POLICIES, life=LIVES)
def test_whatever_it_hears_a_job_never_starts_too_much(
    begin: Begin, policy: JobPolicy, life: list[Step]
) -> None:
    job = begin(policy)
    for step in life:
        step(job)

    starts = [start.attempt for _, _, heard in job.history for start in heard.starts]
    assert starts == sorted(starts)
    assert len(set(starts)) <= policy.retries_max + 1
    assert max(map(starts.count, starts)) <= 3


@settings(max_examples=300, deadline=None)
@given(begin=BEGINS, policy=POLICIES, life=LIVES)
def test_no_attempt_starts_before_the_one_before_was_looked_at(
    begin: Begin, policy: JobPolicy, life: list[Step]
) -> None:
    job = begin(policy)
    for step in life:
        step(job)

    looked_at: set[int] = set()
    for message, before, heard in job.history:
        looked_at = looked_at_after(message, before, looked_at)
        for start in heard.starts:
            if before is not None and start.attempt > before.attempt:
                never_began = before.word is None and before.starts <= 1
                assert never_began or before.attempt in looked_at


@settings(max_examples=200, deadline=None)
@given(begin=BEGINS, policy=POLICIES, life=LIVES)
def test_a_retry_is_only_offered_where_it_can_be_had(
    begin: Begin, policy: JobPolicy, life: list[Step]
) -> None:
    job = begin(policy)
    for step in life:
        step(job)
        if any(report.can_retry for report in job.history[-1][2].reports):
            assert job.phase is Phase.FAILED
            assert job.state.told is not News.FATE_UNKNOWN
            assert job.state.attempt <= policy.retries_max


def looked_at_after(message: Message, before: RouterJob | None, looked_at: set[int]) -> set[int]:
    """Which attempts were looked at since a retry was asked for last."""
    match message:
        case RetryRequested() if before is not None and before.phase is Phase.FAILED:
            return set()
        case ProviderReported(attempt=0) if before is not None:
            # It names the provider's job only, which may be any attempt's.
            return looked_at | {before.attempt}
        case ProviderReported(attempt=attempt) | JobNotFound(attempt=attempt):
            return looked_at | {attempt}
        case _:
            return looked_at


@settings(max_examples=150, deadline=None)
@given(begin=BEGINS, policy=POLICIES, life=LIVES)
def test_when_the_provider_falls_silent_a_job_comes_to_rest(
    begin: Begin, policy: JobPolicy, life: list[Step]
) -> None:
    job = begin(policy)
    for step in life:
        step(job)

    for _ in range(2000):
        if job.phase in JOB_AT_REST:
            break
        if job.under_way:
            job.reject_newest()
        else:
            job.fire_next()

    assert job.phase in JOB_AT_REST


@settings(max_examples=100, deadline=None)
@given(policy=POLICIES, life=LIVES, message=STRAYS)
def test_the_same_message_in_the_same_state_gives_the_same_decision(
    policy: JobPolicy, life: list[Step], message: Message
) -> None:
    job = Job(policy)
    for step in life:
        step(job)
    envelope = Envelope(MessageId("again"), job.now_ms, message)

    first = router_job.decide(job.actor, job.state, envelope, job.now_ms)
    second = router_job.decide(job.actor, job.state, envelope, job.now_ms)

    assert first == second


@settings(max_examples=100, deadline=None)
@given(life=LIVES)
def test_a_job_only_ever_speaks_to_its_conversation(life: list[Step]) -> None:
    job = Job()
    for step in life:
        heard = step(job)
        receivers: set[ActorId] = set(heard.receivers) if heard is not None else set()
        assert receivers <= {CONVERSATION_ID}
