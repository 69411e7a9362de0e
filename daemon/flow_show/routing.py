"""The ways of lines between columns: level, upright, level.

What lives here: the upright tracks of each gap, so that lines neither lie on each other nor cross
without need. What must not: heights (`placing`). Lines to the same stop join on one track.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from daemon.flow_show.boxes import WIDTH
from daemon.flow_show.layers import Line
from daemon.flow_show.ordering import Columns, Segment, Stop, segments_of
from daemon.flow_show.placing import Heights

MARGIN = 18.0
"""Between a card and the first or last track."""
TRACK = 9.0
"""Between two tracks."""
_LEVEL = 0.5
_NUDGE = 6.0
_NUDGES_MAX = 4
_APART = 5.0
"""What is nearer would be read as one line."""

Point = tuple[float, float]


class _Bundle(NamedTuple):
    """The segments to one stop: they share their upright part."""

    target: Stop
    end: float
    begins: tuple[float, ...]

    @property
    def low(self) -> float:
        return min(self.end, *self.begins)

    @property
    def high(self) -> float:
        return max(self.end, *self.begins)


class Routes(NamedTuple):
    """A part with everything in its place."""

    lefts: list[float]
    """Where each column begins."""
    width: float
    points: dict[Line, list[Point]]
    """The corners of each line, from its row to the card that it leads to."""


def route(columns: Columns, heights: Heights, lines: Sequence[Line]) -> Routes:
    """Columns beside each other, with room for the tracks between them."""
    lefts, x = [0.0], 0.0
    at: dict[Segment, float] = {}
    for gap in columns.gaps:
        tracks = _tracks(gap, heights)
        right = x + WIDTH
        count = max(tracks.values(), default=-1) + 1
        x = right + 2 * MARGIN + TRACK * max(0, count - 1)
        for segment in gap:
            at[segment] = right + MARGIN + TRACK * tracks.get(segment.target, 0)
        lefts.append(x)
    columns_of = {
        stop.address: index
        for index, column in enumerate(columns.stops)
        for stop in column
        if stop.lane < 0
    }
    points = {line: _corners(columns_of, heights, line, lefts, at) for line in lines}
    return Routes(lefts, x + WIDTH, points)


def _tracks(gap: Sequence[Segment], heights: Heights) -> dict[Stop, int]:
    """The track of each stop that lines turn to; a level line needs none."""
    order = _in_order(_bundles(gap, heights))
    for _ in range(_NUDGES_MAX):
        lying = [
            (left, right)
            for index, right in enumerate(order)
            for left in order[:index]
            if _lies_on(left, right)
        ]
        if not lying:
            break
        # Two that change places just so: the end of one gives way a little.
        left, right = lying[0]
        begin = min(right.begins, key=lambda y: abs(left.end - y))
        heights.nudge(left.target, _NUDGE if left.end >= begin else -_NUDGE)
        order = _in_order(_bundles(gap, heights))
    tracks: dict[Stop, int] = {}
    for index, bundle in enumerate(order):
        # Left of it lie those that must, and whatever it would lie on.
        beyond = [tracks[other.target] for other in order[:index] if _meet(bundle, other)]
        tracks[bundle.target] = max(beyond, default=-1) + 1
    return tracks


def _bundles(gap: Sequence[Segment], heights: Heights) -> list[_Bundle]:
    begins: dict[Stop, list[float]] = {}
    for segment in gap:
        begins.setdefault(segment.target, []).append(heights.begin(segment))
    found = [_Bundle(stop, heights.end_at(stop), tuple(ys)) for stop, ys in begins.items()]
    return [bundle for bundle in found if bundle.high - bundle.low > _LEVEL]


def _meet(one: _Bundle, other: _Bundle) -> bool:
    return one.low - _APART < other.high and other.low - _APART < one.high


def _in_order(bundles: Sequence[_Bundle]) -> list[_Bundle]:
    """From left to right, with few crossings: insertion where it costs least, then exchanges."""
    order: list[_Bundle] = []
    for bundle in sorted(bundles, key=lambda each: (each.end, each.target)):
        costs = [
            sum(_cost(other, bundle) for other in order[:place])
            + sum(_cost(bundle, other) for other in order[place:])
            for place in range(len(order) + 1)
        ]
        order.insert(costs.index(min(costs)), bundle)
    return order


def _cost(left: _Bundle, right: _Bundle) -> int:
    """What it costs to have one bundle's track left of the other's."""
    if not _meet(left, right):
        return 0
    # The right one's beginnings pass under the left one's upright part, the left one's end under
    # the right one's.
    cost = sum(left.low < begin < left.high for begin in right.begins)
    cost += right.low < left.end < right.high
    return cost + 20 * _lies_on(left, right)


def _lies_on(left: _Bundle, right: _Bundle) -> bool:
    """Whether the end of the left one would lie on a beginning of the right one."""
    return any(abs(left.end - begin) < _APART for begin in right.begins)


def _corners(
    columns_of: Mapping[str, int],
    heights: Heights,
    line: Line,
    lefts: Sequence[float],
    at: dict[Segment, float],
) -> list[Point]:
    """A line's corners; where it goes straight on there is none."""
    first, last = columns_of[line.source], columns_of[line.target]
    segments = list(segments_of(line, first, last))
    y = heights.begin(segments[0])
    corners = [(lefts[first] + WIDTH, y)]
    for segment in segments:
        to = heights.end_at(segment.target)
        # A step too small to be seen is not made: what is level is exactly level.
        if abs(to - y) > _LEVEL:
            corners += [(at[segment], y), (at[segment], to)]
            y = to
    return [*corners, (lefts[last], y)]
