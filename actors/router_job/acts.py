"""What a router job does on a transition: one small function an act.

What lives here: the acts of `table`, each writing into the turn. What must not: choosing a
transition (`table`) or reading messages (`decide`).
"""

from __future__ import annotations

from collections.abc import Callable

from actors.calls import CancelJob, QueryJob, StartJob
from actors.ids import spread
from actors.messages import JobReported, News, ProviderReported, Road
from actors.router_job.state import PastAttempt, Phase, RouterJob, Verdict
from actors.router_job.table import Act
from actors.turn import Turn
from actors.values import JobState

_FAILURES = frozenset({News.FAILED, News.NOTHING_CHANGED, News.TIMED_OUT, News.FATE_UNKNOWN})
_OVER = frozenset({Phase.SUCCEEDED, Phase.CANCELLED, Phase.LEFT})
_QUERY_WORTH_S = 60
_POLL_GROWTHS = 32
"""How often the pause between looks grows at most; more would leave the range of floats."""


class JobTurn(Turn[RouterJob]):
    """One turn of a job, with the provider's report that caused it, if one did."""

    report: ProviderReported | None = None
    before: RouterJob | None = None
    """The state before the report was taken in."""


def can_retry(job: RouterJob) -> bool:
    """Whether another attempt is allowed and could help. Never while a clean-up is open."""
    if job.phase is not Phase.FAILED or job.verdict is Verdict.FATE_UNKNOWN:
        return False
    if job.fault is not None and job.fault.retryable is False:
        return False
    return not job.retry_useless and retries_left(job) > 0


def retries_left(job: RouterJob) -> int:
    """How many more attempts the policy allows."""
    return max(0, job.policy.retries_max + 1 - job.attempt)


def tell(turn: JobTurn, news: News, *, again: bool = False) -> None:
    """Report to the conversation."""
    job = turn.state
    turn.set(told=news)
    turn.tell(
        job.conversation,
        JobReported(
            job=turn.actor,
            attempt=job.attempt,
            news=news,
            step=job.step,
            percent=job.percent,
            fault=job.fault,
            can_retry=can_retry(job),
            can_cancel=job.phase in (Phase.STARTING, Phase.LOOKING, Phase.RUNNING),
            retries_left=retries_left(job),
            again=again,
        ),
    )


# --- starting -----------------------------------------------------------------------------------


def start_attempt(turn: JobTurn) -> None:
    """Hand the start out; what comes back is heard whatever happens in between."""
    job = turn.state
    backoff_s = 0
    if job.attempt > 1:
        backoff_s = job.policy.retry_backoff_s * 2 ** (job.attempt - 2)
    begins_ms = turn.now_ms + backoff_s * 1000
    if job.start_deadline_ms is None:
        worth_s = job.policy.start_expiry_s + job.policy.deadline_s
        turn.set(start_deadline_ms=begins_ms + worth_s * 1000)
    effect = turn.do(
        StartJob(
            job=turn.actor,
            attempt=job.attempt,
            provider=job.provider,
            kind=job.kind,
            device=job.device.id,
            account=job.device.account,
            deadline_ms=turn.state.start_deadline_ms,
        ),
        not_before_ms=begins_ms if backoff_s else None,
        not_after_ms=begins_ms + job.policy.start_expiry_s * 1000,
    )
    turn.set(start_effect=effect, start_open=True, starts=job.starts + 1)
    turn.set_timer("patience", backoff_s + job.policy.start_patience_s)


def _next_attempt(turn: JobTurn) -> None:
    job = turn.state
    past = PastAttempt(job.attempt, job.provider_job, job.word, job.verdict)
    turn.set(
        attempt=job.attempt + 1,
        past=(*job.past, past),
        starts=0,
        start_deadline_ms=None,
        provider_job=None,
        word=None,
        verdict=None,
        step=None,
        percent=None,
        seq=None,
        fault=None,
        retry_useless=False,
        told=None,
        stalled_step=None,
        unseen_told=False,
        polls=0,
        look_failures=0,
        lookups=0,
    )
    start_attempt(turn)
    tell(turn, News.REQUESTED)


def _start_again(turn: JobTurn) -> None:
    turn.set(lookups=0, look_failures=0)
    start_attempt(turn)


def _withdraw_start(turn: JobTurn) -> None:
    job = turn.state
    if job.start_open and job.start_effect is not None:
        start = StartJob(turn.actor, job.attempt, job.provider, job.kind, job.device.id)
        turn.withdraw(job.start_effect, start)


# --- looking ------------------------------------------------------------------------------------


def _query(turn: JobTurn) -> None:
    job = turn.state
    turn.set(polls=job.polls + 1)
    turn.do(
        QueryJob(turn.actor, job.attempt, job.provider, job.provider_job),
        not_after_ms=turn.now_ms + _QUERY_WORTH_S * 1000,
    )


def _poll_again(turn: JobTurn) -> None:
    policy, job = turn.state.policy, turn.state
    growth = policy.poll_factor ** min(job.polls, _POLL_GROWTHS)
    pause_s = min(policy.poll_first_s * growth, float(policy.poll_max_s))
    report = turn.report
    if report is not None and report.road is Road.CALLBACK:
        # Callbacks arrive, so a look is only the net below them.
        pause_s = float(policy.poll_max_s)
    if report is not None and report.retry_after_s is not None:
        # A provider may ask for rarer looks, within reason (the deadline looks in any case), never
        # for more frequent ones: every job would do its part to overrun both sides.
        pause_s = max(pause_s, min(report.retry_after_s, float(policy.deadline_s)))
    jitter_s = spread(f"{turn.actor}.{job.polls}", 1000) / 1000 * pause_s / 10
    turn.set_timer("poll", pause_s + jitter_s)


def _watch(turn: JobTurn) -> None:
    _poll_again(turn)
    turn.set(look_failures=0, unseen_told=False)
    by_callback = turn.report is not None and turn.report.road is not Road.QUERY
    unarmed = "stall" not in turn.state.timers
    untold = turn.state.stalled_step != _step_key(turn.state)
    if (unarmed and untold) or by_callback or _moved(turn):
        turn.set_timer("stall", turn.state.policy.stall_s)
    if "deadline" not in turn.state.timers:
        turn.set_timer("deadline", turn.state.policy.deadline_s)
    turn.clear_timers("patience")


def _look_later(turn: JobTurn) -> None:
    turn.set_timer("look", turn.state.policy.lookup_spacing_s)
    if "deadline" not in turn.state.timers:
        turn.set_timer("deadline", turn.state.policy.deadline_s)


def _wait_for_verdict(turn: JobTurn) -> None:
    turn.set(found_alive=False)
    turn.set_timer("verdict", turn.state.policy.poll_max_s)


# --- taking back --------------------------------------------------------------------------------


def _send_cancel(turn: JobTurn) -> None:
    job = turn.state
    turn.do(
        CancelJob(turn.actor, job.attempt, job.provider, job.provider_job),
        not_after_ms=turn.now_ms + job.policy.tidy_expiry_s * 1000,
        topic="cancel",
    )


def _resend_cancel_if_new(turn: JobTurn) -> None:
    # The cancel went out before the provider's id was known, so it may have found nothing.
    before = turn.before
    if before is not None and before.provider_job is None and turn.state.provider_job is not None:
        _send_cancel(turn)


def _begin_tidying(turn: JobTurn) -> None:
    policy = turn.state.policy
    turn.set(tidy_until_ms=turn.now_ms + policy.tidy_expiry_s * 1000, lookups=0)
    turn.set_timer("tidy", policy.tidy_patience_s)


def _tidy_later(turn: JobTurn) -> None:
    turn.set_timer("tidy", turn.state.policy.tidy_again_s)


def _rest(turn: JobTurn) -> None:
    turn.clear_timers(*turn.state.timers)


def _judge(verdict: Verdict) -> Callable[[JobTurn], None]:
    def act(turn: JobTurn) -> None:
        turn.set(verdict=verdict)

    return act


def _leave(turn: JobTurn) -> None:
    turn.set(left=True)


# --- telling ------------------------------------------------------------------------------------


def _step_key(job: RouterJob) -> str:
    return job.step or "-"


def _moved(turn: JobTurn) -> bool:
    before = turn.before
    return before is None or before.step != turn.state.step or before.word != turn.state.word


def _tell_progress(turn: JobTurn) -> None:
    before = turn.before
    if turn.state.step is not None and (before is None or before.step != turn.state.step):
        tell(turn, News.STEP)


def _tell_stalled(turn: JobTurn) -> None:
    key = _step_key(turn.state)
    if turn.state.stalled_step != key:
        turn.set(stalled_step=key)
        tell(turn, News.STALLED)


def _tell_unseen(turn: JobTurn) -> None:
    turn.set(look_failures=turn.state.look_failures + 1)
    enough = turn.state.look_failures >= turn.state.policy.poll_failures_told
    if enough and not turn.state.unseen_told:
        turn.set(unseen_told=True)
        tell(turn, News.UNSEEN)


def _tell_succeeded(turn: JobTurn) -> None:
    told = turn.state.told
    # "Checking" is only ever told after a failure.
    corrects = told in _FAILURES or told in (News.CANCELLED, News.CHECKING)
    tell(turn, News.CORRECTED if corrects else News.SUCCEEDED)


def _failure_news(job: RouterJob) -> News:
    match job.verdict:
        case Verdict.NOTHING_CHANGED:
            return News.NOTHING_CHANGED
        case Verdict.FATE_UNKNOWN:
            return News.FATE_UNKNOWN
        case Verdict.TIMED_OUT:
            return News.TIMED_OUT
        case Verdict.CANCELLED | None:
            return News.TIMED_OUT if job.word is JobState.TIMED_OUT else News.FAILED


def _tell_failure(turn: JobTurn) -> None:
    job = turn.state
    if job.left:
        # The customer closed the matter; the end of the clean-up is no news to them.
        if job.phase is Phase.FAILED:
            turn.set(phase=Phase.LEFT)
        return
    news = _failure_news(job)
    if job.phase is Phase.TIDYING and job.told is news:
        return
    tell(turn, news)


def _tell_failure_if_new(turn: JobTurn) -> None:
    if turn.state.told is not _failure_news(turn.state):
        _tell_failure(turn)


def _tell_truth(turn: JobTurn) -> None:
    tell(turn, turn.state.told or News.REQUESTED, again=True)


def _telling(news: News) -> Callable[[JobTurn], None]:
    def act(turn: JobTurn) -> None:
        tell(turn, news)

    return act


ACTS: dict[Act, Callable[[JobTurn], None]] = {
    Act.START_ATTEMPT: start_attempt,
    Act.START_AGAIN: _start_again,
    Act.NEXT_ATTEMPT: _next_attempt,
    Act.WITHDRAW_START: _withdraw_start,
    Act.QUERY: _query,
    Act.SEND_CANCEL: _send_cancel,
    Act.RESEND_CANCEL_IF_NEW: _resend_cancel_if_new,
    Act.WATCH: _watch,
    Act.POLL_AGAIN: _poll_again,
    Act.LOOK_LATER: _look_later,
    Act.WAIT_FOR_VERDICT: _wait_for_verdict,
    Act.BEGIN_TIDYING: _begin_tidying,
    Act.TIDY_LATER: _tidy_later,
    Act.REST: _rest,
    Act.JUDGE_TIMED_OUT: _judge(Verdict.TIMED_OUT),
    Act.JUDGE_NOTHING_CHANGED: _judge(Verdict.NOTHING_CHANGED),
    Act.JUDGE_FATE_UNKNOWN: _judge(Verdict.FATE_UNKNOWN),
    Act.JUDGE_CANCELLED: _judge(Verdict.CANCELLED),
    Act.LEAVE: _leave,
    Act.TELL_ACCEPTED: _telling(News.ACCEPTED),
    Act.TELL_PROGRESS: _tell_progress,
    Act.TELL_WAITING: _telling(News.WAITING_FOR_PROVIDER),
    Act.TELL_STALLED: _tell_stalled,
    Act.TELL_UNSEEN: _tell_unseen,
    Act.TELL_SUCCEEDED: _tell_succeeded,
    Act.TELL_FAILURE: _tell_failure,
    Act.TELL_FAILURE_IF_NEW: _tell_failure_if_new,
    Act.TELL_CANCELLING: _telling(News.CANCELLING),
    Act.TELL_CANCELLED: _telling(News.CANCELLED),
    Act.TELL_TOO_LATE: _telling(News.CANCEL_TOO_LATE),
    Act.TELL_CHECKING: _telling(News.CHECKING),
    Act.TELL_TRUTH: _tell_truth,
}


def perform(turn: JobTurn, acts: tuple[Act, ...]) -> None:
    """Do what a transition asks for, in order; an actor that is at its end says so."""
    for act in acts:
        ACTS[act](turn)
    if turn.state.phase in _OVER:
        turn.finish()
