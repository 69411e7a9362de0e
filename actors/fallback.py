"""What is done where `decide` raised: the apology, the way to a person, and plain results.

What lives here: the few decisions that must hold when an actor's own code has a bug. What must
not: anything clever; each function here reads as little as it can. A customer never finds silence:
they get an apology with a button that leads to a person, and a job's result still arrives.
"""

from __future__ import annotations

from msgspec.structs import replace

from actors.buttons import LeaveButton, PersonButton, decode, encode
from actors.calls import CancelJob, CloseDesk, Purpose, Say, SendToDesk
from actors.conversation import people
from actors.conversation.knowing import filled
from actors.conversation.state import NEWS_AT_REST, Conversation, ConversationTurn, Surroundings
from actors.effects import Decision
from actors.handover.state import Handover
from actors.handover.state import Phase as HandoverPhase
from actors.ids import ActorId
from actors.messages import (
    AgentSaid,
    CallRejected,
    CallUnknown,
    CancelRequested,
    CustomerLine,
    CustomerWrote,
    DeskObserved,
    DeskWrote,
    Envelope,
    HandoverNews,
    HandoverReported,
    HandoverRequested,
    JobReported,
    JobRequested,
    LeaveRequested,
    LineReturned,
    News,
    ProviderReported,
    RequestAnswered,
    RetryRequested,
    Tapped,
    Typed,
)
from actors.router_job.state import Phase as JobPhase
from actors.router_job.state import RouterJob, Verdict
from actors.turn import Turn
from actors.values import Choice, DeskState, JobState, Scalar

_WORTH_MS = 3_600_000


def conversation(
    actor: ActorId,
    state: Conversation | None,
    envelope: Envelope,
    now_ms: int,
    around: Surroundings,
    *,
    quarantined: bool,
) -> Decision[Conversation] | None:
    """Apologise, lead to a person, relay a chat that is open, and tell results plainly."""
    del quarantined  # The plain answers are the same after one failure and after many.
    body = envelope.body
    if state is None:
        if not isinstance(body, CustomerWrote):
            return None
        language = around.default_language
        state = Conversation(body.customer, language, around.flow_version)
    if state.flow_version not in around.flows:
        state = replace(state, flow_version=around.flow_version)
    turn = ConversationTurn(actor, envelope, now_ms, state, around)
    match body:
        case CustomerWrote():
            turn.set(customer=body.customer, last_inbound_ms=now_ms)
            if not _person(turn, body):
                _apologise(turn)
        case LineReturned(handover_id):
            people.forget(turn, handover_id)
            _apologise(turn)
        case JobReported(news=news) if news in NEWS_AT_REST:
            _tell_plainly(turn, body)
        case AgentSaid():
            people.hear_agent(turn, body)
        case HandoverReported():
            _handover_news(turn, body)
        case RequestAnswered(effect) | CallRejected(effect) | CallUnknown(effect):
            # Most of a flow runs on such an answer: whoever waits for it must not find silence.
            if turn.state.waiting is not None and turn.state.waiting.effect == effect:
                turn.set(waiting=None)
                _apologise(turn)
        case _:
            pass
    return turn.decision()


def _person(turn: ConversationTurn, wrote: CustomerWrote) -> bool:
    handover = turn.state.handover
    match wrote.input:
        case Tapped(button):
            pressed = decode(turn.actor, button)
            if isinstance(pressed, PersonButton) and handover is None:
                people.ask_for_person(turn)
                return True
            if isinstance(pressed, LeaveButton):
                return people.leave(turn, pressed.handover)
        case Typed(text):
            return people.hear_line(turn, text)
        case _:
            pass
    return False


def _apologise(turn: ConversationTurn) -> None:
    phrases = turn.flow.phrases
    button = Choice(encode(turn.actor, PersonButton()), turn.text(phrases.person))
    turn.do(
        Say(turn.state.customer, Purpose.REPLY, turn.text(phrases.apology), (button,)),
        not_after_ms=turn.now_ms + _WORTH_MS,
    )


def _tell_plainly(turn: ConversationTurn, report: JobReported) -> None:
    view = turn.state.job(report.job)
    if view is None or not turn.flow.jobs:
        return
    # Remembered too: a job that seems to run for ever would keep the router from being restarted.
    now = replace(view, report=report, reported_ms=turn.now_ms)
    turn.set(jobs=tuple(now if other.id == view.id else other for other in turn.state.jobs))
    job = turn.flow.jobs.get(view.name) or next(iter(turn.flow.jobs.values()))
    text = getattr(job.texts, report.news.value)
    values: dict[str, Scalar] = {
        "device": view.device_label or view.device,
        "retries_left": report.retries_left,
    }
    button = Choice(encode(turn.actor, PersonButton()), turn.text(turn.flow.phrases.person))
    turn.do(
        Say(
            turn.state.customer,
            Purpose.RESULT,
            filled(turn, text, values),
            (button,),
        ),
        not_after_ms=turn.now_ms + 24 * _WORTH_MS,
    )


def _handover_news(turn: ConversationTurn, report: HandoverReported) -> None:
    if turn.state.handover is None or turn.state.handover.id != report.handover:
        return
    if report.news in (HandoverNews.QUEUED, HandoverNews.JOINED):
        people.hear_news(turn, report)
    else:
        turn.set(handover=None)
        _apologise(turn)


def router_job(
    actor: ActorId, state: RouterJob | None, envelope: Envelope, now_ms: int, *, quarantined: bool
) -> Decision[RouterJob] | None:
    """A job that cannot go on says so: nobody knows how it ends, a person can look."""
    body = envelope.body
    if state is None:
        return _stillborn_job(actor, envelope, now_ms)
    turn = Turn(actor, envelope, now_ms, state)
    if not quarantined:
        return turn.decision()
    if state.told not in NEWS_AT_REST:
        _report(turn, News.FATE_UNKNOWN)
        # Nobody will look after it any more: it must not run tomorrow.
        turn.do(
            CancelJob(actor, state.attempt, state.provider, state.provider_job),
            not_after_ms=now_ms + _WORTH_MS,
        )
    elif isinstance(body, ProviderReported) and state.told is News.FATE_UNKNOWN:
        if body.attempt in (0, state.attempt) and body.state in _PLAIN_NEWS:
            _report(turn, _PLAIN_NEWS[body.state])
    elif isinstance(body, RetryRequested | CancelRequested):
        _report(turn, state.told, again=True)
    return turn.decision()


_PLAIN_NEWS = {
    JobState.SUCCEEDED: News.CORRECTED,
    JobState.FAILED: News.FAILED,
    JobState.CANCELLED: News.CANCELLED,
    JobState.TIMED_OUT: News.TIMED_OUT,
}


def _report(turn: Turn[RouterJob], news: News, *, again: bool = False) -> None:
    turn.set(told=news)
    turn.tell(
        turn.state.conversation,
        JobReported(turn.actor, turn.state.attempt, news, turn.state.step, again=again),
    )


def _stillborn_job(actor: ActorId, envelope: Envelope, now_ms: int) -> Decision[RouterJob] | None:
    """It could not even begin: its conversation must not believe that it runs."""
    asked = envelope.body
    if not isinstance(asked, JobRequested):
        return None
    state = RouterJob(
        conversation=asked.conversation,
        kind=asked.kind,
        device=asked.device,
        provider=asked.provider,
        policy=asked.policy,
        phase=JobPhase.FAILED,
        attempt=1,
        verdict=Verdict.NOTHING_CHANGED,
        retry_useless=True,
    )
    turn = Turn(actor, envelope, now_ms, state)
    _report(turn, News.NOTHING_CHANGED)
    return turn.decision()


def handover(
    actor: ActorId, state: Handover | None, envelope: Envelope, now_ms: int, *, quarantined: bool
) -> Decision[Handover] | None:
    """Relay both ways by the shortest road; nothing else."""
    if state is None:
        return _stillborn_handover(actor, envelope, now_ms)
    turn = Turn(actor, envelope, now_ms, state)
    match envelope.body:
        case DeskWrote(line_id, text):
            turn.tell(state.conversation, AgentSaid(actor, line_id, text))
        case LeaveRequested():
            # The way back to the bot must not depend on what is broken here.
            turn.tell(state.conversation, HandoverReported(actor, HandoverNews.LEFT))
            _close(turn)
        case DeskObserved(DeskState.GONE) if quarantined:
            turn.tell(state.conversation, HandoverReported(actor, HandoverNews.ENDED))
        case CustomerLine(text, at_ms) if quarantined:
            turn.do(SendToDesk(actor, envelope.id, text, at_ms), not_after_ms=now_ms + _WORTH_MS)
        case _:
            pass
    return turn.decision()


def _close(turn: Turn[Handover]) -> None:
    if turn.state.desk_ref is not None:
        turn.do(CloseDesk(turn.actor, turn.state.desk_ref), not_after_ms=turn.now_ms + _WORTH_MS)


def _stillborn_handover(
    actor: ActorId, envelope: Envelope, now_ms: int
) -> Decision[Handover] | None:
    """It could not even begin: the customer must not wait for a person who never comes."""
    asked = envelope.body
    if not isinstance(asked, HandoverRequested):
        return None
    state = Handover(asked.conversation, asked.policy, phase=HandoverPhase.ENDED)
    turn = Turn(actor, envelope, now_ms, state)
    turn.tell(asked.conversation, HandoverReported(actor, HandoverNews.UNAVAILABLE))
    return turn.decision()
