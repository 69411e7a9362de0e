"""Values: whether what is asked for is ever kept, and what is calculated can be.

What lives here: the checks of names, expressions, answers. What must not: texts that customers
read (`check_texts`).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from actors.flow import model
from actors.flow.dates import day_of, is_bound
from actors.flow.expression import RESERVED, ExpressionFault, names_in, oddities, parse
from actors.flow.graph import Place, places_of
from actors.flow.patterns import fault_of
from actors.flow.reader import FlowFault, FlowSource
from actors.flow.render import placeholders

TEXT_WORDS = frozenset(
    {"device", "step", "retries_left", "agent", "jobs", "transcript", "job", "news", "customer"}
    | {"reason"}
)
"""Known in some texts."""

_LEVELS_MAX = 20
"""How deep lists and objects of a body may be nested."""

Complaint = tuple[str, str]
"""A key path inside a step, and what is wrong with it."""


def kept(flow: model.Flow) -> frozenset[str]:
    """The names of the values that some step keeps."""
    found: set[str] = set()
    for place in places_of(flow):
        match place.step:
            case model.Request(keep=keep):
                found.update(keep)
            case model.Question(keep=name):
                found.add(name)
            case model.SetValues(values=values, compute=compute):
                found.update(values, compute)
            case _:
                pass
    return frozenset(found)


def known(flow: model.Flow) -> frozenset[str]:
    """The names that every text, path, body and expression may ask for."""
    hours = {f"hours.{name}.{key}" for name in flow.hours for key in ("open", "opens")}
    return kept(flow) | hours | {"customer.name", "customer.phone"}


def value_faults(source: FlowSource) -> Iterator[FlowFault]:
    """Faults of what steps do with values."""
    names = known(source.flow)
    for place in places_of(source.flow):
        for key, what in _complaints(place, names):
            where = f"{place.where}.{key}" if key else place.where
            yield source.fault(where, what)


def _complaints(place: Place, names: frozenset[str]) -> Iterator[Complaint]:
    match place.step:
        case model.Menu(options=options):
            yield from _options(options, names)
        case model.Question(answer=answer):
            yield from _answers(answer)
        case model.Request() as request:
            for template in _templates(request):
                yield from _unknown("", placeholders(template), names | TEXT_WORDS)
            if request.body is not None and not _is_shallow(request.body, _LEVELS_MAX):
                yield "body", f"nested more than {_LEVELS_MAX} levels deep"
        case model.If(test=test):
            yield from _expression("test", test, names)
        case model.SetValues() as step:
            yield from _set(step, names)
        case model.Forget(values=forgotten):
            yield from _unknown("values", forgotten, names)
        case _:
            pass


def _options(options: dict[str, model.Option], names: frozenset[str]) -> Iterator[Complaint]:
    for name, option in options.items():
        if option.when is not None:
            yield from _expression(f"options.{name}.when", option.when, names)
    if all(option.when is not None for option in options.values()):
        yield "options", "one option at least must have no `when`: a menu shows something"


def _set(step: model.SetValues, names: frozenset[str]) -> Iterator[Complaint]:
    for name, value in step.values.items():
        if isinstance(value, str):
            yield from _unknown(f"values.{name}", placeholders(value), names)
    for name, expression in step.compute.items():
        yield from _expression(f"compute.{name}", expression, names)
    for key in ("values", "compute"):
        for name in getattr(step, key):
            if name in RESERVED:
                yield f"{key}.{name}", f"{name!r} is a word of expressions: choose another name"
    if not step.values and not step.compute:
        yield "", "sets nothing: give `values` or `compute`"


def _expression(key: str, text: str, names: frozenset[str]) -> Iterator[Complaint]:
    try:
        node = parse(text)
    except ExpressionFault as fault:
        yield key, str(fault)
        return
    yield from _unknown(key, names_in(node), names)
    for what in oddities(node):
        yield key, what


def _unknown(
    key: str, asked: Iterator[str] | list[str] | tuple[str, ...], names: frozenset[str]
) -> Iterator[Complaint]:
    for name in asked:
        if name not in names:
            yield key, f"no step keeps a value {name!r}"


def _answers(answer: model.Answer | None) -> Iterator[Complaint]:
    match answer:
        case model.TextAnswer(pattern=str() as pattern) | model.AccountAnswer(pattern=pattern):
            fault = fault_of(pattern)
            if fault is not None:
                yield "answer.pattern", f"not a pattern: {fault}"
        case model.NumberAnswer(least=least, most=most):
            if least is not None and most is not None and least > most:
                yield "answer.least", f"{least} is above most, {most}: no number fits"
        case model.DateAnswer():
            for key, bound in (("earliest", answer.earliest), ("latest", answer.latest)):
                if bound is not None and not is_bound(bound):
                    what = "not a day such as `today + 3 days` or `2026-12-25`"
                    yield f"answer.{key}", f"{what}: {bound!r}"
            if all(_never_fits(answer, day) for day in (date(2000, 1, 1), date(2100, 1, 1))):
                yield "answer.earliest", "lies after latest: no day fits"
        case _:
            pass


def _never_fits(asked: model.DateAnswer, today: date) -> bool:
    if asked.earliest is None or asked.latest is None:
        return False
    earliest, latest = day_of(asked.earliest, today), day_of(asked.latest, today)
    return earliest is not None and latest is not None and earliest > latest


def _templates(step: model.Request) -> list[str]:
    return [step.path, *step.query.values(), *_texts_in(step.body or {})]


def _texts_in(value: object) -> Iterator[str]:
    """All texts inside a JSON value; the reader has bounded its depth."""
    match value:
        case str():
            yield value
        case dict():
            for inner in value.values():
                yield from _texts_in(inner)
        case list() | tuple():
            for inner in value:
                yield from _texts_in(inner)
        case _:
            pass


def _is_shallow(value: object, levels: int) -> bool:
    match value:
        case dict():
            inner = list(value.values())
        case list() | tuple():
            inner = list(value)
        case _:
            return True
    return levels > 0 and all(_is_shallow(each, levels - 1) for each in inner)
