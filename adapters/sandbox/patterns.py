"""Comparing what came with a pattern in which `*` stands for anything.

What lives here: texts and JSON. What must not: where a pattern comes from.
"""

from __future__ import annotations

import re
from functools import lru_cache


def matches(pattern: str, text: str) -> bool:
    """Whether a text is as a pattern says; white space counts as one blank.

    Blanks next to a star belong to the star.
    """
    return _compiled(pattern).fullmatch(" ".join(text.split())) is not None


@lru_cache(maxsize=1000)
def _compiled(pattern: str) -> re.Pattern[str]:
    parts = [re.escape(" ".join(part.split())) for part in pattern.split("*")]
    return re.compile(".*".join(parts), re.DOTALL)


def matches_json(wanted: object, found: object) -> bool:
    """Whether a document is as another says: objects may hold more, texts are patterns."""
    match wanted:
        case dict():
            return isinstance(found, dict) and all(
                key in found and matches_json(value, found[key]) for key, value in wanted.items()
            )
        case list():
            return (
                isinstance(found, list)
                and len(found) == len(wanted)
                and all(map(matches_json, wanted, found))
            )
        case str():
            return isinstance(found, str) and matches(wanted, found)
        case _:
            return type(wanted) is type(found) and wanted == found
