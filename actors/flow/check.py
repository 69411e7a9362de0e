"""What cannot work in a flow, found before a customer finds it.

What lives here: the checks of how steps lead to each other, and of what they name. What must not:
faults of form (`reader`), texts (`check_texts`), values and expressions (`check_values`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from actors.flow import model
from actors.flow.check_texts import text_faults
from actors.flow.check_values import kept, value_faults
from actors.flow.graph import onward, places_of, resolve, step_at, targets_of
from actors.flow.hours import faults_of
from actors.flow.reader import FlowFault, FlowSource

DEPTH_MAX = 5
"""How deep sub-flows may call each other: as deep as a conversation carries out."""

_STATUS = re.compile("[1-5][0-9][0-9]|[345]xx")
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def check_flow(
    source: FlowSource, providers: frozenset[str], services: frozenset[str]
) -> list[FlowFault]:
    """All faults; empty where the flow can run with these providers and services."""
    return [
        *_targets(source),
        *_subflows(source),
        *text_faults(source),
        *_jobs(source, providers),
        *_services(source, services),
        *_hours(source),
        *value_faults(source),
    ]


# --- where steps lead ---------------------------------------------------------------------------


def _targets(source: FlowSource) -> Iterator[FlowFault]:
    flow = source.flow
    for key in ("entry", "root"):
        if getattr(flow, key) not in flow.steps:
            yield source.fault(key, f"there is no step {getattr(flow, key)!r}")
    if not isinstance(flow.steps.get(flow.root), model.Menu | None):
        yield source.fault("root", "the root must be a menu: everything comes back to it")
    for place in places_of(flow):
        for key, target in targets_of(place.step):
            if step_at(flow, resolve(flow, place.scope, target)) is None:
                yield source.fault(f"{place.where}.{key}", f"there is no step {target!r}")
    for name, word in flow.words.items():
        if word.goto not in flow.steps:
            yield source.fault(f"words.{name}.goto", f"there is no step {word.goto!r}")
    if flow.handover.closed is not None and step_at(flow, flow.handover.closed) is None:
        yield source.fault("handover.closed", f"there is no step {flow.handover.closed!r}")
    yield from _silent_loops(source)


def _silent_loops(source: FlowSource) -> Iterator[FlowFault]:
    """Steps that lead to each other without ever waiting for the customer or a service."""
    where = {place.address: place.where for place in places_of(source.flow)}
    ways = {
        place.address: [to for to in onward(source.flow, place) if to in where]
        for place in places_of(source.flow)
    }
    for circle in circles(ways):
        yield source.fault(
            where[circle[0]], f"goes round without waiting: {' -> '.join([*circle, circle[0]])}"
        )


def circles(graph: dict[str, list[str]]) -> Iterator[list[str]]:
    """The circles in a graph, each once; they begin where they were entered."""
    done: set[str] = set()
    told: set[str] = set()
    for start in graph:
        if start in done:
            continue
        path, ways, on_path = [start], [iter(graph[start])], {start}
        while path:
            to = next(ways[-1], None)
            if to is None:
                done.add(path[-1])
                on_path.remove(path.pop())
                ways.pop()
            elif to in on_path:
                circle = path[path.index(to) :]
                if str(circle) not in told:
                    told.add(str(circle))
                    yield circle
            elif to in graph and to not in done:
                path.append(to)
                on_path.add(to)
                ways.append(iter(graph[to]))


def _subflows(source: FlowSource) -> Iterator[FlowFault]:
    flow = source.flow
    calls: dict[str, list[str]] = {name: [] for name in flow.subflows}
    for place in places_of(flow):
        if isinstance(place.step, model.CallSubflow):
            if place.step.flow not in flow.subflows:
                what = f"there is no sub-flow {place.step.flow!r} under subflows"
                yield source.fault(f"{place.where}.flow", what)
            elif place.scope:
                calls[place.scope].append(place.step.flow)
        if isinstance(place.step, model.Return) and not place.scope:
            yield source.fault(place.where, "`return` ends a sub-flow; this step is in none")
    for name, subflow in flow.subflows.items():
        if subflow.entry not in subflow.steps:
            what = f"there is no step {subflow.entry!r} in this sub-flow"
            yield source.fault(f"subflows.{name}.entry", what)
    found = False
    for circle in circles(calls):
        found = True
        what = f"sub-flows that call each other: {' -> '.join([*circle, circle[0]])}"
        yield source.fault(f"subflows.{circle[0]}", what)
    if not found:
        yield from _too_deep(source, calls)


def _too_deep(source: FlowSource, calls: dict[str, list[str]]) -> Iterator[FlowFault]:
    depths = dict.fromkeys(calls, 1)
    for _ in range(DEPTH_MAX):
        depths = {
            name: 1 + max((depths[to] for to in inner if to in depths), default=0)
            for name, inner in calls.items()
        }
    for name, depth in depths.items():
        if depth > DEPTH_MAX:
            what = f"sub-flows more than {DEPTH_MAX} deep inside each other"
            yield source.fault(f"subflows.{name}", what)
            return


# --- what steps name ----------------------------------------------------------------------------


def _jobs(source: FlowSource, providers: frozenset[str]) -> Iterator[FlowFault]:
    flow = source.flow
    for place in places_of(flow):
        step = place.step
        if isinstance(step, model.StartJob | model.CancelJob) and step.job not in flow.jobs:
            yield source.fault(f"{place.where}.job", f"there is no job {step.job!r} under jobs")
        if isinstance(step, model.SetLanguage) and step.language not in flow.languages:
            what = f"not one of languages: {step.language!r}"
            yield source.fault(f"{place.where}.language", what)
    known = kept(flow)
    for name, job in flow.jobs.items():
        if job.provider not in providers:
            yield source.fault(
                f"jobs.{name}.provider", f"the configuration has no [telco.{job.provider}]"
            )
        for key in ("device", "account", "device_label"):
            value = getattr(job, key)
            if value is not None and value not in known:
                yield source.fault(f"jobs.{name}.{key}", f"no step keeps a value {value!r}")


def _services(source: FlowSource, services: frozenset[str]) -> Iterator[FlowFault]:
    for place in places_of(source.flow):
        step = place.step
        if not isinstance(step, model.Request):
            continue
        if step.service not in services:
            yield source.fault(
                f"{place.where}.service", f"the configuration has no [services.{step.service}]"
            )
        if not step.path.startswith("/"):
            yield source.fault(f"{place.where}.path", "must begin with a slash")
        if step.method not in _METHODS:
            yield source.fault(f"{place.where}.method", f"not a method we send: {step.method!r}")
        for key in step.on_status:
            if not _STATUS.fullmatch(key):
                what = "not a status such as 404, nor a class such as 5xx"
                yield source.fault(f"{place.where}.on_status.{key}", what)
        if step.attempts is not None and step.method != "GET":
            what = f"a {step.method} is made once: it may have been carried out"
            yield source.fault(f"{place.where}.attempts", what)


def _hours(source: FlowSource) -> Iterator[FlowFault]:
    flow = source.flow
    for name, hours in flow.hours.items():
        for key, what in faults_of(hours):
            yield source.fault(f"hours.{name}.{key}", what)
    asked: list[tuple[str, str | None, str | None]] = [
        ("handover", flow.handover.hours, flow.handover.closed)
    ]
    for place in places_of(flow):
        if isinstance(place.step, model.AskHours) and place.step.of not in flow.hours:
            what = f"there are no hours {place.step.of!r} under hours"
            yield source.fault(f"{place.where}.of", what)
        if isinstance(place.step, model.Handover):
            asked.append((place.where, place.step.hours, place.step.closed))
    for where, of, closed in asked:
        if of is not None and of not in flow.hours:
            yield source.fault(f"{where}.hours", f"there are no hours {of!r} under hours")
        if (of is None) != (closed is None):
            what = "`hours` and `closed` belong together: when people come, and where to go else"
            yield source.fault(f"{where}.{'closed' if of is None else 'hours'}", what)
