"""What Genesys Cloud refuses in an Open Messaging request, and in which words.

What lives here: the schema of inbound messages and receipts
(https://developer.genesys.cloud/commdigital/digital/openmessaging/) and the shape of errors. What
must not: conversations.
"""

from __future__ import annotations

import re
import uuid
from typing import Any

from adapters.sandbox.exchange import Reply, reply

BODY_MAX_BYTES = 512_000
_ID_TYPES = frozenset({"email", "phone", "opaque"})
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z")
_REASONS = frozenset(
    {
        "MessageExpired", "RateLimited", "MessageNotAllowed", "GeneralError", "UnsupportedMessage",
        "UnknownMessage", "InvalidMessageStructure", "InvalidDestination", "ServerError",
        "MediaTypeNotAllowed", "InvalidMediaContentLength", "RecipientOptedOut", "DataFiltered",
    }
)  # fmt: skip


class Refused(Exception):
    """The API would refuse this body."""


def error_answer(
    status: int, code: str, message: str, headers: dict[str, str] | None = None
) -> Reply:
    """A refusal of the API host."""
    body = {
        "message": message,
        "code": code,
        "status": status,
        "contextId": str(uuid.uuid4()),
        "details": [],
        "errors": [],
    }
    return reply(status, body, {"inin-correlation-id": str(uuid.uuid4()), **(headers or {})})


def check_message(body: Any) -> None:
    """Raise `Refused` where an inbound message breaks the schema."""
    channel = _channel(body)
    _address(channel, "from")
    if "text" not in body and "content" not in body:
        raise Refused(
            "[object has missing required properties] should have required property 'content', "
            "should have required property '.text', should match some schema in anyOf"
        )
    text = body.get("text")
    if text is not None and (not isinstance(text, str) or not text.strip()):
        raise Refused("text: must be a string that is not blank")
    # The two are easily mixed up: attributes belong to the channel's metadata.
    _string_map(body.get("metadata"), "metadata")
    metadata = channel.get("metadata")
    if metadata is not None:
        if not isinstance(metadata, dict):
            raise Refused("channel.metadata: must be an object")
        _string_map(metadata.get("customAttributes"), "channel.metadata.customAttributes")
    message_id = channel.get("messageId")
    if message_id is not None and not isinstance(message_id, str):
        raise Refused("channel.messageId: must be a string")


def check_receipt(body: Any) -> None:
    """Raise `Refused` where a receipt breaks the schema."""
    channel = _channel(body)
    _address(channel, "to")
    if not isinstance(body.get("id"), str):
        raise Refused("id: is required")
    status, reasons = body.get("status"), body.get("reasons")
    if status not in ("Delivered", "Failed"):
        raise Refused("status: must be Delivered or Failed")
    if reasons is None:
        return
    if status != "Failed" or not isinstance(reasons, list):
        raise Refused("reasons: a list, and only with status Failed")
    for reason in reasons:
        if not isinstance(reason, dict) or reason.get("code") not in _REASONS:
            raise Refused("reasons.code: is not known")
        if not isinstance(reason.get("message"), str):
            raise Refused("reasons.message: is required")


def _channel(body: Any) -> dict[str, Any]:
    if not isinstance(body, dict):
        raise Refused("the body must be an object")
    channel = body.get("channel")
    if not isinstance(channel, dict):
        raise Refused("channel: is required")
    time = channel.get("time")
    if not isinstance(time, str) or not _TIME.fullmatch(time):
        raise Refused("channel.time: must be an ISO-8601 time in UTC")
    return channel


def _address(channel: dict[str, Any], side: str) -> None:
    address = channel.get(side)
    if not isinstance(address, dict) or not isinstance(address.get("id"), str):
        raise Refused(f"channel.{side}.id: is required")
    if str(address.get("idType", "")).lower() not in _ID_TYPES:
        raise Refused(f"channel.{side}.idType: must be Email, Phone or Opaque")


def _string_map(value: Any, name: str) -> None:
    if value is None:
        return
    if not isinstance(value, dict) or not all(isinstance(one, str) for one in value.values()):
        raise Refused(f"{name}: must be a flat map of strings")
