"""The two ports between the daemon and every vendor: what comes in, and what is asked of them.

What lives here: protocols and the values that cross them. What must not: a vendor's word.
Receivers are pure: bytes in, values out, no clock (the time arrives in the request). Senders do
I/O and return outcomes; they raise only for bugs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from msgspec import Struct

from actors.calls import Call, Promise
from actors.ids import ActorId, MessageId
from actors.messages import Message
from actors.outcomes import Outcome


class HttpRequest(Struct, frozen=True):
    """A request to one of our public addresses, its body whole and within the limit."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: Mapping[str, str]
    """Names in lower case; a header that came more than once is joined by `, `."""
    body: bytes
    now_ms: int


class ForActor(Struct, frozen=True):
    """The event names its actor itself."""

    actor: ActorId
    must_exist: bool = True


class ForCustomer(Struct, frozen=True):
    """To the conversation known by `alias`; a new one begins where there is none."""

    alias: str


class ForAlias(Struct, frozen=True):
    """To the actor known by `alias`; kept for `park_s` where nobody is (yet)."""

    alias: str
    park_s: int


class Event(Struct, frozen=True):
    """One event, understood."""

    message_id: MessageId
    """`<source>:<external id>`: the same event sent again has the same id."""
    target: ForActor | ForCustomer | ForAlias
    message: Message
    opens_window_s: int | None = None
    """How long from now the customer may be written to freely."""


class Damaged(Struct, frozen=True):
    """One event that could not be understood; its neighbours are not harmed."""

    message_id: MessageId
    raw: bytes
    error: str
    """Must hold no personal data."""


class DeliveryReceipt(Struct, frozen=True):
    """What the platform says of a message of ours."""

    attempt_id: str
    rank: int
    vendor_id: str | None = None
    fault_code: str | None = None
    """Of `actors.outcomes`, where the delivery failed."""
    fault_detail: str = ""


class Ignored(Struct, frozen=True):
    """An event that means nothing to us; counted and logged, not kept."""

    what: str


class HttpAnswer(Struct, frozen=True):
    """What the vendor hears once everything is committed."""

    status: int
    body: bytes = b""
    content_type: str = "text/plain"
    headers: tuple[tuple[str, str], ...] = ()


class Reception(Struct, frozen=True):
    """What a request meant. `answer` goes out only after `events` and `receipts` are committed."""

    answer: HttpAnswer
    events: tuple[Event | Damaged, ...] = ()
    receipts: tuple[DeliveryReceipt, ...] = ()
    ignored: tuple[Ignored, ...] = ()
    refused: str | None = None
    """Why nothing was taken (bad signature, not JSON): for the log and the counters."""
    answer_if_refused: HttpAnswer | None = None
    """Instead of `answer`, where the only event named an actor that does not exist."""


class Receiver(Protocol):
    """Understands what a vendor posts to one of our addresses. Never raises, never blocks."""

    @property
    def methods(self) -> tuple[str, ...]:
        """The HTTP methods it answers; others get 405."""

    @property
    def body_max_bytes(self) -> int:
        """A larger body is answered 413 before it is read."""

    def receive(self, request: HttpRequest) -> Reception:
        """What the request means. Signatures are checked on the raw bytes before parsing."""


class Attempt(Struct, frozen=True):
    """One attempt at a call."""

    id: str
    """Goes out with the message and comes back with its receipts."""
    number: int
    now_ms: int
    actor: ActorId
    effect: str


class Sender(Protocol):
    """Carries out the calls to one vendor."""

    def promise(self, call: Call) -> Promise:
        """What may be done where the outcome is unknown; at least `actors.calls.promise_of`."""

    async def perform(self, call: Call, attempt: Attempt) -> Outcome:
        """Make the call once, within a total deadline. May block; a checkpoint."""
