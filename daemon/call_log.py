"""What is counted and logged of one attempt at a call.

What lives here: that line and its metrics, and which faults are an operator's to mend. What must
not: what becomes of the call (`sending`), or personal data.
"""

from __future__ import annotations

from structlog.typing import FilteringBoundLogger

from actors import outcomes
from actors.calls import Call
from actors.outcomes import Delivered, Outcome, Rejected, Unknown
from daemon.metrics import Metrics
from state.rows import OutboxRow, SettleAs, Settlement

_FOR_THE_OPERATOR = frozenset(
    {outcomes.UNAUTHORIZED, outcomes.FORBIDDEN, outcomes.PAYMENT, outcomes.ACCOUNT}
)
"""Faults that no waiting mends, whatever else the adapter says of them."""


def tell(
    log: FilteringBoundLogger,
    metrics: Metrics,
    row: OutboxRow,
    call: Call,
    outcome: Outcome,
    settlement: Settlement,
    seconds: float,
) -> None:
    """Count an attempt and tell it in one line; an alarm where only an operator can help."""
    name = type(outcome).__name__.lower()
    metrics.sends.labels(row.destination, name).inc()
    metrics.send_seconds.labels(row.destination).observe(seconds)
    if isinstance(outcome, Unknown):
        metrics.unknown_sends.labels(row.destination).inc()
    if settlement.outcome is SettleAs.RESEND:
        metrics.doubles_possible.labels(row.destination).inc()
    fault = None if isinstance(outcome, Delivered) else outcome.fault
    alarm = isinstance(outcome, Rejected) and outcome.alarm
    alarm = alarm or (fault is not None and fault.code in _FOR_THE_OPERATOR)
    write = log.info if fault is None else log.warning
    write(
        "call",
        actor=row.actor,
        effect=row.effect,
        cause=row.cause,
        call=type(call).__name__,
        destination=row.destination,
        attempt=row.attempts,
        outcome=name,
        settled=settlement.outcome.value,
        fault=fault.code if fault is not None else None,
        detail=fault.detail or None if fault is not None else None,
        alarm=alarm or None,
        ms=round(seconds * 1000, 1),
    )
