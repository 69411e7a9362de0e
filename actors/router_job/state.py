"""What a router job knows.

What lives here: the persisted state. What must not: decisions. The provider's word and our own
verdict are two fields: the verdict yields to the provider's later word. Fields are only ever
added, with defaults. Times are milliseconds since 1970 in UTC.
"""

from __future__ import annotations

from enum import Enum

from msgspec import Struct

from actors.ids import ActorId, EffectId
from actors.messages import News
from actors.policies import JobPolicy
from actors.values import Device, JobFault, JobState


class Phase(Enum):
    """Where the current attempt stands, from our side."""

    STARTING = "starting"
    LOOKING = "looking"
    """The start's answer was lost: we look whether it happened."""
    RUNNING = "running"
    OVERDUE = "overdue"
    """The deadline has passed: one fresh look before the verdict."""
    TIDYING = "tidying"
    """Timed out: it is taken back at the provider, so that it cannot run tomorrow."""
    CANCELLING = "cancelling"
    CHECKING = "checking"
    """A retry was asked for: the failed attempt is looked at once more."""
    FAILED = "failed"
    """The customer decides: retry, a person, or leave it."""
    SUCCEEDED = "succeeded"
    CANCELLED = "cancelled"
    LEFT = "left"
    """Failed, and the customer left it at that."""


class Verdict(Enum):
    """Our own judgement, where the provider has not spoken the last word."""

    TIMED_OUT = "timed_out"
    CANCELLED = "cancelled"
    NOTHING_CHANGED = "nothing_changed"
    FATE_UNKNOWN = "fate_unknown"


class PastAttempt(Struct, frozen=True):
    """An attempt that another one followed."""

    attempt: int
    provider_job: str | None
    word: JobState | None
    verdict: Verdict | None


class RouterJob(Struct, frozen=True):
    """The state of a job; persisted."""

    conversation: ActorId
    kind: str
    device: Device
    provider: str
    policy: JobPolicy
    phase: Phase = Phase.STARTING
    attempt: int = 0
    start_effect: EffectId | None = None
    starts: int = 0
    """How often the current attempt's start was handed out; more than 1 only after look-ups."""
    start_deadline_ms: int | None = None
    """What the start tells the provider; a start that is made again is the same, byte for byte."""
    start_open: bool = False
    """The start's outcome is still to come."""
    provider_job: str | None = None
    word: JobState | None = None
    verdict: Verdict | None = None
    step: str | None = None
    percent: int | None = None
    seq: int | None = None
    fault: JobFault | None = None
    retry_useless: bool = False
    """The refusal was of a kind that trying again cannot help."""
    told: News | None = None
    left: bool = False
    """The customer said to leave it; cleaning up goes on in silence."""
    stalled_step: str | None = None
    """The step for which "still working" was told."""
    unseen_told: bool = False
    polls: int = 0
    look_failures: int = 0
    lookups: int = 0
    """Empty look-ups in a row, some time apart."""
    empty_look_ms: int = 0
    """When the last of them was counted."""
    found_alive: bool = False
    """The fresh look before a retry found the attempt alive; our cancel is on its way."""
    tidy_until_ms: int = 0
    past: tuple[PastAttempt, ...] = ()
    timers: dict[str, int] = {}
    timer_generation: int = 0
