"""What a hand-over knows.

What lives here: the persisted state. What must not: decisions. Fields are only ever added, with
defaults. Times are milliseconds since 1970 in UTC.
"""

from __future__ import annotations

from enum import Enum

from msgspec import Struct

from actors.ids import ActorId
from actors.policies import HandoverPolicy


class Phase(Enum):
    """Where the chat stands, from our side."""

    OPENING = "opening"
    QUEUED = "queued"
    ACTIVE = "active"
    CLOSING = "closing"
    """We end it: the customer left, or nobody came."""
    ENDED = "ended"


class WaitingLine(Struct, frozen=True):
    """A line that came before the desk had taken the chat. Personal data."""

    line_id: str
    text: str
    at_ms: int


class Handover(Struct, frozen=True):
    """The state of a hand-over; persisted."""

    conversation: ActorId
    policy: HandoverPolicy
    phase: Phase = Phase.OPENING
    opening: bool = True
    """The desk's answer to the opening is still to come."""
    desk_ref: str | None = None
    agent: str | None = None
    human_seen: bool = False
    """A person was there at some time."""
    opened_at_ms: int = 0
    last_line_ms: int = 0
    gone_since_ms: int | None = None
    """When a look first found nobody there; an agent's refusal looks the same for a moment."""
    waiting: tuple[WaitingLine, ...] = ()
    close_tries: int = 0
    timers: dict[str, int] = {}
    timer_generation: int = 0
