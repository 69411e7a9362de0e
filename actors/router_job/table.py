"""Every transition of a router job, as data.

What lives here: signals (what a message means to a job), acts (names of what is done), and the
table. What must not: code. Read a row as: in this phase, on this signal, go there and do that, in
this order. A pair that is not listed changes nothing; tests check that no phase is without an exit
and that the diagram in the documentation is drawn from this table.
"""

from __future__ import annotations

from enum import Enum

from msgspec import Struct

from actors.router_job.state import Phase


class Signal(Enum):
    """What a message means to a job."""

    ALIVE = "alive"
    """The provider's word, not final."""
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    """The provider's word, without or after our cancel."""
    REFUSED = "refused"
    """The start surely did not happen."""
    START_UNKNOWN = "start_unknown"
    NOT_FOUND = "not_found"
    NEVER_MADE = "never_made"
    """Not found, and often enough to believe it."""
    LOOK_FAILED = "look_failed"
    CANCEL_DONE = "cancel_done"
    CANCEL_PENDING = "cancel_pending"
    CANCEL_TOO_LATE = "cancel_too_late"
    CANCEL_NOT_FOUND = "cancel_not_found"
    RETRY = "retry"
    """Asked for, allowed, and there is an attempt to look at first."""
    RETRY_FRESH = "retry_fresh"
    """Asked for, allowed, and the last attempt never began."""
    RETRY_DENIED = "retry_denied"
    CANCEL = "cancel"
    CANCEL_ALIVE = "cancel_alive"
    """Asked to leave a failed attempt which the look before a retry has found alive."""
    CANCEL_STALE = "cancel_stale"
    POLL_DUE = "poll_due"
    STALL_DUE = "stall_due"
    PATIENCE_DUE = "patience_due"
    LOOK_DUE = "look_due"
    DEADLINE_DUE = "deadline_due"
    VERDICT_DUE = "verdict_due"
    """The fresh look did not come back in time."""
    CHECK_STUCK = "check_stuck"
    """The look before a retry found it alive, and our cancel was not answered in time."""
    TIDY_DUE = "tidy_due"
    TIDY_EXPIRED = "tidy_expired"


class Act(Enum):
    """What is done on the way; see `acts`."""

    START_ATTEMPT = "start_attempt"
    START_AGAIN = "start_again"
    NEXT_ATTEMPT = "next_attempt"
    WITHDRAW_START = "withdraw_start"
    QUERY = "query"
    SEND_CANCEL = "send_cancel"
    RESEND_CANCEL_IF_NEW = "resend_cancel_if_new"
    WATCH = "watch"
    """(Re)arm poll, stall and deadline."""
    POLL_AGAIN = "poll_again"
    LOOK_LATER = "look_later"
    WAIT_FOR_VERDICT = "wait_for_verdict"
    BEGIN_TIDYING = "begin_tidying"
    TIDY_LATER = "tidy_later"
    REST = "rest"
    """Nothing more to watch: clear all timers."""
    JUDGE_TIMED_OUT = "judge_timed_out"
    JUDGE_NOTHING_CHANGED = "judge_nothing_changed"
    JUDGE_FATE_UNKNOWN = "judge_fate_unknown"
    JUDGE_CANCELLED = "judge_cancelled"
    LEAVE = "leave"
    TELL_ACCEPTED = "tell_accepted"
    TELL_PROGRESS = "tell_progress"
    TELL_WAITING = "tell_waiting"
    TELL_STALLED = "tell_stalled"
    TELL_UNSEEN = "tell_unseen"
    TELL_SUCCEEDED = "tell_succeeded"
    TELL_FAILURE = "tell_failure"
    TELL_FAILURE_IF_NEW = "tell_failure_if_new"
    """Only where the customer was told something else."""
    TELL_CANCELLING = "tell_cancelling"
    TELL_CANCELLED = "tell_cancelled"
    TELL_TOO_LATE = "tell_too_late"
    TELL_CHECKING = "tell_checking"
    TELL_TRUTH = "tell_truth"
    """Say again how it stands: the answer to a press that came too late."""


class Rule(Struct, frozen=True):
    """Where to go and what to do."""

    to: Phase
    acts: tuple[Act, ...] = ()


P, S, A = Phase, Signal, Act

_SUCCESS = Rule(P.SUCCEEDED, (A.REST, A.TELL_SUCCEEDED))
_FAILURE = Rule(P.FAILED, (A.REST, A.TELL_FAILURE))
_NOTHING_CHANGED = Rule(P.FAILED, (A.REST, A.JUDGE_NOTHING_CHANGED, A.TELL_FAILURE))
_FATE_UNKNOWN = Rule(P.FAILED, (A.REST, A.JUDGE_FATE_UNKNOWN, A.TELL_FAILURE))
_TIMED_OUT = Rule(P.TIDYING, (A.REST, A.JUDGE_TIMED_OUT, A.BEGIN_TIDYING, A.SEND_CANCEL))
_CANCEL = Rule(P.CANCELLING, (A.REST, A.BEGIN_TIDYING, A.SEND_CANCEL, A.TELL_CANCELLING))
_CANCELLED = Rule(P.CANCELLED, (A.REST, A.JUDGE_CANCELLED, A.TELL_CANCELLED))
_LEAVE_TIDYING = (A.REST, A.LEAVE, A.BEGIN_TIDYING, A.SEND_CANCEL)
_NEXT = Rule(P.STARTING, (A.REST, A.NEXT_ATTEMPT))

TABLE: dict[Phase, dict[Signal, Rule]] = {
    P.STARTING: {
        S.ALIVE: Rule(P.RUNNING, (A.TELL_ACCEPTED, A.WATCH)),
        S.SUCCEEDED: _SUCCESS,
        S.FAILED: _FAILURE,
        S.CANCELLED: _FAILURE,
        S.REFUSED: _NOTHING_CHANGED,
        S.START_UNKNOWN: Rule(P.LOOKING, (A.REST, A.LOOK_LATER)),
        S.PATIENCE_DUE: Rule(P.STARTING, (A.TELL_WAITING,)),
        S.CANCEL: Rule(
            P.CANCELLING,
            (A.REST, A.WITHDRAW_START, A.BEGIN_TIDYING, A.SEND_CANCEL, A.TELL_CANCELLING),
        ),
        S.RETRY_DENIED: Rule(P.STARTING, (A.TELL_TRUTH,)),
        S.CANCEL_STALE: Rule(P.STARTING, (A.TELL_TRUTH,)),
    },
    P.LOOKING: {
        S.ALIVE: Rule(P.RUNNING, (A.REST, A.TELL_ACCEPTED, A.WATCH)),
        S.SUCCEEDED: _SUCCESS,
        S.FAILED: _FAILURE,
        S.CANCELLED: _FAILURE,
        S.LOOK_DUE: Rule(P.LOOKING, (A.QUERY,)),
        S.NOT_FOUND: Rule(P.LOOKING, (A.LOOK_LATER,)),
        S.NEVER_MADE: Rule(P.STARTING, (A.REST, A.START_AGAIN)),
        S.LOOK_FAILED: Rule(P.LOOKING, (A.TELL_UNSEEN, A.LOOK_LATER)),
        S.DEADLINE_DUE: Rule(
            P.FAILED, (A.REST, A.JUDGE_FATE_UNKNOWN, A.SEND_CANCEL, A.TELL_FAILURE)
        ),
        S.CANCEL: _CANCEL,
        S.RETRY_DENIED: Rule(P.LOOKING, (A.TELL_TRUTH,)),
        S.CANCEL_STALE: Rule(P.LOOKING, (A.TELL_TRUTH,)),
    },
    P.RUNNING: {
        S.ALIVE: Rule(P.RUNNING, (A.TELL_PROGRESS, A.WATCH)),
        S.SUCCEEDED: _SUCCESS,
        S.FAILED: _FAILURE,
        S.CANCELLED: _FAILURE,
        S.POLL_DUE: Rule(P.RUNNING, (A.QUERY,)),
        S.LOOK_FAILED: Rule(P.RUNNING, (A.TELL_UNSEEN, A.POLL_AGAIN)),
        S.NOT_FOUND: Rule(P.RUNNING, (A.TELL_UNSEEN, A.POLL_AGAIN)),
        S.NEVER_MADE: Rule(P.RUNNING, (A.TELL_UNSEEN, A.POLL_AGAIN)),
        S.STALL_DUE: Rule(P.RUNNING, (A.TELL_STALLED,)),
        S.DEADLINE_DUE: Rule(P.OVERDUE, (A.REST, A.QUERY, A.WAIT_FOR_VERDICT)),
        S.CANCEL: _CANCEL,
        S.RETRY_DENIED: Rule(P.RUNNING, (A.TELL_TRUTH,)),
        S.CANCEL_STALE: Rule(P.RUNNING, (A.TELL_TRUTH,)),
    },
    P.OVERDUE: {
        S.ALIVE: _TIMED_OUT,
        S.SUCCEEDED: _SUCCESS,
        S.FAILED: _FAILURE,
        S.CANCELLED: _FAILURE,
        S.NOT_FOUND: _TIMED_OUT,
        S.NEVER_MADE: _TIMED_OUT,
        S.LOOK_FAILED: _TIMED_OUT,
        S.VERDICT_DUE: _TIMED_OUT,
        S.CANCEL: _CANCEL,
        S.RETRY_DENIED: Rule(P.OVERDUE, (A.TELL_TRUTH,)),
        S.CANCEL_STALE: Rule(P.OVERDUE, (A.TELL_TRUTH,)),
    },
    P.TIDYING: {
        S.CANCEL_DONE: _FAILURE,
        S.CANCEL_NOT_FOUND: _FAILURE,
        S.SUCCEEDED: _SUCCESS,
        S.FAILED: _FAILURE,
        S.CANCELLED: _FAILURE,
        S.CANCEL_TOO_LATE: Rule(P.TIDYING, (A.TELL_FAILURE, A.POLL_AGAIN)),
        S.TIDY_DUE: Rule(P.TIDYING, (A.TELL_FAILURE, A.SEND_CANCEL, A.TIDY_LATER)),
        S.POLL_DUE: Rule(P.TIDYING, (A.QUERY,)),
        S.LOOK_FAILED: Rule(P.TIDYING, (A.POLL_AGAIN,)),
        S.ALIVE: Rule(P.TIDYING, (A.POLL_AGAIN,)),
        S.TIDY_EXPIRED: _FATE_UNKNOWN,
        S.CANCEL: Rule(P.TIDYING, (A.LEAVE, A.TELL_CANCELLED)),
        S.RETRY_DENIED: Rule(P.TIDYING, (A.TELL_TRUTH,)),
        S.CANCEL_STALE: Rule(P.TIDYING, (A.TELL_TRUTH,)),
    },
    P.CANCELLING: {
        S.CANCEL_DONE: _CANCELLED,
        S.CANCELLED: _CANCELLED,
        S.REFUSED: _CANCELLED,
        S.NEVER_MADE: _CANCELLED,
        S.CANCEL_TOO_LATE: Rule(P.RUNNING, (A.REST, A.TELL_TOO_LATE, A.WATCH)),
        S.START_UNKNOWN: Rule(P.CANCELLING, (A.SEND_CANCEL,)),
        S.ALIVE: Rule(P.CANCELLING, (A.RESEND_CANCEL_IF_NEW,)),
        S.SUCCEEDED: _SUCCESS,
        S.FAILED: _FAILURE,
        S.TIDY_DUE: Rule(P.CANCELLING, (A.SEND_CANCEL, A.TIDY_LATER)),
        S.TIDY_EXPIRED: _FATE_UNKNOWN,
        S.CANCEL: Rule(P.CANCELLING, (A.TELL_TRUTH,)),
        S.RETRY_DENIED: Rule(P.CANCELLING, (A.TELL_TRUTH,)),
        S.CANCEL_STALE: Rule(P.CANCELLING, (A.TELL_TRUTH,)),
    },
    P.CHECKING: {
        S.FAILED: _NEXT,
        S.CANCELLED: _NEXT,
        S.NOT_FOUND: _NEXT,
        S.NEVER_MADE: _NEXT,
        S.CANCEL_DONE: _NEXT,
        S.CANCEL_NOT_FOUND: _NEXT,
        S.SUCCEEDED: _SUCCESS,
        S.ALIVE: Rule(P.CHECKING, (A.SEND_CANCEL,)),
        S.CANCEL_TOO_LATE: Rule(P.RUNNING, (A.REST, A.TELL_TOO_LATE, A.WATCH)),
        S.LOOK_FAILED: _FATE_UNKNOWN,
        S.VERDICT_DUE: _FATE_UNKNOWN,
        S.CHECK_STUCK: _TIMED_OUT,
        S.CANCEL: Rule(P.LEFT, (A.REST, A.LEAVE, A.TELL_CANCELLED)),
        S.CANCEL_ALIVE: Rule(P.TIDYING, (*_LEAVE_TIDYING, A.TELL_CANCELLED)),
        S.RETRY_DENIED: Rule(P.CHECKING, (A.TELL_TRUTH,)),
        S.CANCEL_STALE: Rule(P.CHECKING, (A.TELL_TRUTH,)),
    },
    P.FAILED: {
        S.RETRY: Rule(P.CHECKING, (A.TELL_CHECKING, A.QUERY, A.WAIT_FOR_VERDICT)),
        S.RETRY_FRESH: _NEXT,
        S.RETRY_DENIED: Rule(P.FAILED, (A.TELL_TRUTH,)),
        S.CANCEL: Rule(P.LEFT, (A.LEAVE, A.TELL_CANCELLED)),
        S.CANCEL_STALE: Rule(P.FAILED, (A.TELL_TRUTH,)),
        S.SUCCEEDED: _SUCCESS,
        S.FAILED: Rule(P.FAILED, (A.TELL_FAILURE_IF_NEW,)),
        S.ALIVE: _TIMED_OUT,
    },
    P.SUCCEEDED: {
        S.RETRY_DENIED: Rule(P.SUCCEEDED, (A.TELL_TRUTH,)),
        S.CANCEL: Rule(P.SUCCEEDED, (A.TELL_TRUTH,)),
        S.CANCEL_STALE: Rule(P.SUCCEEDED, (A.TELL_TRUTH,)),
    },
    P.CANCELLED: {
        S.SUCCEEDED: _SUCCESS,
        S.ALIVE: Rule(P.TIDYING, _LEAVE_TIDYING),
        S.RETRY_DENIED: Rule(P.CANCELLED, (A.TELL_TRUTH,)),
        S.CANCEL: Rule(P.CANCELLED, (A.TELL_TRUTH,)),
        S.CANCEL_STALE: Rule(P.CANCELLED, (A.TELL_TRUTH,)),
    },
    P.LEFT: {
        S.SUCCEEDED: _SUCCESS,
        S.ALIVE: _TIMED_OUT,
        S.RETRY_DENIED: Rule(P.LEFT, (A.TELL_TRUTH,)),
        S.CANCEL: Rule(P.LEFT, (A.TELL_TRUTH,)),
        S.CANCEL_STALE: Rule(P.LEFT, (A.TELL_TRUTH,)),
    },
}
