"""Values: whether what is asked for is ever kept, and before it is asked for.

What lives here: names of values in steps and jobs. What must not: texts (`placeholders`),
expressions (`expressions`), what a value may be (`dataflow`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from actors.flow import model, rules
from actors.flow.check.expressions import of_step
from actors.flow.check.shown import SOME_TEXTS
from actors.flow.check.subject import Subject, way
from actors.flow.expression import RESERVED, names_in
from actors.flow.faults import FlowFault, instead
from actors.flow.limits import VALUES_MAX
from actors.flow.render import placeholders
from actors.flow.texts import names_in as names_in_text

_USABLE = re.compile("[a-z][a-z0-9_]*")
_TAKEN = ("customer.", "hours.", "jobs.")


class Use(NamedTuple):
    """A value that a step asks for."""

    name: str
    key: str
    """The key path inside the step."""
    needed: bool = False
    """Where it is not there, what the step does goes wrong."""


def uses_of(step: model.Step) -> Iterator[Use]:
    """The values that a step asks for outside of texts and expressions."""
    match step:
        case model.Request() as request:
            for name in placeholders(request.path):
                yield Use(name, "path", needed=True)
            for key, template in request.query.items():
                for name in placeholders(template):
                    yield Use(name, f"query.{key}")
            for name in _in_json(request.body or {}):
                yield Use(name, "body")
        case model.SetValues(values=values):
            for key, value in values.items():
                if isinstance(value, str):
                    for name in placeholders(value):
                        yield Use(name, f"values.{key}")
        case model.Branch(value=name):
            yield Use(name, "value")
        case _:
            return


def _in_json(value: object) -> Iterator[str]:
    match value:
        case str():
            yield from placeholders(value)
        case dict():
            for inner in value.values():
                yield from _in_json(inner)
        case list() | tuple():
            for inner in value:
                yield from _in_json(inner)
        case _:
            pass


def names(subject: Subject) -> Iterator[FlowFault]:
    """Every value that a step or a job asks for is kept by some step."""
    for place in subject.places:
        for use in dict.fromkeys(uses_of(place.step)):
            if use.name in subject.known:
                continue
            rule = rules.UNKNOWN_VALUE
            what = f"no step keeps a value {use.name!r}"
            do = instead(use.name, subject.known, "Keep it with a question, a request or `set`")
            if isinstance(place.step, model.Branch):
                rule, what = rules.NEVER_KEPT, f"{what}, so it is always null here"
            elif isinstance(place.step, model.Request) and use.name in SOME_TEXTS:
                rule, what = rules.NOT_HERE, f"{what}; {use.name!r} is known in some texts only"
            yield subject.fault(rule, f"{place.where}.{use.key}", what, do)
        if isinstance(place.step, model.Forget):
            for index, name in enumerate(place.step.values):
                if name not in subject.kept:
                    do = instead(name, subject.kept, "Take it out")
                    what = f"no step keeps a value {name!r}"
                    where = f"{place.where}.values.{index}"
                    yield subject.fault(rules.UNKNOWN_VALUE, where, what, do)
    for name, job in subject.flow.jobs.items():
        for key in ("device", "account", "device_label"):
            value = getattr(job, key)
            if value is not None and value not in subject.kept:
                what = f"no step keeps a value {value!r}"
                do = instead(value, subject.kept, "Name a value that a request or a question keeps")
                yield subject.fault(rules.UNKNOWN_VALUE, f"jobs.{name}.{key}", what, do)


def kept_before(subject: Subject) -> Iterator[FlowFault]:
    """What a step asks for was kept on some way to it; what it needs, on every way."""
    for place in subject.places:
        found = list(uses_of(place.step))
        found += [Use(name, key) for key, node in of_step(place.step) for name in names_in(node)]
        if isinstance(place.step, model.StartJob):
            job = subject.flow.jobs.get(place.step.job)
            found += [Use(job.device, "job", needed=True)] if job is not None else []
        for use in dict.fromkeys(found):
            where = f"{place.where}.{use.key}"
            if subject.values.is_unkept(use.name, place.address):
                what = f"{use.name!r} is always null here: no way that leads here keeps it"
                do = f"Keep it before; it is kept in {subject.keepers_of(use.name)}"
                yield subject.fault(rules.NEVER_KEPT, where, what, do)
            elif use.needed and subject.values.may_lack(use.name, place.address):
                without = subject.values.way_without(use.name, place.address)
                what = f"{use.name!r} may not have been kept here: {way(without)}"
                do = f'Ask before with `do: branch`, `value: {use.name}` and a case "null"'
                yield subject.fault(rules.MAY_LACK, where, what, do)


def usable(subject: Subject) -> Iterator[FlowFault]:
    """Values have names that can be used, are few enough, and are used."""
    for place in subject.places:
        match place.step:
            case model.Request(keep=keep):
                kept = [(f"keep.{name}", name) for name in keep]
            case model.Question(keep=name):
                kept = [("keep", name)]
            case model.SetValues(values=values, compute=compute):
                kept = [(f"values.{name}", name) for name in values]
                kept += [(f"compute.{name}", name) for name in compute]
            case _:
                continue
        for key, name in kept:
            yield from _named(subject, f"{place.where}.{key}", name, place.step)
        if isinstance(place.step, model.SetValues) and not kept:
            what = "sets nothing"
            do = "Give `values` or `compute`, or take the step out"
            yield subject.fault(rules.SETS_NOTHING, place.where, what, do)
    if len(subject.kept) > VALUES_MAX:
        what = f"{len(subject.kept)} different values, a conversation keeps {VALUES_MAX}"
        do = "Use a name again where a value is not needed any more, or `forget`"
        yield subject.fault(rules.TOO_MANY_VALUES, "steps", what, do)


def _named(subject: Subject, where: str, name: str, step: model.Step) -> Iterator[FlowFault]:
    if name in RESERVED:
        rule = rules.RESERVED_NAME if isinstance(step, model.SetValues) else rules.UNUSABLE_NAME
        what = f"{name!r} is a word of expressions"
        yield subject.fault(rule, where, what, "Choose another name")
    elif name.startswith(_TAKEN) or not _USABLE.fullmatch(name):
        what = f"no text and no expression can ask for {name!r}"
        do = "Use a small letter, then small letters, digits and `_`"
        yield subject.fault(rules.UNUSABLE_NAME, where, what, do)


def unused(subject: Subject) -> Iterator[FlowFault]:
    """Something asks for every value that is kept."""
    asked = {
        name
        for shown in subject.shown
        for words in shown.text.values()
        if "{" in words
        for name in names_in_text(words)
    }
    for place in subject.places:
        asked.update(use.name for use in uses_of(place.step))
        for _, node in of_step(place.step):
            asked.update(names_in(node))
    for job in subject.flow.jobs.values():
        asked.update(value for value in (job.device, job.account, job.device_label) if value)
    for name in subject.keepers.names:
        if name not in asked:
            where = subject.keepers.of(name)[0].where
            what = f"nothing asks for {name!r}, which is kept here"
            yield subject.fault(rules.KEPT_UNUSED, where, what, "Use it, or do not keep it")
