"""How people name days: of the week, of the year, and from today on.

What lives here: names by language, from babel's tables, and the words that those lack. What must
not: reading a date (`dates`).
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from babel.dates import get_date_format, get_day_names, get_month_names

from actors.flow.formats import locale_of
from actors.flow.words import plain

_SHORTEST = 3
"""Letters of a name; abbreviations that are shorter mean too much."""

FROM_TODAY: dict[str, int] = {
    **dict.fromkeys(("hoy", "today", "hoje", "aujourd hui", "heute", "oggi"), 0),
    **dict.fromkeys(("esta tarde", "esta noche", "tonight", "esta noite"), 0),
    **dict.fromkeys(("manana", "tomorrow", "amanha", "demain", "morgen", "domani"), 1),
    **dict.fromkeys(("pasado manana", "day after tomorrow", "depois de amanha"), 2),
    **dict.fromkeys(("apres demain", "ubermorgen", "dopodomani"), 2),
    **dict.fromkeys(("ayer", "yesterday", "ontem", "hier", "gestern", "ieri"), -1),
    **dict.fromkeys(("anteayer", "antes de ayer", "day before yesterday", "anteontem"), -2),
    **dict.fromkeys(("avant hier", "vorgestern", "l altro ieri"), -2),
}
"""Words for days near today, understood in every language."""

UNITS: dict[str, int] = {
    **dict.fromkeys(("dia", "dias", "day", "days", "jour", "jours"), 1),
    **dict.fromkeys(("tag", "tage", "tagen", "giorno", "giorni"), 1),
    **dict.fromkeys(("semana", "semanas", "week", "weeks", "semaine", "semaines"), 7),
    **dict.fromkeys(("woche", "wochen", "settimana", "settimane"), 7),
}
"""How many days one is: "in 3 days", "dentro de 2 semanas"."""

OTHER_SPANS = frozenset(
    {
        *("mes", "meses", "month", "months", "mois", "monat", "monate", "monaten", "mese", "mesi"),
        *("ano", "anos", "year", "years", "an", "ans", "jahr", "jahre", "jahren", "anno", "anni"),
        *("hora", "horas", "hour", "hours", "heure", "heures", "stunde", "stunden", "ora", "ore"),
        *("minuto", "minutos", "minute", "minutes", "minuten", "minuti", "h", "hs", "am", "pm"),
    }
)
"""What is counted in these is not read: it is no day."""

AGO = frozenset({"hace", "ago", "atras", "faz", "ha", "vor", "fa", "il"})
PAST = frozenset({"pasado", "pasada", "passado", "passada", "last", "ultimo", "ultima", "dernier"})


class Names(NamedTuple):
    """The names of one language, plain."""

    months: dict[str, int]
    """1 to 12."""
    weekdays: dict[str, int]
    """0 for Monday to 6."""
    month_first: bool
    """Whether `6/12` is in June."""


@lru_cache(100)
def names_of(language: str) -> Names:
    """The names of a language."""
    locale = locale_of(language)
    months: dict[str, int] = {}
    weekdays: dict[str, int] = {}
    for width in ("abbreviated", "wide"):
        for context in ("stand-alone", "format"):
            for number, name in get_month_names(width, context, locale).items():
                _add(months, name, number)
            for number, name in get_day_names(width, context, locale).items():
                _add(weekdays, name, number)
    # "segunda-feira" is "segunda" to everybody.
    for name, number in list(weekdays.items()):
        if " " in name:
            weekdays.setdefault(name.split()[0], number)
    pattern = get_date_format("short", locale).pattern
    return Names(months, weekdays, pattern.find("M") < pattern.find("d"))


def _add(names: dict[str, int], name: str, number: int) -> None:
    key = plain(name)
    if len(key) >= _SHORTEST:
        names[key] = number
