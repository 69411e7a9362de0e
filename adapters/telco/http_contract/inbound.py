"""Callbacks of a provider: CloudEvents in structured mode, signed by Standard Webhooks.

What lives here: from a request to events (https://github.com/cloudevents/spec, its JSON format and
its HTTP webhooks). What must not: what a job makes of them. Nothing is parsed before the signature
of the raw bytes has been found good. What is signed and damaged is kept and answered 204: sending
it again would not mend it.
"""

from __future__ import annotations

import hashlib
import re
from typing import Any

import msgspec
from msgspec import Struct

from actors.ids import MessageId
from actors.messages import Road
from adapters.ports import (
    Damaged,
    Event,
    ForActor,
    ForAlias,
    HttpAnswer,
    HttpRequest,
    Ignored,
    Reception,
)
from adapters.telco import standard_webhooks
from adapters.telco.http_contract import contract
from adapters.telco.http_contract.settings import TelcoSettings
from adapters.telco.standard_webhooks import Verdict

PARK_S = 600
"""How long an event waits for a job whose id at the provider is not known to us yet."""

ALLOWED_RATE_PER_MINUTE = 6000

_MEDIA_TYPE = "application/cloudevents+json"
# The owner's prefix and what follows the version are the provider's business.
_OUR_TYPE = re.compile(r"(?:.+\.)?router\.job\.v1(?:\..+)?", re.DOTALL)
_ORIGIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.:_-]{0,253})")
_READABLE_ID_CHARS_MAX = 200

_TAKEN = HttpAnswer(204)
_NO_SUCH_JOB = HttpAnswer(404, b"no such job")


class _CloudEvent(Struct, frozen=True):
    """The attributes that matter, all present and of their types."""

    id: str
    source: str
    type: str
    attributes: dict[Any, Any]


class TelcoReceiver:
    """Understands the callbacks of one provider. A `Receiver`: pure, never raises or blocks.

    An event names its job by our correlation (in `data` or as an extension attribute), else by
    `subject`, the provider's id of the job; then the attempt is `contract.BY_PROVIDER_JOB`.
    """

    def __init__(self, settings: TelcoSettings) -> None:
        self._settings = settings

    @property
    def methods(self) -> tuple[str, ...]:
        """POST for events, OPTIONS for the handshake of CloudEvents' HTTP webhooks."""
        return ("POST", "OPTIONS")

    @property
    def body_max_bytes(self) -> int:
        """A larger body is refused."""
        return self._settings.body_max_bytes

    def receive(self, request: HttpRequest) -> Reception:
        """What the request means; 401 for whoever is not the provider, with no word on jobs."""
        if request.method == "OPTIONS":
            return _handshake(request)
        if request.method != "POST":
            return _refused(405, "another method")
        if len(request.body) > self.body_max_bytes:
            return _refused(413, "the body is over the limit")
        verdict = standard_webhooks.verify(
            self._settings.callback_secrets, request.headers, request.body, request.now_ms
        )
        if verdict is not Verdict.GOOD:
            return _refused(401, verdict.value)
        media_type = request.headers.get("content-type", "").partition(";")[0]
        if media_type.strip().lower() != _MEDIA_TYPE:
            return _refused(415, f"not {_MEDIA_TYPE}")
        return self._understand(request)

    def _understand(self, request: HttpRequest) -> Reception:
        try:
            value = msgspec.json.decode(request.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return self._damaged(request, None, "not JSON")
        event = _cloud_event(value)
        if isinstance(event, str):
            return self._damaged(request, None, event)
        if not _OUR_TYPE.fullmatch(event.type):
            return Reception(_TAKEN, ignored=(Ignored("an event of another type"),))
        message_id = self._message_id(event)
        data = event.attributes.get("data")
        document = contract.read(data, self._settings.id_fields)
        if document is None:
            return self._damaged(request, message_id, "no JSON object in `data`")
        if document.state is None:
            return self._damaged(request, message_id, "no known word in `data.state`")
        provider_job = contract.job_id_of(event.attributes.get("subject")) or document.provider_job
        found = contract.attempt_of(document.correlation) or contract.attempt_of(
            _string(event.attributes.get("correlation"))
        )
        target: ForActor | ForAlias
        if found is not None:
            target, attempt = ForActor(found[0], must_exist=True), found[1]
        elif provider_job is not None:
            alias = contract.alias_of(self._settings.name, provider_job)
            target, attempt = ForAlias(alias, park_s=PARK_S), contract.BY_PROVIDER_JOB
        else:
            return self._damaged(request, message_id, "neither correlation nor subject")
        message = contract.report(
            msgspec.structs.replace(document, provider_job=provider_job),
            document.state,
            attempt=attempt,
            road=Road.CALLBACK,
            seq=contract.count_of(event.attributes.get("sequence")),
        )
        message = msgspec.structs.replace(message, provider=self._settings.name)
        return Reception(
            _TAKEN,
            events=(Event(message_id, target, message),),
            answer_if_refused=_NO_SUCH_JOB if isinstance(target, ForActor) else None,
        )

    def _damaged(self, request: HttpRequest, message_id: MessageId | None, error: str) -> Reception:
        if message_id is None:
            webhook_id = request.headers[standard_webhooks.ID_HEADER]
            message_id = self._id_in("webhook", webhook_id)
        return Reception(_TAKEN, events=(Damaged(message_id, request.body, error),))

    def _message_id(self, event: _CloudEvent) -> MessageId:
        # The length of the source goes in front, so that a `|` in either part cannot make two
        # events look like one.
        return self._id_in(str(len(event.source)), f"{event.source}|{event.id}")

    def _id_in(self, space: str, text: str) -> MessageId:
        if len(text) > _READABLE_ID_CHARS_MAX or not text.isprintable():
            text = hashlib.blake2s(text.encode("utf-8", "surrogatepass")).hexdigest()
            space += "#"
        return MessageId(f"telco:{self._settings.name}:{space}:{text}")


def _handshake(request: HttpRequest) -> Reception:
    """Allow whoever asks to send: each event must prove by its signature where it comes from."""
    origin = request.headers.get("webhook-request-origin", "").strip()
    if not _ORIGIN.fullmatch(origin):
        return _refused(400, "a handshake without a usable origin")
    asked = contract.count_of(request.headers.get("webhook-request-rate", "").strip())
    rate = min(asked, ALLOWED_RATE_PER_MINUTE) if asked else ALLOWED_RATE_PER_MINUTE
    headers = (
        ("Allow", "POST, OPTIONS"),
        ("WebHook-Allowed-Origin", origin),
        ("WebHook-Allowed-Rate", str(rate)),
    )
    return Reception(HttpAnswer(200, headers=headers))


def _refused(status: int, why: str) -> Reception:
    return Reception(HttpAnswer(status), refused=why)


def _cloud_event(value: Any) -> _CloudEvent | str:
    """The event, or what is wrong with it."""
    if not isinstance(value, dict):
        return "not a JSON object"
    version = _string(value.get("specversion"))
    if version is None or not version.startswith("1."):
        return "not a CloudEvent of version 1"
    texts = []
    for attribute in ("id", "source", "type"):
        text = _string(value.get(attribute))
        if text is None:
            return f"a CloudEvent without `{attribute}`"
        texts.append(text)
    return _CloudEvent(texts[0], texts[1], texts[2], value)


def _string(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
