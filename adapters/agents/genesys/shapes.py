"""Reading JSON that somebody else wrote, without trusting its shape.

What lives here: look-ups that give None or nothing instead of raising. What must not: what a field
means. Genesys adds keys and spells some in two ways, so nothing is read by a strict schema.
"""

from __future__ import annotations

import re
from typing import Any

_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def at(value: Any, *path: str) -> Any:
    """What lies at `path` in nested objects; None where a step is missing or no object."""
    for name in path:
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value


def text_at(value: Any, *path: str) -> str | None:
    """The text at `path`; None where there is none or it is blank."""
    found = at(value, *path)
    return found if isinstance(found, str) and found.strip() else None


def objects_at(value: Any, *path: str) -> list[dict[str, Any]]:
    """The objects in the list at `path`; whatever else is in it is left out."""
    found = at(value, *path)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def word(value: Any) -> str | None:
    """`value` where it is one plain word, fit for a log line or a path; else None.

    Free text of a vendor may quote a customer, so it is never logged.
    """
    return value if isinstance(value, str) and _WORD.fullmatch(value) else None
