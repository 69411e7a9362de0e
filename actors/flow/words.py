"""What was typed, compared with what can be meant.

What lives here: comparing words. What must not: what a word leads to.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable


def plain(text: str) -> str:
    """What was typed, without case, accents, punctuation and spare blanks."""
    # Decomposed first: ornamental letters become plain ones only then.
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    kept = (c if c.isalnum() else " " for c in decomposed if not unicodedata.combining(c))
    return " ".join("".join(kept).split())


def says(text: str, words: Iterable[str]) -> bool:
    """Whether what was typed is one of the words."""
    typed = plain(text)
    return bool(typed) and any(typed == plain(word) for word in words)
