"""Numbers as people type them: `1.250,50`, `S/ 20`, `20 soles`.

What lives here: reading them. What must not: what a number is for, or writing one (`formats`). Of
two ways to read a number the one is taken that the language and the wanted decimals allow; where
something is said that would change it ("20 mil"), it is not read at all: to ask again is better
than to misread an amount.
"""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal

from babel.numbers import get_decimal_symbol, get_group_symbol

from actors.flow.formats import locale_of
from actors.flow.words import plain

_DIGITS_MAX = 15
_OTHER_WORDS_MAX = 4
_MINUS = str.maketrans("\N{MINUS SIGN}\N{EN DASH}", "--")
_SPACED = re.compile(r"(?<![\d.,])\d{1,3}(?:[ '\N{RIGHT SINGLE QUOTATION MARK}]\d{3})+(?!\d)")
_RUN = re.compile(r"(?<!\w)[-+](?=\d)[\d.,]*\d|\d[\d.,]*\d|\d")
_FRACTION = re.compile(r"([-+]?)[.,](\d+)")
_GROUPED = re.compile(r"\d{1,3}(?:[.,]\d{3})+")
_LETTER_BEFORE = re.compile(r"[^\W\d_]-?$")
_CURRENCY_BEFORE = re.compile(r"(?<![^\W\d_])[A-Z]{3}$")
_CHANGES_IT = frozenset(
    {
        *("k", "mil", "miles", "thousand", "mill", "m", "mm", "cientos", "cien"),
        *("millon", "millones", "million", "millions", "milhao", "milhoes"),
        *("medio", "media", "half", "meio", "meia", "cuarto", "quarter"),
        *("menos", "minus", "bajo", "below", "abaixo"),
    }
)
"""Words beside a number that make it another one."""


def read_number(text: str, decimals: int, language: str) -> int | float | None:
    """The one number in a text; None where there is none, more than one, or a doubt."""
    tidy = _tidy(text)
    fraction = _FRACTION.fullmatch(tidy)
    if fraction is not None:
        return _within(f"{fraction[1]}0.{fraction[2]}", decimals)
    runs = list(_RUN.finditer(tidy))
    if len(runs) != 1 or not _stands_alone(tidy, runs[0]):
        return None
    digits = _plain_digits(runs[0][0], decimals, language)
    return _within(digits, decimals) if digits is not None else None


def _tidy(text: str) -> str:
    """Digits in ASCII, blanks that group digits taken out."""
    normal = unicodedata.normalize("NFKC", text).translate(_MINUS)
    ascii_digits = "".join(
        str(unicodedata.decimal(c)) if c.isdecimal() else " " if c.isspace() else c for c in normal
    )
    return _SPACED.sub(lambda found: re.sub(r"\D", "", found[0]), ascii_digits.strip())


def _stands_alone(text: str, run: re.Match[str]) -> bool:
    """Whether nothing around a number makes it another one, or a name such as `A20`."""
    before, after = text[: run.start()], text[run.end() :]
    if _LETTER_BEFORE.search(before) and not _CURRENCY_BEFORE.search(before):
        return False
    others = [*plain(before).split(), *plain(after).split()]
    return len(others) <= _OTHER_WORDS_MAX and not _CHANGES_IT.intersection(others)


def _plain_digits(run: str, decimals: int, language: str) -> str | None:
    """The run as programs write it; None where its separators make no sense."""
    sign = run[0] if run[0] in "-+" else ""
    digits = run.removeprefix(sign)
    marks = [c for c in digits if c in ".,"]
    if not marks:
        return sign + digits
    last = marks[-1]
    if len(set(marks)) == 2:
        whole, _, rest = digits.rpartition(last)
        if not _GROUPED.fullmatch(whole) or last in whole:
            return None
        return f"{sign}{_ungrouped(whole)}.{rest}"
    grouped = _GROUPED.fullmatch(digits) is not None and not digits.startswith("0")
    if len(marks) > 1:
        return sign + _ungrouped(digits) if grouped else None
    if grouped and (decimals == 0 or last == get_group_symbol(locale_of(language))):
        return sign + _ungrouped(digits)
    if grouped and (decimals < 3 or last != get_decimal_symbol(locale_of(language))):
        return None  # `1.250` where a point is for decimals: a thousand, to many all the same
    return sign + digits.replace(last, ".")


def _ungrouped(digits: str) -> str:
    return digits.replace(".", "").replace(",", "")


def _within(digits: str, decimals: int) -> int | float | None:
    if len(re.sub(r"\D", "", digits)) > _DIGITS_MAX:
        return None
    number = Decimal(digits)
    if number == number.to_integral_value():
        return int(number)
    return float(number) if number == round(number, decimals) else None
