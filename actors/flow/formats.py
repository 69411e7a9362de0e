"""Numbers, amounts, dates and times as the people of a language write them.

What lives here: values to words, by babel's tables (https://babel.pocoo.org/), and languages to
those tables. What must not: texts (`texts`), or reading what was typed (`answers`). Nothing here
raises: a value of the wrong kind is shown as it is.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, tzinfo
from functools import lru_cache
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_time
from babel.numbers import format_currency, format_decimal, format_percent

from actors.flow.values import show
from actors.values import Scalar

NUMBER_MAX = 1e15
"""What is larger is an id, whatever its writer thought, and is shown as it is."""

Style = Literal["short", "medium", "long", "full"]
STYLES: tuple[Style, ...] = ("short", "medium", "long", "full")
TIME_STYLES: tuple[Style, ...] = ("short", "medium")
"""The longer ones tell the time zone, in words that nobody needs in a chat."""

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CURRENCY = re.compile(r"[A-Z]{3}")
_CODE_AT_NUMBER = re.compile(r"(?<=[A-Z]{3})(?=[0-9])")
_BLANKS = str.maketrans({"\u00a0": " ", "\u202f": " "})


class Manner(NamedTuple):
    """How values are written for somebody."""

    language: str
    """A tag such as `es` or `pt-BR`."""
    time_zone: str
    """Such as `America/Lima`."""


def tags_of(language: str) -> tuple[str, ...]:
    """A language and what it is a form of: `pt-BR`, then `pt`."""
    parts = language.replace("_", "-").split("-")
    return (language, *("-".join(parts[:count]) for count in range(len(parts) - 1, 0, -1)))


def spoken(wanted: str, languages: Sequence[str]) -> str | None:
    """The language, of those that there are, for somebody who wants this one; None: there is none.

    `pt-BR` is served with `pt`, and `es` with `es-PE`.
    """
    tags = tags_of(wanted.replace("_", "-"))
    for tag in tags:
        for language in languages:
            if tag == language.replace("_", "-"):
                return language
    return next((language for language in languages if tags[0] in tags_of(language)), None)


@lru_cache(200)
def locale_of(language: str) -> Locale:
    """The tables of a language; those of English where there are none."""
    return _tables_of(language) or Locale("en")


def has_tables(language: str) -> bool:
    """Whether it is known how the people of a language write numbers and dates."""
    return _tables_of(language) is not None


def _tables_of(language: str) -> Locale | None:
    for tag in tags_of(language):
        try:
            return Locale.parse(tag, sep="_" if "_" in tag else "-")
        except (UnknownLocaleError, ValueError, TypeError):
            continue
    return None


@lru_cache(200)
def zone_of(name: str) -> tzinfo:
    """A time zone; UTC where this machine does not know it (`check` finds that beforehand)."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def is_zone(name: str) -> bool:
    """Whether this machine knows a time zone of this name."""
    return isinstance(zone_of(name), ZoneInfo)


def number(value: Scalar, manner: Manner) -> str:
    """`1.250,5` in Spanish."""
    return _countable(value, lambda n: format_decimal(n, locale=locale_of(manner.language)))


def percent(value: Scalar, manner: Manner) -> str:
    """`26 %` for 0.26."""
    return _countable(value, lambda n: format_percent(n, locale=locale_of(manner.language)))


def currency(value: Scalar, code: str, manner: Manner) -> str:
    """`S/ 20.00` for 20 and `PEN` in Peru."""
    if not _CURRENCY.fullmatch(code):
        return f"{number(value, manner)} {code}".rstrip()
    locale = locale_of(manner.language)
    # Babel writes `PEN20.00` where a language has no sign of its own for a currency.
    return _countable(
        value, lambda n: _CODE_AT_NUMBER.sub(" ", format_currency(n, code, locale=locale))
    )


def _countable(value: Scalar, write: Callable[[int | float], str]) -> str:
    match value:
        case bool():
            return show(value)
        case int() | float() if math.isfinite(value) and abs(value) < NUMBER_MAX:
            return write(value).translate(_BLANKS)
        case _:
            return show(value)


def plural_of(value: Scalar, manner: Manner) -> str:
    """The form of words that a number asks for: `one`, `other`, ..."""
    match value:
        case bool():
            return "other"
        case int() | float() if math.isfinite(value) and abs(value) < NUMBER_MAX:
            return locale_of(manner.language).plural_form(value)
        case _:
            return "other"


def day(value: Scalar, style: Style, manner: Manner) -> str:
    """`12 de junio de 2026` for `2026-06-12`, or for a date and time of that day."""
    moment = _moment(value, manner)
    if moment is None or isinstance(moment, time):
        return show(value)
    return format_date(moment, style, locale_of(manner.language)).translate(_BLANKS)


def clock(value: Scalar, style: Style, manner: Manner) -> str:
    """`8:05` for a date and time, or for `08:05`."""
    moment = _moment(value, manner)
    if isinstance(moment, datetime):
        moment = moment.time()
    if not isinstance(moment, time):
        return show(value)
    return format_time(moment, style, locale=locale_of(manner.language)).translate(_BLANKS)


def _moment(value: Scalar, manner: Manner) -> date | datetime | time | None:
    """What an ISO text says, by the clocks of the time zone; None where it says no time."""
    if not isinstance(value, str):
        return None
    try:
        if _DATE.fullmatch(value):
            return date.fromisoformat(value)
        if not _DATE.match(value):
            return time.fromisoformat(value) if ":" in value else None
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            return moment
        return moment.astimezone(zone_of(manner.time_zone))
    except (ValueError, OverflowError):
        return None
