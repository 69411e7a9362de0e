"""What a customer typed, as the kind of answer that was asked for.

What lives here: the fitting of answers. What must not: what becomes of them (`hearing`), the words
of choices (`words`).
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from enum import Enum
from typing import NamedTuple, assert_never

from actors.flow import model
from actors.flow.dates import day_of, read_date
from actors.flow.numbers import read_number
from actors.flow.patterns import fits

_ACCOUNT_CHARACTERS_MAX = 60
_SPARE = re.compile(r"[\s.\-/\N{EN DASH}\N{MINUS SIGN}]+")


class Misread(Enum):
    """Why an answer does not fit."""

    TOO_LONG = "too_long"
    """Or empty."""
    NO_FIT = "no_fit"


class Reading(NamedTuple):
    """What reading an answer depends on besides its words."""

    language: str
    """The customer's."""
    languages: tuple[str, ...]
    """The flow's: names of days and months are understood in all of them."""
    today: date


def read_answer(
    question: model.Question, text: str, reading: Reading
) -> str | int | float | Misread:
    """The answer to keep, or why it does not fit. A choice is not read here."""
    match question.answer:
        case None:
            return _text(text, question.longest, None)
        case model.TextAnswer(longest=longest, pattern=pattern):
            return _text(text, longest, pattern)
        case model.NumberAnswer() as asked:
            number = read_number(text, asked.decimals, reading.language)
            return number if number is not None and _is_between(number, asked) else Misread.NO_FIT
        case model.DateAnswer() as asked:
            return _date(text, asked, reading)
        case model.AccountAnswer(pattern=pattern):
            account = _SPARE.sub("", _ascii_digits(text))
            short = 0 < len(account) <= _ACCOUNT_CHARACTERS_MAX
            return account if short and fits(pattern, account) else Misread.NO_FIT
        case model.ChoiceAnswer():
            return Misread.NO_FIT
        case _:
            assert_never(question.answer)


def is_free(question: model.Question) -> bool:
    """Whether anything that is short enough is an answer."""
    match question.answer:
        case None:
            return True
        case model.TextAnswer(pattern=pattern):
            return pattern is None
        case _:
            return False


def _text(text: str, longest: int, pattern: str | None) -> str | Misread:
    answer = text.strip()
    if not answer or len(answer) > longest:
        return Misread.TOO_LONG
    return answer if pattern is None or fits(pattern, answer) else Misread.NO_FIT


def _is_between(number: int | float, asked: model.NumberAnswer) -> bool:
    above = asked.least is None or number >= asked.least
    return above and (asked.most is None or number <= asked.most)


def _date(text: str, asked: model.DateAnswer, reading: Reading) -> str | Misread:
    earliest = day_of(asked.earliest, reading.today) if asked.earliest is not None else None
    latest = day_of(asked.latest, reading.today) if asked.latest is not None else None
    languages = (reading.language, *reading.languages)
    found = read_date(text, languages, reading.today, earliest, latest)
    return found.isoformat() if found is not None else Misread.NO_FIT


def _ascii_digits(text: str) -> str:
    normal = unicodedata.normalize("NFKC", text)
    return "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in normal)
