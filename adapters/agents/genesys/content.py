"""An agent's or a flow's message as plain text.

What lives here: how each kind of content reads where it cannot be shown as what it is. What must
not: fetching anything. Files are named, not linked: their addresses belong to the desk, may need
its token and soon stop working.

The marks are signs and not words, because the customer's language is not known here.
https://developer.genesys.cloud/commdigital/digital/openmessaging/outboundMessages
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from adapters.agents.genesys.shapes import at, objects_at, text_at

MARKS = {
    "image": "\N{CAMERA}",
    "video": "\N{CLAPPER BOARD}",
    "audio": "\N{SPEAKER WITH THREE SOUND WAVES}",
    "file": "\N{PAPERCLIP}",
    "link": "\N{LINK SYMBOL}",
}
"""What stands for an attachment, by its media type in lower case."""
MARK_OF_OTHERS = "\N{PAPERCLIP}"
"""For a file of another type, and for content that this version cannot read."""
_BULLET = "\N{BULLET} "


def text_of(message: Any) -> str:
    """The message's own text, then its contents, a line each; empty where there is nothing."""
    lines = [text_at(message, "text")]
    for item in objects_at(message, "content"):
        render = _RENDERERS.get((text_at(item, "contentType") or "").lower())
        rendered = [line for line in render(item) if line] if render else []
        # The customer should see that something came, even where we cannot read it.
        lines.extend(rendered or [MARK_OF_OTHERS])
    return "\n".join(line.strip() for line in lines if line and line.strip())


def _attachment(item: Any) -> list[str | None]:
    kind = (text_at(item, "attachment", "mediaType") or "").lower()
    mark = MARKS.get(kind, MARK_OF_OTHERS)
    said = [text_at(item, "attachment", "filename")]
    if kind == "link":
        # Unlike a file's, a link's address is meant for the reader.
        said = [_public(text_at(item, "attachment", "url"))]
    return [" ".join([mark, *(one for one in said if one)]), text_at(item, "attachment", "text")]


def _quick_reply(item: Any) -> list[str | None]:
    return _bulleted([text_at(item, "quickReply", "text")])


def _quick_replies(item: Any) -> list[str | None]:
    actions = objects_at(item, "quickReplyV2", "actions")
    titles = _bulleted(text_at(one, "text") for one in actions)
    return [text_at(item, "quickReplyV2", "title"), *titles]


def _card(item: Any) -> list[str | None]:
    return _card_lines(at(item, "card"))


def _carousel(item: Any) -> list[str | None]:
    cards = objects_at(item, "carousel", "cards")
    return [line for card in cards for line in _card_lines(card)]


def _card_lines(card: Any) -> list[str | None]:
    actions: list[str | None] = []
    for one in objects_at(card, "actions"):
        words = (text_at(one, "text"), _public(text_at(one, "url")))
        actions.append(" ".join(word for word in words if word))
    return [text_at(card, "title"), text_at(card, "description"), *_bulleted(actions)]


def _list_picker(item: Any) -> list[str | None]:
    lines: list[str | None] = []
    for section in objects_at(item, "listPicker", "sections"):
        lines.append(text_at(section, "title"))
        lines.extend(_bulleted(text_at(one, "title") for one in objects_at(section, "items")))
    return lines


def _date_picker(item: Any) -> list[str | None]:
    times = objects_at(item, "datePicker", "availableTimes")
    heads = [text_at(item, "datePicker", "title"), text_at(item, "datePicker", "subtitle")]
    return [*heads, *_bulleted(text_at(one, "dateTime") for one in times)]


def _notification(item: Any) -> list[str | None]:
    return [text_at(item, "template", part, "text") for part in ("header", "body", "footer")]


def _plain(item: Any) -> list[str | None]:
    return [text_at(item, "text", "body")]


def _bulleted(titles: Iterable[str | None]) -> list[str | None]:
    return [_BULLET + title.strip() for title in titles if title and title.strip()]


def _public(url: str | None) -> str | None:
    return url if url and url.startswith("https://") else None


_RENDERERS: dict[str, Callable[[Any], list[str | None]]] = {
    "attachment": _attachment,
    "quickreply": _quick_reply,
    "quickreplyv2": _quick_replies,
    "card": _card,
    "carousel": _carousel,
    "listpicker": _list_picker,
    "datepicker": _date_picker,
    "notification": _notification,
    "text": _plain,
}
