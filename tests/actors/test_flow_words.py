"""Words as people type them on a phone: dress never matters, errors do not where it is safe."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.flow.memo import Memo
from actors.flow.words import Lexicon, is_near, plain, says


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("  Menú! ", "menu"),
        ("1\N{VARIATION SELECTOR-16}\N{COMBINING ENCLOSING KEYCAP}", "1"),
        ("\N{KEYCAP TEN}", "10"),
        ("\N{FULLWIDTH DIGIT ONE}\N{FULLWIDTH DIGIT TWO}", "12"),
        ("\N{ARABIC-INDIC DIGIT THREE}", "3"),
        ("\N{DEVANAGARI DIGIT FOUR}", "4"),
        ("\N{CIRCLED DIGIT FIVE}", "5"),
        ("Straße", "strasse"),
        ("no-sé", "no se"),
        ("👍", ""),
    ],
)
def test_the_dress_of_words_and_digits_does_not_matter(typed: str, read: str) -> None:
    assert plain(typed) == read


@pytest.mark.parametrize(
    ("typed", "known", "near"),
    [
        ("estado", "estado", True),
        ("estdo", "estado", True),  # left out
        ("estaddo", "estado", True),  # doubled
        ("estabo", "estado", True),  # another letter
        ("estaod", "estado", True),  # swapped
        ("etsaod", "estado", False),  # two in a short word
        ("solicitudse", "solicitudes", True),
        ("soilcitudse", "solicitudes", True),  # two in a long one
        ("soilcitudsse", "solicitudes", False),
        ("mneu", "menu", False),  # too short to be sure
        ("men", "menu", False),
        ("persona", "personas", True),
        ("mis solicitdes", "mis solicitudes", True),
        ("mi solicitudes", "mis solicitudes", False),  # the short word must be right
        ("solicitudes mis", "mis solicitudes", False),
        ("missolicitudes", "mis solicitudes", False),
        ("12345", "12346", False),  # numbers are never near
        ("linea1", "linea2", False),
        ("", "estado", False),
    ],
)
def test_what_is_near(typed: str, known: str, near: bool) -> None:
    assert is_near(typed, known) is near
    assert Lexicon({"x": [known]}).near(typed) == ({"x"} if near else set())


def test_a_lexicon_knows_every_meaning_of_a_phrase_in_order() -> None:
    lexicon = Lexicon({"a": ["Sí", "dale"], "b": ["si", "nunca"], "c": ["!", ""]})
    assert lexicon.says("si") == ("a", "b")
    assert lexicon.says("dale") == ("a",)
    assert lexicon.says("") == ()
    assert lexicon.says("dalee") == ()
    assert lexicon.near("nunc") == {"b"}
    assert lexicon.words("b") == ["si", "nunca"]


@given(st.text(max_size=20), st.lists(st.text(max_size=20), max_size=4))
def test_whatever_is_typed_nothing_raises(typed: str, known: list[str]) -> None:
    lexicon = Lexicon({"x": known})
    read = plain(typed)
    assert plain(read) == read
    assert bool(lexicon.says(read)) == says(typed, known)
    assert lexicon.near(read) >= set(lexicon.says(read))


@given(st.text("abcdefghij", min_size=1, max_size=12), st.text("abcdefghij", max_size=12))
def test_nearness_is_never_of_short_words_and_never_of_much(typed: str, known: str) -> None:
    if is_near(typed, known) and typed != known:
        assert len(known) >= 5
        assert abs(len(typed) - len(known)) <= 2


def test_what_was_worked_out_is_remembered_by_the_part_itself() -> None:
    made: list[list[int]] = []

    def make(part: list[int]) -> int:
        made.append(part)
        return len(part)

    memo = Memo(make, 2)
    one, equal, third = [1], [1], [1, 2, 3]
    assert (memo(one), memo(one), memo(equal), memo(third)) == (1, 1, 1, 3)
    assert len(made) == 3
    assert (memo(third), memo(equal)) == (3, 1)
    assert len(made) == 3
    memo(one)
    assert len(made) == 4
