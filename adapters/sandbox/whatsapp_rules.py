"""What the Cloud API refuses in a message, and in which words.

What lives here: the checks of
https://developers.facebook.com/docs/whatsapp/cloud-api/reference/messages and the shape of its
errors. What must not: who the message is for, or what becomes of it.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterable
from typing import Any

from adapters.sandbox.exchange import Reply, reply

_MEANINGS = {
    2: (503, "Service temporarily unavailable"),
    4: (400, "Application request limit reached"),
    100: (400, "Invalid parameter"),
    130429: (400, "Rate limit hit"),
    131000: (500, "Something went wrong"),
    131008: (400, "Required parameter is missing"),
    131009: (400, "Parameter value is not valid"),
    131016: (500, "Service unavailable"),
    131026: (400, "Message undeliverable"),
    131031: (403, "Business Account locked"),
    131042: (400, "Business eligibility payment issue"),
    131047: (400, "Re-engagement message"),
    131051: (400, "Unsupported message type"),
    131056: (400, "(Business Account, Consumer Account) pair rate limit hit"),
    131057: (500, "Account in maintenance mode"),
    132001: (404, "Template name does not exist in the translation"),
}
_PHONE = re.compile(r"\+?[0-9][0-9 ()-]{4,24}")


class Refused(Exception):
    """The API would refuse this message."""

    def __init__(self, code: int, details: str) -> None:
        super().__init__(f"{code}: {details}")
        self.code = code
        self.details = details


def title_of(code: int) -> str:
    """What the API calls this error."""
    return _MEANINGS.get(code, (400, "Unknown error"))[1]


def status_of(code: int) -> int:
    """The HTTP status that goes with this error."""
    return _MEANINGS.get(code, (400, ""))[0]


def error_body(code: int, details: str, *, subcode: int | None = None) -> dict[str, Any]:
    """The body of an error, as the Graph API writes it."""
    message = details if code == 190 else f"(#{code}) {title_of(code)}"
    error: dict[str, Any] = {"message": message, "type": "OAuthException", "code": code}
    if code != 190:
        error["error_data"] = {"messaging_product": "whatsapp", "details": details}
    if subcode is not None:
        error["error_subcode"] = subcode
    return {"error": {**error, "fbtrace_id": "A" + secrets.token_urlsafe(16)}}


def error_answer(code: int, details: str, status: int | None = None) -> Reply:
    """The whole answer to a message that is refused."""
    return reply(status or status_of(code), error_body(code, details))


def check_message(body: Any) -> None:
    """Raise `Refused` where the API would not take this message for what it is."""
    if not isinstance(body, dict):
        raise Refused(100, "The request body must be a JSON object.")
    if body.get("messaging_product") != "whatsapp":
        raise Refused(100, "The parameter messaging_product is required.")
    if body.get("recipient_type", "individual") != "individual":
        raise Refused(100, "recipient_type must be individual")
    to = body.get("to")
    if not isinstance(to, str) or not to:
        raise Refused(100, "The parameter to is required.")
    if not _PHONE.fullmatch(to):
        raise Refused(131009, "to is not a phone number")
    opaque = body.get("biz_opaque_callback_data")
    if opaque is not None and (not isinstance(opaque, str) or units(opaque) > 512):
        raise Refused(100, "Param biz_opaque_callback_data must be a string of at most 512")
    kind = body.get("type", "text")
    check = _CHECKS.get(kind) if isinstance(kind, str) else None
    if check is None:
        raise Refused(131051, f"Unsupported message type: {kind}")
    content = body.get(kind)
    if not isinstance(content, dict):
        raise Refused(100, f"The parameter {kind} is required.")
    check(content)


def units(text: str) -> int:
    """The length in UTF-16 units: the strictest reading, since Meta names no unit."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _check_text(text: dict[str, Any]) -> None:
    _words(text, "text['body']", text.get("body"), 4096, code=100)


def _check_interactive(interactive: dict[str, Any]) -> None:
    kind = interactive.get("type")
    action = interactive.get("action")
    if not isinstance(action, dict):
        raise Refused(131008, "interactive['action'] is required")
    body = interactive.get("body")
    _words(interactive, "body text", body.get("text") if isinstance(body, dict) else None, 1024)
    _check_margins(interactive)
    if kind == "button":
        _check_buttons(action)
    elif kind == "list":
        _check_list(action)
    elif kind not in ("cta_url", "location_request_message", "flow"):
        raise Refused(131009, f"interactive['type'] is not valid: {kind}")


def _check_margins(interactive: dict[str, Any]) -> None:
    header = interactive.get("header")
    if header is not None:
        if not isinstance(header, dict) or not isinstance(header.get("type"), str):
            raise Refused(131009, "header type is required")
        if header["type"] == "text":
            _words(header, "header text", header.get("text"), 60)
        elif interactive.get("type") == "list":
            raise Refused(131009, "The header of a list must be a text.")
    footer = interactive.get("footer")
    if footer is not None:
        _words(interactive, "footer", footer.get("text") if isinstance(footer, dict) else None, 60)


def _check_buttons(action: dict[str, Any]) -> None:
    buttons = _objects(action.get("buttons"), "buttons")
    if not 1 <= len(buttons) <= 3:
        raise Refused(131009, "Invalid buttons count. Min allowed buttons: 1, Max allowed: 3")
    replies = []
    for button in buttons:
        reply = button.get("reply")
        if button.get("type") != "reply" or not isinstance(reply, dict):
            raise Refused(131009, "Each button must be of type reply.")
        _words(reply, "Button title", reply.get("title"), 20, one_line=True)
        _words(reply, "Button id", reply.get("id"), 256)
        if reply["id"] != reply["id"].strip():
            raise Refused(131009, "Button id must have no leading or trailing spaces.")
        replies.append(reply)
    _unique((reply["id"] for reply in replies), "button ids")
    _unique((reply["title"] for reply in replies), "button titles")


def _check_list(action: dict[str, Any]) -> None:
    _words(action, "List button", action.get("button"), 20, one_line=True)
    sections = _objects(action.get("sections"), "sections")
    if not 1 <= len(sections) <= 10:
        raise Refused(131009, "Invalid sections count. Min allowed: 1, Max allowed: 10")
    ids: list[str] = []
    for section in sections:
        if len(sections) > 1 or section.get("title") is not None:
            _words(section, "Section title", section.get("title"), 24)
        for row in _objects(section.get("rows"), "rows"):
            _words(row, "Row title", row.get("title"), 24, one_line=True)
            _words(row, "Row id", row.get("id"), 200)
            if row.get("description") not in (None, ""):
                _words(row, "Row description", row["description"], 72)
            ids.append(row["id"])
    if not 1 <= len(ids) <= 10:
        raise Refused(131009, "Total row count exceed max allowed count: 10")
    _unique(ids, "row ids")


def _check_template(template: dict[str, Any]) -> None:
    name, language = template.get("name"), template.get("language")
    if not isinstance(name, str) or not re.fullmatch(r"[a-z0-9_]{1,512}", name):
        raise Refused(100, "template['name'] is not valid")
    if not isinstance(language, dict) or not isinstance(language.get("code"), str):
        raise Refused(131008, "template['language']['code'] is required")


def _check_media(media: dict[str, Any]) -> None:
    if not isinstance(media.get("id") or media.get("link"), str):
        raise Refused(131008, "An id or a link is required.")


def _check_reaction(reaction: dict[str, Any]) -> None:
    if not isinstance(reaction.get("message_id"), str):
        raise Refused(131008, "reaction['message_id'] is required")


_CHECKS: dict[str, Callable[[dict[str, Any]], None]] = {
    "text": _check_text,
    "interactive": _check_interactive,
    "template": _check_template,
    "image": _check_media,
    "document": _check_media,
    "reaction": _check_reaction,
}


def _words(
    holder: dict[str, Any],
    what: str,
    value: Any,
    limit: int,
    *,
    code: int = 131009,
    one_line: bool = False,
) -> None:
    """Check one text that `holder` must have."""
    if value is None:
        raise Refused(131008, f"{what} is required in {sorted(holder)}")
    if not isinstance(value, str) or not value.strip():
        raise Refused(code, f"{what} must be a text that is not empty.")
    if units(value) > limit:
        raise Refused(code, f"{what} length invalid. Min length: 1, Max length: {limit}")
    if one_line and "\n" in value:
        raise Refused(code, f"{what} must not hold a new line.")


def _objects(value: Any, what: str) -> list[dict[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise Refused(131009, f"{what} must be a list of objects")
    return value


def _unique(values: Iterable[str], what: str) -> None:
    seen = list(values)
    if len(set(seen)) != len(seen):
        raise Refused(131009, f"Duplicated {what} are not allowed.")
