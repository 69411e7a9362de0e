"""What a page may not look like: a list of everything that a reader would stumble over."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, pairwise, product
from typing import NamedTuple

from daemon.flow_show.boxes import NAME, PAD, SMALL, TEXT, Box, Words
from daemon.flow_show.page import Drawn, Frame, Page, Path
from daemon.flow_show.typeset import width_of

NEAR = 3.0
"""Lines that are nearer would be read as one."""


class Rectangle(NamedTuple):
    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: Rectangle, apart: float = 0.0) -> bool:
        return (
            self.left < other.right + apart
            and other.left < self.right + apart
            and self.top < other.bottom + apart
            and other.top < self.bottom + apart
        )

    def holds(self, other: Rectangle) -> bool:
        return (
            self.left <= other.left
            and other.right <= self.right
            and self.top <= other.top
            and other.bottom <= self.bottom
        )


def faults_of(page: Page) -> list[str]:
    """Everything that is wrong with the places of cards, words and lines."""
    return [
        *_cards(page),
        *(fault for drawn in page.cards for fault in _inside(drawn.box)),
        *_ends(page),
        *_ways(page),
        *_on_each_other(page.paths),
    ]


def of_card(drawn: Drawn) -> Rectangle:
    """With its tabs."""
    return Rectangle(drawn.x, drawn.y, drawn.x + drawn.box.width, drawn.y + drawn.box.height)


def of_frame(frame: Frame) -> Rectangle:
    return Rectangle(frame.x, frame.y, frame.x + frame.width, frame.y + frame.height)


def _cards(page: Page) -> Iterator[str]:
    whole = Rectangle(0, 0, page.width, page.height)
    for drawn in page.cards:
        if not whole.holds(of_card(drawn)):
            yield f"{drawn.box.card.address} is off the page"
        for frame in page.frames:
            mine = drawn.box.card.scope == frame.name
            if mine and not of_frame(frame).holds(of_card(drawn)):
                yield f"{drawn.box.card.address} is not in its frame"
            if not mine and of_frame(frame).meets(of_card(drawn)):
                yield f"{drawn.box.card.address} is in the frame {frame.name}"
    for one, other in combinations(page.cards, 2):
        if of_card(one).meets(of_card(other), apart=8):
            yield f"{one.box.card.address} and {other.box.card.address} are too near"
    for frame, other_frame in combinations(page.frames, 2):
        if of_frame(frame).meets(of_frame(other_frame)):
            yield f"the frames {frame.name} and {other_frame.name} overlap"


def _style_of(words: Words) -> tuple[float, bool]:
    """The size of words, and whether they are bold."""
    match words.style:
        case "name":
            return NAME, True
        case "says" | "label":
            return TEXT, False
        case _:
            return SMALL, False


def _inside(box: Box) -> Iterator[str]:
    """Whether the words of a card are on it, by the estimate of their width, and apart."""
    name = box.card.address
    places = []
    for words in box.words:
        size, bold = _style_of(words)
        width = width_of(words.text, size, bold=bold)
        left = words.x - (width if words.anchor == "end" else 0)
        places.append(
            (words.text, Rectangle(left, words.y - size * 0.75, left + width, words.y + 1))
        )
        if left < PAD - 0.1 or left + width > box.width - PAD + 0.1:
            yield f"{name}: {words.text!r} is wider than its card"
        if not box.top < words.y - size * 0.7 or not words.y + 2 < box.height:
            yield f"{name}: {words.text!r} is higher than its card"
    for badge in (*box.tabs, *box.signs):
        places.append(
            (badge.text, Rectangle(badge.x, badge.y, badge.x + badge.width, badge.y + badge.height))
        )
        if badge.x < 0 or badge.x + badge.width > box.width + 0.1:
            yield f"{name}: {badge.text!r} is wider than its card"
    for (one, first), (other, second) in combinations(places, 2):
        if first.meets(second):
            yield f"{name}: {one!r} lies on {other!r}"


def _ends(page: Page) -> Iterator[str]:
    cards = {drawn.box.card.address: drawn for drawn in page.cards}
    for path in page.paths:
        source, target = cards[path.line.source], cards[path.line.target]
        begin = (source.x + source.box.width, source.y + source.box.ways_out[path.line.row])
        end = (target.x, target.y + target.box.way_in)
        for (x, y), (px, py), what in (
            (begin, path.points[0], "begin"),
            (end, path.points[-1], "end"),
        ):
            if abs(x - px) > 0.1 or abs(y - py) > 7:
                yield f"{path.line} does not {what} at its card"


def segments(path: Path) -> Iterator[Rectangle]:
    for (ax, ay), (bx, by) in pairwise(path.points):
        yield Rectangle(min(ax, bx), min(ay, by), max(ax, bx), max(ay, by))


def _ways(page: Page) -> Iterator[str]:
    for path in page.paths:
        for (ax, ay), (bx, by) in pairwise(path.points):
            if ax != bx and ay != by:
                yield f"{path.line} is aslant"
            if bx < ax:
                yield f"{path.line} goes back"
        for segment in segments(path):
            for drawn in page.cards:
                card = of_card(drawn)
                if (
                    segment.right > card.left
                    and segment.left < card.right
                    and segment.bottom > card.top
                    and segment.top < card.bottom
                ):
                    yield f"{path.line} goes through {drawn.box.card.address}"


def _on_each_other(paths: tuple[Path, ...]) -> Iterator[str]:
    """Lines to different cards that lie on each other for a while."""
    for one, other in combinations(paths, 2):
        if one.line.target == other.line.target:
            continue
        for first in segments(one):
            for second in segments(other):
                level = first.top == first.bottom and second.top == second.bottom
                upright = first.left == first.right and second.left == second.right
                along = min(first.right, second.right) - max(first.left, second.left)
                down = min(first.bottom, second.bottom) - max(first.top, second.top)
                if (level and abs(first.top - second.top) < NEAR and along > 2) or (
                    upright and abs(first.left - second.left) < NEAR and down > 2
                ):
                    yield f"{one.line} lies on {other.line}"


def crossings_of(page: Page) -> int:
    """How often lines to different cards cross, as they are drawn."""
    return sum(
        level.left < upright.left < level.right and upright.top < level.top < upright.bottom
        for one, other in combinations(page.paths, 2)
        if one.line.target != other.line.target
        for level, upright in (
            *product(segments(one), segments(other)),
            *product(segments(other), segments(one)),
        )
        if level.top == level.bottom and upright.left == upright.right
    )
