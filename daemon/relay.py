"""The relay: from the outbox to the vendors, lane by lane.

What lives here: which lane is served when, how many calls a destination gets at once, pauses, and
recording what became of each. What must not: what to do with an outcome (`sending`, purely), or a
vendor's word (adapters).

Order is kept within a lane, because the store gives out one row of it at a time. Each destination
has its own queue of lanes and its own few workers, so that a slow vendor slows only itself.
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Iterable, Sequence

import trio
from structlog.typing import FilteringBoundLogger

from actors import outcomes
from actors.calls import Promise
from actors.codec import Unreadable, decode_call
from actors.values import Fault
from adapters.ports import Sender
from daemon import call_log, sending
from daemon.clock import Clock
from daemon.metrics import Metrics
from daemon.patience import Patience, UnderWay
from daemon.pauses import Pauses
from daemon.pools import CONTROL, Destination, pool_of, pools_of
from daemon.senders import Senders
from daemon.sending import Pace
from daemon.unknowns import Unknowns
from daemon.waiting import wait_for
from state.rows import Claimed, LaneRing, NewEffect, NothingDue, OutboxRow, SettleAs, Settlement
from state.store import Store, StoreFull

_FULL_PAUSE_S = 1.0
_BATCH = 200


class Relay:
    """Sends what the actors decided."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        sender_of: Callable[[str], Sender | None],
        metrics: Metrics,
        log: FilteringBoundLogger,
        *,
        pace: Pace,
        concurrency_of: Callable[[str], int],
        pauses: Pauses | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._senders = Senders(sender_of, log)
        self._metrics = metrics
        self._log = log
        self._pace = pace
        self._concurrency_of = concurrency_of
        self._pauses = pauses or Pauses(None)
        self._destinations: dict[str, Destination] = {}
        self._serving: dict[str, bool] = {}
        """Lanes that a worker has, and whether they rang meanwhile."""
        self._later: list[tuple[int, str, str]] = []
        """Heap of (due, lane, destination)."""
        self._held: dict[str, str] = {}
        """Lanes that the operator paused, and their destinations."""
        self._news = trio.Event()
        self._unknowns = Unknowns(store, clock, self._settle, self._ring, metrics, log)
        self._patience = Patience(pace.unknown_after_s, self._give_up)
        self._detached = 0
        """Calls under way for which their lanes do not wait any more."""
        self._workers: trio.Nursery | None = None
        self._ended = trio.Event()
        """Set whenever a call has ended; for a stop that waits."""
        self._stopping = False

    # --- ringing (no checkpoint in any of these) ------------------------------------------------

    def lanes(self, rings: Sequence[LaneRing]) -> None:
        """Lanes have something new."""
        now_ms = self._clock.now_ms()
        for ring in rings:
            pool = pool_of(ring.lane, ring.destination)
            if ring.due_ms > now_ms:
                heapq.heappush(self._later, (ring.due_ms, ring.lane, pool))
                self._news.set()
            else:
                self._ready(ring.lane, pool)

    def looked_at(self, lanes: Sequence[str]) -> None:
        """What rang in these lanes until now was seen by the claim that was just answered."""
        for lane in lanes:
            if lane in self._serving:
                self._serving[lane] = False

    def expect(self, effects: Iterable[NewEffect]) -> None:
        """Calls that are about to be committed: workers claim them behind that very commit.

        Where the commit comes to nothing, a worker finds nothing; where it comes later than its
        worker, it rings as usual.
        """
        now_ms = self._clock.now_ms()
        for effect in effects:
            if effect.not_before_ms is None or effect.not_before_ms <= now_ms:
                self._ready(effect.lane, pool_of(effect.lane, effect.destination))

    def _ready(self, lane: str, name: str) -> None:
        if lane in self._serving:
            self._serving[lane] = True
            return
        destination = self._destination(name)
        destination.ready[lane] = None
        self._staff(name, destination)

    def _staff(self, name: str, destination: Destination) -> None:
        """Put a worker on each lane that waits, as far as the destination takes more calls."""
        if self._workers is None or self._stopping or self._is_paused(destination):
            return
        surplus = min(destination.concurrency - destination.active, len(destination.ready))
        for _ in range(surplus):
            destination.active += 1
            if destination.resting:
                destination.resting.unpark()
            else:
                self._workers.start_soon(self._serve, name, destination)

    def _is_paused(self, destination: Destination) -> bool:
        return destination.paused_until_ms > self._clock.now_ms()

    def _destination(self, name: str) -> Destination:
        found = self._destinations.get(name)
        if found is None:
            found = self._destinations[name] = Destination(
                self._concurrency_of(name.removesuffix(CONTROL))
            )
        return found

    def pause(self, name: str, pause_s: float) -> None:
        """Send nothing to a destination for a while."""
        until_ms = self._clock.now_ms() + round(pause_s * 1000)
        destination = self._destination(name)
        destination.paused_until_ms = max(destination.paused_until_ms, until_ms)

    def _ring(self) -> None:
        self._news.set()

    def resumed(self) -> None:
        """Something that the operator had paused may go on."""
        held, self._held = self._held, {}
        for lane, name in held.items():
            self._ready(lane, name)

    def knows(self, lane: str) -> bool:
        """Whether a lane is being served, is about to be, or is held back for a reason."""
        ready = any(lane in one.ready for one in self._destinations.values())
        later = any(lane == other for _, other, _ in self._later)
        return ready or later or lane in self._serving or lane in self._held

    def waiting(self, now_ms: int) -> dict[str, int]:
        """Destinations that are left alone for a while, and for how many seconds."""
        return {
            name: (one.paused_until_ms - now_ms) // 1000 + 1
            for name, one in self._destinations.items()
            if one.paused_until_ms > now_ms
        }

    @property
    def active(self) -> int:
        """Calls under way, and lanes that could be served now."""
        now_ms = self._clock.now_ms()
        ready = sum(
            len(one.ready) for one in self._destinations.values() if one.paused_until_ms <= now_ms
        )
        return len(self._serving) + self._detached + ready + self._unknowns.looking

    def next_due_ms(self) -> int | None:
        """When something falls due by itself."""
        dues = [entry[0] for entry in self._later[:1]]
        if self._unknowns.next_ms is not None:
            dues.append(self._unknowns.next_ms)
        now_ms = self._clock.now_ms()
        dues += [
            one.paused_until_ms
            for one in self._destinations.values()
            if one.ready and one.paused_until_ms > now_ms
        ]
        return min(dues, default=None)

    # --- tasks ----------------------------------------------------------------------------------

    async def recover(self) -> None:
        """Find what an earlier process left: calls under way then, and calls never made."""
        while rows := await self._store.interrupted(_BATCH):
            for row in rows:
                await self._settle(self._interrupted(row))
        after = ""
        while rings := await self._store.open_lanes(after, _BATCH):
            self.lanes(rings)
            after = rings[-1].lane
        # Rows of unknown fate wait for their time; look for them at once and whenever one is due.
        self._unknowns.look_at(self._clock.now_ms())

    def _interrupted(self, row: OutboxRow) -> Settlement:
        now_ms = self._clock.now_ms()
        fault = Fault(outcomes.INTERRUPTED)
        try:
            call = decode_call(row.body)
        except Unreadable:
            return self._unreadable(row, now_ms)
        # Also where the destination is not configured any more: nobody knows what it did before.
        self._metrics.unknown_sends.labels(row.destination).inc()
        self._log.warning(
            "call_interrupted", actor=row.actor, effect=row.effect, call=type(call).__name__
        )
        promise = self._senders.promise(row.destination, call)
        return sending.after_unknown(row, call, fault, promise, now_ms, self._pace)

    async def run(self) -> None:
        """Serve lanes until cancelled."""
        async with trio.open_nursery() as workers:
            self._workers = workers
            workers.start_soon(self._patience.run)
            while True:
                self._news = trio.Event()
                due_ms = self._dispatch(workers)
                await wait_for(self._news, self._clock, due_ms)

    def stop(self) -> None:
        """Begin no call any more; those under way end by themselves."""
        self._stopping = True
        self._news.set()

    async def drained(self) -> None:
        """Returns when no call is under way; for a stop."""
        while self._serving or self._detached:
            self._ended = trio.Event()
            await self._ended.wait()

    def _dispatch(self, workers: trio.Nursery) -> int | None:
        """Begin what has fallen due by itself; when the next thing does."""
        if self._stopping:
            return None
        now_ms = self._clock.now_ms()
        while self._later and self._later[0][0] <= now_ms:
            _, lane, name = heapq.heappop(self._later)
            self._ready(lane, name)
        if self._unknowns.take_due(now_ms):
            workers.start_soon(self._unknowns.look)
        for name, destination in self._destinations.items():
            self._staff(name, destination)
        return self.next_due_ms()

    async def _serve(self, name: str, destination: Destination) -> None:
        """A worker: works off what waits, and rests until it is put on a lane again."""
        while True:
            await self._work_off(name, destination)
            await destination.resting.park()

    async def _work_off(self, name: str, destination: Destination) -> None:
        """One row of each waiting lane in turn, until none waits."""
        try:
            while destination.ready and not self._stopping and not self._is_paused(destination):
                lane, _ = destination.ready.popitem(last=False)
                if self._pauses.holds(lane):
                    self._held[lane] = name
                else:
                    await self._one(lane, name)
        finally:
            destination.active -= 1
            if destination.ready:
                self._news.set()  # a pause has an end, and somebody must wait for it
            self._ended.set()

    async def _one(self, lane: str, name: str) -> None:
        """Claim a row, send it, record it, and let the lane go."""
        self._serving[lane] = False
        call: UnderWay | None = None
        more = False
        try:
            match await self._claim(lane, name):
                case NothingDue(next_due_ms):
                    if next_due_ms is not None:
                        heapq.heappush(self._later, (next_due_ms, lane, name))
                        self._news.set()
                case Claimed(row, more):
                    call = UnderWay(row, name, more)
                    await self._settle(await self._attempt(row, call))
                case None:
                    more = True
        finally:
            if call is not None and call.detached:
                self._detached -= 1
            else:
                self._let_go(lane, name, more=more)

    def _let_go(self, lane: str, name: str, *, more: bool) -> None:
        """A lane is served no longer, and stands in line again where it has more."""
        rang = self._serving.pop(lane)
        if more or rang:
            self._ready(lane, name)

    async def _claim(self, lane: str, name: str) -> Claimed | NothingDue | None:
        try:
            return await self._store.claim(lane, self._clock.now_ms())
        except StoreFull:
            # Without a record there must be no call: the disk is full, everybody waits.
            self.pause(name, _FULL_PAUSE_S)
            return None

    # --- answers that do not come ---------------------------------------------------------------

    def _give_up(self, call: UnderWay) -> None:
        assert self._workers is not None
        call.detached = True
        self._detached += 1
        self._workers.start_soon(self._set_aside, call)

    async def _set_aside(self, call: UnderWay) -> None:
        """Call it unknown, and let its lane go on.

        What becomes of the call is recorded whenever it is known. Until then it counts as under way
        at its destination.
        """
        row = call.row
        self._log.warning("call_set_aside", actor=row.actor, effect=row.effect)
        await self._settle(sending.set_aside(row, self._clock.now_ms(), self._pace))
        self._let_go(row.lane, call.pool, more=call.more)

    # --- one attempt ----------------------------------------------------------------------------

    async def _attempt(self, row: OutboxRow, under_way: UnderWay) -> Settlement:
        await self._store.lull()
        now_ms = self._clock.now_ms()
        try:
            call = decode_call(row.body)
        except Unreadable:
            return self._unreadable(row, now_ms)
        instead = sending.before(row, call, now_ms)
        if instead is not None:
            self._log.info(
                "call_not_made",
                actor=row.actor,
                effect=row.effect,
                call=type(call).__name__,
                settled=instead.outcome.value,
                reason=instead.error,
            )
            return instead
        promise = self._senders.promise(row.destination, call)
        began = time.monotonic()
        if promise is Promise.RECONCILED:
            self._patience.begin(under_way)
        try:
            outcome = await self._senders.perform(row, call, now_ms)
        finally:
            # It is known what became of it; its record may take long (a full disk), and the
            # message behind must not pass it meanwhile.
            self._patience.end(under_way)
        seconds = time.monotonic() - began
        now_ms = self._clock.now_ms()
        settlement = sending.after(row, call, outcome, promise, now_ms, self._pace)
        pause_s = sending.pause_s(outcome, self._pace)
        if pause_s is not None:
            for pool in pools_of(row.destination):
                self.pause(pool, pause_s)
        call_log.tell(self._log, self._metrics, row, call, outcome, settlement, seconds)
        return settlement

    async def _settle(self, settlement: Settlement) -> None:
        while True:
            try:
                await self._store.settle(settlement)
            except StoreFull:
                await trio.sleep(_FULL_PAUSE_S)
            else:
                break
        if settlement.outcome is SettleAs.UNKNOWN and settlement.due_ms is not None:
            self._unknowns.look_at(settlement.due_ms)

    def _unreadable(self, row: OutboxRow, now_ms: int) -> Settlement:
        self._log.error("call_unreadable", actor=row.actor, effect=row.effect, alarm=True)
        return sending.unreadable(row, now_ms)
