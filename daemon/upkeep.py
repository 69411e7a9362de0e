"""What goes on beside the work: forgetting what is old, and looking for what was missed.

What lives here: the pruner and the sweep. What must not: anything that correctness rests on: the
sweep is expected to find nothing, and counts what it finds.
"""

from __future__ import annotations

import trio
from structlog.typing import FilteringBoundLogger

from actors.ids import ActorId
from daemon.clock import Clock
from daemon.metrics import Metrics
from daemon.registry import Registry
from state.store import Store, StoreFull

_DAY_MS = 86_400_000
_PRUNE_BATCH = 500
_PRUNE_EVERY_S = 600.0
_BATCH = 200


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


async def wake_waiting(store: Store, registry: Registry, before_ms: int) -> int:
    """Wake every actor with a message that waits since before a time; how many. May block."""
    woken = 0
    after = ActorId("")
    while actors := await store.actors_with_open_inbox(after, before_ms, _BATCH):
        for actor in actors:
            registry.wake(actor)
        woken += len(actors)
        after = actors[-1]
    return woken


async def sweep(
    store: Store,
    registry: Registry,
    clock: Clock,
    metrics: Metrics,
    log: FilteringBoundLogger,
    *,
    sweep_s: float,
) -> None:
    """Ring actors whose messages wait for long, in case a ring was lost; until cancelled."""
    while True:
        await trio.sleep(sweep_s)
        old_ms = clock.now_ms() - round(sweep_s * 1000)
        found = 0
        after = ActorId("")
        while actors := await store.actors_with_open_inbox(after, old_ms, _BATCH):
            for actor in actors:
                # An actor that is awake reads by itself: slow is not lost.
                if not registry.is_live(actor):
                    registry.wake(actor)
                    found += 1
            after = actors[-1]
        if found:
            metrics.sweep_found.inc(found)
            log.error("sweep_found", actors=found, alarm=True)
