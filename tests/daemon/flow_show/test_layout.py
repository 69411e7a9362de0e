"""Where everything stands: nothing overlaps, every line can be followed."""

from __future__ import annotations

import time

import pytest

from actors.flow.graph import graph_of
from actors.flow.model import Flow
from daemon.flow_show.connectors import COLUMNS_MAX, CROSSINGS_MAX, SOURCES_MAX
from daemon.flow_show.layers import Line, cut_lines, ranks_of, turning_back
from daemon.flow_show.ordering import (
    Columns,
    Stop,
    columns_of,
    crossings,
    crossings_by_segment,
    ordered,
)
from tests.daemon.flow_show.drawing import page, planned
from tests.daemon.flow_show.drawn_flows import chain, every_keyword, large, shipped
from tests.daemon.flow_show.geometry import crossings_of, faults_of

FLOWS = {
    "shipped": shipped(),
    "every keyword": every_keyword(),
    "a chain": chain(40),
    **{
        f"{steps} steps, seed {seed}": large(steps, seed)
        for steps in (6, 25, 80)
        for seed in (1, 2)
    },
}


def lines(text: str) -> list[Line]:
    """`a.0>b c.1>d` -> lines from a row of a card to a card."""
    found = []
    for each in text.split():
        source, _, target = each.partition(">")
        name, _, row = source.partition(".")
        found.append(Line(name, int(row or 0), target))
    return found


# --- whole pages --------------------------------------------------------------------------------


@pytest.mark.parametrize("flow", FLOWS.values(), ids=FLOWS)
def test_nothing_overlaps_and_every_line_goes_from_its_row_to_its_card(flow: Flow) -> None:
    assert faults_of(page(flow)) == []


@pytest.mark.parametrize("language", ["es", "en", "pt"])
def test_the_shipped_flow_fits_its_cards_in_each_language(language: str) -> None:
    assert faults_of(page(shipped(), language)) == []


@pytest.mark.parametrize("flow", FLOWS.values(), ids=FLOWS)
def test_every_step_is_drawn_once_and_every_way_is_one_line_or_one_sign(flow: Flow) -> None:
    deck, found = planned(flow)
    drawn = [
        stop.address
        for columns in found.parts
        for column in columns.stops
        for stop in column
        if stop.lane < 0
    ]
    assert sorted(drawn) == sorted(graph_of(flow).places)
    as_lines = [(line.source, line.row) for line in found.lines]
    rows = [
        (card.address, index)
        for card in deck.cards.values()
        for index, row in enumerate(card.rows)
        if row.to is not None
    ]
    assert sorted([*as_lines, *found.signs]) == sorted(rows)
    assert all(deck.cards[line.source].rows[line.row].to == line.target for line in found.lines)


@pytest.mark.parametrize("flow", FLOWS.values(), ids=FLOWS)
def test_the_rows_of_a_card_are_the_ways_of_its_step(flow: Flow) -> None:
    deck, _ = planned(flow)
    shown = [
        (card.address, key, row.to)
        for card in deck.cards.values()
        for row in card.rows
        if row.to is not None
        for key in row.keys or ("",)
    ]
    assert sorted(shown) == sorted(
        (edge.source, edge.key, edge.target) for edge in graph_of(flow).edges
    )


@pytest.mark.parametrize("flow", FLOWS.values(), ids=FLOWS)
def test_a_line_is_only_drawn_where_the_eye_can_follow_it(flow: Flow) -> None:
    deck, found = planned(flow)
    for columns in found.parts:
        assert len(columns.stops) <= COLUMNS_MAX
        assert max(crossings_by_segment(columns).values(), default=0) <= CROSSINGS_MAX
    for line in found.lines:
        assert line.target != flow.root
        assert deck.cards[line.source].scope == deck.cards[line.target].scope
    targets = {line.target for line in found.lines}
    for target in targets:
        assert len({line.source for line in found.lines if line.target == target}) <= SOURCES_MAX


def test_the_shipped_flow_is_drawn_with_hardly_a_crossing() -> None:
    drawn = page(shipped())
    assert crossings_of(drawn) <= len(drawn.cards) / 20


def test_two_lines_that_change_places_just_so_give_way() -> None:
    """In this flow the end of one lies at the height of the other's beginning, and the reverse."""
    assert faults_of(page(large(15, 317))) == []


def test_tracks_between_columns_add_no_crossings() -> None:
    """Lines cross where the order of cards makes them, and nowhere else."""
    for seed in range(8):
        flow = large(60, seed)
        _, found = planned(flow)
        needed = sum(crossings(columns) for columns in found.parts)
        assert crossings_of(page(flow)) <= needed + 2, f"seed {seed}"


@pytest.mark.parametrize("flow", FLOWS.values(), ids=FLOWS)
def test_a_page_is_neither_a_ribbon_nor_a_tower(flow: Flow) -> None:
    drawn = page(flow)
    assert 0.3 < drawn.width / drawn.height < 2.5


def test_two_hundred_steps_take_no_time_and_do_not_fall_apart() -> None:
    began = time.perf_counter()
    drawn = page(large(200, 7))
    assert time.perf_counter() - began < 5
    assert faults_of(drawn) == []
    # Most ways onward are lines: the picture is no heap of single cards.
    assert len(drawn.paths) > 150


def test_the_root_with_nothing_else_can_be_drawn() -> None:
    flow = chain(1)
    drawn = page(flow)
    assert faults_of(drawn) == []


# --- columns ------------------------------------------------------------------------------------


def test_a_circle_is_opened_where_it_closes() -> None:
    assert turning_back(["a", "b", "c"], lines("a>b b>c c>a c.1>b")) == set(lines("c>a c.1>b"))


def test_columns_follow_the_longest_way_and_sources_move_to_what_they_lead_to() -> None:
    ranks = ranks_of(["a", "b", "c", "d", "late"], lines("a>b b>c c>d a.1>d late>d"))
    assert ranks == {"a": 0, "b": 1, "c": 2, "d": 3, "late": 2}


def test_a_long_part_is_cut_where_the_fewest_lines_are() -> None:
    nodes = ["a", "b", "c", "d", "x", "y", "e", "f"]
    inside = lines("a>b b>c c>d c.1>x d>y x>y y>e y.1>e e>f")
    # a b c (d x) y e f: of the cuts before c, before d and x, before y and before e, the first is
    # the cheapest.
    assert cut_lines(ranks_of(nodes, inside), inside, 2, 5) == set(lines("b>c"))


def test_what_ends_soon_behind_a_cut_is_not_cut_off() -> None:
    inside = lines("a>b b>c c>d d>e e>f c.1>side")
    ranks = ranks_of(["a", "b", "c", "d", "e", "f", "side"], inside)
    assert cut_lines(ranks, inside, 3, 4) == set(lines("c>d"))


def test_a_part_that_is_short_enough_is_not_cut() -> None:
    inside = lines("a>b b>c")
    assert cut_lines(ranks_of(["a", "b", "c"], inside), inside, 2, 3) == set()


def test_cards_are_ordered_so_that_lines_do_not_cross() -> None:
    inside = lines("a.0>d a.1>c b>e c>f d>g")
    nodes = ["a", "b", "e", "c", "d", "f", "g"]
    ranks = ranks_of(nodes, inside)
    tangled = Columns(
        [[Stop("b"), Stop("a")], [Stop("c"), Stop("e"), Stop("d")], [Stop("g"), Stop("f")]],
        columns_of(nodes, inside, ranks).gaps,
    )
    assert crossings(tangled) > 0
    assert crossings(ordered(tangled)) == 0


def test_a_whole_column_is_turned_where_exchanging_neighbours_is_not_enough() -> None:
    inside = lines("a.2>c a.1>d d.3>e d.4>f c.5>g")
    ranks = {"a": 0, "c": 1, "d": 1, "e": 2, "f": 2, "g": 2}
    turned = Columns(
        [[Stop("a")], [Stop("d"), Stop("c")], [Stop("g"), Stop("f"), Stop("e")]],
        columns_of(list(ranks), inside, ranks).gaps,
    )
    assert crossings(ordered(turned)) == 0


def test_lines_to_the_same_card_share_a_lane() -> None:
    nodes = ["a", "b", "c", "d"]
    inside = lines("a>b b>c c>d a.1>d b.1>d")
    columns = columns_of(nodes, inside, ranks_of(nodes, inside))
    lanes = [stop for column in columns.stops for stop in column if stop.lane >= 0]
    assert lanes == [Stop("d", 1), Stop("d", 2)]
