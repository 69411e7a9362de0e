"""Text on its way through the adapter: made safe coming in, cut to WhatsApp's limits going out.

What lives here: pure functions on strings. What must not: what a limit is for (outbound knows).
Meta does not say in which unit its limits count, so UTF-16 units are taken: never fewer than
code points.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import lru_cache

REPLACEMENT = "\ufffd"
ELLIPSIS = "…"
_JOINER = "\u200d"


def clean(text: str) -> str:
    """`text` fit for UTF-8, JSON and databases: no NUL, no half of a surrogate pair.

    JSON may escape either (`\\u0000`, `\\ud83d` alone), and both would only fail much later.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text.replace("\x00", REPLACEMENT)


def units(text: str) -> int:
    """How long `text` is in UTF-16 units."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def cut(text: str, limit: int) -> str:
    """`text` in at most `limit` UTF-16 units, an ellipsis at its end where something was cut.

    What a reader sees as one character (an accented letter, a flag, a family) stays whole.
    """
    if units(text) <= limit:
        return text
    room = limit - units(ELLIPSIS)
    kept: list[str] = []
    for cluster in _clusters(text):
        room -= units(cluster)
        if room < 0:
            break
        kept.append(cluster)
    # One cluster longer than the limit (a hundred accents on one letter) leaves the ellipsis
    # alone; better than half of a character.
    return "".join(kept).rstrip() + ELLIPSIS


def one_line(text: str) -> str:
    """`text` without line breaks or runs of blanks: what fits on a button."""
    return " ".join(text.split())


def label(text: str, limit: int) -> str:
    """`text` as a title or a description of a choice: clean, on one line, cut to the limit."""
    return _short_label(text, limit) if len(text) <= limit else cut(one_line(clean(text)), limit)


@lru_cache(maxsize=1024)
def _short_label(text: str, limit: int) -> str:
    """Remembered, as most customers are shown the same ones."""
    return cut(one_line(clean(text)), limit)


def _clusters(text: str) -> Iterator[str]:
    """Near enough to Unicode's grapheme clusters for menus and notices, without its tables."""
    cluster = ""
    for character in text:
        if cluster and not _joins(cluster, character):
            yield cluster
            cluster = ""
        cluster += character
    if cluster:
        yield cluster


def _joins(cluster: str, character: str) -> bool:
    if character == _JOINER or cluster.endswith(_JOINER):
        return True
    if cluster == "\r":
        return character == "\n"
    if unicodedata.category(character) in ("Mn", "Me", "Mc"):  # accents, variation selectors
        return True
    if "\U0001f3fb" <= character <= "\U0001f3ff":  # skin tones
        return True
    if "\U000e0020" <= character <= "\U000e007f":  # tags of flags such as Scotland's
        return True
    # Two regional indicators are one flag; a third begins the next.
    return len(cluster) == 1 and _is_flag_half(cluster) and _is_flag_half(character)


def _is_flag_half(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"
