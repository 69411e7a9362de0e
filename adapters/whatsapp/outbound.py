"""Messages to customers: texts, buttons, lists.

What lives here: the body of a message within WhatsApp's limits, the one call that sends it, and
what its answer means. What must not: retrying, order, rates, windows: the daemon decides those by
the outcome.

There is no idempotency key: a repeated call is a second message. What goes out with each is the
attempt's id (`biz_opaque_callback_data`), which every status of the message brings back.
Sources: reference/whatsapp-business-phone-number/message-api, messages/interactive-reply-buttons,
messages/interactive-list-messages, messages/text-messages
"""

from __future__ import annotations

from typing import Any

import httpx
import msgspec

from actors import outcomes
from actors.calls import Call, Promise, Say, promise_of
from actors.outcomes import Delivered, Outcome, Rejected, Unknown
from actors.values import Choice, Fault
from adapters import http
from adapters.ports import Attempt
from adapters.whatsapp import errors, identity
from adapters.whatsapp.settings import WhatsAppSettings
from adapters.whatsapp.texts import clean, cut, label, units

TEXT_MAX = 4096
INTERACTIVE_TEXT_MAX = 1024
"""One page says 4096 for lists; the published OpenAPI says 1024."""
BUTTONS_MAX = 3
BUTTON_TITLE_MAX = 20
BUTTON_ID_MAX = 256
ROWS_MAX = 10
ROW_TITLE_MAX = 24
ROW_ID_MAX = 200
ROW_DESCRIPTION_MAX = 72
LIST_TITLE_MAX = 20
CALLBACK_DATA_MAX = 512


class WhatsAppSender:
    """Sends `Say` from our numbers; see `adapters.ports.Sender`."""

    def __init__(self, transport: httpx.AsyncBaseTransport, settings: WhatsAppSettings) -> None:
        self._transport = transport
        self._settings = settings

    def promise(self, call: Call) -> Promise:
        """`RECONCILED`: the attempt's id comes back with the message's statuses."""
        return promise_of(_say(call))

    async def perform(self, call: Call, attempt: Attempt) -> Outcome:
        """Send one message. May block for `send_deadline_s`; a checkpoint.

        Success means that Meta took the message; most refusals of policy come later, as a status.
        """
        say = _say(call)
        number = self._settings.number(say.to.business_number)
        if number is None:
            fault = Fault(outcomes.NOT_CONFIGURED, "no such business number")
            return Rejected(fault, alarm=True)
        body = render(say, attempt.id)
        if isinstance(body, Rejected):
            return body
        reply = await http.call(
            self._transport,
            "POST",
            self._settings.messages_url(number.phone_number_id),
            deadline_s=self._settings.send_deadline_s,
            headers={
                "authorization": f"Bearer {number.access_token.reveal()}",
                "content-type": "application/json",
            },
            content=msgspec.json.encode(body),
        )
        if not isinstance(reply, http.HttpReply):
            return reply
        return _outcome(reply, attempt)


def render(say: Say, attempt_id: str) -> dict[str, Any] | Rejected:
    """The body of the request for `say`, or why there can be none.

    Texts are cut to fit; what cannot be cut (an id, the number of choices) is refused here, where
    the fault can be named. Descriptions show in lists only.
    """
    if not 0 < len(attempt_id) <= CALLBACK_DATA_MAX:
        raise ValueError("an attempt id that cannot travel with the message")
    address = _address(say.to.identifier)
    if address is None:
        return _invalid("the recipient is neither a phone number nor a user id")
    text = clean(say.text).strip()
    if not text:
        return _invalid("no text")
    body: dict[str, Any] = {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        **address,
        "biz_opaque_callback_data": attempt_id,
    }
    if not say.choices:
        shown = {"preview_url": False, "body": cut(text, TEXT_MAX)}
        return {**body, "type": "text", "text": shown}
    if wrong := _wrong_choices(say.choices):
        return _invalid(wrong)
    if len(say.choices) <= BUTTONS_MAX:
        kind, action = "button", _buttons(say.choices)
    elif list_title := label(say.list_title, LIST_TITLE_MAX):
        kind, action = "list", _list(say.choices, list_title)
    else:
        return _invalid("a list without the label of its button")
    interactive = {
        "type": kind,
        "body": {"text": cut(text, INTERACTIVE_TEXT_MAX)},
        "action": action,
    }
    return {**body, "type": "interactive", "interactive": interactive}


def _say(call: Call) -> Say:
    if not isinstance(call, Say):
        raise TypeError(f"WhatsApp cannot carry out {type(call).__name__}")
    return call


def _address(identifier: str) -> dict[str, str] | None:
    """With the plus: without it Meta may put our own country's code in front.

    A user id has a key of its own; in `to` it is said to be lost in silence.
    """
    if digits := identity.phone_digits(identifier):
        return {"to": f"+{digits}"}
    if user := identity.user_id(identifier):
        return {"recipient": user}
    return None


def _wrong_choices(choices: tuple[Choice, ...]) -> str | None:
    """What is wrong with the choices and cannot be mended by cutting."""
    if len(choices) > ROWS_MAX:
        return f"{len(choices)} choices, at most {ROWS_MAX}"
    limit = BUTTON_ID_MAX if len(choices) <= BUTTONS_MAX else ROW_ID_MAX
    for choice in choices:
        # An id comes back as it went out, or the tap is lost: it is never altered.
        if not choice.id or choice.id != choice.id.strip() or choice.id != clean(choice.id):
            return "an id is empty or has blanks around it or characters that cannot be sent"
        if units(choice.id) > limit:
            return f"an id of {units(choice.id)}, at most {limit}"
        if not label(choice.title, ROW_TITLE_MAX):
            return "a choice without a title"
    if len({choice.id for choice in choices}) != len(choices):
        return "two choices with one id"
    return None


def _buttons(choices: tuple[Choice, ...]) -> dict[str, Any]:
    titles = _titles(choices, BUTTON_TITLE_MAX)
    return {
        "buttons": [
            {"type": "reply", "reply": {"id": choice.id, "title": title}}
            for choice, title in zip(choices, titles, strict=True)
        ]
    }


def _list(choices: tuple[Choice, ...], list_title: str) -> dict[str, Any]:
    rows = []
    for choice, title in zip(choices, _titles(choices, ROW_TITLE_MAX), strict=True):
        row = {"id": choice.id, "title": title}
        if description := label(choice.description or "", ROW_DESCRIPTION_MAX):
            row["description"] = description
        rows.append(row)
    # One section needs no title.
    return {"button": list_title, "sections": [{"rows": rows}]}


def _titles(choices: tuple[Choice, ...], limit: int) -> list[str]:
    """Titles that fit and differ: the platform refuses equal ones, and cutting can make them so."""
    plain = [label(choice.title, limit) for choice in choices]
    titles: list[str] = []
    for title in plain:
        unique, count = title, 1
        # The later titles as they stand are taken too, so that "A (2)" cannot be made twice.
        while unique in titles or (count > 1 and unique in plain):
            count += 1
            mark = f" ({count})"
            unique = cut(title, limit - len(mark)) + mark
        titles.append(unique)
    return titles


def _invalid(why: str) -> Rejected:
    return Rejected(Fault(outcomes.INVALID, why))


def _outcome(reply: http.HttpReply, attempt: Attempt) -> Outcome:
    data = reply.json()
    if not 200 <= reply.status < 300:
        return errors.classify(reply, data, attempt.number, attempt.now_ms)
    if vendor_id := _message_id(data):
        return Delivered(vendor_id)
    # Taken or not? A status will tell, or the daemon decides after a while.
    return Unknown(Fault(outcomes.UNREADABLE, f"http {reply.status} without a message id"))


def _message_id(data: object) -> str | None:
    """The id in `{"messages": [{"id": "wamid…"}]}`."""
    messages = data.get("messages") if isinstance(data, dict) else None
    first = messages[0] if isinstance(messages, list) and messages else None
    found = first.get("id") if isinstance(first, dict) else None
    return found if isinstance(found, str) and found else None
