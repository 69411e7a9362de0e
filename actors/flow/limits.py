"""How much of a text is shown, and how much of a flow is carried out.

What lives here: the platform's limits and the measure of a text
(https://developers.facebook.com/documentation/business-messaging/whatsapp/); the bounds of a
conversation, which the check and the conversation share. What must not: what is done about what is
over them. Texts are measured in UTF-16 units, the strictest reading.
"""

from __future__ import annotations

BUTTONS_MAX = 3
"""Choices that are shown as buttons; more become a list."""
CHOICES_MAX = 10
BUTTON_TITLE_MAX = 20
ROW_TITLE_MAX = 24
ROW_DESCRIPTION_MAX = 72
MENU_TEXT_MAX = 1024
TEXT_MAX = 4096

STEPS_MAX = 50
"""Steps that a conversation carries out in one turn."""
TRIES = 3
"""Answers that do not fit, where a question does not say how many are taken."""
SUBFLOWS_DEEP_MAX = 5
"""Sub-flows inside each other."""
VALUES_MAX = 100
"""Values that a conversation keeps."""


def units(text: str) -> int:
    """The length of a text in UTF-16 units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
