"""The small words that messages, calls and states share.

What lives here: value structs of the domain (a customer, a router, a job's state). What must not:
anything that an actor hears or asks for, and any vendor's word. All are persisted: fields are only
ever added, with defaults. Times are whole milliseconds since 1970 in UTC, durations whole seconds.
"""

from __future__ import annotations

from enum import Enum

from msgspec import Struct

Scalar = str | int | float | bool | None
"""What a flow may keep in a value: nothing nested, so that it can be shown and compared."""


class Customer(Struct, frozen=True):
    """Whom we write to: one person as seen by one of our business numbers. Personal data."""

    business_number: str
    """Our number's id at the messaging platform, by which messages are routed."""
    identifier: str
    """The identifier that came in, and to which answers go: a number's digits or a user id."""
    phone: str | None = None
    """E.164 with the plus, where the identifier is a phone number."""
    name: str | None = None
    """The profile name that the customer chose; never proof of who they are."""


class Device(Struct, frozen=True):
    """A router, as the provider's systems name it."""

    id: str
    account: str | None = None
    label: str | None = None
    """What the customer may see of it, such as a model name or a hint of the address."""


class Choice(Struct, frozen=True):
    """One thing that a customer can tap."""

    id: str
    """Comes back with the tap: see `actors.buttons`."""
    title: str
    description: str | None = None


class Line(Struct, frozen=True):
    """One line of the chat, kept for the agent who may take over. Personal data."""

    who: str
    """`customer`, `bot` or `agent`."""
    text: str
    at_ms: int


class JobState(Enum):
    """The provider's word about a job; the last four are final."""

    QUEUED = "queued"
    RUNNING = "running"
    WAITING_DEVICE = "waiting_device"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    TIMED_OUT = "timed_out"

    @property
    def final(self) -> bool:
        """Whether the provider will say nothing else, if it keeps its own contract."""
        return self in _FINAL


_FINAL = frozenset({JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED, JobState.TIMED_OUT})


class JobFault(Struct, frozen=True):
    """Why a job failed, in the provider's code; agents see it, customers never do."""

    code: str
    text: str = ""
    retryable: bool | None = None
    """None: the provider did not say."""


class Fault(Struct, frozen=True):
    """Why a call of ours was refused or given up."""

    code: str
    """A short word of ours: see `actors.outcomes`."""
    detail: str = ""
    """For operators; must not hold personal data or secrets."""


class CancelResult(Enum):
    """What the provider answered to our cancel."""

    CANCELLED = "cancelled"
    CANCELLING = "cancelling"
    TOO_LATE = "too_late"
    NOT_FOUND = "not_found"


class DeskState(Enum):
    """Where a chat stands at the agents' desk."""

    QUEUED = "queued"
    RINGING = "ringing"
    ACTIVE = "active"
    GONE = "gone"
    """Nobody but the customer is in it: the end, or the gap before the next agent."""
