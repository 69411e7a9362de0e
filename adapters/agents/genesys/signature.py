"""The signature of what Genesys posts to us.

What lives here: HMAC over the raw body. What must not: parsing it.
https://developer.genesys.cloud/commdigital/digital/openmessaging/validate
"""

from __future__ import annotations

import base64
import hashlib
import hmac

from adapters.secret import Secret

HEADER = "x-hub-signature-256"
_PREFIX = "sha256="


def sign(secret: Secret, body: bytes) -> str:
    """The header's value for `body`: `sha256=` and base64, unlike other vendors' hex."""
    digest = hmac.new(secret.reveal_bytes(), body, hashlib.sha256).digest()
    return _PREFIX + base64.b64encode(digest).decode()


def is_signed(secret: Secret, body: bytes, header: str) -> bool:
    """Whether `header` is the signature of exactly these bytes; compared in constant time.

    Nothing in it says when it was made: a replay verifies, so events are known by their id.
    """
    return Secret(sign(secret, body)).matches(header)
