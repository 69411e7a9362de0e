"""Texts, as a customer reads them.

What lives here: choosing the language, filling in values, comparing what was typed with what can
be chosen. What must not: what a text is about. Placeholders are `{name}`; an unknown name stays
out of sight rather than showing braces to a customer (`check` finds it beforehand).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from urllib.parse import quote

from actors.values import Scalar

PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_.]*)\}")


def pick(text: Mapping[str, str], language: str, fallback: str) -> str:
    """The text in a language, else in the fallback, else in whatever there is."""
    for key in (language, fallback):
        if key in text:
            return text[key]
    return next(iter(text.values()), "")


def show(value: Scalar) -> str:
    """A value as text: true, false and null as in the flow file."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case _:
            return str(value)


def fill(template: str, values: Mapping[str, Scalar]) -> str:
    """Put values into a text."""

    def one(found: re.Match[str]) -> str:
        value = values.get(found[1])
        return "" if value is None else show(value)

    return PLACEHOLDER.sub(one, template)


def fill_path(template: str, values: Mapping[str, Scalar]) -> str:
    """Put values into a path, each percent-encoded whole: a value cannot add a segment."""

    def one(found: re.Match[str]) -> str:
        value = values.get(found[1])
        encoded = "" if value is None else quote(show(value), safe="")
        # A segment of dots alone would climb; quote() leaves dots as they are.
        return encoded.replace(".", "%2E") if set(encoded) == {"."} else encoded

    return PLACEHOLDER.sub(one, template)


def placeholders(template: str) -> list[str]:
    """The names that a text asks for."""
    return [found[1] for found in PLACEHOLDER.finditer(template)]


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
