"""Opening hours: whether they can be read, ever open, and are asked for.

What lives here: hours as they are written. What must not: who asks for them by name (`names`), or
reading them (`actors.flow.hours`).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from actors.flow import model, rules
from actors.flow.check.expressions import of_step
from actors.flow.check.subject import Subject
from actors.flow.check.values import uses_of
from actors.flow.expression import names_in
from actors.flow.faults import FlowFault, nearest
from actors.flow.hours import ever_opens, faults_of
from actors.flow.texts import names_in as names_in_text


def hours(subject: Subject) -> Iterator[FlowFault]:
    """All opening hours can be read, open at some time, and something asks for them."""
    named = subject.flow.hours
    # One that was mistyped is meant all the same.
    asked = {name if name in named else nearest(name, named) for name in _asked(subject)}
    for name, times in subject.flow.hours.items():
        where = f"hours.{name}"
        faults = list(faults_of(times))
        for key, what in faults:
            do = "Days are mon to sun, times such as 08:00-18:00, dates such as 2026-12-25 or 12-25"
            yield subject.fault(rules.BAD_HOURS, f"{where}.{key}", what, do)
        if not faults and not ever_opens(times):
            what = "it never opens"
            do = 'Give some day times, such as `mon-fri: ["08:00-18:00"]`'
            yield subject.fault(rules.NEVER_OPEN, f"{where}.week", what, do)
        for day in times.holidays:
            if _is_past(day, subject.world.today):
                what = f"{day} is over"
                do = f"Take it out; a day of each year is written {day[5:]!r}"
                yield subject.fault(rules.PAST_HOLIDAY, f"{where}.holidays.{day}", what, do)
        if name not in asked:
            do = "Ask with `do: hours`, or name them in `handover`; else take them out"
            yield subject.fault(rules.UNUSED_HOURS, where, "nothing asks for these hours", do)


def _is_past(day: str, today: date) -> bool:
    try:
        return date.fromisoformat(day) < today
    except ValueError:
        # Of each year, or no date: that is told already.
        return False


def _asked(subject: Subject) -> Iterator[str]:
    if subject.flow.handover.hours is not None:
        yield subject.flow.handover.hours
    for place in subject.places:
        match place.step:
            case model.AskHours(of=of):
                yield of
            case model.Handover(hours=str() as of):
                yield of
            case step:
                for use in uses_of(step):
                    yield from _named(use.name)
                for _, node in of_step(step):
                    for name in names_in(node):
                        yield from _named(name)
    for shown in subject.shown:
        for words in shown.text.values():
            if "hours." in words:
                for name in names_in_text(words):
                    yield from _named(name)


def _named(name: str) -> Iterator[str]:
    parts = name.split(".")
    if parts[0] == "hours" and len(parts) == 3:
        yield parts[1]
