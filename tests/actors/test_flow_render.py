"""Texts and paths filled in, and what was typed compared with what can be chosen."""

from __future__ import annotations

from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.flow.render import fill, fill_path, pick, placeholders, plain, says, show
from actors.flow.values import VALUE_MAX, at_path, read

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
    assert fill("{a} {b.c} {gone} {A} {", {"a": "{b.c}", "b.c": 1}) == "{b.c} 1  {A} {"
    assert fill("{a}", {"a": None}) == ""
    assert placeholders("{a} {b.c} {A} {1}") == ["a", "b.c"]


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
    ],
)
def test_what_lies_at_a_path(path: str, value: object) -> None:
    document = read(
        b'{"a":[{"b":1}],"s":"x","t":true,"n":null,"f":1.5,"long":"%b"}' % (b"y" * 5000)
    )
    assert at_path(document, path) == value


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"{", b'"\\ud83d"', b"\xff", b"NaN", b"1e999", b"[" * 100_000]
)
def test_what_is_no_json_is_nothing(body: bytes) -> None:
    assert read(body) is None
