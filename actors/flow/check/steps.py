"""Steps: whether each leads somewhere, is led to, and lets a customer go on.

What lives here: targets, what nothing leads to, dead ends, steps that go round. What must not: what
else a step names, and sub-flows among each other (`names`, `subflows`).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from actors.flow import model, rules
from actors.flow.addresses import closure, resolve, scope_of
from actors.flow.check.silence import Run, circles, inner_calls, silent_ways, ways_of
from actors.flow.check.subject import Subject, few, way
from actors.flow.faults import FlowFault, instead, nearest
from actors.flow.graph import UNASKED, Way
from actors.flow.limits import STEPS_MAX

_PEOPLE = model.Menu | model.Question | model.Handover
"""Steps in which a customer, or a person, has the next word."""


def targets(subject: Subject) -> Iterator[FlowFault]:
    """Every target is there, and the root is a menu."""
    flow = subject.flow
    for key in ("entry", "root"):
        yield from _of_file(subject, key, getattr(flow, key))
    root = flow.steps.get(flow.root)
    if root is not None and not isinstance(root, model.Menu):
        what = "everything comes back to the root, so it must be a menu"
        yield subject.fault(rules.ROOT_NO_MENU, "root", what, "Name a step with `do: menu`")
    for edge in subject.graph.edges:
        if edge.target in subject.graph.places or not edge.written:
            continue
        scope = scope_of(edge.source)
        written = edge.target.removeprefix(f"{scope}.") if scope else edge.target
        known = subject.targets_from(scope)
        do = instead(written, known, "Write such a step, or name another")
        where = f"{subject.where(edge.source)}.{edge.key}"
        yield subject.fault(rules.UNKNOWN_STEP, where, f"there is no step {written!r}", do)
    for name, word in flow.words.items():
        yield from _of_file(subject, f"words.{name}.goto", word.goto)
    closed = flow.handover.closed
    if closed is not None and closed not in subject.graph.places:
        do = instead(closed, subject.graph.places, "Write such a step, or name another")
        what = f"there is no step {closed!r}"
        yield subject.fault(rules.UNKNOWN_STEP, "handover.closed", what, do)
    for name, subflow in flow.subflows.items():
        if subflow.entry not in subflow.steps:
            what = f"there is no step {subflow.entry!r} in this sub-flow"
            do = instead(subflow.entry, subflow.steps, "Name one of its own steps")
            yield subject.fault(rules.UNKNOWN_STEP, f"subflows.{name}.entry", what, do)


def _of_file(subject: Subject, where: str, target: str) -> Iterator[FlowFault]:
    if target not in subject.flow.steps:
        do = instead(target, subject.flow.steps, "Name a step of the file, not of a sub-flow")
        yield subject.fault(rules.UNKNOWN_STEP, where, f"there is no step {target!r}", do)


# --- what leads nowhere, and what nothing leads to ----------------------------------------------


def reached(subject: Subject) -> Iterator[FlowFault]:
    """Some way leads to every step."""
    graph = subject.graph
    ways = ways_of(graph)
    for source, meant in _meant(subject):
        ways[source].append(meant)
    endless = {name for circle in circles(inner_calls(graph, subject.flow)) for name in circle}
    for edge in graph.edges:
        # Where sub-flows are inside of themselves, that is what has to be mended.
        step = graph.places[edge.source].step
        inside = isinstance(step, model.CallSubflow) and step.flow in endless
        if inside and edge.way is Way.RETURN and edge.target in ways:
            ways[edge.source].append(edge.target)
    seen = closure((entry.target for entry in graph.entries if entry.target in ways), ways)
    before: dict[str, list[str]] = {}
    for address, leads in ways.items():
        for to in leads:
            before.setdefault(to, []).append(address)
    pasts = {edge.target for edge in graph.edges if edge.way is Way.RETURN}
    uncalled = {name for name in subject.flow.subflows if not _is_entered(subject, name, seen)}
    for place in subject.places:
        # A sub-flow that nothing comes into is told of once, by `subflows`.
        if place.address in seen or place.scope in uncalled:
            continue
        from_ = sorted(set(before.get(place.address, ())) - {place.address})
        what = "nothing leads here"
        if from_:
            what = f"only steps that nothing leads to lead here: {few(from_)}"
        do = "Lead to it, or take it out"
        if place.address in pasts:
            do = "The sub-flow that is called before it never returns"
        yield subject.fault(rules.UNREACHABLE, place.where, what, do)


def _meant(subject: Subject) -> Iterator[tuple[str, str]]:
    """Ways to steps that were mistyped, and so are led to in truth."""
    for edge in subject.graph.edges:
        if edge.target not in subject.graph.places:
            scope = scope_of(edge.source)
            like = nearest(edge.target.removeprefix(f"{scope}."), subject.targets_from(scope))
            if like is not None:
                yield edge.source, resolve(subject.flow, scope, like)


def _is_entered(subject: Subject, name: str, seen: frozenset[str]) -> bool:
    return any(f"{name}.{step}" in seen for step in subject.flow.subflows[name].steps)


def dead_ends(subject: Subject) -> Iterator[FlowFault]:
    """From every step somebody gets the next word: the customer or a person."""
    silent = silent_ways(subject.graph)
    round_ = {address for circle in circles(silent) for address in circle}
    living = _living(subject)
    for place in subject.places:
        # What goes round in one turn is told as that.
        if place.address not in living and place.address not in round_:
            what = "from here on no menu, no question and no person is ever reached"
            do = "Lead to a step in which the customer can do something, such as the root"
            yield subject.fault(rules.DEAD_END, place.where, what, do)


def _living(subject: Subject) -> frozenset[str]:
    """The steps from which a menu, a question or a person can be reached."""
    graph = subject.graph
    before: dict[str, list[str]] = {}
    alive: list[str] = []
    for address, place in graph.places.items():
        if isinstance(place.step, _PEOPLE | model.Return):
            alive.append(address)
        for edge in graph.ways_out[address]:
            # What leads to a step that is not there is a fault already.
            if edge.target in graph.places:
                before.setdefault(edge.target, []).append(address)
            else:
                alive.append(address)
    return closure(alive, before)


# --- what goes round ----------------------------------------------------------------------------


def loops(subject: Subject) -> Iterator[FlowFault]:
    """Steps do not lead to each other without a customer."""
    silent = silent_ways(subject.graph)
    found = False
    for circle in circles(silent):
        found = True
        if all(_goes_in(subject, *pair) for pair in pairwise([*circle, circle[0]])):
            # Sub-flows inside of themselves: `subflows` tells.
            continue
        what = f"goes round without waiting: {way([*circle, circle[0]])}"
        do = "Let one of these steps lead elsewhere, or ask the customer on the way"
        yield subject.fault(rules.SILENT_LOOP, subject.where(circle[0]), what, do)
    living = _living(subject)
    unasked = ways_of(subject.graph, kinds=UNASKED)
    for circle in circles(unasked):
        steps = [subject.graph.places[address].step for address in circle]
        asks = any(isinstance(step, model.Request) for step in steps)
        # Whoever calculates on the way, counts: that is an end of it.
        counts = any(isinstance(step, model.If) for step in steps)
        if asks and not counts and circle[0] in living and subject.values.goes_round(circle):
            what = f"asks a service again and again: {way([*circle, circle[0]])}"
            do = "Show a menu on the way, so that the customer decides to try again"
            yield subject.fault(rules.REQUEST_LOOP, subject.where(circle[0]), what, do)
    if not found:
        yield from _long_runs(subject, silent)


def _goes_in(subject: Subject, source: str, target: str) -> bool:
    """Whether a step calls the sub-flow that another is in."""
    step = subject.graph.places[source].step
    return isinstance(step, model.CallSubflow) and step.flow == scope_of(target)


def _long_runs(subject: Subject, silent: dict[str, list[str]]) -> Iterator[FlowFault]:
    run = Run(subject.graph, silent)
    inner = {to for leads in silent.values() for to in leads}
    for address, count in run.steps.items():
        if count > STEPS_MAX and address not in inner:
            what = f"{count} steps in one go, {STEPS_MAX} are carried out: {way(run.way(address))}"
            do = "Make fewer of them, or ask the customer on the way"
            yield subject.fault(rules.LONG_WAY, subject.where(address), what, do)
