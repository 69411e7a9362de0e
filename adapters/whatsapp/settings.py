"""What the operator configures of WhatsApp.

What lives here: the values, and checks of their form, so that a bad one is found at start and not
by the first customer. What must not: reading them from anywhere (daemon.config does).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from adapters.secret import Secret

# A POST holds up to 3 MB (webhooks/overview); the slack keeps "MB" and "MiB" from mattering.
WEBHOOK_MAX_BYTES = 3 * 1024 * 1024
WEBHOOK_SLACK_BYTES = 256 * 1024

_DIGITS = re.compile(r"[0-9]{1,32}", re.ASCII)
_VERSION = re.compile(r"v[0-9]{1,3}\.[0-9]{1,3}", re.ASCII)
_TOKEN = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True)
class WhatsAppNumber:
    """One of our business numbers, and the token that may send from it."""

    phone_number_id: str
    """Meta's id of the number, by which webhooks are routed; not the number itself."""
    access_token: Secret

    def __post_init__(self) -> None:
        """Raise ValueError where a value cannot be right; no message holds a secret."""
        if not _DIGITS.fullmatch(self.phone_number_id):
            raise ValueError("phone_number_id: digits only")
        if not _TOKEN.fullmatch(self.access_token.reveal()):
            raise ValueError("access_token: printable ASCII without blanks")


@dataclass(frozen=True)
class WhatsAppSettings:
    """One WhatsApp Business account with its numbers."""

    api_url: str
    """Such as `https://graph.facebook.com`; the sandbox puts a loopback address here."""
    api_version: str
    """Such as `v25.0`."""
    business_account_id: str
    """The account of the numbers. Not asked for yet: templates, which belong to it, will be."""
    verify_token: Secret
    """What we made up for the handshake of the callback address."""
    app_secrets: tuple[Secret, ...]
    """More than one while a secret is being changed: each may have signed."""
    numbers: tuple[WhatsAppNumber, ...]
    send_deadline_s: float = 30.0
    """Total, from the first byte of the connection to the last of the answer."""
    body_max_bytes: int = WEBHOOK_MAX_BYTES + WEBHOOK_SLACK_BYTES

    def __post_init__(self) -> None:
        """Raise ValueError where a value cannot be right; no message holds a secret."""
        if not self.api_url.startswith(("https://", "http://")):
            raise ValueError("api_url: must begin with https:// or http://")
        if not _VERSION.fullmatch(self.api_version):
            raise ValueError("api_version: must look like v25.0")
        # An empty key signs as well as any other: it would let everybody in.
        if not self.verify_token.reveal():
            raise ValueError("verify_token: empty")
        if not self.app_secrets or not all(secret.reveal() for secret in self.app_secrets):
            raise ValueError("app_secrets: none, or an empty one")
        ids = [number.phone_number_id for number in self.numbers]
        if len(set(ids)) != len(ids):
            raise ValueError("numbers: a phone_number_id comes twice")
        if self.send_deadline_s <= 0:
            raise ValueError("send_deadline_s: must be more than 0")
        if self.body_max_bytes < WEBHOOK_MAX_BYTES:
            # Anything less and Meta's largest batches would come back for seven days.
            raise ValueError(f"body_max_bytes: at least {WEBHOOK_MAX_BYTES}")

    def number(self, phone_number_id: str) -> WhatsAppNumber | None:
        """Our number with this id, if it is ours."""
        for number in self.numbers:
            if number.phone_number_id == phone_number_id:
                return number
        return None

    def messages_url(self, phone_number_id: str) -> str:
        """Where messages from this number are posted."""
        return f"{self.api_url.rstrip('/')}/{self.api_version}/{phone_number_id}/messages"
