"""Questions: whether some answer can fit.

What lives here: patterns, bounds, tries. What must not: choices (`menus`, `words`), texts.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from actors.flow import model, rules
from actors.flow.check.subject import Subject
from actors.flow.dates import day_of, is_bound
from actors.flow.faults import FlowFault
from actors.flow.patterns import fault_of


def questions(subject: Subject) -> Iterator[FlowFault]:
    """Every question can be answered."""
    for place in subject.places:
        if not isinstance(place.step, model.Question):
            continue
        where = f"{place.where}.answer"
        match place.step.answer:
            case model.TextAnswer(pattern=str() as pattern) | model.AccountAnswer(pattern=pattern):
                fault = fault_of(pattern)
                if fault is not None:
                    what = f"not a pattern: {fault}"
                    do = "The syntax is that of https://github.com/google/re2/wiki/Syntax"
                    yield subject.fault(rules.BAD_PATTERN, f"{where}.pattern", what, do)
            case model.NumberAnswer(least=least, most=most):
                if least is not None and most is not None and least > most:
                    what = f"{least:g} is above most, {most:g}: no number fits"
                    do = "Exchange the two"
                    yield subject.fault(rules.NOTHING_FITS, f"{where}.least", what, do)
            case model.DateAnswer() as answer:
                yield from _bounds(subject, where, answer)
            case None if place.step.longest < 1:
                what = f"no answer has {place.step.longest} characters"
                do = "Write how many characters an answer may have, such as 60"
                yield subject.fault(rules.NOTHING_FITS, f"{place.where}.longest", what, do)
            case _:
                pass


def _bounds(subject: Subject, where: str, answer: model.DateAnswer) -> Iterator[FlowFault]:
    bounds = (("earliest", answer.earliest), ("latest", answer.latest))
    for key, bound in bounds:
        if bound is not None and not is_bound(bound):
            what = f"not a day such as `today + 3 days` or `2026-12-25`: {bound!r}"
            do = "Units are days, weeks, months and years"
            yield subject.fault(rules.BAD_BOUND, f"{where}.{key}", what, do)
    if all(_never_fits(answer, day) for day in (date(2000, 1, 1), date(2100, 1, 1))):
        what = "lies after latest: no day fits"
        yield subject.fault(rules.NOTHING_FITS, f"{where}.earliest", what, "Exchange the two")
        return
    if _never_fits(answer, subject.world.today):
        what = "no day is left from earliest to latest: no answer fits"
        yield subject.fault(rules.NO_DAY_LEFT, f"{where}.latest", what, "Name a later day")


def _never_fits(asked: model.DateAnswer, today: date) -> bool:
    if asked.earliest is None or asked.latest is None:
        return False
    earliest, latest = day_of(asked.earliest, today), day_of(asked.latest, today)
    return earliest is not None and latest is not None and earliest > latest
