"""Which steps stand in which column: parts, circles, ranks, and where a long part is cut.

What lives here: the first half of layered drawing (Sugiyama, Tagawa, Toda 1981), on names and lines
only. What must not: the order inside a column (`ordering`), or sizes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple


class Line(NamedTuple):
    """A way that is drawn as a line: from a row of one card to another card."""

    source: str
    row: int
    target: str


def onward_of(nodes: Iterable[str], lines: Iterable[Line]) -> dict[str, list[Line]]:
    """The lines that leave each node, in the order of their rows."""
    found: dict[str, list[Line]] = {node: [] for node in nodes}
    for line in lines:
        found[line.source].append(line)
    return found


def turning_back(nodes: Sequence[str], lines: Sequence[Line]) -> set[Line]:
    """The lines that close a circle, when one walks from the first node on."""
    onward = onward_of(nodes, lines)
    done: set[str] = set()
    back: set[Line] = set()
    for start in nodes:
        if start in done:
            continue
        path, ways, on_path = [start], [iter(onward[start])], {start}
        while path:
            line = next(ways[-1], None)
            if line is None:
                done.add(path[-1])
                on_path.remove(path.pop())
                ways.pop()
            elif line.target in on_path:
                back.add(line)
            elif line.target not in done:
                path.append(line.target)
                on_path.add(line.target)
                ways.append(iter(onward[line.target]))
    return back


def parts(nodes: Sequence[str], lines: Iterable[Line]) -> Iterator[tuple[list[str], list[Line]]]:
    """What hangs together, in the order of the first node of each."""
    above = {node: node for node in nodes}

    def top(node: str) -> str:
        while above[node] != node:
            above[node] = above[above[node]]
            node = above[node]
        return node

    lines = list(lines)
    place = {node: index for index, node in enumerate(nodes)}
    for line in lines:
        first, second = sorted((top(line.source), top(line.target)), key=place.__getitem__)
        above[second] = first
    members: dict[str, list[str]] = {}
    inside: dict[str, list[Line]] = {}
    for node in nodes:
        members.setdefault(top(node), []).append(node)
    for line in lines:
        inside.setdefault(top(line.source), []).append(line)
    for name, found in members.items():
        yield found, inside.get(name, [])


def ranks_of(nodes: Sequence[str], lines: Sequence[Line]) -> dict[str, int]:
    """The column of each node: as far left as its predecessors allow, then drawn to the right
    where that shortens lines. The lines must close no circle."""
    onward = onward_of(nodes, lines)
    before: dict[str, list[str]] = {node: [] for node in nodes}
    for line in lines:
        before[line.target].append(line.source)
    waiting = {node: len(before[node]) for node in nodes}
    order = [node for node in nodes if not waiting[node]]
    ranks = dict.fromkeys(nodes, 0)
    for node in order:
        for line in onward[node]:
            ranks[line.target] = max(ranks[line.target], ranks[node] + 1)
            waiting[line.target] -= 1
            if not waiting[line.target]:
                order.append(line.target)
    for node in reversed(order):
        if len(onward[node]) > len(before[node]):
            ranks[node] = min(ranks[line.target] for line in onward[node]) - 1
    first = min(ranks.values(), default=0)
    return {node: rank - first for node, rank in ranks.items()}


def cut_lines(
    ranks: dict[str, int], lines: Sequence[Line], columns_min: int, columns_max: int
) -> set[Line]:
    """Lines that are given up, so that a part falls into narrower ones; none where it has at most
    `columns_max` columns.

    Cut where the fewest lines are: between `columns_min` and `columns_max` columns from the left,
    and as many from the right if that can be. What ends soon behind the cut stays.
    """
    last = max(ranks.values(), default=0)
    if last < columns_max:
        return set()
    onward = onward_of(ranks, lines)
    ends: dict[str, int] = {}
    for node in sorted(ranks, key=lambda node: -ranks[node]):
        ends[node] = max((ends[line.target] for line in onward[node]), default=ranks[node])
    far = [line for line in lines if ends[line.target] >= columns_max]
    widest = max(columns_min, min(columns_max, last + 1 - columns_min))
    cuts = [
        {line for line in far if ranks[line.source] < cut <= ranks[line.target]}
        for cut in range(widest, columns_min - 1, -1)
    ]
    return min(cuts, key=len)
