"""Vendors' senders, behind a face that never raises.

What lives here: finding the sender of a destination, and what stands for a bug in it. What must
not: when a call is made, or what becomes of it (`relay`, `sending`).
"""

from __future__ import annotations

from collections.abc import Callable

from structlog.typing import FilteringBoundLogger

from actors import outcomes
from actors.calls import Call, Promise, promise_of
from actors.outcomes import Outcome, Rejected, Unknown
from actors.values import Fault
from adapters.ports import Attempt, Sender
from state.rows import OutboxRow


class Senders:
    """Carries out calls by whoever is configured for their destinations."""

    def __init__(
        self, sender_of: Callable[[str], Sender | None], log: FilteringBoundLogger
    ) -> None:
        self._sender_of = sender_of
        self._log = log

    def promise(self, destination: str, call: Call) -> Promise:
        """What holds for a call there; where nobody can say, what every adapter keeps at least."""
        sender = self._sender_of(destination)
        try:
            return sender.promise(call) if sender is not None else promise_of(call)
        except Exception:  # noqa: BLE001  (a bug in an adapter must not end the relay)
            self._log.exception("adapter_raised", call=type(call).__name__)
            return promise_of(call)

    async def perform(self, row: OutboxRow, call: Call, now_ms: int) -> Outcome:
        """Make one attempt; blocks for as long as the adapter lets it."""
        sender = self._sender_of(row.destination)
        if sender is None:
            return Rejected(Fault(outcomes.NOT_CONFIGURED), alarm=True)
        attempt = Attempt(
            f"{row.effect}.{row.attempts}", row.attempts, now_ms, row.actor, row.effect
        )
        try:
            return await sender.perform(call, attempt)
        except Exception:  # noqa: BLE001  (the lane must go on; the bug is logged and settled)
            # A bug in an adapter; nobody knows how far the call got.
            self._log.exception("adapter_raised", call=type(call).__name__, effect=row.effect)
            return Unknown(Fault(outcomes.ADAPTER_BUG))
