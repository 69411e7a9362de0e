"""Answers as people type them: numbers, days, accounts, patterns."""

from __future__ import annotations

import time
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.flow import model
from actors.flow.answers import Misread, Reading, is_free, read_answer
from actors.flow.dates import day_of, is_bound, read_date
from actors.flow.numbers import read_number
from actors.flow.patterns import fault_of, fits

MONDAY = date(2026, 6, 1)
READING = Reading("es", ("es", "en", "pt"), MONDAY)


def read(text: str, answer: model.Answer | None, longest: int = 60) -> str | int | float | Misread:
    question = model.Question({"es": "?"}, "x", "main", longest=longest, answer=answer)
    return read_answer(question, text, READING)


# --- numbers --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "decimals", "language", "number"),
    [
        ("20", 0, "es", 20),
        (" 20 ", 0, "es", 20),
        ("007", 0, "es", 7),
        ("-3", 0, "es", -3),
        ("\N{MINUS SIGN}3", 0, "es", -3),
        ("+5", 0, "es", 5),
        ("\N{FULLWIDTH DIGIT ONE}\N{FULLWIDTH DIGIT TWO}", 0, "es", 12),
        ("\N{ARABIC-INDIC DIGIT THREE}", 0, "es", 3),
        # both marks: the last one is for decimals, whatever the language
        ("1.250,50", 2, "es", 1250.5),
        ("1.250,50", 2, "en", 1250.5),
        ("1,250.50", 2, "es", 1250.5),
        ("1.250.000,5", 1, "es", 1250000.5),
        ("1.250.00,5", 1, "es", None),
        ("1,2,3.5", 1, "es", None),
        # one mark
        ("20,5", 1, "es", 20.5),
        ("20.5", 1, "es", 20.5),
        ("20,00", 0, "es", 20),
        ("20,50", 1, "es", 20.5),
        ("20,01", 0, "es", None),
        ("20,55", 1, "es", None),
        ("1.250", 0, "es", 1250),
        ("1.250", 0, "es-PE", 1250),
        ("1.250", 2, "es", 1250),
        ("1,250", 2, "es-PE", 1250),
        ("1.250", 2, "es-PE", None),  # 1.25 or 1250? to ask again is better
        ("1.250", 3, "es-PE", 1.25),
        ("1.250", 3, "es", 1250),
        ("0.250", 3, "es", 0.25),
        ("1.250.000", 0, "es", 1250000),
        ("12.06.2026", 0, "es", None),
        (".5", 1, "en", 0.5),
        ("-,5", 1, "es", -0.5),
        # blanks and apostrophes that group
        ("1 250,50", 2, "es", 1250.5),
        ("1\N{NO-BREAK SPACE}250", 0, "fr", 1250),
        ("1'250", 0, "de-CH", 1250),
        ("12 30", 0, "es", None),
        ("2026 300", 0, "es", None),
        # what stands beside it
        ("S/ 20", 0, "es", 20),
        ("S/.20", 0, "es", 20),
        ("R$ 1.234,5", 2, "pt-BR", 1234.5),
        ("US$20", 0, "es", 20),
        ("PEN20", 0, "es", 20),
        ("20 soles", 0, "es", 20),
        ("20%", 0, "es", 20),
        ("5GB", 0, "es", 5),
        ("son unos 20 soles", 0, "es", 20),
        ("é 20 reais", 0, "pt", 20),
        ("A20", 0, "es", None),
        ("A-20", 0, "es", None),
        ("20 mil", 0, "es", None),
        ("20k", 0, "es", None),
        ("2 millones", 0, "es", None),
        ("20 y medio", 0, "es", None),
        ("menos 5", 0, "es", None),
        ("2 x 3", 0, "es", None),
        ("1/2", 0, "es", None),
        ("10:30", 0, "es", None),
        ("la respuesta que me pides es 20", 0, "es", None),
        ("veinte", 0, "es", None),
        ("", 0, "es", None),
        ("-", 0, "es", None),
        ("9" * 15, 0, "es", 999_999_999_999_999),
        ("9" * 16, 0, "es", None),
    ],
)
def test_numbers(text: str, decimals: int, language: str, number: int | float | None) -> None:
    found = read_number(text, decimals, language)
    assert found == number
    assert type(found) is type(number)


def test_a_number_lies_within_its_bounds() -> None:
    asked = model.NumberAnswer(least=1, most=10.5, decimals=1)
    assert [read(text, asked) for text in ("1", "10,5", "0,9", "10,6", "x")] == [
        *(1, 10.5),
        *(Misread.NO_FIT, Misread.NO_FIT, Misread.NO_FIT),
    ]


# --- days -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-06-12", "2026-06-12"),
        ("2026/6/12", "2026-06-12"),
        ("12/6", "2026-06-12"),
        ("12-6-26", "2026-06-12"),
        ("12.06.2026", "2026-06-12"),
        ("12 / 06 / 2026", "2026-06-12"),
        ("el 12/6 por favor", "2026-06-12"),
        ("\N{FULLWIDTH DIGIT ONE}\N{FULLWIDTH DIGIT TWO}/6", "2026-06-12"),
        ("1/6", "2026-06-01"),
        ("31/5", "2027-05-31"),
        ("25/12", "2026-12-25"),
        ("12/25", "2026-12-25"),
        ("29/2", "2028-02-29"),
        ("12/6/85", "1985-06-12"),
        ("31/2", None),
        ("32/1", None),
        ("2026-13-01", None),
        ("12/6 o 13/6", None),
        ("12-5-88-3", None),
        ("12 de junio", "2026-06-12"),
        ("12 junio 2027", "2027-06-12"),
        ("12 de junio de 27", "2027-06-12"),
        ("June 12th", "2026-06-12"),
        ("12 jun", "2026-06-12"),
        ("12 de setiembre", "2026-09-12"),
        ("12 de otubre", "2026-10-12"),
        ("12 mar", "2027-03-12"),
        ("1º de julho", "2026-07-01"),
        ("viernes 12 de junio", "2026-06-12"),
        ("lunes 12 de junio", None),
        ("viernes 12", "2026-06-12"),
        ("lunes 12", None),
        ("junio", None),
        ("12 junio julio", None),
        ("12 13 junio 2026", None),
        ("el 15", "2026-06-15"),
        ("15", "2026-06-15"),
        ("el 32", None),
        ("12 13", None),
        ("2026", None),
        ("viernes", "2026-06-05"),
        ("el próximo viernes", "2026-06-05"),
        ("biernes", "2026-06-05"),
        ("lunes", "2026-06-08"),
        ("mar", "2026-06-02"),
        ("sexta", "2026-06-05"),
        ("segunda-feira", "2026-06-08"),
        ("next friday", "2026-06-05"),
        ("lunes pasado", "2026-05-25"),
        ("viernes pasado", "2026-05-29"),
        ("lunes o martes", None),
        ("lunes de la próxima semana", None),
        ("hoy", "2026-06-01"),
        ("mañana", "2026-06-02"),
        ("mañna", "2026-06-02"),
        ("tomorrow morning", "2026-06-02"),
        ("pasado mañana", "2026-06-03"),
        ("depois de amanhã", "2026-06-03"),
        ("day after tomorrow", "2026-06-03"),
        ("ayer", "2026-05-31"),
        ("mañana viernes", None),
        ("mañana a las 3", None),
        ("en 3 días", "2026-06-04"),
        ("dentro de 2 semanas", "2026-06-15"),
        ("hace 2 días", "2026-05-30"),
        ("3 days ago", "2026-05-29"),
        ("el día 3", "2026-06-03"),
        ("in 3 hours", None),
        ("en 2 meses", None),
        ("a las 3 pm", None),
        ("no sé", None),
        ("", None),
        ("x" * 101, None),
    ],
)
def test_days(text: str, day: str | None) -> None:
    found = read_date(text, ("es", "en", "pt"), MONDAY, None, None)
    assert (found.isoformat() if found is not None else None) == day


@pytest.mark.parametrize(
    ("text", "language", "day"),
    [
        ("6/12", "es", "2026-12-06"),
        ("6/12", "en", "2026-06-12"),
        ("6/12", "en-GB", "2026-12-06"),
        ("6/12/2026", "pt-BR", "2026-12-06"),
        ("12 juin", "fr", "2026-06-12"),
        ("in 3 Tagen", "de", "2026-06-04"),
        ("6月12日", "zh", None),
    ],
)
def test_the_order_and_the_names_are_those_of_the_language(
    text: str, language: str, day: str | None
) -> None:
    found = read_date(text, (language,), MONDAY, None, None)
    assert (found.isoformat() if found is not None else None) == day


@pytest.mark.parametrize(
    ("text", "earliest", "latest", "day"),
    [
        ("12/6", "today", None, "2026-06-12"),
        ("12/6", None, "today", "2025-06-12"),
        ("12/6/85", None, "today - 18 years", "1985-06-12"),
        ("12/6/25", "today - 120 years", "today - 18 years", "1925-06-12"),
        ("viernes", None, "today", "2026-05-29"),
        ("lunes", "today", "today + 3 days", "2026-06-01"),
        ("el 15", None, "today", "2026-05-15"),
        ("ayer", "today", None, "no_fit"),
        ("12/6", "2026-07-01", "2026-12-31", "no_fit"),
        ("3000-01-01", None, "today + 30 days", "no_fit"),
    ],
)
def test_what_is_left_open_is_filled_so_that_it_fits(
    text: str, earliest: str | None, latest: str | None, day: str
) -> None:
    found = read(text, model.DateAnswer(earliest, latest))
    assert (found.value if isinstance(found, Misread) else found) == day


@pytest.mark.parametrize(
    ("bound", "day"),
    [
        ("today", "2026-06-01"),
        ("today + 3 days", "2026-06-04"),
        ("today+1 day", "2026-06-02"),
        ("today - 2 weeks", "2026-05-18"),
        ("today + 1 month", "2026-07-01"),
        ("today - 18 years", "2008-06-01"),
        ("2026-12-25", "2026-12-25"),
        ("2026-02-30", None),
        ("tomorrow", None),
        ("today + 3", None),
        ("today + 99999 years", None),
        ("today - 99999 weeks", "0109-11-13"),
        ("", None),
    ],
)
def test_bounds(bound: str, day: str | None) -> None:
    found = day_of(bound, MONDAY)
    if bound != "today - 99999 weeks":
        assert (found.isoformat() if found is not None else None) == day
    assert is_bound(bound) is (day is not None or bound == "today + 99999 years")


def test_a_month_on_is_never_beyond_its_last_day() -> None:
    assert day_of("today + 1 month", date(2026, 1, 31)) == date(2026, 2, 28)
    assert day_of("today - 1 year", date(2028, 2, 29)) == date(2027, 2, 28)


# --- accounts, texts ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("00123456", "00123456"),
        (" 001.234-56 ", "00123456"),
        ("001/234/56", "00123456"),
        ("\N{FULLWIDTH DIGIT ZERO}0123456", "00123456"),
        ("0012345", Misread.NO_FIT),
        ("001234567", Misread.NO_FIT),
        ("abcdefgh", Misread.NO_FIT),
        ("mi cuenta es 00123456", Misread.NO_FIT),
        ("", Misread.NO_FIT),
        ("0" * 5000, Misread.NO_FIT),
    ],
)
def test_accounts(text: str, kept: str | Misread) -> None:
    assert read(text, model.AccountAnswer("[0-9]{8}")) == kept


def test_texts() -> None:
    assert read("  hola ", None) == "hola"
    assert read(" ", None) is Misread.TOO_LONG
    assert read("x" * 61, None) is Misread.TOO_LONG
    assert read("x" * 61, None, longest=61) == "x" * 61
    assert read("x" * 11, model.TextAnswer(longest=10)) is Misread.TOO_LONG
    asked = model.TextAnswer(pattern="[^@ ]+@[^@ ]+")
    assert read("a@b", asked) == "a@b"
    assert read("a b", asked) is Misread.NO_FIT
    assert is_free(model.Question({"es": "?"}, "x", "y"))
    assert is_free(model.Question({"es": "?"}, "x", "y", answer=model.TextAnswer()))
    assert not is_free(model.Question({"es": "?"}, "x", "y", answer=asked))


def test_patterns_take_time_in_proportion_whatever_they_are() -> None:
    before = time.perf_counter()
    assert not fits("(a+)+(a+)+(b|a*)*c", "a" * 4000)
    assert time.perf_counter() - before < 1


def test_what_is_no_pattern_fits_nothing_and_says_why() -> None:
    assert fault_of("[0-9]{8}") is None
    assert fault_of("(") == "missing ): ("
    assert fault_of(r"(a)\1") == r"invalid escape sequence: \1"
    assert fault_of("x" * 501) == "more than 500 characters"
    assert fault_of("\ud800") == "holds half a character"
    assert not fits("(", "(")
    assert not fits(".*", "\ud800")


ANSWERS: list[model.Answer | None] = [
    None,
    model.TextAnswer(pattern="[a-z ]*"),
    model.NumberAnswer(decimals=2),
    model.DateAnswer(),
    model.DateAnswer("today", "today + 30 days"),
    model.AccountAnswer("[0-9]+"),
    model.ChoiceAnswer({"a": model.AnswerChoice({"es": "A"})}),
]
WORDS = [
    "12",
    "6",
    "junio",
    "viernes",
    "mañana",
    "de",
    "/",
    "-",
    ".",
    ",",
    "2026",
    "S/",
    "en",
    "días",
]


@given(
    st.one_of(
        st.text(max_size=30),
        st.lists(st.sampled_from(WORDS), max_size=8).map("".join),
        st.lists(st.sampled_from(WORDS), max_size=8).map(" ".join),
    ),
    st.sampled_from(ANSWERS),
    st.sampled_from(["es", "en", "pt-BR", "xx", "zh"]),
    st.dates(date(1970, 1, 1), date(2999, 12, 31)),
)
def test_nothing_raises(text: str, answer: model.Answer | None, language: str, today: date) -> None:
    question = model.Question({"es": "?"}, "x", "main", answer=answer)
    found = read_answer(question, text, Reading(language, ("es", language), today))
    if isinstance(answer, model.DateAnswer) and isinstance(found, str):
        date.fromisoformat(found)
    assert isinstance(found, str | int | float | Misread)
