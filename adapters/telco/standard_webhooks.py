"""Signing and verifying by Standard Webhooks: symmetric keys, signature version `v1`.

What lives here: bytes and keys (https://www.standardwebhooks.com). What must not: HTTP answers and
the meaning of an event. No clock: the time is an argument.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from enum import Enum

from adapters.secret import Secret

ID_HEADER = "webhook-id"
TIMESTAMP_HEADER = "webhook-timestamp"
SIGNATURE_HEADER = "webhook-signature"

TOLERANCE_MS = 300_000
KEY_BYTES_MIN = 24
KEY_BYTES_MAX = 64

_PREFIX = "whsec_"
_VERSION = "v1"
# A header of signatures is short in practice; the bound keeps the work for a stranger small.
_SIGNATURES_MAX = 32


class Verdict(Enum):
    """What verifying found. The time is judged last, so that a skewed clock is seen as one."""

    GOOD = "good"
    HEADERS_MISSING = "a webhook header is missing"
    HEADERS_MALFORMED = "a webhook header is malformed"
    WRONG = "no signature matches"
    TOO_OLD = "well signed, but older than 5 minutes: a replay, or a clock is wrong"
    TOO_NEW = "well signed, but from the future: a clock is wrong"


def key_of(secret: Secret) -> bytes:
    """The key in `whsec_<base64>`; the prefix and the padding may be missing.

    ValueError (without the secret in it) where it is no base64 of 24 to 64 bytes.
    """
    text = secret.reveal().removeprefix(_PREFIX).rstrip("=")
    try:
        key = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("a webhook secret is `whsec_` and base64") from None
    if not KEY_BYTES_MIN <= len(key) <= KEY_BYTES_MAX:
        raise ValueError(f"a webhook secret holds {KEY_BYTES_MIN} to {KEY_BYTES_MAX} bytes")
    return key


def sign(secret: Secret, message_id: str, timestamp_s: int, body: bytes) -> str:
    """One signature (`v1,<base64>`) of a message sent at `timestamp_s` (seconds since 1970).

    ValueError where the secret is malformed, or the id holds a dot or is not ASCII: with dots,
    two messages could have the same signed bytes.
    """
    if not message_id or not message_id.isascii() or "." in message_id:
        raise ValueError("a webhook id is ASCII without dots")
    return f"{_VERSION},{_digest(key_of(secret), message_id, str(timestamp_s), body)}"


def verify(
    secrets: Sequence[Secret], headers: Mapping[str, str], body: bytes, now_ms: int
) -> Verdict:
    """Whether `body` was signed with one of `secrets` within 300 s of `now_ms`.

    `headers` has lower-case names. Any signature of the header may match; those of other versions
    are skipped. Never raises for what a stranger sent; ValueError for a malformed secret of ours.
    """
    try:
        message_id = headers[ID_HEADER]
        timestamp = headers[TIMESTAMP_HEADER]
        signatures = headers[SIGNATURE_HEADER]
    except KeyError:
        return Verdict.HEADERS_MISSING
    if not (message_id.isascii() and signatures.isascii() and timestamp.isascii()):
        return Verdict.HEADERS_MALFORMED
    if not message_id or "." in message_id or not timestamp.isdigit() or len(timestamp) > 12:
        return Verdict.HEADERS_MALFORMED
    if not _any_matches(secrets, signatures, message_id, timestamp, body):
        return Verdict.WRONG
    age_ms = now_ms - int(timestamp) * 1000
    if age_ms > TOLERANCE_MS:
        return Verdict.TOO_OLD
    if age_ms < -TOLERANCE_MS:
        return Verdict.TOO_NEW
    return Verdict.GOOD


def _any_matches(
    secrets: Sequence[Secret], signatures: str, message_id: str, timestamp: str, body: bytes
) -> bool:
    candidates = []
    for part in signatures.split(" ")[:_SIGNATURES_MAX]:
        version, _, signature = part.partition(",")
        if version == _VERSION:
            candidates.append(signature.encode())
    matched = False
    # No early way out: how long it takes tells nothing about which one matched.
    for secret in secrets:
        expected = _digest(key_of(secret), message_id, timestamp, body).encode()
        for candidate in candidates:
            matched |= hmac.compare_digest(expected, candidate)
    return matched


def _digest(key: bytes, message_id: str, timestamp: str, body: bytes) -> str:
    signed = f"{message_id}.{timestamp}.".encode() + body
    return base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
