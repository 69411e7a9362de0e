"""Calls of unknown fate: when they are looked at once more, and what becomes of them then.

What lives here: the waiting list and the look. What must not: the decision (`sending.reconcile`),
or lanes (`relay`).
"""

from __future__ import annotations

import heapq
from collections.abc import Awaitable, Callable

from structlog.typing import FilteringBoundLogger

from actors.codec import Unreadable, decode_call
from daemon import sending
from daemon.clock import Clock
from daemon.metrics import Metrics
from state.rows import OutboxRow, SettleAs, Settlement
from state.store import Store

_BATCH = 200
_EVER_MS = 1 << 62


class Unknowns:
    """Looks at messages to people whose receipts did not come in their time."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        settle: Callable[[Settlement], Awaitable[None]],
        rung: Callable[[], None],
        metrics: Metrics,
        log: FilteringBoundLogger,
    ) -> None:
        self._store = store
        self._clock = clock
        self._settle = settle
        self._rung = rung
        self._metrics = metrics
        self._log = log
        self._due: list[int] = []
        self.looking = 0
        """Looks under way."""

    def look_at(self, due_ms: int) -> None:
        """There is something to look at, at that time; whoever sleeps until then is rung."""
        heapq.heappush(self._due, due_ms)
        self._rung()

    @property
    def next_ms(self) -> int | None:
        """When the next look is due."""
        return self._due[0] if self._due else None

    def take_due(self, now_ms: int) -> bool:
        """Whether a look is due; one `look` then serves all that is."""
        due = False
        while self._due and self._due[0] <= now_ms:
            heapq.heappop(self._due)
            due = True
        if due:
            self.looking += 1
        return due

    async def look(self) -> None:
        """Settle what is due; call it once for each time `take_due` said so. May block."""
        try:
            now_ms = self._clock.now_ms()
            while rows := await self._store.unknown_due(now_ms, _BATCH):
                for row in rows:
                    await self._one(row, now_ms)
            for row in await self._store.unknown_due(_EVER_MS, 1):
                self.look_at(row.due_ms)
        finally:
            self.looking -= 1

    async def _one(self, row: OutboxRow, now_ms: int) -> None:
        try:
            settlement = sending.reconcile(row, decode_call(row.body), now_ms)
        except Unreadable:
            self._log.error("call_unreadable", actor=row.actor, effect=row.effect, alarm=True)
            settlement = sending.unreadable(row, now_ms)
        if settlement.outcome is SettleAs.RESEND:
            self._metrics.doubles_possible.labels(row.destination).inc()
        self._log.warning(
            "unknown_settled", actor=row.actor, effect=row.effect, settled=settlement.outcome.value
        )
        await self._settle(settlement)
