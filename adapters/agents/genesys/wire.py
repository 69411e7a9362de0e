"""The bodies that we post to Genesys, and the limits that they are cut to.

What lives here: pure functions from values to JSON. What must not: addresses and answers.
https://developer.genesys.cloud/commdigital/digital/openmessaging/inboundMessages

The same call always gives the same bytes, so that a repeated post can be known for what it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec

from actors.calls import OpenDesk, ReportLine, SendToDesk
from adapters.agents.genesys.reasons import reason_for_genesys
from adapters.agents.genesys.settings import GenesysSettings

_NAME_MAX_UNITS = 100
_BLANK = "\N{HORIZONTAL ELLIPSIS}"
_CUT = "\N{HORIZONTAL ELLIPSIS}"


def opening(call: OpenDesk, settings: GenesysSettings, *, attributes: bool = True) -> bytes:
    """The first message of a chat: the summary as its text, the attributes beside it.

    The attributes become data of the customer's participant for the flow to route by; an agent
    does not see them by themselves, which is why the summary is a message that everybody sees.
    """
    sender = {"id": call.handover, "idType": "Opaque"}
    if call.customer_name and call.customer_name.strip():
        sender["nickname"] = cut(call.customer_name.strip(), _NAME_MAX_UNITS)
    channel: dict[str, object] = {
        "messageId": opening_line_id(call.handover),
        "from": sender,
        "time": iso_time(call.at_ms),
    }
    fitting = fit_attributes(call.attributes, settings) if attributes else {}
    if fitting:
        channel["metadata"] = {"customAttributes": fitting}
    # Genesys refuses a message without text, and a chat must open even with nothing to tell.
    text = cut(call.summary, settings.text_max_units) if call.summary.strip() else _BLANK
    return msgspec.json.encode({"channel": channel, "text": text})


def opening_line_id(handover: str) -> str:
    """The id of the line that opens the chat: a failed receipt for it comes back with this."""
    return f"{handover}.open"


def line(call: SendToDesk, settings: GenesysSettings) -> bytes:
    """One further line. Cut, never split: half of a split line could come twice or not at all."""
    channel = {
        "messageId": call.line_id,
        "from": {"id": call.handover, "idType": "Opaque"},
        "time": iso_time(call.at_ms),
    }
    return msgspec.json.encode(
        {"channel": channel, "text": cut(call.text, settings.text_max_units)}
    )


def failed_receipt(call: ReportLine, now_ms: int) -> bytes:
    """Word that an agent's line did not reach the customer. Final: nobody tries it again."""
    code, sentence = reason_for_genesys(call.reason)
    return msgspec.json.encode(
        {
            "id": call.line_id,
            "channel": {
                "to": {"id": call.handover, "idType": "Opaque"},
                "time": iso_time(now_ms),
            },
            "status": "Failed",
            "isFinalReceipt": True,
            "reasons": [{"code": code, "message": sentence}],
        }
    )


def fit_attributes(attributes: Mapping[str, str], settings: GenesysSettings) -> dict[str, str]:
    """As many attributes as Genesys takes, from the first (the most important) on."""
    fitting: dict[str, str] = {}
    for key, value in attributes.items():
        more = {**fitting, clean(key): cut(value, settings.attribute_max_units)}
        size = len(msgspec.json.encode(more))
        if len(more) > settings.attributes_max or size > settings.attributes_max_bytes:
            break
        fitting = more
    return fitting


def cut(text: str, max_units: int) -> str:
    """`text`, with an ellipsis for its end where it is over `max_units` UTF-16 units.

    UTF-16, to be safe, because many count so: an emoji may be two. The limit is not published.
    """
    text = clean(text)
    raw = text.encode("utf-16-le")
    if len(raw) <= max_units * 2:
        return text
    return raw[: (max_units - 1) * 2].decode("utf-16-le", "ignore").rstrip() + _CUT


def clean(text: str) -> str:
    """`text` with U+FFFD for each half of a UTF-16 pair, which no JSON can carry."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def iso_time(at_ms: int) -> str:
    """Milliseconds since 1970 as Genesys writes times: `2026-01-02T03:04:05.678Z`."""
    seconds, ms = divmod(at_ms, 1000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{ms:03d}Z"
