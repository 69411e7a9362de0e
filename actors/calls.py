"""Everything an actor can ask of the outside world: one closed, tagged union.

What lives here: the calls, and for each its promise, its lane and its destination. What must not:
HTTP, vendors' words, or how a call is carried out (adapters). Every struct is persisted in outbox
rows: fields are only ever added, with defaults.

Promises: `REPEATABLE` calls may be made again at any time. `RECONCILED` calls (messages to people)
are recorded before they are made, carry their attempt's id out, and are looked for before they are
made again. `AT_MOST_ONCE` calls are never repeated by the shell: where the outcome is not known,
the actor hears `CallUnknown` and decides.
"""

from __future__ import annotations

from enum import Enum
from typing import assert_never

from msgspec import Struct

from actors.ids import ActorId
from actors.values import Choice, Customer


class Promise(Enum):
    """What may be done with a call whose outcome is not known."""

    REPEATABLE = "repeatable"
    RECONCILED = "reconciled"
    AT_MOST_ONCE = "at_most_once"


class Purpose(Enum):
    """Why a customer is written to; decides what happens to a send whose outcome is unknown."""

    REPLY = "reply"
    QUESTION = "question"
    PROGRESS = "progress"
    RESULT = "result"
    AGENT_LINE = "agent_line"


class OutsideWindow(Enum):
    """What becomes of a message when the customer service window is closed at sending time."""

    HOLD = "hold"
    """Wait until the customer writes again, or until the message is no longer worth sending."""
    DROP = "drop"


class Say(Struct, frozen=True, tag="say"):
    """Write to a customer. With `choices`: up to 3 are buttons, up to 10 a list."""

    to: Customer
    purpose: Purpose
    text: str
    choices: tuple[Choice, ...] = ()
    list_title: str = ""
    """The label of the button that opens a list; needed from the fourth choice on."""
    outside_window: OutsideWindow = OutsideWindow.HOLD
    line_id: str | None = None
    """For `AGENT_LINE`: the desk's own id of the line, so that trouble can be reported back."""
    handover: ActorId | None = None


class StartJob(Struct, frozen=True, tag="start_job"):
    """Start one attempt of a job at the provider. The same call is the same bytes on the wire."""

    job: ActorId
    attempt: int
    provider: str
    """The name of the provider's system in the configuration."""
    kind: str
    """The job kind in the provider's contract, such as `router.restart`."""
    device: str
    account: str | None = None
    deadline_ms: int | None = None
    """When the provider may give up; also sent to it."""


class QueryJob(Struct, frozen=True, tag="query_job"):
    """Look at an attempt: by the provider's id, else by our correlation."""

    job: ActorId
    attempt: int
    provider: str
    provider_job: str | None = None


class CancelJob(Struct, frozen=True, tag="cancel_job"):
    """Take an attempt back at the provider, so that it cannot run later."""

    job: ActorId
    attempt: int
    provider: str
    provider_job: str | None = None


class WebRequest(Struct, frozen=True, tag="web_request"):
    """A "JSON web request" of the flow to a service of the operator."""

    service: str
    method: str
    path: str
    """Starts with a slash; each value that the flow put in is percent-encoded already."""
    query: dict[str, str] = {}
    body: dict[str, object] | None = None
    """JSON."""
    timeout_s: float = 10.0
    attempts: int | None = None
    """How often a request that only reads is made; None: as the configuration says."""


class OpenDesk(Struct, frozen=True, tag="open_desk"):
    """Bring a chat to the agents: what happened so far first, then the customer's own words."""

    handover: ActorId
    summary: str
    attributes: dict[str, str]
    customer_name: str | None
    at_ms: int


class SendToDesk(Struct, frozen=True, tag="send_to_desk"):
    """One line into the agents' chat: the customer's, or the bot's news of a job."""

    handover: ActorId
    line_id: str
    text: str
    at_ms: int


class QueryDesk(Struct, frozen=True, tag="query_desk"):
    """Ask where the chat stands."""

    handover: ActorId
    desk_ref: str


class CloseDesk(Struct, frozen=True, tag="close_desk"):
    """End the chat from our side."""

    handover: ActorId
    desk_ref: str


class ReportLine(Struct, frozen=True, tag="report_line"):
    """Tell the desk that an agent's line could not be delivered."""

    handover: ActorId
    line_id: str
    reason: str
    """A code of `actors.outcomes`."""


Call = (
    Say
    | StartJob
    | QueryJob
    | CancelJob
    | WebRequest
    | OpenDesk
    | SendToDesk
    | QueryDesk
    | CloseDesk
    | ReportLine
)


def correlation(job: ActorId, attempt: int) -> str:
    """Our own name for one attempt: goes out with the start and is its idempotency key."""
    return f"{job}.{attempt}"


def promise_of(call: Call) -> Promise:
    """The promise that `call` is made under unless its adapter can promise more."""
    match call:
        case Say():
            return Promise.RECONCILED
        case StartJob():
            return Promise.AT_MOST_ONCE
        case WebRequest(method=method):
            return Promise.REPEATABLE if method in ("GET", "HEAD") else Promise.AT_MOST_ONCE
        case QueryJob() | CancelJob() | QueryDesk() | CloseDesk() | ReportLine():
            return Promise.REPEATABLE
        case OpenDesk() | SendToDesk():
            # A line seen twice by an agent is better than a line lost; the adapter repeats it
            # with the same message id and time.
            return Promise.REPEATABLE
        case _:
            assert_never(call)


def lane_of(actor: ActorId, call: Call) -> str:
    """Calls of one lane are made one after another, in the order in which they were decided.

    A cancel has a lane of its own, so that it never waits behind a start that hangs.
    """
    match call:
        case Say():
            return f"{actor}/message"
        case StartJob():
            return f"{actor}/start"
        case CancelJob():
            return f"{actor}/control"
        case QueryJob() | QueryDesk() | WebRequest():
            return f"{actor}/query"
        case OpenDesk() | SendToDesk() | CloseDesk() | ReportLine():
            return f"{actor}/desk"
        case _:
            assert_never(call)


def destination_of(call: Call) -> str:
    """The system a call goes to; concurrency and pauses are kept for each."""
    match call:
        case Say(to=to):
            return f"whatsapp:{to.business_number}"
        case StartJob(provider=provider) | QueryJob(provider=provider):
            return f"telco:{provider}"
        case CancelJob(provider=provider):
            return f"telco:{provider}"
        case WebRequest(service=service):
            return f"service:{service}"
        case OpenDesk() | SendToDesk() | QueryDesk() | CloseDesk() | ReportLine():
            return "agents"
        case _:
            assert_never(call)
