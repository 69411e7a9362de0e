"""How a message of the Cloud API looks on a phone.

What lives here: from a checked body to a `ShownMessage`. What must not: checks (`whatsapp_rules`).
"""

from __future__ import annotations

from typing import Any

from adapters.sandbox.phone import ShownChoice, ShownMessage


def shown(body: dict[str, Any], wamid: str, at_ms: int) -> ShownMessage:
    """The bubble for a message that has passed the checks."""
    kind = body.get("type", "text")
    content = body[kind]
    quotes = (body.get("context") or {}).get("message_id")
    opaque = body.get("biz_opaque_callback_data")
    if kind == "interactive":
        return _interactive(content, wamid, at_ms, quotes, opaque)
    text = ""
    choices: tuple[ShownChoice, ...] = ()
    if kind == "text":
        text = content["body"]
    elif kind == "template":
        text, choices = _template(content)
    elif kind == "reaction":
        text, quotes = content.get("emoji", ""), content["message_id"]
    else:
        text = content.get("caption") or f"[{kind}]"
    return ShownMessage(
        wamid, text, at_ms, kind=kind, choices=choices, quotes=quotes, opaque=opaque
    )


def _interactive(
    content: dict[str, Any], wamid: str, at_ms: int, quotes: str | None, opaque: str | None
) -> ShownMessage:
    action = content["action"]
    choices: tuple[ShownChoice, ...] = ()
    if content["type"] == "button":
        replies = [button["reply"] for button in action["buttons"]]
        choices = tuple(ShownChoice(reply["id"], reply["title"]) for reply in replies)
    elif content["type"] == "list":
        rows = [row for section in action["sections"] for row in section["rows"]]
        choices = tuple(
            ShownChoice(row["id"], row["title"], row.get("description") or None) for row in rows
        )
    return ShownMessage(
        wamid,
        content["body"]["text"],
        at_ms,
        kind="interactive",
        choices=choices,
        list_button=action.get("button") if content["type"] == "list" else None,
        header=(content.get("header") or {}).get("text"),
        footer=(content.get("footer") or {}).get("text"),
        quotes=quotes,
        opaque=opaque,
    )


def _template(template: dict[str, Any]) -> tuple[str, tuple[ShownChoice, ...]]:
    """Its name and values: the text itself is kept at Meta, where a template is approved."""
    values: list[str] = []
    choices: list[ShownChoice] = []
    for component in template.get("components") or []:
        for parameter in component.get("parameters") or []:
            if "payload" in parameter:
                choices.append(ShownChoice(parameter["payload"], parameter["payload"]))
            elif "text" in parameter:
                values.append(parameter["text"])
    told = f": {', '.join(values)}" if values else ""
    return f"[{template['name']}{told}]", tuple(choices)
