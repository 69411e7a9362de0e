"""What goes on beside the work: forgetting what is old, and looking for what was missed.

What lives here: the pruner and the sweep. What must not: anything that correctness rests on: the
sweep is expected to find nothing, and counts what it finds.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import trio
from structlog.typing import FilteringBoundLogger

from actors.ids import ActorId
from daemon.clock import Clock
from daemon.metrics import Metrics
from daemon.registry import Registry
from state.rows import LaneRing
from state.store import Store, StoreFull

_DAY_MS = 86_400_000
_PRUNE_BATCH = 500
_PRUNE_EVERY_S = 600.0
_BATCH = 200
_EVER_MS = 1 << 62


class SupportsLanes(Protocol):
    """What the sweep needs of the relay. Neither method waits."""

    def lanes(self, rings: Sequence[LaneRing]) -> None:
        """Lanes have something new."""

    def knows(self, lane: str) -> bool:
        """Whether a lane is being served, is about to be, or is held back for a reason."""


async def prune(
    store: Store, clock: Clock, log: FilteringBoundLogger, *, message_keep_days: int
) -> None:
    """Forget, in small batches, what ended long ago; until cancelled."""
    while True:
        forgotten = 0
        try:
            before_ms = clock.now_ms() - message_keep_days * _DAY_MS
            while count := await store.prune(before_ms, _PRUNE_BATCH):
                forgotten += count
                await trio.sleep(0.05)
        except StoreFull:
            log.warning("prune_postponed")
        if forgotten:
            log.info("pruned", rows=forgotten)
        await trio.sleep(_PRUNE_EVERY_S)


async def expect_waiting(store: Store, registry: Registry) -> int:
    """Let the registry expect every actor with an open message; how many. May block."""
    found = 0
    after = ActorId("")
    while actors := await store.actors_with_open_inbox(after, _EVER_MS, _BATCH):
        registry.expect(actors)
        found += len(actors)
        after = actors[-1]
    return found


async def sweep(
    store: Store,
    registry: Registry,
    clock: Clock,
    metrics: Metrics,
    log: FilteringBoundLogger,
    *,
    relay: SupportsLanes,
    sweep_s: float,
) -> None:
    """Ring actors and lanes that wait for long, in case a ring was lost; until cancelled."""
    while True:
        await trio.sleep(sweep_s)
        old_ms = clock.now_ms() - round(sweep_s * 1000)
        actors = await _wake_lost(store, registry, old_ms)
        lanes = await _lost_lanes(store, relay, old_ms)
        relay.lanes(lanes)
        if actors or lanes:
            metrics.sweep_found.inc(actors + len(lanes))
            log.error("sweep_found", actors=actors, lanes=len(lanes), alarm=True)


async def _wake_lost(store: Store, registry: Registry, old_ms: int) -> int:
    found = 0
    after = ActorId("")
    while actors := await store.actors_with_open_inbox(after, old_ms, _BATCH):
        for actor in actors:
            # An actor that is awake reads by itself: slow is not lost.
            if not registry.is_live(actor):
                registry.wake(actor)
                found += 1
        after = actors[-1]
    return found


async def _lost_lanes(store: Store, relay: SupportsLanes, old_ms: int) -> list[LaneRing]:
    suspects = {ring.lane for ring in await _overdue(store, relay, old_ms)}
    if not suspects:
        return []
    # A lane may have been emptied, and so forgotten by the relay, while its row was on its way
    # here. What was unknown before a second look and is still due in it, is lost.
    return [ring for ring in await _overdue(store, relay, old_ms) if ring.lane in suspects]


async def _overdue(store: Store, relay: SupportsLanes, old_ms: int) -> list[LaneRing]:
    """Lanes with a call that is due since before a time, and that the relay does not know."""
    found: list[LaneRing] = []
    after = ""
    while rings := await store.open_lanes(after, _BATCH):
        found += [ring for ring in rings if ring.due_ms < old_ms and not relay.knows(ring.lane)]
        after = rings[-1].lane
    return found
