"""Everything an actor can hear: one closed, tagged union, free of vendors' words.

What lives here: the messages. What must not: how a message came in (adapters) or what is done
about it (the actors). Every struct here is persisted in inbox rows: fields are only ever added,
with defaults, and a message is retired only after the rows that hold it have been pruned.

Personal data (names, numbers, texts) lives in these structs and in the database, never in a log.
"""

from __future__ import annotations

from enum import Enum

from msgspec import Raw, Struct

from actors.calls import Call
from actors.ids import ActorId, EffectId, MessageId
from actors.policies import HandoverPolicy, JobPolicy
from actors.values import (
    CancelResult,
    Customer,
    DeskState,
    Device,
    Fault,
    JobFault,
    JobState,
)

# --- what customers do ------------------------------------------------------------------------


class Typed(Struct, frozen=True, tag="typed"):
    """The customer wrote a text."""

    text: str


class Tapped(Struct, frozen=True, tag="tapped"):
    """The customer tapped a button or a row of a list."""

    button: str
    title: str = ""


class Other(Struct, frozen=True, tag="other"):
    """Something that the bot cannot read: a picture, a sticker, a location."""

    what: str


Input = Typed | Tapped | Other


class CustomerWrote(Struct, frozen=True, tag="customer_wrote"):
    """A customer did something in the chat."""

    customer: Customer
    input: Input
    sent_at_ms: int
    """By the platform's clock; how old a tap is counts from here."""


# --- what the provider says of a job ------------------------------------------------------------


class Road(Enum):
    """By which road word of a job came."""

    START = "start"
    CALLBACK = "callback"
    QUERY = "query"


class ProviderReported(Struct, frozen=True, tag="provider_reported"):
    """The provider's word about one attempt, by whatever road."""

    attempt: int
    state: JobState
    road: Road
    provider_job: str | None = None
    step: str | None = None
    step_state: str | None = None
    percent: int | None = None
    seq: int | None = None
    """Rises with each change of the job; None where the provider does not count."""
    fault: JobFault | None = None
    retry_after_s: float | None = None
    """When the provider would like to be asked again."""
    provider: str | None = None
    """For a callback: the provider's system whose signature it bears."""


class JobNotFound(Struct, frozen=True, tag="job_not_found"):
    """The provider knows no such attempt."""

    attempt: int


class CancelAnswered(Struct, frozen=True, tag="cancel_answered"):
    """What the provider answered to our cancel."""

    attempt: int
    result: CancelResult


# --- between conversation and job ---------------------------------------------------------------


class JobRequested(Struct, frozen=True, tag="job_requested"):
    """A conversation asks for a job; the first message that a job hears."""

    conversation: ActorId
    kind: str
    device: Device
    provider: str
    policy: JobPolicy


class RetryRequested(Struct, frozen=True, tag="retry_requested"):
    """The customer pressed "try again" on the failure menu of `attempt`."""

    attempt: int


class CancelRequested(Struct, frozen=True, tag="cancel_requested"):
    """The customer wants `attempt` stopped, or its failure left as it is."""

    attempt: int


class News(Enum):
    """What a job tells its conversation; the flow has a text for each."""

    REQUESTED = "requested"
    WAITING_FOR_PROVIDER = "waiting_for_provider"
    """The provider's system has not answered the start yet; we keep trying."""
    ACCEPTED = "accepted"
    STEP = "step"
    STALLED = "stalled"
    UNSEEN = "unseen"
    """We cannot see the progress just now; that is no failure."""
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    """The provider says that it failed."""
    NOTHING_CHANGED = "nothing_changed"
    """It never began: refused, or not accepted in time."""
    TIMED_OUT = "timed_out"
    """Our verdict: we cannot see that the router came back."""
    FATE_UNKNOWN = "fate_unknown"
    """It cannot be found out whether it ran; trying again would be a gamble."""
    CANCELLING = "cancelling"
    CANCELLED = "cancelled"
    CANCEL_TOO_LATE = "cancel_too_late"
    CORRECTED = "corrected"
    """It succeeded after all, after we had told otherwise."""
    CHECKING = "checking"
    """A retry was asked for; the last attempt is looked at once more first."""


class JobReported(Struct, frozen=True, tag="job_reported"):
    """A job's news for its conversation."""

    job: ActorId
    attempt: int
    news: News
    step: str | None = None
    percent: int | None = None
    fault: JobFault | None = None
    can_retry: bool = False
    can_cancel: bool = False
    retries_left: int = 0
    again: bool = False
    """Told before; said once more because the customer pressed something that came too late."""


# --- between conversation and hand-over ---------------------------------------------------------


class HandoverRequested(Struct, frozen=True, tag="handover_requested"):
    """A conversation asks for a person; the first message that a hand-over hears."""

    conversation: ActorId
    customer_name: str | None
    summary: str
    words: str | None
    """What the customer wrote last, sent as a line of their own."""
    attributes: dict[str, str]
    policy: HandoverPolicy


class CustomerLine(Struct, frozen=True, tag="customer_line"):
    """A line that the customer wrote for the agent."""

    text: str
    at_ms: int


class JobLine(Struct, frozen=True, tag="job_line"):
    """News of a job for the agent's eyes."""

    text: str
    at_ms: int


class LeaveRequested(Struct, frozen=True, tag="leave_requested"):
    """The customer goes back to the bot."""


class LineUndelivered(Struct, frozen=True, tag="line_undelivered"):
    """An agent's line could not be brought to the customer."""

    line_id: str
    reason: str


class HandoverNews(Enum):
    """What a hand-over tells its conversation."""

    QUEUED = "queued"
    JOINED = "joined"
    ENDED = "ended"
    LEFT = "left"
    NOBODY = "nobody"
    """Nobody took the chat in time."""
    UNAVAILABLE = "unavailable"
    """The desk could not be reached or refused."""


class HandoverReported(Struct, frozen=True, tag="handover_reported"):
    """A hand-over's news for its conversation."""

    handover: ActorId
    news: HandoverNews
    agent: str | None = None


class AgentSaid(Struct, frozen=True, tag="agent_said"):
    """An agent's line on its way to the customer."""

    handover: ActorId
    line_id: str
    text: str
    late: bool = False
    """It came after the chat had ended."""


class LineReturned(Struct, frozen=True, tag="line_returned"):
    """A customer's line that found its hand-over ended: the bot answers it instead."""

    handover: ActorId
    text: str
    at_ms: int


# --- what the desk says -------------------------------------------------------------------------


class DeskOpened(Struct, frozen=True, tag="desk_opened"):
    """The desk took the chat; `desk_ref` names it there, once the desk has said so."""

    desk_ref: str | None


class DeskWrote(Struct, frozen=True, tag="desk_wrote"):
    """A line from the desk."""

    line_id: str
    text: str
    human: bool | None
    """False: written by the desk's own automation. None: the desk did not say."""
    desk_ref: str | None = None


class DeskObserved(Struct, frozen=True, tag="desk_observed"):
    """Where the chat stands, as read from the desk."""

    state: DeskState
    agent: str | None = None


class DeskClosed(Struct, frozen=True, tag="desk_closed"):
    """The desk confirmed that the chat is over."""


class DeskRefusedLine(Struct, frozen=True, tag="desk_refused_line"):
    """The desk reports that it could not take a line of ours after all."""

    line_id: str
    reason: str


# --- what became of calls, and time -------------------------------------------------------------


class RequestAnswered(Struct, frozen=True, tag="request_answered"):
    """A service's answer to a web request of the flow."""

    effect: EffectId
    status: int
    body: Raw = Raw(b"null")
    """JSON as it came; bounded by the adapter."""


class CallRejected(Struct, frozen=True, tag="call_rejected"):
    """A call was refused, ran out of attempts, expired or was withdrawn: it did not happen."""

    effect: EffectId
    call: Call
    fault: Fault


class CallUnknown(Struct, frozen=True, tag="call_unknown"):
    """It cannot be told whether a call happened, and the shell will not repeat it."""

    effect: EffectId
    call: Call
    fault: Fault


class DeliveryFailed(Struct, frozen=True, tag="delivery_failed"):
    """A message of ours was taken by the platform, which then could not deliver it."""

    effect: EffectId
    fault: Fault


class TimerFired(Struct, frozen=True, tag="timer_fired"):
    """A timer fell due; an actor ignores a generation that it does not expect."""

    name: str
    generation: int
    due_ms: int


Message = (
    CustomerWrote
    | ProviderReported
    | JobNotFound
    | CancelAnswered
    | JobRequested
    | RetryRequested
    | CancelRequested
    | JobReported
    | HandoverRequested
    | CustomerLine
    | JobLine
    | LeaveRequested
    | LineUndelivered
    | HandoverReported
    | AgentSaid
    | LineReturned
    | DeskOpened
    | DeskWrote
    | DeskObserved
    | DeskClosed
    | DeskRefusedLine
    | RequestAnswered
    | CallRejected
    | CallUnknown
    | DeliveryFailed
    | TimerFired
)


class Envelope(Struct, frozen=True):
    """A message as an actor hears it."""

    id: MessageId
    at_ms: int
    """When it was accepted, by our clock."""
    body: Message
    cause: MessageId | None = None
    """The message that led to this one."""
