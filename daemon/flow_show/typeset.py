"""How wide words are, and how they are broken into lines.

What lives here: an estimate that holds for Arial and the fonts with its measures, which the drawing
names first. What must not: where words stand. Nothing is asked of a font file, so that a drawing is
the same on every machine.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_RESERVE = 1.06
"""Fonts that stand in for Arial are a little wider."""
_BOLD = 1.08

# Widths of the ASCII characters from the space on, in thousandths of the size.
_ASCII = (
    "278 278 355 556 556 889 667 191 333 333 389 584 278 333 278 278 556 556 556 556 556 556 556 "
    "556 556 556 278 278 584 584 584 556 1015 667 667 722 722 667 611 778 722 278 500 667 556 833 "
    "722 778 667 778 722 667 611 722 667 944 667 667 611 278 278 278 469 556 333 556 556 500 556 "
    "556 278 556 556 222 222 500 222 833 556 556 556 556 333 500 278 556 500 722 500 500 500 334 "
    "260 334 584"
)
_WIDTHS = {chr(32 + index): int(width) for index, width in enumerate(_ASCII.split())} | {
    "“": 333,
    "”": 333,
    "…": 1000,
    "·": 333,
    "•": 350,
    "—": 1000,
    "→": 1000,
    "←": 1000,
    "⌂": 604,
}

# What XML 1.0 cannot say, line breaks and blanks of all kinds, and what turns the direction of
# the words behind it.
_UNWRITABLE = re.compile(
    "[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f\\ud800-\\udfff\\ufffe\\uffff"
    "\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069\\ufeff]"
)
_PIECE = re.compile(r"\S+")
_BREAKS = re.compile(r"[^_/?&,.-]*[_/?&,.-]+|[^_/?&,.-]+")
"""A name or an address may be broken behind these."""


def clean(text: str) -> str:
    """A text on one line, without what cannot be drawn."""
    return " ".join(_UNWRITABLE.sub("", text).split())


def width_of(text: str, size: float, *, bold: bool = False) -> float:
    """How wide a text may come out, in pixels."""
    thousandths = sum(map(_width_of_character, text))
    return thousandths * size * _RESERVE * (_BOLD if bold else 1) / 1000


@lru_cache(4096)
def _width_of_character(character: str) -> int:
    known = _WIDTHS.get(character)
    if known is not None:
        return known
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    if ord(character) >= 0x1F000:
        return 1350
    base = unicodedata.normalize("NFD", character)[0]
    if base in _WIDTHS:
        return _WIDTHS[base]
    return 1000 if unicodedata.east_asian_width(character) in "WF" else 720


def shorten(text: str, width: float, size: float, *, bold: bool = False) -> str:
    """A text on one line of this width, with an ellipsis where something was left out."""
    if width_of(text, size, bold=bold) <= width:
        return text
    fitting, _ = _split(text, width - width_of("…", size, bold=bold), size, bold=bold)
    return f"{fitting.rstrip(' ,.;:')}…"


def wrap(text: str, width: float, size: float, lines_max: int, *, bold: bool = False) -> list[str]:
    """A text in lines of this width; the last one ends in an ellipsis if not all found room."""
    lines = [""]
    for piece in _pieces(clean(text), width, size, bold=bold):
        longer = lines[-1] + piece
        if not lines[-1] or width_of(longer.rstrip(), size, bold=bold) <= width:
            lines[-1] = longer
        else:
            lines.append(piece)
    lines = [line.strip() for line in lines if line.strip()]
    if len(lines) <= lines_max:
        return lines
    rest = f"{lines[lines_max - 1]} {lines[lines_max]}…"
    return [*lines[: lines_max - 1], shorten(rest, width, size, bold=bold)]


def _pieces(text: str, width: float, size: float, *, bold: bool) -> list[str]:
    """What is kept on one line: words, with the blank behind them, or parts of long ones."""
    found: list[str] = []
    for match in _PIECE.finditer(text):
        word = match[0]
        parts = [word] if width_of(word, size, bold=bold) <= width else _BREAKS.findall(word)
        for part in parts:
            rest = part
            while width_of(rest, size, bold=bold) > width:
                head, rest = _split(rest, width, size, bold=bold)
                found.append(head)
            found.append(rest)
        found[-1] += " "
    return found


def _split(text: str, width: float, size: float, *, bold: bool) -> tuple[str, str]:
    """As many characters as find room, at least one, and the rest.

    Accents and what joins emoji take no room: they stay with the character before.
    """
    end, used = 0, 0.0
    while end < len(text):
        used += width_of(text[end], size, bold=bold)
        if used > width and end:
            break
        end += 1
    return text[:end], text[end:]
