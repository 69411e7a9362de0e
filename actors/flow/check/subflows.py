"""Sub-flows: whether each is called, ends, and calls no circle.

What lives here: sub-flows among each other. What must not: their steps (`steps`).
"""

from __future__ import annotations

from collections.abc import Iterator

from actors.flow import model, rules
from actors.flow.addresses import scope_of
from actors.flow.check.silence import circles, inner_calls, returning, ways_of
from actors.flow.check.subject import Subject, few, way
from actors.flow.faults import FlowFault, instead, nearest
from actors.flow.graph import Way
from actors.flow.limits import SUBFLOWS_DEEP_MAX


def names(subject: Subject) -> Iterator[FlowFault]:
    """Every sub-flow that is called is there, and `return` stands in one."""
    for place in subject.places:
        if isinstance(place.step, model.CallSubflow):
            name = place.step.flow
            if name not in subject.flow.subflows:
                what = f"there is no sub-flow {name!r} under subflows"
                do = instead(name, subject.flow.subflows, "Write it under `subflows`")
                yield subject.fault(rules.UNKNOWN_SUBFLOW, f"{place.where}.flow", what, do)
        if isinstance(place.step, model.Return) and not place.scope:
            what = "`return` ends a sub-flow; this step is in none"
            do = "Lead to a step of the file instead, such as the root"
            yield subject.fault(rules.STRAY_RETURN, place.where, what, do)


def calls(subject: Subject) -> Iterator[FlowFault]:
    """Sub-flows call each other neither in a circle nor too deep."""
    inner = inner_calls(subject.graph, subject.flow)
    found = False
    for circle in circles(inner):
        found = True
        what = f"sub-flows that call each other: {way([*circle, circle[0]])}"
        do = "Take one of the calls out: a sub-flow cannot be inside itself"
        yield subject.fault(rules.CALLS_GO_ROUND, f"subflows.{circle[0]}", what, do)
    if not found:
        yield from _too_deep(subject, inner)


def _too_deep(subject: Subject, inner: dict[str, list[str]]) -> Iterator[FlowFault]:
    deepest = dict.fromkeys(inner, 1)
    for _ in range(SUBFLOWS_DEEP_MAX):
        deepest = {
            name: 1 + max((deepest[to] for to in calls if to in deepest), default=0)
            for name, calls in inner.items()
        }
    for name, depth in deepest.items():
        if depth > SUBFLOWS_DEEP_MAX:
            what = f"sub-flows more than {SUBFLOWS_DEEP_MAX} deep inside each other"
            do = "Let the innermost ones be steps of the others"
            yield subject.fault(rules.CALLS_TOO_DEEP, f"subflows.{name}", what, do)
            return


def used(subject: Subject) -> Iterator[FlowFault]:
    """Every sub-flow is called, and returns to where something waits for it."""
    graph = subject.graph
    entered = {
        scope_of(edge.target)
        for edge in graph.edges
        if scope_of(edge.target) not in ("", scope_of(edge.source))
    }
    entered |= {scope_of(entry.target) for entry in graph.entries}
    for place in subject.places:
        if isinstance(place.step, model.CallSubflow) and place.step.flow not in entered:
            # One that was mistyped is meant all the same.
            entered.add(nearest(place.step.flow, subject.flow.subflows) or "")
    back = returning(graph, ways_of(graph))
    # What leads to a step that is not there may be what returns.
    back |= {scope_of(edge.source) for edge in graph.edges if edge.target not in graph.places}
    back |= {name for circle in circles(inner_calls(graph, subject.flow)) for name in circle}
    callers: dict[str, list[str]] = {}
    for edge in graph.edges:
        if edge.way is Way.CALL:
            callers.setdefault(edge.label, []).append(edge.source)
    for name in subject.flow.subflows:
        if name not in entered:
            do = "Call it with `do: call`, or take it out"
            what = "no step calls this sub-flow"
            yield subject.fault(rules.UNUSED_SUBFLOW, f"subflows.{name}", what, do)
        elif name in callers and name not in back:
            what = f"comes to no `return`, so `then` is never gone in {few(callers[name])}"
            do = "Let one of its steps lead to one with `do: return`"
            yield subject.fault(rules.NO_RETURN, f"subflows.{name}", what, do)
