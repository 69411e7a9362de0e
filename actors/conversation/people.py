"""Persons: asking for one, what the customer hears meanwhile, and coming back to the bot.

What lives here: the customer's side of a hand-over. What must not: the life of a hand-over
(`actors.handover`) or of the desk (adapters).
"""

from __future__ import annotations

from actors.buttons import LeaveButton, encode
from actors.calls import Purpose
from actors.conversation import jobs
from actors.conversation.knowing import filled
from actors.conversation.saying import add, flush, remember, say
from actors.conversation.state import AGENT_LINES_MAX, AgentLine, ConversationTurn, HandoverView
from actors.flow import model
from actors.flow.render import pick
from actors.flow.texts import names_in
from actors.flow.words import all_of, says
from actors.ids import HANDOVER, ActorId, EffectId, actor_id
from actors.messages import (
    AgentSaid,
    CustomerLine,
    HandoverNews,
    HandoverReported,
    HandoverRequested,
    LeaveRequested,
    LineUndelivered,
)
from actors.values import Choice, Scalar

_SUMMARY_MAX = 3500
_TRANSCRIPT_LINES = 10
_MARKS = {"customer": ">", "bot": "<", "agent": "="}


def ask_for_person(turn: ConversationTurn, reason: model.Text | None = None) -> None:
    """Open a hand-over, or join the one that is open; `reason` is for the agent."""
    if turn.state.handover is not None:
        add(turn, turn.flow.handover.texts.already)
        flush(turn)
        return
    flush(turn)
    handover = actor_id(HANDOVER, turn.actor, turn.message_id)
    turn.tell(
        handover,
        HandoverRequested(
            conversation=turn.actor,
            customer_name=turn.state.customer.name,
            summary=_summary(turn, reason),
            words=_last_words(turn),
            attributes=_attributes(turn, handover),
            policy=turn.flow.handover.policy,
        ),
    )
    turn.set(handover=HandoverView(handover), waiting=None)


def _last_words(turn: ConversationTurn) -> str | None:
    for line in reversed(turn.state.transcript):
        if line.who == "customer":
            return line.text
    return None


def _summary(turn: ConversationTurn, reason: model.Text | None) -> str:
    language = turn.desk_language
    why = filled(turn, reason, language=language) if reason is not None else None
    lines = [
        f"{_MARKS[line.who]} {line.text}" for line in turn.state.transcript[-_TRANSCRIPT_LINES:]
    ]
    view = jobs.latest(turn)
    values: dict[str, Scalar] = {
        "customer": turn.state.customer.name or turn.state.customer.phone,
        "device": (view.device_label or view.device) if view is not None else None,
        "jobs": jobs.summary(turn, language),
        "transcript": "\n".join(lines),
        "reason": why,
    }
    template = turn.flow.handover.summary
    said = filled(turn, template, values, language=language)
    if why and "reason" not in names_in(pick(template, language, turn.flow.languages[0])):
        said = f"{why}\n{said}"
    return said[:_SUMMARY_MAX]


def _attributes(turn: ConversationTurn, handover: ActorId) -> dict[str, str]:
    """For the desk's routing, most important first."""
    found: dict[str, str] = {"rb_handoverId": handover, "rb_language": turn.state.language}
    view = jobs.latest(turn)
    if view is not None:
        found["rb_job"] = view.name
        found["rb_jobStatus"] = view.report.news.value
        found["rb_attempt"] = str(view.report.attempt)
        found["rb_device"] = view.device_label or view.device
        if view.report.fault is not None:
            found["rb_faultCode"] = view.report.fault.code
            found["rb_faultText"] = view.report.fault.text
    return found


# --- while it is open ---------------------------------------------------------------------------


def hear_line(turn: ConversationTurn, text: str) -> bool:
    """Pass a customer's words to the person, if there is one; whether there was."""
    handover = turn.state.handover
    if handover is None:
        return False
    words = turn.flow.handover.leave_words
    if says(text, all_of(words)):
        turn.tell(handover.id, LeaveRequested())
    else:
        # A tap on something foreign may come without a word; a desk refuses an empty line.
        turn.tell(handover.id, CustomerLine(text if text.strip() else "[tap]", turn.now_ms))
    return True


def leave(turn: ConversationTurn, handover: ActorId) -> bool:
    """Ask for the end of a chat with a person; False where that chat is over already."""
    current = turn.state.handover
    if current is None or current.id != handover:
        return False
    turn.tell(handover, LeaveRequested())
    return True


def hear_agent(turn: ConversationTurn, said: AgentSaid) -> None:
    """Bring an agent's line to the customer, word for word."""
    flush(turn)
    effect = say(turn, Purpose.AGENT_LINE, said.text, line_id=said.line_id, handover=said.handover)
    line = AgentLine(effect, said.handover, said.line_id)
    turn.set(agent_lines=(*turn.state.agent_lines, line)[-AGENT_LINES_MAX:])


def forget(turn: ConversationTurn, handover: ActorId) -> None:
    """A line came back: that chat is over, whether or not its news was understood."""
    if turn.state.handover is not None and turn.state.handover.id == handover:
        turn.note("handover_ended_unheard", alarm=True)
        turn.set(handover=None)


def line_undelivered(turn: ConversationTurn, effect: EffectId, reason: str) -> bool:
    """Tell the desk that an agent's line did not arrive; whether it was an agent's line."""
    for line in turn.state.agent_lines:
        if line.effect == effect:
            turn.tell(line.handover, LineUndelivered(line.line_id, reason))
            return True
    return False


# --- its news -----------------------------------------------------------------------------------


def hear_news(turn: ConversationTurn, report: HandoverReported) -> bool:
    """Tell the customer how the hand-over stands; True where the bot is back from here on."""
    handover = turn.state.handover
    if handover is None or handover.id != report.handover:
        turn.note("news_of_a_past_handover", news=report.news.value)
        return False
    texts = turn.flow.handover.texts
    match report.news:
        case HandoverNews.QUEUED:
            button = Choice(encode(turn.actor, LeaveButton(handover.id)), turn.text(texts.leave))
            say(turn, Purpose.REPLY, filled(turn, texts.queued), (button,))
        case HandoverNews.JOINED:
            turn.set(handover=HandoverView(handover.id, report.agent, joined=True), choices=())
            jobs.hush(turn)
            say(turn, Purpose.RESULT, filled(turn, texts.joined, {"agent": report.agent}))
        case HandoverNews.ENDED:
            return _over(turn, texts.ended)
        case HandoverNews.LEFT:
            return _over(turn, texts.left)
        case HandoverNews.NOBODY:
            return _over(turn, texts.nobody)
        case HandoverNews.UNAVAILABLE:
            return _over(turn, texts.unavailable)
    return False


def _over(turn: ConversationTurn, text: dict[str, str]) -> bool:
    turn.set(handover=None)
    add(turn, text)
    return True


def note_unreadable(turn: ConversationTurn, what: str) -> bool:
    """Tell the person that something came which the relay cannot carry; whether there was one."""
    handover = turn.state.handover
    if handover is None:
        return False
    remember(turn, "customer", f"[{what}]")
    turn.tell(handover.id, CustomerLine(f"[{what}]", turn.sent_at_ms))
    return True


def show_tap(turn: ConversationTurn, title: str) -> None:
    """Let the person in the chat see what the customer taps in the bot beside it."""
    handover = turn.state.handover
    if handover is not None and title:
        turn.tell(handover.id, CustomerLine(f"[{title}]", turn.sent_at_ms))
