"""Texts of the flow: numbers, amounts, days and plurals as each language writes them."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.flow.formats import STYLES, Manner, is_zone, locale_of, zone_of
from actors.flow.limits import TEXT_MAX
from actors.flow.render import fill
from actors.flow.texts import FORMATS, LEVELS_MAX, fault_in, longest_of, names_in
from actors.values import Scalar

VALUES: dict[str, Scalar] = {
    "n": 1250.5,
    "one": 1,
    "two": 2,
    "none": None,
    "yes": True,
    "t": "texto",
    "share": 0.256,
    "code": "PEN",
    "odd": "soles",
    "day": "2026-06-12",
    "at": "2026-06-13T01:05:00Z",
    "naive": "2026-06-12T20:05:00",
    "clock": "20:05",
    "state": "active",
    "large": 10**40,
}


def said(text: str, language: str = "es", zone: str = "America/Lima") -> str:
    return fill(text, VALUES, Manner(language, zone))


@pytest.mark.parametrize(
    ("text", "language", "shown"),
    [
        ("{n}", "es", "1250.5"),
        ("{n, number}", "es", "1.250,5"),
        ("{n,number}", "es-PE", "1,250.5"),
        ("{n, number }", "en", "1,250.5"),
        ("{n, number}", "pt-BR", "1.250,5"),
        ("{one, number}", "es", "1"),
        ("{share, number, percent}", "es", "26 %"),
        ("{share, number, percent}", "en", "26%"),
        ("{n, currency, PEN}", "es-PE", "S/ 1,250.50"),
        ("{n, currency, USD}", "en", "$1,250.50"),
        ("{n, currency, PEN}", "en", "PEN 1,250.50"),
        ("{two, currency, EUR}", "es", "2,00 €"),
        ("{n, currency, code}", "es-PE", "S/ 1,250.50"),
        ("{n, currency, odd}", "es", "1.250,5 soles"),
        ("{n, currency, none}", "es", "1.250,5"),
        ("{n, currency, gone}", "es", "1.250,5"),
        ("{day, date}", "es", "12 jun 2026"),
        ("{day, date, short}", "es", "12/6/26"),
        ("{day, date, long}", "es", "12 de junio de 2026"),
        ("{day, date, full}", "en", "Friday, June 12, 2026"),
        ("{at, date, long}", "es", "12 de junio de 2026"),
        ("{at, time}", "es", "20:05"),
        ("{at, time, medium}", "es", "20:05:00"),
        ("{at, time}", "en", "8:05 PM"),
        ("{naive, time}", "es", "20:05"),
        ("{naive, date, long}", "es", "12 de junio de 2026"),
        ("{clock, time}", "en", "8:05 PM"),
    ],
)
def test_values_are_written_as_the_language_writes_them(
    text: str, language: str, shown: str
) -> None:
    assert said(text, language) == shown
    assert fault_in(text) is None


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("{t, number}", "texto"),
        ("{yes, number}", "true"),
        ("{yes, currency, PEN}", "true"),
        ("{t, number, percent}", "texto"),
        ("{large, number}", str(10**40)),
        ("{t, currency, PEN}", "texto"),
        ("{t, date}", "texto"),
        ("{n, date}", "1250.5"),
        ("{clock, date}", "20:05"),
        ("{day, time}", "2026-06-12"),
        ("{t, time}", "texto"),
        ("{t, plural, one {# línea} other {# líneas}}", "texto líneas"),
    ],
)
def test_a_value_of_the_wrong_kind_is_shown_as_it_is(text: str, shown: str) -> None:
    assert said(text) == shown


@pytest.mark.parametrize("text", ["{none}", "{gone, number}", "{none, currency, PEN}", "{gone}"])
def test_what_is_not_known_shows_nothing(text: str) -> None:
    assert said(text) == ""


def test_what_is_not_known_has_no_plural_either() -> None:
    assert said("a{none, plural, one {x} other {# y}}b") == "ab"


@pytest.mark.parametrize("value", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59-12:00"])
def test_the_first_and_the_last_day_of_the_calendar_raise_nothing(value: str) -> None:
    for zone in ("Pacific/Kiritimati", "Pacific/Niue"):
        assert fill("{x, date} {x, time}", {"x": value}, Manner("es", zone))


@pytest.mark.parametrize(
    ("count", "language", "shown"),
    [
        (0, "en", "no lines"),
        (1, "en", "1 line"),
        (2, "en", "2 lines"),
        (1000, "en", "1,000 lines"),
        (1.5, "en", "1.5 lines"),
        (0, "pt", "no lines"),
        (1, "es", "1 line"),
        (1_000_000, "es", "1.000.000 lines"),
    ],
)
def test_a_plural_follows_the_language(count: int, language: str, shown: str) -> None:
    text = "{c, plural, =0 {no lines} one {# line} other {# lines}}"
    assert fill(text, {"c": count}, Manner(language, "UTC")) == shown


@pytest.mark.parametrize(
    ("count", "form"), [(1, "one"), (3, "few"), (5, "many"), (22, "few"), (1.5, "other")]
)
def test_languages_with_more_forms_have_them(count: int, form: str) -> None:
    text = "{c, plural, one {one} few {few} many {many} other {other}}"
    assert fill(text, {"c": count}, Manner("pl", "UTC")) == form


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("{state, select, active {Activa} other {Otra}}", "Activa"),
        ("{t, select, active {Activa} other {Otra}}", "Otra"),
        ("{yes, select, true {sí} other {no}}", "sí"),
        ("{none, select, null {nada} other {algo}}", "nada"),
        ("{gone, select, a {x} other {y}}", "y"),
        ("{state,select,active{{t} {n, number}}other{}}", "texto 1.250,5"),
        ("{two, plural, other {# {state, select, active {# activas} other {}}}}", "2 2 activas"),
        ("{two, plural, other {{one, plural, one {#} other {}} de #}}", "1 de 2"),
    ],
)
def test_a_select_shows_one_of_its_cases(text: str, shown: str) -> None:
    assert said(text) == shown
    assert fault_in(text) is None


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a { b } c", "a { b } c"),
        ("{", "{"),
        ("}", "}"),
        ("{}", "{}"),
        ("{ t }", "{ t }"),
        ("{T}", "{T}"),
        ("#", "#"),
        ("a, b}", "a, b}"),
        ("{, t}", "{, t}"),
        ("it's ''{t}''", "it's ''texto''"),
        ("'{t}'", "'texto'"),
        ("'{'t'}'", "{t}"),
        ("'}'", "}"),
        ("'#'", "'#'"),
        ("{two, plural, other {'#' # '}'}}", "# 2 }"),
        ("don't {t}", "don't texto"),
    ],
)
def test_braces_that_are_no_placeholder_are_just_text(text: str, shown: str) -> None:
    assert said(text) == shown
    assert fault_in(text) is None


@pytest.mark.parametrize(
    ("text", "what", "column"),
    [
        ("{n, numbr}", "there is no format 'numbr'; known are number, currency", 5),
        ("{n, number, money}", "there is no style 'money' here; known are percent", 13),
        ("{n, number", "not closed", 1),
        ("a {n, number x}", "not closed", 3),
        ("{n, currency}", "a currency is missing", 13),
        ("{n, currency, Pen}", "a currency is missing", 13),
        ("{day, date, tiny}", "there is no style 'tiny'", 13),
        ("{at, time, full}", "there is no style 'full'", 12),
        ("{n, plural}", "cases are missing", 11),
        ("{n, plural, one {x}}", "`other {…}` is missing", 11),
        ("{n, plural, some {x} other {y}}", "'some' is no case of a plural", 13),
        ("{n, plural, one {x} one {z} other {y}}", "the case 'one' comes twice", 21),
        ("{n, plural, other {x}", "not closed", 1),
        ("{n, plural, other {x", "the case 'other' is not closed", 13),
        ("{n, plural, other {{t, numbr}}}", "there is no format 'numbr'", 24),
        ("{n, select, other {x} }}", "", 0),
    ],
)
def test_a_fault_is_named_with_its_column(text: str, what: str, column: int) -> None:
    fault = fault_in(text)
    if not what:
        assert fault is None
        return
    assert fault is not None
    assert what in fault.what
    assert fault.column == column
    assert said(text).startswith(text[: column - 1].partition("{")[0])


def test_what_is_wrong_stays_as_it_is_written_and_the_rest_is_filled() -> None:
    assert said("{n, numbr} {t}") == "{n, numbr} texto"


def test_levels_are_bounded() -> None:
    text = "x"
    for _ in range(LEVELS_MAX):
        text = f"{{two, plural, other {{{text}}}}}"
    assert fault_in(text) is None
    assert said(text) == "x"
    fault = fault_in(f"{{two, plural, other {{{text}}}}}")
    assert fault is not None
    assert "levels" in fault.what


def test_the_names_that_a_text_asks_for() -> None:
    text = "{a} {b, number} {c, currency, PEN} {d, currency, e}"
    text += "{f, plural, other {{g}}} {h, select, x {{i, date}} other {}}"
    assert names_in(text) == list("abcdefghi")


def test_a_text_is_measured_at_its_longest() -> None:
    text = "a {n, plural, one {x} other {longer}} {t} {n, number}"
    assert longest_of(text) == "a longer {t} {n}"
    assert longest_of("no {braces} at all { ") == "no {braces} at all { "


def test_languages_and_time_zones_that_are_not_known() -> None:
    assert str(locale_of("pt-BR")) == "pt_BR"
    assert str(locale_of("pt_BR")) == "pt_BR"
    assert str(locale_of("pt-XX")) == "pt"
    for odd in ("xx", "", "?", "e"):
        assert str(locale_of(odd)) == "en"
    assert is_zone("America/Lima")
    for odd in ("America/Atlantis", "", "../etc/passwd", "x" * 300):
        assert not is_zone(odd)
        assert str(zone_of(odd)) == "UTC"


@pytest.mark.parametrize(
    "text",
    [
        "{a, plural, other {" * 200,
        "{a,plural,other{" * 200 + "}}" * 200,
        "{a, number" * 300,
        "{a, select, x {" * 100 + "y" * 2000,
        "'{'" * 1000,
        "{" * TEXT_MAX,
    ],
)
def test_hostile_texts_are_read_soon(text: str) -> None:
    before = time.perf_counter()
    fault_in(text)
    names_in(text)
    said(text)
    assert time.perf_counter() - before < 2


NAMES = st.sampled_from([*VALUES, "gone"])
SCALARS: st.SearchStrategy[Scalar] = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.dates().map(str)
)
LEAVES = st.one_of(
    st.text("ab{}#'", max_size=6),
    st.builds("{{{}}}".format, NAMES),
    st.builds("{{{}, {}}}".format, NAMES, st.sampled_from(FORMATS)),
    st.builds("{{{}, date, {}}}".format, NAMES, st.sampled_from(STYLES)),
    st.builds("{{{}, time, {}}}".format, NAMES, st.sampled_from(STYLES)),
    st.builds("{{{}, currency, {}}}".format, NAMES, st.sampled_from(["PEN", "XXX", "code"])),
)


def cases(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds("{}{}".format, inner, inner),
        st.builds("{{{}, plural, one {{{}}} other {{{}}}}}".format, NAMES, inner, inner),
        st.builds("{{{}, select, texto {{{}}} other {{{}}}}}".format, NAMES, inner, inner),
    )


@given(
    st.recursive(LEAVES, cases, max_leaves=10),
    st.dictionaries(NAMES, SCALARS),
    st.sampled_from(["es", "en", "pt-BR", "ar", "xx", ""]),
    st.sampled_from(["America/Lima", "Pacific/Kiritimati", "nowhere"]),
)
def test_nothing_raises(text: str, values: dict[str, Scalar], language: str, zone: str) -> None:
    assert isinstance(fill(text, values, Manner(language, zone)), str)
    fault_in(text)
    names_in(text)
    assert len(longest_of(text)) <= len(text)
