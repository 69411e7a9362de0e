"""The signature of a webhook: `X-Hub-Signature-256`.

What lives here: making and checking it. What must not: parsing. It is made over the raw bytes as
they came: Meta escapes what is not ASCII as `\\uXXXX` and signs that form, so JSON that was read
and written again has another signature.
Source: webhooks/create-webhook-endpoint
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable

from adapters.secret import Secret

HEADER = "x-hub-signature-256"
_FORM = re.compile(r"sha256=([0-9a-f]{64})", re.ASCII)


def sign(secret: Secret, body: bytes) -> str:
    """The header's value for `body`, as Meta would make it; for the sandbox and the tests."""
    return "sha256=" + hmac.new(secret.reveal_bytes(), body, hashlib.sha256).hexdigest()


def verify(header: str | None, body: bytes, secrets: Iterable[Secret]) -> bool:
    """Whether one of the app's secrets signed exactly these bytes.

    The form is strict: `sha256=` and 64 lower-case hexadecimal digits, nothing before or after.
    """
    match = _FORM.fullmatch(header or "")
    if match is None:
        return False
    given = match.group(1).encode("ascii")
    found = False
    for secret in secrets:
        made = hmac.digest(secret.reveal_bytes(), body, "sha256").hex().encode("ascii")
        # No early end: how long it takes must not tell which secret matched.
        found |= hmac.compare_digest(made, given)
    return found
