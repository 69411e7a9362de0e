"""The whole picture: parts beside and below each other, sub-flows in frames.

What lives here: from cards and their plan to a page on which everything has its place. What must
not: the inside of parts (`placing`, `routing`), or writing it down (`svg`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from msgspec import Struct

from daemon.flow_show.boxes import Box, box_of
from daemon.flow_show.cards import Card
from daemon.flow_show.connectors import Plan, SignKind
from daemon.flow_show.layers import Line
from daemon.flow_show.ordering import Columns
from daemon.flow_show.placing import place
from daemon.flow_show.routing import Point, route

PART_GAP = 34.0
FRAME_PAD = 16.0
FRAME_HEAD = 26.0
PROPORTION = 0.75
"""How wide a page is for its height, if the parts allow it."""
NAMES_MAX = 3
"""How many steps are named as those from where one comes to a step."""


class Drawn(Struct, frozen=True):
    """A card at its place."""

    x: float
    y: float
    box: Box


class Path(Struct, frozen=True):
    """A line with its corners."""

    line: Line
    points: tuple[Point, ...]


class Frame(Struct, frozen=True):
    """A sub-flow's frame."""

    x: float
    y: float
    width: float
    height: float
    name: str
    callers: tuple[str, ...]


class Page(Struct, frozen=True):
    """Everything at its place."""

    width: float
    height: float
    cards: tuple[Drawn, ...] = ()
    paths: tuple[Path, ...] = ()
    frames: tuple[Frame, ...] = ()

    def moved(self, x: float, y: float) -> Page:
        """The same, elsewhere."""
        return Page(
            self.width,
            self.height,
            tuple(Drawn(each.x + x, each.y + y, each.box) for each in self.cards),
            tuple(
                Path(each.line, tuple((px + x, py + y) for px, py in each.points))
                for each in self.paths
            ),
            tuple(
                Frame(each.x + x, each.y + y, each.width, each.height, each.name, each.callers)
                for each in self.frames
            ),
        )


def page_of(
    cards: Mapping[str, Card],
    plan: Plan,
    all_cards: Mapping[str, Card],
    callers: Mapping[str, Sequence[str]],
) -> Page:
    """Lay the planned parts out. `all_cards` knows who else leads to the shown ones."""
    boxes = _boxes(cards, plan, all_cards)
    scopes: dict[str, list[Page]] = {}
    for columns in plan.parts:
        scope = cards[columns.stops[0][0].address].scope
        scopes.setdefault(scope, []).append(_part(columns, boxes, plan.lines))
    pages = scopes.pop("", [])
    for name, found in scopes.items():
        pages.append(_framed(_packed(found), name, tuple(callers.get(name, ()))))
    return _packed(pages)


def _boxes(cards: Mapping[str, Card], plan: Plan, all_cards: Mapping[str, Card]) -> dict[str, Box]:
    lines = {(line.source, line.row) for line in plan.lines}
    sources: dict[str, list[str]] = {}
    reached: set[str] = set()
    for card in all_cards.values():
        for index, row in enumerate(card.rows):
            if row.to is not None and row.to in cards:
                reached.add(row.to)
                if (card.address, index) not in lines:
                    sources.setdefault(row.to, []).append(card.address)
    signs: dict[str, dict[int, SignKind]] = {}
    for (address, index), sign in plan.signs.items():
        signs.setdefault(address, {})[index] = sign
    boxes = {}
    for address, card in cards.items():
        comes_from = _comes_from(card, sources.get(address, []))
        if address not in reached and not card.marks and not card.words:
            comes_from = "nothing leads here"
        boxes[address] = box_of(card, signs.get(address, {}), comes_from)
    return boxes


def _comes_from(card: Card, sources: Sequence[str]) -> str:
    """The steps from which signs lead here; many are only counted, at the root not even that."""
    found = list(dict.fromkeys(sources))
    if "root" in card.marks or not found:
        return ""
    if len(found) > NAMES_MAX:
        return f"from {len(found)} steps"
    own = f"{card.scope}." if card.scope else ""
    return f"from {', '.join(name.removeprefix(own) for name in found)}"


def _part(columns: Columns, boxes: Mapping[str, Box], lines: Sequence[Line]) -> Page:
    heights = place(columns, boxes)
    members = {stop.address for column in columns.stops for stop in column if stop.lane < 0}
    routes = route(columns, heights, [line for line in lines if line.source in members])
    cards = tuple(
        Drawn(x, heights.tops[stop], boxes[stop.address])
        for x, column in zip(routes.lefts, columns.stops, strict=True)
        for stop in column
        if stop.lane < 0
    )
    paths = tuple(Path(line, tuple(points)) for line, points in routes.points.items())
    # Not below every lane is there a card.
    lowest = max(card.y + card.box.height for card in cards)
    return Page(routes.width, max(lowest, *heights.tops.values()), cards, paths)


def _framed(page: Page, name: str, callers: tuple[str, ...]) -> Page:
    moved = page.moved(FRAME_PAD, FRAME_HEAD + FRAME_PAD)
    width, height = page.width + 2 * FRAME_PAD, page.height + FRAME_HEAD + 2 * FRAME_PAD
    frame = Frame(0, 0, width, height, name, callers)
    return Page(width, height, moved.cards, moved.paths, (frame, *moved.frames))


def _packed(pages: Sequence[Page]) -> Page:
    """Each page as high up as it finds room, then as far left, in their order."""
    if not pages:
        return Page(0, 0)
    area = sum((page.width + PART_GAP) * (page.height + PART_GAP) for page in pages)
    most = max(max(page.width for page in pages), math.sqrt(area * PROPORTION))
    skyline = [(0.0, 0.0)]
    placed: list[Page] = []
    for page in pages:
        x, y = _room(skyline, page.width, most)
        placed.append(page.moved(x, y))
        skyline = _raised(skyline, x, x + page.width + PART_GAP, y + page.height + PART_GAP)
    return Page(
        max(page.width for page in _extents(placed)),
        max(page.height for page in _extents(placed)),
        tuple(card for page in placed for card in page.cards),
        tuple(path for page in placed for path in page.paths),
        tuple(frame for page in placed for frame in page.frames),
    )


def _extents(pages: Sequence[Page]) -> list[Page]:
    """How far each page reaches from the corner of all."""
    return [
        Page(
            max(
                [card.x + card.box.width for card in page.cards]
                + [frame.x + frame.width for frame in page.frames]
            ),
            max(
                [card.y + card.box.height for card in page.cards]
                + [frame.y + frame.height for frame in page.frames]
            ),
        )
        for page in pages
    ]


def _room(skyline: Sequence[tuple[float, float]], width: float, most: float) -> Point:
    """The highest place for something this wide, then the leftmost."""
    best: tuple[float, float] | None = None
    for index, (x, _) in enumerate(skyline):
        if x and x + width > most:
            break
        y = max(
            below
            for other, (start, below) in enumerate(skyline)
            if other == index or (start > x and start < x + width)
        )
        if best is None or (y, x) < best:
            best = (y, x)
    assert best is not None  # the first place is at the left edge, where everything fits
    return best[1], best[0]


def _raised(
    skyline: Sequence[tuple[float, float]], left: float, right: float, to: float
) -> list[tuple[float, float]]:
    """The skyline with something standing on it: pairs of where a stretch begins and its depth."""
    behind = [depth for start, depth in skyline if start <= right][-1]
    before = [each for each in skyline if each[0] < left]
    after = [each for each in skyline if each[0] > right]
    return [*before, (left, to), (right, behind), *after]
