"""One transaction under way: what it starts from, and whom it will ring.

What lives here: positions, the epoch guard, the memory of duplicates, and the rings that wait for
COMMIT. What must not: the meaning of any one unit of work.

Positions are given out here rather than by SQLite, so that a row can be rung with its position
without being read back. There is one writer, and a position is never used twice: SQLite keeps the
last one (AUTOINCREMENT) even when the row is gone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct

from actors.ids import ActorId, MessageId
from state.connection import Connection, listed, rows_listed
from state.queries import SQL
from state.rows import InboxRow, LaneRing, NewMessage
from state.store import Bell, StaleCommit


class Rings(Struct):
    """What a transaction has to tell the bell once it is committed."""

    inbox: list[InboxRow] = []
    lanes: list[LaneRing] = []
    timers: list[int] = []
    looked_at: list[str] = []

    def ring(self, bell: Bell) -> None:
        """Tell it; neither blocks nor raises. A lane is rung once, for its earliest call."""
        if self.inbox:
            bell.inbox(self.inbox)
        if self.lanes:
            earliest: dict[str, LaneRing] = {}
            for ring in self.lanes:
                known = earliest.get(ring.lane)
                if known is None or ring.due_ms < known.due_ms:
                    earliest[ring.lane] = ring
            bell.lanes(list(earliest.values()))
        if self.looked_at:
            bell.looked_at(self.looked_at)
        if self.timers:
            bell.timer(min(self.timers))


class Unclaimed(Struct, frozen=True):
    """A dead letter that belongs to nobody."""

    position: int
    message_id: MessageId
    at_ms: int
    body: bytes
    died_ms: int
    error: str


class Ledger(Struct):
    """The last positions given out, as the last transaction left them; None: they must be read.

    For whoever keeps every other owner out by locks: the epoch is looked at only when they are
    read.
    """

    last: tuple[int, int] | None = None


class Mark(Struct, frozen=True):
    """A point in a transaction that can be gone back to."""

    inbox_last: int
    outbox_last: int
    rings: tuple[int, int, int]


class Work:
    """A transaction under way; begin one with `Work.begin`."""

    def __init__(
        self, connection: Connection, epoch: int, inbox_last: int, outbox_last: int
    ) -> None:
        self.connection = connection
        self.epoch = epoch
        self.rings = Rings()
        self._inbox_last = inbox_last
        self._outbox_last = outbox_last

    @classmethod
    def begin(cls, connection: Connection, epoch: int, ledger: Ledger) -> Work:
        """Begin; StaleCommit where the file is found to have another owner by now."""
        connection.begin()
        if ledger.last is None:
            [(owner, inbox_last, outbox_last)] = connection.fetch(SQL["ledger"])
            if owner != epoch:
                raise StaleCommit("the store has another owner by now")
        else:
            inbox_last, outbox_last = ledger.last
            ledger.last = None  # until the commit
        return cls(connection, epoch, inbox_last, outbox_last)

    def committed(self, ledger: Ledger) -> None:
        """Note where the next transaction starts from."""
        ledger.last = (self._inbox_last, self._outbox_last)

    def mark(self) -> Mark:
        """Where we are."""
        rings = self.rings
        return Mark(
            self._inbox_last,
            self._outbox_last,
            (len(rings.inbox), len(rings.lanes), len(rings.timers)),
        )

    def go_back(self, mark: Mark) -> None:
        """Forget what was noted since; undoing what was written is the caller's."""
        self._inbox_last, self._outbox_last = mark.inbox_last, mark.outbox_last
        inbox, lanes, timers = mark.rings
        del self.rings.inbox[inbox:], self.rings.lanes[lanes:], self.rings.timers[timers:]

    def next_inbox(self) -> int:
        """A new position in the inbox."""
        self._inbox_last += 1
        return self._inbox_last

    def next_outbox(self) -> int:
        """A new position in the outbox."""
        self._outbox_last += 1
        return self._outbox_last

    def seen(self, message_ids: Iterable[MessageId]) -> set[str]:
        """Those of the ids that were taken before, handled, parked or dead ones included."""
        wanted = listed(message_ids)
        if wanted == "[]":
            return set()
        return {row[0] for row in self.connection.fetch(SQL["known_names"], (wanted, listed([])))}

    def tell(self, messages: Sequence[NewMessage]) -> None:
        """Put messages into inboxes, leaving out those seen before."""
        if not messages:
            return
        seen = self.seen(message.message_id for message in messages)
        fresh = []
        for message in messages:
            if message.message_id not in seen:
                seen.add(message.message_id)
                fresh.append(message)
        self.put(fresh)

    def put(self, messages: Sequence[NewMessage]) -> None:
        """Put messages into inboxes of which the caller knows that they are new."""
        self.put_rows([self.new_row(message) for message in messages])

    def new_row(self, message: NewMessage) -> InboxRow:
        """The row that a message becomes, with its position."""
        return InboxRow(
            position=self.next_inbox(),
            message_id=message.message_id,
            actor=message.actor,
            at_ms=message.at_ms,
            body=message.body,
            cause=message.cause,
            epoch=self.epoch,
        )

    def put_rows(self, rows: Sequence[InboxRow]) -> None:
        """Put rows made by `new_row` into inboxes."""
        if not rows:
            return
        self.connection.run_many(
            SQL["put_message"],
            [
                (r.position, r.message_id, r.actor, r.at_ms, r.body, r.cause, r.epoch, None, None)
                for r in rows
            ],
        )
        self.rings.inbox.extend(rows)

    def bury(self, letters: Sequence[Unclaimed]) -> None:
        """Keep dead letters that belong to nobody."""
        if letters:
            self.connection.run_many(
                SQL["put_message"],
                [
                    (
                        d.position,
                        d.message_id,
                        None,
                        d.at_ms,
                        d.body,
                        None,
                        self.epoch,
                        d.died_ms,
                        d.error,
                    )
                    for d in letters
                ],
            )

    def open_windows(self, until: dict[ActorId, tuple[int, int]]) -> None:
        """Windows that open: until when, and since when. Releases what they were waited for."""
        if not until:
            return
        pairs = rows_listed((actor, until_ms) for actor, (until_ms, _) in until.items())
        raised = [row[0] for row in self.connection.fetch(SQL["open_windows"], (pairs,))]
        if not raised:
            return
        opened = rows_listed((actor, until[actor][1]) for actor in raised)
        released = self.connection.fetch(SQL["release_held"], (opened,))
        for _, lane, destination, due_ms in sorted(released):
            self.rings.lanes.append(LaneRing(lane, destination, due_ms))
