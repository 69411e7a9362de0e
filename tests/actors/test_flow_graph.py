"""The flow as a graph: every way of every step, with its reason."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from actors.flow import model
from actors.flow.addresses import closure, places_of, resolve
from actors.flow.graph import Way, graph_of
from tests.actors.small_flow import SMALL, extended, source

LARGER = source(
    extended(
        """
        ask:
          do: question
          text: { es: a, en: a }
          keep: got
          answer: { kind: number }
          keywords: { lost: { words: { es: [x] }, goto: go_in } }
          then: go_in
        go_in: { do: call, flow: visit, then: is_open }
        is_open: { do: hours, of: desk, open: call_person, closed: main }
        call_person: { do: handover, hours: desk, closed: main, reason: { es: a, en: a } }
        decide: { do: if, test: got, then: ask, otherwise: call_person }
        """,
        top="""
        hours: { desk: { week: { mon-fri: ["08:00-18:00"] } } }
        subflows:
          visit:
            entry: first
            steps:
              first: { do: branch, value: got, cases: { a: last }, otherwise: main }
              last: { do: return }
        """,
    )
).flow


TARGETS = {"goto", "then", "otherwise", "open", "closed", "on_failure"}
TARGETS |= {"on_error", "on_missing", "on_timeout"}


def targets_in(part: object, path: str = "") -> Iterator[tuple[str, str]]:
    """Whatever is a target by the name of its key, with the path of the key."""
    if not isinstance(part, dict):
        return
    for key, value in part.items():
        inner = f"{path}.{key}" if path else key
        if isinstance(value, str) and (key in TARGETS or path in ("cases", "on_status")):
            yield inner, value
        yield from targets_in(value, inner)


def test_every_target_of_every_step_is_a_way_with_its_key() -> None:
    for flow in (SMALL, LARGER):
        graph = graph_of(flow)
        assert list(graph.places.values()) == list(places_of(flow))
        for place in places_of(flow):
            written = {
                (key, resolve(flow, place.scope, to))
                for key, to in targets_in(msgspec.to_builtins(place.step))
            }
            ways = graph.ways_out[place.address]
            assert {(edge.key, edge.target) for edge in ways if edge.written} == written


def test_ways_say_why_they_are_gone_and_what_is_written_on_them() -> None:
    graph = graph_of(LARGER)

    def ways(address: str) -> list[tuple[Way, str, str, str]]:
        return [(e.way, e.key, e.label, e.target) for e in graph.ways_out[address]]

    assert ways("confirm") == [
        (Way.OPTION, "options.yes.goto", "yes", "restart"),
        (Way.OPTION, "options.no.goto", "no", "main"),
    ]
    assert graph.ways_out["confirm"][0].title == {"es": "Sí", "en": "Yes"}
    assert ways("look_up") == [
        (Way.RESPONSE, "then", "", "main"),
        (Way.RESPONSE, "on_error", "error", "crm_down"),
        (Way.RESPONSE, "on_missing", "missing", "no_router"),
        (Way.RESPONSE, "on_status.404", "404", "who_are_you"),
    ]
    assert ways("ask") == [
        (Way.ANSWER, "then", "", "go_in"),
        (Way.KEYWORD, "keywords.lost.goto", "lost", "go_in"),
        (Way.FAILURE, "", "", "main"),
    ]
    assert ways("go_in") == [
        (Way.CALL, "flow", "visit", "visit.first"),
        (Way.RETURN, "then", "", "is_open"),
    ]
    assert ways("visit.first") == [
        (Way.CASE, "cases.a", "a", "visit.last"),
        (Way.CASE, "otherwise", "otherwise", "main"),
    ]
    assert ways("visit.last") == []
    assert ways("call_person") == [
        (Way.ENDED, "", "", "main"),
        (Way.CASE, "closed", "closed", "main"),
    ]
    assert ways("decide") == [
        (Way.CASE, "then", "true", "ask"),
        (Way.CASE, "otherwise", "otherwise", "call_person"),
    ]


def test_a_question_that_is_asked_without_end_does_not_fail() -> None:
    assert [edge.way for edge in graph_of(SMALL).ways_out["ask_plan"]] == [Way.ANSWER]


def test_where_a_conversation_comes_in() -> None:
    flow = source(
        extended("night: { do: message, text: { es: a, en: a }, then: main }").replace(
            "handover:\n  summary", "handover:\n  closed: night\n  summary"
        )
    ).flow
    assert [tuple(entry) for entry in graph_of(flow).entries] == [
        ("look_up", "entry", "entry", ""),
        ("main", "root", "root", ""),
        ("main", "word", "words.menu.goto", "menu"),
        ("person", "word", "words.person.goto", "person"),
        ("night", "closed", "handover.closed", ""),
    ]
    closed = [edge for edge in graph_of(flow).ways_out["person"] if edge.label == "closed"]
    assert [(edge.target, edge.key) for edge in closed] == [("night", "")]


def test_what_can_be_reached() -> None:
    ways = {
        address: [edge.target for edge in edges]
        for address, edges in graph_of(LARGER).ways_out.items()
    }
    assert closure(["go_in"], ways) >= {"go_in", "visit.last", "is_open", "main", "restart"}
    assert "decide" not in closure(["go_in"], ways)
    assert closure([], ways) == frozenset()


def test_a_graph_of_a_flow_with_faults_can_be_had() -> None:
    flow = source(extended("lost: { do: call, flow: nowhere, then: gone }")).flow
    assert isinstance(flow.steps["lost"], model.CallSubflow)
    assert [edge.target for edge in graph_of(flow).ways_out["lost"]] == ["gone"]
