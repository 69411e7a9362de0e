"""Opening hours: whether it is open, and when it opens next.

What lives here: reading how they are written, with faults, and what they say of a moment. What must
not: a clock; the moment is an argument, by the clocks of the hours' own time zone. A span belongs
to the day on which it begins: it ends after midnight though the next day is a holiday.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from actors.flow.formats import is_zone
from actors.flow.memo import Memo
from actors.flow.model import Hours

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY_MINUTES = 24 * 60
_AHEAD_DAYS = 370
"""How far ahead the next opening is looked for: over any holiday."""

_RANGE = re.compile(f"({'|'.join(_DAYS)})(?:-({'|'.join(_DAYS)}))?")
_SPAN = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])\s*-\s*([01][0-9]|2[0-4]):([0-5][0-9])")
_HOLIDAY = re.compile(r"(?:([0-9]{4})-)?([0-9]{2})-([0-9]{2})")

Span = tuple[int, int]
"""From and to, in minutes from midnight; the end may lie on the next day."""
Complaint = tuple[str, str]
"""A key path inside the hours, and what is wrong with it."""


class _Table(NamedTuple):
    week: dict[int, tuple[Span, ...]]
    """By weekday, Monday is 0."""
    days: dict[str, tuple[Span, ...]]
    """By `2026-12-25`, or by `12-25` for each year."""


def is_open(hours: Hours, local: datetime) -> bool:
    """Whether it is open at a moment of the hours' own clocks."""
    return _is_open(_table(hours), local.date(), local.hour * 60 + local.minute)


def opens(hours: Hours, local: datetime) -> datetime | None:
    """When it opens next after a moment of the hours' own clocks; None: not within a year."""
    table, today = _table(hours), local.date()
    now = local.hour * 60 + local.minute
    for ahead in range(_AHEAD_DAYS):
        try:
            day = today + timedelta(days=ahead)
        except OverflowError:
            return None
        for start, _ in sorted(_spans(table, day)):
            later = ahead > 0 or start > now
            if later and not _is_open(table, day, start - 1):
                moment = time(start // 60, start % 60)
                return datetime.combine(day, moment, local.tzinfo)
    return None


def _is_open(table: _Table, day: date, minute: int) -> bool:
    if minute < 0:
        day, minute = _before(day), minute + _DAY_MINUTES
    if any(start <= minute < end for start, end in _spans(table, day)):
        return True
    late = minute + _DAY_MINUTES
    return any(start <= late < end for start, end in _spans(table, _before(day)))


def _before(day: date) -> date:
    return day - timedelta(days=1) if day > date.min else day


def _spans(table: _Table, day: date) -> tuple[Span, ...]:
    text = day.isoformat()
    for key in (text, text[5:]):
        if key in table.days:
            return table.days[key]
    return table.week.get(day.weekday(), ())


# --- reading ------------------------------------------------------------------------------------


def _read(hours: Hours) -> _Table:
    week: dict[int, tuple[Span, ...]] = {}
    for key, spans in hours.week.items():
        for day in _days_of(key):
            week[day] = _spans_of(spans)
    return _Table(week, {day: _spans_of(spans) for day, spans in hours.holidays.items()})


_table = Memo(_read, 200)


def _days_of(key: str) -> list[int]:
    """The weekdays that `mon-fri` names; `sat-mon` goes over the week's end."""
    found = _RANGE.fullmatch(key)
    if found is None:
        return []
    first = _DAYS.index(found[1])
    last = _DAYS.index(found[2] or found[1])
    return [(first + count) % 7 for count in range((last - first) % 7 + 1)]


def _spans_of(texts: tuple[str, ...]) -> tuple[Span, ...]:
    return tuple(span for text in texts if (span := _span_of(text)) is not None)


def _span_of(text: str) -> Span | None:
    found = _SPAN.fullmatch(text.strip())
    if found is None:
        return None
    start, end = int(found[1]) * 60 + int(found[2]), int(found[3]) * 60 + int(found[4])
    if start == end or end > _DAY_MINUTES:
        return None
    return start, end if end > start else end + _DAY_MINUTES


# --- faults -------------------------------------------------------------------------------------


def faults_of(hours: Hours) -> Iterator[Complaint]:
    """What is wrong with opening hours."""
    seen: dict[int, str] = {}
    for key, spans in hours.week.items():
        days = _days_of(key)
        if not days:
            yield f"week.{key}", f"not a day or a range of days, such as mon-fri: {key!r}"
        for day in days:
            if seen.setdefault(day, key) != key:
                yield f"week.{key}", f"{_DAYS[day]} is in {seen[day]!r} too"
                break
        yield from _span_faults(f"week.{key}", spans)
    for key, spans in hours.holidays.items():
        if not _is_holiday(key):
            yield f"holidays.{key}", f"not a date such as 2026-12-25 or 12-25: {key!r}"
        yield from _span_faults(f"holidays.{key}", spans)
    if hours.time_zone is not None and not is_zone(hours.time_zone):
        what = "not a time zone that this machine knows, such as America/Lima"
        yield "time_zone", f"{what}: {hours.time_zone!r}"


def ever_opens(hours: Hours) -> bool:
    """Whether there is any time at which it opens."""
    return any(map(_spans_of, (*hours.week.values(), *hours.holidays.values())))


def _span_faults(where: str, spans: tuple[str, ...]) -> Iterator[Complaint]:
    end_before = -1
    read = [(_span_of(text), text) for text in spans]
    for span, text in read:
        if span is None:
            yield where, f"not times such as 08:00-18:00: {text!r}"
    for start, end in sorted(span for span, _ in read if span is not None):
        if start < end_before:
            yield where, "two of these times overlap"
            return
        end_before = end


def _is_holiday(key: str) -> bool:
    found = _HOLIDAY.fullmatch(key)
    if found is None:
        return False
    try:
        # A leap year, so that the 29th of February is a day of each year.
        date(int(found[1] or 2028), int(found[2]), int(found[3]))
    except ValueError:
        return False
    return True
