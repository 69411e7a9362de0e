"""What became of messages that we sent, as the platform tells it.

What lives here: one status of a webhook to one receipt. What must not: finding the message it is
about (the daemon does, by the attempt's id that went out as `biz_opaque_callback_data`).

Statuses come in any order and may skip: `read` without `delivered`. Ranks make them comparable; a
receipt of a rank that was reached already says nothing new. `failed` has the rank of `delivered`:
it overrides `sent`, it does not override `delivered`, and a later `read` proves it wrong.
Source: webhooks/reference/messages/status
"""

from __future__ import annotations

from typing import Any

from adapters.ports import DeliveryReceipt, Ignored
from adapters.whatsapp import errors
from adapters.whatsapp.texts import clean

RANKS = {"sent": 1, "delivered": 2, "failed": 2, "read": 3, "played": 4}
CALLBACK_DATA_MAX = 512


def read(status: dict[str, Any]) -> DeliveryReceipt | Ignored:
    """The receipt in `status`; ValueError where it names no state at all."""
    word = status.get("status")
    if not isinstance(word, str):
        raise ValueError("a status without a state")
    rank = RANKS.get(word)
    if rank is None:
        return Ignored("status: unknown word")
    attempt_id = status.get("biz_opaque_callback_data")
    if not isinstance(attempt_id, str) or not 0 < len(attempt_id) <= CALLBACK_DATA_MAX:
        # Sent by somebody else from the same number, or before this program.
        return Ignored("status: not of our sending")
    vendor_id = status.get("id")
    receipt = DeliveryReceipt(
        attempt_id=clean(attempt_id),
        rank=rank,
        vendor_id=clean(vendor_id) if isinstance(vendor_id, str) and vendor_id else None,
    )
    if word != "failed":
        return receipt
    code = _first_code(status.get("errors"))
    return DeliveryReceipt(
        attempt_id=receipt.attempt_id,
        rank=receipt.rank,
        vendor_id=receipt.vendor_id,
        fault_code=errors.fault_code(code),
        fault_detail="failed later, " + (f"code {code}" if code is not None else "no code"),
    )


def _first_code(listed: object) -> int | None:
    """The first error that has a code: a failure may come with none, one or several."""
    if isinstance(listed, list):
        for error in listed:
            if isinstance(error, dict) and (code := errors.code_of(error)) is not None:
                return code
    return None
