"""Whatever flow it is, it can be drawn, and read."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from actors.flow.graph import graph_of
from actors.flow.reader import FlowSource
from daemon.flow_show.picture import Picture, Wanted, draw
from tests.actors.random_flows import flows
from tests.daemon.flow_show.drawing import cards_in, page, svg
from tests.daemon.flow_show.drawn_flows import large
from tests.daemon.flow_show.geometry import faults_of
from tests.daemon.flow_show.test_mermaid import parsed

FEW = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@FEW
@given(flows())
def test_a_random_flow_is_drawn_whole(source: FlowSource) -> None:
    steps = sorted(graph_of(source.flow).places)
    assert sorted(cards_in(svg(source.flow))) == steps
    assert faults_of(page(source.flow)) == []
    drawn = draw(source.flow, Wanted("mermaid"), [])
    assert isinstance(drawn, Picture)
    nodes, _ = parsed(drawn.text)
    assert len(nodes) == len(steps)


@FEW
@given(st.integers(1, 60), st.integers(0, 10**6), st.data())
def test_what_is_around_any_step_can_be_drawn(steps: int, seed: int, data: st.DataObject) -> None:
    flow = large(steps, seed)
    assert faults_of(page(flow)) == []
    step = data.draw(st.sampled_from(sorted(flow.steps)))
    depth = data.draw(st.integers(1, 4))
    assert step in cards_in(svg(flow, Wanted("svg", "en", None, step, depth)))
