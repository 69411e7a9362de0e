"""Every transition of a hand-over, as data.

What lives here: signals, acts and the table. What must not: code. A pair that is not listed
changes nothing.
"""

from __future__ import annotations

from enum import Enum

from msgspec import Struct

from actors.handover.state import Phase


class Signal(Enum):
    """What a message means to a hand-over."""

    OPENED = "opened"
    OPEN_FAILED = "open_failed"
    SEEN_WAITING = "seen_waiting"
    SEEN_ACTIVE = "seen_active"
    SEEN_GONE = "seen_gone"
    """The second look in a row that found nobody."""
    SEEN_UNCLEAR = "seen_unclear"
    """A look that failed, or the first that found nobody."""
    HUMAN_LINE = "human_line"
    DESK_LINE = "desk_line"
    """Written by the desk's automation, or by nobody knows whom."""
    CUSTOMER_LINE = "customer_line"
    JOB_LINE = "job_line"
    LEAVE = "leave"
    UNDELIVERED = "undelivered"
    CLOSED = "closed"
    CLOSE_FAILED = "close_failed"
    CLOSE_GIVEN_UP = "close_given_up"
    """It failed often enough."""
    POLL_DUE = "poll_due"
    PATIENCE_DUE = "patience_due"
    IDLE_DUE = "idle_due"


class Act(Enum):
    """What is done on the way; see `decide`."""

    WATCH = "watch"
    """Look at the desk again after a while."""
    LOOK = "look"
    REST = "rest"
    SEND_WAITING_LINES = "send_waiting_lines"
    KEEP_LINE = "keep_line"
    SEND_LINE = "send_line"
    RETURN_LINE = "return_line"
    GIVE_LINE = "give_line"
    GIVE_LATE_LINE = "give_late_line"
    REPORT_UNDELIVERED = "report_undelivered"
    CLOSE = "close"
    CLOSE_LATER = "close_later"
    NOTE_NOT_CLOSED = "note_not_closed"
    """For the operator: the chat may still be open at the desk."""
    STOP_WAITING = "stop_waiting"
    """Somebody is there: forget how long we were going to wait."""
    TELL_QUEUED = "tell_queued"
    TELL_JOINED = "tell_joined"
    TELL_ENDED = "tell_ended"
    TELL_LEFT = "tell_left"
    TELL_NOBODY = "tell_nobody"
    TELL_UNAVAILABLE = "tell_unavailable"


class Rule(Struct, frozen=True):
    """Where to go and what to do."""

    to: Phase
    acts: tuple[Act, ...] = ()


P, S, A = Phase, Signal, Act

_JOINED = Rule(P.ACTIVE, (A.STOP_WAITING, A.TELL_JOINED, A.WATCH))
_JOINED_SPEAKING = Rule(P.ACTIVE, (A.STOP_WAITING, A.TELL_JOINED, A.GIVE_LINE, A.WATCH))
_LEAVE = Rule(P.CLOSING, (A.REST, A.TELL_LEFT, A.CLOSE))
_ENDED = Rule(P.ENDED, (A.REST, A.TELL_ENDED))

TABLE: dict[Phase, dict[Signal, Rule]] = {
    P.OPENING: {
        S.OPENED: Rule(P.QUEUED, (A.SEND_WAITING_LINES, A.TELL_QUEUED, A.WATCH)),
        S.OPEN_FAILED: Rule(P.ENDED, (A.REST, A.TELL_UNAVAILABLE)),
        S.HUMAN_LINE: Rule(
            P.ACTIVE,
            (A.STOP_WAITING, A.TELL_JOINED, A.SEND_WAITING_LINES, A.GIVE_LINE, A.WATCH),
        ),
        S.DESK_LINE: Rule(P.OPENING, (A.GIVE_LINE,)),
        S.CUSTOMER_LINE: Rule(P.OPENING, (A.KEEP_LINE,)),
        S.JOB_LINE: Rule(P.OPENING, (A.KEEP_LINE,)),
        S.LEAVE: _LEAVE,
        S.UNDELIVERED: Rule(P.OPENING, (A.REPORT_UNDELIVERED,)),
        S.PATIENCE_DUE: Rule(P.CLOSING, (A.REST, A.TELL_NOBODY, A.CLOSE)),
    },
    P.QUEUED: {
        S.SEEN_WAITING: Rule(P.QUEUED, (A.WATCH,)),
        S.SEEN_UNCLEAR: Rule(P.QUEUED, (A.WATCH,)),
        S.SEEN_ACTIVE: _JOINED,
        S.SEEN_GONE: Rule(P.ENDED, (A.REST, A.TELL_NOBODY)),
        S.HUMAN_LINE: _JOINED_SPEAKING,
        S.DESK_LINE: Rule(P.QUEUED, (A.GIVE_LINE,)),
        S.CUSTOMER_LINE: Rule(P.QUEUED, (A.SEND_LINE,)),
        S.JOB_LINE: Rule(P.QUEUED, (A.SEND_LINE,)),
        S.LEAVE: _LEAVE,
        S.UNDELIVERED: Rule(P.QUEUED, (A.REPORT_UNDELIVERED,)),
        S.POLL_DUE: Rule(P.QUEUED, (A.LOOK,)),
        S.PATIENCE_DUE: Rule(P.CLOSING, (A.REST, A.TELL_NOBODY, A.CLOSE)),
    },
    P.ACTIVE: {
        S.OPENED: Rule(P.ACTIVE, (A.SEND_WAITING_LINES, A.WATCH)),
        S.SEEN_WAITING: Rule(P.ACTIVE, (A.WATCH,)),
        S.SEEN_UNCLEAR: Rule(P.ACTIVE, (A.WATCH,)),
        S.SEEN_ACTIVE: Rule(P.ACTIVE, (A.WATCH,)),
        S.SEEN_GONE: _ENDED,
        S.HUMAN_LINE: Rule(P.ACTIVE, (A.GIVE_LINE,)),
        S.DESK_LINE: Rule(P.ACTIVE, (A.GIVE_LINE,)),
        S.CUSTOMER_LINE: Rule(P.ACTIVE, (A.SEND_LINE,)),
        S.JOB_LINE: Rule(P.ACTIVE, (A.SEND_LINE,)),
        S.LEAVE: _LEAVE,
        S.UNDELIVERED: Rule(P.ACTIVE, (A.REPORT_UNDELIVERED,)),
        S.POLL_DUE: Rule(P.ACTIVE, (A.LOOK,)),
        S.IDLE_DUE: Rule(P.CLOSING, (A.REST, A.TELL_ENDED, A.CLOSE)),
    },
    P.CLOSING: {
        S.CLOSED: Rule(P.ENDED, (A.REST,)),
        S.SEEN_GONE: Rule(P.ENDED, (A.REST,)),
        S.OPENED: Rule(P.CLOSING, (A.CLOSE,)),
        S.OPEN_FAILED: Rule(P.ENDED, (A.REST,)),
        S.CLOSE_FAILED: Rule(P.CLOSING, (A.CLOSE_LATER,)),
        S.CLOSE_GIVEN_UP: Rule(P.ENDED, (A.REST, A.NOTE_NOT_CLOSED)),
        S.POLL_DUE: Rule(P.CLOSING, (A.CLOSE,)),
        S.CUSTOMER_LINE: Rule(P.CLOSING, (A.RETURN_LINE,)),
        S.HUMAN_LINE: Rule(P.CLOSING, (A.GIVE_LATE_LINE,)),
        S.UNDELIVERED: Rule(P.CLOSING, (A.REPORT_UNDELIVERED,)),
    },
    P.ENDED: {
        S.OPENED: Rule(P.CLOSING, (A.CLOSE,)),
        S.CUSTOMER_LINE: Rule(P.ENDED, (A.RETURN_LINE,)),
        S.HUMAN_LINE: Rule(P.ENDED, (A.GIVE_LATE_LINE,)),
        S.UNDELIVERED: Rule(P.ENDED, (A.REPORT_UNDELIVERED,)),
    },
}
