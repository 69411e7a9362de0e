"""The provider's part of a story: what it said of jobs, refused, lost, and when it was down.

What lives here: from messages and calls of jobs to lines. What must not: other vendors.
"""

from __future__ import annotations

from collections.abc import Iterator

from actors import outcomes
from actors.calls import CancelJob, QueryJob, StartJob
from actors.ids import ROUTER_JOB, ActorId
from actors.messages import CallRejected, CallUnknown, CancelAnswered, ProviderReported, Road
from actors.values import CancelResult, JobState
from daemon.replay.redaction import Redaction
from daemon.replay.story import Called, Story
from daemon.replay.timeline import Event, call_of, position_at, position_of
from daemon.scripts import writing

_REFUSALS = {
    outcomes.INVALID: 422,
    outcomes.NOT_FOUND: 404,
    outcomes.FORBIDDEN: 403,
    outcomes.UNAUTHORIZED: 401,
    outcomes.LOCKED: 423,
}

_BEFORE_CANCEL_MS = 1_000


def provider_events(story: Story, redaction: Redaction) -> Iterator[Event]:
    """All of it."""
    for job in story.actors(ROUTER_JOB):
        yield from _said(story, job, redaction)
        yield from _starts_and_cancels(story, job)
    yield from _down_and_up(story)


# --- what it said -------------------------------------------------------------------------------


def _said(story: Story, job: ActorId, redaction: Redaction) -> Iterator[Event]:
    before: ProviderReported | None = None
    for heard in story.heard_by(job):
        report = heard.message
        if not isinstance(report, ProviderReported) or _says_nothing_new(report, before):
            continue
        before = report
        if report.road is not Road.START or report.state is not JobState.QUEUED:
            yield Event(heard.at_ms, heard.position, _line(report, redaction))


def _says_nothing_new(report: ProviderReported, before: ProviderReported | None) -> bool:
    if before is None or report.attempt != before.attempt:
        return False
    if report.seq is not None and before.seq is not None and report.seq <= before.seq:
        return True
    parts = [(one.state, one.step, one.percent, one.fault) for one in (report, before)]
    return parts[0] == parts[1]


def _line(report: ProviderReported, redaction: Redaction) -> str:
    if report.state is JobState.FAILED:
        fault = report.fault
        code = redaction.code(fault.code) if fault is not None else "other"
        good = " for good" if fault is not None and fault.retryable is False else ""
        return f"provider: says failed {code}{good}"
    parts = ["provider: says", report.state.value]
    if report.step is not None and not report.state.final:
        parts.append(redaction.code(report.step))
        if report.percent is not None:
            parts.append(f"{report.percent}%")
    return " ".join(parts)


# --- what went wrong with calls -----------------------------------------------------------------


def _starts_and_cancels(story: Story, job: ActorId) -> Iterator[Event]:
    for heard in story.heard_by(job):
        match heard.message:
            case CallRejected(effect, StartJob(), fault) if fault.code in _REFUSALS:
                yield from _early(story, effect, f"provider: refuse {_REFUSALS[fault.code]}")
            case CallUnknown(effect, StartJob()):
                yield from _early(story, effect, "provider: loses the answer")
            case CancelAnswered(result=CancelResult.TOO_LATE):
                # Before the cancel was decided, which may have come of the time.
                before_ms = heard.at_ms - _BEFORE_CANCEL_MS
                line = "provider: can no longer cancel"
                yield Event(before_ms, position_at(story, before_ms), line)
            case _:
                pass
    for one in story.called:
        if one.actor != job or not isinstance(one.call, StartJob) or one.attempts < 2:
            continue
        if _was_lost(story, one):
            yield from _early(story, one.effect, "provider: loses the answer")
        elif one.arrived and one.started_ms is not None:
            # However often it was tried: in between, nobody heard anything.
            wait = writing.duration(one.started_ms - one.at_ms)
            yield from _early(story, one.effect, f"provider: refuse 503 for {wait}")


def _early(story: Story, effect: str, line: str) -> Iterator[Event]:
    call = call_of(story, effect)
    if call is not None:
        yield Event(call.at_ms, position_of(story, call), line, early=True)


def _was_lost(story: Story, one: Called) -> bool:
    """Whether a start that was made again had got through before: its job was heard of by then."""
    if not isinstance(one.call, StartJob) or one.attempts < 2 or one.started_ms is None:
        return False
    return any(
        isinstance(heard.message, ProviderReported)
        and heard.message.attempt == one.call.attempt
        and heard.at_ms < one.started_ms
        for heard in story.heard_by(one.actor)
    )


def _down_and_up(story: Story) -> Iterator[Event]:
    """When the provider did not answer: from a call that was tried again until one got through."""
    until_ms = 0
    calls = [one for one in story.called if isinstance(one.call, StartJob | QueryJob | CancelJob)]
    for one in calls:
        ended_ms = one.started_ms if one.arrived else one.done_ms
        if one.attempts < 2 or ended_ms is None or one.at_ms <= until_ms:
            continue
        if isinstance(one.call, StartJob) and one.arrived:
            continue
        until_ms = ended_ms
        # A look comes of a timer, the others of something that was done.
        early = not isinstance(one.call, QueryJob)
        yield Event(one.at_ms, position_of(story, one) - 0.5, "provider: down", early=early)
        if one.arrived:
            yield Event(ended_ms - 1, position_at(story, ended_ms - 1), "provider: up")
            continue
        # Given up: it is known to be up only when the next call gets through.
        following = next((n for n in calls if n.arrived and n.at_ms >= ended_ms), None)
        if following is not None:
            until_ms = following.at_ms - 1
            place = position_of(story, following) - 0.5
            yield Event(following.at_ms, place, "provider: up", early=True)
