"""What a customer's message says, in the core's words.

What lives here: the table from Meta's message types to `Typed`, `Tapped`, `Other` or nothing. What
must not: who wrote it or when (inbound), or what is answered (the core).

| type | becomes |
|---|---|
| `text` | `Typed`, cut at 4096 characters |
| `button` (of a template) | `Tapped(payload, text)`; the label stands in for a missing payload |
| `interactive`: `button_reply`, `list_reply` | `Tapped(id, title)` |
| `interactive`: `nfm_reply`, `call_permission_reply`, others | `Other`: nothing asks for one yet |
| `interactive` without its inner object | `Other("damaged tap")`: a known fault of the platform |
| `image`, `audio`, `voice`, `video`, `document`, `sticker` | `Other`: captions are not read yet |
| `location`, `contacts`, `order` | `Other` |
| `unsupported`, `unknown`, any other word | `Other`: the customer did something, so no silence |
| `unsupported` naming one of those that are ignored | ignored as well |
| a known type without its content | `Other("damaged ...")` |
| `reaction`, set or removed | ignored: a thumb on the menu asks for nothing |
| `edit`, `revoke` | ignored: the message was acted on when it came |
| `system` (number, user id, identity changed) | ignored, counted by kind; for a later issue |
| `request_welcome` | ignored: a greeting would double the answer to the text right after it |
| anything with a `group_id` | ignored: the bot speaks to one person only |

Sources: webhooks/reference/messages and its pages, one a type.
"""

from __future__ import annotations

from typing import Any

from actors.messages import Input, Other, Tapped, Typed
from adapters.ports import Ignored
from adapters.whatsapp.texts import clean

TEXT_MAX = 4096
TITLE_MAX = 256
BUTTON_ID_MAX = 512

_OTHER = {
    "image": "picture",
    "audio": "voice message",
    "voice": "voice message",
    "video": "video",
    "document": "document",
    "sticker": "sticker",
    "location": "location",
    "contacts": "contact",
    "order": "order",
}
_IGNORED = {
    "reaction": "reaction",
    "edit": "edit",
    "revoke": "revoke",
    "request_welcome": "request_welcome",
}
_SYSTEM = {
    "user_changed_number": "system: number changed",
    "customer_changed_number": "system: number changed",
    "user_changed_user_id": "system: user id changed",
    "customer_identity_changed": "system: identity changed",
}
_REPLIES = ("button_reply", "list_reply")
_OTHER_INTERACTIVE = {
    "nfm_reply": "form",
    "call_permission_reply": "call permission",
}


def read(message: dict[str, Any]) -> Input | Ignored:
    """What `message` says. Never raises: what is damaged inside is `Other`."""
    if "group_id" in message:
        return Ignored("group message")
    kind = message.get("type")
    match kind:
        case "text":
            return _text(message)
        case "button":
            return _template_button(message)
        case "interactive":
            return _interactive(message)
        case "system":
            return Ignored(_word(_inner(message, "system").get("type"), _SYSTEM, "system: other"))
        case "unsupported" | "unknown":
            inner = _inner(message, "unsupported").get("type")
            if inner == "system" or (isinstance(inner, str) and inner in _IGNORED):
                return Ignored(f"unsupported: {inner}")
            return Other("unsupported message")
        case str() if kind in _IGNORED:
            return Ignored(_IGNORED[kind])
        case _:
            return Other(_word(kind, _OTHER, "unsupported message"))


def _text(message: dict[str, Any]) -> Input:
    body = _inner(message, "text").get("body")
    if not isinstance(body, str):
        return Other("damaged text")
    return Typed(clean(body[:TEXT_MAX]))


def _template_button(message: dict[str, Any]) -> Input:
    button = _inner(message, "button")
    return _tap(button.get("payload"), button.get("text"))


def _interactive(message: dict[str, Any]) -> Input:
    interactive = _inner(message, "interactive")
    kind = interactive.get("type")
    # The inner object tells more than the word beside it, which may be missing.
    for name in _REPLIES:
        if isinstance(reply := interactive.get(name), dict):
            return _tap(reply.get("id"), reply.get("title"))
    if kind in _REPLIES or not interactive:
        return Other("damaged tap")
    return Other(_word(kind, _OTHER_INTERACTIVE, "unsupported message"))


def _tap(button: object, title: object) -> Input:
    label = title if isinstance(title, str) else ""
    chosen = button if isinstance(button, str) and button else label
    if not chosen:
        return Other("damaged tap")
    return Tapped(clean(chosen[:BUTTON_ID_MAX]), clean(label[:TITLE_MAX]))


def _inner(message: dict[str, Any], name: str) -> dict[str, Any]:
    inner = message.get(name)
    return inner if isinstance(inner, dict) else {}


def _word(kind: object, words: dict[str, str], otherwise: str) -> str:
    """One of our own words: a vendor's might hold anything, and these go into logs."""
    return words.get(kind, otherwise) if isinstance(kind, str) else otherwise
