"""A router job's `decide`: from a message to a signal, from the table to the decision.

What lives here: taking the provider's word in (order, conflicts, past attempts) and reading every
message as a signal. What must not: transitions (`table`) and what they do (`acts`).
"""

from __future__ import annotations

from actors import outcomes
from actors.calls import CancelJob, QueryJob, StartJob
from actors.effects import Decision
from actors.ids import ActorId
from actors.messages import (
    CallRejected,
    CallUnknown,
    CancelAnswered,
    CancelRequested,
    Envelope,
    JobNotFound,
    JobRequested,
    News,
    ProviderReported,
    RetryRequested,
    Road,
    TimerFired,
)
from actors.router_job.acts import JobTurn, can_retry, perform, start_attempt, tell
from actors.router_job.state import Phase, RouterJob, Verdict
from actors.router_job.table import TABLE, Act, Signal
from actors.values import CancelResult, Fault, JobFault, JobState

_STARTS_MAX = 3
"""How often one attempt may be handed out when look-ups say that it was never made."""

_RETRY_CANNOT_HELP = frozenset(
    {
        outcomes.INVALID,
        outcomes.NOT_FOUND,
        outcomes.FORBIDDEN,
        outcomes.UNAUTHORIZED,
        outcomes.NOT_CONFIGURED,
    }
)

_LOOKED_AT = frozenset({Phase.RUNNING, Phase.OVERDUE, Phase.TIDYING, Phase.CHECKING})
"""Phases that wait for the answer to a look, and go on from it even where it says nothing new."""

_BELIEVED_FAILED = frozenset({Phase.FAILED, Phase.CHECKING, Phase.LEFT, Phase.CANCELLED})
"""Phases in which the customer believes that nothing has worked, and nothing is under way."""

_TIMER_SIGNALS = {
    "poll": Signal.POLL_DUE,
    "stall": Signal.STALL_DUE,
    "patience": Signal.PATIENCE_DUE,
    "look": Signal.LOOK_DUE,
    "deadline": Signal.DEADLINE_DUE,
    "verdict": Signal.VERDICT_DUE,
}

_CANCEL_SIGNALS = {
    CancelResult.CANCELLED: Signal.CANCEL_DONE,
    CancelResult.CANCELLING: Signal.CANCEL_PENDING,
    CancelResult.TOO_LATE: Signal.CANCEL_TOO_LATE,
}


def decide(
    actor: ActorId, state: RouterJob | None, envelope: Envelope, now_ms: int
) -> Decision[RouterJob] | None:
    """What a job does on hearing a message; None where there is no job to hear it."""
    body = envelope.body
    if state is None:
        return _begin(actor, envelope, body, now_ms) if isinstance(body, JobRequested) else None
    turn = JobTurn(actor, envelope, now_ms, state)
    signal = _signal(turn, envelope)
    if signal is not None:
        rule = TABLE[turn.state.phase].get(signal)
        if rule is not None:
            turn.set(phase=rule.to)
            perform(turn, rule.acts)
    return turn.decision()


def _begin(
    actor: ActorId, envelope: Envelope, asked: JobRequested, now_ms: int
) -> Decision[RouterJob]:
    state = RouterJob(
        conversation=asked.conversation,
        kind=asked.kind,
        device=asked.device,
        provider=asked.provider,
        policy=asked.policy,
        attempt=1,
    )
    turn = JobTurn(actor, envelope, now_ms, state)
    if _too_old(state, envelope, now_ms):
        # Nobody was there to hear it in time; a restart now would come out of the blue.
        turn.set(phase=Phase.FAILED, fault=JobFault(code=outcomes.EXPIRED))
        perform(turn, (Act.JUDGE_NOTHING_CHANGED, Act.TELL_FAILURE))
    else:
        start_attempt(turn)
        tell(turn, News.REQUESTED)
    return turn.decision()


def _too_old(job: RouterJob, envelope: Envelope, now_ms: int) -> bool:
    return now_ms - envelope.at_ms > job.policy.start_expiry_s * 1000


def _signal(turn: JobTurn, envelope: Envelope) -> Signal | None:
    job = turn.state
    match envelope.body:
        case ProviderReported() as report:
            return _take_in(turn, report)
        case JobNotFound(attempt):
            return _not_found(turn) if attempt == job.attempt else None
        case CancelAnswered(attempt, result):
            return _cancel_answered(turn, result) if attempt == job.attempt else None
        case RetryRequested(attempt):
            if _too_old(job, envelope, turn.now_ms):
                return Signal.RETRY_DENIED
            return _retry(job, attempt)
        case CancelRequested(attempt):
            if _too_old(job, envelope, turn.now_ms):
                return Signal.CANCEL_STALE
            return _cancel(job, attempt)
        case TimerFired() as fired:
            return _timer(turn, fired)
        case CallRejected(effect, StartJob(), fault):
            return _refused(turn, fault) if effect == job.start_effect else None
        case CallUnknown(effect, StartJob(), _):
            if effect != job.start_effect:
                return None
            turn.set(start_open=False)
            return Signal.START_UNKNOWN
        case CallRejected(_, QueryJob(attempt=attempt), _) | CallUnknown(
            _, QueryJob(attempt=attempt), _
        ):
            return Signal.LOOK_FAILED if attempt == job.attempt and not _cancels(job) else None
        case CallRejected(_, CancelJob(attempt=attempt), _) | CallUnknown(
            _, CancelJob(attempt=attempt), _
        ):
            return Signal.CHECK_STUCK if attempt == job.attempt and _cancels(job) else None
        case JobRequested():
            return None
        case other:
            turn.note("message_not_for_this_kind", alarm=True, message=type(other).__name__)
            return None


def _timer(turn: JobTurn, fired: TimerFired) -> Signal | None:
    if not turn.hears(fired):
        return None
    if fired.name == "tidy":
        over = turn.now_ms >= turn.state.tidy_until_ms
        return Signal.TIDY_EXPIRED if over else Signal.TIDY_DUE
    if fired.name == "verdict" and _cancels(turn.state):
        return Signal.CHECK_STUCK
    return _TIMER_SIGNALS.get(fired.name)


def _cancels(job: RouterJob) -> bool:
    """Whether a retry was asked for and the attempt, found alive, is being taken back first."""
    return job.phase is Phase.CHECKING and job.found_alive


def _retry(job: RouterJob, attempt: int) -> Signal:
    if attempt != job.attempt or not can_retry(job):
        return Signal.RETRY_DENIED
    # Where an earlier start of this attempt got lost, the refusal of a later one proves nothing.
    fresh = job.verdict is Verdict.NOTHING_CHANGED and job.starts <= 1
    return Signal.RETRY_FRESH if fresh else Signal.RETRY


def _cancel(job: RouterJob, attempt: int) -> Signal:
    if attempt != job.attempt or job.left:
        return Signal.CANCEL_STALE
    return Signal.CANCEL_ALIVE if _cancels(job) else Signal.CANCEL


def _refused(turn: JobTurn, fault: Fault) -> Signal | None:
    turn.set(start_open=False)
    if turn.state.word is not None:
        # The provider has spoken of this attempt, so it did begin.
        return None
    if turn.state.phase is Phase.STARTING:
        why = JobFault(code=fault.code, text=fault.detail)
        turn.set(fault=why, retry_useless=fault.code in _RETRY_CANNOT_HELP)
    return Signal.REFUSED


def _not_found(turn: JobTurn) -> Signal:
    job = turn.state
    since_ms = turn.now_ms - job.empty_look_ms
    if job.lookups == 0 or not 0 <= since_ms < job.policy.lookup_spacing_s * 1000:
        # Two answers at nearly the same time are one look: what hangs may arrive behind both.
        turn.set(lookups=job.lookups + 1, empty_look_ms=turn.now_ms)
    if turn.state.lookups < job.policy.lookups:
        return Signal.NOT_FOUND
    if job.phase is Phase.LOOKING and job.starts >= _STARTS_MAX:
        return Signal.DEADLINE_DUE
    return Signal.NEVER_MADE


def _cancel_answered(turn: JobTurn, result: CancelResult) -> Signal | None:
    job = turn.state
    if job.phase is Phase.CHECKING and not job.found_alive:
        # The answer to a cancel of before: no substitute for the look that is under way.
        return None
    known = _CANCEL_SIGNALS.get(result)
    if known is not None:
        return known
    # Not found. While a start may still arrive behind our cancel, that proves nothing.
    if job.phase is not Phase.CANCELLING:
        return Signal.CANCEL_NOT_FOUND
    if job.provider_job is not None:
        return Signal.NEVER_MADE
    if job.start_open:
        return None
    return _not_found(turn)


# --- the provider's word ------------------------------------------------------------------------


def _take_in(turn: JobTurn, report: ProviderReported) -> Signal | None:
    if report.provider is not None and report.provider != turn.state.provider:
        # Signed by somebody, but not by the one who has this job.
        turn.note("report_by_another_provider", alarm=True)
        return None
    attempt = _attempt_of(turn.state, report)
    if attempt is None or attempt > turn.state.attempt:
        turn.note("report_for_unknown_attempt", alarm=True, attempt=report.attempt)
        return None
    if attempt < turn.state.attempt:
        return _past_word(turn, attempt, report)
    job = turn.state
    if report.road is Road.START:
        turn.set(start_open=False)
    if report.provider_job is not None and job.provider_job is None:
        turn.set(provider_job=report.provider_job)
        turn.alias(f"telco:{job.provider}:{report.provider_job}")
    if job.word is not None and job.word.final and not _may_follow_final(turn, job.word, report):
        return None
    turn.before, turn.report = job, report
    if _is_old(job, report):
        turn.note("report_out_of_order", seq=report.seq)
        if report.road is not Road.QUERY or job.phase not in _LOOKED_AT:
            return None
        turn.set(found_alive=job.phase is Phase.CHECKING)
        return Signal.ALIVE
    moved = report.step is not None and report.step != job.step
    turn.set(
        start_open=False,
        word=report.state,
        step=report.step or job.step,
        percent=report.percent if moved or report.percent is not None else job.percent,
        seq=report.seq if report.seq is not None else job.seq,
        fault=report.fault if report.state.final else None,
        lookups=0,
        found_alive=job.phase is Phase.CHECKING and not report.state.final,
    )
    if report.state in (JobState.SUCCEEDED, JobState.FAILED, JobState.TIMED_OUT):
        # Our verdict yields to the provider's last word.
        turn.set(verdict=None, retry_useless=False)
    return _signal_of(report.state)


def _attempt_of(job: RouterJob, report: ProviderReported) -> int | None:
    if report.attempt > 0:
        return report.attempt
    # The event named the provider's own id only (attempt 0): find the attempt that has it.
    if report.provider_job is None or report.provider_job == job.provider_job:
        return job.attempt
    for past in job.past:
        if past.provider_job == report.provider_job:
            return past.attempt
    return None


def _may_follow_final(turn: JobTurn, word: JobState, report: ProviderReported) -> bool:
    if report.state is word:
        # A callback that is sent again says nothing new; a look does.
        return report.road is Road.QUERY
    if not report.state.final:
        turn.note("report_after_the_last_word", said=word.value, now=report.state.value)
        return False
    # Two different last words. The first one stands, but for one case: a retry looks once more,
    # and finds that it had worked; starting again would be wrong then.
    turn.note("two_last_words", alarm=True, said=word.value, now=report.state.value)
    return turn.state.phase is Phase.CHECKING and report.state is JobState.SUCCEEDED


def _is_old(job: RouterJob, report: ProviderReported) -> bool:
    if report.state.final:
        return False
    if report.seq is None or job.seq is None:
        # Nobody counts: the start's answer at least is older than whatever else was heard.
        return report.road is Road.START and job.word is not None
    if report.road is Road.CALLBACK:
        return report.seq <= job.seq
    return report.seq < job.seq


def _past_word(turn: JobTurn, attempt: int, report: ProviderReported) -> Signal | None:
    if report.state is not JobState.SUCCEEDED:
        return None
    turn.note("past_attempt_succeeded", alarm=True, attempt=attempt)
    # It did work after all: good news to whoever believes that it failed.
    return Signal.SUCCEEDED if turn.state.phase in _BELIEVED_FAILED else None


def _signal_of(state: JobState) -> Signal:
    match state:
        case JobState.QUEUED | JobState.RUNNING | JobState.WAITING_DEVICE:
            return Signal.ALIVE
        case JobState.SUCCEEDED:
            return Signal.SUCCEEDED
        case JobState.FAILED | JobState.TIMED_OUT:
            return Signal.FAILED
        case JobState.CANCELLED:
            return Signal.CANCELLED
