"""Durable timers: rows that become messages when they fall due.

What lives here: one task that sleeps until the next timer. What must not: what a timer means.
Timers survive restarts; what fell due while nobody was looking comes out at a bounded pace, so
that ten thousand overdue looks do not fall upon a provider in one second.
"""

from __future__ import annotations

import trio

from daemon.clock import Clock
from daemon.metrics import Metrics
from daemon.waiting import wait_for
from state.store import Store, StoreFull

_BATCH_S = 0.1
"""A tenth of a second's worth of timers is moved at once."""
_FULL_PAUSE_S = 1.0


class Timers:
    """Moves due timers into the inboxes of their actors."""

    def __init__(
        self, store: Store, clock: Clock, metrics: Metrics, *, per_second_max: int
    ) -> None:
        self._store = store
        self._clock = clock
        self._metrics = metrics
        self._batch = max(1, round(per_second_max * _BATCH_S))
        self._next_ms: int | None = 0
        self._sooner = trio.Event()
        self.firing = False
        """Whether due timers are being moved at this moment."""

    def timer(self, due_ms: int) -> None:
        """A timer was set; no checkpoint."""
        if self._next_ms is None or due_ms < self._next_ms:
            self._next_ms = due_ms
            self._sooner.set()

    def next_due_ms(self) -> int | None:
        """When the next timer falls due, as far as is known."""
        return self._next_ms

    async def run(self) -> None:
        """Fire timers until cancelled."""
        while True:
            await self._sleep()
            now_ms = self._clock.now_ms()
            # Rings during the look must not be overwritten by its answer.
            self._next_ms = None
            self.firing = True
            try:
                next_ms = await self._store.fire_timers(now_ms, self._batch)
            except StoreFull:
                self._next_ms = now_ms
                await trio.sleep(_FULL_PAUSE_S)
                continue
            finally:
                self.firing = False
            if next_ms is not None:
                self.timer(next_ms)
                if next_ms <= now_ms:
                    await trio.sleep(_BATCH_S)

    async def _sleep(self) -> None:
        while True:
            self._sooner = trio.Event()
            due_ms = self._next_ms
            if due_ms is not None and due_ms <= self._clock.now_ms():
                return
            await wait_for(self._sooner, self._clock, due_ms)
