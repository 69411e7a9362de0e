"""From what a request meant to rows: the last step before a vendor hears "taken".

What lives here: translating a `Reception` and committing it. What must not: HTTP, or a vendor's
word. New conversations get their id here: random, never made from a number or a vendor's id, so
that a number which changes hands does not inherit a stranger's chat.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable

from structlog.typing import FilteringBoundLogger

from actors.codec import encode_message
from actors.ids import CONVERSATION, EffectId, actor_id
from actors.messages import DeliveryFailed
from actors.values import Fault
from adapters.ports import (
    Damaged,
    DeliveryReceipt,
    Event,
    ForActor,
    ForAlias,
    ForCustomer,
    Reception,
)
from daemon.clock import Clock
from state.rows import (
    Acceptance,
    Arrival,
    Receipt,
    ToActor,
    ToAlias,
    ToDeadLetters,
)
from state.store import Store


class Intake:
    """Commits what came in; one unit of work a request."""

    def __init__(self, store: Store, clock: Clock, log: FilteringBoundLogger) -> None:
        self._store = store
        self._clock = clock
        self._log = log
        self.under_way = 0
        """Requests that are being committed."""

    async def accept(self, reception: Reception, source: str) -> Acceptance:
        """Commit; returns when it is durable. Raises StoreFull."""
        now_ms = self._clock.now_ms()
        arrivals = [arrival_of(event, now_ms, _minted) for event in reception.events]
        receipts = [receipt_of(receipt, now_ms) for receipt in reception.receipts]
        self.under_way += 1
        try:
            accepted = await self._store.accept(arrivals, receipts)
        finally:
            self.under_way -= 1
        self._tell_log(reception, accepted, source)
        return accepted

    def _tell_log(self, reception: Reception, accepted: Acceptance, source: str) -> None:
        if reception.events or accepted.receipts_unknown:
            self._log.info(
                "accepted",
                source=source,
                message_ids=[event.message_id for event in reception.events[:20]],
                taken=accepted.taken,
                duplicates=accepted.duplicates or None,
                parked=accepted.parked or None,
                refused=accepted.refused or None,
                receipts=accepted.receipts_known or None,
                receipts_unknown=accepted.receipts_unknown or None,
            )


def _minted() -> str:
    return secrets.token_hex(16)


def arrival_of(event: Event | Damaged, now_ms: int, mint: Callable[[], str]) -> Arrival:
    """An event as a row. `mint`: what a new conversation's id is made from, never said twice."""
    if isinstance(event, Damaged):
        return Arrival(event.message_id, ToDeadLetters(event.error), now_ms, event.raw)
    window_ms = None
    if event.opens_window_s is not None:
        window_ms = now_ms + event.opens_window_s * 1000
    body = encode_message(event.message)
    match event.target:
        case ForActor(actor, must_exist):
            return Arrival(event.message_id, ToActor(actor), now_ms, body, window_ms, must_exist)
        case ForCustomer(alias):
            target = ToAlias(alias, actor_id(CONVERSATION, mint()))
            return Arrival(event.message_id, target, now_ms, body, window_ms)
        case ForAlias(alias, park_s):
            park_until_ms = now_ms + park_s * 1000
            target = ToAlias(alias, None, park_until_ms)
            return Arrival(event.message_id, target, now_ms, body, window_ms)


def receipt_of(receipt: DeliveryReceipt, now_ms: int) -> Receipt:
    """A receipt as the store takes it."""
    failure = None
    if receipt.fault_code is not None:
        effect = EffectId(receipt.attempt_id.rpartition(".")[0])
        fault = Fault(receipt.fault_code, receipt.fault_detail)
        failure = encode_message(DeliveryFailed(effect, fault))
    return Receipt(receipt.attempt_id, receipt.rank, now_ms, receipt.vendor_id, failure)
