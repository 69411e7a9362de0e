"""The one protocol between the daemon and durability.

What lives here: the promises of a store, its errors and its bell. What must not: SQL, files,
threads. `memory_store`, `inline_store` and `sqlite_store` keep the same promises and pass one
contract suite (tests/state/test_store_contract.py).

Every method that writes is one unit of work: it has happened, whole and durable, when it returns,
and nothing of it has happened when it raises (but for `StoreBroken`, after which nothing is known
until the file is read again). A caller that is cancelled may leave behind a unit that happened.
Every method may block and is a checkpoint.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from actors.ids import ActorId, EffectId
from state.rows import (
    Acceptance,
    ActorRow,
    Arrival,
    CalledRow,
    Claimed,
    Commit,
    Counts,
    DeadLetterRow,
    HeardRow,
    InboxRow,
    LaneRing,
    NothingDue,
    OutboxRow,
    Receipt,
    SettleAs,
    Settlement,
)


class StoreError(Exception):
    """A unit of work was refused; nothing of it was written."""


class StaleCommit(StoreError):
    """The actor has another version than expected, or the store has another owner by now."""


class ConstraintBroken(StoreError):
    """The unit contradicts itself or what is stored, such as an effect id used twice."""


class StoreFull(StoreError):
    """No space, or the queue for writing is full: back-pressure, try again later."""


class StoreBroken(Exception):
    """A commit failed in a way that leaves its outcome unknown: end the process, read again."""


class StoreRefused(Exception):
    """The file cannot be used: locked by another daemon, newer than this program, or foreign."""


class Bell(Protocol):
    """Rung by the store itself right after a commit, in order, even if the caller is gone.

    The calls must not block and must not raise.
    """

    def inbox(self, rows: Sequence[InboxRow]) -> None:
        """New messages, in the order of their positions."""

    def lanes(self, rings: Sequence[LaneRing]) -> None:
        """New or newly due calls."""

    def looked_at(self, lanes: Sequence[str]) -> None:
        """Lanes that were claimed from: the claim has seen whatever rang of them until now."""

    def timer(self, due_ms: int) -> None:
        """A timer was set; the earliest due time among those just written."""


class Store(Protocol):
    """Durability for actors. One owner at a time; `epoch` names it."""

    @property
    def epoch(self) -> int:
        """Rises by one each time the store is opened."""

    async def accept(
        self, arrivals: Sequence[Arrival], receipts: Sequence[Receipt] = ()
    ) -> Acceptance:
        """Keep a batch from outside, all of it. Duplicates are taken silently.

        A receipt settles an outbox row of unknown fate as delivered; with `failure`, its row is
        marked rejected and the actor hears of it (once), unless the customer's phone had it or a
        later attempt was begun. A receipt of any attempt of a row counts. A window that opens makes
        the held rows of that actor pending. Raises StoreFull.
        """

    async def load(self, actor: ActorId) -> ActorRow | None:
        """An actor at rest, or None where it never was or was pruned."""

    async def open_inbox(self, actor: ActorId, after: int, limit: int) -> list[InboxRow]:
        """Unhandled messages of an actor beyond a position, in order."""

    async def count_recovery(self, position: int) -> int:
        """Record that a message found open at the start is about to be handled; the new count."""

    async def commit(self, unit: Commit) -> None:
        """Write what a turn decided.

        New effects with a topic drop what is pending or held of the same actor and topic. New
        aliases move parked messages to this actor's inbox. Messages whose id was seen before are
        left out. A unit with `expected_version` 0 and the state b"" closes the messages of somebody
        who does not exist: all else is written, but no actor, so that `load` answers None and
        `must_exist` refuses as before. Raises StaleCommit, ConstraintBroken, StoreFull; none of
        them touches a neighbour of the same group.
        """

    async def fire_timers(self, now_ms: int, limit: int) -> int | None:
        """Move due timers, earliest first, into their actors' inboxes; when the next is due."""

    async def claim(self, lane: str, now_ms: int) -> Claimed | NothingDue:
        """Record the next row of a lane as `sending` and give it out.

        The head of a lane is its first row, by position, that is due or was tried before; a row
        not yet due and never tried does not hold up the rows behind it. While a row is `sending`
        the lane gives out nothing.
        """

    async def settle(self, settlement: Settlement) -> bool:
        """Record what became of an attempt; False where it was settled by other means before.

        Rings the lane where the row is pending again, or was left `sending` by an earlier owner. A
        row to be held while the window has moved on since its claim is pending at once.
        """

    async def interrupted(self, limit: int) -> list[OutboxRow]:
        """Rows left `sending` by an earlier owner, in order: their fate is not known."""

    async def unknown_due(self, now_ms: int, limit: int) -> list[OutboxRow]:
        """Rows of unknown fate whose `due_ms` has come, earliest first."""

    async def open_lanes(self, after: str, limit: int) -> list[LaneRing]:
        """Lanes with pending rows, in the order of their names, beyond `after`."""

    async def actors_with_open_inbox(
        self, after: ActorId, accepted_before_ms: int, limit: int
    ) -> list[ActorId]:
        """Actors, in the order of their ids, with a message that waits since before a time."""

    async def keep_flow(self, version: str, body: bytes, at_ms: int) -> None:
        """Keep a version of the flow for the actors that are in it."""

    async def flows(self) -> dict[str, bytes]:
        """All versions of the flow that are kept."""

    async def prune(self, before_ms: int, limit: int) -> int:
        """Forget at most `limit` rows that ended before a time; how many. 0: nothing left.

        Handled messages (and with them the memory of duplicates), settled calls, parked messages
        whose time to wait ended before then (they become dead letters), flow versions that no
        actor is in, but for the newest, and held calls that became not worth sending before then
        (`not_after_ms < before_ms`; nobody is told, as when a held call is dropped by its topic).
        Also actors that are FINISHED since a last commit before then and for which nothing waits
        (no open message, no unsettled call, no timer), each of them counted as one row, together
        with their aliases and windows: a later message for such an actor finds nobody.
        Dead letters stay: they are the operator's.
        """

    # --- the operator's -------------------------------------------------------------------------

    async def dead_letters(self, after: int, limit: int) -> list[DeadLetterRow]:
        """Dead letters beyond a position, in order; those that belong to nobody included."""

    async def dead_letter(self, position: int) -> DeadLetterRow | None:
        """One dead letter, or None where there is none at this position."""

    async def replay_dead_letter(self, position: int, at_ms: int) -> bool:
        """Put the body of a dead letter into its actor's inbox again, as a message of its own.

        False where there is no such letter, or no actor it could go to. The new message is named
        `<id of the letter>.replay.<n>`, where n rises with each replay and leaves out ids that were
        seen before. It keeps time and cause of the letter and belongs to the present owner. The
        letter stays, marked with `at_ms`. A quarantined actor hears the replay as it hears
        everything: see `release`.
        """

    async def drop_dead_letter(self, position: int) -> bool:
        """Forget a dead letter and its body; False where there is no such letter.

        Its message id is remembered as that of a message handled when the letter died: the same
        event sent again is a duplicate, until `prune` forgets messages of that time.
        """

    async def release(self, actor: ActorId, at_ms: int) -> bool:
        """Make a quarantined actor active again, without failures, under its next version.

        False where there is no such actor, or it is not quarantined. Its state is left as it is,
        and nothing is rung. Whoever holds the actor in memory meets StaleCommit and reads again.
        """

    async def unknown_sends(self, after: int, limit: int) -> list[OutboxRow]:
        """Rows of unknown fate beyond a position, in order, whether they are due or not."""

    async def settle_unknown(self, effect: EffectId, outcome: SettleAs, at_ms: int) -> bool:
        """Settle a row of unknown fate by the operator's word; False where it is not (any more).

        DELIVERED and DROPPED end it, RESEND makes it pending, due at `at_ms`, counted as a resend,
        and rings its lane. The actor is told nothing. Raises ConstraintBroken for another outcome.
        """

    async def known_as(self, alias: str) -> ActorId | None:
        """Who is known by an alias."""

    async def heard(
        self, actors: Sequence[ActorId], after: int, span: int
    ) -> tuple[list[HeardRow], int | None]:
        """What actors heard and was not pruned, in order: of the `span` positions beyond `after`.

        And where to go on; None: there is nothing beyond. So one question is bounded work, however
        much is kept and however little of it is theirs.
        """

    async def called(
        self, actors: Sequence[ActorId], after: int, span: int
    ) -> tuple[list[CalledRow], int | None]:
        """The calls that actors decided on, as `heard`."""

    async def counts(self) -> Counts:
        """How much of everything there is."""

    async def ping(self) -> None:
        """Returns after the writer itself answered; raises StoreFull while the disk is full."""

    async def lull(self) -> None:
        """Return when work on the caller's thread hinders the store least. A hint, no promise.

        For work that nobody waits for within the next milliseconds: it comes after 5 ms where the
        thread is busy, else with the units that are being written at the latest.
        """
