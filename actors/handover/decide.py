"""A hand-over's `decide`: from a message to a signal, from the table to the decision.

What lives here: reading messages and doing the acts. What must not: transitions (`table`), the
desk's own words (adapters), or anything said to the customer (the conversation does that).
"""

from __future__ import annotations

from collections.abc import Callable

from actors.calls import CloseDesk, OpenDesk, QueryDesk, ReportLine, SendToDesk
from actors.effects import Decision
from actors.handover.state import Handover, Phase, WaitingLine
from actors.handover.table import TABLE, Act, Signal
from actors.ids import ActorId
from actors.messages import (
    AgentSaid,
    CallRejected,
    CallUnknown,
    CustomerLine,
    DeskClosed,
    DeskObserved,
    DeskOpened,
    DeskRefusedLine,
    DeskWrote,
    Envelope,
    HandoverNews,
    HandoverReported,
    HandoverRequested,
    JobLine,
    LeaveRequested,
    LineReturned,
    LineUndelivered,
    TimerFired,
)
from actors.turn import Turn
from actors.values import DeskState

WAITING_LINES_MAX = 50
_LONGEST_LINE = 20_000
_OPEN_WORTH_S = 120
_LINE_WORTH_S = 900
_LOOK_WORTH_S = 60


class HandoverTurn(Turn[Handover]):
    """One turn of a hand-over, with the line that it is about, if there is one."""

    line_id: str = ""
    text: str = ""
    at_ms: int = 0
    reason: str = ""


def decide(
    actor: ActorId, state: Handover | None, envelope: Envelope, now_ms: int
) -> Decision[Handover] | None:
    """What a hand-over does on hearing a message; None where there is none to hear it."""
    body = envelope.body
    if state is None:
        if isinstance(body, HandoverRequested):
            return _begin(actor, envelope, body, now_ms)
        return None
    turn = HandoverTurn(actor, envelope, now_ms, state)
    signal = _signal(turn, envelope)
    rule = TABLE[turn.state.phase].get(signal) if signal is not None else None
    if rule is not None:
        turn.set(phase=rule.to)
        for act in rule.acts:
            ACTS[act](turn)
        if rule.to is Phase.ENDED:
            turn.finish()
    return turn.decision()


def _begin(
    actor: ActorId, envelope: Envelope, asked: HandoverRequested, now_ms: int
) -> Decision[Handover]:
    waiting: tuple[WaitingLine, ...] = ()
    if asked.words:
        waiting = (WaitingLine(f"{actor}.words", asked.words, now_ms),)
    state = Handover(
        conversation=asked.conversation,
        policy=asked.policy,
        opened_at_ms=now_ms,
        last_line_ms=now_ms,
        waiting=waiting,
    )
    turn = HandoverTurn(actor, envelope, now_ms, state)
    turn.do(
        OpenDesk(actor, asked.summary, asked.attributes, asked.customer_name, now_ms),
        not_after_ms=now_ms + _OPEN_WORTH_S * 1000,
    )
    turn.set_timer("patience", asked.policy.patience_s)
    return turn.decision()


# --- reading ------------------------------------------------------------------------------------


def _signal(turn: HandoverTurn, envelope: Envelope) -> Signal | None:
    match envelope.body:
        case DeskOpened(desk_ref):
            _learn(turn, desk_ref)
            turn.set(opening=False)
            return Signal.OPENED
        case DeskWrote() as wrote:
            return _desk_wrote(turn, wrote)
        case DeskObserved() as seen:
            return _observed(turn, seen)
        case DeskClosed():
            return Signal.CLOSED
        case CustomerLine(text, at_ms):
            return _line(turn, envelope.id, text, at_ms, Signal.CUSTOMER_LINE)
        case JobLine(text, at_ms):
            return _line(turn, envelope.id, text, at_ms, Signal.JOB_LINE)
        case LeaveRequested():
            return Signal.LEAVE
        case LineUndelivered(line_id, reason):
            turn.line_id, turn.reason = line_id, reason
            return Signal.UNDELIVERED
        case DeskRefusedLine(_, reason):
            turn.note("desk_refused_a_line", alarm=True, reason=reason)
            return None
        case TimerFired() as fired:
            return _timer(turn, fired)
        case CallRejected(_, call, fault) | CallUnknown(_, call, fault):
            turn.note("desk_call_failed", alarm=True, call=type(call).__name__, fault=fault.code)
            match call:
                case OpenDesk():
                    turn.set(opening=False)
                    return Signal.OPEN_FAILED
                case QueryDesk():
                    return Signal.SEEN_UNCLEAR
                case CloseDesk():
                    return _given_up(turn) or Signal.CLOSE_FAILED
                case _:
                    return None
        case HandoverRequested():
            return None
        case other:
            turn.note("message_not_for_this_kind", alarm=True, message=type(other).__name__)
            return None


def _learn(turn: HandoverTurn, desk_ref: str | None) -> None:
    if desk_ref is not None and turn.state.desk_ref is None:
        turn.set(desk_ref=desk_ref, close_tries=0)


def _line(turn: HandoverTurn, line_id: str, text: str, at_ms: int, signal: Signal) -> Signal:
    turn.line_id, turn.text, turn.at_ms = line_id, text, at_ms
    turn.set(last_line_ms=turn.now_ms)
    return signal


def _desk_wrote(turn: HandoverTurn, wrote: DeskWrote) -> Signal:
    _learn(turn, wrote.desk_ref)
    # A line that nobody signed is a person's, if one is there or was.
    person = turn.state.phase is Phase.ACTIVE or turn.state.human_seen
    if wrote.human is False or (wrote.human is None and not person):
        signal = Signal.DESK_LINE
    else:
        signal = Signal.HUMAN_LINE
        turn.set(gone_since_ms=None, human_seen=True)
    return _line(turn, wrote.line_id, wrote.text, turn.now_ms, signal)


def _observed(turn: HandoverTurn, seen: DeskObserved) -> Signal:
    if seen.state is DeskState.GONE:
        since = turn.state.gone_since_ms
        if since is None:
            turn.set(gone_since_ms=turn.now_ms)
            return Signal.SEEN_UNCLEAR
        confirmed = turn.now_ms - since >= turn.state.policy.gone_confirm_s * 1000
        return Signal.SEEN_GONE if confirmed else Signal.SEEN_UNCLEAR
    turn.set(gone_since_ms=None)
    if seen.state is DeskState.ACTIVE:
        turn.set(human_seen=True)
        if seen.agent is not None:
            turn.set(agent=seen.agent)
        return Signal.SEEN_ACTIVE
    return Signal.SEEN_WAITING


def _timer(turn: HandoverTurn, fired: TimerFired) -> Signal | None:
    if not turn.hears(fired):
        return None
    if fired.name == "idle":
        quiet_s = (turn.now_ms - turn.state.last_line_ms) / 1000
        left_s = turn.state.policy.idle_max_s - quiet_s
        if left_s > 0:
            turn.set_timer("idle", left_s)
            return None
        return Signal.IDLE_DUE
    if fired.name == "poll":
        return _given_up(turn) or Signal.POLL_DUE
    return Signal.PATIENCE_DUE if fired.name == "patience" else None


def _given_up(turn: HandoverTurn) -> Signal | None:
    tried = turn.state.close_tries >= turn.state.policy.close_tries
    return Signal.CLOSE_GIVEN_UP if turn.state.phase is Phase.CLOSING and tried else None


# --- doing --------------------------------------------------------------------------------------


def _watch(turn: HandoverTurn) -> None:
    state, policy = turn.state, turn.state.policy
    if state.gone_since_ms is not None:
        pause_s = policy.gone_confirm_s
    elif turn.now_ms - state.opened_at_ms < 60_000:
        pause_s = policy.poll_opening_s
    elif state.phase is Phase.ACTIVE:
        pause_s = policy.poll_active_s
    else:
        pause_s = policy.poll_queued_s
    turn.set_timer("poll", pause_s)


def _look(turn: HandoverTurn) -> None:
    if turn.state.desk_ref is None:
        _watch(turn)
        return
    turn.do(
        QueryDesk(turn.actor, turn.state.desk_ref),
        not_after_ms=turn.now_ms + _LOOK_WORTH_S * 1000,
    )


def _send(turn: HandoverTurn, line: WaitingLine) -> None:
    turn.do(
        SendToDesk(turn.actor, line.line_id, line.text, line.at_ms),
        not_after_ms=turn.now_ms + _LINE_WORTH_S * 1000,
    )


def _send_waiting_lines(turn: HandoverTurn) -> None:
    for line in turn.state.waiting:
        _send(turn, line)
    turn.set(waiting=())


def _keep_line(turn: HandoverTurn) -> None:
    if len(turn.state.waiting) >= WAITING_LINES_MAX:
        # A flood before anybody is there: the last line grows instead.
        last = turn.state.waiting[-1]
        longer = WaitingLine(last.line_id, f"{last.text}\n{turn.text}"[:_LONGEST_LINE], last.at_ms)
        turn.set(waiting=(*turn.state.waiting[:-1], longer))
        return
    line = WaitingLine(turn.line_id, turn.text, turn.at_ms)
    turn.set(waiting=(*turn.state.waiting, line))


def _send_line(turn: HandoverTurn) -> None:
    _send(turn, WaitingLine(turn.line_id, turn.text, turn.at_ms))


def _return_line(turn: HandoverTurn) -> None:
    turn.tell(turn.state.conversation, LineReturned(turn.actor, turn.text, turn.at_ms))


def _give(late: bool) -> Callable[[HandoverTurn], None]:
    def act(turn: HandoverTurn) -> None:
        turn.tell(turn.state.conversation, AgentSaid(turn.actor, turn.line_id, turn.text, late))

    return act


def _report_undelivered(turn: HandoverTurn) -> None:
    turn.do(
        ReportLine(turn.actor, turn.line_id, turn.reason),
        not_after_ms=turn.now_ms + _LINE_WORTH_S * 1000,
    )


def _close(turn: HandoverTurn) -> None:
    turn.clear_timers("poll")
    if turn.state.desk_ref is None and turn.state.opening:
        # Without a name for the chat there is nothing to close; the desk's answer brings it.
        return
    turn.set(close_tries=turn.state.close_tries + 1)
    if turn.state.desk_ref is None:
        # The answer did not name it; a line of the desk may.
        _close_later(turn)
        return
    turn.do(
        CloseDesk(turn.actor, turn.state.desk_ref),
        not_after_ms=turn.now_ms + _LINE_WORTH_S * 1000,
    )


def _close_later(turn: HandoverTurn) -> None:
    turn.set_timer("poll", turn.state.policy.poll_queued_s)


def _note_not_closed(turn: HandoverTurn) -> None:
    turn.note("desk_chat_not_closed", alarm=True)


def _stop_waiting(turn: HandoverTurn) -> None:
    turn.clear_timers("patience")
    turn.set_timer("idle", turn.state.policy.idle_max_s)


def _telling(news: HandoverNews) -> Callable[[HandoverTurn], None]:
    def act(turn: HandoverTurn) -> None:
        turn.tell(turn.state.conversation, HandoverReported(turn.actor, news, turn.state.agent))

    return act


def _rest(turn: HandoverTurn) -> None:
    turn.clear_timers(*turn.state.timers)


ACTS: dict[Act, Callable[[HandoverTurn], None]] = {
    Act.WATCH: _watch,
    Act.LOOK: _look,
    Act.REST: _rest,
    Act.SEND_WAITING_LINES: _send_waiting_lines,
    Act.KEEP_LINE: _keep_line,
    Act.SEND_LINE: _send_line,
    Act.RETURN_LINE: _return_line,
    Act.GIVE_LINE: _give(late=False),
    Act.GIVE_LATE_LINE: _give(late=True),
    Act.REPORT_UNDELIVERED: _report_undelivered,
    Act.CLOSE: _close,
    Act.CLOSE_LATER: _close_later,
    Act.NOTE_NOT_CLOSED: _note_not_closed,
    Act.STOP_WAITING: _stop_waiting,
    Act.TELL_QUEUED: _telling(HandoverNews.QUEUED),
    Act.TELL_JOINED: _telling(HandoverNews.JOINED),
    Act.TELL_ENDED: _telling(HandoverNews.ENDED),
    Act.TELL_LEFT: _telling(HandoverNews.LEFT),
    Act.TELL_NOBODY: _telling(HandoverNews.NOBODY),
    Act.TELL_UNAVAILABLE: _telling(HandoverNews.UNAVAILABLE),
}
