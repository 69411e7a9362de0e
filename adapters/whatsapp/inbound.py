"""Webhooks of WhatsApp: batches of messages and statuses.

What lives here: walking through a delivery, and what becomes of each event in it. What must not:
the meaning of one message (content) or status (statuses), or the handshake (handshake).

A delivery may hold several accounts, several fields, up to 1000 events, the same event twice, and
events for numbers that are not ours. Any answer but 200 brings the whole batch back for up to
seven days, so a signed delivery is always answered 200, and what cannot be understood in it is
kept as `Damaged`, one piece at a time. The signature holds no time: a captured delivery can be
replayed for ever, and only the ids of the messages tell.
Sources: webhooks/overview, webhooks/create-webhook-endpoint
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from typing import Any

from actors.ids import MessageId
from actors.messages import CustomerWrote
from actors.values import Customer
from adapters.ports import (
    Damaged,
    DeliveryReceipt,
    Event,
    ForCustomer,
    HttpAnswer,
    HttpRequest,
    Ignored,
    Reception,
)
from adapters.whatsapp import content, errors, identity, statuses
from adapters.whatsapp.fields import FIELDS
from adapters.whatsapp.handshake import refusal, shake_hands
from adapters.whatsapp.settings import WhatsAppSettings
from adapters.whatsapp.signature import HEADER, verify

OBJECT = "whatsapp_business_account"
WINDOW_S = 24 * 3600
WINDOW_MARGIN_S = 5 * 60
"""Clocks differ, and a message needs time on its way."""
DEPTH_KEPT = 50
"""How deep a damaged piece is kept where it is too deep to be kept whole."""

Found = Event | Damaged | DeliveryReceipt | Ignored


class WhatsAppReceiver:
    """Understands what Meta posts to our webhook; see `adapters.ports.Receiver`."""

    def __init__(self, settings: WhatsAppSettings) -> None:
        self._settings = settings

    @property
    def methods(self) -> tuple[str, ...]:
        """GET for the handshake, POST for events."""
        return ("GET", "POST")

    @property
    def body_max_bytes(self) -> int:
        """Meta's largest batch, and some slack."""
        return self._settings.body_max_bytes

    def receive(self, request: HttpRequest) -> Reception:
        """What the request means. Never raises."""
        if request.method == "GET":
            return shake_hands(request, self._settings)
        if request.method != "POST":
            return refusal(405, "method")
        signature = request.headers.get(HEADER)
        if not verify(signature, request.body, self._settings.app_secrets):
            return refusal(401, "no signature" if signature is None else "bad signature")
        return _reception(_walk(request.body, self._settings, request.now_ms))


def message_id_of(wamid: str) -> MessageId:
    """Our id of the message that WhatsApp calls `wamid`.

    A wamid has no promised form or length, and those seen so far hold the customer's number in
    base64. Ids of messages stand in the log, so ours is a digest: it tells nothing and is short.
    """
    digest = hashlib.blake2s(wamid.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
    return MessageId(f"whatsapp:{digest}")


def alias_of(phone_number_id: str, identifier: str) -> str:
    """By what a conversation is known: one person as seen by one of our numbers."""
    return f"whatsapp:{phone_number_id}:{identifier}"


# --- the walk through a delivery ----------------------------------------------------------------


def _reception(found: Iterator[Found]) -> Reception:
    """Sort what was found; an event that is twice in one delivery is taken once."""
    events: dict[MessageId, Event | Damaged] = {}
    receipts: dict[DeliveryReceipt, None] = {}
    ignored: list[Ignored] = []
    for each in found:
        match each:
            case Event() | Damaged():
                if each.message_id in events:
                    ignored.append(Ignored("twice in one delivery"))
                else:
                    events[each.message_id] = each
            case DeliveryReceipt():
                receipts[each] = None
            case Ignored():
                ignored.append(each)
    return Reception(
        HttpAnswer(200),
        events=tuple(events.values()),
        receipts=tuple(receipts),
        ignored=tuple(ignored),
    )


def _walk(body: bytes, settings: WhatsAppSettings, now_ms: int) -> Iterator[Found]:
    try:
        # The standard library's parser: it takes halves of surrogate pairs, which customers can
        # send and Meta passes on, where stricter ones refuse the whole batch.
        data = json.loads(body.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        yield _damaged_bytes(body, "not JSON")
        return
    if not isinstance(data, dict):
        yield _damaged_bytes(body, "not a JSON object")
        return
    if data.get("object") != OBJECT:
        yield Ignored("unknown object")
        return
    entries = data.get("entry")
    if not isinstance(entries, list):
        yield _damaged_bytes(body, "no list of entries")
        return
    for entry in entries:
        if not isinstance(entry, dict):
            yield _damaged(entry, "an entry is not an object")
            continue
        changes = entry.get("changes")
        if not isinstance(changes, list):
            yield _damaged(entry, "an entry without a list of changes")
            continue
        for change in changes:
            yield from _change(change, settings, now_ms)


def _change(change: object, settings: WhatsAppSettings, now_ms: int) -> Iterator[Found]:
    if not isinstance(change, dict):
        yield _damaged(change, "a change is not an object")
        return
    field = change.get("field")
    if field != "messages":
        # Among them echoes and standby: what others wrote or own, never to be answered.
        known = isinstance(field, str) and field in FIELDS
        yield Ignored(f"field {field}" if known else "unknown field")
        return
    value = change.get("value")
    if not isinstance(value, dict):
        yield _damaged(change, "a change without a value")
        return
    metadata = value.get("metadata")
    number = metadata.get("phone_number_id") if isinstance(metadata, dict) else None
    if isinstance(number, int) and not isinstance(number, bool) and 0 < number < 10**32:
        number = str(number)
    messages, told = list(_each(value.get("messages"))), list(_each(value.get("statuses")))
    if not isinstance(number, str):
        yield _damaged(change, "a change without phone_number_id")
        return
    if settings.number(number) is None:
        # Another number of the account, or the dashboard's test button.
        for _ in range(max(len(messages) + len(told), 1)):
            yield Ignored("unknown phone_number_id")
        return
    scene = _Scene(value, number, alone=len(messages) == 1, now_ms=now_ms)
    for message in messages:
        yield _guarded(message, "messages", scene, scene.message)
    for status in told:
        yield _guarded(status, "statuses", scene, statuses.read)
    for error in _each(value.get("errors")):
        code = _error_code(error)
        yield Ignored("error of the number" + (f", code {code}" if code is not None else ""))


def _guarded(
    event: object, kind: str, scene: _Scene, read: Callable[[dict[str, Any]], Found]
) -> Found:
    """`event` as read, or as damaged: whatever is wrong with it, its neighbours are not harmed."""
    error = "not an object"
    if isinstance(event, dict):
        try:
            return read(event)
        except ValueError as fault:
            error = str(fault)
        except Exception as fault:  # noqa: BLE001 - a bug of ours must not bring the batch back
            error = f"bug: {type(fault).__name__}"
    # Kept as a delivery of its own, so that it can be looked at and posted again as it is. It
    # holds no contacts: a thousand damaged events would each carry all of them.
    value = {"metadata": {"phone_number_id": scene.number}, kind: [event]}
    whole = {"object": OBJECT, "entry": [{"changes": [{"field": "messages", "value": value}]}]}
    return _damaged(whole, f"{kind}: {error}")


class _Scene:
    """What the events of one change share."""

    def __init__(self, value: dict[str, Any], number: str, alone: bool, now_ms: int) -> None:
        self.number = number
        self._contacts = identity.Contacts(_each(value.get("contacts")), lone_message=alone)
        self._now_ms = now_ms
        metadata = value["metadata"]
        # Formatted or not, and for display only: just good enough to notice our own echo.
        shown = metadata.get("display_phone_number")
        self._own = "".join(filter(str.isdigit, shown)) if isinstance(shown, str) else ""

    def message(self, message: dict[str, Any]) -> Event | Ignored:
        """One message; ValueError where it cannot be told whose it is or which."""
        wamid = message.get("id")
        if not isinstance(wamid, str) or not wamid:
            raise ValueError("no id")
        said = content.read(message)
        if isinstance(said, Ignored):
            return said
        contact = self._contacts.of(message)
        identifier = identity.identifier_of(
            (
                message.get("from"),
                contact.get("wa_id"),
                message.get("from_user_id"),
                contact.get("user_id"),
            )
        )
        if identifier is None:
            raise ValueError("no sender")
        if identifier == self._own:
            return Ignored("our own number")
        phone = f"+{identifier}" if identity.phone_digits(identifier) else None
        sent_at_ms = _time_ms(message.get("timestamp"), self._now_ms)
        customer = Customer(
            business_number=self.number,
            identifier=identifier,
            phone=phone,
            name=identity.name_of(contact),
        )
        return Event(
            message_id=message_id_of(wamid),
            target=ForCustomer(alias_of(self.number, identifier)),
            message=CustomerWrote(customer, said, sent_at_ms),
            opens_window_s=_window_left_s(sent_at_ms, self._now_ms),
        )


# --- small parts --------------------------------------------------------------------------------


def _each(listed: object) -> Iterator[Any]:
    """The elements of a list; what stands there instead of a list is one (damaged) element."""
    if isinstance(listed, list):
        yield from listed
    elif listed is not None:
        yield listed


def _time_ms(value: object, now_ms: int) -> int:
    """A timestamp as milliseconds: seconds as a string, by the book; seen as numbers and as ms.

    Never later than now: we have it, so it was sent. Without a readable time, now.
    """
    if isinstance(value, str):
        text = value.strip()
        value = int(text) if len(text) <= 16 and text.isascii() and text.isdigit() else None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 10**14:
        return now_ms
    # In seconds this is the year 5138; in milliseconds it is 1973.
    milliseconds = int(value) if value >= 10**11 else int(value * 1000)
    return min(milliseconds, now_ms)


def _window_left_s(sent_at_ms: int, now_ms: int) -> int | None:
    """How long the customer service window that this message opened stays open from now.

    A message that was redelivered after days opens none. Source: messages/send-messages
    """
    left = WINDOW_S - WINDOW_MARGIN_S - (now_ms - sent_at_ms) // 1000
    return left if left > 0 else None


def _error_code(error: object) -> int | None:
    return errors.code_of(error) if isinstance(error, dict) else None


def _damaged(piece: object, error: str) -> Damaged:
    try:
        raw = json.dumps(piece, separators=(",", ":")).encode("ascii")
    except RecursionError:
        # It could just be read and can just not be written: nested to the parser's limit.
        raw = json.dumps(_pruned(piece, DEPTH_KEPT), separators=(",", ":")).encode("ascii")
    return _damaged_bytes(raw, error)


def _pruned(piece: object, depth: int) -> object:
    if not isinstance(piece, dict | list):
        return piece
    if depth == 0:
        return "(nested too deeply)"
    if isinstance(piece, dict):
        return {name: _pruned(value, depth - 1) for name, value in piece.items()}
    return [_pruned(value, depth - 1) for value in piece]


def _damaged_bytes(raw: bytes, error: str) -> Damaged:
    # The hash stands in for an id: the same piece delivered again is recognised.
    digest = hashlib.sha256(raw).hexdigest()
    return Damaged(MessageId(f"whatsapp:damaged:{digest}"), raw, error)
