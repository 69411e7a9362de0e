"""What the memory store keeps: tables as dicts, and the few moves that its units share.

What lives here: `MemoryDisk`, which outlives the stores opened on it, and its rows. What must not:
any one unit of work (`memory_turns`, `memory_outbox`).
"""

from __future__ import annotations

from msgspec import Struct, field

from actors.ids import ActorId, EffectId, MessageId
from state.rows import ActorRow, Arrival, InboxRow, LaneRing, NewEffect, OutboxRow, Timer
from state.work import Rings


class Letter(Struct):
    """An inbox row with its end: handled (`done_ms`) or dead (`error` too)."""

    row: InboxRow
    done_ms: int | None = None
    error: str | None = None
    replays: int = 0
    replayed_at_ms: int | None = None


class Call(Struct):
    """An outbox row with what becomes of it."""

    position: int
    actor: ActorId
    new: NewEffect
    due_ms: int
    state: str = "pending"
    attempts: int = 0
    started_ms: int | None = None
    resends: int = 0
    epoch: int = 0
    window_ms: int | None = None
    rank: int = 0
    vendor_id: str | None = None
    error: str | None = None
    done_ms: int | None = None

    def outside(self, window_until_ms: int | None) -> OutboxRow:
        """The row as the protocol shows it."""
        return OutboxRow(
            position=self.position,
            effect=self.new.effect,
            actor=self.actor,
            lane=self.new.lane,
            destination=self.new.destination,
            body=self.new.body,
            cause=self.new.cause,
            at_ms=self.new.at_ms,
            attempts=self.attempts,
            due_ms=self.due_ms,
            not_after_ms=self.new.not_after_ms,
            window_until_ms=window_until_ms,
            resends=self.resends,
        )

    def ring(self, due_ms: int) -> LaneRing:
        """The ring of its lane."""
        return LaneRing(self.new.lane, self.new.destination, due_ms)


class Parked(Struct):
    """A message that waits for somebody to claim its alias."""

    alias: str
    until_ms: int
    arrival: Arrival


class MemoryDisk(Struct):
    """All that is durable; open a `MemoryStore` on it, drop that, and open another.

    Dicts keep the order in which their rows came, which is the order of positions.
    """

    epoch: int = 0
    inbox_last: int = 0
    outbox_last: int = 0
    actors: dict[ActorId, ActorRow] = field(default_factory=dict)
    acted_ms: dict[ActorId, int] = field(default_factory=dict)
    aliases: dict[str, ActorId] = field(default_factory=dict)
    letters: dict[int, Letter] = field(default_factory=dict)
    positions: dict[MessageId, int] = field(default_factory=dict)
    parked: dict[MessageId, Parked] = field(default_factory=dict)
    calls: dict[EffectId, Call] = field(default_factory=dict)
    timers: dict[tuple[ActorId, str], Timer] = field(default_factory=dict)
    windows: dict[ActorId, int] = field(default_factory=dict)
    kept_flows: dict[str, tuple[bytes, int]] = field(default_factory=dict)

    def seen(self, message_id: MessageId) -> bool:
        """Whether a message was taken before."""
        return message_id in self.positions or message_id in self.parked

    def exists(self, actor: ActorId | None) -> bool:
        """Whether an actor is at rest here or has an open message."""
        return actor in self.actors or any(
            letter.row.actor == actor and letter.done_ms is None for letter in self.letters.values()
        )

    def put(
        self,
        rings: Rings,
        message_id: MessageId,
        actor: ActorId,
        at_ms: int,
        body: bytes,
        cause: MessageId | None = None,
    ) -> None:
        """Put a message into an inbox, unless it was seen before."""
        if self.seen(message_id):
            return
        self.inbox_last += 1
        row = InboxRow(self.inbox_last, message_id, actor, at_ms, body, cause, self.epoch)
        self.letters[row.position] = Letter(row)
        self.positions[message_id] = row.position
        rings.inbox.append(row)

    def bury(self, arrival: Arrival, dead_ms: int, error: str) -> None:
        """Keep a dead letter that belongs to nobody."""
        self.inbox_last += 1
        row = InboxRow(
            self.inbox_last,
            arrival.message_id,
            ActorId(""),
            arrival.at_ms,
            arrival.body,
            epoch=self.epoch,
        )
        self.letters[row.position] = Letter(row, dead_ms, error)
        self.positions[row.message_id] = row.position

    def open_windows(self, rings: Rings, until: dict[ActorId, tuple[int, int]]) -> None:
        """Windows that open: until when, and since when."""
        for actor, (until_ms, at_ms) in until.items():
            known = self.windows.get(actor)
            if known is not None and known >= until_ms:
                continue
            self.windows[actor] = until_ms
            for call in self.calls.values():
                if call.actor == actor and call.state == "held":
                    call.state, call.due_ms = "pending", at_ms
                    rings.lanes.append(call.ring(at_ms))
