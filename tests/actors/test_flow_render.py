"""Texts and paths filled in, and what was typed compared with what can be chosen."""

from __future__ import annotations

from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.flow.formats import Manner, spoken
from actors.flow.render import choose, fill, fill_path, pick, placeholders, put
from actors.flow.texts import names_in
from actors.flow.values import VALUE_MAX, at_path, read, show
from actors.flow.words import plain, says
from actors.values import Scalar

MANNER = Manner("en", "UTC")
WORDS = st.text(st.characters(exclude_categories=["Cs"]))


def test_a_text_is_picked_in_the_language_else_in_the_first_else_in_any() -> None:
    assert pick({"es": "a", "en": "b"}, "en", "es") == "b"
    assert pick({"es": "a", "en": "b"}, "qu", "es") == "a"
    assert pick({"pt": "c"}, "qu", "es") == "c"
    assert pick({}, "qu", "es") == ""


@pytest.mark.parametrize(
    ("value", "shown"),
    [(None, "null"), (True, "true"), (False, "false"), (3, "3"), (1.5, "1.5"), ("x", "x")],
)
def test_values_are_shown_as_in_the_flow_file(value: str | None, shown: str) -> None:
    assert show(value) == shown


def test_values_are_put_in_once_and_unknown_names_stay_out_of_sight() -> None:
    values: dict[str, Scalar] = {"a": "{b.c}", "b.c": 1}
    template, filled = "{a} {b.c} {gone} {A} { a } {", "{b.c} 1  {A} { a } {"
    assert fill(template, values, MANNER) == put(template, values) == filled
    assert fill("{a}", {"a": None}, MANNER) == put("{a}", {"a": None}) == ""
    assert placeholders("{a} {b.c} {A} {1}") == names_in("{a} {b.c} {A} {1}") == ["a", "b.c"]


@pytest.mark.parametrize(
    ("wanted", "languages", "found"),
    [
        ("es", ("en", "es"), "es"),
        ("es", ("en", "es-PE"), "es-PE"),
        ("es", ("es-PE", "es"), "es"),
        ("es-PE", ("en", "es"), "es"),
        ("es-PE", ("es-MX", "es"), "es"),
        ("es-PE", ("es-MX", "en"), None),
        ("pt_BR", ("en", "pt-BR"), "pt-BR"),
        ("zh-Hant-TW", ("zh-Hant", "zh"), "zh-Hant"),
        ("e", ("es", "en"), None),
        ("fr", ("es", "en"), None),
    ],
)
def test_whoever_wants_a_language_gets_the_nearest_form_of_it(
    wanted: str, languages: tuple[str, ...], found: str | None
) -> None:
    assert spoken(wanted, languages) == found


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("pt-BR", ("pt-BR", "pt")),
        ("pt_BR", ("pt_BR", "pt")),
        ("pt", ("pt", "pt")),
        ("zh-Hant-TW", ("zh-Hant-TW", "zh-Hant")),
        ("en-GB", ("en-GB", "en-GB")),
        ("en", ("es", "es")),
        ("", ("es", "es")),
    ],
)
def test_a_form_of_a_language_is_content_with_the_language(
    language: str, said: tuple[str, str]
) -> None:
    """The language that is spoken goes with it: it decides how numbers are written."""
    text = {tag: tag for tag in ("es", "en-GB", "pt", "zh-Hant")}
    assert choose(text, language, "es") == said
    assert pick(text, language, "es") == said[1]


@given(WORDS)
def test_a_value_never_adds_a_segment_to_a_path_or_a_query(value: str) -> None:
    path = fill_path("/a/{v}/b", {"v": value})
    assert path.count("/") == 3
    assert path.isascii()
    assert not set(path) & set("?# \\\r\n\t")
    segment = path.split("/")[2]
    assert segment not in (".", "..")
    assert unquote(segment) == value


@given(WORDS, WORDS)
def test_two_values_side_by_side_do_not_climb(one: str, other: str) -> None:
    assert fill_path("/{a}{b}/", {"a": one, "b": other}).split("/")[1] not in (".", "..")


@given(WORDS)
def test_plain_is_settled_at_once(text: str) -> None:
    assert plain(plain(text)) == plain(text)
    assert says(text, [text]) == bool(plain(text))


@given(st.text("abcñáéü", min_size=1))
def test_case_does_not_matter(text: str) -> None:
    assert says(text.upper() + "!!", [text])


def test_nothing_typed_says_nothing() -> None:
    assert not says("", ["", "!"])
    assert not says("¡!", ["¿?"])


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("a.0.b", 1),
        ("a.1", None),
        ("a.-1", None),
        ("a.²", None),
        ("a.0", None),
        ("s", "x"),
        ("s.0", None),
        ("t", True),
        ("n", None),
        ("", None),
        ("long", "y" * VALUE_MAX),
        ("f", 1.5),
        ("large", 10**30),
        ("huge", None),
    ],
)
def test_what_lies_at_a_path(path: str, value: object) -> None:
    document = read(
        b'{"a":[{"b":1}],"s":"x","t":true,"n":null,"f":1.5,"long":"%b",'
        b'"large":%d,"huge":%d}' % (b"y" * 5000, 10**30, 10**300)
    )
    assert at_path(document, path) == value


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"{", b'"\\ud83d"', b"\xff", b"NaN", b"1e999", b"[" * 100_000]
)
def test_what_is_no_json_is_nothing(body: bytes) -> None:
    assert read(body) is None
