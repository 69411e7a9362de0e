"""A card of a known size: which words stand where on it, and where lines touch it.

What lives here: measures of a card. What must not: where it stands (`placing`, `page`), or how it
is written down (`svg`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, assert_never

from msgspec import Struct

from daemon.flow_show.cards import Card, Row
from daemon.flow_show.connectors import SignKind
from daemon.flow_show.typeset import shorten, width_of, wrap

WIDTH = 214.0
PAD = 9.0
INNER = WIDTH - 2 * PAD
BADGE_PAD = 6.0
NAME, TEXT, SMALL = 12.5, 11.5, 10.0
LEADING = 14.5
HEADER = 24.0
SIGN = 16.0
"""Height of a sign."""
TAB = 17.0
"""Height of a line of tabs: where people come in."""
TEXT_LINES_MAX = 4
FACT_LINES_MAX = 3
FAULTS_MAX = 2
FAULT_LINES_MAX = 3


class Words(Struct, frozen=True):
    """Words at a place of the card: `x` is where they begin, unless their anchor says otherwise."""

    x: float
    y: float
    text: str
    style: str
    """`name`, `kind`, `says`, `fact`, `label`, `note` or `fault`."""
    anchor: Literal["start", "middle", "end"] = "start"


class Badge(Struct, frozen=True):
    """A few words on a ground of their own: a tab above the card, or a sign in a row."""

    x: float
    y: float
    width: float
    height: float
    text: str
    style: str
    """`start`, `tab`, `from`, or the kind of a sign."""
    to: str = ""
    """The step that a sign names."""


class Box(Struct, frozen=True):
    """A card with its size. Places are counted from its upper left corner, tabs included."""

    card: Card
    width: float
    height: float
    top: float
    """Where the card itself begins, below its tabs."""
    header: float
    """Where its header ends."""
    way_in: float
    """Where lines end, on the left side."""
    ways_out: dict[int, float]
    """Index of a row -> where its line begins, on the right side."""
    words: tuple[Words, ...]
    tabs: tuple[Badge, ...]
    signs: tuple[Badge, ...]
    rules: tuple[float, ...]
    """Horizontal lines between rows."""


def box_of(card: Card, signs: Mapping[int, SignKind], comes_from: str) -> Box:
    """Measure a card: `signs` by index of the row; `comes_from` tells of ways in without lines."""
    build = _Builder()
    build.add_tabs(card, comes_from)
    top = build.y
    build.add_header(card)
    header = build.y
    build.y += 4
    build.add_lines(wrap(card.says, INNER, TEXT, TEXT_LINES_MAX), "says", LEADING)
    for fact in card.facts:
        build.add_lines(wrap(fact, INNER, SMALL, FACT_LINES_MAX), "fact", LEADING - 1.5)
    for fault in told(card.faults):
        build.add_lines(wrap(fault, INNER, SMALL, FAULT_LINES_MAX), "fault", LEADING - 1.5)
    build.y += 4
    way_in = top + HEADER / 2
    ways_out: dict[int, float] = {}
    for index, row in enumerate(card.rows):
        sign = signs.get(index)
        if not row.label and sign is None:
            # The only way on: it goes straight through the card.
            ways_out[index] = way_in
            continue
        middle = build.add_row(row, sign, sign_words(card, row, sign) if sign is not None else "")
        if sign is None and row.to is not None:
            ways_out[index] = middle
    return Box(
        card=card,
        width=WIDTH,
        height=build.y,
        top=top,
        header=header,
        way_in=way_in,
        ways_out=ways_out,
        words=tuple(build.words),
        tabs=tuple(build.tabs),
        signs=tuple(build.signs),
        rules=tuple(build.rules),
    )


def told(faults: Sequence[str]) -> list[str]:
    """The first faults of a card, and how many there are besides."""
    more = len(faults) - FAULTS_MAX
    first = [f"! {fault}" for fault in faults[:FAULTS_MAX]]
    return [*first, *([f"and {more} more"] if more > 0 else [])]


class _Builder:
    """A card that grows downwards."""

    def __init__(self) -> None:
        self.y = 0.0
        self.words: list[Words] = []
        self.tabs: list[Badge] = []
        self.signs: list[Badge] = []
        self.rules: list[float] = []

    def add_lines(self, texts: Sequence[str], style: str, leading: float) -> None:
        """Words in lines, from the left."""
        for text in texts:
            self.y += leading
            self.words.append(Words(PAD, self.y - 3.5, text, style))

    def add_tabs(self, card: Card, comes_from: str) -> None:
        """What stands above a card: the ways in that are no lines."""
        tabs = [("start", _MARKS[mark]) for mark in card.marks if mark in _MARKS]
        tabs += [("tab", f"“{word}”") for word in card.words]
        if "closed" in card.marks:
            tabs.append(("from", "while no person is there"))
        if comes_from:
            tabs.append(("from", comes_from))
        x = 0.0
        for style, text in tabs:
            bold = style == "start"
            shown = shorten(text, WIDTH - 2 * BADGE_PAD, SMALL, bold=bold)
            width = width_of(shown, SMALL, bold=bold) + 2 * BADGE_PAD
            if x and x + width > WIDTH:
                x, self.y = 0.0, self.y + TAB
            self.tabs.append(Badge(x, self.y, width, TAB - 3, shown, style))
            x += width + 4
        self.y += TAB if tabs else 0

    def add_header(self, card: Card) -> None:
        """Name and kind; a long name stands under its kind."""
        room = INNER - width_of(card.kind, SMALL) - 8
        lines = wrap(card.name, room, NAME, 1, bold=True)
        if lines != [card.name]:
            lines = ["", *wrap(card.name, INNER, NAME, 3, bold=True)]
        self.words.append(Words(WIDTH - PAD, self.y + 16, card.kind, "kind", "end"))
        for index, line in enumerate(lines):
            if line:
                self.words.append(Words(PAD, self.y + 16.5 + LEADING * index, line, "name"))
        self.y += HEADER + LEADING * (len(lines) - 1)

    def add_row(self, row: Row, sign: SignKind | None, named: str) -> float:
        """One way on, with its sign beside or under it; its middle."""
        start = self.y
        self.rules.append(start)
        self.y += 4
        lines = wrap(row.label, INNER, TEXT, 2)
        self.add_lines(lines, "label", LEADING)
        self.add_lines(wrap(row.note, INNER, SMALL, 2), "note", LEADING - 2)
        if sign is not None:
            shown = shorten(named, INNER - 2 * BADGE_PAD, SMALL)
            width = width_of(shown, SMALL) + 2 * BADGE_PAD
            y = start + 3.25
            if not lines or width_of(row.label, TEXT) + width + 6 > INNER:
                y = self.y + 1
                self.y += SIGN + 1
            left = WIDTH - PAD - width
            self.signs.append(Badge(left, y, width, SIGN, shown, sign, row.to or ""))
        self.y += 4
        return (start + self.y) / 2


_MARKS = {
    "start": "start of a conversation",
    "root": "main menu: all comes back here",
    "entry": "entry of the sub-flow",
}


def sign_words(card: Card, row: Row, sign: SignKind) -> str:
    """What is written in a sign; a step of the same sub-flow goes by its own name."""
    name = row.to or ""
    name = name.removeprefix(f"{card.scope}.") if card.scope else name
    match sign:
        case "root":
            return f"⌂ {name}"
        case "back":
            return f"← {name}"
        case "nowhere":
            return f"? {name}"
        case "named" | "elsewhere":
            return f"→ {name}"
        case _:
            assert_never(sign)
