"""The handshake by which Meta makes sure that the webhook is ours.

What lives here: the answer to its GET, and the form of a refusal. What must not: events.
Source: webhooks/create-webhook-endpoint
"""

from __future__ import annotations

from adapters.ports import HttpAnswer, HttpRequest, Reception
from adapters.whatsapp.settings import WhatsAppSettings


def shake_hands(request: HttpRequest, settings: WhatsAppSettings) -> Reception:
    """Answer Meta's GET with its challenge, as it came: it need not be a number.

    It comes whenever somebody saves the address or the token in the dashboard, also years later.
    """
    given: dict[str, list[str]] = {}
    for name, value in request.query:
        given.setdefault(name, []).append(value)
    mode = given.get("hub.mode", [])
    token = given.get("hub.verify_token", [])
    challenge = given.get("hub.challenge", [])
    if max(len(mode), len(token), len(challenge)) > 1:
        return refusal(400, "handshake: a parameter came twice")
    # The token first: who does not know it learns nothing else.
    if not token or not settings.verify_token.matches(token[0]):
        return refusal(403, "handshake: wrong token")
    if mode != ["subscribe"] or not challenge:
        return refusal(400, "handshake: incomplete")
    answer = HttpAnswer(
        200,
        challenge[0].encode("utf-8", "replace"),
        "text/plain",
        (("x-content-type-options", "nosniff"),),
    )
    return Reception(answer)


def refusal(status: int, why: str) -> Reception:
    """Nothing was taken, and `why`, for the log."""
    return Reception(HttpAnswer(status), refused=why)
