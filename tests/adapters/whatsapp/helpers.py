"""What the tests of this folder share: settings, signed requests, recorded payloads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from actors.calls import Purpose, Say
from actors.ids import ActorId
from actors.values import Choice, Customer
from adapters.ports import Attempt, Damaged, Event, HttpRequest, Reception
from adapters.secret import Secret
from adapters.whatsapp import WhatsAppNumber, WhatsAppReceiver, WhatsAppSettings
from adapters.whatsapp.signature import HEADER, sign

SECRET = Secret("test_app_secret")
NUMBER = "106540352242922"
CUSTOMER = "16505551234"
USER = "US.13491208655302741918"
NOW_MS = 1_751_200_000_000
"""Later than every recorded message."""


def settings(**changed: Any) -> WhatsAppSettings:
    """Settings as good as any, some of them changed."""
    given: dict[str, Any] = {
        "api_url": "http://127.0.0.1:1",
        "api_version": "v25.0",
        "business_account_id": "102290129340398",
        "verify_token": Secret("our verify token"),
        "app_secrets": (SECRET,),
        "numbers": (WhatsAppNumber(NUMBER, Secret("EAAtoken")),),
        "send_deadline_s": 5.0,
    }
    return WhatsAppSettings(**{**given, **changed})


RECEIVER = WhatsAppReceiver(settings())


def recorded(name: str) -> Any:
    """A file of recorded payloads."""
    path = Path(__file__).parent / "payloads" / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8"))


def value(**parts: Any) -> dict[str, Any]:
    """The value of a change as in the recorded envelope, some of its parts replaced."""
    whole: dict[str, Any] = recorded("envelope")["entry"][0]["changes"][0]["value"]
    whole = {k: v for k, v in whole.items() if k not in ("messages", "statuses", "errors")}
    return {**whole, **parts}


def change(field: str = "messages", **parts: Any) -> dict[str, Any]:
    """A change as in the recorded envelope."""
    return {"field": field, "value": value(**parts)}


def delivery(*changes: Any) -> dict[str, Any]:
    """A whole delivery with these changes."""
    whole: dict[str, Any] = recorded("envelope")
    whole["entry"][0]["changes"] = list(changes)
    return whole


def post(data: Any, *, now_ms: int = NOW_MS, receiver: WhatsAppReceiver = RECEIVER) -> Reception:
    """Post `data` (bytes as they are, else as JSON the way Meta writes it), rightly signed."""
    body = data if isinstance(data, bytes) else json.dumps(data, separators=(",", ":")).encode()
    headers = {HEADER: sign(SECRET, body), "content-type": "application/json"}
    return receiver.receive(request("POST", body=body, headers=headers, now_ms=now_ms))


def request(
    method: str,
    *,
    body: bytes = b"",
    headers: dict[str, str] | None = None,
    query: tuple[tuple[str, str], ...] = (),
    now_ms: int = NOW_MS,
) -> HttpRequest:
    """A request to our webhook."""
    return HttpRequest(method, "/webhooks/whatsapp", query, headers or {}, body, now_ms)


def text(wamid: str, body: str = "hello", **parts: Any) -> dict[str, Any]:
    """A text of the customer's."""
    return {
        "from": CUSTOMER,
        "id": wamid,
        "timestamp": "1751199990",
        "type": "text",
        "text": {"body": body},
        **parts,
    }


def only_event(reception: Reception) -> Event:
    """The one event of a reception that holds nothing else."""
    (event,) = reception.events
    assert isinstance(event, Event), event
    assert reception.answer.status == 200
    return event


def damaged(reception: Reception) -> list[Damaged]:
    """The damaged events of a reception."""
    return [event for event in reception.events if isinstance(event, Damaged)]


def ignored(reception: Reception) -> list[str]:
    """The words of what was ignored."""
    return [each.what for each in reception.ignored]


def say(words: str = "Hello", *, to: str = CUSTOMER, number: str = NUMBER, **parts: Any) -> Say:
    """A message to a customer."""
    return Say(Customer(number, to), Purpose.REPLY, words, **parts)


def choices(count: int, title: str = "Choice {}") -> tuple[Choice, ...]:
    """So many choices."""
    return tuple(Choice(f"id.{n}", title.format(n)) for n in range(count))


def attempt(number: int = 1) -> Attempt:
    """An attempt at a call."""
    return Attempt("att_1", number, NOW_MS, ActorId("cnv_x"), "eff_x")
