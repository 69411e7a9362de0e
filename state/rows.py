"""What is stored: frozen rows and units of work, in bytes and plain values.

What lives here: the records that cross the `Store` protocol. What must not: SQL, or any knowledge
of what a body means. Times are whole milliseconds since 1970 in UTC.
"""

from __future__ import annotations

from enum import Enum

from msgspec import Struct

from actors.ids import ActorId, EffectId, MessageId

# --- accepting from outside ---------------------------------------------------------------------


class ToActor(Struct, frozen=True):
    """Straight to an actor whose id the sender knows (it may exist or not)."""

    actor: ActorId


class ToAlias(Struct, frozen=True):
    """To whoever is known by `alias`; else by `mint`, or parked until somebody claims the name."""

    alias: str
    mint: ActorId | None = None
    """The id of the actor that begins with this message where the alias is new."""
    park_until_ms: int | None = None
    """Where nobody is minted: how long the message waits for a commit that adds the alias.

    With neither a mint nor a time to wait, a message to an unknown alias is a dead letter.
    """


class ToDeadLetters(Struct, frozen=True):
    """Could not be understood: kept for the operator, with the reason."""

    error: str


class Arrival(Struct, frozen=True):
    """One event from outside, to be kept before the sender hears that it was taken."""

    message_id: MessageId
    """Carries source and external id; the same id is taken once, whoever it would go to now."""
    target: ToActor | ToAlias | ToDeadLetters
    at_ms: int
    body: bytes
    opens_window_until_ms: int | None = None
    """The customer service window of the receiving actor is open until then."""
    must_exist: bool = False
    """Take it only if the target actor exists or has an open message; else it is refused."""


class Receipt(Struct, frozen=True):
    """What the platform says of a message of ours, found by the attempt's id."""

    attempt_id: str
    rank: int
    """Only ever rises: 1 sent, 2 delivered, 3 read, 4 played."""
    at_ms: int
    vendor_id: str | None = None
    failure: bytes | None = None
    """The message body that tells the actor of a failed delivery; None: no failure."""


class Acceptance(Struct, frozen=True):
    """What became of a batch."""

    taken: int
    duplicates: int
    parked: int
    refused: int
    """`must_exist` and nobody there."""
    receipts_known: int
    receipts_unknown: int


# --- what an actor reads and writes -------------------------------------------------------------


class ActorStatus(Enum):
    """What the shell does with a message for this actor."""

    ACTIVE = "active"
    FINISHED = "finished"
    """Its work is done; it still hears late messages, until it is pruned."""
    QUARANTINED = "quarantined"
    """Its `decide` raised three times in a row; messages are answered by the plain fallback."""


class ActorRow(Struct, frozen=True):
    """An actor at rest."""

    actor: ActorId
    version: int
    """Rises by one with each commit."""
    status: ActorStatus
    state: bytes
    failures: int = 0
    """Messages in a row on which `decide` raised."""
    flow_version: str | None = None


class InboxRow(Struct, frozen=True):
    """A message that waits for its actor."""

    position: int
    """The order in which an actor hears its messages; given by the store at commit."""
    message_id: MessageId
    actor: ActorId
    at_ms: int
    body: bytes
    cause: MessageId | None = None
    epoch: int = 0
    """The owner that accepted it."""
    recoveries: int = 0
    """How often it was about to be handled by an owner that had found it open at its start."""


class DeadLetterRow(Struct, frozen=True):
    """A dead letter, as the operator sees it."""

    position: int
    message_id: MessageId
    actor: ActorId | None
    """None: nobody it could go to. It cannot be replayed."""
    at_ms: int
    dead_at_ms: int
    error: str
    body: bytes
    cause: MessageId | None = None
    replayed_at_ms: int | None = None
    """When it was last put into its actor's inbox again; None: never."""
    replays: int = 0
    """The number in the message id of the last replay; 0: never."""


class NewMessage(Struct, frozen=True):
    """A message that a unit of work puts into an inbox."""

    message_id: MessageId
    actor: ActorId
    at_ms: int
    body: bytes
    cause: MessageId | None = None


class NewEffect(Struct, frozen=True):
    """A call that a unit of work puts into the outbox."""

    effect: EffectId
    lane: str
    destination: str
    body: bytes
    cause: MessageId
    at_ms: int
    not_before_ms: int | None = None
    not_after_ms: int | None = None
    topic: str | None = None


class Timer(Struct, frozen=True):
    """A durable timer; one of each name an actor."""

    actor: ActorId
    name: str
    generation: int
    due_ms: int
    body: bytes
    """The message that its actor hears."""


class Withdrawal(Struct, frozen=True):
    """Take a call back; `tell` goes into the inbox if and only if it was not sent yet.

    Pending and held calls can be taken back, but not one that is to be resent: it may have arrived.
    """

    effect: EffectId
    tell: NewMessage


class DeadLetter(Struct, frozen=True):
    """A message set aside, by its position in the inbox."""

    position: int
    error: str


class Commit(Struct, frozen=True):
    """Everything that one turn writes, all of it or nothing."""

    actor: ActorId
    expected_version: int
    """0: the actor must not exist yet."""
    status: ActorStatus
    state: bytes
    """b"" with `expected_version` 0: nobody begins here, and no actor is written."""
    at_ms: int
    failures: int = 0
    flow_version: str | None = None
    handled: tuple[int, ...] = ()
    """Positions of inbox rows."""
    dead: tuple[DeadLetter, ...] = ()
    messages: tuple[NewMessage, ...] = ()
    effects: tuple[NewEffect, ...] = ()
    withdrawals: tuple[Withdrawal, ...] = ()
    topics_dropped: tuple[str, ...] = ()
    timers_set: tuple[Timer, ...] = ()
    timers_cleared: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()


# --- the outbox ---------------------------------------------------------------------------------


class OutboxRow(Struct, frozen=True):
    """A call that waits to be made, or whose fate is not known."""

    position: int
    effect: EffectId
    actor: ActorId
    lane: str
    destination: str
    body: bytes
    cause: MessageId
    at_ms: int
    attempts: int
    """Attempts begun so far, this one included where the row was just claimed."""
    due_ms: int
    not_after_ms: int | None = None
    window_until_ms: int | None = None
    """Until when the actor's customer may be written to freely; None: never wrote."""
    resends: int = 0
    """How often it was sent again although an earlier attempt may have arrived."""


class Claimed(Struct, frozen=True):
    """A row to be sent now: it is recorded as `sending`, with its attempt, before this is seen."""

    row: OutboxRow
    more: bool
    """Whether the lane has other rows that wait, due or not."""


class NothingDue(Struct, frozen=True):
    """Nothing to send in the lane now."""

    next_due_ms: int | None
    """When to look again; None: when something new is committed."""


class SettleAs(Enum):
    """What becomes of an outbox row."""

    DELIVERED = "delivered"
    REJECTED = "rejected"
    DROPPED = "dropped"
    """No longer worth sending, or replaced."""
    RETRY = "retry"
    """Surely not carried out: pending again, at `due_ms`; it keeps its place in the lane."""
    RESEND = "resend"
    """Possibly carried out, sent once more all the same: pending again, counted."""
    HOLD = "hold"
    """Waits until the window opens; never holds up its lane."""
    UNKNOWN = "unknown"
    """Set aside: the lane goes on; looked at again at `due_ms`."""


class Settlement(Struct, frozen=True):
    """What became of one attempt, and the message that tells the actor of it, if any."""

    effect: EffectId
    attempts: int
    """The attempt this speaks of; a stale settlement (another attempt, or settled) is ignored."""
    outcome: SettleAs
    at_ms: int
    due_ms: int | None = None
    vendor_id: str | None = None
    error: str | None = None
    tell: NewMessage | None = None


# --- what is kept of the past -------------------------------------------------------------------


class HeardRow(Struct, frozen=True):
    """A message in an inbox, whatever became of it."""

    position: int
    message_id: MessageId
    actor: ActorId
    at_ms: int
    body: bytes
    cause: MessageId | None
    done_ms: int | None
    """None: not handled yet."""
    error: str | None
    """A dead letter, and why."""


class CalledRow(Struct, frozen=True):
    """A call in the outbox, whatever became of it."""

    position: int
    effect: EffectId
    actor: ActorId
    body: bytes
    cause: MessageId
    at_ms: int
    due_ms: int
    """When it is, or was, to be made; or looked at again."""
    state: str
    attempts: int
    started_ms: int | None
    """When the last attempt began."""
    done_ms: int | None
    error: str | None


# --- what wakes whom ----------------------------------------------------------------------------


class LaneRing(Struct, frozen=True):
    """A lane has something new."""

    lane: str
    destination: str
    due_ms: int


class Counts(Struct, frozen=True):
    """For status and metrics; may be a little old."""

    actors: dict[str, int]
    """By status."""
    inbox_open: int
    inbox_dead: int
    """All dead letters, those without an actor and those replayed included."""
    outbox: dict[str, int]
    """By state: pending, sending, held, unknown."""
    timers: int
    parked: int
