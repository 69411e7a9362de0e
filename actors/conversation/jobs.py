"""Jobs, as their conversation sees them: starting, telling, and what can be pressed.

What lives here: the customer's side of a router job. A job lives beside the conversation and never
owns it: nothing here moves the menu that the customer is in. What must not: the life of a job
(`actors.router_job`).
"""

from __future__ import annotations

from actors.buttons import JobAction, JobButton, encode
from actors.calls import Purpose
from actors.conversation.knowing import filled
from actors.conversation.saying import add, flush, say, take_texts
from actors.conversation.state import JOBS_MAX, ConversationTurn, JobView
from actors.flow import model
from actors.flow.render import pick
from actors.flow.values import show
from actors.ids import ROUTER_JOB, ActorId, actor_id
from actors.messages import (
    CancelRequested,
    JobLine,
    JobReported,
    JobRequested,
    News,
    RetryRequested,
)
from actors.values import Choice, Device, Scalar

_REPLIES = frozenset({News.REQUESTED, News.CANCELLING, News.CHECKING, News.CANCEL_TOO_LATE})
"""News that answer a press: they are never held back to keep progress apart."""

_PROGRESS = frozenset(
    {News.WAITING_FOR_PROVIDER, News.ACCEPTED, News.STEP, News.STALLED, News.UNSEEN}
)

_SHOWN_MAX = 3
_UNSETTLED_S = 1800
"""How long a job of unknown fate keeps another one from being started on the same router."""


# --- starting -----------------------------------------------------------------------------------


def start(turn: ConversationTurn, name: str) -> None:
    """Start a job, or say why not: an old press, or one that runs already."""
    job = turn.flow.jobs[name]
    device = turn.state.values.get(job.device)
    if device is None:
        turn.note("job_without_device", alarm=True, job=name)
        add(turn, turn.flow.phrases.apology)
        return
    device_id = show(device)
    there = _in_the_way(turn, device_id)
    if there is not None:
        _show_in_the_way(turn, there)
        return
    if turn.stale or turn.old_tap:
        turn.note("press_too_old", job=name)
        add(turn, turn.flow.phrases.stale)
        return
    _begin(turn, name, job, device_id)


def _begin(turn: ConversationTurn, name: str, job: model.Job, device_id: str) -> None:
    account = turn.state.values.get(job.account) if job.account is not None else None
    label = turn.state.values.get(job.device_label) if job.device_label is not None else None
    actor = actor_id(ROUTER_JOB, turn.actor, turn.message_id, name, device_id)
    label_text = show(label) if label is not None else None
    turn.tell(
        actor,
        JobRequested(
            conversation=turn.actor,
            kind=job.kind,
            device=Device(device_id, show(account) if account is not None else None, label_text),
            provider=job.provider,
            policy=job.policy,
        ),
    )
    report = JobReported(actor, 1, News.REQUESTED, can_cancel=True)
    view = JobView(actor, name, device_id, label_text, turn.now_ms, report, turn.now_ms)
    # "Requested" is the first word of the job: progress keeps its distance from it too, so that
    # "accepted" a moment later does not become a message of its own.
    turn.set(jobs=_kept([*turn.state.jobs, view]), progress_slot_ms=turn.now_ms)
    flush(turn)
    _say(turn, view, Purpose.REPLY)


def _kept(views: list[JobView]) -> tuple[JobView, ...]:
    """The newest jobs, and every one that still goes on."""
    surplus = len(views) - JOBS_MAX
    result: list[JobView] = []
    for view in views:
        if surplus > 0 and not view.running:
            surplus -= 1
        else:
            result.append(view)
    return tuple(result)


def _in_the_way(turn: ConversationTurn, device_id: str) -> JobView | None:
    views = _views(turn)
    for view in reversed(views):
        if view.device != device_id:
            continue
        if view.running:
            return view
        unsettled = view.report.news in (News.TIMED_OUT, News.FATE_UNKNOWN)
        recent = turn.now_ms - view.reported_ms < _UNSETTLED_S * 1000
        if unsettled and recent and not view.report.can_retry:
            return view
    # So many at once that no more could be remembered: however they came, no more are started.
    running = [view for view in views if view.running]
    return running[-1] if len(running) >= JOBS_MAX else None


def _show_in_the_way(turn: ConversationTurn, view: JobView) -> None:
    if view.running:
        add(turn, _job(turn, view).texts.already_running, **_values(turn, view))
    _say(turn, view, Purpose.REPLY)


# --- telling ------------------------------------------------------------------------------------


def hear_news(turn: ConversationTurn, report: JobReported) -> None:
    """Take in what a job reports and tell whom it concerns."""
    view = _view(turn, report.job)
    if view is None or report.attempt < view.report.attempt:
        turn.note("news_of_a_forgotten_job", job=report.job)
        return
    first = report.news is News.REQUESTED and report.attempt == view.report.attempt
    view = JobView(
        view.id, view.name, view.device, view.device_label, view.started_ms, report, turn.now_ms
    )
    turn.set(jobs=tuple(view if other.id == view.id else other for other in turn.state.jobs))
    if first and not report.again:
        # The conversation said so itself when it asked for the job.
        return
    _to_agent(turn, view)
    if report.again or report.news in _REPLIES:
        if report.news is News.REQUESTED:
            turn.set(progress_slot_ms=turn.now_ms)
        _say(turn, view, Purpose.REPLY)
    elif report.news in _PROGRESS:
        _say_progress(turn, view)
    else:
        _say(turn, view, Purpose.RESULT)


def _say_progress(turn: ConversationTurn, view: JobView) -> None:
    handover = turn.state.handover
    if turn.state.muted or (handover is not None and handover.joined):
        # The customer does not want it, or a person has the chat, who sees the live job.
        turn.drop(f"job:{view.id}")
        return
    if not turn.text(_text_of(_job(turn, view), view.report)):
        return
    slot_ms = turn.state.progress_slot_ms
    if slot_ms <= turn.now_ms:
        slot_ms = max(turn.now_ms, slot_ms + turn.around.progress_spacing_s * 1000)
        turn.set(progress_slot_ms=slot_ms)
    _say(turn, view, Purpose.PROGRESS, slot_ms)


def _say(
    turn: ConversationTurn, view: JobView, purpose: Purpose, not_before_ms: int | None = None
) -> None:
    """Say how a job stands. What was said of it before and is still unsent is replaced.

    Progress never replaces a reply: whoever pressed something is answered at once.
    """
    progress, reply = f"job:{view.id}", f"job:{view.id}:reply"
    text = _text(turn, view)
    if not text.strip():
        return
    if purpose is not Purpose.PROGRESS:
        turn.drop(progress)
        turn.drop(reply)
        text = take_texts(turn, text)
    later = not_before_ms is not None and not_before_ms > turn.now_ms
    say(
        turn,
        purpose,
        text,
        _choices(turn, view, asked=purpose is Purpose.REPLY),
        topic=reply if purpose is Purpose.REPLY else progress,
        not_before_ms=not_before_ms if later else None,
    )


def hush(turn: ConversationTurn) -> None:
    """A person has come, or the customer has heard enough: progress that waits is not said."""
    for view in turn.state.jobs:
        if view.report.news in _PROGRESS:
            turn.drop(f"job:{view.id}")


def _to_agent(turn: ConversationTurn, view: JobView) -> None:
    handover = turn.state.handover
    if handover is None or view.report.again:
        return
    language = turn.desk_language
    job = _job(turn, view)
    fallback = turn.flow.languages[0]
    text = _text_of(job, view.report)
    news = filled(turn, text, _values(turn, view, language), language=language)
    news = news or view.report.step or view.report.news.value
    if view.report.fault is not None:
        news += f" [{view.report.fault.code} {view.report.fault.text}]".rstrip()
    values: dict[str, Scalar] = {"job": pick(job.title, language, fallback), "news": news}
    line = filled(turn, turn.flow.handover.job_line, values, language=language)
    turn.tell(handover.id, JobLine(line, turn.now_ms))


def show_all(turn: ConversationTurn) -> None:
    """Say how the jobs stand that run, wait for a decision, or ended last."""
    views = [view for view in _views(turn) if view.running or view.undecided]
    if not views:
        views = list(_views(turn)[-1:])
    if not views:
        add(turn, turn.flow.phrases.no_jobs)
        return
    flush(turn)
    for view in views[-_SHOWN_MAX:]:
        _say(turn, view, Purpose.REPLY)


def offer_undecided(turn: ConversationTurn) -> None:
    """Show the failure menus again that a chat with a person had put aside."""
    for view in _views(turn):
        if view.undecided and turn.now_ms - view.reported_ms < 86_400_000:
            _say(turn, view, Purpose.REPLY)


def summary(turn: ConversationTurn, language: str) -> str:
    """The jobs of the last day in a few lines, for the agent."""
    lines: list[str] = []
    for view in _views(turn):
        if turn.now_ms - view.reported_ms > 86_400_000:
            continue
        report = view.report
        fault = f" [{report.fault.code} {report.fault.text}]" if report.fault is not None else ""
        title = pick(_job(turn, view).title, language, turn.flow.languages[0])
        step = f", {report.step}" if report.step is not None else ""
        lines.append(f"- {title}: {report.news.value}{step}, #{report.attempt}{fault}")
    return "\n".join(lines) or "-"


# --- pressing -----------------------------------------------------------------------------------


def press(turn: ConversationTurn, button: JobButton) -> None:
    """Retry or cancel was pressed: do it if it still makes sense, else say how things stand."""
    view = _view(turn, button.job)
    if view is None:
        add(turn, turn.flow.phrases.stale)
        return
    report = view.report
    if turn.stale:
        turn.note("press_too_old", action=button.action.value)
        add(turn, turn.flow.phrases.stale)
        _say(turn, view, Purpose.REPLY)
        return
    if button.attempt != report.attempt:
        _say(turn, view, Purpose.REPLY)
        return
    there = _in_the_way(turn, view.device)
    if button.action is JobAction.RETRY and there is not None and there.id != view.id:
        # A newer job runs on the same router: two at once would be worse than none.
        _show_in_the_way(turn, there)
    elif button.action is JobAction.RETRY:
        turn.tell(button.job, RetryRequested(button.attempt))
    else:
        turn.tell(button.job, CancelRequested(button.attempt))


def cancel(turn: ConversationTurn, name: str) -> None:
    """Ask for the running job of this name to be cancelled; of several the one spoken of last."""
    running = [view for view in _views(turn) if view.name == name and view.running]
    if not running:
        add(turn, turn.flow.phrases.no_jobs)
        return
    device = turn.state.values.get(turn.flow.jobs[name].device)
    here = [view for view in running if device is not None and view.device == show(device)]
    view = (here or running)[-1]
    if turn.stale or turn.old_tap:
        turn.note("press_too_old", job=name)
        add(turn, turn.flow.phrases.stale)
        _say(turn, view, Purpose.REPLY)
    else:
        turn.tell(view.id, CancelRequested(view.report.attempt))


def offered(turn: ConversationTurn) -> list[Choice]:
    """What can be pressed about the jobs as they stand, the newest first."""
    views = [view for view in reversed(_views(turn)) if view.running or view.undecided]
    return [choice for view in views for choice in _choices(turn, view, asked=True)]


def _choices(turn: ConversationTurn, view: JobView, *, asked: bool) -> tuple[Choice, ...]:
    """What can be pressed below news; who asked how it stands is offered to cancel as well."""
    report, menu = view.report, _job(turn, view).menu
    handover = turn.state.handover
    if handover is not None and handover.joined:
        return ()

    def choice(action: JobAction, title: model.Text) -> Choice:
        return Choice(
            encode(turn.actor, JobButton(view.id, report.attempt, action)), turn.text(title)
        )

    agent = () if handover is not None else (choice(JobAction.AGENT, menu.agent),)
    if view.undecided:
        retry = (choice(JobAction.RETRY, menu.retry),) if report.can_retry else ()
        return (*retry, *agent, choice(JobAction.CANCEL, menu.leave))
    asks = report.news in (News.STALLED, News.UNSEEN, News.WAITING_FOR_PROVIDER)
    # Below "it can no longer be cancelled" there is no button that cancels.
    can_cancel = report.can_cancel and report.news is not News.CANCEL_TOO_LATE
    cancel = (choice(JobAction.CANCEL, menu.cancel),) if can_cancel else ()
    if asks:
        return (*agent, *cancel)
    return cancel if asked or report.news is News.ACCEPTED else ()


# --- texts --------------------------------------------------------------------------------------


def _views(turn: ConversationTurn) -> tuple[JobView, ...]:
    """The jobs that can be spoken of: none in a flow that has no words for any."""
    return turn.state.jobs if turn.flow.jobs else ()


def _view(turn: ConversationTurn, job: ActorId) -> JobView | None:
    return turn.state.job(job) if turn.flow.jobs else None


def _job(turn: ConversationTurn, view: JobView) -> model.Job:
    job = turn.flow.jobs.get(view.name)
    if job is not None:
        return job
    # The job was started under a version of the flow that knew another name for it.
    return next(iter(turn.flow.jobs.values()))


def _text_of(job: model.Job, report: JobReported) -> model.Text:
    if report.news is News.STEP:
        return job.texts.steps.get(report.step or "", {})
    text: model.Text = getattr(job.texts, report.news.value)
    return text


def _values(
    turn: ConversationTurn, view: JobView, language: str | None = None
) -> dict[str, Scalar]:
    job = _job(turn, view)
    step_text = job.texts.steps.get(view.report.step or "", {})
    spoken = language or turn.state.language
    return {
        "device": view.device_label or view.device,
        "step": pick(step_text, spoken, turn.flow.languages[0]),
        # None where a retry cannot help: a text must not promise what no button offers.
        "retries_left": view.report.retries_left if view.report.can_retry else 0,
        "job": pick(job.title, spoken, turn.flow.languages[0]),
    }


def _text(turn: ConversationTurn, view: JobView) -> str:
    job = _job(turn, view)
    # A step without words of its own reads as "accepted": whoever asks is never answered nothing.
    text = _text_of(job, view.report) or job.texts.accepted
    return filled(turn, text, _values(turn, view))


def latest(turn: ConversationTurn) -> JobView | None:
    """The job that the customer most likely means."""
    views = _views(turn)
    for view in reversed(views):
        if view.undecided or view.running:
            return view
    return views[-1] if views else None
