"""What becomes of a call: every class of promise, every outcome, before and after sending."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from actors.calls import Call, CloseDesk, OutsideWindow, Promise, Purpose, Say, StartJob, WebRequest
from actors.codec import decode_message
from actors.messages import CallRejected, CallUnknown, DeskClosed, Message
from actors.outcomes import Delivered, Outcome, Rejected, Transient, Unknown
from actors.values import Fault
from daemon import sending
from state.rows import OutboxRow, SettleAs, Settlement
from tests.daemon.parts import ANN, CUSTOMER, DAY_MS, NOW_MS, PACE, call_row

FAULT = Fault("timeout", "slow")
REPLY = Say(CUSTOMER, Purpose.REPLY, "hi")
CALLS: dict[Promise, Call] = {
    Promise.REPEATABLE: CloseDesk(ANN, "ref"),
    Promise.RECONCILED: REPLY,
    Promise.AT_MOST_ONCE: StartJob(ANN, 1, "main", "router.restart", "r1"),
}
PROMISES = pytest.mark.parametrize("promise", list(Promise), ids=lambda promise: promise.value)


def say(purpose: Purpose, outside: OutsideWindow = OutsideWindow.HOLD) -> Say:
    return Say(CUSTOMER, purpose, "hi", outside_window=outside)


def told(settlement: Settlement) -> Message | None:
    return decode_message(settlement.tell.body) if settlement.tell is not None else None


def after(promise: Promise, outcome: Outcome, row: OutboxRow | None = None) -> Settlement:
    call = CALLS[promise]
    return sending.after(row or call_row(call), call, outcome, promise, NOW_MS, PACE)


# --- every promise, every outcome ---------------------------------------------------------------


@PROMISES
def test_delivered_is_the_end_and_brings_the_answer(promise: Promise) -> None:
    quiet = after(promise, Delivered("v1"))
    assert (quiet.outcome, quiet.vendor_id, quiet.tell) == (SettleAs.DELIVERED, "v1", None)
    answered = after(promise, Delivered(None, DeskClosed()))
    assert told(answered) == DeskClosed()
    assert answered.tell is not None
    assert (answered.tell.actor, answered.tell.cause) == (ANN, "cause")


@PROMISES
def test_rejected_is_told_as_not_happened(promise: Promise) -> None:
    settlement = after(promise, Rejected(FAULT))
    assert settlement.outcome is SettleAs.REJECTED
    assert told(settlement) == CallRejected(call_row(REPLY).effect, CALLS[promise], FAULT)


@PROMISES
def test_transient_is_tried_again_later(promise: Promise) -> None:
    settlement = after(promise, Transient(FAULT))
    assert settlement.outcome is SettleAs.RETRY
    assert settlement.due_ms is not None
    assert settlement.due_ms > NOW_MS
    assert settlement.tell is None


def test_unknown_and_repeatable_is_done_again_and_counted() -> None:
    settlement = after(Promise.REPEATABLE, Unknown(FAULT))
    assert settlement.outcome is SettleAs.RESEND
    assert (settlement.due_ms or 0) > NOW_MS


def test_unknown_and_reconciled_is_set_aside_to_wait_for_a_receipt() -> None:
    settlement = after(Promise.RECONCILED, Unknown(FAULT))
    assert settlement.outcome is SettleAs.UNKNOWN
    assert settlement.due_ms == NOW_MS + 90_000
    assert settlement.tell is None


def test_unknown_and_at_most_once_is_never_repeated() -> None:
    settlement = after(Promise.AT_MOST_ONCE, Unknown(FAULT))
    assert settlement.outcome is SettleAs.REJECTED
    expected = CallUnknown(call_row(REPLY).effect, CALLS[Promise.AT_MOST_ONCE], FAULT)
    assert told(settlement) == expected


def test_progress_that_is_refused_is_dropped_in_silence() -> None:
    call = say(Purpose.PROGRESS)
    outcome = Rejected(FAULT)
    found = sending.after(call_row(call), call, outcome, Promise.RECONCILED, NOW_MS, PACE)
    assert (found.outcome, found.tell) == (SettleAs.DROPPED, None)


# --- giving up ----------------------------------------------------------------------------------


@PROMISES
def test_attempts_run_out(promise: Promise) -> None:
    row = call_row(CALLS[promise], attempts=PACE.attempts_max)
    found = told(after(promise, Transient(FAULT), row))
    assert isinstance(found, CallRejected)
    assert found.fault == Fault("exhausted", "timeout slow")
    assert after(promise, Transient(FAULT), replace(row, attempts=4)).outcome is SettleAs.RETRY


def test_attempts_that_ran_out_in_the_dark_are_told_as_unknown() -> None:
    row = call_row(CALLS[Promise.REPEATABLE], attempts=PACE.attempts_max)
    found = told(after(Promise.REPEATABLE, Unknown(FAULT), row))
    assert isinstance(found, CallUnknown)
    assert found.fault.code == "exhausted"


@PROMISES
def test_a_refusal_after_a_resend_leaves_the_fate_unknown(promise: Promise) -> None:
    """The first attempt may have done it, and the refusal may say just that."""
    row = call_row(CALLS[promise], attempts=2, resends=1)
    assert isinstance(told(after(promise, Rejected(FAULT), row)), CallUnknown)
    spent = replace(row, attempts=PACE.attempts_max)
    assert isinstance(told(after(promise, Transient(FAULT), spent)), CallUnknown)
    expired = sending.before(replace(row, not_after_ms=NOW_MS - 1), CALLS[promise], NOW_MS)
    assert expired is not None
    assert isinstance(told(expired), CallUnknown)


@PROMISES
def test_what_could_only_be_tried_too_late_is_given_up_as_expired(promise: Promise) -> None:
    row = call_row(CALLS[promise], not_after_ms=NOW_MS + 30_000)
    found = told(after(promise, Transient(FAULT, retry_after_s=31), row))
    assert isinstance(found, CallRejected)
    assert found.fault.code == "expired"
    in_time = after(promise, Transient(FAULT, retry_after_s=30), row)
    assert (in_time.outcome, in_time.due_ms) == (SettleAs.RETRY, NOW_MS + 30_000)


# --- when it is claimed -------------------------------------------------------------------------


@PROMISES
def test_what_is_worth_sending_is_sent(promise: Promise) -> None:
    assert sending.before(call_row(CALLS[promise]), CALLS[promise], NOW_MS) is None
    last = call_row(CALLS[promise], not_after_ms=NOW_MS)
    assert sending.before(last, CALLS[promise], NOW_MS) is None


@PROMISES
def test_what_expired_is_not_sent(promise: Promise) -> None:
    row = call_row(CALLS[promise], not_after_ms=NOW_MS - 1)
    settlement = sending.before(row, CALLS[promise], NOW_MS)
    assert settlement is not None
    assert settlement.outcome is SettleAs.REJECTED
    found = told(settlement)
    assert isinstance(found, CallRejected)
    assert found.fault.code == "expired"


def test_expired_progress_is_dropped() -> None:
    call = say(Purpose.PROGRESS)
    settlement = sending.before(call_row(call, not_after_ms=NOW_MS - 1), call, NOW_MS)
    assert settlement is not None
    assert (settlement.outcome, settlement.tell) == (SettleAs.DROPPED, None)


@pytest.mark.parametrize("window_ms", [None, NOW_MS - 1, NOW_MS])
@pytest.mark.parametrize(
    ("outside", "settled"),
    [(OutsideWindow.HOLD, SettleAs.HOLD), (OutsideWindow.DROP, SettleAs.DROPPED)],
)
def test_outside_the_window_the_message_says_what_becomes_of_it(
    window_ms: int | None, outside: OutsideWindow, settled: SettleAs
) -> None:
    call = say(Purpose.RESULT, outside)
    settlement = sending.before(call_row(call, window_until_ms=window_ms), call, NOW_MS)
    assert settlement is not None
    assert (settlement.outcome, settlement.error) == (settled, "window_closed")
    opened = call_row(call, window_until_ms=NOW_MS + 1)
    assert sending.before(opened, call, NOW_MS) is None


def test_what_expired_is_not_held() -> None:
    call = say(Purpose.RESULT)
    row = call_row(call, window_until_ms=None, not_after_ms=NOW_MS - 1)
    settlement = sending.before(row, call, NOW_MS)
    assert settlement is not None
    assert settlement.outcome is SettleAs.REJECTED


def test_the_window_is_only_about_messages_to_customers() -> None:
    call = CALLS[Promise.REPEATABLE]
    assert sending.before(call_row(call, window_until_ms=None), call, NOW_MS) is None


# --- pauses -------------------------------------------------------------------------------------


@PROMISES
def test_what_the_vendor_asks_for_wins_over_our_own_pause(promise: Promise) -> None:
    for asked_s in (0.0, 0.5, 700.0):
        settlement = after(promise, Transient(FAULT, retry_after_s=asked_s))
        assert settlement.due_ms == NOW_MS + round(asked_s * 1000)


def test_pauses_double_up_to_a_bound_with_jitter_that_replays() -> None:
    seen = set()
    for number in range(200):
        for attempts, longest_s in {1: 1.0, 2: 2.0, 3: 4.0, 4: 8.0, 5: 8.0, 5000: 8.0}.items():
            row = call_row(REPLY, effect=f"eff_{number}", attempts=attempts)
            pause_s = sending.backoff_s(row, PACE)
            assert longest_s / 2 <= pause_s <= longest_s
            assert pause_s == sending.backoff_s(row, PACE)
            seen.add(pause_s / longest_s)
    assert len(seen) > 100, "no jitter"


# --- messages to people whose fate stays unknown ------------------------------------------------


@pytest.mark.parametrize("purpose", list(Purpose))
@pytest.mark.parametrize("resends", [0, 1])
def test_reconciling_goes_by_purpose(purpose: Purpose, resends: int) -> None:
    call = say(purpose)
    row = call_row(call, attempts=resends + 1, resends=resends)
    settlement = sending.reconcile(row, call, NOW_MS)
    assert settlement.attempts == row.attempts
    match purpose:
        case Purpose.PROGRESS:
            assert (settlement.outcome, settlement.tell) == (SettleAs.DROPPED, None)
        case Purpose.RESULT | Purpose.AGENT_LINE if resends == 0:
            assert (settlement.outcome, settlement.due_ms) == (SettleAs.RESEND, NOW_MS)
        case _:
            assert settlement.outcome is SettleAs.REJECTED
            assert isinstance(told(settlement), CallUnknown)


def test_each_attempt_is_told_under_an_id_of_its_own() -> None:
    first = after(Promise.AT_MOST_ONCE, Unknown(FAULT))
    second = after(
        Promise.AT_MOST_ONCE, Unknown(FAULT), call_row(CALLS[Promise.AT_MOST_ONCE], attempts=2)
    )
    assert first.tell is not None
    assert second.tell is not None
    assert first.tell.message_id != second.tell.message_id
    assert first.tell.at_ms == NOW_MS < NOW_MS + DAY_MS


def test_a_web_request_is_tried_three_times_because_somebody_waits() -> None:
    call = WebRequest("crm", "GET", "/x")
    outcome = Transient(Fault("connect"))
    settled = [
        sending.after(
            call_row(call, attempts=attempts), call, outcome, Promise.REPEATABLE, NOW_MS, PACE
        ).outcome
        for attempts in (1, 2, 3)
    ]
    assert settled == [SettleAs.RETRY, SettleAs.RETRY, SettleAs.REJECTED]


def test_a_web_request_may_say_itself_how_often_it_is_tried() -> None:
    call = WebRequest("crm", "GET", "/x", attempts=5)
    for attempts, settled in [(4, SettleAs.RETRY), (5, SettleAs.REJECTED)]:
        row = replace(call_row(call), attempts=attempts)
        outcome = sending.after(row, call, Transient(FAULT), Promise.REPEATABLE, NOW_MS, PACE)
        assert outcome.outcome is settled
