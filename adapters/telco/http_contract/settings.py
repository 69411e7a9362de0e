"""What the operator sets for one provider's system.

What lives here: the settings and their checks. What must not: reading files or secrets.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from adapters.secret import Secret
from adapters.telco import standard_webhooks

ID_FIELDS = ("id", "jobId", "job_id", "requestId", "transactionId")

# The name is a part of addresses, aliases and message ids, so it holds none of their separators.
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True)
class TelcoSettings:
    """One provider's system. ValueError, naming the field and no value, for what cannot work."""

    name: str
    """As in the configuration's `[telco.<name>]` and in the callback's address."""
    base_url: str
    """`https://host[:port][/path]`; the calls go to `<base_url>/jobs...`."""
    callback_url: str
    """Our public address for the provider's callbacks; goes out with each start."""
    callback_secrets: tuple[Secret, ...]
    """`whsec_...`; several while a secret is being changed."""
    authorization: Secret | None = None
    """The whole `Authorization` header, such as `Bearer ...`."""
    honours_idempotency_keys: bool = True
    """Whether the same start with the same `Idempotency-Key` gives the same job."""
    id_fields: tuple[str, ...] = ID_FIELDS
    """Where an answer may name the job, the first one present counts."""
    call_deadline_s: float = 30.0
    """For one call of ours in all, look-ups on its way included."""
    body_max_bytes: int = 65536
    """Of a callback."""

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ValueError("name: letters, digits, `_` and `-` only")
        for field, url in (("base_url", self.base_url), ("callback_url", self.callback_url)):
            parts = urlsplit(url)
            if parts.scheme not in ("http", "https") or not parts.hostname:
                raise ValueError(f"{field}: not an http(s) address")
            if parts.query or parts.fragment or parts.username or parts.password:
                raise ValueError(f"{field}: must hold no query, fragment or user")
        if not self.callback_secrets:
            raise ValueError("callback_secrets: at least one is needed")
        for secret in self.callback_secrets:
            try:
                standard_webhooks.key_of(secret)
            except ValueError as error:
                raise ValueError(f"callback_secrets: {error}") from None
        if self.authorization is not None:
            text = self.authorization.reveal()
            if not text or not text.isascii() or not text.isprintable():
                raise ValueError("authorization: must be printable ASCII")
        if not self.id_fields:
            raise ValueError("id_fields: empty")
        if not 0 < self.call_deadline_s < float("inf"):
            raise ValueError("call_deadline_s: must be above zero")
        if self.body_max_bytes <= 0:
            raise ValueError("body_max_bytes: must be above zero")

    @property
    def jobs_url(self) -> str:
        """The address of the collection of jobs."""
        return self.base_url.rstrip("/") + "/jobs"
