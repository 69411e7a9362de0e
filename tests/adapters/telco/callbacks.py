"""Signed callbacks for the tests, and short ways to what they meant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from actors.ids import ROUTER_JOB, actor_id
from actors.messages import ProviderReported
from adapters.ports import Damaged, Event, HttpRequest, Receiver, Reception
from adapters.secret import Secret
from adapters.telco import standard_webhooks
from adapters.telco.http_contract.inbound import TelcoReceiver
from adapters.telco.http_contract.settings import TelcoSettings

SECRET = Secret("whsec_cm91dGVyYm90LXRlc3Qtc2VjcmV0LTAxMjM0NTY3ODk=")
NEXT_SECRET = Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
NOW_S = 1767225600
JOB = actor_id(ROUTER_JOB, "one")
SETTINGS = TelcoSettings(
    name="main",
    base_url="https://acs.example.net",
    callback_url="https://bot.example.net/webhooks/telco/main",
    callback_secrets=(SECRET, NEXT_SECRET),
)
RECEIVER: Receiver = TelcoReceiver(SETTINGS)


def event(data: Any = None, **changed: Any) -> dict[str, Any]:
    """A good event with these attributes changed; `...` leaves one out."""
    whole = {
        "specversion": "1.0",
        "id": "evt_01",
        "source": "/telco/acs",
        "type": "net.example.router.job.v1.progress",
        "subject": "job_01",
        "time": "2026-11-22T16:07:23.342Z",
        "sequence": "0000000003",
        "datacontenttype": "application/json",
        "data": {"state": "running", "step": "reboot", "step_state": "started", "percent": 40}
        if data is None
        else data,
    }
    whole.update(changed)
    return {name: value for name, value in whole.items() if value is not ...}


def headers_for(
    secrets: Sequence[Secret], message_id: str, timestamp_s: int, body: bytes
) -> dict[str, str]:
    """The three headers of a message, signed with each of `secrets` (several while rotating)."""
    signatures = (standard_webhooks.sign(each, message_id, timestamp_s, body) for each in secrets)
    return {
        standard_webhooks.ID_HEADER: message_id,
        standard_webhooks.TIMESTAMP_HEADER: str(timestamp_s),
        standard_webhooks.SIGNATURE_HEADER: " ".join(signatures),
    }


def post(
    body: bytes, headers: Mapping[str, str] | None = None, *, secret: Secret = SECRET
) -> HttpRequest:
    """A request signed with `secret`; `headers` stand instead of the usual ones."""
    sent = headers_for([secret], "wh_1", NOW_S, body)
    sent["content-type"] = "application/cloudevents+json"
    sent.update(headers or {})
    return HttpRequest("POST", "/webhooks/telco/main", (), sent, body, NOW_S * 1000)


def receive(value: Any, headers: Mapping[str, str] | None = None) -> Reception:
    """What a signed request with this JSON means."""
    return RECEIVER.receive(post(msgspec.json.encode(value), headers))


def only(reception: Reception) -> Event:
    """The one event, accepted."""
    assert reception.answer.status == 204
    assert reception.refused is None
    (found,) = reception.events
    assert isinstance(found, Event)
    return found


def told(reception: Reception) -> ProviderReported:
    """What the job hears of it."""
    message = only(reception).message
    assert isinstance(message, ProviderReported)
    return message


def damage(reception: Reception) -> Damaged:
    """The one event, kept as damaged."""
    assert reception.answer.status == 204
    (found,) = reception.events
    assert isinstance(found, Damaged)
    return found
