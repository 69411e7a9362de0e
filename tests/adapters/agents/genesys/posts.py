"""What Genesys would post, and how the receiver took it.

What lives here: builders and readers for tests of the receiver. What must not: tests.
"""

from __future__ import annotations

import json
from typing import Any

from actors.messages import DeskWrote
from adapters.agents.genesys import signature
from adapters.agents.genesys.inbound import GenesysReceiver
from adapters.ports import Event, HttpRequest, Reception
from adapters.secret import Secret
from tests.adapters.agents.genesys.fake import (
    CONVERSATION,
    HND,
    INTEGRATION,
    ISO_NOW,
    NOW,
    WEBHOOK_SECRET,
    settings_for,
)

RECEIVER = GenesysReceiver(settings_for())
SECRET = Secret(WEBHOOK_SECRET)


def post(body: bytes, header: str | None) -> Reception:
    """What the receiver makes of a post."""
    headers = {} if header is None else {"x-hub-signature-256": header}
    return RECEIVER.receive(HttpRequest("POST", "/webhooks/genesys", (), headers, body, NOW))


def signed(data: Any) -> Reception:
    """What the receiver makes of JSON that is rightly signed."""
    body = data if isinstance(data, bytes) else json.dumps(data).encode()
    return post(body, signature.sign(SECRET, body))


def a_line(**changes: Any) -> dict[str, Any]:
    """An agent's line; `channel_...` changes the channel."""
    channel = {
        "id": INTEGRATION,
        "platform": "Open",
        "type": "Private",
        "messageId": "c327",
        "to": {"id": HND, "idType": "Opaque"},
        "from": {"nickName": "routerbot", "id": INTEGRATION, "idType": "Opaque"},
        "time": ISO_NOW,
    }
    data = {
        "id": "c327",
        "channel": channel,
        "conversationId": CONVERSATION,
        "type": "Text",
        "text": "Hello, this is Rita",
        "direction": "Outbound",
        "originatingEntity": "Human",
        "content": [],
        "reasons": [],
        "newKey": {"of": "tomorrow"},
    }
    for name, value in changes.items():
        place, key = (channel, name[8:]) if name.startswith("channel_") else (data, name)
        place[key] = value
    return {name: value for name, value in data.items() if value is not None}


def only_event(reception: Reception) -> Event:
    """The one event of a reception that was taken."""
    assert reception.answer.status == 200
    assert reception.refused is None
    (event,) = reception.events
    assert isinstance(event, Event)
    return event


def wrote(reception: Reception) -> DeskWrote:
    """The desk's line in it."""
    message = only_event(reception).message
    assert isinstance(message, DeskWrote)
    return message


def assert_ignored(reception: Reception, what: str) -> None:
    """It was answered 200 and nothing was taken."""
    assert reception.answer.status == 200
    assert reception.events == ()
    (ignored,) = reception.ignored
    assert what in ignored.what
