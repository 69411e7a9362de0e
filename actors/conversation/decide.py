"""A conversation's `decide`: every message to where it belongs.

What lives here: the dispatch. What must not: anything that a newcomer would look for under a name
of its own (`hearing`, `walk`, `jobs`, `people`, `saying`).
"""

from __future__ import annotations

from msgspec.structs import replace

from actors.calls import Purpose, Say, WebRequest
from actors.conversation import hearing, jobs, people, walk
from actors.conversation.saying import flush
from actors.conversation.state import Conversation, ConversationTurn, Surroundings
from actors.effects import Decision
from actors.flow.formats import spoken
from actors.ids import ActorId, EffectId
from actors.messages import (
    AgentSaid,
    CallRejected,
    CallUnknown,
    CustomerWrote,
    DeliveryFailed,
    Envelope,
    HandoverReported,
    JobReported,
    LineReturned,
    RequestAnswered,
    TimerFired,
)
from actors.values import Fault


def decide(
    actor: ActorId,
    state: Conversation | None,
    envelope: Envelope,
    now_ms: int,
    around: Surroundings,
) -> Decision[Conversation] | None:
    """What a conversation does on hearing a message; None where there is none to hear it."""
    body = envelope.body
    if state is None:
        if not isinstance(body, CustomerWrote):
            return None
        state = _new(body, around)
    elif state.flow_version not in around.flows:
        # Its version was lost (a restored backup): the current one is all there is.
        state = _moved(state, around)
    turn = ConversationTurn(actor, envelope, now_ms, state, around)
    match body:
        case CustomerWrote():
            hearing.hear(turn, body)
        case RequestAnswered():
            walk.answered(turn, body)
        case JobReported():
            jobs.hear_news(turn, body)
        case HandoverReported():
            if people.hear_news(turn, body):
                # Whoever asked for a person before the first menu was never looked up.
                walk.go(turn, turn.flow.entry if turn.state.step is None else turn.flow.root)
                flush(turn)
                jobs.offer_undecided(turn)
        case AgentSaid():
            people.hear_agent(turn, body)
        case LineReturned(handover, text, at_ms):
            turn.sent_at_ms = at_ms
            people.forget(turn, handover)
            hearing.hear_text(turn, text, fresh=turn.state.step is None)
        case CallRejected(effect, call, fault):
            _rejected(turn, effect, call, fault)
        case CallUnknown(effect, call, fault):
            _unknown(turn, effect, call, fault)
        case DeliveryFailed(effect, fault):
            _not_delivered(turn, effect, fault.code)
        case TimerFired():
            turn.hears(body)
        case other:
            turn.note("message_not_for_this_kind", alarm=True, message=type(other).__name__)
    flush(turn)
    if turn.trail:
        turn.walked(*turn.trail)
    return turn.decision()


def _new(wrote: CustomerWrote, around: Surroundings) -> Conversation:
    languages = around.flows[around.flow_version].languages
    return Conversation(
        customer=wrote.customer,
        language=spoken(around.default_language, languages) or languages[0],
        flow_version=around.flow_version,
    )


def _moved(state: Conversation, around: Surroundings) -> Conversation:
    return replace(state, flow_version=around.flow_version)


def _rejected(turn: ConversationTurn, effect: EffectId, call: object, fault: Fault) -> None:
    match call:
        case Say():
            _not_delivered(turn, effect, fault.code)
        case WebRequest():
            walk.failed(turn, effect, fault)
        case other:
            turn.note("call_not_ours", alarm=True, call=type(other).__name__)


def _not_delivered(turn: ConversationTurn, effect: EffectId, code: str) -> None:
    if not people.line_undelivered(turn, effect, code):
        turn.note("message_not_delivered", fault=code)


def _unknown(turn: ConversationTurn, effect: EffectId, call: object, fault: Fault) -> None:
    """Nobody can tell whether it happened."""
    match call:
        case Say():
            _fate_unknown(turn, effect, call, fault.code)
        case WebRequest():
            walk.failed(turn, effect, fault, unknown=True)
        case other:
            turn.note("call_not_ours", alarm=True, call=type(other).__name__)


def _fate_unknown(turn: ConversationTurn, effect: EffectId, call: Say, code: str) -> None:
    """Say a reply or a menu anew, once, if the chat has not gone on since."""
    state, purpose = turn.state, call.purpose
    if purpose not in (Purpose.REPLY, Purpose.QUESTION):
        # The shell has sent a result or an agent's line twice already.
        turn.note("fate_unknown", purpose=purpose.value)
        people.line_undelivered(turn, effect, code)
    elif effect != state.last_said or state.waiting is not None:
        turn.note("newer_was_said", purpose=purpose.value)
    elif effect == state.said_anew:
        turn.note("fate_unknown", purpose=purpose.value)
    else:
        turn.note("said_anew", purpose=purpose.value)
        # Word for word: an answer may stand above the menu, and the menu is still the present one,
        # so that its buttons mean what they say, whether they are shown once or twice.
        again = turn.do(call, not_after_ms=turn.now_ms + 3_600_000)
        turn.set(last_said=again, said_anew=again)
