"""What Genesys posts to our webhook: agents' lines, typing, and receipts of our own lines.

What lives here: bytes to events. What must not: I/O, or when a chat is over (Genesys never says
so here; the hand-over looks). https://developer.genesys.cloud/commdigital/digital/openmessaging/

Genesys gives a line up at a 4xx and then may end the whole chat, so everything that is rightly
signed is answered 200, understood or not.
"""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from actors.ids import HANDOVER, ActorId, MessageId, is_actor_id
from actors.messages import DeskRefusedLine, DeskWrote, Message
from adapters.agents.genesys import signature
from adapters.agents.genesys.content import text_of
from adapters.agents.genesys.reasons import code_of_reason
from adapters.agents.genesys.settings import GenesysSettings
from adapters.agents.genesys.shapes import objects_at, text_at, word
from adapters.ports import Damaged, Event, ForActor, HttpAnswer, HttpRequest, Ignored, Reception

SOURCE = "genesys"
_ID_MAX = 200
_OK = HttpAnswer(200, b"{}", "application/json")
_HUMAN = {"human": True, "bot": False}


class GenesysReceiver:
    """The receiver of one integration. Pure; never raises, never blocks."""

    def __init__(self, settings: GenesysSettings) -> None:
        self._settings = settings

    @property
    def methods(self) -> tuple[str, ...]:
        """Genesys only ever posts."""
        return ("POST",)

    @property
    def body_max_bytes(self) -> int:
        """As set; larger than anything that Genesys is known to send."""
        return self._settings.body_max_bytes

    def receive(self, request: HttpRequest) -> Reception:
        """One event at most. 401 for a bad signature, else always 200.

        The chat is known by the id that we gave the customer: the hand-over's own, so that a line
        finds it even before the answer to its opening has come. A line for a hand-over that does
        not exist is still answered 200 (`answer_if_refused`).
        """
        header = request.headers.get(signature.HEADER, "")
        if not signature.is_signed(self._settings.webhook_secret, request.body, header):
            why = "bad signature" if header else "no signature"
            return Reception(HttpAnswer(401), refused=why)
        try:
            data = msgspec.json.decode(request.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return _damaged(request.body, "not JSON")
        if not isinstance(data, dict):
            return _damaged(request.body, "not a JSON object")
        integration = text_at(data, "channel", "id")
        if integration and integration.lower() != self._settings.integration_id.lower():
            return _ignored("a message of another integration")
        match text_at(data, "type"):
            case "Text" | "Structured":
                return _line(data, request.body)
            case "Receipt":
                return _receipt(data, request.body)
            case "Event":
                return _ignored("a typing sign or another event")
            case other:
                return _ignored(f"a message of type {word(other) or 'unknown'}")


def _line(data: dict[str, Any], body: bytes) -> Reception:
    if (text_at(data, "direction") or "").lower() == "inbound":
        return _ignored("an echo of our own line")
    handover = _handover(text_at(data, "channel", "to", "id"))
    if handover is None:
        return _ignored("a line for a chat that is none of ours")
    line_id = _id(text_at(data, "id") or text_at(data, "channel", "messageId"))
    if line_id is None:
        return _damaged(body, "a line without a usable id")
    text = text_of(data)
    if not text:
        return _ignored("a line with nothing in it")
    origin = (text_at(data, "originatingEntity") or "").lower()
    # It will be part of an address; a strange one is none.
    ref = word(text_at(data, "conversationId"))
    wrote = DeskWrote(line_id, text, _HUMAN.get(origin), ref)
    return _event(line_id, handover, wrote)


def _receipt(data: dict[str, Any], body: bytes) -> Reception:
    status = text_at(data, "status") or ""
    if status.lower() != "failed":
        return _ignored(f"a receipt of status {word(status) or 'unknown'}")
    # Genesys does not document on which side of a receipt the customer stands.
    handover = _handover(text_at(data, "channel", "to", "id")) or _handover(
        text_at(data, "channel", "from", "id")
    )
    if handover is None:
        return _ignored("a failed receipt for a chat that is none of ours")
    line_id = _id(text_at(data, "channel", "messageId"))
    if line_id is None:
        return _damaged(body, "a failed receipt that names no line")
    reasons = [text_at(one, "code") for one in objects_at(data, "reasons")]
    refused = DeskRefusedLine(line_id, code_of_reason(reasons[0] if reasons else None))
    # A name of its own, so that it can never be taken for a line sent again.
    key = _id(text_at(data, "id")) or line_id
    return _event(f"{key}.failed", handover, refused)


def _event(key: str, handover: ActorId, message: Message) -> Reception:
    event = Event(MessageId(f"{SOURCE}:{key}"), ForActor(handover, must_exist=True), message)
    return Reception(_OK, events=(event,), answer_if_refused=_OK)


def _damaged(body: bytes, error: str) -> Reception:
    digest = hashlib.blake2s(body, digest_size=15).hexdigest()
    event = Damaged(MessageId(f"{SOURCE}:damaged.{digest}"), body, error)
    return Reception(_OK, events=(event,))


def _ignored(what: str) -> Reception:
    return Reception(_OK, ignored=(Ignored(what),))


def _handover(text: str | None) -> ActorId | None:
    return ActorId(text) if text is not None and is_actor_id(text, HANDOVER) else None


def _id(text: str | None) -> str | None:
    return text if text is not None and len(text) <= _ID_MAX else None
