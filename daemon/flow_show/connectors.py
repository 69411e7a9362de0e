"""Which ways become lines, and which a small sign with the name of the step they lead to.

What lives here: the choice, and with it the parts that the picture falls into. What must not:
sizes. A line is drawn where the eye can follow it: from left to right, over few columns, without a
crossing. Everything else is a sign: ways back to the main menu, to steps that many lead to, back to
an earlier step, and whatever would cross too much.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Literal

from msgspec import Struct

from daemon.flow_show.cards import Card
from daemon.flow_show.layers import Line, cut_lines, onward_of, parts, ranks_of, turning_back
from daemon.flow_show.ordering import (
    Columns,
    columns_of,
    crossings_by_segment,
    ordered,
    segments_of,
)

SOURCES_MAX = 3
"""A step that more steps lead to is named on each way instead."""
COLUMNS_MIN = 3
COLUMNS_MAX = 6
"""A part with more columns is cut."""
CROSSINGS_MAX = 1
"""A line that crosses more lines becomes a sign."""

SignKind = Literal["root", "named", "back", "elsewhere", "nowhere"]
"""Where a sign points: to the root, to a step in the picture, to an earlier one, to one that is not
in this picture, to a step that does not exist."""


class Plan(Struct, frozen=True):
    """What is drawn how."""

    parts: list[Columns]
    """What hangs together by lines, each in columns."""
    signs: dict[tuple[str, int], SignKind]
    """(address, index of the row) -> the sign in its row."""
    lines: list[Line]


def plan(cards: Mapping[str, Card], root: str, focus: str = "") -> Plan:
    """Choose for cards that are shown together; `focus` is a step whose ways are to be seen."""
    lines: list[Line] = []
    signs: dict[tuple[str, int], SignKind] = {}
    for card in cards.values():
        for index, row in enumerate(card.rows):
            if row.to is None:
                continue
            sign = _sign(cards, card, row.to, known=row.known, root=root)
            if sign is None:
                lines.append(Line(card.address, index, row.to))
            else:
                signs[card.address, index] = sign
    nodes = _in_reading_order(cards, root)
    first = _first_ways(nodes, lines, root)
    lines = _give_up(lines, signs, _to_hubs(lines, focus), "named")
    lines = _give_up(lines, signs, turning_back(nodes, lines), "back")
    drawn: list[Columns] = []
    kept: list[Line] = []
    open_ = list(reversed(list(parts(nodes, lines))))
    while open_:
        members, inside = open_.pop()
        ranks = ranks_of(members, inside)
        given_up = cut_lines(ranks, inside, COLUMNS_MIN, COLUMNS_MAX)
        if not given_up:
            columns = ordered(columns_of(members, inside, ranks))
            given_up = _crossing(columns, inside, ranks, first)
            if not given_up:
                drawn.append(columns)
                kept += inside
                continue
        left = _give_up(inside, signs, given_up, "named")
        open_ += reversed(list(parts(members, left)))
    return Plan(drawn, signs, kept)


def _sign(
    cards: Mapping[str, Card], card: Card, to: str, *, known: bool, root: str
) -> SignKind | None:
    if not known:
        return "nowhere"
    if to == root:
        return "root"
    if to not in cards:
        return "elsewhere"
    if to == card.address:
        return "back"
    # A line that leaves its frame would be taken for a way through it.
    return None if cards[to].scope == card.scope else "named"


def _give_up(
    lines: list[Line],
    signs: dict[tuple[str, int], SignKind],
    given_up: Collection[Line],
    kind: SignKind,
) -> list[Line]:
    for line in given_up:
        signs[line.source, line.row] = kind
    return [line for line in lines if line not in given_up]


def _in_reading_order(cards: Mapping[str, Card], root: str) -> list[str]:
    """As one would tell it: from the start as far as one comes without the main menu, then from
    the main menu, then where words and sub-flows begin, then the file."""
    begins = [card.address for card in cards.values() if "start" in card.marks]
    begins += [root] if root in cards else []
    begins += [card.address for card in cards.values() if card.words or card.marks]
    order: dict[str, None] = {}
    for begin in [*begins, *cards]:
        open_ = [begin]
        while open_:
            address = open_.pop()
            if address in order or (address == root and begin != root):
                continue
            order[address] = None
            ways = [row.to for row in cards[address].rows if row.to in cards]
            open_ += [to for to in reversed(ways) if to is not None]
    return list(order)


def _to_hubs(lines: list[Line], focus: str) -> set[Line]:
    sources: dict[str, set[str]] = {}
    for line in lines:
        sources.setdefault(line.target, set()).add(line.source)
    hubs = {to for to, found in sources.items() if len(found) > SOURCES_MAX and to != focus}
    return {line for line in lines if line.target in hubs and line.source != focus}


def _first_ways(nodes: Sequence[str], lines: list[Line], root: str) -> set[Line]:
    """The shortest way to each step from where people begin and from the main menu: the lines that
    one would draw first."""
    onward = onward_of(nodes, lines)
    seen, found = {root, *nodes[:1]}, set()
    queue = [*nodes[:1], *(node for node in nodes if node == root)]
    for start in nodes:
        for node in queue:
            for line in onward[node]:
                if line.target not in seen:
                    seen.add(line.target)
                    found.add(line)
                    queue.append(line.target)
        queue = [start] if start not in seen else []
        seen.add(start)
    return found


def _crossing(
    columns: Columns, lines: list[Line], ranks: Mapping[str, int], first: Collection[Line]
) -> set[Line]:
    """The lines that cross most; a tenth of them at a time, since each changes the others."""
    crossed = crossings_by_segment(columns)
    counted: dict[Line, int] = {}
    for line in lines:
        way = segments_of(line, ranks[line.source], ranks[line.target])
        count = sum(crossed[segment] for segment in way)
        if count > CROSSINGS_MAX:
            counted[line] = count
    worst = sorted(counted, key=lambda line: (line in first, -counted[line], line))
    return set(worst[: max(1, len(worst) // 10)]) if worst else set()
