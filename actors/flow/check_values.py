"""Values: whether what is asked for is ever kept.

What lives here: the checks of names, expressions, answers and hours. What must not: texts that
customers read (`check_texts`).
"""

from __future__ import annotations

from collections.abc import Iterator

from actors.flow import model
from actors.flow.dates import is_bound
from actors.flow.graph import places_of
from actors.flow.patterns import fault_of
from actors.flow.reader import FlowFault, FlowSource
from actors.flow.render import placeholders

KNOWN = frozenset({"customer.name", "customer.phone"})
"""Known in every text, path and query."""

TEXT_WORDS = KNOWN | {
    *("device", "step", "retries_left", "agent", "jobs", "transcript", "job", "news", "customer"),
    "reason",
}
"""Known in some texts."""


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


def value_faults(source: FlowSource) -> Iterator[FlowFault]:
    """Faults of what steps do with values."""
    known = kept(source.flow) | TEXT_WORDS
    for place in places_of(source.flow):
        if isinstance(place.step, model.Request):
            for template in _templates(place.step):
                for asked in placeholders(template):
                    if asked not in known:
                        yield source.fault(place.where, f"no step keeps a value {asked!r}")
        if isinstance(place.step, model.Question):
            for where, what in _answers(f"{place.where}.answer", place.step.answer):
                yield source.fault(where, what)


def _answers(where: str, answer: model.Answer | None) -> Iterator[tuple[str, str]]:
    """Pairs of a key and what is wrong with it in what a question asks for."""
    match answer:
        case model.TextAnswer(pattern=str() as pattern) | model.AccountAnswer(pattern=pattern):
            fault = fault_of(pattern)
            if fault is not None:
                yield f"{where}.pattern", f"not a pattern: {fault}"
        case model.NumberAnswer(least=least, most=most):
            if least is not None and most is not None and least > most:
                yield f"{where}.least", f"{least} is above most, {most}: no number fits"
        case model.DateAnswer():
            for key, bound in (("earliest", answer.earliest), ("latest", answer.latest)):
                if bound is not None and not is_bound(bound):
                    what = "not a day such as `today + 3 days` or `2026-12-25`"
                    yield f"{where}.{key}", f"{what}: {bound!r}"
        case _:
            pass


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
