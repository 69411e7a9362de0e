"""How far a conversation goes on in one turn, without waiting for anybody.

What lives here: ways that are gone at once, also through sub-flows, and the longest run of them.
What must not: judging it (`steps`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from actors.flow import model
from actors.flow.addresses import scope_of
from actors.flow.graph import AT_ONCE, FlowGraph, Way

Ways = Mapping[str, list[str]]
"""Address -> where it leads."""


def returning(graph: FlowGraph, ways: Ways) -> frozenset[str]:
    """The sub-flows that come to a `return` from their entry by these ways alone.

    `ways` lead into calls and not past them: that depends on what is found here.
    """
    entries = {
        edge.label: edge.target
        for edge in graph.edges
        if edge.way is Way.CALL and edge.target in graph.places
    }
    found: set[str] = set()
    while True:
        further = {
            name
            for name, entry in entries.items()
            if name not in found and _returns(graph, ways, name, entry, found)
        }
        if not further:
            return frozenset(found)
        found |= further


def _returns(graph: FlowGraph, ways: Ways, name: str, entry: str, found: set[str]) -> bool:
    seen: set[str] = set()
    open_ = [entry]
    while open_:
        here = open_.pop()
        # A step of another scope has left this sub-flow for good, or belongs to an inner call.
        if here in seen or scope_of(here) != name:
            continue
        seen.add(here)
        step = graph.places[here].step
        if isinstance(step, model.Return):
            return True
        if isinstance(step, model.CallSubflow):
            if step.flow in found:
                open_ += _past(graph, here)
        else:
            open_ += ways[here]
    return False


def _past(graph: FlowGraph, call: str) -> list[str]:
    return [
        edge.target
        for edge in graph.ways_out[call]
        if edge.way is Way.RETURN and edge.target in graph.places
    ]


def ways_of(graph: FlowGraph, *, kinds: frozenset[Way] | None = None) -> dict[str, list[str]]:
    """Where each step leads by ways of these kinds; past a call only if its sub-flow returns."""
    inner = {
        address: [
            edge.target
            for edge in edges
            if edge.target in graph.places
            and edge.way is not Way.RETURN
            and (kinds is None or edge.way in kinds)
        ]
        for address, edges in graph.ways_out.items()
    }
    back = returning(graph, inner)
    for address, place in graph.places.items():
        if isinstance(place.step, model.CallSubflow) and place.step.flow in back:
            inner[address] += _past(graph, address)
    return inner


def inner_calls(graph: FlowGraph, flow: model.Flow) -> dict[str, list[str]]:
    """Sub-flow -> the sub-flows that it calls."""
    inner: dict[str, list[str]] = {name: [] for name in flow.subflows}
    for place in graph.places.values():
        if isinstance(place.step, model.CallSubflow) and place.scope:
            inner[place.scope].append(place.step.flow)
    return inner


def silent_ways(graph: FlowGraph) -> dict[str, list[str]]:
    """Where each step leads in the same turn."""
    return ways_of(graph, kinds=AT_ONCE)


def circles(ways: Ways) -> Iterator[list[str]]:
    """The circles in a graph, each once; they begin where they were entered."""
    done: set[str] = set()
    told: set[tuple[str, ...]] = set()
    for start in ways:
        if start in done:
            continue
        path, open_, at = [start], [iter(ways[start])], {start: 0}
        while path:
            to = next(open_[-1], None)
            if to is None:
                here = path.pop()
                done.add(here)
                del at[here]
                open_.pop()
            elif to in at:
                circle = path[at[to] :]
                if tuple(circle) not in told:
                    told.add(tuple(circle))
                    yield circle
            elif to in ways and to not in done:
                at[to] = len(path)
                path.append(to)
                open_.append(iter(ways[to]))


def order_of(ways: Ways) -> list[str]:
    """The steps, each after all that it leads to; where ways go round, as near as can be."""
    done: set[str] = set()
    order: list[str] = []
    for start in ways:
        if start in done:
            continue
        done.add(start)
        path, open_ = [start], [iter(ways[start])]
        while path:
            to = next(open_[-1], None)
            if to is None:
                order.append(path.pop())
                open_.pop()
            elif to not in done:
                done.add(to)
                path.append(to)
                open_.append(iter(ways[to]))
    return order


class Run:
    """The longest runs of steps in one turn; only where no ways go round."""

    def __init__(self, graph: FlowGraph, ways: Ways) -> None:
        self.steps: dict[str, int] = {}
        """Address -> steps from there on, itself included, until something waits."""
        self.next: dict[str, str] = {}
        """Address -> the step after it on the longest run."""
        self._back: dict[str, int] = {}
        """Address -> steps until a `return`, itself included; 0 where it comes to none."""
        for here in order_of(ways):
            self._measure(graph, ways, here)

    def _measure(self, graph: FlowGraph, ways: Ways, here: str) -> None:
        step = graph.places[here].step
        inner = 0
        if isinstance(step, model.CallSubflow):
            entry = next(
                (edge.target for edge in graph.ways_out[here] if edge.way is Way.CALL), None
            )
            inner = self._back.get(entry or "", 0)
        longest, back = 0, 1 if isinstance(step, model.Return) else 0
        for to in ways[here]:
            past = inner if inner and to in _past(graph, here) else 0
            if past + self.steps.get(to, 0) > longest:
                longest, self.next[here] = past + self.steps.get(to, 0), to
            if scope_of(to) == scope_of(here) and self._back.get(to, 0):
                back = max(back, 1 + past + self._back[to])
        self.steps[here] = 1 + longest
        self._back[here] = back

    def way(self, start: str) -> list[str]:
        """The steps of the longest run from a step on, without those inside of sub-flows."""
        found = [start]
        while found[-1] in self.next and len(found) <= len(self.steps):
            found.append(self.next[found[-1]])
        return found
