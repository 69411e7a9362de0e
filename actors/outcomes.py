"""What became of one attempt at a call: four values, whatever the vendor.

What lives here: the outcomes that adapters return and the codes in them. What must not: HTTP
statuses and vendors' error numbers. An adapter raises only for a bug of its own.
"""

from __future__ import annotations

from msgspec import Struct

from actors.messages import Message
from actors.values import Fault


class Delivered(Struct, frozen=True):
    """The vendor took it."""

    vendor_id: str | None = None
    """The vendor's id of what was made, such as a message id."""
    answer: Message | None = None
    """What the calling actor should hear; None where there is nothing to say."""


class Transient(Struct, frozen=True):
    """Surely not carried out; the same call may be made again after a while."""

    fault: Fault
    retry_after_s: float | None = None
    """What the vendor asked for, if it did."""
    pause_destination: bool = False
    """The whole destination should wait (rate limit, expired token), not this lane alone."""


class Rejected(Struct, frozen=True):
    """Refused for good; making the same call again cannot help."""

    fault: Fault
    alarm: bool = False
    """The operator must act: a token, a permission, a configuration."""


class Unknown(Struct, frozen=True):
    """It may have been carried out: the answer was lost, late or unreadable."""

    fault: Fault


Outcome = Delivered | Transient | Rejected | Unknown

# Codes of `Fault.code`: ours, stable, fit for metrics.
TIMEOUT = "timeout"
CONNECT = "connect"
RATE_LIMITED = "rate_limited"
UNAVAILABLE = "unavailable"
UNREADABLE = "unreadable_answer"
UNAUTHORIZED = "unauthorized"
FORBIDDEN = "forbidden"
NOT_FOUND = "not_found"
INVALID = "invalid_request"
TOO_LARGE = "too_large"
LOCKED = "locked"
WINDOW_CLOSED = "window_closed"
RECIPIENT = "recipient_unreachable"
PAYMENT = "payment"
ACCOUNT = "account_blocked"
NOT_CONFIGURED = "not_configured"
EXPIRED = "expired"
"""Given up because its time ran out before an attempt could be made or repeated."""
EXHAUSTED = "exhausted"
WITHDRAWN = "withdrawn"
"""Taken back by its own actor before it was sent."""
ADAPTER_BUG = "adapter_bug"
INTERRUPTED = "interrupted"
"""The process died between the attempt and its record."""
