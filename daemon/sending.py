"""What becomes of a call: chosen when it is claimed, judged when it was tried. Pure.

What lives here: the decisions of the relay, as functions of the row, the outcome and the time.
What must not: tasks, the store, HTTP. Each class of promise has its own way out of "unknown".
"""

from __future__ import annotations

from typing import assert_never

from msgspec import Struct

from actors import outcomes
from actors.calls import Call, OutsideWindow, Promise, Purpose, Say, WebRequest
from actors.codec import encode_message
from actors.ids import answer_id, spread
from actors.messages import CallRejected, CallUnknown, Message
from actors.outcomes import Delivered, Outcome, Rejected, Transient, Unknown
from actors.values import Fault
from daemon.config_model import Limits
from state.rows import NewMessage, OutboxRow, SettleAs, Settlement

_PAUSE_MIN_S = 1.0


class Pace(Struct, frozen=True):
    """How patient the relay is."""

    attempts_max: int
    backoff_first_s: float
    backoff_max_s: float
    reconcile_after_s: float
    request_attempts_max: int = 3
    unknown_after_s: float = 5.0
    """How long a lane waits for the answer to a message to a person."""


def pace_of(limits: Limits) -> Pace:
    """The pace that the configuration sets."""
    return Pace(
        attempts_max=limits.send_attempts_max,
        request_attempts_max=limits.request_attempts_max,
        backoff_first_s=limits.send_backoff_first_s,
        backoff_max_s=limits.send_backoff_max_s,
        reconcile_after_s=limits.reconcile_after_s,
        unknown_after_s=limits.unknown_after_s,
    )


def before(row: OutboxRow, call: Call, now_ms: int) -> Settlement | None:
    """What to do with a claimed row instead of sending it; None: send it."""
    if row.not_after_ms is not None and now_ms > row.not_after_ms:
        return _give_up(row, call, Fault(outcomes.EXPIRED), now_ms)
    if isinstance(call, Say) and (row.window_until_ms is None or now_ms >= row.window_until_ms):
        match call.outside_window:
            case OutsideWindow.HOLD:
                return _settle(row, SettleAs.HOLD, now_ms, error=outcomes.WINDOW_CLOSED)
            case OutsideWindow.DROP:
                return _settle(row, SettleAs.DROPPED, now_ms, error=outcomes.WINDOW_CLOSED)
    return None


def after(
    row: OutboxRow, call: Call, outcome: Outcome, promise: Promise, now_ms: int, pace: Pace
) -> Settlement:
    """What to record of an attempt."""
    match outcome:
        case Delivered(vendor_id, answer):
            tell = _message(row, "answer", answer, now_ms) if answer is not None else None
            return _settle(row, SettleAs.DELIVERED, now_ms, vendor_id=vendor_id, tell=tell)
        case Rejected(fault):
            return _give_up(row, call, fault, now_ms)
        case Transient(fault, retry_after_s):
            return _again(row, call, fault, retry_after_s, now_ms, pace, SettleAs.RETRY)
        case Unknown(fault):
            return after_unknown(row, call, fault, promise, now_ms, pace)
        case _:
            assert_never(outcome)


def after_unknown(
    row: OutboxRow, call: Call, fault: Fault, promise: Promise, now_ms: int, pace: Pace
) -> Settlement:
    """What to record where nobody can tell whether it happened."""
    match promise:
        case Promise.REPEATABLE:
            return _again(row, call, fault, None, now_ms, pace, SettleAs.RESEND)
        case Promise.AT_MOST_ONCE:
            return _unknown(row, call, fault, now_ms)
        case Promise.RECONCILED:
            return set_aside(row, now_ms, pace, fault.code)
        case _:
            assert_never(promise)


def pause_s(outcome: Outcome, pace: Pace) -> float | None:
    """For how long a vendor that answered so is asked nothing; None: it wants no pause."""
    if not isinstance(outcome, Transient) or not outcome.pause_destination:
        return None
    return max(outcome.retry_after_s or pace.backoff_first_s, _PAUSE_MIN_S)


def set_aside(row: OutboxRow, now_ms: int, pace: Pace, error: str = outcomes.TIMEOUT) -> Settlement:
    """Of unknown fate; a receipt may settle it, else it is looked at again after a while."""
    due_ms = now_ms + round(pace.reconcile_after_s * 1000)
    return _settle(row, SettleAs.UNKNOWN, now_ms, due_ms=due_ms, error=error)


def reconcile(row: OutboxRow, call: Call, now_ms: int) -> Settlement:
    """A message to a person whose fate is still not known, no receipt having come in its time.

    Progress is dropped: newer state follows. A reply or a menu is the conversation's to render
    anew, if nothing newer was shown. A result or an agent's line goes out once more, once.
    """
    fault = Fault(outcomes.TIMEOUT, "no receipt came")
    purpose = call.purpose if isinstance(call, Say) else Purpose.REPLY
    match purpose:
        case Purpose.PROGRESS:
            return _settle(row, SettleAs.DROPPED, now_ms, error=fault.code)
        case Purpose.REPLY | Purpose.QUESTION:
            return _unknown(row, call, fault, now_ms)
        case Purpose.RESULT | Purpose.AGENT_LINE:
            if row.resends == 0:
                return _settle(row, SettleAs.RESEND, now_ms, due_ms=now_ms, error=fault.code)
            return _unknown(row, call, fault, now_ms)
        case _:
            assert_never(purpose)


def unreadable(row: OutboxRow, now_ms: int) -> Settlement:
    """A row whose body cannot be understood: nobody can be told, so it just ends."""
    return _settle(row, SettleAs.REJECTED, now_ms, error="unreadable")


def _again(
    row: OutboxRow,
    call: Call,
    fault: Fault,
    retry_after_s: float | None,
    now_ms: int,
    pace: Pace,
    settle_as: SettleAs,
) -> Settlement:
    pause_s = retry_after_s if retry_after_s is not None else backoff_s(row, pace)
    due_ms = now_ms + round(pause_s * 1000)
    out_of_time = row.not_after_ms is not None and due_ms > row.not_after_ms
    # What is owed to a person is tried for as long as it is worth sending: an expired token or a
    # vendor that is down for hours must not cost a result.
    owed = isinstance(call, Say) and row.not_after_ms is not None
    tries = pace.attempts_max
    if isinstance(call, WebRequest):
        # Somebody looks at their phone while a web request is tried.
        tries = call.attempts or pace.request_attempts_max
    if out_of_time or (row.attempts >= tries and not owed):
        maybe = settle_as is SettleAs.RESEND
        code = outcomes.EXPIRED if out_of_time else outcomes.EXHAUSTED
        given_up = Fault(code, f"{fault.code} {fault.detail}".rstrip())
        return _give_up(row, call, given_up, now_ms, maybe=maybe)
    return _settle(row, settle_as, now_ms, due_ms=due_ms, error=fault.code)


def backoff_s(row: OutboxRow, pace: Pace) -> float:
    """The pause before the next attempt: doubling, capped, its upper half jitter by the key."""
    longest_s = min(
        pace.backoff_first_s * float(1 << min(row.attempts - 1, 30)), pace.backoff_max_s
    )
    share = spread(f"{row.effect}.{row.attempts}", 1000) / 1000
    return longest_s * (0.5 + share / 2)


def _give_up(
    row: OutboxRow, call: Call, fault: Fault, now_ms: int, *, maybe: bool = False
) -> Settlement:
    """It did not happen; unless an earlier attempt may have, then nobody knows."""
    if maybe or row.resends > 0:
        return _unknown(row, call, fault, now_ms)
    if isinstance(call, Say) and call.purpose is Purpose.PROGRESS:
        return _settle(row, SettleAs.DROPPED, now_ms, error=fault.code)
    tell = _message(row, "rejected", CallRejected(row.effect, call, fault), now_ms)
    return _settle(row, SettleAs.REJECTED, now_ms, error=fault.code, tell=tell)


def _unknown(row: OutboxRow, call: Call, fault: Fault, now_ms: int) -> Settlement:
    tell = _message(row, "unknown", CallUnknown(row.effect, call, fault), now_ms)
    return _settle(row, SettleAs.REJECTED, now_ms, error=f"unknown: {fault.code}", tell=tell)


def _message(row: OutboxRow, what: str, message: Message, now_ms: int) -> NewMessage:
    return NewMessage(
        answer_id(row.effect, row.attempts, what),
        row.actor,
        now_ms,
        encode_message(message),
        row.cause,
    )


def _settle(
    row: OutboxRow,
    outcome: SettleAs,
    now_ms: int,
    *,
    due_ms: int | None = None,
    vendor_id: str | None = None,
    error: str | None = None,
    tell: NewMessage | None = None,
) -> Settlement:
    return Settlement(row.effect, row.attempts, outcome, now_ms, due_ms, vendor_id, error, tell)
