"""What is wrong with a flow, or will not be as its author means it, found before a customer does.

What lives here: the list of checks and the order of what they find. What must not: faults of form
(`actors.flow.reader`). A check is a function from a `Subject` to faults; it asks nothing of the
others, and holds for flows with any other fault.

`steps`, `subflows`: how steps lead to each other. `names`: jobs, services, languages, hours by
name. `texts`, `placeholders`, `menus`: what is read. `words`: what is typed. `values`,
`expressions`, `questions`, `requests`, `policies`, `hours`, `people`: what stands in them.
`dataflow` and `kinds` know what a value can be where, `silence` what is walked through in one turn,
`shown` every text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date

from actors.flow.check import (
    expressions,
    hours,
    menus,
    names,
    people,
    placeholders,
    policies,
    questions,
    requests,
    steps,
    subflows,
    texts,
    values,
    words,
)
from actors.flow.check.subject import Subject, World
from actors.flow.faults import FlowFault
from actors.flow.reader import FlowSource
from actors.flow.rules import Severity

__all__ = ["CHECKS", "World", "check", "check_flow", "errors", "in_order"]

CHECKS: tuple[Callable[[Subject], Iterator[FlowFault]], ...] = (
    steps.targets,
    steps.reached,
    steps.dead_ends,
    steps.loops,
    subflows.names,
    subflows.calls,
    subflows.used,
    names.jobs,
    names.services,
    names.languages,
    names.hours,
    texts.texts,
    texts.languages,
    texts.desk_language,
    placeholders.placeholders,
    menus.shown,
    menus.said_before,
    words.phrases,
    words.ways_out,
    words.languages,
    values.names,
    values.kept_before,
    values.usable,
    values.unused,
    expressions.expressions,
    expressions.cases,
    questions.questions,
    requests.requests,
    policies.policies,
    hours.hours,
    people.desk,
)


def check(source: FlowSource, world: World) -> list[FlowFault]:
    """Everything there is to say about a flow, in the order of its file."""
    subject = Subject(source, world)
    return in_order(fault for each in CHECKS for fault in each(subject))


def check_flow(
    source: FlowSource, providers: frozenset[str], services: frozenset[str]
) -> list[FlowFault]:
    """The faults for which a flow is refused with these providers and services."""
    # What depends on the day is no reason to refuse a flow: it would not start again one morning.
    return errors(check(source, World(date.min, providers, services)))


def errors(faults: Iterable[FlowFault]) -> list[FlowFault]:
    """The faults for which a flow is refused."""
    return [fault for fault in faults if fault.severity is Severity.ERROR]


def in_order(faults: Iterable[FlowFault]) -> list[FlowFault]:
    """Faults in the order of the file, each once; what several places share counts once too."""
    shared: dict[tuple[int, int, str, str], list[FlowFault]] = {}
    for fault in faults:
        # A text that others name with an alias stands in one place of the file.
        key = (fault.line, fault.column, fault.code, fault.what)
        shared.setdefault(key, []).append(fault)
    told: list[FlowFault] = []
    for (line, *_), same in shared.items():
        wheres = {fault.where for fault in same}
        first = same[0]
        if line and len(wheres) > 1:
            more = len(wheres) - 1
            places = "places that share" if more > 1 else "place that shares"
            what = f"{first.what} (and in {more} more {places} it)"
            first = FlowFault(first.where, what, line, first.column, first.code, first.do)
        told.append(first)
    return sorted(told, key=lambda fault: (fault.line, fault.column, fault.code))
