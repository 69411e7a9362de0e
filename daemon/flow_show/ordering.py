"""The order of cards in their columns, so that as few lines as possible cross.

What lives here: barycentre sweeps and exchanges of neighbours, on columns of stops. What must not:
sizes. A line over several columns passes through lanes; lines to the same card share theirs.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from daemon.flow_show.layers import Line, onward_of

_SWEEPS = 8
_EXCHANGES_MAX = 60
"""Columns with more stops are only sorted."""


class Stop(NamedTuple):
    """A place in a column: a card, or a lane on which lines pass by on their way to one."""

    address: str
    lane: int = -1
    """The column of a lane; -1 for the card itself."""


class Segment(NamedTuple):
    """A line's way from one column to the next."""

    source: Stop
    row: int
    target: Stop


class Columns(NamedTuple):
    """Cards and lanes, column by column, and what leads from each to the next."""

    stops: list[list[Stop]]
    gaps: list[list[Segment]]


def columns_of(nodes: Sequence[str], lines: Sequence[Line], ranks: Mapping[str, int]) -> Columns:
    """Columns in the order in which one comes by, when one walks from the first node on."""
    count = max(ranks.values(), default=0) + 1
    stops: list[dict[Stop, None]] = [{} for _ in range(count)]
    gaps: list[dict[Segment, None]] = [{} for _ in range(count - 1)]
    onward = onward_of(nodes, lines)
    seen: set[str] = set()
    for start in sorted(nodes, key=lambda node: ranks[node]):
        open_ = [start]
        while open_:
            node = open_.pop()
            if node in seen:
                continue
            seen.add(node)
            stops[ranks[node]][Stop(node)] = None
            for line in onward[node]:
                first = ranks[node]
                for index, segment in enumerate(segments_of(line, first, ranks[line.target])):
                    if segment.target.lane >= 0:
                        stops[first + index + 1].setdefault(segment.target)
                    gaps[first + index].setdefault(segment)
            open_ += [line.target for line in reversed(onward[node])]
    return Columns([list(column) for column in stops], [list(gap) for gap in gaps])


def segments_of(line: Line, first: int, last: int) -> Iterator[Segment]:
    """A line's way through the columns from `first` to `last`."""
    here, row = Stop(line.source), line.row
    for index in range(first, last):
        there = Stop(line.target) if index + 1 == last else Stop(line.target, index + 1)
        yield Segment(here, row, there)
        here, row = there, 0


def ordered(columns: Columns) -> Columns:
    """The same columns, in the order with the fewest crossings that was found."""
    best = stops = [list(column) for column in columns.stops]
    fewest = crossings(Columns(best, columns.gaps))
    for sweep in range(_SWEEPS):
        if not fewest:
            break
        stops = [list(column) for column in stops]
        _sweep(Columns(stops, columns.gaps), forward=sweep % 2 == 0)
        for index, column in enumerate(stops):
            if len(column) <= _EXCHANGES_MAX:
                _exchange(Columns(stops, columns.gaps), index)
        found = crossings(Columns(stops, columns.gaps))
        if found < fewest:
            best, fewest = stops, found
    return Columns(best, columns.gaps)


def _sweep(columns: Columns, *, forward: bool) -> None:
    stops, gaps = columns
    order = range(1, len(stops)) if forward else range(len(stops) - 2, -1, -1)
    for index in order:
        pulls: dict[Stop, list[float]] = {}
        if forward:
            places = _places(stops[index - 1])
            rows = _rows(gaps[index - 1])
            for source, row, target in gaps[index - 1]:
                share = (rows[source].index(row) + 1) / (len(rows[source]) + 1)
                pulls.setdefault(target, []).append(places[source] + share)
        else:
            places = _places(stops[index + 1])
            for source, _, target in gaps[index]:
                pulls.setdefault(source, []).append(places[target] + 0.5)
        stops[index] = _by_pull(stops[index], pulls)


def _by_pull(column: list[Stop], pulls: Mapping[Stop, list[float]]) -> list[Stop]:
    """By the middle of what pulls at each; what nothing pulls at stays where it is."""
    pulled = sorted(
        (stop for stop in column if stop in pulls),
        key=lambda stop: sum(pulls[stop]) / len(pulls[stop]),
    )
    coming = iter(pulled)
    return [next(coming) if stop in pulls else stop for stop in column]


def _exchange(columns: Columns, index: int) -> None:
    """Exchange neighbours in a column as long as that takes crossings away."""
    stops, gaps = columns
    column = stops[index]
    sides: list[dict[Stop, list[tuple[float, float]]]] = []
    if index:
        places = _places(stops[index - 1])
        sides.append(_ends(gaps[index - 1], lambda s: (s.target, (places[s.source], s.row))))
    if index < len(gaps):
        after = _places(stops[index + 1])
        sides.append(_ends(gaps[index], lambda s: (s.source, (after[s.target], 0))))
    for _ in range(len(column)):
        changed = False
        for at in range(len(column) - 1):
            upper, lower = column[at], column[at + 1]
            now = sum(_inversions(side.get(upper, []), side.get(lower, [])) for side in sides)
            if now > sum(_inversions(side.get(lower, []), side.get(upper, [])) for side in sides):
                column[at], column[at + 1] = lower, upper
                changed = True
        if not changed:
            break


def _ends(
    gap: Sequence[Segment], end: Callable[[Segment], tuple[Stop, tuple[float, float]]]
) -> dict[Stop, list[tuple[float, float]]]:
    found: dict[Stop, list[tuple[float, float]]] = {}
    for segment in gap:
        stop, place = end(segment)
        found.setdefault(stop, []).append(place)
    return found


def _inversions(upper: list[tuple[float, float]], lower: list[tuple[float, float]]) -> int:
    """How many lines of the upper of two stops cross lines of the lower one."""
    return sum(one > other for one in upper for other in lower)


def crossings(columns: Columns) -> int:
    """How many pairs of lines cross. Lines to the same card join and do not cross."""
    total = 0
    for index, gap in enumerate(columns.gaps):
        passed: list[int] = []
        for _, targets in _from_above(columns, index, gap):
            for target in targets:
                total += len(passed) - bisect_right(passed, target)
            for target in targets:
                insort(passed, target)
    return total


def _from_above(
    columns: Columns, index: int, gap: Sequence[Segment]
) -> list[tuple[tuple[int, int], list[int]]]:
    left, right = _places(columns.stops[index]), _places(columns.stops[index + 1])
    found: dict[tuple[int, int], list[int]] = {}
    for source, row, target in gap:
        found.setdefault((left[source], row), []).append(right[target])
    return sorted(found.items())


def crossings_by_segment(columns: Columns) -> dict[Segment, int]:
    """How many others each segment crosses."""
    found: dict[Segment, int] = {}
    for index, gap in enumerate(columns.gaps):
        left, right = _places(columns.stops[index]), _places(columns.stops[index + 1])
        ends = [(left[s.source], s.row, right[s.target], s) for s in gap]
        for source, row, target, segment in ends:
            found[segment] = sum(
                ((source, row) < (other, at)) == (target > there) and target != there
                for other, at, there, _ in ends
                if (other, at) != (source, row)
            )
    return found


def _places(column: Sequence[Stop]) -> dict[Stop, int]:
    return {stop: index for index, stop in enumerate(column)}


def _rows(gap: Sequence[Segment]) -> dict[Stop, list[int]]:
    found: dict[Stop, list[int]] = {}
    for source, row, _ in gap:
        found.setdefault(source, []).append(row)
    return {stop: sorted(rows) for stop, rows in found.items()}
