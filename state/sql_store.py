"""The `Store` protocol on top of units of work: what both SQLite stores share.

What lives here: one method of the protocol a method, as a unit or a question. What must not: who
carries it out, and where (`room`, `inline_store`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

import trio

from actors.ids import ActorId, EffectId
from state import reading
from state.accepting import Accept
from state.connection import Connection
from state.mending import DropDeadLetter, Release, ReplayDeadLetter, SettleUnknown
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
from state.sending import Claim
from state.transactions import Unit
from state.upkeep import CountRecovery, FireTimers, KeepFlow, Ping, Prune

T = TypeVar("T")


class SqlStore(ABC):
    """A `Store`; its promises and errors are those of the protocol."""

    @property
    @abstractmethod
    def epoch(self) -> int:
        """Rises by one each time the store is opened."""

    @abstractmethod
    async def _write(self, unit: Unit) -> object:
        """Carry out a unit of work; its answer."""

    @abstractmethod
    async def _read(self, question: Callable[[Connection], T]) -> T:
        """Ask outside of any transaction; its answer."""

    # --- writing --------------------------------------------------------------------------------

    async def accept(
        self, arrivals: Sequence[Arrival], receipts: Sequence[Receipt] = ()
    ) -> Acceptance:
        """See `Store.accept`."""
        answer = await self._write(Accept(tuple(arrivals), tuple(receipts)))
        assert isinstance(answer, Acceptance)
        return answer

    async def commit(self, unit: Commit) -> None:
        """See `Store.commit`."""
        await self._write(unit)

    async def count_recovery(self, position: int) -> int:
        """See `Store.count_recovery`."""
        answer = await self._write(CountRecovery(position))
        assert isinstance(answer, int)
        return answer

    async def fire_timers(self, now_ms: int, limit: int) -> int | None:
        """See `Store.fire_timers`."""
        answer = await self._write(FireTimers(now_ms, limit))
        assert answer is None or isinstance(answer, int)
        return answer

    async def claim(self, lane: str, now_ms: int) -> Claimed | NothingDue:
        """See `Store.claim`."""
        answer = await self._write(Claim(lane, now_ms))
        assert isinstance(answer, Claimed | NothingDue)
        return answer

    async def settle(self, settlement: Settlement) -> bool:
        """See `Store.settle`."""
        answer = await self._write(settlement)
        assert isinstance(answer, bool)
        return answer

    async def keep_flow(self, version: str, body: bytes, at_ms: int) -> None:
        """See `Store.keep_flow`."""
        await self._write(KeepFlow(version, body, at_ms))

    async def prune(self, before_ms: int, limit: int) -> int:
        """See `Store.prune`."""
        answer = await self._write(Prune(before_ms, limit))
        assert isinstance(answer, int)
        return answer

    async def replay_dead_letter(self, position: int, at_ms: int) -> bool:
        """See `Store.replay_dead_letter`."""
        answer = await self._write(ReplayDeadLetter(position, at_ms))
        assert isinstance(answer, bool)
        return answer

    async def drop_dead_letter(self, position: int) -> bool:
        """See `Store.drop_dead_letter`."""
        answer = await self._write(DropDeadLetter(position))
        assert isinstance(answer, bool)
        return answer

    async def release(self, actor: ActorId, at_ms: int) -> bool:
        """See `Store.release`."""
        answer = await self._write(Release(actor, at_ms))
        assert isinstance(answer, bool)
        return answer

    async def settle_unknown(self, effect: EffectId, outcome: SettleAs, at_ms: int) -> bool:
        """See `Store.settle_unknown`."""
        answer = await self._write(SettleUnknown(effect, outcome, at_ms))
        assert isinstance(answer, bool)
        return answer

    async def ping(self) -> None:
        """See `Store.ping`."""
        await self._write(Ping())

    async def lull(self) -> None:
        """See `Store.lull`."""
        await trio.lowlevel.checkpoint()

    # --- reading --------------------------------------------------------------------------------

    async def load(self, actor: ActorId) -> ActorRow | None:
        """See `Store.load`."""
        return await self._read(partial(reading.load, actor=actor))

    async def open_inbox(self, actor: ActorId, after: int, limit: int) -> list[InboxRow]:
        """See `Store.open_inbox`."""
        return await self._read(partial(reading.open_inbox, actor=actor, after=after, limit=limit))

    async def interrupted(self, limit: int) -> list[OutboxRow]:
        """See `Store.interrupted`."""
        return await self._read(partial(reading.interrupted, epoch=self.epoch, limit=limit))

    async def unknown_due(self, now_ms: int, limit: int) -> list[OutboxRow]:
        """See `Store.unknown_due`."""
        return await self._read(partial(reading.unknown_due, now_ms=now_ms, limit=limit))

    async def unknown_sends(self, after: int, limit: int) -> list[OutboxRow]:
        """See `Store.unknown_sends`."""
        return await self._read(partial(reading.unknown_sends, after=after, limit=limit))

    async def dead_letters(self, after: int, limit: int) -> list[DeadLetterRow]:
        """See `Store.dead_letters`."""
        return await self._read(partial(reading.dead_letters, after=after, limit=limit))

    async def dead_letter(self, position: int) -> DeadLetterRow | None:
        """See `Store.dead_letter`."""
        return await self._read(partial(reading.dead_letter, position=position))

    async def open_lanes(self, after: str, limit: int) -> list[LaneRing]:
        """See `Store.open_lanes`."""
        return await self._read(partial(reading.open_lanes, after=after, limit=limit))

    async def actors_with_open_inbox(
        self, after: ActorId, accepted_before_ms: int, limit: int
    ) -> list[ActorId]:
        """See `Store.actors_with_open_inbox`."""
        return await self._read(
            partial(
                reading.actors_with_open_inbox,
                after=after,
                accepted_before_ms=accepted_before_ms,
                limit=limit,
            )
        )

    async def known_as(self, alias: str) -> ActorId | None:
        """See `Store.known_as`."""
        return await self._read(partial(reading.known_as, alias=alias))

    async def heard(
        self, actors: Sequence[ActorId], after: int, span: int
    ) -> tuple[list[HeardRow], int | None]:
        """See `Store.heard`."""
        return await self._read(partial(reading.heard, actors=actors, after=after, span=span))

    async def called(
        self, actors: Sequence[ActorId], after: int, span: int
    ) -> tuple[list[CalledRow], int | None]:
        """See `Store.called`."""
        return await self._read(partial(reading.called, actors=actors, after=after, span=span))

    async def flows(self) -> dict[str, bytes]:
        """See `Store.flows`."""
        return await self._read(reading.flows)

    async def counts(self) -> Counts:
        """See `Store.counts`."""
        return await self._read(reading.counts)
