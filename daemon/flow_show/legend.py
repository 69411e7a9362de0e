"""What the signs of a picture mean, below it.

What lives here: the meanings of those that occur. What must not: the signs themselves (`boxes`).
"""

from __future__ import annotations

from typing import NamedTuple

from daemon.flow_show.boxes import BADGE_PAD, SMALL, Badge, Words
from daemon.flow_show.marks import badge, number, text
from daemon.flow_show.page import Page
from daemon.flow_show.typeset import width_of

LEADING = 22.0
_ARROW = 34.0
_APART = 22.0


class _Meaning(NamedTuple):
    style: str
    shown: str
    meaning: str


_LINE = _Meaning("line", "", "leads to")
_MEANINGS = (
    _LINE,
    _Meaning("root", "⌂ main", "back to the main menu"),
    _Meaning("named", "→ step", "leads to the card of this name"),
    _Meaning("back", "← step", "back to an earlier step"),
    _Meaning("elsewhere", "→ step", "leads to a step that is not in this picture"),
    _Meaning("nowhere", "? step", "there is no such step"),
    _Meaning("tab", "“word”", "leads here from anywhere, when a customer writes it"),
    _Meaning("from", "from step", "who names this card in a sign"),
)


def legend_of(page: Page, width: float) -> tuple[list[str], float]:
    """The legend in as many lines as are needed, and how high that is."""
    used = {each.style for drawn in page.cards for each in (*drawn.box.tabs, *drawn.box.signs)}
    if page.paths:
        used.add(_LINE.style)
    found: list[str] = []
    x, y = 0.0, 0.0
    for entry in _MEANINGS:
        if entry.style not in used:
            continue
        shape = width_of(entry.shown, SMALL) + 2 * BADGE_PAD if entry.shown else _ARROW
        whole = shape + 6 + width_of(entry.meaning, SMALL)
        if x and x + whole > width:
            x, y = 0.0, y + LEADING
        if entry is _LINE:
            d = f"M{number(x)} {number(y + 7.5)}h{number(_ARROW)}"
            found.append(f'<path class="line" d="{d}" marker-end="url(#arrow)"/>')
        else:
            found.append(badge(Badge(x, y, shape, 15, entry.shown, entry.style)))
        found.append(text(Words(x + shape + 6, y + 11, entry.meaning, "fact")))
        x += whole + _APART
    return found, y + LEADING
