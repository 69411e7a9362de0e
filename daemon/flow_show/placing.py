"""How high each card of a part stands: lines as straight as the order in the columns allows.

What lives here: heights, by medians that are pooled where they would overlap. What must not: the
order (`ordering`), or the ways of lines between columns (`routing`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from daemon.flow_show.boxes import Box
from daemon.flow_show.ordering import Columns, Segment, Stop

CARD_GAP = 22.0
LANE_GAP = 13.0
_SWEEPS = 10


class Heights:
    """Where stops begin, and where their lines touch them."""

    def __init__(self, boxes: Mapping[str, Box]) -> None:
        self._boxes = boxes
        self.tops: dict[Stop, float] = {}
        self._nudged: dict[Stop, float] = {}

    def height(self, stop: Stop) -> float:
        """How high a stop is; a lane is a line."""
        return self._boxes[stop.address].height if stop.lane < 0 else 0.0

    def end_in(self, stop: Stop) -> float:
        """Where lines come in, from the top of the stop."""
        return self._boxes[stop.address].way_in if stop.lane < 0 else 0.0

    def end_out(self, segment: Segment) -> float:
        """Where a segment begins, from the top of its stop."""
        stop = segment.source
        return self._boxes[stop.address].ways_out[segment.row] if stop.lane < 0 else 0.0

    def begin(self, segment: Segment) -> float:
        """The height at which a segment begins."""
        return self.tops[segment.source] + self.end_out(segment)

    def end_at(self, stop: Stop) -> float:
        """The height at which lines end at a stop."""
        return self.tops[stop] + self.end_in(stop) + self._nudged.get(stop, 0.0)

    def nudge(self, stop: Stop, by: float) -> None:
        """Let lines end a little higher or lower: on a card beside its middle, a lane moves."""
        if stop.lane < 0:
            self._nudged[stop] = by
        else:
            self.tops[stop] += by


def place(columns: Columns, boxes: Mapping[str, Box]) -> Heights:
    """Put every stop at a height; the highest is at 0."""
    heights = Heights(boxes)
    for column in columns.stops:
        _settle(heights, column, {})
    for sweep in range(_SWEEPS):
        last = sweep == _SWEEPS - 1
        forward = sweep % 2 == 0
        order = range(len(columns.stops))
        for index in order if forward else reversed(order):
            pulls = _pulls(heights, columns, index, before=forward or last, after=not forward)
            _settle(heights, columns.stops[index], pulls)
    top = min(heights.tops.values(), default=0.0)
    heights.tops = {stop: round(y - top, 1) for stop, y in heights.tops.items()}
    return heights


def _pulls(
    heights: Heights, columns: Columns, index: int, *, before: bool, after: bool
) -> dict[Stop, list[float]]:
    """Where each stop of a column would stand for a straight line, for each of its lines."""
    pulls: dict[Stop, list[float]] = {}
    if before and index:
        for segment in columns.gaps[index - 1]:
            wanted = heights.begin(segment) - heights.end_in(segment.target)
            pulls.setdefault(segment.target, []).append(wanted)
    if after and index < len(columns.gaps):
        for segment in columns.gaps[index]:
            wanted = heights.end_at(segment.target) - heights.end_out(segment)
            pulls.setdefault(segment.source, []).append(wanted)
    return pulls


def _settle(
    heights: Heights, column: Sequence[Stop], pulls: Mapping[Stop, Sequence[float]]
) -> None:
    """Put each stop at the median of what it is pulled to, in order and without overlaps.

    Stops that would overlap are pooled and move together (isotonic regression).
    """
    offset = 0.0
    blocks: list[tuple[list[float], list[tuple[Stop, float]]]] = []
    above: Stop | None = None
    for stop in column:
        if above is not None:
            offset += heights.height(above) + _gap(above, stop)
        wanted = [y - offset for y in pulls.get(stop, ())] or [
            heights.tops.get(stop, offset) - offset
        ]
        blocks.append((sorted(wanted), [(stop, offset)]))
        while len(blocks) > 1 and _median(blocks[-2][0]) > _median(blocks[-1][0]):
            lower = blocks.pop()
            upper = blocks.pop()
            blocks.append((sorted(upper[0] + lower[0]), upper[1] + lower[1]))
        above = stop
    for wanted, members in blocks:
        for stop, below in members:
            heights.tops[stop] = _median(wanted) + below


def _gap(upper: Stop, lower: Stop) -> float:
    return CARD_GAP if upper.lane < 0 and lower.lane < 0 else LANE_GAP


def _median(values: Sequence[float]) -> float:
    return values[(len(values) - 1) // 2]
