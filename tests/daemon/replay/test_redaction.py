"""Of what people and systems said, only the flow's own words are left."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.flow.words import plain
from daemon.replay.redaction import Redaction
from daemon.scripts.format import SCRIPT_BEGINS_MS, matches
from tests.actors.small_flow import SMALL

REDACTION = Redaction(SMALL, SCRIPT_BEGINS_MS)
SPOKEN = {token for title in REDACTION.titles for token in plain(title).split()}


@pytest.mark.parametrize(
    ("written", "left"),
    [
        ("Restart", "Restart"),
        ("my plan", "my plan"),
        ("17", "17"),
        ("170", "111"),
        ("resart", "Restart"),
        ("I am Ana Quispe, 987 654 321", "X xx Xxx Xxxxxx, 111 111 111"),
        ("Necesito una persona por favor", "Xxxxxxxx una persona xxx xxxxx"),
        ("12.345.678-K", "11.111.111-X"),
        ("Straße 7\nMünchen", "Xxxxxx 1 Xxxxxxx"),
        ("👍", "👍"),
    ],
)
def test_words_of_the_flow_stay_and_others_keep_their_form(written: str, left: str) -> None:
    assert REDACTION.words(written) == left


@given(st.text(max_size=40))
def test_nothing_else_of_anybody_is_left(text: str) -> None:
    left = REDACTION.words(text)
    assert "\n" not in left
    if left in REDACTION.titles or re.fullmatch(r"\d{1,2}", left):
        return
    for token in re.findall(r"\w+", left):
        assert plain(token) in SPOKEN or not re.search(r"[^\W_xX1]", token), token


@pytest.mark.parametrize(
    ("said", "pattern"),
    [
        ("Hello Ana Quispe, what now?", "Hello*, what now?"),
        ("Premium\n\nThanks\n\nHello Ana, what now?", "Premium Thanks Hello*, what now?"),
        ("Failed, 2 left", "Failed,*left"),
        ("Ana", "*"),
    ],
)
def test_of_what_the_bot_said_the_flow_s_part_stays(said: str, pattern: str) -> None:
    assert REDACTION.pattern(said) == pattern
    assert matches(pattern, said)


@given(st.text(st.sampled_from("Helo, whatnw?*[]{}Thanks \n"), max_size=30))
def test_a_pattern_fits_what_was_said(said: str) -> None:
    assert matches(REDACTION.pattern(said), said)


def test_of_an_answer_what_the_flow_keeps_stays_in_its_place() -> None:
    answer = {
        "routers": [{"id": "r-77", "label": "Casa de Ana", "mac": "00:11"}],
        "account": 12345678,
        "premium": True,
        "name": "Ana Quispe",
    }
    left = REDACTION.document(answer)
    assert left == {
        "routers": [{"id": "x-11", "label": "Xxxx xx Xxx"}],
        "account": 10000000,
        "premium": True,
    }


def test_the_same_stays_the_same_and_another_another() -> None:
    redaction = Redaction(SMALL, SCRIPT_BEGINS_MS)
    ids = [redaction.document({"id": name}) for name in ("r-1", "r-2", "r-1", "s-3")]
    assert ids == [{"id": "x-1"}, {"id": "x-12"}, {"id": "x-1"}, {"id": "x-13"}]
    numbers = [redaction.document({"account": number}) for number in (71, 72, 71, 0, 7, 71.5)]
    found = [json.dumps(number) for number in numbers]
    assert found == [f'{{"account": {n}}}' for n in ("70", "71", "70", "0", "7", "70.0")]


@pytest.mark.parametrize(
    ("value", "stays"),
    [
        ("2026-06-11", True),
        ("2025-12-24T10:00:00Z", True),
        ("1984-03-02", False),
        ("2026-99-99", False),
        ("3", True),  # a case of a branch of the flow
    ],
)
def test_dates_near_the_story_and_the_flow_s_own_values_stay(value: str, stays: bool) -> None:
    assert (REDACTION.document(value) == value) is stays


def test_a_path_is_its_form_in_the_flow() -> None:
    assert REDACTION.path("crm", "GET", "/customers/%2B12025550143") == "/customers/*"
    assert REDACTION.path("crm", "POST", "/plans/gold%2Fana/now") == "/plans/*/now"
    assert REDACTION.path("crm", "GET", "/people/ana") == "/*"
    assert REDACTION.path("billing", "GET", "/customers/1") == "/*"


def test_a_vendor_s_word_is_a_word() -> None:
    assert REDACTION.code("NO_RESPONSE-9.2") == "NO_RESPONSE-9.2"
    assert REDACTION.code("call Ana") == "other"
