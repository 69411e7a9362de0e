"""A `Store` in dicts, with the same promises: for tests and quick simulations.

What lives here: the protocol over a `MemoryDisk`. What must not: SQL, or anything that the SQLite
stores do not do too.

Every method has a checkpoint before and one after its work and none within. What can go wrong is
looked at before anything is changed, so that a unit which is refused has done nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

import trio
from msgspec.structs import replace

from actors.ids import ActorId, EffectId, timer_message_id
from state import memory_history, memory_mending, memory_outbox, memory_turns
from state.memory_disk import MemoryDisk
from state.rows import (
    Acceptance,
    ActorRow,
    ActorStatus,
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
from state.store import Bell, ConstraintBroken, StaleCommit
from state.work import Rings


class MemoryStore:
    """A `Store`; its promises and errors are those of the protocol."""

    def __init__(self, disk: MemoryDisk, bell: Bell) -> None:
        disk.epoch += 1
        self._disk = disk
        self._bell = bell
        self._epoch = disk.epoch

    @property
    def epoch(self) -> int:
        """Rises by one each time a store is opened on the disk."""
        return self._epoch

    async def _begin(self) -> tuple[MemoryDisk, Rings]:
        await trio.lowlevel.checkpoint()
        if self._disk.epoch != self._epoch:
            raise StaleCommit("the store has another owner by now")
        return self._disk, Rings()

    async def _end(self, rings: Rings) -> None:
        rings.ring(self._bell)
        await trio.lowlevel.checkpoint()

    async def _look(self) -> MemoryDisk:
        await trio.lowlevel.checkpoint()
        return self._disk

    # --- accepting ------------------------------------------------------------------------------

    async def accept(
        self, arrivals: Sequence[Arrival], receipts: Sequence[Receipt] = ()
    ) -> Acceptance:
        """See `Store.accept`."""
        disk, rings = await self._begin()
        tally = dict.fromkeys(("taken", "duplicates", "parked", "refused"), 0)
        windows: dict[ActorId, tuple[int, int]] = {}
        for arrival in arrivals:
            tally[memory_turns.take(disk, rings, arrival, windows)] += 1
        disk.open_windows(rings, windows)
        known = sum([memory_outbox.apply_receipt(disk, rings, receipt) for receipt in receipts])
        await self._end(rings)
        return Acceptance(**tally, receipts_known=known, receipts_unknown=len(receipts) - known)

    # --- actors ---------------------------------------------------------------------------------

    async def load(self, actor: ActorId) -> ActorRow | None:
        """See `Store.load`."""
        return (await self._look()).actors.get(actor)

    async def open_inbox(self, actor: ActorId, after: int, limit: int) -> list[InboxRow]:
        """See `Store.open_inbox`."""
        disk = await self._look()
        rows = [
            letter.row
            for position, letter in disk.letters.items()
            if letter.done_ms is None and letter.row.actor == actor and position > after
        ]
        return rows[:limit]

    async def count_recovery(self, position: int) -> int:
        """See `Store.count_recovery`."""
        disk, rings = await self._begin()
        letter = disk.letters.get(position)
        if letter is None or letter.done_ms is not None:
            raise ConstraintBroken("no message is open at this position")
        letter.row = replace(letter.row, recoveries=letter.row.recoveries + 1)
        await self._end(rings)
        return letter.row.recoveries

    async def commit(self, unit: Commit) -> None:
        """See `Store.commit`."""
        disk, rings = await self._begin()
        memory_turns.check(disk, unit)
        memory_turns.apply(disk, rings, unit)
        await self._end(rings)

    async def actors_with_open_inbox(
        self, after: ActorId, accepted_before_ms: int, limit: int
    ) -> list[ActorId]:
        """See `Store.actors_with_open_inbox`."""
        disk = await self._look()
        waiting = {
            letter.row.actor
            for letter in disk.letters.values()
            if letter.done_ms is None and letter.row.at_ms < accepted_before_ms
        }
        return sorted(actor for actor in waiting if actor > after)[:limit]

    # --- time -----------------------------------------------------------------------------------

    async def fire_timers(self, now_ms: int, limit: int) -> int | None:
        """See `Store.fire_timers`."""
        disk, rings = await self._begin()
        due = sorted((t.due_ms, key) for key, t in disk.timers.items() if t.due_ms <= now_ms)
        for _, key in due[:limit]:
            timer = disk.timers.pop(key)
            message_id = timer_message_id(timer.actor, timer.name, timer.generation)
            disk.put(rings, message_id, timer.actor, now_ms, timer.body)
        await self._end(rings)
        return min((timer.due_ms for timer in disk.timers.values()), default=None)

    async def keep_flow(self, version: str, body: bytes, at_ms: int) -> None:
        """See `Store.keep_flow`."""
        disk, rings = await self._begin()
        first, kept_ms = disk.kept_flows.get(version, (body, at_ms))
        disk.kept_flows[version] = (first, max(kept_ms, at_ms))
        await self._end(rings)

    async def known_as(self, alias: str) -> ActorId | None:
        """See `Store.known_as`."""
        return (await self._look()).aliases.get(alias)

    async def heard(
        self, actors: Sequence[ActorId], after: int, span: int
    ) -> tuple[list[HeardRow], int | None]:
        """See `Store.heard`."""
        return memory_history.heard(await self._look(), actors, after, span)

    async def called(
        self, actors: Sequence[ActorId], after: int, span: int
    ) -> tuple[list[CalledRow], int | None]:
        """See `Store.called`."""
        return memory_history.called(await self._look(), actors, after, span)

    async def flows(self) -> dict[str, bytes]:
        """See `Store.flows`."""
        disk = await self._look()
        return {version: body for version, (body, _) in sorted(disk.kept_flows.items())}

    async def prune(self, before_ms: int, limit: int) -> int:
        """See `Store.prune`."""
        disk, rings = await self._begin()
        done = memory_turns.prune(disk, before_ms, limit)
        await self._end(rings)
        return done

    # --- calls ----------------------------------------------------------------------------------

    async def claim(self, lane: str, now_ms: int) -> Claimed | NothingDue:
        """See `Store.claim`."""
        disk, rings = await self._begin()
        answer = memory_outbox.claim(disk, lane, now_ms)
        rings.looked_at.append(lane)
        await self._end(rings)
        return answer

    async def settle(self, settlement: Settlement) -> bool:
        """See `Store.settle`."""
        disk, rings = await self._begin()
        answer = memory_outbox.settle(disk, rings, settlement)
        await self._end(rings)
        return answer

    async def interrupted(self, limit: int) -> list[OutboxRow]:
        """See `Store.interrupted`."""
        disk = await self._look()
        rows = [
            call.outside(disk.windows.get(call.actor))
            for call in disk.calls.values()
            if call.state == "sending" and call.epoch < self._epoch
        ]
        return rows[:limit]

    async def unknown_due(self, now_ms: int, limit: int) -> list[OutboxRow]:
        """See `Store.unknown_due`."""
        disk = await self._look()
        rows = [
            call.outside(disk.windows.get(call.actor))
            for call in disk.calls.values()
            if call.state == "unknown" and call.due_ms <= now_ms
        ]
        return sorted(rows, key=lambda row: (row.due_ms, row.position))[:limit]

    async def open_lanes(self, after: str, limit: int) -> list[LaneRing]:
        """See `Store.open_lanes`."""
        disk = await self._look()
        lanes: dict[str, LaneRing] = {}
        for call in disk.calls.values():
            if call.state == "pending" and call.new.lane > after:
                ring = call.ring(call.due_ms)
                known = lanes.get(ring.lane, ring)
                lanes[ring.lane] = LaneRing(
                    ring.lane,
                    min(known.destination, ring.destination),
                    min(known.due_ms, ring.due_ms),
                )
        return [lanes[lane] for lane in sorted(lanes)[:limit]]

    # --- the operator's -------------------------------------------------------------------------

    async def dead_letters(self, after: int, limit: int) -> list[DeadLetterRow]:
        """See `Store.dead_letters`."""
        disk = await self._look()
        found = [memory_mending.dead_letter(disk, place) for place in disk.letters if place > after]
        return [row for row in found if row is not None][:limit]

    async def dead_letter(self, position: int) -> DeadLetterRow | None:
        """See `Store.dead_letter`."""
        return memory_mending.dead_letter(await self._look(), position)

    async def replay_dead_letter(self, position: int, at_ms: int) -> bool:
        """See `Store.replay_dead_letter`."""
        disk, rings = await self._begin()
        found = memory_mending.replay(disk, rings, position, at_ms)
        await self._end(rings)
        return found

    async def drop_dead_letter(self, position: int) -> bool:
        """See `Store.drop_dead_letter`."""
        disk, rings = await self._begin()
        found = memory_mending.drop(disk, position)
        await self._end(rings)
        return found

    async def release(self, actor: ActorId, at_ms: int) -> bool:
        """See `Store.release`."""
        disk, rings = await self._begin()
        found = memory_mending.release(disk, actor, at_ms)
        await self._end(rings)
        return found

    async def unknown_sends(self, after: int, limit: int) -> list[OutboxRow]:
        """See `Store.unknown_sends`."""
        disk = await self._look()
        rows = [
            call.outside(disk.windows.get(call.actor))
            for call in disk.calls.values()
            if call.state == "unknown" and call.position > after
        ]
        return rows[:limit]

    async def settle_unknown(self, effect: EffectId, outcome: SettleAs, at_ms: int) -> bool:
        """See `Store.settle_unknown`."""
        disk, rings = await self._begin()
        found = memory_mending.settle_unknown(disk, rings, effect, outcome, at_ms)
        await self._end(rings)
        return found

    # --- counting -------------------------------------------------------------------------------

    async def counts(self) -> Counts:
        """See `Store.counts`."""
        disk = await self._look()
        statuses = [row.status for row in disk.actors.values()]
        states = [call.state for call in disk.calls.values()]
        letters = disk.letters.values()
        return Counts(
            actors={status.value: statuses.count(status) for status in ActorStatus},
            inbox_open=sum(letter.done_ms is None for letter in letters),
            inbox_dead=sum(letter.error is not None for letter in letters),
            outbox={s: states.count(s) for s in ("pending", "sending", "held", "unknown")},
            timers=len(disk.timers),
            parked=len(disk.parked),
        )

    async def ping(self) -> None:
        """See `Store.ping`."""
        _, rings = await self._begin()
        await self._end(rings)

    async def lull(self) -> None:
        """See `Store.lull`."""
        await trio.lowlevel.checkpoint()
