"""Days as people type them: `12/6`, `12 de junio`, `next Friday`, `mañana`.

What lives here: reading them, and the bounds of a flow file. What must not: names of days
(`day_names`), or writing a date (`formats`). What can be read in two ways, or names no day, is not
read: the customer is asked again.
"""

from __future__ import annotations

import re
import unicodedata
from calendar import monthrange
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from functools import lru_cache
from typing import NamedTuple

from actors.flow.day_names import AGO, FROM_TODAY, OTHER_SPANS, PAST, UNITS, names_of
from actors.flow.words import is_near, plain

_TOKENS_MAX = 12
_CHARACTERS_MAX = 100
_YEARS_AROUND = 9  # the next 29th of February is that far at most
_YEAR_FIRST = re.compile(r"(?<!\d)(\d{4})\s*([-/.])\s*(\d{1,2})\s*\2\s*(\d{1,2})(?!\d)")
_NUMERIC = re.compile(
    r"(?<![\d/.-])(\d{1,2})\s*([-/.])\s*(\d{1,2})(?:\s*\2\s*(\d{4}|\d{2}))?(?![\d/]|[.-]\d)"
)
_DAY = re.compile(r"(\d{1,2})(?:st|nd|rd|th|o|a|ro|er|do|to|mo|vo|no)?")
_YEAR = re.compile(r"\d{4}")

Bound = date | None


def read_date(
    text: str, languages: Sequence[str], today: date, earliest: Bound, latest: Bound
) -> date | None:
    """The one day that a text names and that lies within the bounds; None where there is none."""
    if len(text) > _CHARACTERS_MAX:
        return None
    normal = unicodedata.normalize("NFKC", text)
    tidy = "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in normal)
    days, weekdays = _numeric(tidy, languages, today), set[int]()
    if not days:
        days, weekdays = _named(tidy, languages, today)
    for day in days:
        if (earliest is None or day >= earliest) and (latest is None or day <= latest):
            # "Friday the 12th" where the 12th is no Friday: one of the two is wrong.
            return day if not weekdays or day.weekday() in weekdays else None
    return None


# --- bounds -------------------------------------------------------------------------------------

_BOUND = re.compile(r"today(?:\s*([-+])\s*(\d{1,5})\s*(day|week|month|year)s?)?")


class _Offset(NamedTuple):
    number: int
    unit: str


def day_of(bound: str, today: date) -> date | None:
    """The day that `today + 3 days` or `2026-12-25` means; None for what means none."""
    parsed = _parsed(bound)
    if not isinstance(parsed, _Offset):
        return parsed
    try:
        match parsed.unit:
            case "day":
                return today + timedelta(days=parsed.number)
            case "week":
                return today + timedelta(weeks=parsed.number)
            case "month":
                return _months_on(today, parsed.number)
            case _:
                return _months_on(today, 12 * parsed.number)
    except (OverflowError, ValueError):
        return None


def is_bound(text: str) -> bool:
    """Whether a text means a day."""
    return _parsed(text) is not None


@lru_cache(1000)
def _parsed(bound: str) -> _Offset | date | None:
    found = _BOUND.fullmatch(bound.strip())
    if found is not None:
        number = int(found[2] or 0)
        return _Offset(-number if found[1] == "-" else number, found[3] or "day")
    try:
        return date.fromisoformat(bound) if re.fullmatch(r"\d{4}-\d\d-\d\d", bound) else None
    except ValueError:
        return None


def _months_on(day: date, months: int) -> date:
    """The same day of another month, or its last."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


# --- digits only --------------------------------------------------------------------------------


def _numeric(text: str, languages: Sequence[str], today: date) -> list[date]:
    """The ways to read `12/6/2026` and the like, the best first; empty where there is no such."""
    found = _YEAR_FIRST.findall(text)
    if len(found) == 1:
        year, _, month, day = found[0]
        return _existing([(int(year), int(month), int(day))])
    numeric = _NUMERIC.findall(text)
    if found or len(numeric) != 1:
        return []
    first, _, second, year = numeric[0]
    pairs = [(int(second), int(first)), (int(first), int(second))]
    if names_of(languages[0]).month_first:
        pairs.reverse()
    for month, day in pairs:
        # The other order only where this one is no day at all: 25/12 is Christmas everywhere.
        dates = _in_years(month, day, year, today)
        if dates:
            return dates
    return []


def _in_years(month: int, day: int, year: str, today: date) -> list[date]:
    """A day of the year in the years that it may be meant in, the likeliest first."""
    if len(year) == 4:
        return _existing([(int(year), month, day)])
    if year:
        both = _existing([(2000 + int(year), month, day), (1900 + int(year), month, day)])
        return sorted(both, key=lambda found: abs((found - today).days))
    years = range(today.year - _YEARS_AROUND, today.year + _YEARS_AROUND + 1)
    return _nearest(_existing((year, month, day) for year in years), today)


def _nearest(days: Iterable[date], today: date) -> list[date]:
    """The coming ones first, then those that have passed."""
    return sorted(days, key=lambda day: (day < today, abs((day - today).days)))


def _existing(triples: Iterable[tuple[int, int, int]]) -> list[date]:
    found: list[date] = []
    for year, month, day in triples:
        try:
            found.append(date(year, month, day))
        except ValueError:
            continue
    return found


# --- words --------------------------------------------------------------------------------------


def _named(text: str, languages: Sequence[str], today: date) -> tuple[list[date], set[int]]:
    """The days that words name, the likeliest first, and the days of the week that they name."""
    tokens = plain(text).split()
    if not tokens or len(tokens) > _TOKENS_MAX or OTHER_SPANS.intersection(tokens):
        return [], set()
    numbers = [found[1] for token in tokens if (found := _DAY.fullmatch(token))]
    years = [token for token in tokens if _YEAR.fullmatch(token)]
    counted = _counted(tokens, int(numbers[0]), today) if len(numbers) == 1 else None
    if counted is not None:
        return [counted], set()
    months = _meant(tokens, [names_of(language).months for language in languages])
    # Beside a number `mar` is March; alone it is Tuesday.
    others = [token for token in tokens if token not in months] if numbers else tokens
    weekdays = set(_meant(others, [names_of(each).weekdays for each in languages]).values())
    named = set(months.values())
    if len(named) == 1 and numbers and len(numbers) + len(years) <= 2:
        year = (numbers[1:] + years)[:1]
        day = int(numbers[0])
        return _in_years(named.pop(), day, year[0].zfill(2) if year else "", today), weekdays
    if years or len(numbers) > 1 or (named and not weekdays):
        return [], set()
    if numbers:
        return _day_of_month(tokens, int(numbers[0]), today), weekdays
    return _beside_today(tokens, weekdays, today), weekdays


def _counted(tokens: list[str], number: int, today: date) -> date | None:
    """`in 3 days`, `2 weeks ago`."""
    at = next(index for index, token in enumerate(tokens) if _DAY.fullmatch(token))
    unit = UNITS.get(tokens[at + 1]) if at + 1 < len(tokens) else None
    if unit is None:
        return None
    sign = -1 if AGO.intersection(tokens) else 1
    return today + timedelta(days=sign * unit * number)


def _day_of_month(tokens: list[str], number: int, today: date) -> list[date]:
    """`the 3rd`."""
    if _has_week(tokens) or _phrase(tokens) is not None:
        return []
    around = (_month_around(today, count) for count in range(-12, 13))
    return _nearest(_existing((year, month, number) for year, month in around), today)


def _month_around(today: date, count: int) -> tuple[int, int]:
    year, month = divmod(today.year * 12 + today.month - 1 + count, 12)
    return year, month + 1


def _beside_today(tokens: list[str], weekdays: set[int], today: date) -> list[date]:
    """`tomorrow`, `on Friday`."""
    offset = _phrase(tokens)
    if offset is not None:
        return [] if weekdays else [today + timedelta(days=offset)]
    if len(weekdays) != 1 or _has_week(tokens):
        return []
    (weekday,) = weekdays
    ahead = (weekday - today.weekday() - 1) % 7 + 1  # today's own name means next week
    back = (weekday - today.weekday()) % 7 - 7
    offsets = [back] if PAST.intersection(tokens) else [ahead, ahead - 7]
    return [today + timedelta(days=each) for each in offsets]


def _has_week(tokens: list[str]) -> bool:
    return any(UNITS.get(token) == 7 for token in tokens)


def _phrase(tokens: list[str]) -> int | None:
    """How many days from today a phrase says; the longest phrase counts."""
    best: tuple[int, int] | None = None
    for phrase, offset in FROM_TODAY.items():
        size = len(phrase.split())
        for window in _windows(tokens, size):
            if is_near(window, phrase) and (best is None or size > best[0]):
                best = (size, offset)
    return best[1] if best is not None else None


def _windows(tokens: list[str], size: int) -> Iterator[str]:
    for start in range(len(tokens) - size + 1):
        yield " ".join(tokens[start : start + size])


def _meant(tokens: Sequence[str], tables: Sequence[dict[str, int]]) -> dict[str, int]:
    """Token -> what it names, by the first language that knows one; near names if only one is."""
    for table in tables:
        found = {token: table[token] for token in tokens if token in table}
        if found:
            return found
    near = {
        token: number
        for table in tables
        for name, number in table.items()
        for token in tokens
        if token not in FROM_TODAY and is_near(token, name)
    }
    return near if len(set(near.values())) == 1 else {}
