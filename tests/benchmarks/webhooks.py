"""Webhooks of the messaging platform, signed as the daemon expects them.

What lives here: their documents and their signature. What must not: posting them (`wire` and
`posting`).
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

import msgspec

from daemon.clock import wall_ms
from tests.benchmarks.configuration import ACCOUNT, APP_SECRET, BUSINESS_NUMBER

PATH = "/webhooks/whatsapp"
Value = dict[str, Any]
"""What a webhook is about."""


def typed(digits: str, message_id: str, text: str, name: str = "Ana") -> Value:
    """A customer has typed something."""
    message = {
        "from": digits,
        "id": message_id,
        "timestamp": _now_s(),
        "type": "text",
        "text": {"body": text},
    }
    contact = {"profile": {"name": name}, "wa_id": digits}
    return {"contacts": [contact], "messages": [message]}


def status(digits: str, wamid: str, word: str, attempt: str) -> Value:
    """What became of a message of ours: one entry of `statuses`."""
    return {
        "id": wamid,
        "status": word,
        "timestamp": _now_s(),
        "recipient_id": digits,
        "biz_opaque_callback_data": attempt,
    }


def signed(value: Value) -> tuple[bytes, dict[str, str]]:
    """The body of a webhook and its headers."""
    metadata = {"display_phone_number": "15550100000", "phone_number_id": BUSINESS_NUMBER}
    whole = {"messaging_product": "whatsapp", "metadata": metadata, **value}
    entry = {"id": ACCOUNT, "changes": [{"field": "messages", "value": whole}]}
    body = msgspec.json.encode({"object": "whatsapp_business_account", "entry": [entry]})
    digest = hmac.new(APP_SECRET.encode(), body, hashlib.sha256).hexdigest()
    return body, {"x-hub-signature-256": f"sha256={digest}"}


def _now_s() -> str:
    return str(wall_ms() // 1000)
