"""Contents that cannot be shown as what they are, as plain text."""

from __future__ import annotations

from typing import Any

import pytest

from tests.adapters.agents.genesys.posts import a_line, signed, wrote

FILE = {
    "contentType": "Attachment",
    "attachment": {
        "mediaType": "Image",
        "url": "https://api-downloads.usw2.pure.cloud/api/v2/downloads/x",
        "filename": "a.jpg",
    },
}


def reply(title: str) -> dict[str, Any]:
    """A quick reply."""
    return {"contentType": "QuickReply", "quickReply": {"text": title, "payload": "p"}}


CARD = {
    "title": "Router",
    "description": "R7",
    "actions": [
        {"type": "Link", "text": "Manual", "url": "https://example.net/m"},
        {"type": "Postback", "text": "Restart", "payload": "r"},
    ],
}
CARD_TEXT = "Router\nR7\n• Manual https://example.net/m\n• Restart"
SECTION = {"title": "A", "items": [{"id": "1", "title": "one"}, {"id": "2", "title": "two"}]}


@pytest.mark.parametrize(
    ("text", "content", "shown"),
    [
        (None, [FILE], "📷 a.jpg"),
        ("see", [FILE], "see\n📷 a.jpg"),
        (None, [{"contentType": "Attachment"}], "📎"),
        (
            None,
            [
                {
                    "contentType": "Attachment",
                    "attachment": {"mediaType": "Link", "url": "https://example.net"},
                }
            ],
            "🔗 https://example.net",
        ),
        ("Which?", [reply("Yes"), reply("No")], "Which?\n• Yes\n• No"),
        (
            None,
            [
                {
                    "contentType": "QuickReplyV2",
                    "quickReplyV2": {"title": "Which?", "actions": [{"text": "Yes"}]},
                }
            ],
            "Which?\n• Yes",
        ),
        (None, [{"contentType": "Card", "card": CARD}], CARD_TEXT),
        (
            None,
            [{"contentType": "Carousel", "carousel": {"cards": [CARD, CARD]}}],
            f"{CARD_TEXT}\n{CARD_TEXT}",
        ),
        (
            "List",
            [{"contentType": "ListPicker", "listPicker": {"sections": [SECTION]}}],
            "List\nA\n• one\n• two",
        ),
        (
            None,
            [
                {
                    "contentType": "DatePicker",
                    "datePicker": {"title": "When?", "availableTimes": [{"dateTime": "2026"}]},
                }
            ],
            "When?\n• 2026",
        ),
        (
            None,
            [{"contentType": "Notification", "template": {"body": {"text": "News"}}}],
            "News",
        ),
        (None, [{"contentType": "Text", "text": {"body": "plain"}}], "plain"),
        (None, [{"contentType": "Form"}, {}, 7], "📎\n📎"),
    ],
)
def test_content_as_text(text: str | None, content: Any, shown: str) -> None:
    line = wrote(signed(a_line(type="Structured", text=text, content=content)))
    assert line.text == shown
