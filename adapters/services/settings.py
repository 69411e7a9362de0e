"""What the operator sets for one service that the flow may talk to.

What lives here: the settings and their checks. What must not: reading files or secrets.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from adapters.secret import Secret

ANSWER_MAX_BYTES = 65536

_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
# Ours to set: they decide where a request goes and where it ends.
_RESERVED = frozenset({"host", "content-length", "transfer-encoding", "connection"})


@dataclass(frozen=True, slots=True)
class ServiceSettings:
    """One service. ValueError, naming the field and no value, for what cannot work."""

    base_url: str
    """`https://host[:port][/path]`; every request of the flow stays below it."""
    headers: Mapping[str, Secret | str] = field(default_factory=dict)
    """Sent with every request, such as `Authorization`."""
    call_deadline_s: float = 10.0
    """For one call in all; a step of the flow may ask for less."""
    answer_max_bytes: int = ANSWER_MAX_BYTES
    """The flow sees `null` instead of a longer answer."""

    def __post_init__(self) -> None:
        parts = urlsplit(self.base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("base_url: not an http(s) address")
        if parts.query or parts.fragment or parts.username or parts.password:
            raise ValueError("base_url: must hold no query, fragment or user")
        for name, value in self.headers.items():
            if not _HEADER_NAME.fullmatch(name) or name.lower() in _RESERVED:
                raise ValueError(f"headers: {name!r} cannot be set")
            text = value.reveal() if isinstance(value, Secret) else value
            if not text.isascii() or not text.isprintable():
                raise ValueError(f"headers: the value of {name!r} must be printable ASCII")
        if not 0 < self.call_deadline_s < float("inf"):
            raise ValueError("call_deadline_s: must be above zero")
        if self.answer_max_bytes <= 0:
            raise ValueError("answer_max_bytes: must be above zero")
